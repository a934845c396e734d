package pkcs11

import "testing"

// FuzzParsePublic reads what a token says of a key.
func FuzzParsePublic(f *testing.F) {
	f.Add([]byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}, append([]byte{4, 0x41, 4}, make([]byte, 64)...))
	f.Fuzz(func(t *testing.T, params, point []byte) {
		if k, err := parsePublic(params, point); (k == nil) == (err == nil) {
			t.Errorf("%v, %v", k, err)
		}
	})
}
