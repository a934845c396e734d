package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/report"
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
			for _, name := range pack.Names() {
				p, err := shippedPack(name)
				if err != nil {
					return err
				}
				fmt.Fprintf(a.Stdout, "%-10s %s  %s\n", p.Name, p.Date, report.Clean(p.Description))
				a.demands(p)
			}
			return nil
		},
	}, &cobra.Command{
		Use:     "show NAME",
		Short:   "Print a pack that ships: a file to begin your own with",
		Example: "  gpuaudit policy pack show strict > ours.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			f, err := pack.Read(args[0])
			if err == nil {
				_, err = pack.Open(f)
			}
			if err != nil {
				return err
			}
			_, err = a.Stdout.Write(f.Data)
			return err
		},
	})
	return cmd
}

// demands prints which of the five questions a pack wants answered, and from what.
func (a *app) demands(p *pack.Pack) {
	for _, q := range p.Answers.List() {
		fmt.Fprintf(a.Stdout, "  %-8s %s\n", q, report.Clean(p.Answers[q]))
	}
}

func shippedPack(name string) (*pack.Pack, error) {
	f, err := pack.Read(name)
	if err != nil {
		return nil, err
	}
	return pack.Open(f)
}
