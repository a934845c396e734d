package firmware

import (
	"math/rand/v2"
	"os"
	"runtime/metrics"
	"slices"
	"testing"
	"time"
)

// long says whether to test at full length, which takes about half an hour.
func long() bool { return os.Getenv("GPUAUDIT_LONG") != "" }

// TestTruncations parses every dump cut short, at a sample of lengths. At full
// length it reads structure and tables at every single one, and parses small
// dumps at every one; digests, which depend on no length, are what it leaves out.
func TestTruncations(t *testing.T) {
	for name, b := range dumps(t) {
		for n := 0; n < len(b); n += len(b)/20 + 1 {
			checkParse(t, name, b[:n])
		}
		for n := 0; long() && n < len(b); n++ {
			if len(b) < 128<<10 {
				checkParse(t, name, b[:n])
				continue
			}
			p := newParser(b[:n])
			p.structure()
			p.vendorTables()
			if len(p.rom.Images) == 0 && len(p.rom.Faults) == 0 {
				t.Errorf("%s cut to %d: no image, and no reason", name, n)
			}
		}
	}
}

// TestMutations parses every dump with a few bytes changed at places that a
// parser looks at, and at random ones. The seed is fixed.
func TestMutations(t *testing.T) {
	for name, b := range dumps(t) {
		random := rand.New(rand.NewPCG(1, uint64(len(b))))
		rom := Parse(b)
		for range mutations() {
			mutant := slices.Clone(b)
			for range 1 + random.IntN(8) {
				at := random.IntN(len(b))
				if img := rom.Images[random.IntN(len(rom.Images))]; random.IntN(2) == 0 {
					at = img.Offset + random.IntN(min(img.Bytes, 0x600)) // headers and tables
				}
				mutant[at] = byte(random.IntN(256))
			}
			checkParse(t, name, mutant)
		}
	}
}

// mutations is how many mutants of each dump are parsed.
func mutations() int {
	if long() {
		return 10000
	}
	return 20
}

// fixedAlloc is for what does not grow with the ROM: texts, tables, faults, and
// the grain in which the runtime counts.
const fixedAlloc = 512 << 10

// allocated is what the program has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// checkParse fails on what no input may do: take long, allocate more than four
// times the ROM, or yield what lies
// outside the ROM. A panic fails by itself.
func checkParse(t *testing.T, name string, b []byte) {
	t.Helper()
	start, before := time.Now(), allocated()
	rom := Parse(b)
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("%s (%d bytes): took %v", name, len(b), d)
	}
	if n := allocated() - before; n > uint64(4*len(b)+fixedAlloc) {
		t.Errorf("%s (%d bytes): %d bytes allocated", name, len(b), n)
	}
	for _, img := range rom.Images {
		if img.Bytes <= 0 || img.Offset < 0 || img.Offset+img.Bytes > len(b) || img.SHA256 == "" || img.SHA384 == "" {
			t.Errorf("%s (%d bytes): image %+v", name, len(b), img)
		}
	}
	for _, tab := range rom.Tables {
		if tab.Bytes <= 0 || tab.Offset < 0 || tab.Offset+tab.Bytes > len(b) || tab.SHA256 == "" {
			t.Errorf("%s (%d bytes): table %+v", name, len(b), tab)
		}
	}
	for _, m := range rom.Microcode {
		if m.Offset < 0 || m.Offset >= len(b) {
			t.Errorf("%s (%d bytes): program %+v", name, len(b), m)
		}
	}
	if len(rom.Memory) > maxMemoryChoice+maxModules || len(rom.PSP) > maxPSP || len(rom.Microcode) > 2*maxPrograms || len(rom.IFR) > maxInitBlocks {
		t.Errorf("%s (%d bytes): %d kinds of memory, %d PSP entries", name, len(b), len(rom.Memory), len(rom.PSP))
	}
}

// TestAllocationsAreBounded: what a dump costs in memory, and what a mutant
// costs that asks for as much as it can, stays under four times its size.
func TestAllocationsAreBounded(t *testing.T) {
	for name, b := range dumps(t) {
		greedy := slices.Clone(b)
		for _, img := range Parse(b).Images {
			if img.EFI != nil && img.EFI.Compression == 1 && img.EFI.PayloadBytes != nil {
				d := greedy[img.Offset:]
				at := int(d[0x16]) | int(d[0x17])<<8
				n := decompressLimit(int(d[at]) | int(d[at+1])<<8 | int(d[at+2])<<16)
				d[at+4], d[at+5], d[at+6] = byte(n), byte(n>>8), byte(n>>16)
			}
		}
		for _, rom := range [][]byte{b, greedy} {
			before := allocated()
			Parse(rom)
			if n := allocated() - before; n > uint64(4*len(b)+fixedAlloc) {
				t.Errorf("%s: %d bytes allocated for %d", name, n, len(b))
			}
		}
	}
}
