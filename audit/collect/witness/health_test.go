package witness_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/witness"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// told is what a recording adds to the device at an address, which has the ids
// that the recording states.
func told(t *testing.T, text, address string) (counts, gaps string) {
	t.Helper()
	s, err := witness.Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	d := inventory.Device{Address: address, Driver: &inventory.Driver{Name: "nvidia"}}
	for _, x := range s.Devices {
		if x.Address == address {
			d.PCI.VendorID, d.PCI.DeviceID = new(x.Vendor), new(x.Model)
		}
	}
	if err := witness.Collector([]*witness.Statement{s}).Device(t.Context(), &collect.Env{}, &d); err != nil {
		t.Fatal(err)
	}
	return health(&d)
}

func health(d *inventory.Device) (counts, gaps string) {
	for _, h := range d.Health {
		counts += fmt.Sprintf("%s=%d ", h.Kind, h.Count)
	}
	for _, g := range d.Gaps {
		gaps += g.Fact + ":" + string(g.Reason) + " "
	}
	return strings.TrimSpace(counts), strings.TrimSpace(gaps)
}

func TestHealth(t *testing.T) {
	const xml = `<nvidia_smi_log><attached_gpus>1</attached_gpus><gpu id="00000000:01:00.0"><pci><pci_device_id>268410DE</pci_device_id></pci>
<ecc_errors><volatile><dram_uncorrectable>RECENT</dram_uncorrectable></volatile>
<aggregate><sram_uncorrectable_parity>SRAM</sram_uncorrectable_parity><dram_uncorrectable>DRAM</dram_uncorrectable></aggregate></ecc_errors>
</gpu></nvidia_smi_log>`
	for _, tc := range []struct{ name, recent, sram, dram, counts, gaps string }{
		{"of the card's life", "0", "1", "8", "memory-uncorrected=9", ""},
		{"since the driver was loaded, which are part of them", "5", "1", "8", "memory-uncorrected=9", ""},
		{"since the driver was loaded, and more: the life's were cleared", "99", "1", "8", "memory-uncorrected=99", ""},
		{"since the driver was loaded alone", "99", "N/A", "N/A", "memory-uncorrected=99", ""},
		{"none since the driver was loaded says nothing of the life", "0", "N/A", "N/A", "", ""},
		{"a part that the card does not have", "N/A", "N/A", "8", "memory-uncorrected=8", ""},
		{"a part that could not be read", "0", "ERR!", "0", "", "/health/memory:io-error"},
		{"a part that could not be read, and another with errors", "0", "ERR!", "8", "memory-uncorrected=8", "/health/memory:io-error"},
		{"a number that is none", "0", "-1", "0", "", "/health/memory:io-error"},
		{"a number that is taken out", "0", "[REDACTED]", "0", "", "/health/memory:io-error"},
		{"none at all", "N/A", "N/A", "N/A", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			counts, gaps := told(t, strings.NewReplacer("RECENT", tc.recent, "SRAM", tc.sram, "DRAM", tc.dram).Replace(xml), "0000:01:00.0")
			if counts != tc.counts || gaps != tc.gaps {
				t.Errorf("counts %q, gaps %q; want %q, %q", counts, gaps, tc.counts, tc.gaps)
			}
		})
	}
}

// TestRecordedHealth: what nvidia-smi said of real cards, and of one in which
// errors were planted by its maker's own mock.
func TestRecordedHealth(t *testing.T) {
	if captures() == "" {
		t.Skip("the shared captures are not on this machine: ../shared/captures")
	}
	const sound = "memory-corrected=0 memory-uncorrected=0"
	for prefix, want := range map[string]struct{ address, counts string }{
		"nvsmi-qx-h100.xml":                                      {"0000:53:00.0", "recovery-needed=0 pcie-replays=150 " + sound + " memory-threshold-exceeded=0 repair-pending=0 rows-remapped=0 retirement-pending=0 remapping-failed=0"},
		"nvsmi-qx-gb200-mock-ecc.xml":                            {"0000:0a:00.0", "pcie-replays=0 memory-corrected=0 memory-uncorrected=8 pages-retired=0 retirement-pending=0 rows-remapped=1 remapping-failed=1"},
		"nvsmi-qx-gb200-mock-healthy.xml":                        {"0000:0a:00.0", "pcie-replays=0 " + sound + " pages-retired=0 retirement-pending=0 rows-remapped=0 remapping-failed=0"},
		"nvidia-smi_h100-80gb-hbm3__590.48.01.txt log 0":         {"0000:00:09.0", "recovery-needed=0 pcie-replays=9 " + sound + " memory-threshold-exceeded=0 repair-pending=0 memory-unrepairable=0 rows-remapped=0 retirement-pending=0 remapping-failed=0"},
		"nvidia-smi_geforce-rtx-2080-super__595.71.05.txt log 0": {"0000:0c:00.0", "recovery-needed=0 pcie-replays=0"},
	} {
		text, ok := recorded(t)[prefix]
		if !ok {
			t.Errorf("%s is not there", prefix)
			continue
		}
		if counts, gaps := told(t, text, want.address); counts != want.counts || gaps != "" {
			t.Errorf("%s: counts %q, gaps %q; want %q", prefix, counts, gaps, want.counts)
		}
	}
}

// TestRecordedNames: no count of a real recording has a name that is not known.
func TestRecordedNames(t *testing.T) {
	if captures() == "" {
		t.Skip("the shared captures are not on this machine: ../shared/captures")
	}
	for file, text := range recorded(t) {
		s, err := witness.Parse(file, []byte(text))
		if err != nil {
			continue // TestRecordings says which are none
		}
		for _, d := range s.Devices {
			if len(d.Unread) > 0 {
				t.Errorf("%s: %s: %v", file, d.Address, d.Unread)
			}
		}
		if len(s.Notes) > 0 {
			t.Errorf("%s: notes %q", file, s.Notes)
		}
	}
}
