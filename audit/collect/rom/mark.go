package rom

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/gpuaudit/gpuaudit/audit/flock"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Marks is where it is noted which ROM attribute is enabled: a process that is killed
// cannot disable it, and the next one does. It is root's, and gone with a restart, as
// what it tells of.
const Marks = "/run/gpuaudit"

const markPrefix = "rom-"

// mark notes that the ROM of an address is going to be enabled, and returns how to take
// the note away. It is locked as long as this process lives. Without a place for it the
// ROM is read as well: it is disabled by this process, unless that is killed.
func mark(dir, address string) (done func()) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return func() {}
	}
	name := filepath.Join(dir, markPrefix+address)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return func() {}
	}
	// Another one that reads the same ROM holds it, and takes it away.
	if err := flock.Lock(f); err != nil {
		_ = f.Close()
		return func() {}
	}
	return func() {
		_ = os.Remove(name)
		_ = f.Close()
	}
}

// Restore disables the ROMs that a process left enabled which was killed, and returns
// their addresses.
func Restore(root *os.Root, dir string) (restored []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return nil, nil
		}
		return nil, err
	}
	var failed error
	for _, e := range entries {
		address, ok := strings.CutPrefix(e.Name(), markPrefix)
		if !ok || !inventory.ValidAddress(address) || !e.Type().IsRegular() {
			continue
		}
		done, err := restore(root, filepath.Join(dir, e.Name()), address)
		failed = errors.Join(failed, err)
		if done {
			restored = append(restored, address)
		}
	}
	return restored, failed
}

// restore disables one ROM, unless the process that noted it lives.
func restore(root *os.Root, name, address string) (done bool, err error) {
	f, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return false, nil // taken away meanwhile
	}
	defer f.Close()
	if err := flock.Lock(f); err != nil {
		return false, nil
	}
	if !flock.StillThere(name, f) {
		return false, nil
	}
	attr, err := root.OpenFile(path.Join(devices, address, "rom"), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, os.Remove(name) // the device is gone
	}
	if err != nil {
		return false, err
	}
	defer attr.Close()
	if _, err := attr.WriteAt([]byte(disable), 0); err != nil {
		return false, err
	}
	return true, os.Remove(name)
}
