package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/report"
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

// stated is what a report says of the protection: nil where tests run a verb without any.
func (a *app) stated() *report.Protection {
	p := a.protection
	switch {
	case p == nil && a.unconfined:
		return nil
	case p == nil:
		return &report.Protection{User: os.Geteuid(), Missing: []string{"a process of its own: this command line is not judged apart; Landlock alone was asked for"}}
	}
	stated := &report.Protection{User: p.UID, NoNewPrivileges: p.NoNewPrivs, NoCapabilities: p.Capabilities, Seccomp: p.Seccomp, EmptyRoot: p.Scratch != "",
		LandlockABI: p.Landlock, Namespaces: p.Namespaces, MemoryBytes: p.Limits.Memory, CPUSeconds: p.Limits.CPU}
	for _, m := range p.Missing {
		stated.Missing = append(stated.Missing, m.Mechanism+": "+oneLine(errors.New(m.Cause)))
	}
	return stated
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
