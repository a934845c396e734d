package compare_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// lose removes facts of a device at random: pointers and lists become nil,
// texts empty. Every field is met, those that are added later, too.
func lose(r *rand.Rand, v reflect.Value, oneIn int) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.String:
		if r.IntN(oneIn) == 0 {
			v.SetZero()
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			lose(r, v.Elem(), oneIn)
		}
	case reflect.Slice:
		for i := range v.Len() {
			lose(r, v.Index(i), oneIn)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				lose(r, field, oneIn)
			}
		}
	}
}

// clone copies a device deeply.
func clone(t *testing.T, d *inventory.Device) *inventory.Device {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var c inventory.Device
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// wrong is a card that contradicts the predicate in every aspect.
func wrong() *inventory.Device {
	d := device()
	d.Firmware.ROMs = []inventory.ROM{{Source: "sysfs", SHA256: digest("1"), SHA384: strings.Repeat("1", 96), StableSHA256: new(digest("2")),
		Images: []inventory.ROMImage{{CodeType: "00", SHA256: digest("3")}, {CodeType: "03", SHA256: digest("4")}}}}
	d.Driver.Module.File.ContentSHA256 = digest("6")
	d.Functions = append(d.Functions, inventory.Function{VendorID: new("8086"), DeviceID: new("1533"), ClassCode: new("020000")})
	d.Memory[0].Bytes = 16384 << 20
	return d
}

// TestMissingFactsNeverMatch: whatever could not be read, a match stands on a
// fact that was read and that the manifest names, and a card that contradicts
// its manifest in every aspect never matches in one.
func TestMissingFactsNeverMatch(t *testing.T) {
	set := verified(t, []manifest.Kind{manifest.Vendor}, predicate())
	random := rand.New(rand.NewPCG(1, 2))
	matches := [4]int{}
	for range 20000 {
		d := clone(t, device())
		lose(random, reflect.ValueOf(d).Elem(), 2+random.IntN(20))
		got := states(compare.Compare(d, set))
		for aspect, proven := range [4]bool{provenFirmware(d), provenDriver(d), provenFunctions(d), len(d.Memory) > 0} {
			if got[aspect] == match {
				matches[aspect]++
				if !proven {
					text, _ := json.Marshal(d)
					t.Fatalf("aspect %d matches without its facts: %s", aspect, text)
				}
			}
		}
	}
	if matches[0] == 0 || matches[1] == 0 || matches[2] == 0 || matches[3] == 0 {
		t.Errorf("matches are %v: the test does not reach them", matches)
	}
	if got := states(compare.Compare(wrong(), set)); got != [4]facts.State{mismatch, mismatch, mismatch, mismatch} {
		t.Fatalf("the wrong card is %v", got)
	}
	for range 20000 {
		d := clone(t, wrong())
		lose(random, reflect.ValueOf(d).Elem(), 2+random.IntN(20))
		got := states(compare.Compare(d, set))
		if got[0] == match || got[1] == match || got[3] == match || got[2] == match && len(d.Functions) == 2 {
			text, _ := json.Marshal(d)
			t.Fatalf("a wrong card is %v after losing facts: %s", got, text)
		}
	}
}

func provenFirmware(d *inventory.Device) bool {
	for _, rom := range d.Firmware.ROMs {
		images := len(rom.Images) == 2 && rom.Images[0].SHA256 == digest("b") && rom.Images[1].SHA256 == digest("c")
		if rom.SHA256 != digest("a") && (rom.StableSHA256 == nil || *rom.StableSHA256 != digest("5")) && !images {
			return false
		}
	}
	return len(d.Firmware.ROMs) > 0
}

func provenDriver(d *inventory.Device) bool {
	return d.Driver != nil && d.Driver.Module != nil && d.Driver.Module.File != nil && d.Driver.Module.File.ContentSHA256 == digest("d")
}

func provenFunctions(d *inventory.Device) bool {
	for _, f := range d.Functions {
		if f.VendorID == nil || f.DeviceID == nil || f.ClassCode == nil {
			return false
		}
	}
	return true
}

// TestABaselineMatchesItsCard: what is stated of a device is never held against
// the same device, however much of it could not be read.
func TestABaselineMatchesItsCard(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	base := manifest.Baseline{Name: "b", Vendor: "v", Sequence: 1, Issued: predicate().Issued, Expires: predicate().Expires}
	made := 0
	for i := range 600 {
		d := clone(t, device())
		d.Memory = append(d.Memory, inventory.MemoryClaim{Source: "bar", Bytes: 4096 << 20})
		if i > 0 {
			lose(random, reflect.ValueOf(d).Elem(), 4+random.IntN(40))
		}
		p, err := manifest.FromDevice(d, base)
		if err != nil {
			continue
		}
		made++
		got := states(compare.Compare(d, verified(t, []manifest.Kind{manifest.Operator}, *p)))
		for _, state := range got {
			if state == mismatch {
				text, _ := json.Marshal(d)
				t.Fatalf("states are %v: %s", got, text)
			}
		}
		if i == 0 && got != [4]facts.State{match, match, match, match} {
			t.Errorf("the whole card is %v", got)
		}
	}
	if made < 100 {
		t.Errorf("only %d baselines were made", made)
	}
}

// TestALowerRoleOnlyMakesStricter: beside a vendor's manifest that states every
// aspect, what a lower role says changes nothing, unless it revokes; and a
// revocation by anybody makes no verdict better.
func TestALowerRoleOnlyMakesStricter(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	grave := map[facts.State]int{match: 0, none: 0, unknown: 1, mismatch: 2}
	revocations := 0
	for range 300 {
		d := clone(t, device())
		if random.IntN(2) == 0 {
			d = clone(t, wrong())
		}
		lose(random, reflect.ValueOf(d).Elem(), 4+random.IntN(40))
		vendor, other := predicate(), predicate()
		lose(random, reflect.ValueOf(&other.Firmware).Elem(), 6)
		other.Status = []string{manifest.Active, manifest.Superseded, manifest.Revoked}[random.IntN(3)]
		if random.IntN(2) == 0 {
			other.Drivers[0].SHA256, other.MemoryMiB = digest("6"), []int{16384}
		}
		if other.Validate() != nil {
			continue
		}
		kind := []manifest.Kind{manifest.Integrator, manifest.Lab, manifest.Operator}[random.IntN(3)]
		alone := states(compare.Compare(d, verified(t, []manifest.Kind{manifest.Vendor}, vendor)))
		both := states(compare.Compare(d, verified(t, []manifest.Kind{manifest.Vendor, kind}, vendor, other)))
		for aspect := range alone {
			if other.Status == manifest.Revoked {
				revocations++
			} else if alone[aspect] != both[aspect] {
				t.Fatalf("aspect %d: %s says %s where the vendor alone gives %s and both give %s", aspect, kind, other.Status, alone[aspect], both[aspect])
			}
			if grave[both[aspect]] < grave[alone[aspect]] {
				t.Fatalf("aspect %d became %s from %s by a revocation", aspect, both[aspect], alone[aspect])
			}
		}
	}
	if revocations == 0 {
		t.Error("nothing was revoked")
	}
}

// TestAMatchSaysWhatItCovers.
func TestAMatchSaysWhatItCovers(t *testing.T) {
	set := verified(t, []manifest.Kind{manifest.Vendor}, predicate())
	for _, tc := range []struct {
		name   string
		change func(*inventory.ROM)
		want   string
	}{
		{"whole", func(*inventory.ROM) {}, "the whole ROM is what the manifest names"},
		{"stable", func(r *inventory.ROM) { r.SHA256 = digest("0") }, "the stable digest of the ROM is what the manifest names; bytes outside the images are not covered; the reading is shorter than the ROM that the manifest states, or padded"},
		{"images", func(r *inventory.ROM) { r.SHA256, r.StableSHA256 = digest("0"), nil }, "every image of the ROM is what the manifest names; bytes outside the images are not covered; the reading is shorter than the ROM that the manifest states, or padded"},
		{"dump", func(r *inventory.ROM) { r.Source = "file" }, "the whole ROM is what the manifest names; it was compared in a dump that was given, not read from the device"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := device()
			tc.change(&d.Firmware.ROMs[0])
			if v := compare.Compare(d, set).Firmware; v.State != match || v.Reason != tc.want {
				t.Errorf("verdict is %+v", v)
			}
			// The weakest reading decides, in any order.
			d.Firmware.ROMs = append(d.Firmware.ROMs, device().Firmware.ROMs...)
			if v := compare.Compare(d, set).Firmware; tc.name != "dump" && v.Reason != tc.want {
				t.Errorf("with a second reading it is %+v", v)
			}
		})
	}
}
