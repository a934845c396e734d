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

func compressed(t testing.TB, compression string, data []byte) []byte {
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
		file := compressed(t, c, text)
		var out bytes.Buffer
		if n, err := unpack(t.Context(), &out, c, file, int64(len(text))); err != nil || n != int64(len(text)) || !bytes.Equal(out.Bytes(), text) {
			t.Errorf("%q: %d bytes, %v", c, n, err)
		}
		if _, err := unpack(t.Context(), io.Discard, c, file, int64(len(text))-1); !errors.Is(err, collect.ErrLimit) {
			t.Errorf("%q over the limit: %v", c, err)
		}
		if c == "" {
			continue
		}
		for _, bad := range [][]byte{nil, text, file[:len(file)/2]} {
			if _, err := unpack(t.Context(), io.Discard, c, bad, fileLimit); !errors.Is(err, collect.ErrMalformed) {
				t.Errorf("%q with %d bad bytes: %v", c, len(bad), err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := unpack(ctx, io.Discard, c, file, fileLimit); !errors.Is(err, context.Canceled) {
			t.Errorf("%q after its time: %v", c, err)
		}
	}
	if _, err := unpack(t.Context(), io.Discard, "lzo", nil, 1); err == nil {
		t.Error("an unknown compression was read")
	}
}
