package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/catalog"
	"github.com/gpuaudit/gpuaudit/audit/catalog/overlay"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// catalogues is the embedded catalogue with those of operators on top.
type catalogues struct {
	*catalog.Catalogue
	listed []report.Catalogue
}

// dataSets are those of operators: inputs of the verdict.
func (c *catalogues) dataSets() []audit.DataSet {
	var sets []audit.DataSet
	for _, l := range c.listed {
		sets = append(sets, audit.DataSet{Name: "catalogue-" + l.Name, Date: l.Date, SHA256: l.SHA256})
	}
	return sets
}

// loadCatalogues lays signed catalogues on the embedded one. What does not verify
// keeps the audit from being done: a scan without rows that were asked for would
// answer another question.
func loadCatalogues(files []string, trustFile string, root *rootFlag, now time.Time) (*catalogues, error) {
	embedded, err := catalog.Load()
	if err != nil {
		return nil, fault.AsIncomplete(fmt.Errorf("read the embedded catalogue: %w", err))
	}
	all := &catalogues{Catalogue: embedded}
	if len(files) == 0 {
		return all, nil
	}
	if trustFile == "" {
		return nil, errors.New("--catalogue needs --trust: a signature counts only with a key that you trust")
	}
	trust, err := root.trust(trustFile)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := all.lay(file, trust, now); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (c *catalogues) lay(file string, trust *manifest.Trust, now time.Time) error {
	text, err := readFile(file, seal.BundleLimit)
	if err != nil {
		return fmt.Errorf("--catalogue: %w", err)
	}
	s, err := overlay.Verify(text, trust, now)
	if err != nil {
		return fault.AsSignature(fmt.Errorf("--catalogue %s: %w", filepath.Base(file), err))
	}
	merged, replaced, err := c.With(s.Rows, s.Signer)
	if err != nil {
		return fmt.Errorf("--catalogue %s: %w", filepath.Base(file), err)
	}
	c.Catalogue = merged
	c.listed = append(c.listed, report.Catalogue{Name: s.Rows.Name, Date: s.Rows.Date, SHA256: s.SHA256, Signer: s.Signer,
		Rows: s.Rows.Count(), Replaced: append([]string{}, replaced...)})
	return nil
}

func (c *catalogues) print(w io.Writer) {
	for _, l := range c.listed {
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
	var s signing
	cmd := &cobra.Command{
		Use:   "sign ROWS --key KEY --output BUNDLE",
		Short: "Sign rows (JSON): a sigstore bundle that cosign can verify",
		Long: `Sign holds the rows to what the embedded catalogue is held to, and against it: every id
valid, no two rows for one thing, no row that contradicts another. Then it signs them as
an in-toto statement. The form of the rows is docs/schema/catalogue.v1.json.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.key == "" || s.output == "" {
				return errors.New("--key and --output are required")
			}
			embedded, err := catalog.Load()
			if err != nil {
				return fault.AsIncomplete(err)
			}
			return a.signFile(cmd.Context(), &s, args[0], seal.StatementLimit, func(text []byte) ([]byte, error) {
				return overlay.Statement(text, embedded)
			})
		},
	}
	s.register(a, cmd.Flags(), "")
	return cmd
}

func (a *app) catalogueVerify() *cobra.Command {
	var trust, when string
	var root rootFlag
	cmd := &cobra.Command{
		Use:   "verify BUNDLE... --trust FILE",
		Short: "Check who signed a catalogue, and what it puts in the place of what",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			now, err := a.clock(when)
			if err != nil {
				return err
			}
			c, err := loadCatalogues(args, trust, &root, now)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.Stdout, "verified  %d catalogue(s)\n", len(c.listed))
			c.print(a.Stdout)
			return nil
		},
	}
	cmd.Flags().StringVar(&trust, "trust", "", "trust file: its operators may state catalogues, in their scope")
	cmd.Flags().StringVar(&when, "now", "", "clock of the verification (RFC 3339); default is the present time")
	root.register(cmd.Flags())
	return cmd
}
