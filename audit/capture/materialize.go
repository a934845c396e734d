package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

// ghwAttrs are the attributes that ghw reads of a function.
var ghwAttrs = []string{"modalias", "revision", "numa_node"}

// MaterializePCI writes the part of a machine's sysfs that ghw needs to
// enumerate PCI functions into dir, an empty directory that nobody else can
// write: ghw reads real directories only. fsys may be hostile: names are held
// to a safe alphabet, links are rewritten to lead where this function put
// something, and everything goes through an os.Root, so nothing is written
// outside dir. Attributes that could not be read are left out.
func MaterializePCI(fsys fs.FS, dir string) error {
	functions, err := readPCITree(fsys, ghwAttrs)
	if err != nil {
		return fmt.Errorf("read the PCI tree: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("write the PCI tree: %w", err)
	}
	defer root.Close()
	if err := root.MkdirAll(pciDevices, 0o700); err != nil {
		return fmt.Errorf("write the PCI tree: %w", err)
	}
	for _, f := range functions {
		if err := f.write(root); err != nil {
			return fmt.Errorf("write PCI function %s: %w", f.address, err)
		}
	}
	return nil
}

func (f pciFunction) write(root *os.Root) error {
	home, ok := f.home()
	if !ok {
		return nil
	}
	if err := root.MkdirAll(home, 0o700); err != nil {
		return err
	}
	// The directory is opened once: an os.Root walks every element of a name.
	at, err := root.OpenRoot(home)
	if err != nil {
		return err
	}
	defer at.Close()
	for _, name := range ghwAttrs {
		if data, ok := f.attrs[name]; ok {
			if err := at.WriteFile(name, data, 0o600); err != nil {
				return err
			}
		}
	}
	for _, link := range pciLinks {
		if base := f.links[link.name]; base != "" {
			if err := linkTo(root, path.Join(home, link.name), path.Join(link.home, base)); err != nil {
				return err
			}
		}
	}
	if f.target == "" {
		return nil
	}
	return symlink(root, path.Join(pciDevices, f.address), home)
}

// linkTo makes a directory and a link to it: ghw asks whether a driver's
// directory is there.
func linkTo(root *os.Root, name, target string) error {
	if err := root.MkdirAll(target, 0o700); err != nil {
		return err
	}
	return symlink(root, name, target)
}

// symlink makes a relative link between two names below the root. Two hostile
// functions may claim one directory; the first one's links stay.
func symlink(root *os.Root, name, target string) error {
	up := strings.Repeat("../", strings.Count(name, "/"))
	if err := root.Symlink(up+target, name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
