package outfile

import (
	"os"
	"path/filepath"
)

// Same says that two names are of one file that is there.
func Same(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	return err == nil && os.SameFile(one, two)
}

// PlaceOf is where an output of a name would lie, links followed; "" where no file is put,
// as in that of a device.
func PlaceOf(name string) string {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return ""
	} else if err == nil {
		if name, err = realPath(name); err == nil {
			return name
		}
		return ""
	}
	folder, err := realPath(filepath.Dir(name))
	if err != nil {
		return "" // which opening it says
	}
	return filepath.Join(folder, filepath.Base(name))
}

// SamePlace says that two names are of one file, there or not.
func SamePlace(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) || Same(a, b) {
		return true
	}
	one, two := PlaceOf(a), PlaceOf(b)
	return one != "" && one == two
}

// Below is the name of a place below a folder, links of the folder followed.
func Below(folder, at string) (string, bool) {
	folder, err := realPath(folder)
	if err != nil {
		return "", false
	}
	below, err := filepath.Rel(folder, at)
	return below, err == nil && filepath.IsLocal(below)
}

func realPath(name string) (string, error) {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(name)
}
