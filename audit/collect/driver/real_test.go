package driver

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// TestRealModules reads modules of an installed kernel package and holds what
// it reads of them against kmod's modinfo. MODULES names another folder than
// /lib/modules, and EVERY takes another number than each hundredth.
func TestRealModules(t *testing.T) {
	dir := cmp.Or(os.Getenv("MODULES"), "/lib/modules")
	tool, err := exec.LookPath("modinfo")
	if err != nil {
		t.Skip("kmod's modinfo is not installed: nothing to compare with")
	}
	every := 100
	if os.Getenv("EVERY") != "" {
		every, _ = strconv.Atoi(os.Getenv("EVERY"))
	}
	fsys, n, compared := os.DirFS(dir), 0, 0
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		base, _ := splitCompression(name)
		if err != nil || d.IsDir() || !strings.HasSuffix(base, ".ko") {
			return nil
		}
		if n++; n%every != 0 {
			return nil
		}
		compared++
		compareWithModinfo(t, fsys, dir, name, tool)
		return nil
	})
	if err != nil || n == 0 {
		t.Skipf("%s holds no kernel modules", dir)
	}
	t.Logf("compared %d of %d modules", compared, n)
}

func compareWithModinfo(t *testing.T, fsys fs.FS, dir, name, tool string) {
	t.Helper()
	facts, err := readModule(context.Background(), fsys, name)
	if err != nil || facts.File == nil {
		t.Errorf("%s: %v %v", name, err, facts.Gaps)
		return
	}
	f := facts.File
	for field, got := range map[string]*string{
		"version": f.Version, "srcversion": f.SrcVersion, "license": f.License, "vermagic": f.VerMagic,
		"signer": f.Signature.Signer, "sig_key": f.Signature.KeyID, "sig_hashalgo": f.Signature.Hash,
		"firmware": inventory.Fact(strings.Join(facts.Firmware, "\n")),
	} {
		out, err := exec.Command(tool, "-F", field, filepath.Join(dir, name)).Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := strings.TrimSuffix(string(out), "\n")
		switch field {
		case "sig_key":
			want = strings.ToLower(strings.ReplaceAll(want, ":", ""))
		case "license":
			want, _, _ = strings.Cut(want, "\n")
		}
		if have := inventory.Text(got); strings.TrimSpace(have) != strings.TrimSpace(want) {
			t.Errorf("%s: %s is %q, modinfo says %q", name, field, have, want)
		}
	}
}
