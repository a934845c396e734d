// Package kmod reads what a kernel module's file says of itself.
package kmod

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Module files may come from whoever wrote to the disk, and debug/elf is not
// meant for hostile input, so the little that is needed of ELF (System V ABI,
// chapters 4.1 to 4.3) is read here, with every offset checked.

var (
	errELF       = errors.New("ELF header or section table is broken")
	errNoSection = errors.New("no section")
)

// layout is where the fields lie in the 32 and the 64 bit form.
type layout struct {
	order           binary.ByteOrder
	wide            bool
	header, section int // sizes
}

// section returns the content of the first section of a name.
func section(file []byte, name string) ([]byte, error) {
	l, err := layoutOf(file)
	if err != nil {
		return nil, err
	}
	offset, size, count, strings := l.table(file)
	if size < l.section || !within(file, offset, uint64(l.section)) {
		return nil, errELF
	}
	if count == 0 || strings == 0xffff {
		// Large tables keep both numbers in the first entry.
		first := l.at(file[offset:])
		if count == 0 {
			count = first.size
		}
		if strings == 0xffff {
			strings = uint64(first.link)
		}
	}
	if count > uint64(len(file)) || strings >= count || !within(file, offset, count*uint64(size)) {
		return nil, errELF
	}
	entry := func(i uint64) header { return l.at(file[offset+i*uint64(size):]) }
	names, err := entry(strings).content(file)
	if err != nil {
		return nil, err
	}
	for i := range count {
		h := entry(i)
		if uint64(h.name) < uint64(len(names)) && hasName(names[h.name:], name) {
			return h.content(file)
		}
	}
	return nil, fmt.Errorf("%w %s", errNoSection, name)
}

func layoutOf(file []byte) (layout, error) {
	var l layout
	if len(file) < 52 || string(file[:4]) != "\x7fELF" {
		return l, errors.New("no ELF file")
	}
	switch file[5] {
	case 1:
		l.order = binary.LittleEndian
	case 2:
		l.order = binary.BigEndian
	default:
		return l, errELF
	}
	switch file[4] {
	case 1:
		l.header, l.section = 52, 40
	case 2:
		l.wide, l.header, l.section = true, 64, 64
	default:
		return l, errELF
	}
	if len(file) < l.header {
		return l, errELF
	}
	return l, nil
}

// table reads where the section table is, the size and the number of its
// entries, and which entry holds the names.
func (l layout) table(file []byte) (offset uint64, size int, count, names uint64) {
	if l.wide {
		offset = l.order.Uint64(file[0x28:])
	} else {
		offset = uint64(l.order.Uint32(file[0x20:]))
	}
	tail := file[l.header-6:]
	return offset, int(l.order.Uint16(tail)), uint64(l.order.Uint16(tail[2:])), uint64(l.order.Uint16(tail[4:]))
}

// header is one entry of the section table.
type header struct {
	name, kind, link    uint32
	flags, offset, size uint64
}

func (l layout) at(b []byte) header {
	h := header{name: l.order.Uint32(b), kind: l.order.Uint32(b[4:])}
	if l.wide {
		h.flags, h.offset, h.size = l.order.Uint64(b[8:]), l.order.Uint64(b[0x18:]), l.order.Uint64(b[0x20:])
		h.link = l.order.Uint32(b[0x28:])
		return h
	}
	h.flags, h.offset, h.size = uint64(l.order.Uint32(b[8:])), uint64(l.order.Uint32(b[0x10:])), uint64(l.order.Uint32(b[0x14:]))
	h.link = l.order.Uint32(b[0x18:])
	return h
}

// content is a section's bytes; sections without bytes in the file and
// compressed ones are refused.
func (h header) content(file []byte) ([]byte, error) {
	const noBits, compressed = 8, 0x800
	if h.kind == noBits || h.flags&compressed != 0 || !within(file, h.offset, h.size) {
		return nil, errELF
	}
	return file[h.offset : h.offset+h.size], nil
}

func within(file []byte, offset, size uint64) bool {
	n := uint64(len(file))
	return offset <= n && size <= n-offset
}

func hasName(names []byte, name string) bool {
	return bytes.HasPrefix(names, []byte(name)) && len(names) > len(name) && names[len(name)] == 0
}
