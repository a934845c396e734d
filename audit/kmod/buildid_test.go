package kmod_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/kmod"
)

const someID = "be9eaf6560f4a97929cd79a0d07c7338c0f51bd6"

func TestBuildID(t *testing.T) {
	with := hosttest.ELF(map[string]string{"name": "amdgpu", "build-id": someID})
	if id, err := kmod.BuildID(with); err != nil || id != someID {
		t.Errorf("%q %v", id, err)
	}
	if id, err := kmod.BuildID(hosttest.ELF(map[string]string{"name": "amdgpu"})); err != nil || id != "" {
		t.Errorf("a module without: %q %v", id, err)
	}
	if m, err := kmod.Modinfo(with); err != nil || m.License != nil {
		t.Errorf("%+v %v", m, err)
	}
	big := "00000004" + "00000002" + "00000003" + "474e5500" + "abcd"
	for name, tc := range map[string]struct{ note, want, fails string }{
		"another order": {note: big, want: "abcd"},
		"short":         {note: "0400000014000000", fails: "a note of 8 bytes"},
		"another owner": {note: "04000000020000000300000041424300abcd", fails: "another note"},
		"another type":  {note: "040000000200000001000000474e5500abcd", fails: "another note"},
		"past the end":  {note: "040000001400000003000000474e5500abcd", fails: "20 bytes of 2"},
		"empty":         {note: "040000000000000003000000474e5500abcd", fails: "0 bytes of 2"},
		"large":         {note: "040000004100000003000000474e5500" + strings.Repeat("00", 65), fails: "65 bytes of 65"},
	} {
		raw, err := hex.DecodeString(tc.note)
		if err != nil {
			t.Fatal(name, err)
		}
		id, err := kmod.NoteBuildID(raw)
		if id != tc.want || (err == nil) != (tc.fails == "") || err != nil && !strings.Contains(err.Error(), tc.fails) {
			t.Errorf("%s: %q %v", name, id, err)
		}
	}
}

// TestLoadedBuildIDs: what the running kernel shows of its modules can be read.
func TestLoadedBuildIDs(t *testing.T) {
	names, err := filepath.Glob("/sys/module/*/notes/.note.gnu.build-id")
	if err != nil || len(names) == 0 {
		t.Skip("this kernel shows no build IDs of modules")
	}
	for _, name := range names {
		note, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if id, err := kmod.NoteBuildID(note); err != nil || len(id) != 40 && len(id) != 32 {
			t.Errorf("%s: %q %v", name, id, err)
		}
	}
}

func FuzzBuildID(f *testing.F) {
	f.Add(hosttest.ELF(map[string]string{"name": "amdgpu", "build-id": someID}))
	f.Add(hosttest.BuildNote(someID))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, read := range []func([]byte) (string, error){kmod.BuildID, kmod.NoteBuildID} {
			if id, err := read(b); err != nil && id != "" || len(id) > 128 {
				t.Errorf("%q %v", id, err)
			}
		}
	})
}
