package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/report"
)

func (a *app) policyCommand() *cobra.Command {
	return group("policy", "Look at the rules, and judge stored reports and captures by them",
		a.policyListCommand(), a.policyExplainCommand(), a.policyCheckCommand(), a.policyTestCommand(), a.policyLintCommand(), a.policyPackCommand(), a.policyBundleCommand())
}

func (a *app) policyListCommand() *cobra.Command {
	var f basisFlags
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the rules: id, severity, scope and title",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := f.listRules(cmd.Context())
			if err != nil {
				return err
			}
			switch format {
			case "json":
				return writeJSON(a.Stdout, list)
			case "table":
				for _, r := range list {
					title := r.Title
					if note := r.note(); note != "" {
						title += " (" + note + ")"
					}
					fmt.Fprintf(a.Stdout, "%-10s %-9s %-7s %s\n", r.ID, r.Severity, r.Scope, report.Clean(title))
				}
				return nil
			default:
				return fmt.Errorf("-o: unknown format %q: use table or json", format)
			}
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table or json")
	return cmd
}
