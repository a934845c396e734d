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
	// State is one of those above, and Detail what there is to say of it, "" for nothing.
	State, Detail string
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
			req, state, detail := probeAny(env, req)
			if n := len(d.Sources) - 1; n >= 0 && detail == "" && d.Sources[n].State == state && d.Sources[n].Detail == "" && d.Sources[n].Decides == req.Decides {
				d.Sources[n].Paths = append(d.Sources[n].Paths, req.Path)
				continue
			}
			d.Sources = append(d.Sources, Tried{[]string{req.Path}, state, detail, req.Decides})
		}
		list = append(list, d)
	}
	return list
}

// probeAny tries a requirement's path, and where that is absent those that may
// stand in its place.
func probeAny(env *collect.Env, req collect.Requirement) (tried collect.Requirement, state, detail string) {
	state, detail = probe(env, req)
	for _, other := range req.Instead {
		if state != SourceAbsent {
			break
		}
		tried = req
		tried.Path = other
		if s, d := probe(env, tried); s != SourceAbsent {
			return tried, s, d
		}
	}
	return req, state, detail
}

// probe opens every path that matches a requirement. It reads nothing of a file
// whose reading has side effects.
func probe(env *collect.Env, req collect.Requirement) (state, detail string) {
	matches, err := fs.Glob(env.FS, req.Path)
	if err != nil || len(matches) == 0 {
		return SourceAbsent, ""
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
		return SourceAbsent, ""
	}
	if strings.ContainsAny(req.Path, "*?[") {
		detail = fmt.Sprintf(" (%d of %d)", readable, there)
	}
	switch {
	case errors.Is(failed, errHeaderOnly):
		return SourcePartly, ": 64 bytes of each; needs " + req.Privilege
	case failed == nil:
		return SourceReadable, detail
	case errors.Is(failed, fs.ErrPermission) && env.ByRoot != nil && *env.ByRoot:
		return SourceDenied, detail + ": refused to root, too"
	case errors.Is(failed, fs.ErrPermission) && req.Privilege != "":
		return SourceDenied, detail + ": needs " + req.Privilege
	case errors.Is(failed, fs.ErrPermission):
		return SourceDenied, detail
	default:
		return SourceUnreadable, detail
	}
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
