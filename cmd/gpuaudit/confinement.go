package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/sandbox"
)

// requireConfinement refuses to go on where somebody demands what is not in force, and says
// what is not.
func (a *app) requireConfinement() error {
	switch p := a.protection; {
	case p == nil && a.confinement && a.alone != nil:
		return fault.AsIncomplete(fmt.Errorf("--require-confinement: nothing is judged in a process without rights here: %w", a.alone))
	case p == nil && a.confinement:
		return fault.AsIncomplete(errors.New("--require-confinement: this verb, or one of its flags, is not judged in a process without rights"))
	case p == nil || p.Whole():
		return nil
	case a.confinement:
		return fault.AsIncomplete(fmt.Errorf("--require-confinement: %s", a.unprotected()))
	case !p.Seccomp || p.Landlock == 0 && p.Scratch == "":
		a.warn("little keeps in the process that parses what others wrote: %s", a.unprotected())
	case a.verbose:
		a.remark("not confined as far as possible: %s", a.unprotected())
	default:
		a.remark("not all of what keeps in the process that parses what others wrote is in force: gpuaudit doctor says what is missing")
	}
	return nil
}

// apart lets no verb begin with the rights of its user that parses what others wrote: that
// is for a judge. Where there can be none, it is said.
func (a *app) apart(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		a.apart(c)
	}
	run := cmd.RunE
	if verbOf(cmd) == nil || run == nil {
		return
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case a.protection != nil || a.unconfined:
		case a.alone == nil:
			return fault.AsIncomplete(errors.New("a command line of which it is not known what it needs: nothing is parsed with the rights of its user"))
		default:
			a.warn("what others wrote is parsed with the rights of user %d, and not in a process without rights: %v", os.Geteuid(), a.alone)
		}
		return run(cmd, args)
	}
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
		return &report.Protection{User: os.Geteuid(), Missing: []string{"a process of its own: " + oneLine(cmp.Or(a.alone, errors.New("none was started")))}}
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
	fmt.Fprintln(a.Stdout, "confinement")
	fmt.Fprintln(a.Stdout, "  "+a.list(protected(a.protection)))
	for _, m := range a.protection.Missing {
		a.say("  missing: %s: %s", m.Mechanism, oneLine(errors.New(m.Cause)))
	}
}

// protected is what is in force.
func protected(p *sandbox.Protection) []string {
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
	return list
}
