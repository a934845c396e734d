// Package archive carries a channel over an air gap in one file: a tar archive
// of a repository's files, gzip-compressed. Writing the same files gives the
// same bytes. Reading is bounded and keeps to what Write writes: plain files, in
// the order of their names, so that none can come twice. What it reads has been
// verified by nobody: it is a source for package channel.
package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/channel"
)

// ErrArchive says that a file is no archive as [Write] writes it, of a channel or of what
// GPUs are held against; the text says where and why.
var ErrArchive = errors.New("not an archive that gpuaudit packed")

// Bounds on what reading may cost. A compressed byte may become ratio bytes once
// grace bytes are out, as for captures.
const (
	entries    = 12_000
	fileBytes  = 16 << 20
	totalBytes = 128 << 20
	nameBytes  = 300
	ratio      = 200
	grace      = 64 << 20
)

// Write writes files as an archive.
func Write(w io.Writer, files channel.Files) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	for _, f := range files {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: int64(len(f.Data)), Mode: 0o644, ModTime: time.Unix(0, 0)}
		if err := t.WriteHeader(h); err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
		if _, err := t.Write(f.Data); err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return z.Close()
}

// Read reads an archive into memory.
func Read(r io.Reader) (channel.Files, error) {
	packed := &counter{r: r}
	buffered := bufio.NewReader(packed)
	z, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, fmt.Errorf("%w: it is not gzip-compressed: %w", ErrArchive, err)
	}
	z.Multistream(false) // nothing may hide behind the one member
	s := &stream{r: z, packed: packed}
	files, err := readAll(tar.NewReader(s), s)
	if err != nil {
		return nil, err
	}
	if err := s.drain(); err != nil {
		return nil, err
	}
	if _, err := buffered.ReadByte(); err != io.EOF {
		return nil, fmt.Errorf("%w: data after its end", ErrArchive)
	}
	return files, nil
}

func readAll(t *tar.Reader, s *stream) (channel.Files, error) {
	var files channel.Files
	for last := ""; ; {
		h, err := t.Next()
		if err == io.EOF {
			return files, nil
		}
		if err == nil {
			err = check(h, last)
		}
		if err == nil && len(files) == entries {
			err = fmt.Errorf("%w: more than %d entries", channel.ErrTooLarge, entries)
		}
		var b []byte
		if err == nil {
			b, err = channel.Read(t, "the entry", min(h.Size, fileBytes))
		}
		if err != nil {
			if last == "" {
				return nil, fmt.Errorf("%w: at its first entry, offset %d: %w", ErrArchive, s.out, err)
			}
			return nil, fmt.Errorf("%w: behind entry %.200q, at offset %d: %w", ErrArchive, last, s.out, err)
		}
		last = h.Name
		files = append(files, channel.File{Name: h.Name, Data: b})
	}
}

// check holds an entry to what Write writes.
func check(h *tar.Header, last string) error {
	switch {
	case h.Typeflag != tar.TypeReg:
		return fmt.Errorf("%.200q is of type %q: only plain files belong here", h.Name, h.Typeflag)
	case len(h.Name) > nameBytes || !fs.ValidPath(h.Name) || h.Name == ".":
		return fmt.Errorf("unsafe name %.200q", h.Name)
	case h.Name == last:
		return fmt.Errorf("%.200q is there twice", h.Name)
	case h.Name < last:
		return fmt.Errorf("%.200q is out of order", h.Name)
	case h.Size > fileBytes:
		return fmt.Errorf("%w: %.200q has %d bytes, at most %d are allowed", channel.ErrTooLarge, h.Name, h.Size, fileBytes)
	}
	for record := range h.PAXRecords {
		if record != "path" {
			return fmt.Errorf("%.200q has a PAX record %.40q", h.Name, record)
		}
	}
	return nil
}

// stream is the uncompressed archive, as far as the bounds let it.
type stream struct {
	r      io.Reader
	packed *counter
	out    int64
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

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.out += int64(n)
	if s.out > totalBytes || s.out > grace && s.out/ratio > s.packed.n {
		return 0, fmt.Errorf("%w: it unpacks to more than is allowed", channel.ErrTooLarge)
	}
	return n, err
}

// drain reads to the end, which makes gzip check its sum. Only zeros may follow
// a tar archive.
func (s *stream) drain() error {
	buf := make([]byte, 32<<10)
	for {
		n, err := s.Read(buf)
		if len(bytes.Trim(buf[:n], "\x00")) != 0 {
			return fmt.Errorf("%w: data after its end", ErrArchive)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: at offset %d: %w", ErrArchive, s.out, err)
		}
	}
}
