package rpmdb

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func unpacked(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func file(b []byte) File { return File{bytes.NewReader(b), int64(len(b))} }

// headers are the headers of a database.
func headers(t testing.TB, db, log []byte) ([][]byte, error) {
	t.Helper()
	var l File
	if log != nil {
		l = file(log)
	}
	var list [][]byte
	err := Each(file(db), l, func(b []byte) bool {
		list = append(list, bytes.Clone(b))
		return true
	})
	return list, err
}

func names(t testing.TB, list [][]byte) string {
	t.Helper()
	var found []string
	for _, b := range list {
		h, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, h.Name()+" "+h.Version())
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}

const both = "kernel-example 6.1.0-40.el9, kmod-example 1:580.95-3.el9"

func TestSQLite(t *testing.T) {
	db := unpacked(t, "rpmdb.sqlite")
	list, err := headers(t, db, nil)
	if err != nil || names(t, list) != both {
		t.Fatalf("%s, %v", names(t, list), err)
	}
	log := unpacked(t, "rpmdb.sqlite-wal")
	for name, tc := range map[string]struct {
		log  []byte
		want string
	}{
		"log":              {log, "kmod-example 1:580.95-3.el9"},
		"log breaks off":   {log[:len(log)-1], both},
		"log that is none": {[]byte(strings.Repeat("x", 64)), both},
		"empty log":        {[]byte{}, both},
		"log of other sum": {flip(log, 25), both},
		"frame changed":    {flip(log, 32+24+100), both},
	} {
		list, err := headers(t, db, tc.log)
		if err != nil || names(t, list) != tc.want {
			t.Errorf("%s: %s, %v", name, names(t, list), err)
		}
	}
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// TestFiles: a file of each package, with its digest and in other spellings.
func TestFiles(t *testing.T) {
	list, err := headers(t, unpacked(t, "rpmdb.sqlite"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range list {
		h, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		name, content := "/lib/modules/6.1.0/extra/example.ko", "module\n"
		if h.Name() == "kernel-example" {
			name, content = "/lib/modules/6.1.0-40-amd64/kernel/drivers/gpu/m77.ko", "module 77\n"
		}
		at := h.Find("/usr"+name, name)
		if at < 0 {
			t.Fatalf("%s lacks %s", h.Name(), name)
		}
		sum := fmt.Sprintf("%x", sha256.Sum256([]byte(content)))
		if digest, algorithm := h.Digest(at); digest != sum || algorithm != 8 {
			t.Errorf("%s: digest %s by %d", name, digest, algorithm)
		}
		for _, other := range []string{"/lib/modules/6.1.0/example.ko", "/extra/example.ko", "/", "", "example.ko"} {
			if at := h.Find(other); at >= 0 {
				t.Errorf("%s has %q", h.Name(), other)
			}
		}
	}
}

// ndb writes a database in the form of SUSE.
func ndb(list [][]byte) []byte {
	b := make([]byte, 4096)
	copy(b, "RpmP")
	le := binary.LittleEndian
	le.PutUint32(b[12:], 1)
	for i, h := range list {
		slot := b[32+16*i:]
		copy(slot, "Slot")
		le.PutUint32(slot[4:], uint32(i+1))
		le.PutUint32(slot[8:], uint32(len(b)/16))
		size := (16 + len(h) + 12 + 15) / 16 * 16
		le.PutUint32(slot[12:], uint32(size/16))
		blob := make([]byte, size)
		copy(blob, "BlbS")
		le.PutUint32(blob[4:], uint32(i+1))
		le.PutUint32(blob[12:], uint32(len(h)))
		copy(blob[16:], h)
		copy(blob[size-4:], "BlbE")
		b = append(b, blob...)
	}
	return b
}

// bdbHashOf writes a hash with a counter, small headers in their page and the others on pages of
// their own.
func bdbHashOf(order binary.ByteOrder, list [][]byte) []byte {
	const page = 4096
	pages := [][]byte{make([]byte, page), make([]byte, page)}
	meta, hash := pages[0], pages[1]
	order.PutUint32(meta[12:], bdbHashMagic)
	order.PutUint32(meta[20:], page)
	meta[25] = 8
	hash[25] = bdbHash
	end, entries := page, 0
	put := func(item []byte) {
		end -= len(item)
		copy(hash[end:], item)
		order.PutUint16(hash[bdbHead+2*entries:], uint16(end))
		entries++
	}
	put([]byte{bdbInline, 0, 0, 0, 0})
	put([]byte{bdbInline, 2, 0, 0, 0})
	for i, h := range list {
		put([]byte{bdbInline, byte(i + 1), 0, 0, 0})
		if len(h) < 2500 {
			put(append([]byte{bdbInline}, h...))
			continue
		}
		item := make([]byte, 12)
		item[0] = bdbOffPage
		order.PutUint32(item[4:], uint32(len(pages)))
		order.PutUint32(item[8:], uint32(len(h)))
		put(item)
		for rest := h; len(rest) > 0; {
			p := make([]byte, page)
			n := copy(p[bdbHead:], rest)
			rest = rest[n:]
			order.PutUint16(p[22:], uint16(n))
			p[25] = bdbOverflow
			if len(rest) > 0 {
				order.PutUint32(p[16:], uint32(len(pages)+1))
			}
			pages = append(pages, p)
		}
	}
	order.PutUint16(hash[20:], uint16(entries))
	return bytes.Join(pages, nil)
}

func TestOtherForms(t *testing.T) {
	list, err := headers(t, unpacked(t, "rpmdb.sqlite"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, db := range map[string][]byte{
		"ndb": ndb(list), "bdb": bdbHashOf(binary.LittleEndian, list), "bdb, big-endian": bdbHashOf(binary.BigEndian, list),
	} {
		got, err := headers(t, db, nil)
		if err != nil || names(t, got) != both {
			t.Errorf("%s: %s, %v", name, names(t, got), err)
		}
	}
}

// TestRecordedDatabases reads databases of CentOS in the folder that
// GPUAUDIT_RPMDBS names; they are others' and not part of this repository.
func TestRecordedDatabases(t *testing.T) {
	dir := os.Getenv("GPUAUDIT_RPMDBS")
	if dir == "" {
		t.Skip("set GPUAUDIT_RPMDBS to a folder of rpm databases to read them")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "Packages*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no databases: %v", err)
	}
	for _, name := range files {
		db, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list, err := headers(t, db, nil)
		if err != nil || len(list) == 0 {
			t.Errorf("%s: %d packages, %v", name, len(list), err)
		}
		t.Logf("%s: %d packages; %.200s", name, len(list), names(t, list))
	}
}

func TestMalformed(t *testing.T) {
	list, err := headers(t, unpacked(t, "rpmdb.sqlite"), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := ndb(list)
	loop := bdbHashOf(binary.LittleEndian, list)
	for p := 2; p < len(loop)/4096; p++ {
		binary.LittleEndian.PutUint32(loop[p*4096+16:], 2)
		binary.LittleEndian.PutUint16(loop[p*4096+22:], 1)
	}
	large := bytes.Clone(n)
	binary.LittleEndian.PutUint32(large[4096+12:], HeaderLimit+1)
	for name, tc := range map[string]struct {
		db   []byte
		want error
	}{
		"empty":            {nil, ErrMalformed},
		"text":             {bytes.Repeat([]byte("x"), 100), ErrMalformed},
		"half of it":       {unpacked(t, "rpmdb.sqlite")[:100<<10], ErrMalformed},
		"chain of itself":  {loop, ErrMalformed},
		"slot beyond":      {n[:4096], ErrMalformed},
		"blob beyond":      {large, ErrMalformed},
		"no slots":         {n[:32], ErrMalformed},
		"sqlite of a page": {unpacked(t, "rpmdb.sqlite")[:4096], ErrMalformed},
	} {
		if _, err := headers(t, tc.db, nil); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzEach: whatever the bytes, no header is larger than the files.
func FuzzEach(f *testing.F) {
	db, log := unpacked(f, "rpmdb.sqlite"), unpacked(f, "rpmdb.sqlite-wal")
	list, err := headers(f, db, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(db, log)
	f.Add(db, []byte{})
	f.Add(ndb(list), []byte{})
	f.Add(bdbHashOf(binary.LittleEndian, list), []byte{})
	f.Add(bdbHashOf(binary.BigEndian, list), []byte{})
	f.Fuzz(func(t *testing.T, db, log []byte) {
		visited := 0
		_ = Each(file(db), file(log), func(b []byte) bool {
			if visited++; len(b) > len(db)+len(log) {
				t.Fatalf("a header of %d bytes in a database of %d", len(b), len(db))
			}
			return true
		})
		if visited > len(db)+len(log) {
			t.Fatalf("%d headers in %d bytes", visited, len(db)+len(log))
		}
	})
}

// FuzzHeader: what a header says is part of it.
func FuzzHeader(f *testing.F) {
	list, err := headers(f, unpacked(f, "rpmdb.sqlite"), nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range list {
		f.Add(b, "/lib/modules/6.1.0/extra/example.ko")
	}
	f.Fuzz(func(t *testing.T, b []byte, path string) {
		h, err := Parse(b)
		if err != nil {
			return
		}
		if !bytes.Contains(b, []byte(h.Name())) {
			t.Fatalf("name %q", h.Name())
		}
		_ = h.Version()
		if at := h.Find(path); at >= 0 {
			h.Digest(at)
		}
	})
}
