package amd

import (
	"errors"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

func TestParseErrors(t *testing.T) {
	for _, tc := range []struct {
		name, text             string
		uncorrected, corrected uint64
		is                     error
	}{
		{"two counts", "ue: 2\nce: 30\n", 2, 30, nil},
		{"with those put off", "ue: 0\nce: 1\nde: 4\n", 0, 1, nil},
		{"one count", "ue: 2\n", 0, 0, collect.ErrMalformed},
		{"twice", "ue: 2\nue: 0\nce: 0\n", 0, 0, collect.ErrMalformed},
		{"no number", "ue: none\nce: 0\n", 0, 0, collect.ErrMalformed},
		{"too large", "ue: 18446744073709551615\nce: 0\n", 0, 0, collect.ErrMalformed},
		{"empty", "", 0, 0, collect.ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ue, ce, err := parseErrors(tc.text)
			if ue != tc.uncorrected || ce != tc.corrected || !errors.Is(err, tc.is) {
				t.Errorf("got %d, %d, %v", ue, ce, err)
			}
		})
	}
}

func TestParseBadPages(t *testing.T) {
	for _, tc := range []struct {
		name, text       string
		retired, pending uint64
		is               error
	}{
		{"none", "", 0, 0, nil},
		{"three", "0x00000001 : 0x00001000 : R\n0x00000002 : 0x00001000 : P\n0x00000003 : 0x00001000 : F\n", 1, 2, nil},
		{"another letter", "0x00000001 : 0x00001000 : X\n", 0, 0, collect.ErrMalformed},
		{"another form", "1 page\n", 0, 0, collect.ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			retired, pending, err := parseBadPages(tc.text)
			if retired != tc.retired || pending != tc.pending || !errors.Is(err, tc.is) {
				t.Errorf("got %d, %d, %v", retired, pending, err)
			}
		})
	}
}

func FuzzRAS(f *testing.F) {
	f.Add("ue: 2\nce: 30\n")
	f.Add("0x00000001 : 0x00001000 : R\n")
	f.Fuzz(func(t *testing.T, text string) {
		if ue, ce, err := parseErrors(text); err != nil && ue+ce != 0 {
			t.Errorf("%d, %d with %v", ue, ce, err)
		}
		if r, p, err := parseBadPages(text); err != nil && r+p != 0 {
			t.Errorf("%d, %d with %v", r, p, err)
		}
	})
}
