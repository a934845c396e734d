package driver

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

func packed(t testing.TB, compression string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch compression {
	case "":
		return data
	case "gz":
		w = gzip.NewWriter(&b)
	case "xz":
		w, err = xz.WriterConfig{DictCap: 1 << 20, BlockSize: 1 << 16}.NewWriter(&b)
	case "zst":
		w, err = zstd.NewWriter(&b)
	}
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

func TestDecompress(t *testing.T) {
	text := []byte(strings.Repeat("kernel module ", 20_000)) // several blocks of xz
	for _, c := range []string{"", "gz", "xz", "zst"} {
		file := packed(t, c, text)
		var out bytes.Buffer
		if n, err := decompress(t.Context(), &out, c, file, int64(len(text))); err != nil || n != int64(len(text)) || !bytes.Equal(out.Bytes(), text) {
			t.Errorf("%q: %d bytes, %v", c, n, err)
		}
		if _, err := decompress(t.Context(), io.Discard, c, file, int64(len(text))-1); !errors.Is(err, collect.ErrLimit) {
			t.Errorf("%q over the limit: %v", c, err)
		}
		if c == "" {
			continue
		}
		for _, bad := range [][]byte{nil, text, file[:len(file)/2]} {
			if _, err := decompress(t.Context(), io.Discard, c, bad, fileLimit); !errors.Is(err, collect.ErrMalformed) {
				t.Errorf("%q with %d bad bytes: %v", c, len(bad), err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := decompress(ctx, io.Discard, c, file, fileLimit); !errors.Is(err, context.Canceled) {
			t.Errorf("%q after its time: %v", c, err)
		}
	}
	if _, err := decompress(t.Context(), io.Discard, "lzo", nil, 1); err == nil {
		t.Error("an unknown compression was read")
	}
}

// TestXZDictionary: the dictionary that a block header asks for is looked at
// before memory is given, in the first block and in a later one.
func TestXZDictionary(t *testing.T) {
	file := packed(t, "xz", []byte(strings.Repeat("0123456789abcdef", 1<<13)))
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
	f.Add(packed(f, "xz", []byte("a module")))
	f.Add(packed(f, "xz", bytes.Repeat([]byte{1, 2, 3}, 50_000)))
	f.Fuzz(func(t *testing.T, file []byte) {
		_ = checkXZ(file)
		if n, err := decompress(t.Context(), io.Discard, "xz", file, 1<<20); err == nil && n > 1<<20 {
			t.Fatalf("%d bytes over the limit", n)
		}
	})
}
