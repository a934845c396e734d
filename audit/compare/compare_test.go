package compare_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/manifesttest"
)

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func digest(c string) string { return strings.Repeat(c, 64) }

// device is a card of which everything is known.
func device() *inventory.Device {
	return &inventory.Device{
		Address:   "0000:03:00.0",
		PCI:       inventory.PCI{VendorID: new("1002"), DeviceID: new("73ff"), SubsystemVendorID: new("1da2"), SubsystemDeviceID: new("e448"), RevisionID: new("c1")},
		Functions: []inventory.Function{{Address: "0000:03:00.1", VendorID: new("1002"), DeviceID: new("ab28"), ClassCode: new("040300")}},
		Firmware: inventory.Firmware{ROMs: []inventory.ROM{{Source: "sysfs", SHA256: digest("a"), SHA384: strings.Repeat("a", 96), StableSHA256: new(digest("5")),
			Images: []inventory.ROMImage{{CodeType: "00", SHA256: digest("b")}, {CodeType: "03", SHA256: digest("c")}}}}},
		Driver: &inventory.Driver{Name: "amdgpu", Module: &inventory.Module{Name: "amdgpu", Version: new("6.12.3"), File: &inventory.ModuleFile{ContentSHA256: digest("d")}}},
		Memory: []inventory.MemoryClaim{{Source: "driver", Bytes: 8176 << 20}},
	}
}

// predicate states exactly that card.
func predicate() manifest.Predicate {
	return manifest.Predicate{
		Name: "m", Sequence: 1, Vendor: "v", Issued: now.AddDate(0, -1, 0), Expires: now.AddDate(1, 0, 0), Status: manifest.Active,
		Devices: []manifest.Device{{VendorID: "1002", DeviceID: "73ff"}},
		Firmware: []manifest.Firmware{{Kind: manifest.OptionROM, Version: "1.0", SHA256: digest("a"), StableSHA256: digest("5"),
			Images: []manifest.Image{{CodeType: "00", SHA256: digest("b")}, {CodeType: "03", SHA256: digest("c")}}}},
		Drivers:   []manifest.Driver{{Module: "amdgpu", Version: "6.12.3", SHA256: digest("d")}},
		Functions: &[]manifest.Function{{VendorID: "1002", DeviceID: "ab28", ClassCode: "040300"}},
		MemoryMiB: []int{8192},
	}
}

// verified signs and verifies predicates, the first one as a key of the first
// kind and so on: there is no other way to a manifest.
func verified(t *testing.T, kinds []manifest.Kind, predicates ...manifest.Predicate) manifest.Set {
	t.Helper()
	var list []*manifest.Manifest
	for i, p := range predicates {
		m, err := manifesttest.Verified(t.Context(), &p, fmt.Sprintf("k%d", i), kinds[i], "1002", now)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return manifest.NewSet(list...)
}

func states(r facts.Reference) [4]facts.State {
	return [4]facts.State{r.Firmware.State, r.Driver.State, r.Functions.State, r.Memory.State}
}

const (
	match, mismatch, unknown, none = facts.Match, facts.Mismatch, facts.Unknown, facts.NotCovered
)

func TestCompare(t *testing.T) {
	vendor := []manifest.Kind{manifest.Vendor, manifest.Vendor}
	type change struct {
		device   func(*inventory.Device)
		manifest func(*manifest.Predicate)
	}
	for _, tc := range []struct {
		name string
		change
		want [4]facts.State
	}{
		{"everything agrees", change{}, [4]facts.State{match, match, match, match}},
		{"another device", change{manifest: func(p *manifest.Predicate) { p.Devices[0].DeviceID = "73df" }}, [4]facts.State{none, none, none, none}},
		{"another board", change{manifest: func(p *manifest.Predicate) { p.Devices[0].SubsystemVendorID = "1043" }}, [4]facts.State{none, none, none, none}},
		{"board unknown to us", change{
			func(d *inventory.Device) { d.PCI.SubsystemVendorID = nil },
			func(p *manifest.Predicate) { p.Devices[0].SubsystemVendorID = "1da2" }}, [4]facts.State{none, none, none, none}},
		{"ids unreadable", change{device: func(d *inventory.Device) { d.PCI = inventory.PCI{} }}, [4]facts.State{none, none, none, none}},
		{"whole ROM differs, stable digest agrees, nothing is around the images", change{device: func(d *inventory.Device) { d.Firmware.ROMs[0].SHA256 = digest("0") }}, [4]facts.State{match, match, match, match}},
		{"whole ROM differs, stable digest agrees, something is around the images", change{device: func(d *inventory.Device) {
			r := &d.Firmware.ROMs[0]
			r.SHA256, r.Regions = digest("0"), []inventory.ROMRegion{{Kind: "tail", Offset: 4096, Bytes: 512, ContentBytes: 3, ContentSHA256: digest("7")}}
		}}, [4]facts.State{mismatch, match, match, match}},
		{"the same where the stable digest alone is stated", change{
			func(d *inventory.Device) {
				r := &d.Firmware.ROMs[0]
				r.SHA256, r.Regions = digest("0"), []inventory.ROMRegion{{Kind: "tail", Offset: 4096, Bytes: 512, ContentBytes: 3, ContentSHA256: digest("7")}}
			},
			func(p *manifest.Predicate) { p.Firmware[0].SHA256 = "" }}, [4]facts.State{match, match, match, match}},
		{"the same where another entry states the stable digest alone", change{
			func(d *inventory.Device) {
				r := &d.Firmware.ROMs[0]
				r.SHA256, r.Regions = digest("0"), []inventory.ROMRegion{{Kind: "tail", Offset: 4096, Bytes: 512, ContentBytes: 3, ContentSHA256: digest("7")}}
			},
			func(p *manifest.Predicate) {
				p.Firmware = append(p.Firmware, manifest.Firmware{Kind: manifest.OptionROM, Version: "1.0", StableSHA256: digest("5")})
			}}, [4]facts.State{match, match, match, match}},
		{"only the images agree", change{device: func(d *inventory.Device) {
			d.Firmware.ROMs[0].SHA256, d.Firmware.ROMs[0].StableSHA256 = digest("0"), nil
		}}, [4]facts.State{match, match, match, match}},
		{"one image differs", change{device: func(d *inventory.Device) {
			r := &d.Firmware.ROMs[0]
			r.SHA256, r.StableSHA256, r.Images[1].SHA256 = digest("0"), new(digest("1")), digest("2")
		}}, [4]facts.State{mismatch, match, match, match}},
		{"one image more", change{device: func(d *inventory.Device) {
			r := &d.Firmware.ROMs[0]
			r.SHA256, r.StableSHA256 = digest("0"), nil
			r.Images = append(r.Images, inventory.ROMImage{CodeType: "03", SHA256: digest("2")})
		}}, [4]facts.State{mismatch, match, match, match}},
		{"one image fewer", change{device: func(d *inventory.Device) {
			r := &d.Firmware.ROMs[0]
			r.SHA256, r.StableSHA256, r.Images = digest("0"), nil, r.Images[:1]
		}}, [4]facts.State{mismatch, match, match, match}},
		{"images in another order", change{device: func(d *inventory.Device) {
			r := &d.Firmware.ROMs[0]
			r.SHA256, r.StableSHA256 = digest("0"), nil
			r.Images[0], r.Images[1] = r.Images[1], r.Images[0]
		}}, [4]facts.State{mismatch, match, match, match}},
		{"a second reading that differs", change{device: func(d *inventory.Device) {
			d.Firmware.ROMs = append(d.Firmware.ROMs, inventory.ROM{Source: "file", SHA256: digest("9")})
		}}, [4]facts.State{mismatch, match, match, match}},
		{"ROM unreadable", change{device: func(d *inventory.Device) {
			d.Firmware.ROMs = nil
			d.Gaps = []inventory.Gap{{Fact: "/firmware/roms", Source: "rom", Reason: inventory.ReasonIOError}}
		}}, [4]facts.State{unknown, match, match, match}},
		{"the same SHA-256 with another SHA-384", change{
			func(d *inventory.Device) { d.Firmware.ROMs[0].StableSHA256, d.Firmware.ROMs[0].Images = nil, nil },
			func(p *manifest.Predicate) { p.Firmware[0].SHA384 = strings.Repeat("b", 96) }}, [4]facts.State{mismatch, match, match, match}},
		{"SHA-384 alone", change{manifest: func(p *manifest.Predicate) {
			p.Firmware = []manifest.Firmware{{Kind: manifest.OptionROM, Version: "1.0", SHA384: strings.Repeat("a", 96)}}
		}}, [4]facts.State{match, match, match, match}},
		{"another SHA-384 alone", change{manifest: func(p *manifest.Predicate) {
			p.Firmware = []manifest.Firmware{{Kind: manifest.OptionROM, Version: "1.0", SHA384: strings.Repeat("0", 96)}}
		}}, [4]facts.State{mismatch, match, match, match}},
		{"the same images with another SHA-384", change{
			func(d *inventory.Device) {
				r := &d.Firmware.ROMs[0]
				r.SHA256, r.StableSHA256, r.Images[0].SHA384 = digest("0"), nil, strings.Repeat("1", 96)
			},
			func(p *manifest.Predicate) { p.Firmware[0].Images[0].SHA384 = strings.Repeat("2", 96) }}, [4]facts.State{mismatch, match, match, match}},
		{"only a stable digest is stated, and the ROM is cut off", change{
			func(d *inventory.Device) { d.Firmware.ROMs[0].StableSHA256 = nil },
			func(p *manifest.Predicate) { p.Firmware[0].SHA256, p.Firmware[0].Images = "", nil }}, [4]facts.State{unknown, match, match, match}},
		{"only a stable digest is stated, and the ROM is no ROM", change{
			func(d *inventory.Device) { d.Firmware.ROMs[0].StableSHA256, d.Firmware.ROMs[0].Images = nil, nil },
			func(p *manifest.Predicate) { p.Firmware[0].SHA256, p.Firmware[0].Images = "", nil }}, [4]facts.State{mismatch, match, match, match}},
		{"one reading cut off, another one wrong", change{
			func(d *inventory.Device) {
				d.Firmware.ROMs[0].StableSHA256 = nil
				d.Firmware.ROMs = append(d.Firmware.ROMs, inventory.ROM{Source: "file", SHA256: digest("9"), StableSHA256: new(digest("8"))})
			},
			func(p *manifest.Predicate) { p.Firmware[0].SHA256, p.Firmware[0].Images = "", nil }}, [4]facts.State{mismatch, match, match, match}},
		{"a ROM that is revoked cannot be read", change{
			func(d *inventory.Device) { d.Firmware.ROMs = nil },
			func(p *manifest.Predicate) { p.Status = manifest.Revoked }}, [4]facts.State{unknown, mismatch, none, none}},
		{"another ROM and module than the revoked ones", change{device: func(d *inventory.Device) {
			d.Firmware.ROMs[0] = inventory.ROM{Source: "sysfs", SHA256: digest("9")}
			d.Driver.Module.File.ContentSHA256 = digest("9")
		}, manifest: func(p *manifest.Predicate) { p.Status = manifest.Revoked }}, [4]facts.State{none, none, none, none}},
		{"a module that is revoked cannot be read", change{
			func(d *inventory.Device) { d.Driver.Module.File = nil },
			func(p *manifest.Predicate) { p.Status = manifest.Revoked }}, [4]facts.State{mismatch, unknown, none, none}},
		{"module cannot be decompressed", change{device: func(d *inventory.Device) { d.Driver.Module.File.ContentSHA256 = "" }}, [4]facts.State{match, unknown, match, match}},
		{"module cannot be decompressed, and only a version is stated", change{
			func(d *inventory.Device) { d.Driver.Module.File.ContentSHA256 = "" },
			func(p *manifest.Predicate) { p.Drivers[0].SHA256, p.Drivers[0].MinimumVersion = "", "6.12.3" }}, [4]facts.State{match, unknown, match, match}},
		{"module unreadable and too old", change{
			func(d *inventory.Device) { d.Driver.Module.File = nil },
			func(p *manifest.Predicate) { p.Drivers[0].MinimumVersion = "6.12.10" }}, [4]facts.State{match, mismatch, match, match}},
		{"another build is loaded than lies on disk", change{device: func(d *inventory.Device) {
			d.Driver.Module.SrcVersion, d.Driver.Module.File.SrcVersion = new("AAAA"), new("BBBB")
		}}, [4]facts.State{match, unknown, match, match}},
		{"driver built into the kernel", change{device: func(d *inventory.Device) { d.Driver.Module, d.Driver.BuiltIn = nil, new(true) }}, [4]facts.State{match, unknown, match, match}},
		{"module not known", change{device: func(d *inventory.Device) { d.Driver.Module = nil }}, [4]facts.State{match, unknown, match, match}},
		{"whether a driver is bound is not known", change{device: func(d *inventory.Device) {
			d.Driver = nil
			d.Gaps = []inventory.Gap{{Fact: "/driver", Source: "sys", Reason: inventory.ReasonIOError}}
		}}, [4]facts.State{match, unknown, match, match}},
		{"functions could not be listed", change{device: func(d *inventory.Device) {
			d.Functions = nil
			d.Gaps = []inventory.Gap{{Fact: "/functions", Source: "sys", Reason: inventory.ReasonIOError}}
		}}, [4]facts.State{match, match, unknown, match}},
		{"bridges unknown, so siblings are", change{device: func(d *inventory.Device) {
			d.Gaps = []inventory.Gap{{Fact: "/bridges", Source: "sys", Reason: inventory.ReasonIOError}}
		}}, [4]facts.State{match, match, unknown, match}},
		{"a function without ids, and one too many", change{device: func(d *inventory.Device) {
			d.Functions = []inventory.Function{{Address: "x"}, {VendorID: new("8086"), DeviceID: new("1533"), ClassCode: new("020000")}}
		}}, [4]facts.State{match, match, mismatch, match}},
		{"module differs", change{device: func(d *inventory.Device) { d.Driver.Module.File.ContentSHA256 = digest("0") }}, [4]facts.State{match, mismatch, match, match}},
		{"module file unreadable", change{device: func(d *inventory.Device) { d.Driver.Module.File = nil }}, [4]facts.State{match, unknown, match, match}},
		{"no driver", change{device: func(d *inventory.Device) { d.Driver = nil }}, [4]facts.State{match, none, match, match}},
		{"another driver", change{device: func(d *inventory.Device) { d.Driver.Module.Name = "vfio_pci" }}, [4]facts.State{match, none, match, match}},
		{"driver too old", change{manifest: func(p *manifest.Predicate) { p.Drivers[0].MinimumVersion = "6.12.10" }}, [4]facts.State{match, mismatch, match, match}},
		{"a version is no digest", change{manifest: func(p *manifest.Predicate) { p.Drivers[0].SHA256, p.Drivers[0].MinimumVersion = "", "6.12.3" }}, [4]facts.State{match, unknown, match, match}},
		{"one function more", change{device: func(d *inventory.Device) {
			d.Functions = append(d.Functions, inventory.Function{VendorID: new("8086"), DeviceID: new("1533"), ClassCode: new("020000")})
		}}, [4]facts.State{match, match, mismatch, match}},
		{"a sibling that is not listed", change{device: func(d *inventory.Device) {
			d.Siblings = []inventory.Function{{VendorID: new("8086"), DeviceID: new("1533"), ClassCode: new("020000")}}
		}}, [4]facts.State{match, match, mismatch, match}},
		{"a neighbour that is not listed", change{device: func(d *inventory.Device) {
			d.Neighbours = []inventory.Neighbour{{Function: inventory.Function{VendorID: new("8086"), DeviceID: new("1533"), ClassCode: new("020000")}}}
		}}, [4]facts.State{match, match, unknown, match}},
		{"a neighbour without ids", change{device: func(d *inventory.Device) { d.Neighbours = make([]inventory.Neighbour, 1) }}, [4]facts.State{match, match, unknown, match}},
		{"neighbours are too many", change{device: func(d *inventory.Device) {
			d.Gaps = []inventory.Gap{{Fact: "/neighbours", Source: "sys", Reason: inventory.ReasonLimit}}
		}}, [4]facts.State{match, match, unknown, match}},
		{"a hidden function", change{device: func(d *inventory.Device) { d.Functions = nil }}, [4]facts.State{match, match, match, match}},
		{"a function without ids", change{device: func(d *inventory.Device) { d.Functions[0].ClassCode = nil }}, [4]facts.State{match, match, unknown, match}},
		{"memory doubled", change{device: func(d *inventory.Device) { d.Memory[0].Bytes = 16384 << 20 }}, [4]facts.State{match, match, match, mismatch}},
		{"memory above nominal", change{device: func(d *inventory.Device) { d.Memory[0].Bytes = 8193 << 20 }}, [4]facts.State{match, match, match, mismatch}},
		{"memory 2 % below", change{device: func(d *inventory.Device) { d.Memory[0].Bytes = 8029 << 20 }}, [4]facts.State{match, match, match, match}},
		{"memory 3 % below", change{device: func(d *inventory.Device) { d.Memory[0].Bytes = 7946 << 20 }}, [4]facts.State{match, match, match, mismatch}},
		{"memory unknown", change{device: func(d *inventory.Device) { d.Memory = nil }}, [4]facts.State{match, match, match, unknown}},
		{"revoked", change{manifest: func(p *manifest.Predicate) { p.Status = manifest.Revoked }}, [4]facts.State{mismatch, mismatch, none, none}},
		{"superseded", change{manifest: func(p *manifest.Predicate) { p.Status = manifest.Superseded }}, [4]facts.State{none, none, none, none}},
		{"silent on all but memory", change{manifest: func(p *manifest.Predicate) { p.Firmware, p.Drivers, p.Functions = nil, nil, nil }}, [4]facts.State{none, none, none, match}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, p := device(), predicate()
			if tc.device != nil {
				tc.device(d)
			}
			if tc.manifest != nil {
				tc.manifest(&p)
			}
			r := compare.Compare(d, verified(t, vendor, p))
			if got := states(r); got != tc.want {
				t.Errorf("states are %v, want %v", got, tc.want)
			}
			for _, v := range []facts.Verdict{r.Firmware, r.Runtime, r.Driver, r.Functions, r.Memory} {
				if v.Reason == "" || (v.State == mismatch) != (len(v.Differences) > 0) || (v.State == none) != (len(v.Vouchers) == 0) {
					t.Errorf("verdict is %+v", v)
				}
			}
		})
	}
}

func TestNoManifests(t *testing.T) {
	if got := states(compare.Compare(device(), manifest.Set{})); got != [4]facts.State{none, none, none, none} {
		t.Errorf("states are %v", got)
	}
}

// TestPrecedence: revocation beats everything; a vendor's word beats an
// operator's baseline, in both directions.
func TestPrecedence(t *testing.T) {
	other := predicate()
	other.Firmware = []manifest.Firmware{{Kind: manifest.OptionROM, Version: "2.0", SHA256: digest("e")}}
	revoked := predicate()
	revoked.Status = manifest.Revoked
	for _, tc := range []struct {
		name    string
		kinds   []manifest.Kind
		first   manifest.Predicate
		second  manifest.Predicate
		want    facts.State
		voucher string
	}{
		{"vendor contradicts, operator agrees", []manifest.Kind{manifest.Operator, manifest.Vendor}, predicate(), other, mismatch, "k1"},
		{"vendor agrees, operator contradicts", []manifest.Kind{manifest.Operator, manifest.Vendor}, other, predicate(), match, "k1"},
		{"two vendors, one agrees", []manifest.Kind{manifest.Vendor, manifest.Vendor}, other, predicate(), match, "k1"},
		{"vendor agrees, operator revokes", []manifest.Kind{manifest.Vendor, manifest.Operator}, predicate(), revoked, mismatch, "k1"},
		{"lab over operator", []manifest.Kind{manifest.Operator, manifest.Lab}, predicate(), other, mismatch, "k1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := compare.Compare(device(), verified(t, tc.kinds, tc.first, tc.second)).Firmware
			if v.State != tc.want || v.Vouchers[0].Issuer != tc.voucher {
				t.Errorf("verdict is %+v, want %s by %s", v, tc.want, tc.voucher)
			}
		})
	}
}

// TestPartsBind: whoever may speak for some part numbers only vouches for no card
// whose ROM states another one, whatever its manifest says of it.
func TestPartsBind(t *testing.T) {
	limited := manifest.Kind("vendor\n    parts: [\"113-D0*\"]")
	part := func(s string) func(*inventory.Device) {
		return func(d *inventory.Device) { d.Firmware.ROMs[0].Part = &s }
	}
	nothing := func(d *inventory.Device) {}
	for _, tc := range []struct {
		name   string
		stated string // by the manifest
		device func(*inventory.Device)
		want   [4]facts.State
	}{
		{"the part that is stated", "113-D0X", part("113-D0X"), [4]facts.State{match, match, match, match}},
		{"another part of the scope", "113-D0X", part("113-D0Y"), [4]facts.State{mismatch, match, match, match}},
		{"a part outside", "113-D0X", part("113-B8X"), [4]facts.State{none, none, none, none}},
		{"a ROM without a part", "113-D0X", nothing, [4]facts.State{unknown, none, none, none}},
		{"no ROM", "113-D0X", func(d *inventory.Device) { d.Firmware.ROMs = nil }, [4]facts.State{unknown, none, none, none}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, p := device(), predicate()
			tc.device(d)
			p.Firmware[0].Part = tc.stated
			if got := states(compare.Compare(d, verified(t, []manifest.Kind{limited}, p))); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
	// It states no firmware at all: it binds nonetheless.
	d, p := device(), predicate()
	p.Firmware = nil
	if got := states(compare.Compare(d, verified(t, []manifest.Kind{limited}, p))); got != [4]facts.State{none, none, none, none} {
		t.Errorf("without firmware: %v", got)
	}
	// Another vendor who is not limited judges as before.
	d, p = device(), predicate()
	other := predicate()
	p.Firmware[0].Part, other.Firmware[0].SHA256, other.Firmware[0].StableSHA256, other.Firmware[0].Images = "113-D0X", digest("e"), "", nil
	part("113-B8X")(d)
	if got := compare.Compare(d, verified(t, []manifest.Kind{limited, manifest.Vendor}, p, other)).Firmware.State; got != mismatch {
		t.Errorf("a lie beside an honest manifest: %v", got)
	}
	// What it revokes stays revoked.
	d, p = device(), predicate()
	p.Firmware[0].Part, p.Status = "113-D0X", manifest.Revoked
	part("113-B8X")(d)
	if got := compare.Compare(d, verified(t, []manifest.Kind{limited}, p)).Firmware.State; got != mismatch {
		t.Errorf("revoked: %v", got)
	}
}
