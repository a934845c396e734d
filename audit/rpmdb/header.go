package rpmdb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"strings"
)

// The tags that are read, of rpm's include/rpm/rpmtag.h.
const (
	tagName, tagVersion, tagRelease, tagEpoch = 1000, 1001, 1002, 1003
	tagOldNames                               = 1027 // whole paths, before rpm 4
	tagStates, tagDigests, tagFlags           = 1029, 1035, 1037
	tagDirIndexes, tagBaseNames, tagDirNames  = 1116, 1117, 1118
	tagDigestAlgo                             = 5011
)

// The types of values.
const (
	typeChar, typeInt8, typeInt32                = 1, 2, 4
	typeString, typeStringArray, typeTranslation = 6, 8, 9
)

// entriesLimit is rpm's own cap on the entries of a header.
const entriesLimit = 0xffff

// Header is a package's header.
type Header struct {
	entries map[uint32]entry
	data    []byte
}

type entry struct{ kind, at, count uint32 }

// Parse reads a header as databases hold it: the number of entries, the bytes of
// data, both big-endian, the entries and the data.
func Parse(b []byte) (*Header, error) {
	if len(b) < 8 {
		return nil, fmt.Errorf("%w: header of %d bytes", ErrMalformed, len(b))
	}
	n, size := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if n == 0 || n > entriesLimit || uint64(size) > uint64(len(b)) || 8+16*uint64(n)+uint64(size) > uint64(len(b)) {
		return nil, fmt.Errorf("%w: header of %d entries and %d bytes of data in %d bytes", ErrMalformed, n, size, len(b))
	}
	data := b[8+16*n:][:size]
	h := &Header{entries: make(map[uint32]entry, 16), data: data}
	for i := range n {
		e := b[8+16*i:]
		tag := binary.BigEndian.Uint32(e)
		switch tag {
		case tagName, tagVersion, tagRelease, tagEpoch, tagOldNames, tagStates, tagDigests, tagFlags, tagDirIndexes, tagBaseNames, tagDirNames, tagDigestAlgo:
			h.entries[tag] = entry{binary.BigEndian.Uint32(e[4:]), binary.BigEndian.Uint32(e[8:]), binary.BigEndian.Uint32(e[12:])}
		}
	}
	return h, nil
}

// texts are the strings of a tag, as many as are there.
func (h *Header) texts(tag uint32) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		e, ok := h.entries[tag]
		if !ok || e.at > uint32(len(h.data)) || e.kind != typeString && e.kind != typeStringArray && e.kind != typeTranslation {
			return
		}
		rest := h.data[e.at:]
		for i := range int(e.count) {
			end := bytes.IndexByte(rest, 0)
			if end < 0 || !yield(i, string(rest[:end])) {
				return
			}
			rest = rest[end+1:]
		}
	}
}

func (h *Header) text(tag uint32) string { return h.textAt(tag, 0) }

func (h *Header) textAt(tag uint32, at int) string {
	for i, s := range h.texts(tag) {
		if i == at {
			return s
		}
	}
	return ""
}

// number is one of the numbers of a tag.
func (h *Header) number(tag uint32, at int) (uint32, bool) {
	e, ok := h.entries[tag]
	if !ok || at < 0 || uint64(at) >= uint64(e.count) {
		return 0, false
	}
	size := uint64(4)
	switch e.kind {
	case typeChar, typeInt8:
		size = 1
	case typeInt32:
	default:
		return 0, false
	}
	from := uint64(e.at) + size*uint64(at)
	switch {
	case from+size > uint64(len(h.data)):
		return 0, false
	case size == 1:
		return uint32(h.data[from]), true
	}
	return binary.BigEndian.Uint32(h.data[from:]), true
}

// Name is the package's name.
func (h *Header) Name() string { return h.text(tagName) }

// Version is epoch, version and release as rpm writes them.
func (h *Header) Version() string {
	v := h.text(tagVersion)
	if r := h.text(tagRelease); v != "" && r != "" {
		v += "-" + r
	}
	if epoch, ok := h.number(tagEpoch, 0); ok && v != "" {
		v = fmt.Sprintf("%d:%s", epoch, v)
	}
	return v
}

// Find returns the position of the first of the paths, which begin with a slash,
// that the package has installed; -1 where it has none.
func (h *Header) Find(paths ...string) int {
	for _, p := range paths {
		for i, name := range h.texts(tagOldNames) {
			if name == p && h.installed(i) {
				return i
			}
		}
		cut := strings.LastIndexByte(p, '/') + 1
		dir, base := p[:cut], p[cut:]
		for i, name := range h.texts(tagBaseNames) {
			if name != base {
				continue
			}
			if d, ok := h.number(tagDirIndexes, i); ok && h.textAt(tagDirNames, int(d)) == dir && h.installed(i) {
				return i
			}
		}
	}
	return -1
}

// installed says that a file of the package was laid down, whatever became of it:
// of state 2 and 4 are those that were left out.
func (h *Header) installed(at int) bool {
	state, ok := h.number(tagStates, at)
	return !ok || state != 2 && state != 4
}

// Digest is the digest that the package recorded of a file, in lower-case
// hexadecimal, and rpm's number of its algorithm (of OpenPGP: 1 MD5, 2 SHA-1, 8
// SHA-256, 9 SHA-384, 10 SHA-512). It is empty where none is recorded, or where
// another package replaced the file.
func (h *Header) Digest(at int) (digest string, algorithm uint32) {
	const ghost = 1 << 6
	if flags, ok := h.number(tagFlags, at); ok && flags&ghost != 0 {
		return "", 0
	}
	if state, ok := h.number(tagStates, at); ok && state != 0 {
		return "", 0
	}
	algorithm, ok := h.number(tagDigestAlgo, 0)
	if !ok {
		algorithm = 1
	}
	return strings.ToLower(h.textAt(tagDigests, at)), algorithm
}
