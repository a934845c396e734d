package decompress

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"
)

// pack makes an xz stream of several blocks.
func pack(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 1 << 20, BlockSize: 1 << 16}.NewWriter(&b)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestXZDictionary: the dictionary that a block header asks for is looked at
// before memory is given, in the first block and in a later one.
func TestXZDictionary(t *testing.T) {
	file := pack(t, []byte(strings.Repeat("0123456789abcdef", 1<<13)))
	if err := checkXZ(file); err != nil {
		t.Fatal(err)
	}
	const filter = "\x21\x01" // LZMA2 with one byte of properties
	seen := 0
	for at := 0; ; seen++ {
		i := bytes.Index(file[at:], []byte(filter))
		if i < 0 {
			break
		}
		big := bytes.Clone(file)
		big[at+i+2] = 40 // 4 GiB
		if err := checkXZ(big); err == nil {
			t.Errorf("a dictionary of 4 GiB at offset %d was let pass", at+i)
		}
		at += i + 2
	}
	if seen < 2 {
		t.Errorf("the file has %d blocks; the test wants two", seen)
	}
	for bits, want := range map[byte]uint64{0: 4 << 10, 1: 6 << 10, 8: 64 << 10, 20: 4 << 20, 22: 8 << 20, 40: 1<<32 - 1} {
		if got := dictSize(bits); got != want {
			t.Errorf("dictSize(%d) = %d, want %d", bits, got, want)
		}
	}
}

// FuzzXZ: what the check lets pass is decoded without more than the limit.
func FuzzXZ(f *testing.F) {
	f.Add(pack(f, []byte("a module")))
	f.Add(pack(f, bytes.Repeat([]byte{1, 2, 3}, 50_000)))
	f.Fuzz(func(t *testing.T, file []byte) {
		_ = checkXZ(file)
		if n, err := Copy(t.Context(), io.Discard, "xz", file, 1<<20); err == nil && n > 1<<20 {
			t.Fatalf("%d bytes over the limit", n)
		}
	})
}
