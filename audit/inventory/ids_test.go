package inventory_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func TestUnique(t *testing.T) {
	for value, want := range map[string]bool{
		"GPU-1b2c": true, "0x0123": true, "1650524042": true, "": false, "0": false, "0x0000000000000000": false,
		"N/A": false, "unknown": false, "redacted": false, "00-00-00-00": false, "ffffffff": false,
	} {
		if got := inventory.Unique(value); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}
