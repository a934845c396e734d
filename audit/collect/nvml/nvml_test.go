package nvml_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const recording = `{
  "schema": "gpuaudit.nvml/v1",
  "library": "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.580.95.05",
  "driver_version": "580.95.05",
  "nvml_version": "13.580.95.05",
  "gpus": [
    {
      "address": "0000:01:00.0",
      "vendor_id": "10de",
      "device_id": "2684",
      "subsystem_vendor_id": "10de",
      "subsystem_device_id": "167c",
      "vbios_version": "95.02.3C.40.B6",
      "serial": "1320000000001",
      "uuid": "GPU-11111111-2222-3333-4444-555555555555",
      "board_part_number": "900-1G136-2530-000",
      "inforom_version": "G002.0000.00.03",
      "memory_bytes": 25757220864,
      "failures": [
        {
          "fact": "x",
          "unsupported": true,
          "text": "not supported (NVML error 3)"
        }
      ]
    }
  ]
}
`

func TestDecode(t *testing.T) {
	a, err := nvml.Decode([]byte(recording))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := a.Encode(); err != nil || string(b) != recording {
		t.Errorf("it is written again as\n%s%v", b, err)
	}
	if got := fmt.Sprint(a.Addresses()); got != "[0000:01:00.0]" {
		t.Errorf("addresses are %s", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tc := range []struct{ name, old, new, says string }{
		{"nothing", recording, "", "the file is empty"},
		{"another schema", "gpuaudit.nvml/v1", "gpuaudit.nvml/v9", "schema"},
		{"an unknown field", `"library"`, `"lib"`, "unknown field"},
		{"more behind it", "]\n}\n", "]\n}\n{}", "something follows"},
		{"an address of nothing", "0000:01:00.0", "1", "address"},
		{"an id of three digits", `"2684"`, `"268"`, "four hexadecimal"},
		{"a control character", "95.02", `\u001b95.02`, "printable"},
		{"a long text", "1320000000001", strings.Repeat("1", 81), "printable"},
		{"a failure of many lines", "not supported", `not\nsupported`, "malformed"},
		{"negative memory", "25757220864", "-1", "memory_bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Replace(recording, tc.old, tc.new, 1)
			if text == recording {
				t.Fatal("the test changes nothing")
			}
			_, err := nvml.Decode([]byte(text))
			if !errors.Is(err, collect.ErrMalformed) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error is %v, want malformed with %q", err, tc.says)
			}
		})
	}
	if _, err := nvml.Decode(make([]byte, nvml.Limit+1)); !errors.Is(err, collect.ErrLimit) {
		t.Errorf("a large recording gives %v", err)
	}
	gpu := recording[strings.Index(recording, "    {"):strings.LastIndex(recording, "\n  ]")]
	if _, err := nvml.Decode([]byte(strings.Replace(recording, gpu, gpu+","+gpu, 1))); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a GPU that is there twice gives %v", err)
	}
}

func card() *inventory.Device {
	return &inventory.Device{
		Address: "0000:01:00.0",
		PCI:     inventory.PCI{VendorID: new("10de"), DeviceID: new("2684"), SubsystemVendorID: new("10de"), SubsystemDeviceID: new("167c")},
		Driver:  &inventory.Driver{Name: "nvidia", Claims: []inventory.DriverClaim{{Source: "procfs", Version: "580.95.05"}}},
		Firmware: inventory.Firmware{
			Versions: []inventory.VersionClaim{{Source: "procfs", Version: "95.02.3c.40.b6"}},
			ROMs:     []inventory.ROM{{Version: new("95.02.3C.40.B6")}},
		},
		Identity: []inventory.IdentityClaim{{Kind: "gpu-uuid", Source: "procfs", Value: "GPU-11111111-2222-3333-4444-555555555555"}},
	}
}

func answering(text string, err error) *collect.Env {
	return &collect.Env{NVML: func(context.Context) ([]byte, error) { return []byte(text), err }}
}

func TestFacts(t *testing.T) {
	d := card()
	driver := d.Driver
	if err := nvml.Collector().Device(t.Context(), answering(recording, nil), d); err != nil {
		t.Fatal(err)
	}
	if len(driver.Claims) != 1 {
		t.Error("another collector's value was written to")
	}
	last := d.Identity[len(d.Identity)-2:]
	got := fmt.Sprint(d.Driver.Claims[1].Version, " ", d.Firmware.Versions[1], d.Firmware.Components, d.Memory, d.PartNumbers, last, d.Witnesses, len(d.Gaps))
	const want = "580.95.05 {nvml 95.02.3C.40.B6} [{inforom G002.0000.00.03 nvml}] [{nvml 25757220864}] [{board nvml 900-1G136-2530-000}] " +
		"[{serial nvml 1320000000001} {gpu-uuid nvml GPU-11111111-2222-3333-4444-555555555555}] [{nvml [] []}] 0"
	if got != want {
		t.Errorf("facts are\n%s, want\n%s", got, want)
	}
}

// TestWitness: what NVML says is held against bus, ROM and procfs.
func TestWitness(t *testing.T) {
	for _, tc := range []struct{ old, new, want string }{
		{`"2684"`, `"1c82"`, "/pci/device_id 2684 1c82"},
		{`"167c"`, `"889a"`, "/pci/subsystem_device_id 167c 889a"},
		{"95.02.3C.40.B6", "95.02.18.80.87", "/firmware/versions/0/version 95.02.3c.40.b6 95.02.18.80.87; /firmware/roms/0/version 95.02.3C.40.B6 95.02.18.80.87"},
		{`"driver_version": "580.95.05"`, `"driver_version": "570.1"`, "/driver/claims/0/version 580.95.05 570.1"},
		{"GPU-11111111", "GPU-21111111", "/identity/0/value GPU-11111111-2222-3333-4444-555555555555 GPU-21111111-2222-3333-4444-555555555555"},
		{"GPU-11111111-2222-3333-4444-555555555555", "redacted", ""},
	} {
		d := card()
		if err := nvml.Collector().Device(t.Context(), answering(strings.Replace(recording, tc.old, tc.new, 1), nil), d); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, x := range d.Witnesses[0].Disagreements {
			list = append(list, x.Fact+" "+x.Ours+" "+x.Theirs)
		}
		if got := strings.Join(list, "; "); got != tc.want {
			t.Errorf("%s for %s: disagreements are %q, want %q", tc.new, tc.old, got, tc.want)
		}
	}
}

// TestWithoutAnswers: that nobody asked is normal; that NVML did not answer is a gap.
func TestWithoutAnswers(t *testing.T) {
	other, amd, foreign := card(), card(), card()
	other.Address, foreign.Address = "0000:02:00.0", "0000:02:00.0"
	foreign.Driver.Name = "vfio-pci"
	amd.PCI.VendorID = new("1002")
	failing := strings.Replace(recording, `"unsupported": true,`, "", 1)
	for _, tc := range []struct {
		name   string
		env    *collect.Env
		device *inventory.Device
		err    error
		gap    inventory.Reason
	}{
		{"not asked", &collect.Env{}, card(), collect.ErrSkipped, ""},
		{"not in the capture", answering("", fmt.Errorf("x: %w", collect.ErrNotRequested)), card(), collect.ErrSkipped, ""},
		{"no library", answering("", fs.ErrNotExist), card(), collect.ErrSkipped, ""},
		{"no answer", answering("", context.DeadlineExceeded), card(), nil, inventory.ReasonTimeout},
		{"nonsense", answering("{", nil), card(), nil, inventory.ReasonMalformed},
		{"a GPU that it does not list", answering(recording, nil), other, nil, inventory.ReasonNotPresent},
		{"a GPU of another driver", answering(recording, nil), foreign, collect.ErrSkipped, ""},
		{"a card of another vendor", answering(recording, nil), amd, collect.ErrSkipped, ""},
		{"a fact that failed", answering(failing, nil), card(), nil, inventory.ReasonIOError},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := nvml.Collector().Device(t.Context(), tc.env, tc.device)
			if !errors.Is(err, tc.err) {
				t.Errorf("error is %v, want %v", err, tc.err)
			}
			gaps := tc.device.Gaps
			if tc.gap == "" && len(gaps) != 0 || tc.gap != "" && (len(gaps) != 1 || gaps[0].Reason != tc.gap || gaps[0].Fact != "/witnesses/nvml") {
				t.Errorf("gaps are %+v, want %q", gaps, tc.gap)
			}
		})
	}
}

// FuzzDecode: what is accepted is written again, and does not break a collector.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(recording))
	f.Add([]byte(`{"schema":"gpuaudit.nvml/v1","library":"/l","gpus":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := nvml.Decode(data)
		if err != nil {
			return
		}
		b, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := nvml.Decode(b); err != nil && len(b) <= nvml.Limit {
			t.Fatalf("it does not read what it wrote: %v", err)
		}
		d := card()
		if err := nvml.Collector().Device(t.Context(), answering(string(data), nil), d); err != nil && !errors.Is(err, collect.ErrSkipped) {
			t.Fatal(err)
		}
		if _, err := json.Marshal(d); err != nil {
			t.Fatal(err)
		}
	})
}
