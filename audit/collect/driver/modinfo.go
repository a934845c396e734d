package driver

import (
	"bytes"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

const (
	modinfoLimit = 4 << 20 // section .modinfo: 100 KiB in amdgpu, the largest
	valueLimit   = 4 << 10 // one value
)

// modinfo are the statements of a module's .modinfo section (kernel
// include/linux/moduleparam.h): strings key=value, each ended by a zero byte.
type modinfo struct {
	version, srcVersion, license, verMagic *string
	inTree                                 bool
	firmware                               []string
}

// readModinfo reads an ELF module's statements. Of a key that occurs twice the
// first counts, as in the kernel.
func readModinfo(file []byte) (modinfo, error) {
	var m modinfo
	text, err := section(file, ".modinfo")
	if err != nil {
		return m, fmt.Errorf("read .modinfo: %w: %w", collect.ErrMalformed, err)
	}
	if len(text) > modinfoLimit {
		return m, fmt.Errorf("read .modinfo: %w of %d bytes", collect.ErrLimit, modinfoLimit)
	}
	single := map[string]**string{"version": &m.version, "srcversion": &m.srcVersion, "license": &m.license, "vermagic": &m.verMagic}
	for entry := range bytes.SplitSeq(text, []byte{0}) {
		key, value, found := bytes.Cut(entry, []byte{'='})
		if !found {
			continue // padding
		}
		target := single[string(key)]
		if target == nil && string(key) != "firmware" && string(key) != "intree" {
			continue
		}
		if len(value) > valueLimit {
			return modinfo{}, fmt.Errorf("read .modinfo: %w: %s has %d bytes", collect.ErrMalformed, key, len(value))
		}
		switch {
		case string(key) == "firmware":
			m.firmware = append(m.firmware, string(value))
		case string(key) == "intree":
			m.inTree = m.inTree || string(value) == "Y"
		case *target == nil && len(value) > 0:
			*target = new(string(value))
		}
	}
	return m, nil
}
