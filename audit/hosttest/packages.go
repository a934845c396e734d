package hosttest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1" //nolint:gosec // the digest that apk records
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// PackagedBy gives the host another package manager in the place of dpkg: "rpm",
// "pacman", "apk", or "" for none. Its database lists the modules that are there,
// with their digests, under the folder given: "lib" or "usr/lib".
func (h *Host) PackagedBy(manager, lib string) *Host {
	h.Remove("var/lib/dpkg")
	files := map[string][]byte{}
	for name, f := range h.FS {
		if rest, ok := strings.CutPrefix(strings.TrimPrefix(name, "usr/"), "lib/"); ok && strings.HasSuffix(name, ".ko") {
			files[path.Join(lib, rest)] = f.Data
		}
	}
	const name, version = "kernel-example", "6.1.153-1"
	switch manager {
	case "rpm":
		h.File("usr/lib/sysimage/rpm/Packages.db", string(NDB(RPMHeader(name, "6.1.153", "1", files))))
	case "pacman":
		var list, mtree bytes.Buffer
		z := gzip.NewWriter(&mtree)
		fmt.Fprint(z, "#mtree\n/set type=file uid=0 gid=0 mode=644\n")
		for _, f := range slices.Sorted(maps.Keys(files)) {
			fmt.Fprintf(&list, "%s/\n%s\n", path.Dir(f), f)
			fmt.Fprintf(z, "./%s time=1.0 size=%d sha256digest=%x\n", f, len(files[f]), sha256.Sum256(files[f]))
		}
		z.Close()
		dir := "var/lib/pacman/local/" + name + "-" + version + "/"
		h.File(dir+"files", "%FILES%\n"+list.String()+"\n%BACKUP%\netc/x\t0\n\n").File(dir+"mtree", mtree.String())
		h.File(dir+"desc", "%NAME%\n"+name+"\n\n%VERSION%\n"+version+"\n\n")
		h.File("var/lib/pacman/local/ALPM_DB_VERSION", "9\n")
	case "apk":
		text := "P:musl\nV:1.2.5-r0\nF:lib\nR:libc.so\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nP:" + name + "\nV:" + version + "\n"
		for _, f := range slices.Sorted(maps.Keys(files)) {
			sum := sha1.Sum(files[f])
			text += "F:" + path.Dir(f) + "\nR:" + path.Base(f) + "\nZ:Q1" + base64.StdEncoding.EncodeToString(sum[:]) + "\n"
		}
		if _, merged := h.FS["lib"]; merged {
			h.File("usr/lib/apk/db/installed", text+"\n")
		} else {
			h.File("lib/apk/db/installed", text+"\n")
		}
	}
	return h
}

// RPMHeader is a package's header as rpm's databases hold it: the index and the
// data, of the tags that name files.
func RPMHeader(name, version, release string, files map[string][]byte) []byte {
	var index, data bytes.Buffer
	be := binary.BigEndian
	entries := uint32(0)
	add := func(tag, kind, count uint32, value []byte) {
		for kind == 4 && data.Len()%4 != 0 {
			data.WriteByte(0)
		}
		for _, n := range []uint32{tag, kind, uint32(data.Len()), count} {
			index.Write(be.AppendUint32(nil, n))
		}
		data.Write(value)
		entries++
	}
	texts := func(list ...string) []byte { return []byte(strings.Join(list, "\x00") + "\x00") }
	add(1000, 6, 1, texts(name))
	add(1001, 6, 1, texts(version))
	add(1002, 6, 1, texts(release))
	var dirs, bases, sums []string
	var places []byte
	for _, f := range slices.Sorted(maps.Keys(files)) {
		dir := "/" + path.Dir(f) + "/"
		if !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		places = be.AppendUint32(places, uint32(slices.Index(dirs, dir)))
		bases, sums = append(bases, path.Base(f)), append(sums, fmt.Sprintf("%x", sha256.Sum256(files[f])))
	}
	count := uint32(len(bases))
	add(1035, 8, count, texts(sums...))
	add(1116, 4, count, places)
	add(1117, 8, count, texts(bases...))
	add(1118, 8, uint32(len(dirs)), texts(dirs...))
	add(5011, 4, 1, be.AppendUint32(nil, 8))
	head := be.AppendUint32(be.AppendUint32(nil, entries), uint32(data.Len()))
	return bytes.Join([][]byte{head, index.Bytes(), data.Bytes()}, nil)
}

// NDB is rpm's database of one package, as SUSE has it.
func NDB(header []byte) []byte {
	b := make([]byte, 4096)
	le := binary.LittleEndian
	copy(b, "RpmP")
	le.PutUint32(b[12:], 1)
	copy(b[32:], "Slot")
	le.PutUint32(b[36:], 1)
	le.PutUint32(b[40:], 4096/16)
	size := (16 + len(header) + 12 + 15) / 16 * 16
	le.PutUint32(b[44:], uint32(size/16))
	blob := make([]byte, size)
	copy(blob, "BlbS")
	le.PutUint32(blob[4:], 1)
	le.PutUint32(blob[12:], uint32(len(header)))
	copy(blob[16:], header)
	copy(blob[size-4:], "BlbE")
	return append(b, blob...)
}
