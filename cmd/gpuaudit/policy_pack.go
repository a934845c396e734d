package main

import (
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/rules"
)

func (a *app) policyPackCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pack",
		Short: "Look at the packs, which say how rules count",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "List the packs that ship",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			for _, name := range packNames() {
				p, err := (&basisFlags{pack: name}).loadPack()
				if err != nil {
					return err
				}
				fmt.Fprintf(a.Stdout, "%-8s %s  %s\n", p.Name, p.Date, report.Clean(p.Description))
			}
			return nil
		},
	}, &cobra.Command{
		Use:     "show NAME",
		Short:   "Print a pack that ships: a file to begin your own with",
		Example: "  gpuaudit policy pack show strict > ours.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := (&basisFlags{pack: args[0]}).loadPack(); err != nil {
				return err
			}
			text, err := fs.ReadFile(rules.Packs(), args[0]+".yaml")
			if err != nil {
				return fmt.Errorf("show a pack that ships: %w", err)
			}
			_, err = a.Stdout.Write(text)
			return err
		},
	})
	return cmd
}
