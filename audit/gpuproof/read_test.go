package gpuproof_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// TestRead: files and folders of manifests, each once; what is something else is passed over
// in a folder, and named where it was named.
func TestRead(t *testing.T) {
	m := newMachine(t)
	dir := t.TempDir()
	put := func(name string, b []byte) string {
		name = filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(name), 0o700))
		must(t, os.WriteFile(name, b, 0o600))
		return name
	}
	names := slices.Sorted(maps.Keys(m.given.Manifests))
	if len(names) < 2 {
		t.Fatalf("manifests: %q", names)
	}
	first, second := m.given.Manifests[names[0]], m.given.Manifests[names[1]]
	put("all/a", first)
	put("all/.hidden", second)
	put("all/README", []byte("none"))
	other := put("other/a", second)
	readme := put("none/README", []byte("none"))
	roots := put("roots.pem", []byte("roots"))

	n := gpuproof.Names{Manifests: []string{filepath.Join(dir, "all"), other, filepath.Join(dir, "all/a")}, DeviceRoots: roots}
	g, err := n.Read(func(err error) { t.Errorf("warned: %v", err) })
	must(t, err)
	if len(g.Manifests) != 2 || string(g.Manifests["a"]) != string(first) || g.DeviceRoots == nil || g.ManifestRoots != nil || len(g.Answers) != 0 {
		t.Errorf("%d manifests %q, roots %v", len(g.Manifests), slices.Sorted(maps.Keys(g.Manifests)), g.DeviceRoots)
	}
	for name, tc := range map[string]struct {
		n    gpuproof.Names
		want string
	}{
		"a key without its file":   {gpuproof.Names{CollateralKey: roots}, "--collateral-key is about"},
		"something else, named":    {gpuproof.Names{Manifests: []string{readme}}, "--rim: " + readme + ": no reference manifest"},
		"a folder without any":     {gpuproof.Names{Manifests: []string{filepath.Dir(readme)}}, "--rim: " + filepath.Dir(readme) + " holds no reference manifest"},
		"answers that are none":    {gpuproof.Names{Answers: []string{readme}}, "--ocsp: " + readme + ": no OCSP answer"},
		"a file that is not there": {gpuproof.Names{ManifestRoots: dir + "/none"}, "--rim-roots: "},
	} {
		if _, err := tc.n.Read(func(error) {}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// TestReadTogether: what is held together has a bound, and a folder does not go on beyond it.
func TestReadTogether(t *testing.T) {
	m := newMachine(t)
	dir := t.TempDir()
	for _, b := range m.given.Manifests {
		// The same manifest with room behind it is another file, and a manifest still.
		for i := range 200 {
			must(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), append(bytes.Clone(b), bytes.Repeat([]byte("\n"), rim.MaxBytes-len(b)-i)...), 0o600))
		}
		break
	}
	n := gpuproof.Names{Manifests: []string{dir}}
	if _, err := n.Read(func(err error) { t.Errorf("warned: %v", err) }); !errors.Is(err, input.ErrTooLarge) || !strings.Contains(err.Error(), "together") {
		t.Errorf("%v", err)
	}
}
