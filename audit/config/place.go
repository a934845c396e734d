package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// System is the file of the machine's administrator.
const System = "/etc/gpuaudit/config.yaml"

// Place is where a file of settings may be.
type Place struct {
	Path string
	// Owner must own the file and its folder, root apart.
	Owner int
	// Alone says that the group may not write it either.
	Alone bool
}

// User is the place of the user's file, by his environment; "" where he has no home.
func User(getenv func(string) string) string {
	for _, base := range []struct{ variable, below string }{{"XDG_CONFIG_HOME", ""}, {"HOME", ".config"}} {
		if dir := getenv(base.variable); filepath.IsAbs(dir) {
			return filepath.Join(dir, base.below, "gpuaudit", "config.yaml")
		}
	}
	return ""
}

// Read reads the file, and is nil where there is none. A file that somebody else can
// write is refused: whoever writes it decides what a gate lets pass.
func (p Place) Read() (*input.File, error) {
	if p.Path == "" {
		return nil, nil
	}
	// A FIFO is not opened: that would wait for somebody to write.
	info, err := input.Stat(p.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: it is no regular file", p.Path)
	}
	f, err := input.Open(p.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	if err := p.check(info); err != nil {
		return nil, err
	}
	b, err := bounded.Read(f, Limit)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", p.Path, err)
	}
	return &input.File{Name: p.Path, Data: b}, nil
}

// check refuses a file, or its folder, that somebody else can write; of root's, a folder on
// the way to it, too. sudo may keep HOME: whose that is must not decide what an audit by root
// lets pass, neither by a file of his own nor by a way to one of root's. A process that has
// the file opened by another one cannot see owners: the other one checked them.
func (p Place) check(info fs.FileInfo) error {
	if !input.Direct() {
		return nil
	}
	if err := p.guarded(p.Path, info); err != nil {
		return err
	}
	folder, err := os.Stat(filepath.Dir(p.Path))
	if err != nil {
		return err
	}
	if err := p.guarded(filepath.Dir(p.Path), folder); err != nil || p.Owner != 0 {
		return err
	}
	real, err := filepath.EvalSymlinks(p.Path)
	if err != nil {
		return err
	}
	return errors.Join(p.way(p.Path), p.way(real))
}

// way says who else could exchange a folder above that of a file. In one with the sticky bit
// only the owner of what is in it can.
func (p Place) way(name string) error {
	for at := filepath.Dir(name); at != filepath.Dir(at); {
		at = filepath.Dir(at)
		info, err := os.Stat(at)
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSticky == 0 || !ownedByRoot(info) {
			if err := p.guarded(at, info); err != nil {
				return err
			}
		}
	}
	return nil
}

func ownedByRoot(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Uid == 0
}

// guarded says who else could write a file or a folder.
func (p Place) guarded(name string, info fs.FileInfo) error {
	mask := fs.FileMode(0o002)
	if p.Alone {
		mask = 0o022
	}
	if info.Mode().Perm()&mask != 0 {
		return fmt.Errorf("%s: others than its owner may write it (mode %04o), and with that decide what passes: chmod go-w", name, info.Mode().Perm())
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != p.Owner && st.Uid != 0 {
		if p.Owner == 0 {
			return fmt.Errorf("%s: it belongs to user %d, and the settings of root's audits are root's alone: give root its own home (sudo -H), or use %s", name, st.Uid, System)
		}
		return fmt.Errorf("%s: it belongs to user %d, and would decide what passes: only root and user %d may own it", name, st.Uid, p.Owner)
	}
	return nil
}
