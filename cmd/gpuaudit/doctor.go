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

// diagnose tries each source of each collector and prints what came of it. It counts
// those that are refused.
func (a *app) diagnose(env *collect.Env) (refused, sources int) {
	undecided := 0
	for _, c := range machine.Collectors() {
		if len(c.Requires) == 0 {
			continue // it reads what was given, and nothing of the machine
		}
		fmt.Fprintf(a.Stdout, "%s\n", c.Name)
		for _, req := range c.Requires {
			req, state, detail := probeAny(env, req)
			sources++
			if state == "denied" || state == "partly" {
				refused++
			}
			fmt.Fprintf(a.Stdout, "  %-10s  %s%s\n", state, req.Path, detail)
			if state != "readable" {
				undecided++
				fmt.Fprintf(a.Stdout, "  %-10s  undecided without it: %s\n", "", req.Decides)
			}
		}
	}
	if undecided == 0 {
		fmt.Fprintln(a.Stdout, "\nEvery source can be read.")
		return refused, sources
	}
	fmt.Fprintf(a.Stdout, "\n%d source(s) cannot be read now. \"absent\" may be normal: no such device, driver or mount on this machine.\n", undecided)
	return refused, sources
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
	readable := 0
	var last error
	for _, name := range matches {
		if last = tryOpen(env.FS, name); last == nil {
			readable++
		}
	}
	if strings.ContainsAny(req.Path, "*?[") {
		detail = fmt.Sprintf(" (%d of %d)", readable, len(matches))
	}
	switch {
	case errors.Is(last, errHeaderOnly):
		return "partly", ": 64 bytes of each; needs " + req.Privilege
	case readable == len(matches):
		return "readable", detail
	case errors.Is(last, fs.ErrPermission) && env.ByRoot != nil && *env.ByRoot:
		return "denied", detail + ": refused to root, too"
	case errors.Is(last, fs.ErrPermission) && req.Privilege != "":
		return "denied", detail + ": needs " + req.Privilege
	case errors.Is(last, fs.ErrPermission):
		return "denied", detail
	default:
		return "unreadable", detail
	}
}

func tryOpen(fsys fs.FS, name string) error {
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
