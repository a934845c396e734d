package baseline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// Prepare makes the folder, so that nothing is read of a machine whose baseline has no
// place to go.
func Prepare(dir string) error {
	folder, err := outfile.OpenFolder(filepath.Join(dir, Manifests), outfile.Made)
	if err != nil {
		return err
	}
	return folder.Close()
}

// Write puts the files in their place, each whole or not at all; the settings, which
// bring the others into scans, come last.
func Write(dir string, files Files) error {
	folder, err := outfile.OpenFolder(filepath.Join(dir, Manifests), outfile.There)
	if err != nil {
		return fmt.Errorf("write the baseline: %w", err)
	}
	defer folder.Close()
	names := slices.SortedFunc(maps.Keys(files), func(a, b string) int { return rank(a) - rank(b) })
	for _, name := range names {
		var err error
		if in, ok := strings.CutPrefix(name, Manifests+string(filepath.Separator)); ok {
			err = replace(folder, in, files[name])
		} else {
			err = outfile.Write(filepath.Join(dir, name), 0o644, func(w io.Writer) error { _, err := w.Write(files[name]); return err })
		}
		if err != nil {
			return fmt.Errorf("write the baseline: %w", err)
		}
	}
	return nil
}

// replace puts a whole file in the place of another one of a folder.
func replace(folder outfile.Folder, name string, b []byte) error {
	next := name + ".new"
	if err := outfile.Put(folder, next, b, 0o644); err != nil {
		return err
	}
	return folder.Rename(next, name)
}

func rank(name string) int {
	switch name {
	case ConfigName:
		return 2
	case TrustName:
		return 1
	}
	return 0
}

// Exposed says in words what it means that a key lies where it does; "" where nothing is
// to be said. elsewhere says that the machines are not this one: the folder goes to them.
func Exposed(dir, key string, elsewhere bool) string {
	const who = "whoever rules this machine can sign another baseline with it"
	abs := func(name string) string {
		if full, err := filepath.Abs(name); err == nil {
			return full
		}
		return name
	}
	rel, err := filepath.Rel(abs(dir), abs(key))
	switch {
	case err == nil && filepath.IsLocal(rel):
		return fmt.Sprintf("the key %s lies in the folder of the baseline: %s. Keep it on a medium that you take away, or in the TPM (--tpm)", key, who)
	case elsewhere:
	case sameDisk(dir, filepath.Dir(key)):
		return fmt.Sprintf("the key %s lies on the disk of the baseline: as long as it is there, %s. Move it to a medium that you take away, or make it in the TPM (--tpm)", key, who)
	}
	return ""
}

func sameDisk(a, b string) bool {
	one, err := os.Stat(a)
	for errors.Is(err, fs.ErrNotExist) && filepath.Dir(a) != a { // it will be made
		a = filepath.Dir(a)
		one, err = os.Stat(a)
	}
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	if err != nil {
		return false
	}
	x, ok := one.Sys().(*syscall.Stat_t)
	y, also := two.Sys().(*syscall.Stat_t)
	return ok && also && x.Dev == y.Dev
}
