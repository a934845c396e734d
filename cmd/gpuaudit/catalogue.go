package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/catalogue/overlay"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func printCatalogues(w io.Writer, list []report.Catalogue) {
	for _, l := range list {
		fmt.Fprintf(w, "\ncatalogue %s of %s, signed by %s: %d rows\n", report.Clean(l.Name), l.Date, report.Clean(l.Signer), l.Rows)
		for _, r := range l.Replaced {
			fmt.Fprintf(w, "  in the place of %s\n", report.Clean(r))
		}
	}
}

func (a *app) catalogueCommand() *cobra.Command {
	return group("catalogue", "Sign and verify rows of your own for the catalogue of devices",
		a.catalogueSign(), a.catalogueVerify())
}

func (a *app) catalogueSign() *cobra.Command {
	var s signFlags
	cmd := &cobra.Command{
		Use:   "sign ROWS --key KEY --output BUNDLE",
		Short: "Sign rows (JSON): a sigstore bundle that cosign can verify",
		Long: `Sign checks the rows as the embedded catalogue is checked, alone and together with it:
every id valid, no two rows for one thing, no row that contradicts another. Then it signs
them as an in-toto statement. The form of the rows is docs/schema/catalogue.v1.json.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.key == "" || s.output == "" {
				return errors.New("--key and --output are required")
			}
			embedded := catalogue.Load()
			return a.signFile(cmd.Context(), &s, args[0], seal.StatementLimit, func(text []byte) ([]byte, error) {
				return overlay.Statement(text, embedded)
			})
		},
	}
	s.register(a, cmd.Flags(), "")
	return cmd
}

func (a *app) catalogueVerify() *cobra.Command {
	var f referenceFlags
	var now clockFlag
	cmd := &cobra.Command{
		Use:   "verify BUNDLE... --trust FILE",
		Short: "Check who signed a catalogue, and list the rows that it replaces",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := now.at(a)
			if err != nil {
				return err
			}
			f.catalogues = args
			ref, err := a.reference(cmd.Context(), &f, at)
			if err != nil {
				return err
			}
			a.mark("verified", "catalogues: %d", len(ref.Operators))
			printCatalogues(a.Stdout, ref.Operators)
			return nil
		},
	}
	cmd.Flags().StringVar(&f.trust, "trust", "", "trust file: its operators may state catalogues, in their scope")
	now.register(cmd.Flags(), judgements)
	rootFlag(cmd.Flags(), &f.root)
	return cmd
}
