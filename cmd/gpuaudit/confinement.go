package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/fault"
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
	fmt.Fprintf(a.Stdout, "confinement\n  %s\n", a.protection)
	for _, m := range a.protection.Missing {
		fmt.Fprintf(a.Stdout, "  missing: %s: %s\n", m.Mechanism, oneLine(errors.New(m.Cause)))
	}
}
