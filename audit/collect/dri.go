package collect

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// DebugDRI is where debugfs has a folder for each minor of DRM.
const DebugDRI = "sys/kernel/debug/dri"

// maxMinors caps the folders that are looked through: DRM has 64 minors of each of three
// kinds.
const maxMinors = 256

// DRIFolder finds the folder of debugfs that belongs to a device: its file name says so
// ("amdgpu dev=0000:03:00.0 unique=…"). It is "" where all could be read and none does.
func DRIFolder(fsys fs.FS, address string) (string, error) {
	entries, err := fs.ReadDir(fsys, DebugDRI)
	if err != nil {
		return "", err
	}
	var failed error
	for i, e := range entries {
		if i == maxMinors {
			return "", fmt.Errorf("%w of %d folders", ErrLimit, maxMinors)
		}
		folder := path.Join(DebugDRI, e.Name())
		text, err := Attr(fsys, path.Join(folder, "name"))
		switch {
		case err == nil && slices.Contains(strings.Fields(text), "dev="+address):
			return folder, nil
		case err != nil && !Absent(err):
			failed = err
		}
	}
	return "", failed
}
