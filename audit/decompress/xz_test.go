package decompress

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
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
	if _, err := walkXZ(Held(file)); err != nil {
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
		if _, err := walkXZ(Held(big)); err == nil {
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

// TestSources: a source that is not held in memory gives the same content, and its size
// is stated where the form has one.
func TestSources(t *testing.T) {
	content := []byte(strings.Repeat("0123456789abcdef", 1<<16))
	var gz, zst bytes.Buffer
	g := gzip.NewWriter(&gz)
	z, err := zstd.NewWriter(&zst)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{g, z} {
		_, err := w.Write(content)
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		compression string
		data        []byte
		size        int64
	}{
		{"", content, 1 << 20}, {"gz", gz.Bytes(), -1}, {"xz", pack(t, content), 1 << 20}, {"zst", zst.Bytes(), -1},
		{"zst", whole.EncodeAll(content, nil), 1 << 20}, {"zst", []byte("xx"), -1}, {"xz", []byte("xx"), -1},
	} {
		if got := Size(tc.compression, tc.data); got != tc.size {
			t.Errorf("%s: size %d, want %d", tc.compression, got, tc.size)
		}
		if len(tc.data) < 10 {
			continue
		}
		file, err := os.Create(filepath.Join(t.TempDir(), "a"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.Write(append([]byte("before"), tc.data...)); err != nil {
			t.Fatal(err)
		}
		src := io.NewSectionReader(file, 6, int64(len(tc.data)))
		if got := DetectAt(src); got != tc.compression {
			t.Errorf("taken for %q, want %q", got, tc.compression)
		}
		for range 2 { // from its beginning each time
			r, err := Open(tc.compression, src)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s: %d bytes, %v", tc.compression, len(got), err)
			}
			r.Close()
		}
	}
}

// FuzzXZ: what the check lets pass is decoded without more than the limit.
func FuzzXZ(f *testing.F) {
	f.Add(pack(f, []byte("a module")))
	f.Add(pack(f, bytes.Repeat([]byte{1, 2, 3}, 50_000)))
	f.Fuzz(func(t *testing.T, file []byte) {
		_, _ = walkXZ(Held(file))
		if n, err := Copy(t.Context(), io.Discard, "xz", file, 1<<20); err == nil && n > 1<<20 {
			t.Fatalf("%d bytes over the limit", n)
		}
	})
}
