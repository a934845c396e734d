package driver

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

const (
	// fileLimit caps a file on disk and its decompressed content alike. The
	// largest known are NVIDIA's module and GSP firmware, below 128 MiB.
	fileLimit = 256 << 20
	// windowLimit caps the memory that a decompressor may take for its history.
	windowLimit = 128 << 20
)

// decompressor returns a reader of the content of data.
func decompressor(compression string, data []byte) (io.ReadCloser, error) {
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
			zstd.WithDecoderMaxWindow(windowLimit), zstd.WithDecoderMaxMemory(fileLimit))
		if err != nil {
			return nil, err
		}
		return r.IOReadCloser(), nil
	default:
		return nil, fmt.Errorf("unknown compression %q", compression)
	}
}

// decompress writes the content of data to w and returns its length. Content
// beyond limit is [collect.ErrLimit]; anything else that stops it, except the
// end of the collector's time, is [collect.ErrMalformed].
func decompress(ctx context.Context, w io.Writer, compression string, data []byte, limit int64) (int64, error) {
	r, err := decompressor(compression, data)
	if err != nil {
		return 0, fmt.Errorf("decompress: %w: %w", collect.ErrMalformed, err)
	}
	defer r.Close()
	n, err := io.Copy(w, io.LimitReader(patient{ctx, r}, limit+1))
	switch {
	case ctx.Err() != nil:
		return n, ctx.Err()
	case err != nil:
		return n, fmt.Errorf("decompress: %w: %w", collect.ErrMalformed, err)
	case n > limit:
		return n, fmt.Errorf("decompress: %w of %d bytes", collect.ErrLimit, limit)
	}
	return n, nil
}

// patient stops reading when the collector's time is up.
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
