package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func (a *app) policyCommand() *cobra.Command {
	return group("policy", "Look at the rules, and judge stored reports and captures by them",
		a.policyListCommand(), a.policyExplainCommand(), a.policyShowCommand(), a.policyNewCommand(), a.policyCheckCommand(), a.policyTestCommand(), a.policyLintCommand(), a.policyPackCommand(), a.policyBundleCommand())
}

func (a *app) policyListCommand() *cobra.Command {
	var f basisFlags
	var format formatFlag
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the rules: id, severity, scope and title",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := f.list(cmd.Context())
			if err != nil {
				return err
			}
			if format.json() {
				return writeJSON(a.Stdout, list)
			}
			chosen, err := f.chosen()
			if err != nil {
				return err
			}
			if chosen != nil {
				fmt.Fprintf(a.Stdout, "%s: %s It wants answers to:\n", chosen.Name, report.Clean(chosen.Description))
				a.demands(chosen)
			}
			for _, r := range list {
				title := r.Title
				if note := noteOf(&r); note != "" {
					title += " (" + note + ")"
				}
				fmt.Fprintf(a.Stdout, "%-10s %-9s %-7s %s\n", r.ID, r.Severity, r.Scope, report.Clean(title))
			}
			return nil
		},
	}
	f.register(cmd.Flags())
	format.register(cmd.Flags(), "table")
	return cmd
}

// noteOf says in a few words how a rule counts otherwise than it states.
func noteOf(r *audit.Rule) string {
	note := r.Note()
	if r.Effective != nil {
		if note != "" {
			note += "; "
		}
		note += "counts from " + r.Effective.Format(time.DateOnly) + " on"
	}
	return note
}
