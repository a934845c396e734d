package firmware

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// indexRow is the facts that somebody else measured on a dump.
type indexRow map[string]string

func readIndex(t *testing.T) []indexRow {
	t.Helper()
	dumps(t) // skips where there are none
	f, err := os.Open(filepath.Join(sharedDir(t), "index.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []indexRow
	for _, rec := range records[1:] {
		row := indexRow{}
		for i, name := range records[0] {
			row[name] = rec[i]
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		t.Fatal("the index has no rows")
	}
	return rows
}

// run is the images that follow one another from the first without a gap: what
// the index counts. Copies and data further behind are ours alone.
func run(rom *inventory.ROM) []inventory.ROMImage {
	for i := 1; i < len(rom.Images); i++ {
		if before := rom.Images[i-1]; rom.Images[i].Offset != before.Offset+before.Bytes {
			return rom.Images[:i]
		}
	}
	return rom.Images
}

func join(images []inventory.ROMImage, f func(inventory.ROMImage) string) string {
	var parts []string
	for _, img := range images {
		parts = append(parts, f(img))
	}
	return strings.Join(parts, ";")
}

// TestIndexStructure holds the structure of every dump against the index.
func TestIndexStructure(t *testing.T) {
	files := dumps(t)
	for _, row := range readIndex(t) {
		t.Run(row["file"], func(t *testing.T) {
			b := files[row["file"]]
			rom := Parse(b)
			images := run(rom)
			last := images[len(images)-1]
			// The index counts the tail up to its last byte that is not blank,
			// blank ones before it included; our NonBlank leaves those out.
			tail := b[last.Offset+last.Bytes:]
			for len(tail) > 0 && (tail[len(tail)-1] == 0 || tail[len(tail)-1] == 0xff) {
				tail = tail[:len(tail)-1]
			}
			for name, got := range map[string]string{
				"size":                strconv.Itoa(rom.Bytes),
				"sha256":              rom.SHA256,
				"lead_bytes":          strconv.Itoa(rom.LeadBytes),
				"image_count":         strconv.Itoa(len(images)),
				"code_types":          join(images, func(i inventory.ROMImage) string { return i.CodeType }),
				"image_lengths":       join(images, func(i inventory.ROMImage) string { return strconv.Itoa(i.Bytes) }),
				"image_sums_mod256":   join(images, func(i inventory.ROMImage) string { return fmt.Sprintf("%02x", i.Sum) }),
				"vendor_device":       join(images, func(i inventory.ROMImage) string { return i.VendorID + ":" + i.DeviceID }),
				"tail_nonblank_bytes": strconv.Itoa(len(tail)),
				"last_flags": join(images, func(i inventory.ROMImage) string {
					if i.Last {
						return "1"
					}
					return "0"
				}),
			} {
				if want := row[name]; got != want {
					t.Errorf("%s: got %s, the index has %s", name, got, want)
				}
			}
		})
	}
}

// TestDumpFaults says which dumps have which faults, and that stock ones have none.
func TestDumpFaults(t *testing.T) {
	want := map[string]string{
		"nv-gm107-m2000m-fix.rom":             "sum@105984",
		"nv-ga104-3060ti-runtime-badsum.rom":  "sum@0",
		"amd-polaris-rx580-modded-badgop.rom": "",
	}
	for name, b := range dumps(t) {
		var got []string
		for _, f := range Parse(b).Faults {
			if strings.HasPrefix(f.Kind, "efi-") {
				continue // judged in the tests of the EFI reader
			}
			got = append(got, fmt.Sprintf("%s@%d", f.Kind, f.Offset))
		}
		if strings.Join(got, " ") != want[name] {
			t.Errorf("%s: faults %v, want %q", name, got, want[name])
		}
	}
}

// TestBehindTheChain: what lies behind the last image of two flash dumps.
func TestBehindTheChain(t *testing.T) {
	files := dumps(t)
	ada := Parse(files["nv-ad106-4060ti-asus-trimmed.rom"])
	if len(ada.Images) != 4 || ada.Images[2].Chain != 1 || ada.Images[2].SHA256 != ada.Images[0].SHA256 || ada.Images[3].SHA256 != ada.Images[1].SHA256 {
		t.Errorf("4060 Ti: the second copy of the chain at 0xe0000 was not found: %+v", ada.Images)
	}
	blackwell := Parse(files["nv-gb206-5060ti-asus-full.rom"])
	if n := len(blackwell.Images); n != 7 || blackwell.Images[6].Offset != 0x118a00 || blackwell.Images[4].Chain != 1 {
		t.Errorf("5060 Ti: %d images, want 7 with the last at 0x118a00", n)
	}
	// NVIDIA's private chain begins where the PCI chain ends and sums to zero.
	for name, count := range map[string]int{"nv-gp106-gtx1060-msi-full.rom": 4, "nv-gk107-zotac-modded.rom": 2, "nv-gm107-m2000m-fix.rom": 2, "nv-gb206-5060ti-asus-full.rom": 1, "nv-tu116-gtx1660-inno3d.rom": 0} {
		private := Parse(files[name]).Private
		if len(private) != count {
			t.Errorf("%s: %d private images, want %d", name, len(private), count)
		}
		for _, img := range private {
			if img.CodeType == "e0" && img.Sum != 0 {
				t.Errorf("%s: private image at %#x sums to %02x", name, img.Offset, img.Sum)
			}
		}
	}
}

// TestRegionsCoverTheRest: images and regions together are the ROM, once.
func TestRegionsCoverTheRest(t *testing.T) {
	for name, b := range dumps(t) {
		rom, covered := Parse(b), make([]byte, len(b))
		for _, img := range rom.Images {
			for i := range img.Bytes {
				covered[img.Offset+i]++
			}
		}
		for _, img := range rom.Private {
			for i := range img.Bytes {
				covered[img.Offset+i] |= 1
			}
		}
		for _, r := range rom.Regions {
			for i := range r.Bytes {
				covered[r.Offset+i]++
			}
		}
		for i, n := range covered {
			if n != 1 {
				t.Errorf("%s: byte %#x is covered %d times", name, i, n)
				break
			}
		}
	}
}
