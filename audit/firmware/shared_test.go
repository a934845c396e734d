package firmware

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sharedDir finds the folder of ROM dumps beside the repository. The dumps are
// the vendors' and are never part of the project.
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
		t.Skip("the shared ROM dumps are not on this machine: ../shared/roms")
	}
	return roms
}

// dumps reads all shared ROM dumps, by file name.
func dumps(t testing.TB) map[string][]byte {
	t.Helper()
	dir := sharedDir(t)
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

// seed adds the shared dumps to a fuzz target where they are, each cut to a
// size that leaves the fuzzer some speed.
func seed(f *testing.F, files map[string][]byte) {
	const most = 128 << 10
	for _, b := range files {
		f.Add(b[:min(len(b), most)])
	}
}
