package pci

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// keptFacts are what is read of a space, but for the serial number.
func keptFacts(b []byte) any {
	s := parseConfig(b)
	_, serial := s.serial()
	return []any{len(s.bytes), s.standard, s.extended, s.faults, s.ats(), s.acs(), s.forwards(), serial}
}

// TestKeptConfig: what is kept gives the same facts, and holds nothing else.
func TestKeptConfig(t *testing.T) {
	for _, n := range []int{0, 10, 63, 64, 255, 256, 0x102, 0x14e, 4095, 4096} {
		checkKept(t, goodSpace()[:n])
	}
	filled := bytes.Repeat([]byte("alice77!"), 512)
	good := goodSpace()
	for i := range filled {
		if good[i] != 0 || i < 0x40 || i >= 0x60 && i < 0x80 || i >= 0x100 && i < 0x170 {
			filled[i] = good[i]
		}
	}
	copy(filled[0x10:], "alice77!")
	copy(filled[0x14c:], "alice77!")
	if kept := KeptConfig(filled); bytes.Contains(kept, []byte("alice")) || bytes.Contains(kept, []byte("77!")) {
		t.Errorf("kept is %q", kept)
	}
}

func checkKept(t *testing.T, b []byte) {
	t.Helper()
	kept := KeptConfig(b)
	if diff := cmp.Diff(keptFacts(b), keptFacts(kept), cmp.AllowUnexported(capability{}, fault{})); diff != "" {
		t.Errorf("%d bytes: other facts (-all +kept):\n%s", len(b), diff)
	}
}

func FuzzKeptConfig(f *testing.F) {
	f.Add(goodSpace())
	f.Add(goodSpace()[:256])
	f.Add(bytes.Repeat([]byte{0xff}, 4096))
	f.Fuzz(func(t *testing.T, b []byte) { checkKept(t, b) })
}
