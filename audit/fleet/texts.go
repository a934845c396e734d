package fleet

import (
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Texts keeps texts that are much alike, as the facts of a fleet's machines are, in little
// memory: each is packed by what it differs in from the first. It is safe for concurrent
// use.
type Texts struct {
	first sync.Once
	err   error
	in    *zstd.Encoder
	out   *zstd.Decoder
}

// like is how much of the first text others are held against, and window how far back in
// itself a text is.
const (
	like   = 64 << 10
	window = 64 << 10
	// workers are as many as judge at a time on a small machine: each has tables of its own.
	workers = 4
)

// begin takes the first text for what others are like.
func (t *Texts) begin(text []byte) {
	t.first.Do(func() {
		text = append([]byte{}, text[:min(len(text), like)]...)
		if t.in, t.err = zstd.NewWriter(nil, zstd.WithEncoderDictRaw(1, text), zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithEncoderConcurrency(workers), zstd.WithWindowSize(window)); t.err != nil {
			return
		}
		t.out, t.err = zstd.NewReader(nil, zstd.WithDecoderDictRaw(1, text), zstd.WithDecoderConcurrency(workers))
	})
}

// Pack packs a text.
func (t *Texts) Pack(text []byte) ([]byte, error) {
	t.begin(text)
	if t.err != nil {
		return nil, t.err
	}
	return append([]byte{}, t.in.EncodeAll(text, make([]byte, 0, len(text)/8))...), nil
}

// Unpack gives back what was packed, which nobody outside this process has had.
func (t *Texts) Unpack(packed []byte) ([]byte, error) { return t.out.DecodeAll(packed, nil) }
