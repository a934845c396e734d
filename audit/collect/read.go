package collect

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// AttrLimit caps a sysfs or procfs attribute: a page, four times over.
const AttrLimit = 16 << 10

// MaxFunctions caps the PCI functions of a machine: as many devices as an audit takes, each
// with a bridge and two functions more. Large machines have a few hundred; a directory that
// pretends to more than this is hostile.
const MaxFunctions = 4 * inventory.MaxDevices

// Read returns at most limit bytes of a file; a larger file is [ErrLimit], and
// its first limit bytes are not returned either: a truncated fact is no fact.
func Read(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := bounded.Read(f, limit)
	if errors.Is(err, bounded.ErrLimit) {
		return nil, fmt.Errorf("%s: %w of %d bytes", name, ErrLimit, limit)
	}
	return b, err
}

// Ahead is the same file system, for who is about to ask for these files, links and folders,
// and to look at what these names are. One that another process shows fetches them in few
// messages; what is asked for again is read again.
func Ahead(fsys fs.FS, files, links, folders, looks []string) fs.FS {
	if far, ok := fsys.(interface {
		Ahead(files, links, folders, looks []string) fs.FS
	}); ok {
		return far.Ahead(files, links, folders, looks)
	}
	return fsys
}

// Attr reads a text attribute and trims the white space around it.
func Attr(fsys fs.FS, name string) (string, error) {
	b, err := Read(fsys, name, AttrLimit)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(strings.Trim(string(b), "\x00")), nil
}

// Int reads a decimal attribute.
func Int(fsys fs.FS, name string) (int, error) {
	s, err := Attr(fsys, name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %.40q is not a number", name, ErrMalformed, s)
	}
	return n, nil
}

// Hex reads an attribute of the form 0x10de and returns the digits, which must
// be as many as asked for, in lower case.
func Hex(fsys fs.FS, name string, digits int) (string, error) {
	s, err := Attr(fsys, name)
	if err != nil {
		return "", err
	}
	v, ok := strings.CutPrefix(strings.ToLower(s), "0x")
	if _, perr := strconv.ParseUint(v, 16, 64); !ok || perr != nil || len(v) != digits {
		return "", fmt.Errorf("%s: %w: %.40q is not 0x and %d hexadecimal digits", name, ErrMalformed, s, digits)
	}
	return v, nil
}

// LinkBase returns the last element of a symbolic link's target: for sysfs,
// the name of what the link points at.
func LinkBase(fsys fs.FS, name string) (string, error) {
	target, err := fs.ReadLink(fsys, name)
	if err != nil {
		return "", err
	}
	return path.Base(target), nil
}

// Absent says that the error means "there is no such thing", which for an
// optional attribute is a fact and not a gap.
func Absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
