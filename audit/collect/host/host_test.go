package host_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/host"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	efi       = "sys/firmware/efi/efivars/"
	imageGUID = "-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
)
const guid = "-8be4df61-93ca-11d2-aa0d-00e098032b8c"

// server is a machine with everything switched on.
func server() fstest.MapFS {
	fsys := fstest.MapFS{
		efi + "SecureBoot" + guid:             {Data: []byte{6, 0, 0, 0, 1}},
		efi + "db" + imageGUID:                {Data: []byte{0x27, 0, 0, 0}},
		efi + "dbx" + imageGUID:               {Data: []byte("\x27\x00\x00\x00\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28\x4c\x00\x00\x00\x00\x00\x00\x00\x30\x00\x00\x00" + strings.Repeat("o", 16) + strings.Repeat("d", 32))},
		efi + "SetupMode" + guid:              {Data: []byte{6, 0, 0, 0, 0}},
		"etc/os-release":                      {Data: []byte("../usr/lib/os-release"), Mode: fs.ModeSymlink | 0o777},
		"sys/class/iommu/dmar1":               {Mode: fs.ModeDir | 0o755},
		"sys/class/iommu/dmar0":               {Mode: fs.ModeDir | 0o755},
		"sys/kernel/security/tpm0/ascii_dump": {},
	}
	for name, text := range map[string]string{
		"sys/class/dmi/id/sys_vendor":                       "Maker\n",
		"sys/class/dmi/id/product_name":                     "Server 9\n",
		"sys/class/dmi/id/product_serial":                   "S1\n",
		"sys/class/dmi/id/product_uuid":                     "4c4c4544-0000-2010-8020-80c04f202020\n",
		"sys/class/dmi/id/board_vendor":                     "Maker\n",
		"sys/class/dmi/id/board_name":                       "B1\n",
		"sys/class/dmi/id/bios_vendor":                      "Firm\n",
		"sys/class/dmi/id/bios_version":                     "1.2\n",
		"sys/class/dmi/id/bios_date":                        "01/02/2026\n",
		"sys/class/dmi/id/chassis_type":                     "23\n",
		"proc/sys/kernel/osrelease":                         "6.1.0-50-amd64\n",
		"proc/version":                                      "Linux version 6.1.0-50-amd64 (x) #1 SMP\n",
		"proc/cmdline":                                      "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro intel_iommu=on\n",
		"proc/sys/kernel/tainted":                           "4609\n",
		"sys/module/nvidia/taint":                           "PO\n",
		"sys/module/ext4/taint":                             "\n",
		"sys/module/kernel/parameters/panic":                "0\n",
		"sys/kernel/security/lockdown":                      "none [integrity] confidentiality\n",
		"usr/lib/os-release":                                "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
		"sys/kernel/iommu_groups/0/type":                    "DMA-FQ\n",
		"sys/kernel/iommu_groups/1/type":                    "identity\n",
		"sys/kernel/iommu_groups/2/type":                    "DMA-FQ\n",
		"sys/class/tpm/tpm0/tpm_version_major":              "2\n",
		"sys/kernel/security/tpm0/binary_bios_measurements": "abc",
	} {
		fsys[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o444}
	}
	return fsys
}

func collected(t *testing.T, fsys fs.FS) inventory.Host {
	t.Helper()
	var h inventory.Host
	if err := host.Collector().Host(t.Context(), &collect.Env{FS: fsys, Now: time.Unix(0, 0)}, &h); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestServer(t *testing.T) {
	want := inventory.Host{
		DMI: inventory.DMI{
			SystemVendor: new("Maker"), ProductName: new("Server 9"), ProductSerial: new("S1"),
			ProductUUID: new("4c4c4544-0000-2010-8020-80c04f202020"), BoardVendor: new("Maker"), BoardName: new("B1"),
			BIOSVendor: new("Firm"), BIOSVersion: new("1.2"), BIOSDate: new("01/02/2026"), ChassisType: new(23),
		},
		Kernel: inventory.Kernel{
			Release: new("6.1.0-50-amd64"), Version: new("Linux version 6.1.0-50-amd64 (x) #1 SMP"),
			Switches: []inventory.Switch{
				{Name: "BOOT_IMAGE", Value: new("/vmlinuz")}, {Name: "root", Value: new("/dev/sda1")}, {Name: "ro"},
				{Name: "intel_iommu", Value: new("on")},
			},
			Tainted: new(uint64(4609)), TaintFlags: new("PWO"), TaintedModules: []inventory.TaintedModule{{Name: "nvidia", Flags: "PO"}}, Lockdown: new("integrity"),
		},
		OS: &inventory.OS{ID: new("debian"), VersionID: new("12"), Name: new("Debian GNU/Linux 12 (bookworm)")},
		Boot: inventory.Boot{Mode: new("uefi"), SecureBoot: new(true), SetupMode: new(false),
			DB: &inventory.SignatureDatabase{}, DBX: &inventory.SignatureDatabase{Digests: 1}},
		IOMMU: inventory.IOMMU{Enabled: new(true), Units: []string{"dmar0", "dmar1"}, Groups: new(3), DefaultDomain: new("DMA-FQ")},
		TPM:   inventory.TPM{Present: new(true), Version: new("2.0")},
		EventLog: &inventory.FileDigest{
			Path: "sys/kernel/security/tpm0/binary_bios_measurements", Bytes: 3,
			SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		},
	}
	if diff := cmp.Diff(want, collected(t, server())); diff != "" {
		t.Errorf("host differs (-want +got):\n%s", diff)
	}
}

// TestNothingIsNeverANo: a root that holds nothing gives gaps and no facts.
func TestNothingIsNeverANo(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{
		"empty":                 {},
		"classes of a snapshot": {"sys/class/drm/card0": {Mode: fs.ModeDir | 0o755}, "sys/class/net/lo": {Mode: fs.ModeDir | 0o755}},
	} {
		got := collected(t, fsys)
		facts := []string{}
		for _, g := range got.Gaps {
			facts = append(facts, g.Fact)
			if g.Reason != inventory.ReasonNotPresent {
				t.Errorf("%s: gap %+v is not for absence", name, g)
			}
		}
		for _, want := range []string{"/dmi", "/kernel/release", "/kernel/version", "/kernel/switches", "/kernel/tainted", "/kernel/lockdown",
			"/os", "/boot/mode", "/boot/secure_boot", "/iommu/enabled", "/iommu/units", "/iommu/groups", "/tpm/present", "/event_log"} {
			if !slices.Contains(facts, want) {
				t.Errorf("%s: no gap for %s in %v", name, want, facts)
			}
		}
		got.Gaps = nil
		if b, _ := json.Marshal(got); string(b) != `{"dmi":{},"kernel":{},"boot":{},"iommu":{},"tpm":{}}` {
			t.Errorf("%s: facts from nothing: %s", name, b)
		}
	}
}

// TestOneChange makes one change to the server each and looks at what follows.
func TestOneChange(t *testing.T) {
	put := func(name, text string) func(fstest.MapFS) {
		return func(m fstest.MapFS) { m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o444} }
	}
	remove := func(prefix string) func(fstest.MapFS) {
		return func(m fstest.MapFS) {
			for name := range m {
				if strings.HasPrefix(name, prefix) {
					delete(m, name)
				}
			}
		}
	}
	empty := func(dir string) func(fstest.MapFS) {
		return func(m fstest.MapFS) { remove(dir)(m); m[dir] = &fstest.MapFile{Mode: fs.ModeDir | 0o755} }
	}
	both := func(f, g func(fstest.MapFS)) func(fstest.MapFS) { return func(m fstest.MapFS) { f(m); g(m) } }
	for _, tc := range []struct {
		name   string
		change func(fstest.MapFS)
		fact   func(inventory.Host) any
		want   string // JSON
		gap    string // fact and reason, "" for none
	}{
		{"secure boot off", put(efi+"SecureBoot"+guid, "\x06\x00\x00\x00\x00"), func(h inventory.Host) any { return h.Boot.SecureBoot }, "false", ""},
		{"short variable", put(efi+"SecureBoot"+guid, "\x06\x00\x00\x00"), func(h inventory.Host) any { return h.Boot.SecureBoot }, "null", "/boot/secure_boot malformed"},
		{"value two", put(efi+"SetupMode"+guid, "\x06\x00\x00\x00\x02"), func(h inventory.Host) any { return h.Boot.SetupMode }, "null", "/boot/setup_mode malformed"},
		{"revocation list cut short", put(efi+"dbx"+imageGUID, "\x06\x00\x00\x00list"), func(h inventory.Host) any { return h.Boot.DBX }, "null", "/boot/dbx malformed"},
		{"no revocation list", remove(efi + "dbx" + imageGUID), func(h inventory.Host) any { return h.Boot.DBX }, "null", "/boot/dbx not-present"},
		{"efivars not mounted", empty("sys/firmware/efi/efivars"), func(h inventory.Host) any { return h.Boot }, `{"mode":"uefi"}`, "/boot/secure_boot not-present"},
		{"bios", both(remove("sys/firmware"), empty("sys/firmware/acpi")), func(h inventory.Host) any { return h.Boot }, `{"mode":"bios"}`, "/boot/secure_boot not-supported"},
		{"device tree", both(remove("sys/firmware"), empty("sys/firmware/devicetree")), func(h inventory.Host) any { return h.Boot }, `{}`, "/boot/mode not-present"},
		{"iommu off", both(empty("sys/class/iommu"), empty("sys/kernel/iommu_groups")), func(h inventory.Host) any { return h.IOMMU }, `{"enabled":false,"groups":0}`, ""},
		{"iommu without groups", empty("sys/kernel/iommu_groups"), func(h inventory.Host) any { return h.IOMMU.Enabled }, "false", ""},
		{"iommu class only", both(empty("sys/class/iommu"), remove("sys/kernel/iommu_groups")), func(h inventory.Host) any { return h.IOMMU.Enabled }, "false", "/iommu/groups not-present"},
		{"no iommu class", remove("sys/class/iommu"), func(h inventory.Host) any { return h.IOMMU.Enabled }, "null", "/iommu/enabled not-present"},
		{"groups without unit", empty("sys/class/iommu"), func(h inventory.Host) any { return h.IOMMU.Enabled }, "null", "/iommu/enabled not-supported"},
		{"type of a group missing", both(remove("sys/kernel/iommu_groups/1"), empty("sys/kernel/iommu_groups/1")), func(h inventory.Host) any { return h.IOMMU.DefaultDomain }, "null", "/iommu/default_domain not-present"},
		{"as many of both", put("sys/kernel/iommu_groups/3/type", "identity"), func(h inventory.Host) any { return h.IOMMU.DefaultDomain }, `"DMA-FQ"`, ""},
		{"no tpm", empty("sys/class/tpm"), func(h inventory.Host) any { return h.TPM }, `{"present":false}`, ""},
		{"tpm without driver", both(empty("sys/class/tpm"), put("sys/firmware/acpi/tables/TPM2", "")), func(h inventory.Host) any { return h.TPM }, `{}`, "/tpm/present not-supported"},
		{"tpm 1.2", put("sys/class/tpm/tpm0/tpm_version_major", "1\n"), func(h inventory.Host) any { return h.TPM.Version }, `"1.2"`, ""},
		{"tpm 7", put("sys/class/tpm/tpm0/tpm_version_major", "7\n"), func(h inventory.Host) any { return h.TPM.Version }, `null`, "/tpm/version malformed"},
		{"lockdown none", put("sys/kernel/security/lockdown", "[none] integrity confidentiality\n"), func(h inventory.Host) any { return h.Kernel.Lockdown }, `"none"`, ""},
		{"lockdown unmarked", put("sys/kernel/security/lockdown", "none integrity\n"), func(h inventory.Host) any { return h.Kernel.Lockdown }, `null`, "/kernel/lockdown malformed"},
		{"untainted", put("proc/sys/kernel/tainted", "0\n"), func(h inventory.Host) any { return h.Kernel.TaintFlags }, `""`, ""},
		{"modules of an untainted kernel", put("proc/sys/kernel/tainted", "512\n"), func(h inventory.Host) any { return h.Kernel.TaintedModules }, `null`, ""},
		{"no modules to be seen", remove("sys/module"), func(h inventory.Host) any { return h.Kernel.TaintedModules }, `null`, "/kernel/tainted_modules not-present"},
		{"taint of the future", put("proc/sys/kernel/tainted", "2097152\n"), func(h inventory.Host) any { return h.Kernel.TaintFlags }, `"?"`, ""},
		{"taint is text", put("proc/sys/kernel/tainted", "none\n"), func(h inventory.Host) any { return h.Kernel.Tainted }, `null`, "/kernel/tainted malformed"},
		{"blank serial", put("sys/class/dmi/id/product_serial", " \n"), func(h inventory.Host) any { return h.DMI.ProductSerial }, `null`, "/dmi/product_serial not-present"},
		{"chassis is text", put("sys/class/dmi/id/chassis_type", "tower"), func(h inventory.Host) any { return h.DMI.ChassisType }, `null`, "/dmi/chassis_type malformed"},
		{"event log too large", put("sys/kernel/security/tpm0/binary_bios_measurements", strings.Repeat("x", 4<<20+1)), func(h inventory.Host) any { return h.EventLog }, `null`, "/event_log limit"},
		{"os-release of usr/lib", remove("etc/os-release"), func(h inventory.Host) any { return h.OS.ID }, `"debian"`, ""},
		{"os-release is empty", put("usr/lib/os-release", "#\n"), func(h inventory.Host) any { return h.OS }, `null`, "/os malformed"},
		{"os-release quoted", put("usr/lib/os-release", "ID='it'\nNAME=\"A \\\"B\\\"\"\nVERSION_ID=1\\2\n"), func(h inventory.Host) any { return h.OS }, `{"id":"it","version_id":"12","name":"A \"B\""}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := server()
			tc.change(m)
			h := collected(t, m)
			if b, _ := json.Marshal(tc.fact(h)); string(b) != tc.want {
				t.Errorf("fact is %s, want %s", b, tc.want)
			}
			gaps := []string{}
			for _, g := range h.Gaps {
				gaps = append(gaps, g.Fact+" "+string(g.Reason))
			}
			if tc.gap == "" && len(gaps) > 0 || tc.gap != "" && !slices.Contains(gaps, tc.gap) {
				t.Errorf("gaps are %v, want %q", gaps, tc.gap)
			}
		})
	}
}

// forbidden refuses some files, as the kernel does to an ordinary user.
type forbidden struct {
	fstest.MapFS
	names []string
}

func (f forbidden) Open(name string) (fs.File, error) {
	if slices.Contains(f.names, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: os.ErrPermission}
	}
	return f.MapFS.Open(name)
}

func (f forbidden) ReadDir(name string) ([]fs.DirEntry, error) {
	if slices.Contains(f.names, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: os.ErrPermission}
	}
	return f.MapFS.ReadDir(name)
}

func TestOrdinaryUser(t *testing.T) {
	for name, fact := range map[string]string{
		"sys/class/dmi/id/product_serial":                   "/dmi/product_serial",
		"sys/class/dmi/id/product_uuid":                     "/dmi/product_uuid",
		"sys/class/iommu":                                   "/iommu/enabled",
		"sys/class/tpm":                                     "/tpm/present",
		"sys/kernel/security/lockdown":                      "/kernel/lockdown",
		"sys/kernel/security/tpm0/binary_bios_measurements": "/event_log",
	} {
		h := collected(t, forbidden{server(), []string{name}})
		if !slices.ContainsFunc(h.Gaps, func(g inventory.Gap) bool {
			return g.Fact == fact && g.Source == name && g.Reason == inventory.ReasonPermission
		}) {
			t.Errorf("%s is forbidden, and the gaps are %+v", name, h.Gaps)
		}
	}
}
