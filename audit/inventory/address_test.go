package inventory_test

import (
	"regexp"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]inventory.Address{
		"0000:00:00.0":     {},
		"0000:c1:1f.7":     {Bus: 0xc1, Device: 0x1f, Function: 7},
		"10000:e1:00.0":    {Domain: 0x10000, Bus: 0xe1}, // VMD
		"ffffffff:ff:1f.7": {Domain: 0xffffffff, Bus: 0xff, Device: 0x1f, Function: 7},
	} {
		got, ok := inventory.ParseAddress(text)
		if !ok || got != want || got.String() != text {
			t.Errorf("%s: %+v, %v, written %s", text, got, ok, got)
		}
	}
	for _, text := range []string{
		"", ".", "0000", "0000:00:00", "000:00:00.0", "0000:00:00.8", "0000:00:00./", "0000:00:20.0", "0000:0:00.0", "0000:000:0.0",
		"00000:00:00.0", "00000000:01:00.0", "010000:01:00.0", "100000000:00:00.0", "0000:C1:00.0", "0000:+1:00.0", "0000:00:+1.0",
		"0000:00:00.0\n", " 0000:00:00.0", "0000:00:00.00", "0000-00:00.0", "0000:00.00:0", "01:00.0", "0000:01:00.0:",
	} {
		if got, ok := inventory.ParseAddress(text); ok {
			t.Errorf("%q is taken for %s", text, got)
		}
	}
}

// FuzzParseAddress holds the parser to the form in one expression, and what it
// reads to what it writes.
func FuzzParseAddress(f *testing.F) {
	form := regexp.MustCompile(`^(?:[0-9a-f]{4}|[1-9a-f][0-9a-f]{4,7}):[0-9a-f]{2}:[01][0-9a-f]\.[0-7]\z`)
	for _, s := range []string{"0000:01:00.0", "10000:e1:00.0", "00000000:01:00.0", "0000:ff:1f.8"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := inventory.ParseAddress(s)
		if ok != form.MatchString(s) || ok && a.String() != s {
			t.Errorf("%q: %v, %s", s, ok, a)
		}
	})
}

func TestSlotOf(t *testing.T) {
	for address, want := range map[string][2]string{"0000:01:02.3": {"0000:01:02", "0000:01"}, "": {}, "x": {"x", "x"}} {
		if got := [2]string{inventory.SlotOf(address), inventory.BusOf(address)}; got != want {
			t.Errorf("%q: %q", address, got)
		}
	}
}
