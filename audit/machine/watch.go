package machine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Marks are what a card's coming and going and the reload of its driver change, by PCI
// address. To look costs some small files of sysfs, and asks no device.
type Marks map[string]string

const busDevices = "sys/bus/pci/devices"

// Marks looks at the machine as it is now.
func (m *Machine) Marks() (Marks, error) {
	entries, err := fs.ReadDir(m.Env.FS, busDevices)
	if err != nil {
		return nil, fmt.Errorf("list PCI devices: %w", err)
	}
	marks := Marks{}
	for _, e := range entries {
		if len(marks) == inventory.MaxDevices {
			break
		}
		dir := path.Join(busDevices, e.Name())
		read := func(name string) string {
			b, err := collect.Read(m.Env.FS, path.Join(dir, name), 64)
			if err != nil {
				return ""
			}
			return strings.TrimSpace(string(b))
		}
		switch class := read("class"); {
		case strings.HasPrefix(class, "0x03"), strings.HasPrefix(class, "0x12"), strings.HasPrefix(class, "0x0b40"):
			marks[e.Name()] = strings.Join([]string{class, read("vendor"), read("device"), read("subsystem_vendor"), read("subsystem_device"), m.loaded(dir)}, " ")
		}
	}
	return marks, nil
}

// loaded is a device's driver, and when its module was loaded.
func (m *Machine) loaded(dir string) string {
	target, err := fs.ReadLink(m.Env.FS, path.Join(dir, "driver"))
	if err != nil {
		return ""
	}
	driver := path.Base(target)
	info, err := fs.Stat(m.Env.FS, path.Join("sys/module", driver))
	if err != nil {
		return driver
	}
	return driver + " " + info.ModTime().UTC().Format(time.RFC3339Nano)
}

// Changed waits until the marks are others than these, and are so twice: a card that
// comes takes a moment. It ends with the context.
func (m *Machine) Changed(ctx context.Context, since Marks, every time.Duration) (Marks, error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var last Marks
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
		now, err := m.Marks()
		if err != nil {
			return nil, err
		}
		if !maps.Equal(now, since) && maps.Equal(now, last) {
			return now, nil
		}
		last = now
	}
}

// ErrFrozen says that a machine cannot be read again: a capture stays as it is.
var ErrFrozen = errors.New("a capture does not change")

// Afresh forgets what was read, so that the machine can be read again.
func (m *Machine) Afresh(now time.Time, o Options) error {
	if m.frozen {
		return ErrFrozen
	}
	m.Env.Now, m.Env.Derive = now, collect.Memo()
	if m.Env.PCITree != "/" {
		m.givePCITree(o)
	}
	return nil
}
