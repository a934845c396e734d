package firmware

import (
	"crypto/rand"
	"encoding/binary"
	mathrand "math/rand/v2"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// TestDense: random bytes in blank flash are found where they lie, and named
// ones are left out.
func TestDense(t *testing.T) {
	flash := func() []byte {
		b := make([]byte, 64<<10)
		for i := range b {
			b[i] = 0xff
		}
		return b
	}
	hidden := flash()
	if _, err := rand.Read(hidden[0x4000:0x6000]); err != nil {
		t.Fatal(err)
	}
	short := func(n, at int) []byte {
		b := flash()
		copy(b[at:at+n], hidden[0x4000:])
		return b
	}
	sparse := flash()
	for i := range 0x800 {
		sparse[0x4000+2*i] = hidden[0x4000+i]
	}
	program := flash()
	copy(program[0x123:], "PE\x00\x00")
	copy(program[0x4567:], "\x7fELF")
	for _, tc := range []struct {
		name               string
		b                  []byte
		psp                []inventory.PSPEntry
		ifr                []inventory.ROMInit
		dense, executables int
	}{
		{"blank", flash(), nil, nil, 0, 0},
		{"hidden", hidden, nil, nil, 0x2000, 0},
		{"named by AMD's directory", hidden, []inventory.PSPEntry{{Offset: 0x4000, Bytes: 0x2000}}, nil, 0, 0},
		{"named in part", hidden, []inventory.PSPEntry{{Offset: 0x5000, Bytes: 0x800}, {Offset: -5, Bytes: 5}}, nil, 0x1a00, 0},
		{"names behind the end, as where the card gives less than its flash holds", hidden, []inventory.PSPEntry{{Offset: 0x10000, Bytes: 0x100}, {Offset: 0x40000, Bytes: 0x2000}}, nil, 0x2000, 0},
		{"a name without bytes", hidden, []inventory.PSPEntry{{Offset: 0x4100}, {Offset: 0x5000, Bytes: -0x4000}}, nil, 0x2000, 0},
		{"behind an init block", hidden, nil, []inventory.ROMInit{{Offset: 0x3000, Images: new(0x8000)}}, 0, 0},
		{"behind a mark that leads nowhere", hidden, nil, []inventory.ROMInit{{Offset: 0x3000}}, 0x2000, 0},
		{"before an init block", hidden, nil, []inventory.ROMInit{{Offset: 0x8000, Images: new(0x9000)}}, 0x2000, 0},
		{"3 KiB across two windows", short(3<<10, 0x4a00), nil, nil, 0x1000, 0},
		{"512 bytes", short(512, 0x4000), nil, nil, 0x600, 0},
		{"between blank bytes", sparse, nil, nil, 0x1000, 0},
		{"less than says anything", short(256, 0x4000), nil, nil, 0, 0},
		{"programs", program, nil, nil, 0, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newParser(tc.b)
			p.headers = []header{{vendor: vendorNVIDIA}}
			p.rom.PSP, p.rom.IFR = tc.psp, tc.ifr
			r := inventory.ROMRegion{Kind: "tail", Bytes: len(tc.b)}
			if p.weigh(&r); r.DenseBytes != tc.dense || r.Executables != tc.executables {
				t.Errorf("%#x dense bytes, %d programs; want %#x, %d", r.DenseBytes, r.Executables, tc.dense, tc.executables)
			}
		})
	}
}

// TestInitBlockOfAnother: an init block is NVIDIA's, and accounts for nothing in
// another's ROM.
func TestInitBlockOfAnother(t *testing.T) {
	p := newParser(make([]byte, 0x1000))
	p.headers = []header{{vendor: vendorAMD}}
	p.rom.IFR = []inventory.ROMInit{{Offset: 0x200, Images: new(0x400)}}
	if got := p.unnamed(&inventory.ROMRegion{Kind: "tail", Bytes: 0x1000}); len(got) != 1 || got[0] != (extent{0, 0x1000}) {
		t.Errorf("left to be weighed: %v", got)
	}
}

// TestRangesAgainstAByteMap: what is left of a range is what a map of its bytes
// says, however the others lie: in any order, one over another, empty, in front
// of it, across its ends, behind it.
func TestRangesAgainstAByteMap(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(15, 42))
	const size = 48
	for range 20000 {
		whole := extent{random.IntN(size), 0}
		whole.end = whole.start + random.IntN(size-whole.start)
		named := make([]extent, random.IntN(6))
		var covered [size]bool
		for i := range named {
			start := random.IntN(3*size) - size
			named[i] = extent{start, start + random.IntN(size) - 4}
			for at := max(0, start); at < min(size, named[i].end); at++ {
				covered[at] = true
			}
		}
		given := slices.Clone(named)
		var left [size]bool
		last := whole.start - 1
		for _, e := range without(whole, named) {
			if e.start >= e.end || e.start <= last || e.start < whole.start || e.end > whole.end {
				t.Fatalf("%v without %v: range %v", whole, named, e)
			}
			last = e.end
			for at := e.start; at < e.end; at++ {
				left[at] = true
			}
		}
		for at := range size {
			if want := at >= whole.start && at < whole.end && !covered[at]; left[at] != want {
				t.Fatalf("%v without %v: byte %d left %t, want %t", whole, named, at, left[at], want)
			}
		}
		if !slices.Equal(given, named) {
			t.Fatal("the ranges that were given were changed")
		}
	}
}

// TestRegionsAgainstAByteMap: images, private ones within and behind them, and
// regions cover every byte of a ROM, and no region has a byte of an image.
func TestRegionsAgainstAByteMap(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(15, 43))
	const size = 64
	for range 5000 {
		p := newParser(make([]byte, size))
		var taken [size]bool
		for i := range random.IntN(6) {
			start := random.IntN(size)
			bytes := 1 + random.IntN(size-start)
			for at := start; at < start+bytes; at++ {
				taken[at] = true
			}
			if i%2 == 0 {
				p.rom.Images = append(p.rom.Images, inventory.ROMImage{Offset: start, Bytes: bytes})
			} else {
				p.rom.Private = append(p.rom.Private, inventory.PrivateImage{Offset: start, Bytes: bytes})
			}
		}
		p.regions()
		var region [size]int
		for _, r := range p.rom.Regions {
			for at := r.Offset; at < r.Offset+r.Bytes; at++ {
				region[at]++
			}
		}
		for at, n := range region {
			if want := map[bool]int{false: 1}[taken[at]]; n != want {
				t.Fatalf("byte %d lies in %d regions, want %d: %+v", at, n, want, p.rom)
			}
		}
	}
}

// TestNamesBehindTheEnd: an entry of AMD's directory that lies in flash behind
// what the card gives, as every read of a Navi card has them, hides nothing.
func TestNamesBehindTheEnd(t *testing.T) {
	rom := atomROM("113-1")
	const psp = 0x340
	binary.LittleEndian.PutUint32(rom[psp+pspHeader+4:], 0x1000)   // bytes
	binary.LittleEndian.PutUint32(rom[psp+pspHeader+8:], 0x200000) // where
	payload := make([]byte, 64<<10)
	if _, err := rand.Read(payload); err != nil {
		t.Fatal(err)
	}
	got := Parse(append(fix(rom), payload...))
	if len(got.PSP) != 1 || got.PSP[0].Read || len(got.Regions) != 1 || got.Regions[0].DenseBytes != len(payload) {
		t.Errorf("directory %+v, regions %+v; want all %d bytes dense", got.PSP, got.Regions, len(payload))
	}
}
