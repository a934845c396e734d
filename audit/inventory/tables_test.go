package inventory

import "testing"

func TestTableUse(t *testing.T) {
	for name, want := range map[string]string{
		"bit.P.power": "limits of power", "atom.VRAM_Info": "memory chips and their timings", "atom.command[5]": "code that the driver runs",
		"psp.12": "a program of the security processor", "psp.directory": "what the security processor loads", "bit.i": "", "": "",
	} {
		if got := TableUse(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
