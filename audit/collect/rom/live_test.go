package rom

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// tree makes a sysfs as the kernel lays it out: the device directory is a
// relative link. It returns the root and the path of the ROM file.
func tree(t *testing.T, attributes map[string]string) (*os.Root, string) {
	t.Helper()
	dir := t.TempDir()
	device := filepath.Join(dir, "sys/devices/pci0000:00/0000:00:01.0", address)
	for name, content := range attributes {
		file := filepath.Join(device, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, devices), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../../devices/pci0000:00/0000:00:01.0/"+address, filepath.Join(dir, devices, address)); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root, filepath.Join(device, "rom")
}

func TestLiveReadsAndDisables(t *testing.T) {
	image := option(1)
	root, file := tree(t, map[string]string{"class": "0x030000\n", "power_state": "D0\n", "power/runtime_status": "active\n", "rom": string(image)})
	b, err := Live(root)(t.Context(), address)
	// A plain file keeps the two bytes that sysfs takes as a command.
	if err != nil || !bytes.Equal(b, append([]byte("1\n"), image[2:]...)) {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	left, err := os.ReadFile(file)
	if err != nil || !bytes.HasPrefix(left, []byte("0\n")) {
		t.Errorf("last write left %q, %v", left[:2], err)
	}
}

func TestLiveRefuses(t *testing.T) {
	tests := []struct {
		name       string
		address    string
		attributes map[string]string
		reason     inventory.Reason
	}{
		{"asleep", address, map[string]string{"power_state": "D3cold\n"}, inventory.ReasonNotSupported},
		{"suspended", address, map[string]string{"power_state": "unknown\n", "power/runtime_status": "suspended\n"}, inventory.ReasonNotSupported},
		{"bridge", address, map[string]string{"class": "0x060400\n"}, inventory.ReasonNotSupported},
		{"no such device", "0000:09:00.0", nil, inventory.ReasonNotPresent},
		{"no address", "../../../../etc", nil, inventory.ReasonMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			attributes := map[string]string{"rom": "untouched"}
			for k, v := range tt.attributes {
				attributes[k] = v
			}
			root, file := tree(t, attributes)
			_, err := Live(root)(t.Context(), tt.address)
			if got := collect.ReasonOf(err); err == nil || got != tt.reason {
				t.Errorf("reason %q (%v), want %q", got, err, tt.reason)
			}
			if b, _ := os.ReadFile(file); string(b) != "untouched" {
				t.Errorf("the ROM attribute was written: %q", b)
			}
		})
	}
}

func TestLiveNeverLeavesTheTree(t *testing.T) {
	root, file := tree(t, map[string]string{"class": "0x030000\n"})
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, file); err != nil {
		t.Fatal(err)
	}
	if _, err := Live(root)(t.Context(), address); err == nil {
		t.Error("a link out of the tree was followed")
	}
	if b, _ := os.ReadFile(outside); string(b) != "untouched" {
		t.Errorf("written outside: %q", b)
	}
}

// fake is a ROM attribute that records what is written to it.
type fake struct {
	read     func([]byte) (int, error)
	writes   []string
	writeErr map[string]error
}

func (f *fake) Read(b []byte) (int, error) { return f.read(b) }

func (f *fake) WriteAt(b []byte, off int64) (int, error) {
	if off != 0 {
		return 0, errors.New("not at the start")
	}
	f.writes = append(f.writes, string(b))
	return len(b), f.writeErr[string(b)]
}

func TestAlwaysDisabled(t *testing.T) {
	endless := func(b []byte) (int, error) { return len(b), nil }
	tests := []struct {
		name     string
		read     func([]byte) (int, error)
		writeErr map[string]error
		reason   inventory.Reason
	}{
		{"read fails", func([]byte) (int, error) { return 0, syscall.EIO }, nil, inventory.ReasonIOError},
		{"never ends", endless, nil, inventory.ReasonLimit},
		{"enabling fails", endless, map[string]error{enable: syscall.EACCES}, inventory.ReasonPermission},
		{"disabling fails", func([]byte) (int, error) { return 0, io.EOF }, map[string]error{disable: syscall.EIO}, inventory.ReasonIOError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fake{read: tt.read, writeErr: tt.writeErr}
			marked := 1
			b, err := readEnabled(t.Context(), f, func() { marked-- })
			if left := tt.writeErr[disable] != nil; marked != map[bool]int{true: 1}[left] {
				t.Errorf("%d marks are left", marked)
			}
			if err == nil || b != nil || collect.ReasonOf(err) != tt.reason {
				t.Errorf("%d bytes, %v", len(b), err)
			}
			if tt.writeErr[disable] != nil && !strings.Contains(err.Error(), "may still be enabled") {
				t.Errorf("the error does not say that the ROM may be enabled: %v", err)
			}
			if last := f.writes[len(f.writes)-1]; last != "0\n" {
				t.Errorf("last write %q", last)
			}
		})
	}
}

func TestDisabledAfterPanic(t *testing.T) {
	f := &fake{read: func([]byte) (int, error) { panic("the driver's fault") }}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_, _ = readEnabled(t.Context(), f, func() {})
	}()
	if last := f.writes[len(f.writes)-1]; last != disable {
		t.Errorf("last write %q", last)
	}
}

// TestDisabledWhileAReadHangs: the attribute is disabled when the context ends,
// not when the device answers at last. The pipe is the device.
func TestDisabledWhileAReadHangs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	disabled, unmarked, commands := make(chan struct{}), make(chan struct{}), make(chan string, 8)
	f := &hanging{answer: disabled, commands: commands}
	done := make(chan error, 1)
	go func() {
		_, err := readEnabled(ctx, f, func() { close(unmarked) })
		done <- err
	}()
	if first := <-commands; first != enable {
		t.Fatalf("first command %q", first)
	}
	cancel()
	if second := <-commands; second != disable {
		t.Fatalf("command after cancellation %q", second)
	}
	<-unmarked // before the read ends, and once
	close(disabled)
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if last := <-commands; last != disable {
		t.Errorf("last command %q", last)
	}
}

type hanging struct {
	answer   chan struct{}
	commands chan string
}

func (h *hanging) Read([]byte) (int, error) { <-h.answer; return 1, nil }

func (h *hanging) WriteAt(b []byte, _ int64) (int, error) {
	h.commands <- string(b)
	return len(b), nil
}

func TestNotTouchedAfterCancellation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := &fake{}
	marked := 1
	if _, err := readEnabled(ctx, f, func() { marked-- }); !errors.Is(err, context.Canceled) || len(f.writes) != 0 || marked != 0 {
		t.Errorf("%v, writes %q, marks %d", err, f.writes, marked)
	}
}

func TestLimitIsTheParsers(t *testing.T) {
	b, err := readBounded(t.Context(), bytes.NewReader(make([]byte, firmware.MaxBytes)))
	if err != nil || len(b) != firmware.MaxBytes {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}
