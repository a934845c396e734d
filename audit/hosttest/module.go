package hosttest

import (
	"bytes"
	"crypto/md5" //nolint:gosec // the digest that dpkg records
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// Module installs a kernel module of the running kernel's package: the file,
// modules.dep, and dpkg's list and digests.
func (h *Host) Module(name string, info map[string]string) *Host {
	const release, pkg = "6.1.0-40-amd64", "linux-image-6.1.0-40-amd64"
	file := "kernel/drivers/gpu/" + name + ".ko"
	full := "lib/modules/" + release + "/" + file
	content := ELF(info)
	if h.Signer != "" {
		content = Signed(content, h.Signer)
	}
	h.File(full, string(content))
	deps := ""
	if old := h.FS["lib/modules/"+release+"/modules.dep"]; old != nil {
		deps = string(old.Data)
	}
	h.File("lib/modules/"+release+"/modules.dep", deps+file+":\n")
	h.File("var/lib/dpkg/info/"+pkg+".list", "/.\n/lib\n/lib/modules\n/"+full+"\n")
	h.File("var/lib/dpkg/info/"+pkg+".md5sums", fmt.Sprintf("%x  %s\n", md5.Sum(content), full))
	return h
}

// ELF builds a relocatable x86-64 object with a .modinfo section, and with a note of its
// build ID where info has one ("build-id", which is no statement of .modinfo). The appended
// signature trailer of a signed module is left out.
func ELF(info map[string]string) []byte {
	var modinfo bytes.Buffer
	for _, key := range slices.Sorted(maps.Keys(info)) {
		if key != buildID {
			fmt.Fprintf(&modinfo, "%s=%s\x00", key, info[key])
		}
	}
	parts := []part{{name: ".modinfo", kind: 1, data: modinfo.Bytes()}}
	if id := info[buildID]; id != "" {
		parts = append(parts, part{name: ".note.gnu.build-id", kind: 7, data: BuildNote(id)})
	}
	return object(parts)
}

const buildID = "build-id"

// BuildNote is the ELF note of a build ID in hexadecimal digits.
func BuildNote(id string) []byte {
	raw, err := hex.DecodeString(id)
	if err != nil {
		panic(err)
	}
	le := binary.LittleEndian
	b := le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, 4), uint32(len(raw))), 3)
	return append(append(b, "GNU\x00"...), raw...)
}

// part is a section.
type part struct {
	name string
	kind uint32
	data []byte
}

// object lays out sections behind an ELF header, and their table behind them.
func object(parts []part) []byte {
	names := "\x00"
	at := make([]int, 0, len(parts))
	for _, p := range parts {
		at, names = append(at, len(names)), names+p.name+"\x00"
	}
	at, names = append(at, len(names)), names+".shstrtab\x00"
	parts = append(parts, part{kind: 3, data: []byte(names)})

	const header, section = 64, 64
	b := make([]byte, header)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], 1)  // ET_REL
	le.PutUint16(b[18:], 62) // EM_X86_64
	le.PutUint32(b[20:], 1)
	table := make([]byte, section) // the first entry is empty
	for i, p := range parts {
		s := make([]byte, section)
		le.PutUint32(s[0:], uint32(at[i]))
		le.PutUint32(s[4:], p.kind)
		le.PutUint64(s[24:], uint64(len(b)))
		le.PutUint64(s[32:], uint64(len(p.data)))
		le.PutUint64(s[48:], 1)
		b, table = append(b, p.data...), append(table, s...)
	}
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	le.PutUint64(b[40:], uint64(len(b)))
	le.PutUint16(b[52:], header)
	le.PutUint16(b[58:], section)
	le.PutUint16(b[60:], uint16(len(parts)+1))
	le.PutUint16(b[62:], uint16(len(parts)))
	return append(b, table...)
}
