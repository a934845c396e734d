package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

func (a *app) doctorCommand() *cobra.Command {
	var source sourceFlags
	var files besideFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say which sources can be read now, and what stays undecided without the others",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := source.source(&boot.Given{}, false)
			if err != nil {
				return err
			}
			beside, err := files.read()
			if err != nil {
				return err
			}
			m, err := a.open(cmd.Context(), s, a.Now().UTC())
			if err != nil {
				return err
			}
			defer m.Close()
			if err := m.Bring(&beside); err != nil {
				return err
			}
			for _, p := range m.Problems {
				a.warn("%s: %s", p.Input, p.Cause)
			}
			if a.protection != nil {
				a.describeConfinement()
			}
			refused, sources := a.diagnose(m.Env)
			a.conclude(s, refused, sources)
			return nil
		},
	}
	source.register(cmd.Flags(), &files)
	return cmd
}

// tried are sources of one collector that decide the same and are in the same state.
type tried struct {
	paths                  []string
	state, detail, decides string
}

// diagnose tries each source of each collector and prints what came of it. It counts
// those that are refused.
func (a *app) diagnose(env *collect.Env) (refused, sources int) {
	undecided := 0
	for _, c := range machine.Collectors() {
		if len(c.Requires) == 0 {
			continue // it reads what was given, and nothing of the machine
		}
		fmt.Fprintf(a.Stdout, "%s\n", c.Name)
		for _, t := range tryAll(env, c.Requires) {
			sources += len(t.paths)
			if t.state == "denied" || t.state == "partly" {
				refused += len(t.paths)
			}
			more := ""
			if n := len(t.paths) - 1; n > 0 {
				more = fmt.Sprintf(" and %d more", n)
			}
			fmt.Fprintf(a.Stdout, "  %-10s  %s%s%s\n", t.state, t.paths[0], more, t.detail)
			if t.state != "readable" {
				undecided += len(t.paths)
				fmt.Fprintf(a.Stdout, "  %-10s  undecided without it: %s\n", "", t.decides)
			}
		}
	}
	switch undecided {
	case 0:
		fmt.Fprintln(a.Stdout, "\nEvery source can be read.")
	case 1:
		fmt.Fprintf(a.Stdout, "\n1 of %d sources cannot be read now. %s\n", sources, absentIsNormal)
	default:
		fmt.Fprintf(a.Stdout, "\n%d of %d sources cannot be read now. %s\n", undecided, sources, absentIsNormal)
	}
	return refused, sources
}

const absentIsNormal = `"absent" may be normal: no such device, driver or mount on this machine.`

// tryAll tries the sources of a collector. Neighbours that say the same are one row: of
// the many places of makers' software a machine has a few.
func tryAll(env *collect.Env, list []collect.Requirement) (rows []tried) {
	for _, req := range list {
		req, state, detail := probeAny(env, req)
		row := tried{[]string{req.Path}, state, detail, req.Decides}
		if n := len(rows) - 1; n >= 0 && detail == "" && rows[n].state == state && rows[n].detail == "" && rows[n].decides == req.Decides {
			rows[n].paths = append(rows[n].paths, req.Path)
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

// probeAny tries a requirement's path, and where that is absent those that may
// stand in its place.
func probeAny(env *collect.Env, req collect.Requirement) (tried collect.Requirement, state, detail string) {
	state, detail = probe(env, req)
	for _, other := range req.Instead {
		if state != "absent" {
			break
		}
		tried = req
		tried.Path = other
		if s, d := probe(env, tried); s != "absent" {
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
		return "absent", ""
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
		return "absent", ""
	}
	if strings.ContainsAny(req.Path, "*?[") {
		detail = fmt.Sprintf(" (%d of %d)", readable, there)
	}
	switch {
	case errors.Is(failed, errHeaderOnly):
		return "partly", ": 64 bytes of each; needs " + req.Privilege
	case failed == nil:
		return "readable", detail
	case errors.Is(failed, fs.ErrPermission) && env.ByRoot != nil && *env.ByRoot:
		return "denied", detail + ": refused to root, too"
	case errors.Is(failed, fs.ErrPermission) && req.Privilege != "":
		return "denied", detail + ": needs " + req.Privilege
	case errors.Is(failed, fs.ErrPermission):
		return "denied", detail
	default:
		return "unreadable", detail
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
