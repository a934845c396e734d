package machine_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestOpenRefuses(t *testing.T) {
	for want, s := range map[string]machine.Source{
		"--root and --capture exclude each other":      {Root: "/x", Capture: "y"},
		"--read-rom works on the running machine only": {Root: "/x", ReadROM: true},
		"--attest works on the running machine only":   {Capture: "y", TPM: &machine.TPM{}},
		"--root: ":  {Root: filepath.Join(t.TempDir(), "none")},
		"capture: ": {Capture: filepath.Join(t.TempDir(), "none")},
	} {
		if _, err := machine.Open(t.Context(), s, machine.Options{Now: now}); err == nil || fault.Of(err) != fault.Usage || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for name, want := range map[string]fault.Kind{
		write(t, "card.tar.gz", []byte("\x1f\x8b\x08 cut")): fault.Incomplete,
		write(t, "notes.txt", []byte("no archive")):         fault.Usage,
		t.TempDir(): fault.Usage,
	} {
		if _, err := machine.Open(t.Context(), machine.Source{Capture: name}, machine.Options{Now: now}); err == nil || fault.Of(err) != want {
			t.Errorf("%s: %v, want kind %d", name, err, want)
		}
	}
}

// TestRoot: a directory is read as a machine; what is laid out for it is taken away.
func TestRoot(t *testing.T) {
	dir := t.TempDir()
	if err := hosttest.Good().WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	taken := 0
	behind := func(take func()) func() { return func() { taken++; take() } }
	m, err := machine.Open(t.Context(), machine.Source{Root: dir}, machine.Options{Now: now, Behind: behind})
	if err != nil {
		t.Fatal(err)
	}
	tree := m.Env.PCITree
	if _, err := os.Stat(tree); err != nil || tree == "" {
		t.Errorf("no PCI tree: %q %v", tree, err)
	}
	if m.Proves() || len(m.Rights()) == 0 || !m.Env.Now.Equal(now) {
		t.Errorf("proves %v, %d rights, %s", m.Proves(), len(m.Rights()), m.Env.Now)
	}
	m.Close()
	m.Close()
	if _, err := os.Stat(tree); taken != 1 || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("taken away %d times, %v", taken, err)
	}
}

func TestReadDumps(t *testing.T) {
	name := write(t, "card.rom", []byte("rom"))
	list, err := machine.ReadDumps([]string{"0000:01:00.0=" + name}, nil)
	if err != nil || len(list) != 1 || list[0].Base() != "card.rom" || string(list[0].Data) != "rom" {
		t.Errorf("%+v %v", list, err)
	}
	list, err = machine.ReadDumps([]string{"0000:01:00.0=" + name}, []string{"0000:01:00.0=" + name})
	if err != nil || len(list) != 2 || list[0].Flag() != "rom" || list[1].Flag() != "flash" {
		t.Errorf("both: %+v %v", list, err)
	}
	if _, err := machine.ReadDumps(nil, []string{"card.rom"}); err == nil || !strings.HasPrefix(err.Error(), "--flash ") {
		t.Errorf("flash: %v", err)
	}
	for _, specs := range [][]string{{"card.rom"}, {"1:0=" + name}, {"0000:01:00.0="}, {"0000:01:00.0=" + name, "0000:01:00.0=" + name}, {"0000:01:00.0=" + name + ".none"}} {
		if _, err := machine.ReadDumps(specs, nil); err == nil || !strings.HasPrefix(err.Error(), "--rom ") {
			t.Errorf("%q: %v", specs, err)
		}
	}
}

// TestReadRecordings: a recording that is too large is for the report to speak of, one
// that is not there for the command.
func TestReadRecordings(t *testing.T) {
	large := write(t, "large.txt", bytes.Repeat([]byte("x"), 4<<20+1))
	list, err := machine.ReadRecordings([]string{large})
	if err != nil || len(list) != 1 || !list[0].TooLarge {
		t.Fatalf("%+v %v", list, err)
	}
	if _, err := list[0].Parse(); !errors.Is(err, collect.ErrLimit) || !strings.HasPrefix(err.Error(), "large.txt: ") {
		t.Errorf("too large: %v", err)
	}
	if _, err := machine.ReadRecordings([]string{large + ".none"}); err == nil || !strings.HasSuffix(err.Error(), ".none: no such file or directory") {
		t.Errorf("missing: %v", err)
	}
}

func TestBring(t *testing.T) {
	m := &machine.Machine{Env: &collect.Env{}}
	if err := m.Bring(&machine.Beside{ROMs: []machine.Dump{{Address: "0000:01:00.0", File: &input.File{Name: "dir/a.rom", Data: []byte("x")}}}}); err != nil {
		t.Fatal(err)
	}
	if f := m.Env.ROMFiles["0000:01:00.0"]; f.Name != "a.rom" || m.Env.NVML != nil || len(m.Env.FlashFiles) != 0 {
		t.Errorf("%+v", f)
	}
	if err := m.Bring(&machine.Beside{ROMs: []machine.Dump{{Address: "0000:01:00.0", File: &input.File{Name: "dir/a.rom", Data: []byte("x")}, Flash: true}}}); err != nil || m.Env.FlashFiles["0000:01:00.0"].Name != "a.rom" || len(m.Env.ROMFiles) != 0 {
		t.Errorf("flash: %v %+v", err, m.Env.FlashFiles)
	}
	file := &input.File{Name: "nvml.json", Data: []byte("{")}
	for want, b := range map[string]machine.Beside{"exclude": {NVML: file, NoNVML: true}, "--nvml nvml.json: ": {NVML: file}} {
		if err := m.Bring(&b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestProof: nothing is proven where nobody asked, and a TPM that gave nothing says so.
func TestProof(t *testing.T) {
	m := &machine.Machine{Env: &collect.Env{Now: now}}
	if p, err := m.Proof(); p != nil || err != nil {
		t.Errorf("nobody asked: %+v %v", p, err)
	}
	m.ProveBy(nil)
	if p, err := m.Proof(); err != nil || p.Evidence != nil || !errors.Is(p.Missing, fs.ErrNotExist) || !p.Collected.Equal(now) {
		t.Errorf("there is none: %+v %v", p, err)
	}
	m.ProveBy([]byte("{}"))
	if p, err := m.Proof(); err != nil || string(p.Evidence) != "{}" || p.Missing != nil {
		t.Errorf("a file: %+v %v", p, err)
	}
	m.Forget()
	if m.Proves() {
		t.Error("it was forgotten, and proves")
	}
}
