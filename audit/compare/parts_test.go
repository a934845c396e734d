package compare_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// flash is a dump of a card's flash: what precedes the images, the two images that
// a host follows, padding, a block of data that no table names, and padding.
type flash struct{ lead, images, data []byte }

const padding = 4096

func built() flash {
	noise := rand.New(rand.NewPCG(1, 2))
	data := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(1 + noise.IntN(200))
		}
		return b
	}
	return flash{
		lead: append([]byte("NVGI"), data(1020)...),
		images: hosttest.ROM(hosttest.Image{Vendor: 0x1002, Device: 0x73ff, Blocks: 8, Code: hosttest.ATOM("113-TEST-100", 0x1da2, 0xe448)},
			hosttest.Image{Vendor: 0x1002, Device: 0x73ff, CodeType: 3, Blocks: 4, Code: data(600), Last: true}),
		data: data(3000),
	}
}

func (f flash) dump() []byte {
	return bytes.Join([][]byte{f.lead, f.images, bytes.Repeat([]byte{0xff}, padding), f.data, bytes.Repeat([]byte{0xff}, padding)}, nil)
}

func changed(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x55
	return b
}

func reading(text []byte, source string) *inventory.ROM {
	rom := firmware.Parse(text)
	rom.Source = source
	return rom
}

// judged is the verdict on a reading where a manifest states another one.
func judged(t *testing.T, stated, read *inventory.ROM, change func(*manifest.Firmware)) facts.Verdict {
	t.Helper()
	d, p := device(), predicate()
	d.Firmware.ROMs = []inventory.ROM{*read}
	p.Firmware = []manifest.Firmware{manifest.FromROM(stated)}
	if change != nil {
		change(&p.Firmware[0])
	}
	return compare.Compare(d, verified(t, []manifest.Kind{manifest.Vendor}, p)).Firmware
}

// TestStatedWholeROM holds what a manifest states of the bytes around the images
// to readings that are shorter, padded, or changed.
func TestStatedWholeROM(t *testing.T) {
	f := built()
	dump, images := f.dump(), f.images
	behind := len(f.lead) + len(images)
	blank := bytes.Repeat([]byte{0xff}, 65536)
	stableOnly := func(e *manifest.Firmware) {
		*e = manifest.Firmware{Kind: e.Kind, Version: e.Version, StableSHA256: e.StableSHA256}
	}
	two := bytes.Join([][]byte{dump[:behind], blank[:padding], images}, nil)
	old := func(e *manifest.Firmware) { e.Bytes, e.LeadBytes, e.Parts = 0, 0, nil }
	for _, tc := range []struct {
		name         string
		stated, read []byte
		source       string
		change       func(*manifest.Firmware)
		want         facts.State
		says         string
	}{
		{"the same", dump, dump, "file", nil, match, "the whole ROM"},
		{"the kernel's copy", dump, images, "sysfs", nil, match, "shorter"},
		{"the lead is cut off", dump, dump[len(f.lead):], "file", nil, match, "shorter"},
		{"cut behind the images", dump, dump[:behind+100], "file", nil, match, "shorter"},
		{"cut within the data", dump, dump[:behind+padding+1000], "file", nil, match, "shorter"},
		{"cut within a second copy", two, two[:len(two)-1000], "file", nil, unknown, "ends within an image"},
		{"padded", dump, append(bytes.Clone(dump), blank...), "file", nil, match, "padded"},
		{"the kernel's copy, padded", images, append(bytes.Clone(images), blank...), "sysfs", nil, match, "padded"},
		{"a byte of the lead", dump, changed(dump, 100), "file", nil, mismatch, "lead at"},
		{"a byte of the data", dump, changed(dump, behind+padding+1000), "sysfs", nil, mismatch, "tail at"},
		{"a byte of the data, and the lead cut off", dump, changed(dump, behind+padding+1000)[len(f.lead):], "file", nil, mismatch, "tail at"},
		{"a byte of the padding", dump, changed(dump, len(dump)-10), "file", nil, mismatch, "tail at"},
		{"the data are erased", dump, append(bytes.Clone(dump[:behind]), blank[:2*padding+len(f.data)]...), "file", nil, mismatch, "tail at"},
		{"more data behind", dump, append(bytes.Clone(dump), f.data...), "file", nil, mismatch, "tail at"},
		{"data behind a dump that ends with its images", dump[:behind], append(bytes.Clone(dump[:behind]), f.data...), "file", nil, mismatch, "tail at"},
		{"data behind the kernel's copy", images, append(bytes.Clone(images), f.data...), "sysfs", nil, mismatch, "tail at"},
		{"a dump where the kernel's copy is stated", images, dump, "file", nil, unknown, "does not speak of"},
		{"a byte of an image", dump, changed(dump, len(f.lead)+700), "file", nil, mismatch, "none of the versions"},
		{"a byte of the data, stable only", dump, changed(dump, behind+padding+1000), "file", stableOnly, match, "not covered"},
		{"a byte of the data, parts not stated", dump, changed(dump, behind+padding+1000), "file", old, mismatch, "differs"},
		{"the kernel's copy, parts not stated", dump, images, "sysfs", old, match, "shorter"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := judged(t, reading(tc.stated, "file"), reading(tc.read, tc.source), tc.change)
			if v.State != tc.want || !strings.Contains(v.Reason, tc.says) {
				t.Errorf("%s: %s %v", v.State, v.Reason, v.Differences)
			}
			if (v.State == mismatch) != (len(v.Differences) > 0) {
				t.Errorf("%s with %d differences", v.State, len(v.Differences))
			}
		})
	}
}

// TestWindowBehindTheChipsOwn: a baseline of a flash whose chain begins with programs of the
// chip's own, and a reading that begins with what a host runs, leave open what is missing;
// a change of what is there is one.
func TestWindowBehindTheChipsOwn(t *testing.T) {
	f := built()
	own := hosttest.ROM(hosttest.Image{Vendor: 0x10de, Device: 0x2d04, CodeType: 0xe0, Blocks: 4, Code: []byte("of the chip's own")})
	first := 8 * 512 // bytes of the first image that a host runs
	for _, tc := range []struct {
		name         string
		stated, read []byte
		want         facts.State
	}{
		{"what a host runs", append(own, f.images...), f.images, unknown},
		{"that, with one byte changed", append(own, f.images...), changed(f.images, 700), mismatch},
		{"that, without the last image", append(own, f.images...), f.images[:first], mismatch},
		{"that, without the first image", append(own, f.images...), f.images[first:], mismatch},
		{"the first image of a chain without such programs is gone", f.images, f.images[first:], mismatch},
	} {
		if v := judged(t, reading(tc.stated, "flash"), reading(tc.read, "sysfs"), nil); v.State != tc.want {
			t.Errorf("%s: %s, %s", tc.name, v.State, v.Reason)
		}
	}
}

// TestRepeatedReading: a dump that holds the flash twice is the flash.
func TestRepeatedReading(t *testing.T) {
	f := built()
	chip := append(f.dump(), bytes.Repeat([]byte{0xff}, 65536-len(f.dump()))...)
	twice := append(bytes.Clone(chip), chip...)
	for _, tc := range []struct {
		name         string
		stated, read []byte
		want         facts.State
	}{
		{"once stated, twice read", chip, twice, match},
		{"twice stated, once read", twice, chip, match},
		{"the second with one byte changed", chip, changed(twice, 65536+700), mismatch},
		{"both with one byte changed", chip, append(changed(chip, 700), changed(chip, 700)...), mismatch},
	} {
		if v := judged(t, reading(tc.stated, "flash"), reading(tc.read, "flash"), nil); v.State != tc.want {
			t.Errorf("%s: %s, %s", tc.name, v.State, v.Reason)
		}
	}
}

// TestStatedRealROM changes one byte of real dumps where finders of such edits
// look: no image that a host runs is touched. It also holds a real pair of a dump
// and its trimmed copy.
func TestStatedRealROM(t *testing.T) {
	const folder = "../../../shared/roms/"
	read := func(name string) []byte {
		b, err := os.ReadFile(folder + name)
		if err != nil {
			t.Skip("no ROM dumps in ../shared/roms beside the checkout")
		}
		return b
	}
	full, trimmed := read("nv-gp106-gtx1060-msi-full.rom"), read("nv-gp106-gtx1060-msi-trimmed.rom")
	if v := judged(t, reading(full, "file"), reading(trimmed, "file"), nil); v.State != match {
		t.Errorf("trimmed copy: %s %s", v.State, v.Reason)
	}
	for _, name := range []string{"nv-gb206-5060ti-asus-full.rom", "amd-vega10-vega56-msi.rom", "nv-gp106-gtx1060-msi-full.rom"} {
		text := read(name)
		rom := reading(text, "file")
		for _, r := range rom.Regions {
			if r.ContentBytes == 0 {
				continue
			}
			v := judged(t, rom, reading(changed(text, r.Offset+r.ContentBytes/2), "file"), nil)
			if v.State != mismatch || !strings.Contains(v.Reason, r.Kind) {
				t.Errorf("%s: %s at %#x: %s %s", name, r.Kind, r.Offset, v.State, v.Reason)
			}
		}
		for _, p := range rom.Private {
			if v := judged(t, rom, reading(changed(text, p.Offset+p.Bytes-16), "file"), nil); v.State != mismatch {
				t.Errorf("%s: private image at %#x: %s %s", name, p.Offset, v.State, v.Reason)
			}
		}
		if tail := append(bytes.Clone(text), bytes.Repeat([]byte{0xff}, 65536)...); judged(t, rom, reading(tail, "file"), nil).State != match {
			t.Errorf("%s: padding is a difference", name)
		}
	}
}
