// Package decompress reads files as they come with a kernel and its packages:
// gzip, xz and Zstandard, each with a bound on memory before the first byte is
// decoded.
package decompress

import (
	"bufio"
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

// windowLimit caps the memory that a decompressor may take for its history: what xz takes
// at its highest level, and four times what zstd does at the highest of its usual ones.
const (
	windowLimit     = 64 << 20
	zstdWindowLimit = 32 << 20
)

// Held is data in memory as a source.
func Held(data []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data)))
}

// Detect tells a compression by its magic number: "gz", "xz", "zst", or "".
func Detect(data []byte) string {
	for compression, magic := range map[string]string{"gz": "\x1f\x8b", "xz": string(xzMagic[:]), "zst": "\x28\xb5\x2f\xfd"} {
		if bytes.HasPrefix(data, []byte(magic)) {
			return compression
		}
	}
	return ""
}

// DetectAt is [Detect] of a source.
func DetectAt(src *io.SectionReader) string {
	head := make([]byte, len(xzMagic))
	n, _ := src.ReadAt(head, 0) // what cannot be read says so when it is read
	return Detect(head[:n])
}

// Size is how many bytes the content of data has, where the data state it; a claim. It is
// -1 where they do not.
func Size(compression string, data []byte) int64 {
	switch compression {
	case "":
		return int64(len(data))
	case "xz":
		if n, err := walkXZ(Held(data)); err == nil {
			return n
		}
	case "zst":
		var h zstd.Header
		if err := h.Decode(data); err == nil && h.HasFCS && h.FrameContentSize < 1<<40 {
			return int64(h.FrameContentSize)
		}
	}
	return -1
}

// NewReader returns a reader of the content of data, whose length nobody knows:
// the caller must cap what it reads.
func NewReader(compression string, data []byte) (io.ReadCloser, error) {
	return Open(compression, Held(data))
}

// Open is [NewReader] of a source, which is read from its beginning and not held.
func Open(compression string, src *io.SectionReader) (io.ReadCloser, error) {
	r, err := newReader(compression, io.NewSectionReader(src, 0, src.Size()))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return r, nil
}

func newReader(compression string, src *io.SectionReader) (io.ReadCloser, error) {
	if compression != "" && src.Size() == 0 {
		return nil, io.ErrUnexpectedEOF // zstd takes nothing for a stream of nothing
	}
	switch compression {
	case "":
		return io.NopCloser(src), nil
	case "gz":
		return gzip.NewReader(bufio.NewReaderSize(src, ahead))
	case "xz":
		if _, err := walkXZ(src); err != nil {
			return nil, err
		}
		r, err := xz.ReaderConfig{DictCap: smallestDict, SingleStream: true}.NewReader(bufio.NewReaderSize(src, ahead))
		if err != nil {
			return nil, err
		}
		return io.NopCloser(r), nil
	case "zst":
		r, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdWindowLimit), zstd.WithDecoderMaxMemory(2*zstdWindowLimit))
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

// All is the content of data, at most limit bytes. Its errors are those of [Copy].
func All(ctx context.Context, compression string, data []byte, limit int64) ([]byte, error) {
	if compression == "" && int64(len(data)) <= limit {
		return data, nil
	}
	n := Size(compression, data)
	if n < 0 && limit > countedFrom {
		// Growing takes twice the memory, decoding once more a moment.
		var err error
		if n, err = Copy(ctx, io.Discard, compression, data, limit); err != nil {
			return nil, err
		}
	}
	b := make(appended, 0, max(0, min(n, limit)))
	_, err := Copy(ctx, &b, compression, data, limit)
	return b, err
}

// countedFrom is from which limit on content of unknown size is decoded twice.
const countedFrom = 8 << 20

// appended grows by a quarter, where a [bytes.Buffer] doubles.
type appended []byte

func (a *appended) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
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
