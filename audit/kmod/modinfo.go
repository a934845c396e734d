package kmod

import (
	"bytes"
	"errors"
	"fmt"
)

// Failures of a reading.
var (
	ErrMalformed = errors.New("malformed module")
	ErrLimit     = errors.New("larger than the limit")
)

const (
	modinfoLimit = 4 << 20 // section .modinfo: 100 KiB in amdgpu, the largest
	// ValueLimit caps one value.
	ValueLimit = 4 << 10
)

// Info are the statements of a module's .modinfo section (kernel
// include/linux/moduleparam.h): strings key=value, each ended by a zero byte.
type Info struct {
	Version, SrcVersion, License, VerMagic *string
	InTree                                 bool     // intree=Y
	Firmware                               []string // names of files, as declared
}

// Modinfo reads an ELF module's statements. Of a key that occurs twice the
// first counts, as in the kernel.
func Modinfo(file []byte) (Info, error) {
	var m Info
	text, err := section(file, ".modinfo")
	if err != nil {
		return m, fmt.Errorf("read .modinfo: %w: %w", ErrMalformed, err)
	}
	if len(text) > modinfoLimit {
		return m, fmt.Errorf("read .modinfo: %w of %d bytes", ErrLimit, modinfoLimit)
	}
	single := map[string]**string{"version": &m.Version, "srcversion": &m.SrcVersion, "license": &m.License, "vermagic": &m.VerMagic}
	for entry := range bytes.SplitSeq(text, []byte{0}) {
		key, value, found := bytes.Cut(entry, []byte{'='})
		if !found {
			continue // padding
		}
		target := single[string(key)]
		if target == nil && string(key) != "firmware" && string(key) != "intree" {
			continue
		}
		if len(value) > ValueLimit {
			return Info{}, fmt.Errorf("read .modinfo: %w: %s has %d bytes", ErrMalformed, key, len(value))
		}
		switch {
		case string(key) == "firmware":
			m.Firmware = append(m.Firmware, string(value))
		case string(key) == "intree":
			m.InTree = m.InTree || string(value) == "Y"
		case *target == nil && len(value) > 0:
			*target = new(string(value))
		}
	}
	return m, nil
}
