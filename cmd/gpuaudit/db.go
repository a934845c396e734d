package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/catalog"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func (a *app) dbCommand() *cobra.Command {
	return group("db", "Look at the data that judgements rest on, and keep channels of manifests up to date",
		a.dbStatus(), a.dbRestrictions(), a.dbUpdate(), a.dbImport(), a.dbExport(), a.dbForget())
}

// dataStatus is what db status says.
type dataStatus struct {
	Sets    []dataSetStatus  `json:"data_sets"`
	Rows    catalog.Stats    `json:"catalogue_rows"`
	Sources []catalog.Source `json:"catalogue_sources"`
	// Catalogues are those of operators.
	Catalogues []report.Catalogue `json:"catalogues,omitempty"`
	// Channels are those that are kept here.
	Channels []channelStatus `json:"channels"`
}

type dataSetStatus struct {
	Name    string `json:"name"`
	Date    string `json:"date"`
	AgeDays int    `json:"age_days"`
	SHA256  string `json:"sha256"`
}

func (a *app) dbStatus() *cobra.Command {
	var format, when, dir, trust string
	var files []string
	var root rootFlag
	cmd := &cobra.Command{
		Use:   "status",
		Short: "List the embedded data, its age, rows and sources, and the channels that are kept",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("-o: unknown format %q: use text or json", format)
			}
			now, err := a.clock(when)
			if err != nil {
				return err
			}
			all, err := loadCatalogues(files, trust, &root, now)
			if err != nil {
				return err
			}
			s, err := statusOfData(all, now)
			if err != nil {
				return err
			}
			if s.Channels, err = a.statusOfChannels(cmd.Context(), dir, now); err != nil {
				return err
			}
			if format == "json" {
				return writeJSON(a.Stdout, s)
			}
			for _, d := range s.Sets {
				fmt.Fprintf(a.Stdout, "%-18s %s  %4d days  sha256:%s\n", d.Name, d.Date, d.AgeDays, d.SHA256)
			}
			r := s.Rows
			fmt.Fprintf(a.Stdout, "\ncatalogue: %d accelerators, %d makers, %d boards, %d board makers, %d modifications, %d sightings\n",
				r.Accelerators, r.Makers, r.Boards, r.BoardMakers, r.Mods, r.Sightings)
			for _, source := range s.Sources {
				for i, line := range report.Wrap(source.Text+" ("+source.Licence+")", 72) {
					fmt.Fprintf(a.Stdout, "  %-12s %s\n", map[bool]string{true: source.Key}[i == 0], line)
				}
			}
			all.print(a.Stdout)
			a.printChannels(s.Channels)
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&files, "catalogue", nil, "signed catalogue of an operator in the --trust file, to list with the embedded one (repeatable)")
	cmd.Flags().StringVar(&trust, "trust", "", "trust file, for --catalogue")
	root.register(cmd.Flags())
	cmd.Flags().StringVar(&dir, "state", "", stateUsage)
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	cmd.Flags().StringVar(&when, "now", "", "clock of ages and expiry (RFC 3339); default is the present time")
	return cmd
}

func statusOfData(c *catalogues, now time.Time) (*dataStatus, error) {
	sets, err := dataSets()
	if err != nil {
		return nil, err
	}
	root := sha256.Sum256(seal.PublicGoodText())
	sets = append(sets, audit.DataSet{Name: "trusted-root", Date: seal.PublicGoodDate, SHA256: hex.EncodeToString(root[:])})
	sets = append(sets, c.dataSets()...)
	s := &dataStatus{Rows: c.Stats(), Sources: c.Sources(), Catalogues: c.listed}
	for _, d := range sets {
		day, err := time.Parse(time.DateOnly, d.Date)
		if err != nil {
			return nil, fault.AsIncomplete(fmt.Errorf("data set %s: %w", d.Name, err))
		}
		s.Sets = append(s.Sets, dataSetStatus{d.Name, d.Date, int(now.Sub(day).Hours() / 24), d.SHA256})
	}
	return s, nil
}
