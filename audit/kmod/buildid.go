package kmod

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
)

// buildIDLimit caps a build ID in bytes: linkers make 16 or 20, and take what they are given.
const buildIDLimit = 64

// BuildID is the digest that the linker made of a module's parts, in hexadecimal digits; ""
// where the file has none. It stays the same when a module is signed, compressed or
// stripped of what debuggers read.
func BuildID(file []byte) (string, error) {
	notes, err := section(file, ".note.gnu.build-id")
	if errors.Is(err, errNoSection) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read .note.gnu.build-id: %w: %w", ErrMalformed, err)
	}
	return NoteBuildID(notes)
}

// NoteBuildID reads the build ID of an ELF note, as sysfs has it of a module that is loaded
// (/sys/module/NAME/notes/.note.gnu.build-id): the sizes of name and value and the type, 32
// bit each, then both, filled up to four bytes (System V ABI, chapter 5, "Note Section").
func NoteBuildID(note []byte) (string, error) {
	const head, kind = 12, 3 // NT_GNU_BUILD_ID
	if len(note) < head+4 {
		return "", fmt.Errorf("read a build ID: %w: a note of %d bytes", ErrMalformed, len(note))
	}
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(note) != 4 {
		order = binary.BigEndian
	}
	size := order.Uint32(note[4:])
	switch {
	case order.Uint32(note) != 4 || string(note[head:head+4]) != "GNU\x00" || order.Uint32(note[8:]) != kind:
		return "", fmt.Errorf("read a build ID: %w: another note", ErrMalformed)
	case size == 0 || size > buildIDLimit || int(size) > len(note)-head-4:
		return "", fmt.Errorf("read a build ID: %w: %d bytes of %d", ErrMalformed, size, len(note)-head-4)
	}
	return hex.EncodeToString(note[head+4 : head+4+size]), nil
}
