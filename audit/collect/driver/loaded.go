package driver

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/kmod"
)

const (
	moduleRoot  = "sys/module"
	releaseFile = "proc/sys/kernel/osrelease"
	noteLimit   = 4096 // of a note, in bytes
)

// release is the running kernel's release, which names its module directory.
func release(fsys fs.FS) (string, error) {
	s, err := collect.Attr(fsys, releaseFile)
	if err != nil {
		return "", err
	}
	if !element(s) {
		return "", fmt.Errorf("%s: %w: %.60q is no kernel release", releaseFile, collect.ErrMalformed, s)
	}
	return s, nil
}

// moduleName follows the driver's module link. A capture of sysfs may hold the
// device's link without the driver directory's own, so both ways are tried. A driver
// that was registered without an owner has no link at all: then a loaded module of
// its name is taken for its own.
func moduleName(fsys fs.FS, link, driver string) (string, error) {
	name, err := collect.LinkBase(fsys, path.Join("sys/bus/pci/drivers", driver, "module"))
	if collect.Absent(err) {
		name, err = collect.LinkBase(fsys, path.Join(link, "module"))
	}
	if same := strings.ReplaceAll(driver, "-", "_"); collect.Absent(err) && isLoaded(fsys, same) {
		return same, nil
	}
	if err != nil {
		return "", err
	}
	if !element(name) {
		return "", fmt.Errorf("%w: module link to %.60q", collect.ErrMalformed, name)
	}
	return name, nil
}

// isLoaded says that sysfs shows a loaded module: a built-in one with
// parameters has a directory too, but neither state nor taint.
func isLoaded(fsys fs.FS, module string) bool {
	for _, attr := range [...]string{"initstate", "taint"} {
		if _, err := fs.Stat(fsys, path.Join(moduleRoot, module, attr)); err == nil {
			return true
		}
	}
	return false
}

// loaded reads what sysfs says of a module. No taint letters is the empty
// string, which is a fact; no taint file is a gap.
func (r *reader) loaded(name string) *inventory.Module {
	dir := path.Join(moduleRoot, name)
	m := &inventory.Module{Name: name}
	m.Version = r.optional("/driver/module/version", path.Join(dir, "version"))
	m.SrcVersion = r.optional("/driver/module/srcversion", path.Join(dir, "srcversion"))
	m.BuildID = r.buildID(m, path.Join(dir, "notes/.note.gnu.build-id"))
	if taint, err := collect.Attr(r.env.FS, path.Join(dir, "taint")); err != nil {
		r.gap("/driver/module/taint", path.Join(dir, "taint"), err)
	} else {
		m.Taint = &taint
	}
	return m
}

// buildID reads the build ID of a loaded module. Not to have it is a gap where nothing else
// tells which build it is.
func (r *reader) buildID(m *inventory.Module, name string) *string {
	note, err := collect.Read(r.env.FS, name, noteLimit)
	var id string
	if err == nil {
		id, err = kmod.NoteBuildID(note)
		err = named(err)
	}
	switch {
	case err == nil:
		return &id
	case !collect.Absent(err) && m.SrcVersion == nil:
		r.gap("/driver/module/build_id", name, err)
	}
	return nil
}

// optional reads an attribute that most modules do not have: its absence is a
// fact, not a gap.
func (r *reader) optional(fact, name string) *string {
	s, err := collect.Attr(r.env.FS, name)
	switch {
	case err == nil && s != "":
		return &s
	case err != nil && !collect.Absent(err):
		r.gap(fact, name, err)
	}
	return nil
}
