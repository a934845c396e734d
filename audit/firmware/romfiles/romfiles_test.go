package romfiles_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/firmware/romfiles"
)

// rom is the smallest image: its header and its data structure (PCI Firmware Specification
// 3.3, section 5.1).
func rom() []byte {
	b := make([]byte, 512)
	copy(b, []byte{0x55, 0xaa, 1})
	b[0x18] = 0x1c
	copy(b[0x1c:], "PCIR")
	copy(b[0x20:], []byte{0x02, 0x10, 0xff, 0x73})
	b[0x26], b[0x28] = 0x18, 3
	b[0x2c], b[0x31] = 1, 0x80
	return b
}

// TestFolder: in the order of the names, whatever takes longest, and each file says what is
// wrong with it alone.
func TestFolder(t *testing.T) {
	files := fstest.MapFS{"large.rom": {Data: make([]byte, firmware.MaxBytes+1)}, "link": {Mode: fs.ModeSymlink, Data: []byte("a00.rom")}, "sub/z.rom": {Data: rom()}, "text": {Data: []byte("none")}}
	want := []string{"large.rom", "sub/z.rom", "text"}
	for i := range 40 {
		name := fmt.Sprintf("a%02d.rom", i)
		files[name] = &fstest.MapFile{Data: rom()}
		want = append(want, name)
	}
	slices.Sort(want)
	var got []string
	for name, r := range romfiles.Folder(files) {
		got = append(got, name)
		switch {
		case name == "large.rom":
			if r.Err == nil || !strings.Contains(r.Err.Error(), "larger than") {
				t.Errorf("%s: %v", name, r.Err)
			}
		case r.Err != nil || r.ROM.Source != "file" || len(r.ROM.Images) != map[bool]int{true: 0, false: 1}[name == "text"]:
			t.Errorf("%s: %+v", name, r)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// Who has seen enough leaves nothing behind that waits for him.
	n := 0
	for range romfiles.Folder(files) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d files", n)
	}
}

// broken is a folder that cannot be listed.
type broken struct{ fstest.MapFS }

func (b broken) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "sub" {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrPermission}
	}
	return b.MapFS.ReadDir(name)
}

func TestWhatCannotBeListedIsSaid(t *testing.T) {
	n := map[string]error{}
	for name, r := range romfiles.Folder(broken{fstest.MapFS{"a": {Data: rom()}, "sub/b": {Data: rom()}}}) {
		n[name] = r.Err
	}
	if len(n) != 2 || n["a"] != nil || n["sub"] == nil {
		t.Errorf("%v", n)
	}
}
