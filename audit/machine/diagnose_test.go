package machine_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// refusing is a root that refuses one name.
type refusing struct {
	fstest.MapFS
	name string
}

func (r refusing) Open(name string) (fs.File, error) {
	if name == r.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return r.MapFS.Open(name)
}

// TestDiagnose: every source of every collector is tried, and each that cannot be read says
// what stays undecided.
func TestDiagnose(t *testing.T) {
	const device = "sys/bus/pci/devices/0000:01:00.0/"
	files := func(config int) fstest.MapFS {
		return fstest.MapFS{device + "config": {Data: make([]byte, config)}, device + "vendor": {Data: []byte("0x10de\n")}}
	}
	find := func(fsys fs.FS, path string) (found machine.Tried) {
		t.Helper()
		n := 0
		for _, d := range machine.Diagnose(&collect.Env{FS: fsys}) {
			for _, s := range d.Sources {
				if s.State != machine.SourceReadable && s.Decides == "" {
					t.Errorf("%s: %s: nothing is undecided without it", d.Collector, s.Paths)
				}
				if n++; slices.ContainsFunc(s.Paths, func(p string) bool { return strings.HasSuffix(p, path) }) && found.Paths == nil {
					found = s
				}
			}
		}
		if n == 0 || found.Paths == nil {
			t.Fatalf("%s is not among %d sources", path, n)
		}
		return found
	}
	for name, tc := range map[string]struct {
		fsys  fs.FS
		state string
	}{
		"all of it":       {files(4096), machine.SourceReadable},
		"its header":      {files(64), machine.SourcePartly},
		"refused":         {refusing{files(4096), device + "config"}, machine.SourceDenied},
		"another machine": {fstest.MapFS{}, machine.SourceAbsent},
	} {
		if got := find(tc.fsys, "/config"); got.State != tc.state {
			t.Errorf("%s: %+v, want %s", name, got, tc.state)
		}
	}
	if got := machine.Diagnose(&collect.Env{FS: fstest.MapFS{}}); len(got) < 5 {
		t.Errorf("%d collectors", len(got))
	}
}
