package capture

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
)

// stream is the uncompressed tar stream of an archive. It counts both sides of
// the decompression and stops at the first limit.
type stream struct {
	limits Limits
	packed *bufio.Reader // what the archive's bytes are read through
	read   *counter      // below packed
	zip    bool
	r      io.Reader // uncompressed
	out    int64     // bytes given
	more   int64     // that may be given beyond the limit
	err    error     // the first error but io.EOF
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// newStream looks at the first bytes to tell gzip from plain tar.
func newStream(r io.Reader, limits Limits) (*stream, error) {
	s := &stream{limits: limits, read: &counter{r: r}}
	s.packed = bufio.NewReader(s.read)
	s.r = s.packed
	magic, err := s.packed.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return s, nil
	}
	z, err := gzip.NewReader(s.packed)
	if err != nil {
		return nil, err
	}
	// One member only: what hides behind it is neither read nor accepted.
	z.Multistream(false)
	s.zip, s.r = true, z
	return s, nil
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.out += int64(n)
	switch in := s.read.n - int64(s.packed.Buffered()); {
	case s.out > s.limits.TotalBytes+s.more:
		err = TooLarge
	case s.zip && s.out > s.limits.RatioGrace && s.out/s.limits.Ratio > in:
		err = TooDense
	}
	if err != io.EOF {
		s.err = err
	}
	return n, err
}

// drain reads to the end, which makes gzip check its sum. Only zeros may
// follow a tar archive, and nothing may follow a gzip member.
func (s *stream) drain() error {
	buf := make([]byte, 32<<10)
	for {
		n, err := s.Read(buf)
		if len(bytes.Trim(buf[:n], "\x00")) != 0 {
			return Trailing
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	switch _, err := s.packed.ReadByte(); err {
	case io.EOF:
		return nil
	case nil:
		return Trailing
	default:
		return err
	}
}

// kindOf tells why a stream ended early.
func kindOf(err error) Kind {
	var kind Kind
	var flaw flate.CorruptInputError
	switch {
	case errors.As(err, &kind):
		return kind
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return Truncated
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.As(err, &flaw):
		return Corrupt
	default:
		return Unreadable
	}
}
