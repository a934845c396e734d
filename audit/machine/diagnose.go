package machine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

// What can be read of a source.
const (
	SourceReadable   = "readable"
	SourcePartly     = "partly" // less than those with more rights get
	SourceDenied     = "denied"
	SourceAbsent     = "absent"
	SourceUnreadable = "unreadable"
)

// Tried is what came of trying sources of a collector: one, or neighbours that decide the
// same and are in the same state. Of the many places of makers' software a machine has a
// few.
type Tried struct {
	// Paths are those of the sources, or of those that stand in their place.
	Paths []string
	// State is one of those above. Count says of a pattern how many of how many can be read,
	// and Detail what else there is to say; "" for nothing.
	State, Count, Detail string
	// Decides is what stays undecided without it.
	Decides string
}

// Diagnosis is what can be read for a collector.
type Diagnosis struct {
	Collector string
	Sources   []Tried
}

// Diagnose tries each source of each collector that reads the machine. Of a file whose
// reading has side effects it reads nothing.
func Diagnose(env *collect.Env) []Diagnosis {
	var list []Diagnosis
	for _, c := range Collectors() {
		if len(c.Requires) == 0 {
			continue // it reads what was given, and nothing of the machine
		}
		d := Diagnosis{Collector: c.Name}
		for _, req := range c.Requires {
			tried := probeAny(env, req)
			if n := len(d.Sources) - 1; n >= 0 && d.Sources[n].like(&tried) {
				d.Sources[n].Paths = append(d.Sources[n].Paths, tried.Paths...)
				continue
			}
			d.Sources = append(d.Sources, tried)
		}
		list = append(list, d)
	}
	return list
}

// like says that a source decides the same as another one and is in the same state, of which
// there is no more to say.
func (t *Tried) like(other *Tried) bool {
	return t.State == other.State && t.Decides == other.Decides && t.Count+t.Detail+other.Count+other.Detail == ""
}

// probeAny tries a requirement's path, and where that is absent those that may
// stand in its place.
func probeAny(env *collect.Env, req collect.Requirement) Tried {
	tried := probe(env, req)
	for _, other := range req.Instead {
		if tried.State != SourceAbsent {
			break
		}
		instead := req
		instead.Path = other
		if t := probe(env, instead); t.State != SourceAbsent {
			return t
		}
	}
	return tried
}

// probe opens every path that matches a requirement. It reads nothing of a file
// whose reading has side effects.
func probe(env *collect.Env, req collect.Requirement) Tried {
	t := Tried{Paths: []string{req.Path}, State: SourceAbsent, Decides: req.Decides}
	matches, err := fs.Glob(env.FS, req.Path)
	if err != nil || len(matches) == 0 {
		return t
	}
	readable, there := 0, 0
	var failed error // of all of them: the one that opens last says nothing of the others
	for _, name := range matches {
		switch err := tryOpen(env.FS, name); {
		case err == nil:
			readable, there = readable+1, there+1
		case errors.Is(err, fs.ErrNotExist):
			// A link to nothing, or to /dev/null: a unit that was removed, or masked.
		default:
			there, failed = there+1, errors.Join(failed, err)
		}
	}
	if there == 0 {
		return t
	}
	if strings.ContainsAny(req.Path, "*?[") && !errors.Is(failed, errHeaderOnly) {
		t.Count = fmt.Sprintf("%d of %d", readable, there)
	}
	switch {
	case errors.Is(failed, errHeaderOnly):
		t.State, t.Detail = SourcePartly, "64 bytes of each; needs "+req.Privilege
	case failed == nil:
		t.State = SourceReadable
	case errors.Is(failed, fs.ErrPermission) && env.ByRoot != nil && *env.ByRoot:
		t.State, t.Detail = SourceDenied, "refused to root, too"
	case errors.Is(failed, fs.ErrPermission) && req.Privilege != "":
		t.State, t.Detail = SourceDenied, "needs "+req.Privilege
	case errors.Is(failed, fs.ErrPermission):
		t.State = SourceDenied
	default:
		t.State = SourceUnreadable
	}
	return t
}

func tryOpen(fsys fs.FS, name string) error {
	if info, err := fs.Stat(fsys, name); err != nil {
		return err
	} else if m := info.Mode(); !m.IsRegular() && !m.IsDir() {
		return fs.ErrNotExist
	}
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if path.Base(name) != "config" {
		return nil
	}
	// The kernel opens configuration space for everybody and gives 64 bytes of
	// it to those without CAP_SYS_ADMIN.
	b, err := io.ReadAll(io.LimitReader(f, headerBytes+1))
	if err == nil && len(b) <= headerBytes {
		return errHeaderOnly
	}
	return err
}

const headerBytes = 64

var errHeaderOnly = errors.New("header only")
