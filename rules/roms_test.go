package rules_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// dumps says which ROM rules fail on real dumps; on all others none does.
var dumps = map[string][]string{
	"amd-polaris-rx580-modded-badgop.rom":   {"GA-BD-005", "GA-PR-082"},              // the EFI image does not unpack
	"amd-polaris-rx580-sapphire-modded.rom": {"GA-PR-082"},                           // timings for mining
	"intel-rpl-igd-2in1.rom":                {"GA-BD-009"},                           // wrapped by a hobbyist, unsigned
	"nv-ga104-3060ti-runtime-badsum.rom":    {"GA-BD-004"},                           // read from memory, the sum is off
	"nv-gk107-zotac-modded.rom":             {"GA-BD-043", "GA-PR-081"},              // says by whom it was modified
	"nv-gm107-m2000m-fix.rom":               {"GA-BD-004", "GA-BD-008"},              // an EFI image was added
	"nv-gm204-m5000m-imac-modded.rom":       {"GA-BD-007", "GA-BD-043", "GA-PR-081"}, // the signed EFI image was changed; version DE.AD.00.BE.EF
}

// TestRealROMs judges real dumps, stock and modified, as the ROM of the card
// that they were made for.
func TestRealROMs(t *testing.T) {
	files, err := filepath.Glob("../../shared/roms/*.*")
	if err != nil || len(files) == 0 {
		t.Skip("no ROM dumps in ../shared/roms beside the checkout")
	}
	more, err := filepath.Glob("../../shared/cases/roms/*.*") // all of them honest
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, more...)
	e := load(t)
	for _, file := range files {
		name := filepath.Base(file)
		if filepath.Ext(name) == ".csv" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var failed []string
		for id, status := range statuses(t, e, document(t, cardOf(text))) {
			if status == finding.Fail && (id >= "GA-BD-004" && id <= "GA-BD-011" || id >= "GA-BD-040" && id <= "GA-BD-044" || id >= "GA-BD-063" && id <= "GA-BD-069" || id >= "GA-BD-090" && id <= "GA-BD-099" || id >= "GA-PR-080" && id <= "GA-PR-089") {
				failed = append(failed, id)
			}
		}
		slices.Sort(failed)
		if want := dumps[name]; !slices.Equal(failed, want) {
			t.Errorf("%s: failed %v, want %v", name, failed, want)
		}
	}
	for name := range maps.Keys(dumps) {
		if !slices.Contains(files, "../../shared/roms/"+name) {
			t.Errorf("there is no dump %s", name)
		}
	}
}

// TestIntelROMsNeedNoManifest: where the maker's signature covers all code, nothing on
// the question whose code it is stays open, and one bit in it is enough to fail.
func TestIntelROMsNeedNoManifest(t *testing.T) {
	files, err := filepath.Glob("../../shared/cases/roms/intel-*")
	if err != nil || len(files) == 0 {
		t.Skip("no ROM dumps of Intel's cards in ../shared/cases/roms beside the checkout")
	}
	e := load(t)
	code := map[string]bool{}
	for _, r := range e.Rules() {
		code[r.ID] = r.Question == finding.MakersCode
	}
	whole := 0
	for _, file := range files {
		name := filepath.Base(file)
		rom, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := statuses(t, e, document(t, cardOf(rom)))
		if got["GA-PR-060"] != finding.Pass {
			t.Errorf("%s: GA-PR-060 is %s", name, got["GA-PR-060"])
		}
		if parsed := firmware.Parse(rom); parsed.Images[len(parsed.Images)-1].CodeType == "03" {
			whole++
			card := cardOf(rom)
			card.Reference.Runtime = card.Reference.Firmware
			for i := range card.Device.Firmware.ROMs[0].Images {
				if efi := card.Device.Firmware.ROMs[0].Images[i].EFI; efi != nil {
					efi.InDB, efi.InDBX = new(true), new(false) // the machine runs it
				}
			}
			// GA-PR-017 is a note: the authority behind the driver's other signature ended.
			for id, status := range statuses(t, e, document(t, card)) {
				if code[id] && id != "GA-PR-017" && (status == finding.Fail || status == finding.Unknown) {
					t.Errorf("%s: %s is %s", name, id, status)
				}
			}
			if got["GA-PR-001"] != finding.Pass {
				t.Errorf("%s: GA-PR-001 is %s", name, got["GA-PR-001"])
			}
		}
		rom[0x900] ^= 1 // in the first module
		got = statuses(t, e, document(t, cardOf(rom)))
		if got["GA-PR-060"] != finding.Fail || got["GA-PR-001"] != finding.Fail {
			t.Errorf("%s, changed: GA-PR-060 is %s, GA-PR-001 is %s", name, got["GA-PR-060"], got["GA-PR-001"])
		}
	}
	if whole == 0 {
		t.Error("no ROM with code among the dumps")
	}
}

// cardOf is the honest card with this ROM, and with the ids that its legacy
// image names, or its first EFI image or part of Intel's without one.
func cardOf(rom []byte) *facts.Facts {
	f := honest()
	f.Catalogue.Accelerator = nil // it is of another card
	parsed := firmware.Parse(rom)
	parsed.Source = "file"
	if images := parsed.Images; len(images) == 1 && images[0].CodeType == "00" && !images[0].Last {
		f.Device.PCI.BootVGA = new(true) // the copy that firmware left in memory
	}
	f.Device.Firmware.ROMs[0] = *parsed
	for _, kind := range []string{"00", "03", "f0"} {
		at := slices.IndexFunc(parsed.Images, func(im inventory.ROMImage) bool { return im.CodeType == kind })
		if at >= 0 {
			image := &parsed.Images[at]
			f.Device.PCI.VendorID, f.Device.PCI.DeviceID = new(image.VendorID), new(image.DeviceID)
			break
		}
	}
	return f
}
