package hosttest

import (
	"bytes"
	"crypto/md5" //nolint:gosec // the digest that dpkg records
	"encoding/binary"
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

// ELF builds a relocatable x86-64 object with a .modinfo section, and the
// appended signature trailer of a signed module left out.
func ELF(info map[string]string) []byte {
	var modinfo bytes.Buffer
	for _, key := range slices.Sorted(maps.Keys(info)) {
		fmt.Fprintf(&modinfo, "%s=%s\x00", key, info[key])
	}
	names := "\x00.modinfo\x00.shstrtab\x00"
	const header, section = 64, 64
	modinfoAt := header
	namesAt := modinfoAt + modinfo.Len()
	sectionsAt := (namesAt + len(names) + 7) &^ 7
	b := make([]byte, sectionsAt+3*section)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], 1)  // ET_REL
	le.PutUint16(b[18:], 62) // EM_X86_64
	le.PutUint32(b[20:], 1)
	le.PutUint64(b[40:], uint64(sectionsAt))
	le.PutUint16(b[52:], header)
	le.PutUint16(b[58:], section)
	le.PutUint16(b[60:], 3)
	le.PutUint16(b[62:], 2)
	copy(b[modinfoAt:], modinfo.Bytes())
	copy(b[namesAt:], names)
	put := func(i int, name, kind uint32, at, size int) {
		s := b[sectionsAt+i*section:]
		le.PutUint32(s[0:], name)
		le.PutUint32(s[4:], kind)
		le.PutUint64(s[24:], uint64(at))
		le.PutUint64(s[32:], uint64(size))
		le.PutUint64(s[48:], 1)
	}
	put(1, 1, 1, modinfoAt, modinfo.Len())
	put(2, 10, 3, namesAt, len(names))
	return b
}
