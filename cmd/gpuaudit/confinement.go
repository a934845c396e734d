package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/sandbox"
)

// requireConfinement refuses to go on where somebody demands what is not in force.
func (a *app) requireConfinement() error {
	switch {
	case a.protection == nil && a.confinement:
		return fault.AsIncomplete(errors.New("--require-confinement: this verb, or one of its flags, is not judged in a process without rights"))
	case a.protection == nil:
		return nil
	case a.confinement && !a.protection.Whole():
		return fault.AsIncomplete(fmt.Errorf("--require-confinement: %s", a.unprotected()))
	case a.verbose && !a.protection.Whole():
		a.remark("not confined as far as possible: %s", a.unprotected())
	}
	return nil
}

// unprotected says what is missing, and why.
func (a *app) unprotected() string {
	var list []string
	for _, m := range a.protection.Missing {
		list = append(list, m.Mechanism+" ("+oneLine(errors.New(m.Cause))+")")
	}
	return strings.Join(list, "; ")
}

// describeConfinement says what keeps in the process that reads what devices say.
func (a *app) describeConfinement() {
	fmt.Fprintf(a.Stdout, "confinement\n  %s\n", protected(a.protection))
	for _, m := range a.protection.Missing {
		fmt.Fprintf(a.Stdout, "  missing: %s: %s\n", m.Mechanism, oneLine(errors.New(m.Cause)))
	}
}

// protected is what is in force, in a line.
func protected(p *sandbox.Protection) string {
	list := []string{fmt.Sprintf("user %d", p.UID)}
	for _, m := range []struct {
		on   bool
		name string
	}{{p.Capabilities, "no capabilities"}, {p.NoNewPrivs, "no new privileges"}, {p.Seccomp, "seccomp"}, {p.Scratch != "", "an empty root directory"}} {
		if m.on {
			list = append(list, m.name)
		}
	}
	if p.Landlock > 0 {
		list = append(list, fmt.Sprintf("Landlock ABI %d", p.Landlock))
	}
	if len(p.Namespaces) > 0 {
		list = append(list, "namespaces "+strings.Join(p.Namespaces, " "))
	}
	return strings.Join(list, ", ")
}
