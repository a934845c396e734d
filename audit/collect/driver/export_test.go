package driver

import "testing"

// ModuleForTest builds an ELF module with these .modinfo entries.
func ModuleForTest(entries ...string) []byte { return ko(entries...) }

// PackForTest compresses data.
func PackForTest(t testing.TB, compression string, data []byte) []byte {
	return compressed(t, compression, data)
}
