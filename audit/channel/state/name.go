package state

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// System is where root keeps the channels of a machine.
const System = "/var/lib/gpuaudit"

// DefaultDir is where a user keeps channels if nobody says otherwise.
func DefaultDir(uid int, getenv func(string) string) (string, error) {
	if uid == 0 {
		return System, nil
	}
	if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "gpuaudit"), nil
	}
	if dir := getenv("HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, ".local", "share", "gpuaudit"), nil
	}
	return "", errors.New("neither XDG_DATA_HOME nor HOME is set: say with --state where channels are kept")
}

// NameFrom is the name of the channel that comes from a URL or a folder, or a new one after
// its host or folder.
func (d *Dir) NameFrom(from string) (string, error) {
	names, err := d.Names()
	if err != nil {
		return "", Fault(err)
	}
	name := strings.ToLower(filepath.Base(from))
	if name == "public" { // the folder of manifest publish
		name = strings.ToLower(filepath.Base(filepath.Dir(from)))
	}
	if u, err := url.Parse(from); err == nil && u.Host != "" {
		name = strings.ToLower(u.Hostname())
	}
	for _, known := range names {
		place, err := d.From(known)
		if err == nil && place == from || err != nil && known == name { // damaged: this may repair it
			return known, nil
		}
	}
	return newName(names, name)
}

// NameOfArchive is the only channel that there is, or where an archive is the first of its
// channel, a new one after the file.
func (d *Dir) NameOfArchive(file string, first bool) (string, error) {
	names, err := d.Names()
	switch {
	case err != nil:
		return "", Fault(err)
	case len(names) == 1 && !first:
		return names[0], nil
	case !first:
		return "", fmt.Errorf("say with --name which channel the archive is of: %s", strings.Join(append(names, "or a new one, with --root"), ", "))
	}
	name := strings.ToLower(filepath.Base(file))
	for _, end := range []string{".gz", ".tgz", ".tar"} {
		name = strings.TrimSuffix(name, end)
	}
	return newName(names, name)
}

// newName refuses to take one channel for another without being told.
func newName(names []string, name string) (string, error) {
	if !ValidName(name) {
		return "", fmt.Errorf("%q cannot be the name of a channel: give one with --name", name)
	}
	if slices.Contains(names, name) {
		return "", fmt.Errorf("a channel %s is kept already, from elsewhere: say with --name which one is meant", name)
	}
	return name, nil
}
