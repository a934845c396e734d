package firmware

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sharedDir finds the folder of ROM dumps beside the repository, "" where it is
// absent. The dumps are the vendors' and are never part of the project.
func sharedDir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
	roms := filepath.Join(dir, "..", "shared", "roms")
	if _, err := os.Stat(roms); err != nil {
		return ""
	}
	return roms
}

// dumps reads all shared ROM dumps, by file name, and skips the test where
// there are none.
func dumps(t testing.TB) map[string][]byte {
	t.Helper()
	files := dumpsOrNone(t)
	if len(files) == 0 {
		t.Skip("the shared ROM dumps are not on this machine: ../shared/roms")
	}
	return files
}

// dumpsOrNone is dumps for a fuzz target, whose own seeds are enough.
func dumpsOrNone(t testing.TB) map[string][]byte {
	t.Helper()
	dir := sharedDir(t)
	if dir == "" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".csv") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = b
	}
	return files
}
