// Package fwfiles digests the firmware files of an archive: what a driver would
// find under /lib/firmware if the archive were installed. Nothing is extracted.
package fwfiles

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/decompress"
)

// Caps on the files of an archive, on one file, on one that is compressed and held in
// memory, and on links in a row.
const (
	maxFiles    = 100_000
	fileLimit   = 256 << 20
	packedLimit = 64 << 20
	maxLinks    = 8
)

// ErrMalformed says that the archive cannot hold firmware files as it stands.
var ErrMalformed = errors.New("malformed archive of firmware")

// Set are firmware files by the name that a driver asks for. The zero value is
// ready to use.
type Set struct {
	sums  map[string]string
	links map[string]string
}

// Add takes an entry of a tar archive under the name that it has below the
// firmware folder. A compressed file is known by its name without the suffix, as
// the kernel looks for it.
func (s *Set) Add(ctx context.Context, name string, h *tar.Header, content io.Reader) error {
	if !fs.ValidPath(name) || name == "." {
		return fmt.Errorf("%w: entry %.80q leaves its folder", ErrMalformed, name)
	}
	if len(s.sums)+len(s.links) >= maxFiles {
		return fmt.Errorf("%w: more than %d files", ErrMalformed, maxFiles)
	}
	base, compression := split(name)
	switch h.Typeflag {
	case tar.TypeReg:
		sum, err := digest(ctx, content, compression, h.Size)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		set(&s.sums, base, sum)
	case tar.TypeSymlink:
		s.Link(name, path.Join(path.Dir(name), h.Linkname))
	}
	return nil
}

// Link notes that a name stands for another one.
func (s *Set) Link(name, target string) {
	name, _ = split(name)
	target, _ = split(target)
	if fs.ValidPath(name) && fs.ValidPath(target) && len(s.links) < maxFiles {
		set(&s.links, name, target)
	}
}

func set(m *map[string]string, key, value string) {
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[key] = value
}

// Sum is the SHA-256 of the decompressed content that a name leads to.
func (s *Set) Sum(name string) (string, bool) {
	for range maxLinks {
		if sum, ok := s.sums[name]; ok {
			return sum, true
		}
		target, ok := s.links[name]
		if !ok {
			return "", false
		}
		name = target
	}
	return "", false
}

// Names are the names that one of the patterns (as of a shell) matches, sorted.
// A pattern without a slash at its end that names a folder stands for all in it.
func (s *Set) Names(patterns []string) []string {
	var list []string
	for _, m := range []map[string]string{s.sums, s.links} {
		for name := range m {
			if Matches(patterns, name) {
				list = append(list, name)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Matches says whether one of the patterns names a file, or a folder above it.
func Matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if folder := strings.TrimSuffix(pattern, "/"); strings.HasPrefix(name, folder+"/") {
			return true
		}
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}

func split(name string) (base, compression string) {
	for _, suffix := range [...]string{"xz", "zst"} {
		if rest, ok := strings.CutSuffix(name, "."+suffix); ok {
			return rest, suffix
		}
	}
	return name, ""
}

func digest(ctx context.Context, r io.Reader, compression string, size int64) (string, error) {
	if size > fileLimit {
		return "", fmt.Errorf("%w: a file of %d bytes", ErrMalformed, size)
	}
	h := sha256.New()
	if compression == "" {
		_, err := io.Copy(h, io.LimitReader(r, fileLimit))
		return hex.EncodeToString(h.Sum(nil)), err
	}
	if size > packedLimit {
		return "", fmt.Errorf("%w: a compressed file of %d bytes", ErrMalformed, size)
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(r, raw); err != nil {
		return "", err
	}
	if _, err := decompress.Copy(ctx, h, compression, raw, fileLimit); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
