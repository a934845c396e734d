package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// watchFlag is how often the machine is looked at; 0 is once.
type watchFlag time.Duration

// leastWatch is the shortest time between two looks.
const leastWatch = 100 * time.Millisecond

func (f *watchFlag) register(flags *pflag.FlagSet) {
	flags.DurationVar((*time.Duration)(f), "watch", 0, "go on, look at the machine this often, and say what a hot-plug or the reload of a driver changed, with the new verdict")
	flags.Lookup("watch").NoOptDefVal = "2s"
}

// check says what does not go with watching.
func (f *scanFlags) watches(out *outputs) error {
	switch {
	case time.Duration(f.watch) < leastWatch:
		return fmt.Errorf("--watch: look every %s or less often", leastWatch)
	case f.source.capture != "":
		return errors.New("--watch and --capture exclude each other: a capture does not change")
	case f.source.attest != "" || f.inputs.beside.evidence != "":
		return errors.New("--watch does not go with what a TPM proves: that is of one moment")
	case len(out.list) != 1 || out.list[0].format != "table" || out.list[0].file != "-":
		return errors.New("--watch prints to the screen: leave -o out")
	}
	return nil
}

// watch audits, and audits again when a card came or went or a driver was loaded anew,
// until a signal ends it. The exit code is that of the last verdict.
func (a *app) watch(ctx context.Context, f *scanFlags, in audit.Inputs, out *outputs) error {
	if err := f.watches(out); err != nil {
		return err
	}
	s, err := f.source.source(&in.TPM, false)
	if err != nil {
		return err
	}
	m, err := a.open(ctx, s, in.Question.Now)
	if err != nil {
		return err
	}
	defer m.Close()
	a.confine(m.Rights()...)
	marks, err := m.Marks()
	if err != nil {
		return fault.AsIncomplete(err)
	}
	r, err := a.look(ctx, in, m)
	if err != nil {
		return err
	}
	if err := a.table(a.Stdout, r, out, true); err != nil {
		return unwritten(err)
	}
	for {
		now, err := m.Changed(ctx, marks, time.Duration(f.watch))
		if ctx.Err() != nil {
			return verdict(r)
		}
		if err != nil {
			return fault.AsIncomplete(err)
		}
		marks = now
		if f.inputs.now == "" {
			in.Question.Now = a.Now().UTC().Truncate(time.Second)
		}
		if err := m.Afresh(in.Question.Now, a.opening(in.Question.Now)); err != nil {
			return fault.AsIncomplete(err)
		}
		again, err := a.look(ctx, in, m)
		if ctx.Err() != nil {
			return verdict(r) // ended while it looked
		}
		if err != nil {
			return err
		}
		if err := a.told(r, again, out); err != nil {
			return fault.AsIncomplete(err)
		}
		r = again
	}
}

// look is one audit of the machine that is watched.
func (a *app) look(ctx context.Context, in audit.Inputs, m *machine.Machine) (*report.Report, error) {
	audited, err := audit.New(ctx, in)
	if err != nil {
		return nil, err
	}
	r, err := audited.Run(ctx, m)
	if err != nil {
		return nil, err
	}
	for _, p := range r.Problems {
		a.warn("%s: %s", p.Input, p.Cause)
	}
	return r, nil
}

// told prints a line for each change of the machine and of the answers, and the verdict
// that they give. Which rules changed their minds is for report diff to say.
func (a *app) told(before, after *report.Report, out *outputs) error {
	changes := slices.DeleteFunc(report.Diff(before.In(out.language), after.In(out.language)), func(c report.Change) bool { return c.Severity != "" || c.Owner == "verdict" })
	if err := a.printDifferences(changes, false); err != nil {
		return err
	}
	return report.VerdictLine(a.Stdout, after, report.TableOptions{Language: out.language})
}
