package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Look at the rules, and judge stored reports and captures by them",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.policyListCommand(), a.policyExplainCommand(), a.policyCheckCommand(), a.policyTestCommand(), a.policyLintCommand())
	return cmd
}

func (a *app) policyListCommand() *cobra.Command {
	var dir, format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the rules: id, severity, scope and title",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			engine, err := loadPolicy(cmd.Context(), dir)
			if err != nil {
				return err
			}
			switch format {
			case "json":
				enc := json.NewEncoder(a.Stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(engine.Rules())
			case "table":
				for _, r := range engine.Rules() {
					fmt.Fprintf(a.Stdout, "%-10s %-9s %-7s %s\n", r.ID, r.Severity, r.Scope, r.Title)
				}
				return nil
			default:
				return fmt.Errorf("-o: unknown format %q: use table or json", format)
			}
		},
	}
	cmd.Flags().StringVar(&dir, "policy", "", "directory of further rules, listed beside the built-in ones")
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table or json")
	return cmd
}
