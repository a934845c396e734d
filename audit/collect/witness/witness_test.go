package witness_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/witness"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	smiXML = `<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v13.dtd">
<nvidia_smi_log>
	<driver_version>580.95.05</driver_version>
	<attached_gpus>1</attached_gpus>
	<gpu id="00000000:01:00.0">
		<product_name>NVIDIA GeForce RTX 4090</product_name>
		<mig_devices><mig_device><fb_memory_usage><total>7 MiB</total></fb_memory_usage></mig_device></mig_devices>
		<serial>N/A</serial>
		<uuid>GPU-11111111-2222-3333-4444-555555555555</uuid>
		<vbios_version>95.02.3C.40.B6</vbios_version>
		<pci>
			<pci_device_id>268410DE</pci_device_id>
			<pci_bus_id>00000000:01:00.0</pci_bus_id>
			<pci_sub_system_id>167C10DE</pci_sub_system_id>
		</pci>
		<fb_memory_usage>
			<total>24564 MiB</total>
		</fb_memory_usage>
	</gpu>
</nvidia_smi_log>
`
	smiText = `
==============NVSMI LOG==============

Timestamp                                 : Tue Nov 24 08:33:38 2026
Driver Version                            : 580.95.05
CUDA Version                              : 13.0

Attached GPUs                             : 1
GPU 00000000:01:00.0
    Product Name                          : NVIDIA GeForce RTX 4090
    MIG Device
        Index                             : 0
        FB Memory Usage
            Total                         : 7 MiB
    Serial Number                         : N/A
    GPU UUID                              : GPU-11111111-2222-3333-4444-555555555555
    VBIOS Version                         : 95.02.3C.40.B6
    PCI
        Device Id                         : 0x268410DE
        Bus Id                            : 00000000:01:00.0
        Sub System Id                     : 0x167C10DE
        GPU Link Info
            PCIe Generation
                Max                       : 4
    FB Memory Usage
        Total                             : 24564 MiB
        Used                              : 1 MiB
    Processes
        GPU instance ID                   : N/A
        Process ID                        : 11327
            Type                          : C
        GPU instance ID                   : N/A
`
	lspciLong = `00:00.0 Host bridge [0600]: Intel Corporation Device [8086:a700] (rev 01)
01:00.0 VGA compatible controller [0300]: NVIDIA Corporation AD102 [GeForce RTX 4090] [10de:2684] (rev a1) (prog-if 00 [VGA controller])
	Subsystem: NVIDIA Corporation Device [10de:167c]
	Control: I/O+ Mem+ BusMaster+
		LnkCap:	Port #0, Speed 16GT/s
	Kernel driver in use: nvidia
	Kernel modules: nvidiafb, nouveau, nvidia
`
	lspciNumbers = "00:00.0 0600: 8086:a700 (rev 01)\n01:00.0 0300: 10de:2684 (rev a1) (prog-if 00 [VGA controller])\n\tSubsystem: 10de:167c\n\tKernel driver in use: nvidia\n"
	lspciMachine = `0000:00:00.0 "Host bridge [0600]" "Intel Corporation [8086]" "Device [a700]" -r01 "" ""
0000:01:00.0 "VGA compatible controller [0300]" "NVIDIA Corporation [10de]" "AD102 [GeForce RTX 4090] [2684]" -ra1 -p00 "NVIDIA Corporation [10de]" "Device [167c]"
`
	lspciRecords = "Slot:\t00:00.0\nClass:\tHost bridge [0600]\nVendor:\tIntel Corporation [8086]\nDevice:\tDevice [a700]\nRev:\t01\n\n" +
		"Slot:\t01:00.0\nClass:\tVGA compatible controller [0300]\nVendor:\tNVIDIA Corporation [10de]\nDevice:\tAD102 [GeForce RTX 4090] [2684]\n" +
		"SVendor:\tNVIDIA Corporation [10de]\nSDevice:\tDevice [167c]\nRev:\ta1\nDriver:\tnvidia\nModule:\tnouveau\nNUMANode:\t0\n\n"
)

// TestParse: six ways of recording one machine, of which each says what it knows.
func TestParse(t *testing.T) {
	smi := &witness.Statement{Name: "nvidia-smi", File: "f", Complete: true, Driver: "580.95.05", Devices: []witness.Device{{
		Address: "0000:01:00.0", Vendor: "10de", Model: "2684", Subvendor: "10de", Subsystem: "167c", DriverName: "nvidia",
		VBIOS: "95.02.3C.40.B6", UUID: "GPU-11111111-2222-3333-4444-555555555555", MemoryMiB: 24564, Product: "NVIDIA GeForce RTX 4090",
	}}}
	pci := func(class, driver string) *witness.Statement {
		return &witness.Statement{Name: "lspci", File: "f", Complete: true, Devices: []witness.Device{
			{Address: "0000:00:00.0", Vendor: "8086", Model: "a700", Class: "0600", Revision: "01"},
			{Address: "0000:01:00.0", Vendor: "10de", Model: "2684", Subvendor: "10de", Subsystem: "167c", Class: class, Revision: "a1", DriverName: driver},
		}}
	}
	for _, tc := range []struct {
		name, text string
		want       *witness.Statement
	}{
		{"nvidia-smi -q -x", smiXML, smi},
		{"nvidia-smi -q", smiText, smi},
		{"nvidia-smi -q with the line ends of Windows", strings.ReplaceAll(smiText, "\n", "\r\n"), smi},
		{"lspci -nnvv", lspciLong, pci("030000", "nvidia")},
		{"lspci -nvv", lspciNumbers, pci("030000", "nvidia")},
		{"lspci -Dmmnn", lspciMachine, pci("030000", "")},
		{"lspci -vmmnnk", lspciRecords, pci("0300", "nvidia")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := witness.Parse("f", []byte(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreUnexported(witness.Statement{})); diff != "" {
				t.Error(diff)
			}
			if gpus := fmt.Sprint(got.GPUs()); gpus != "[0000:01:00.0]" {
				t.Errorf("GPUs are %s", gpus)
			}
		})
	}
}

// TestRefused: what is no recording, or contradicts itself, is not believed in
// part; the message says what to give instead.
func TestRefused(t *testing.T) {
	change := func(text, old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%q is not in the text", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	for _, tc := range []struct{ name, text, says string }{
		{"nothing", "", "begins with"},
		{"prose", "hello\n", "nvidia-smi -q -x"},
		{"bytes", "00:00.0 \x00", "not text"},
		{"the table", "+------+\n| NVIDIA-SMI 595.71.05 |\n", "no ids"},
		{"another XML", "<html></html>", "<html>"},
		{"entities", change(smiXML, `SYSTEM "nvsmi_device_v13.dtd"`, `[<!ENTITY a "aaaaaaaa">]`), "entities"},
		{"an unknown entity", change(smiXML, "N/A", "&a;"), "entity"},
		{"cut XML", smiXML[:700], "it ends within"},
		{"XML closed wrongly", change(smiXML, "</pci>", "</pcie>"), "closes nothing"},
		{"two documents", smiXML + smiXML[strings.Index(smiXML, "<nvidia"):], "another document"},
		{"deep", "<nvidia_smi_log>" + strings.Repeat("<a>", 20), "deep"},
		{"no GPU id", "<nvidia_smi_log><gpu></gpu></nvidia_smi_log>", "no id"},
		{"an address of nothing", change(smiXML, `id="00000000:01:00.0"`, `id="bus 1"`), "none of its 1 GPUs is at a PCI address"},
		{"two addresses of one GPU", change(smiXML, "<pci_bus_id>00000000:01", "<pci_bus_id>00000000:02"), "pci_bus_id"},
		{"a fact twice", change(smiXML, "<pci>", "<serial>1</serial><pci>"), "serial is there twice"},
		{"more GPUs than attached", change(smiXML, "<attached_gpus>1", "<attached_gpus>0"), "attached"},
		{"no GPUs at all", "<nvidia_smi_log></nvidia_smi_log>", "lists no GPU"},
		{"text twice", smiText + smiText, "alone"},
		{"a GPU twice", smiText + smiText[strings.Index(smiText, "GPU 0000"):], "is there twice"},
		{"lspci without ids", "01:00.0 VGA compatible controller: NVIDIA Corporation AD102 (rev a1)\n", "lspci -Dnnvv"},
		{"lspci -mm without ids", `01:00.0 "VGA compatible controller" "NVIDIA Corporation" "AD102" -ra1 "" ""` + "\n", "lspci -Dnnvv"},
		{"lspci -vmm without ids", "Slot:\t01:00.0\nClass:\tVGA compatible controller\n", "lspci -Dnnvv"},
		{"lspci twice", lspciLong + lspciLong, "is there twice"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := witness.Parse("f.txt", []byte(tc.text))
			if err == nil {
				t.Fatalf("it was read: %+v", s)
			}
			if !errors.Is(err, collect.ErrMalformed) || !strings.Contains(err.Error(), tc.says) || !strings.HasPrefix(err.Error(), "f.txt: ") {
				t.Errorf("error is %q, want malformed with %q", err, tc.says)
			}
		})
	}
	if _, err := witness.Parse("f", make([]byte, witness.Limit+1)); !errors.Is(err, collect.ErrLimit) {
		t.Errorf("a large file gives %v, want the limit", err)
	}
	many := &strings.Builder{}
	for i := range 5000 {
		fmt.Fprintf(many, "%04x:00:00.0 0300: 10de:2684\n", i)
	}
	if _, err := witness.Parse("f", []byte(many.String())); !errors.Is(err, collect.ErrLimit) {
		t.Errorf("5000 functions give %v, want the limit", err)
	}
}

// card is what the collectors know of the card in the recordings.
func card() *inventory.Device {
	return &inventory.Device{
		Address: "0000:01:00.0",
		PCI: inventory.PCI{
			VendorID: new("10de"), DeviceID: new("2684"), SubsystemVendorID: new("10de"), SubsystemDeviceID: new("167c"),
			RevisionID: new("a1"), ClassCode: new("030000"),
		},
		Driver: &inventory.Driver{Name: "nvidia", Claims: []inventory.DriverClaim{{Version: "580.95.05"}}, Module: &inventory.Module{Version: new("580.95.05")}},
		Firmware: inventory.Firmware{
			Versions: []inventory.VersionClaim{{Source: "procfs", Version: "95.02.3c.40.b6"}},
			ROMs:     []inventory.ROM{{Version: new("95.02.3C.40.B6")}, {}},
		},
		Memory:   []inventory.MemoryClaim{{Source: "nvml", Bytes: 25757220864}}, // 24564 MiB
		Identity: []inventory.IdentityClaim{{Kind: "pci-dsn", Value: "1"}, {Kind: "gpu-uuid", Value: "GPU-11111111-2222-3333-4444-555555555555"}, {Kind: "serial", Value: "1320"}},
	}
}

func hear(t *testing.T, d *inventory.Device, texts ...string) error {
	t.Helper()
	var all []*witness.Statement
	for i, text := range texts {
		s, err := witness.Parse(fmt.Sprintf("file%d", i), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return witness.Collector(all).Device(t.Context(), &collect.Env{}, d)
}

func TestAgreement(t *testing.T) {
	d := card()
	if err := hear(t, d, smiXML, smiText, lspciLong, lspciNumbers, lspciMachine, lspciRecords); err != nil {
		t.Fatal(err)
	}
	if len(d.Witnesses) != 6 || len(d.Gaps) != 0 {
		t.Fatalf("%d witnesses, gaps %v", len(d.Witnesses), d.Gaps)
	}
	for _, w := range d.Witnesses {
		if len(w.Disagreements) > 0 {
			t.Errorf("%s disagrees: %v", w.Name, w.Disagreements)
		}
	}
}

// TestDisagreement: each fact that both sides know is compared.
func TestDisagreement(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*inventory.Device)
		smi    string // what nvidia-smi disagrees on
		lspci  string
	}{
		{"vendor", func(d *inventory.Device) { d.PCI.VendorID = new("1002") }, "/pci/vendor_id 1002 10de", "/pci/vendor_id 1002 10de"},
		{"device", func(d *inventory.Device) { d.PCI.DeviceID = new("1c82") }, "/pci/device_id 1c82 2684", "/pci/device_id 1c82 2684"},
		{"subsystem", func(d *inventory.Device) { d.PCI.SubsystemVendorID, d.PCI.SubsystemDeviceID = new("1043"), new("889a") },
			"/pci/subsystem_vendor_id 1043 10de, /pci/subsystem_device_id 889a 167c", "/pci/subsystem_vendor_id 1043 10de, /pci/subsystem_device_id 889a 167c"},
		{"revision", func(d *inventory.Device) { d.PCI.RevisionID = new("a2") }, "", "/pci/revision_id a2 a1"},
		{"class", func(d *inventory.Device) { d.PCI.ClassCode = new("030200") }, "", "/pci/class_code 030200 030000"},
		{"driver", func(d *inventory.Device) { d.Driver.Name = "vfio-pci" }, "/driver/name vfio-pci nvidia", "/driver/name vfio-pci nvidia"},
		{"running driver's version", func(d *inventory.Device) { d.Driver.Claims[0].Version = "570.1" }, "/driver/claims/0/version 570.1 580.95.05", ""},
		{"module's version", func(d *inventory.Device) { d.Driver.Module.Version = new("570.1") }, "/driver/module/version 570.1 580.95.05", ""},
		{"VBIOS of the driver", func(d *inventory.Device) { d.Firmware.Versions[0].Version = "95.02.18.80.87" }, "/firmware/versions/0/version 95.02.18.80.87 95.02.3C.40.B6", ""},
		{"VBIOS of the ROM", func(d *inventory.Device) { d.Firmware.ROMs[0].Version = new("95.02.18.80.87") }, "/firmware/roms/0/version 95.02.18.80.87 95.02.3C.40.B6", ""},
		{"memory", func(d *inventory.Device) { d.Memory[0].Bytes = 49140 << 20 }, "/memory/0/bytes 51527024640 25757220864", ""},
		{"memory, rounded", func(d *inventory.Device) { d.Memory[0].Bytes += 1 << 20 }, "", ""},
		{"UUID", func(d *inventory.Device) { d.Identity[1].Value = "GPU-2" }, "/identity/1/value GPU-2 GPU-11111111-2222-3333-4444-555555555555", ""},
		{"redacted", func(d *inventory.Device) { d.Identity[1].Value = "redacted" }, "", ""},
		{"nothing known", func(d *inventory.Device) { *d = inventory.Device{Address: d.Address} }, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := card()
			tc.change(d)
			if err := hear(t, d, smiXML, lspciLong); err != nil {
				t.Fatal(err)
			}
			for i, want := range []string{tc.smi, tc.lspci} {
				var list []string
				for _, x := range d.Witnesses[i].Disagreements {
					list = append(list, x.Fact+" "+x.Ours+" "+x.Theirs)
				}
				if got := strings.Join(list, ", "); got != want {
					t.Errorf("%s disagrees on %q, want %q", d.Witnesses[i].Name, got, want)
				}
			}
		})
	}
}

// TestADeviceThatTheWitnessDoesNotList is a disagreement where the witness lists
// everything, a gap where it may be a part, and nothing where the witness could
// not know.
func TestADeviceThatTheWitnessDoesNotList(t *testing.T) {
	part := strings.Replace(smiXML, "<attached_gpus>1", "<attached_gpus>2", 1)
	partPCI := strings.TrimPrefix(lspciLong, strings.SplitAfter(lspciLong, "\n")[0])
	for _, tc := range []struct {
		name, text string
		driver     string
		witnesses  int
		gap        string
		err        error
	}{
		{"nvidia-smi of all", smiXML, "nvidia", 1, "", nil},
		{"nvidia-smi of some", part, "nvidia", 0, "/witnesses/nvidia-smi", nil},
		{"nvidia-smi, another driver", smiXML, "vfio-pci", 0, "", collect.ErrSkipped},
		{"nvidia-smi, no driver", smiXML, "", 0, "", collect.ErrSkipped},
		{"lspci of all", lspciLong, "vfio-pci", 1, "", nil},
		{"lspci -s", partPCI, "vfio-pci", 0, "/witnesses/lspci", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := card()
			d.Address = "0000:02:00.0"
			d.Driver.Name = tc.driver
			if tc.driver == "" {
				d.Driver = nil
			}
			if err := hear(t, d, tc.text); !errors.Is(err, tc.err) {
				t.Fatalf("error is %v, want %v", err, tc.err)
			}
			if len(d.Witnesses) != tc.witnesses || tc.witnesses == 1 && d.Witnesses[0].Disagreements[0].Fact != "/address" {
				t.Errorf("witnesses are %+v", d.Witnesses)
			}
			if tc.gap == "" && len(d.Gaps) != 0 || tc.gap != "" && (len(d.Gaps) != 1 || d.Gaps[0].Fact != tc.gap || d.Gaps[0].Reason != inventory.ReasonNotPresent) {
				t.Errorf("gaps are %+v, want %q", d.Gaps, tc.gap)
			}
		})
	}
}

// captures finds the folder of recordings beside the repository, "" where it is
// absent. They are other people's and never part of the project.
func captures() string {
	dir, _ := filepath.Abs("../../../../shared/captures")
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

// recorded are the recordings of real machines; the logs of nvidia-smi -q are cut
// out of the longer captures that they are part of.
func recorded(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"nvsmi-qx-*.xml", "lspci-*.txt", "nvidia-smi_*.txt", "nvsmi-table-*.txt"} {
		names, _ := filepath.Glob(filepath.Join(captures(), pattern))
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text, base := string(b), filepath.Base(name)
			if strings.HasPrefix(base, "nvidia-smi_") {
				for i, log := range strings.Split(text, "==============NVSMI LOG==============")[1:] {
					log, _, _ = strings.Cut(log, "\n####")
					files[fmt.Sprintf("%s log %d", base, i)] = "==============NVSMI LOG==============" + log
				}
				continue
			}
			files[base] = text
		}
	}
	return files
}

// TestRecordings: what real programs printed of real machines.
func TestRecordings(t *testing.T) {
	if captures() == "" {
		t.Skip("the shared captures are not on this machine: ../shared/captures")
	}
	want := map[string]string{
		"nvsmi-qx-h100.xml":                                "nvidia-smi 580.105.08 complete 8: 0000:53:00.0 10de:2330 10de:16c1 96.00.99.00.01 1650000000001 81559",
		"nvsmi-qx-l40s.xml":                                "nvidia-smi 595.91.07 complete 1: 0000:30:00.0 10de:26b9 10de:1851 95.02.66.00.15 1650000000001 46068",
		"nvidia-smi_l40s__595.80.txt log":                  "nvidia-smi 595.80 complete 1: 0000:01:00.0 10de:26b9 10de:1851 95.02.66.00.02 0000000000000 46068",
		"nvidia-smi_h100-80gb-hbm3__590.48.01.txt log":     "nvidia-smi 590.48.01 complete 1: 0000:00:09.0 10de:2330 10de:16c1 96.00.A5.00.01 0000000000000 81559",
		"nvidia-smi_h200-mig__590.48.01.txt log":           "nvidia-smi 590.48.01 complete 1: 0000:83:00.0 10de:2335 10de:18be",
		"nvidia-smi_geforce-rtx-2080-super__595.71.05.txt": "nvidia-smi 595.71.05 complete 1: 0000:0c:00.0 10de:1e81",
		"nvsmi-qx-gb200.xml":                               "nvidia-smi",
		"nvsmi-qx-gb200-mock-healthy.xml":                  "nvidia-smi 580.65.06 complete 2: 0000:0a:00.0",
		"nvsmi-qx-gb200-mock-ecc.xml":                      "nvidia-smi 580.65.06 complete 2: 0000:0a:00.0",
		"lspci-nn-a100.txt":                                "lspci  partial 31: 0001:00:00.0 10de:20b2",
		"lspci-mi300x-pf-vf.txt":                           "lspci  partial 2: 0000:85:00.0 1002:74a1 1002:74a1",
		"nvsmi-table-2080ti-22g.txt":                       "nvsmi-table-2080ti-22g.txt: malformed: the table that nvidia-smi prints has no ids",
	}
	seen := map[string]bool{}
	for name, text := range recorded(t) {
		key := ""
		for k := range want {
			if strings.HasPrefix(name, k) {
				key = k
			}
		}
		if key == "" {
			t.Errorf("%s: no expectation", name)
			continue
		}
		seen[key] = true
		if got := summary(witness.Parse(name, []byte(text))); !strings.HasPrefix(got, want[key]) {
			t.Errorf("%s: %s\nwant %s", name, got, want[key])
		}
	}
	for k := range want {
		if !seen[k] {
			t.Errorf("%s was not looked at", k)
		}
	}
}

func summary(s *witness.Statement, err error) string {
	if err != nil {
		return err.Error()
	}
	whole := "partial"
	if s.Complete {
		whole = "complete"
	}
	d := s.Devices[0]
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %d: %s %s:%s %s:%s %s %s %d", s.Name, s.Driver, whole, len(s.Devices), d.Address, d.Vendor, d.Model, d.Subvendor, d.Subsystem, d.VBIOS, d.Serial, d.MemoryMiB))
}

// FuzzParse: whatever a file holds, what is read of it has the form of its facts.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		smiXML, smiText, lspciLong, lspciNumbers, lspciMachine, lspciRecords,
		smiCSV, smiKepler, rocmJSON, rocmText, hyText, amdText, amdStatic + amdMetric, sudoLine + smiText + inforomLine + lostLine,
		toUTF16(smiCSV, binary.LittleEndian), "\ufeff" + rocmText,
	} {
		f.Add([]byte(text))
	}
	for _, text := range recorded(f) {
		f.Add([]byte(text))
	}
	digits := func(s string, lengths ...int) bool {
		ok := s == ""
		for _, n := range lengths {
			ok = ok || len(s) == n
		}
		return ok && strings.Trim(s, "0123456789abcdef") == ""
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := witness.Parse("f", text)
		if err != nil {
			if s != nil || !errors.Is(err, collect.ErrMalformed) && !errors.Is(err, collect.ErrLimit) {
				t.Fatalf("error %v with %v", err, s)
			}
			return
		}
		addresses := map[string]bool{}
		for _, d := range s.Devices {
			if addresses[d.Address] || !strings.Contains(d.Address, ":") {
				t.Fatalf("address %q", d.Address)
			}
			addresses[d.Address] = true
			if !digits(d.Vendor, 4) || !digits(d.Model, 4) || !digits(d.Subvendor, 4) || !digits(d.Subsystem, 4) || !digits(d.Class, 4, 6) || !digits(d.Revision, 2) {
				t.Fatalf("ids of %+v", d)
			}
			if len(d.VBIOS)+len(d.Serial)+len(d.UUID)+len(d.DriverName) > 4*64 || len(d.Product) > 80 || len(d.UniqueID) > 16 {
				t.Fatalf("words of %+v", d)
			}
			ours := card()
			ours.Address = d.Address
			if err := witness.Collector([]*witness.Statement{s}).Device(t.Context(), &collect.Env{}, ours); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(facts(s), "\x00") || len(s.Notes) > 9 {
				t.Fatalf("notes %q", s.Notes)
			}
			if len(addresses) > 64 {
				break // enough of them
			}
		}
	})
}
