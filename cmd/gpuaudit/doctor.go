package main

import (
	"fmt"

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

// diagnose prints what can be read of each source of each collector. It counts those that
// are refused.
func (a *app) diagnose(env *collect.Env) (refused, sources int) {
	undecided := 0
	for _, d := range machine.Diagnose(env) {
		fmt.Fprintln(a.Stdout, d.Collector)
		for _, tried := range d.Sources {
			n := len(tried.Paths)
			sources += n
			if tried.State == machine.SourceDenied || tried.State == machine.SourcePartly {
				refused += n
			}
			more := ""
			if n > 1 {
				more = " " + a.words.Note(fmt.Sprintf("and %d more", n-1))
			}
			detail := ""
			if tried.Count != "" {
				detail += " (" + a.words.Note(tried.Count) + ")"
			}
			if tried.Detail != "" {
				detail += a.words.Term(":") + " " + a.words.Note(tried.Detail)
			}
			fmt.Fprintf(a.Stdout, "  %-10s  %s%s%s\n", a.words.Note(tried.State), tried.Paths[0], more, detail)
			if tried.State != machine.SourceReadable {
				undecided += n
				a.say("              undecided without it: %s", tried.Decides)
			}
		}
	}
	fmt.Fprintln(a.Stdout)
	if undecided == 0 {
		a.say("Every source can be read.")
		return refused, sources
	}
	a.say("%d of %d sources cannot be read now. \"absent\" may be normal: no such device, driver or mount on this machine.", undecided, sources)
	return refused, sources
}
