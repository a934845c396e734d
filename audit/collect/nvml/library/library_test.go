package library

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
)

// build compiles the library of testdata with faults.
func build(t *testing.T, macros ...string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler (cc) to build a library to load")
	}
	path := filepath.Join(t.TempDir(), fileName)
	args := append([]string{"-shared", "-fPIC", "-o", path}, macros...)
	if out, err := exec.Command(cc, append(args, "testdata/nvml.c")...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

const head = `{
  "schema": "gpuaudit.nvml/v4",
  "library": "PATH",
  "driver_version": "580.95.05",
  "nvml_version": "13.580.95.05",
  "gpus": [
    {
      "address": "0000:01:00.0",
      "vendor_id": "10de",
      "device_id": "2684",
      "subsystem_vendor_id": "10de",
      "subsystem_device_id": "167c",
`

const whole = head + `      "vbios_version": "95.02.3C.40.B6",
      "uuid": "GPU-11111111-2222-3333-4444-555555555555",
      "board_part_number": "900-1G136-2530-000",
      "inforom_version": "G002.0000.00.03",
      "memory_bytes": 25757220864,
      "name": "NVIDIA GeForce RTX 4090",
      "recovery_action": "none",
      "inforom_valid": true,
      "health": {
        "corrected": 40,
        "uncorrected": 2,
        "rows_remapped_corrected": 1,
        "rows_remapped_uncorrected": 2,
        "rows_pending": 1,
        "rows_remapping_failed": 0,
        "pcie_replays": 9
      },
      "failures": [
        {
          "fact": "serial",
          "unsupported": true,
          "text": "not supported (NVML error 3)"
        }
      ]
    }
  ]
}
`

// TestRead loads a real shared library through purego.
func TestRead(t *testing.T) {
	for _, tc := range []struct {
		name string
		not  string // what a good GPU says and this one does not
		says string
		args []string
	}{
		{"in order", "", `"serial"`, nil},
		{"a text without an end", `"vbios_version": "9`, "malformed: the text has no end", []string{"-DENDLESS"}},
		{"a text that moves the cursor", `"vbios_version": "9`, `is no printable word`, []string{"-DCONTROL"}},
		{"a text that is too long", `"vbios_version": "9`, "is no printable word", []string{"-DLONG"}},
		{"no text at all", `"vbios_version": "9`, "malformed: the text has no end", []string{"-DSILENT"}},
		{"a function that is missing", `"board_part_number": "9`, "the library lacks the function", []string{"-DNO_BOARD"}},
		{"a card without ECC", `"uncorrected": 2`, `"fact": "rows",`, []string{"-DGEFORCE"}},
		{"a GPU that wants a reset", `"recovery_action": "none"`, `"recovery_action": "reset"`, []string{"-DFAULTY"}},
		{"a corrupted InfoROM", `"inforom_valid": true`, `"inforom_valid": false`, []string{"-DFAULTY"}},
		{"a driver that does not know of recovery", `"recovery_action": "none"`, `the driver does not know the field`, []string{"-DUNKNOWN_FIELD"}},
		{"an old library", `"inforom_valid":`, `"fact": "name"`, []string{"-DOLD"}},
		{"a GPU that cannot be reached beside one that can", `"address": "0000:01`, `"unreached": 1`, []string{"-DCOUNT=2", "-DLOST_HANDLE=15"}},
		{"a GPU that is lost", `"memory_bytes": 2`, "fallen off the bus (NVML error 15)", []string{"-DLOST"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := build(t, tc.args...)
			a, err := Read(t.Context(), path, nil)
			if err != nil {
				t.Fatal(err)
			}
			b, err := a.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := nvml.Decode(b); err != nil {
				t.Fatalf("what was recorded cannot be read: %v\n%s", err, b)
			}
			text := strings.Replace(string(b), path, "PATH", 1)
			if tc.args == nil && text != whole {
				t.Errorf("answers are\n%s, want\n%s", text, whole)
			}
			if !strings.Contains(text, tc.says) || tc.not != "" && strings.Contains(text, tc.not) {
				t.Errorf("answers are\n%s, want %q and not %q", text, tc.says, tc.not)
			}
		})
	}
}

func TestManyGPUsAreSorted(t *testing.T) {
	a, err := Read(t.Context(), build(t, "-DCOUNT=3"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(a.Addresses(), " "); got != "0000:01:00.0 0000:02:00.0 0000:03:00.0" {
		t.Errorf("addresses are %s", got)
	}
}

func TestReadFails(t *testing.T) {
	text := filepath.Join(t.TempDir(), fileName)
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, path, says string
		is               error
	}{
		{"no library", text, "load", nil},
		{"driver not loaded", build(t, "-DINIT=9"), "the driver is not loaded (NVML error 9)", fs.ErrNotExist},
		{"versions differ", build(t, "-DINIT=18"), "reboot", nil},
		{"a code of no meaning", build(t, "-DINIT=-7"), "NVML error -7", nil},
		{"no NVML", build(t, "-DNO_COUNT"), "lacks nvmlDeviceGetCount_v2", errors.ErrUnsupported},
		{"a million GPUs", build(t, "-DCOUNT=1000000"), "1000000 GPUs", collect.ErrLimit},
		{"a bus that PCI does not have", build(t, "-DBUS=300"), "malformed: PCI bus 0x12c", collect.ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Read(t.Context(), tc.path, nil)
			if err == nil || !strings.Contains(err.Error(), tc.says) || tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("error is %v, want %q", err, tc.says)
			}
		})
	}
}

// TestALibraryThatHangs is given up.
func TestALibraryThatHangs(t *testing.T) {
	path := build(t, "-DHANG")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Read(ctx, path, nil); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("error is %v, want the deadline", err)
	}
}

// TestFind: only a library that nobody but root could have put there is taken.
func TestFind(t *testing.T) {
	owner := uint32(os.Geteuid())
	place := func(mode, dirMode fs.FileMode, link bool) []string {
		dir := filepath.Join(t.TempDir(), "lib")
		name := filepath.Join(dir, fileName)
		must := func(err error) {
			if err != nil {
				t.Helper()
				t.Fatal(err)
			}
		}
		must(os.Mkdir(dir, 0o755))
		if link {
			must(os.Symlink("libnvidia-ml.so.580", name))
			name = filepath.Join(dir, "libnvidia-ml.so.580")
		}
		must(os.WriteFile(name, nil, 0o600))
		must(os.Chmod(name, mode))
		must(os.Chmod(dir, dirMode))
		return []string{"/nonexistent", dir}
	}
	for _, tc := range []struct {
		name string
		dirs []string
		user uint32
		is   error
		says string
	}{
		{"a file", place(0o644, 0o755, false), owner, nil, fileName},
		{"a link", place(0o644, 0o755, true), owner, nil, "libnvidia-ml.so.580"},
		{"none", []string{"/nonexistent"}, owner, fs.ErrNotExist, "/nonexistent"},
		{"the group may write it", place(0o664, 0o755, true), owner, fs.ErrPermission, "can be written by others"},
		{"all may write beside it", place(0o644, 0o777, false), owner, fs.ErrPermission, "can be written by others"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path, err := find(fileName, tc.dirs, tc.user)
			if !errors.Is(err, tc.is) || err != nil && !strings.Contains(err.Error(), tc.says) || err == nil && filepath.Base(path) != tc.says {
				t.Errorf("got %q, %v; want %v with %q", path, err, tc.is, tc.says)
			}
		})
	}
	t.Run("owned by another", func(t *testing.T) {
		dirs := place(0o644, 0o755, false)
		if owner == 0 {
			if err := os.Chown(filepath.Join(dirs[1], fileName), 65534, 65534); err != nil {
				t.Skip("cannot give a file away here: ", err)
			}
		}
		if _, err := find(fileName, dirs, 0); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "not owned by root") {
			t.Errorf("error is %v", err)
		}
	})
	t.Setenv("LD_LIBRARY_PATH", place(0o644, 0o755, false)[1])
	if path, err := find(fileName, []string{"/nonexistent"}, owner); err == nil {
		t.Errorf("the environment led to %s", path)
	}
}
