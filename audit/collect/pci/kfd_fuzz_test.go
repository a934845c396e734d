package pci

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// FuzzKFD: whatever the topology says, an address that comes out is one.
func FuzzKFD(f *testing.F) {
	f.Add("cpu_cores_count 0\nsimd_count 304\nlocation_id 1280\ndomain 0\n")
	f.Add("simd_count 0\nlocation_id 0\n")
	f.Add("simd_count 1\nlocation_id 4294967295\ndomain 4294967295\n")
	f.Fuzz(func(t *testing.T, text string) {
		if address, gpu, err := parseKFD(text); gpu && err == nil && !inventory.ValidAddress(address) {
			t.Errorf("%q gives %q", text, address)
		}
	})
}
