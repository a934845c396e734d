package firmware

import (
	"crypto/rand"
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
		{"named in part", hidden, []inventory.PSPEntry{{Offset: 0x5000, Bytes: 0x800}, {Offset: -5, Bytes: 5}}, nil, 0x1000, 0},
		{"behind an init block", hidden, nil, []inventory.ROMInit{{Offset: 0x3000}}, 0, 0},
		{"before an init block", hidden, nil, []inventory.ROMInit{{Offset: 0x8000}}, 0x2000, 0},
		{"programs", program, nil, nil, 0, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newParser(tc.b)
			p.rom.PSP, p.rom.IFR = tc.psp, tc.ifr
			r := inventory.ROMRegion{Kind: "tail", Bytes: len(tc.b)}
			if p.weigh(&r); r.DenseBytes != tc.dense || r.Executables != tc.executables {
				t.Errorf("%#x dense bytes, %d programs; want %#x, %d", r.DenseBytes, r.Executables, tc.dense, tc.executables)
			}
		})
	}
}
