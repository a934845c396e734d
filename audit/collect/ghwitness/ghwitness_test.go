package ghwitness_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/ghwitness"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const address = "0000:01:00.0"

// tree lays out one PCI function as sysfs does.
func tree(t *testing.T, modalias string) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "sys/devices/pci0000:00/0000:00:01.0", address)
	for _, d := range []string{dir, filepath.Join(root, "sys/bus/pci/devices"), filepath.Join(root, "sys/bus/pci/drivers/nouveau")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"modalias": modalias, "revision": "0xa1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for target, name := range map[string]string{
		"../../../../bus/pci/drivers/nouveau":                 filepath.Join(dir, "driver"),
		"../../../devices/pci0000:00/0000:00:01.0/" + address: filepath.Join(root, "sys/bus/pci/devices", address),
	} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func device() *inventory.Device {
	return &inventory.Device{Address: address, PCI: inventory.PCI{
		VendorID: new("10de"), DeviceID: new("2684"), SubsystemVendorID: new("1043"), SubsystemDeviceID: new("889d"),
		RevisionID: new("a1"), ClassCode: new("030000"),
	}, Driver: &inventory.Driver{Name: "nouveau"}}
}

func TestWitness(t *testing.T) {
	const honest = "pci:v000010DEd00002684sv00001043sd0000889Dbc03sc00i00\n"
	for _, tc := range []struct {
		name     string
		modalias string
		want     []inventory.Disagreement
	}{
		{"agreement", honest, nil},
		{"the bus and the module alias name different chips", "pci:v000010DEd00001C82sv00001043sd0000889Dbc03sc02i00\n", []inventory.Disagreement{
			{Fact: "/pci/device_id", Ours: "2684", Theirs: "1c82"},
			{Fact: "/pci/class_code", Ours: "030000", Theirs: "030200"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := device()
			if err := ghwitness.Collector().Device(t.Context(), &collect.Env{PCITree: tree(t, tc.modalias)}, d); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]inventory.Witness{{Name: "ghw", Disagreements: tc.want}}, d.Witnesses); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNoSecondOpinion: where ghw has nothing to say, a gap says so and why.
func TestNoSecondOpinion(t *testing.T) {
	for _, tc := range []struct {
		name, tree string
		reason     inventory.Reason
	}{
		{"no directory", "", inventory.ReasonNotSupported},
		{"an empty directory", t.TempDir(), inventory.ReasonIOError},
		{"a modalias that ghw cannot read", tree(t, "pci:short\n"), inventory.ReasonIOError},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := device()
			if err := ghwitness.Collector().Device(t.Context(), &collect.Env{PCITree: tc.tree}, d); err != nil {
				t.Fatal(err)
			}
			if len(d.Witnesses) != 0 || len(d.Gaps) != 1 || d.Gaps[0].Reason != tc.reason {
				t.Errorf("witnesses %v, gaps %v; want one gap for %s", d.Witnesses, d.Gaps, tc.reason)
			}
		})
	}
}

// TestAFunctionThatGhwDoesNotSee is a disagreement.
func TestAFunctionThatGhwDoesNotSee(t *testing.T) {
	d := device()
	d.Address = "0000:02:00.0"
	env := &collect.Env{PCITree: tree(t, "pci:v000010DEd00002684sv00001043sd0000889Dbc03sc00i00\n")}
	if err := ghwitness.Collector().Device(t.Context(), env, d); err != nil {
		t.Fatal(err)
	}
	if len(d.Witnesses) != 1 || len(d.Witnesses[0].Disagreements) != 1 || d.Witnesses[0].Disagreements[0].Fact != "/address" {
		t.Errorf("witnesses are %+v", d.Witnesses)
	}
}
