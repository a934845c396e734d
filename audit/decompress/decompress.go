// Package decompress reads files as they come with a kernel and its packages:
// gzip, xz and Zstandard, each with a bound on memory before the first byte is
// decoded.
package decompress

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Failures of a decompression, beside the end of the caller's time.
var (
	ErrMalformed = errors.New("malformed compressed data")
	ErrLimit     = errors.New("larger than the limit")
)

// windowLimit caps the memory that a decompressor may take for its history.
const windowLimit = 128 << 20

// Detect tells a compression by its magic number: "gz", "xz", "zst", or "".
func Detect(data []byte) string {
	for compression, magic := range map[string]string{"gz": "\x1f\x8b", "xz": string(xzMagic[:]), "zst": "\x28\xb5\x2f\xfd"} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return compression
		}
	}
	return ""
}

// NewReader returns a reader of the content of data, whose length nobody knows:
// the caller must cap what it reads.
func NewReader(compression string, data []byte) (io.ReadCloser, error) {
	r, err := newReader(compression, data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return r, nil
}

func newReader(compression string, data []byte) (io.ReadCloser, error) {
	src := bytes.NewReader(data)
	if compression != "" && len(data) == 0 {
		return nil, io.ErrUnexpectedEOF // zstd takes nothing for a stream of nothing
	}
	switch compression {
	case "":
		return io.NopCloser(src), nil
	case "gz":
		return gzip.NewReader(src)
	case "xz":
		if err := checkXZ(data); err != nil {
			return nil, err
		}
		r, err := xz.ReaderConfig{DictCap: smallestDict, SingleStream: true}.NewReader(src)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(r), nil
	case "zst":
		r, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(windowLimit), zstd.WithDecoderMaxMemory(2*windowLimit))
		if err != nil {
			return nil, err
		}
		return r.IOReadCloser(), nil
	default:
		return nil, fmt.Errorf("unknown compression %q", compression)
	}
}

// Copy writes the content of data to w and returns its length. Content beyond
// limit is [ErrLimit]; anything else that stops it, except the end of the
// caller's time, is [ErrMalformed].
func Copy(ctx context.Context, w io.Writer, compression string, data []byte, limit int64) (int64, error) {
	r, err := NewReader(compression, data)
	if err != nil {
		return 0, fmt.Errorf("decompress: %w", err)
	}
	defer r.Close()
	n, err := io.Copy(w, io.LimitReader(Patient(ctx, r), limit+1))
	switch {
	case ctx.Err() != nil:
		return n, ctx.Err()
	case err != nil:
		return n, fmt.Errorf("decompress: %w: %w", ErrMalformed, err)
	case n > limit:
		return n, fmt.Errorf("decompress: %w of %d bytes", ErrLimit, limit)
	}
	return n, nil
}

// Patient is r until the caller's time is up.
func Patient(ctx context.Context, r io.Reader) io.Reader { return patient{ctx, r} }

type patient struct {
	ctx context.Context
	r   io.Reader
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}
