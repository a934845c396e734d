package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

func (a *app) reportStatement() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "statement REPORT --output FILE",
		Short: "Write a report as an unsigned statement, for another program to sign",
		Long: `Statement writes what report sign signs: for gpuaudit-sign, which signs with tokens, key
management services and sigstore's services, or for any other signer of in-toto
statements.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if output == "" {
				return errors.New("--output is required")
			}
			if outfile.Same(args[0], output) {
				return fmt.Errorf("--output %s: this would overwrite %s", output, args[0])
			}
			r, err := readReport(args[0])
			if err != nil {
				return err
			}
			statement, err := r.Statement()
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return a.put(output, statement)
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	return cmd
}
