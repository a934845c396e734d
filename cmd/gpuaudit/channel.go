package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func (a *app) channelCommand() *cobra.Command {
	cmd := group("channel", "Look at the data that judgements rest on, and keep channels of manifests up to date",
		a.channelStatus(), a.channelRestrictions(), a.channelAdvisories(), a.channelUpdate(), a.channelImport(), a.channelExport(), a.channelForget())
	cmd.Aliases = []string{"db"} // its name before
	return cmd
}

func (a *app) channelStatus() *cobra.Command {
	var f referenceFlags
	var format formatFlag
	var now clockFlag
	var dir string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "List the embedded data, its age, rows and sources, and the channels that are kept",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := now.at(a)
			if err != nil {
				return err
			}
			all, err := a.reference(cmd.Context(), &f, at)
			if err != nil {
				return err
			}
			s, err := reference.StatusOf(all.Catalogues, at)
			if err != nil {
				return err
			}
			if s.Channels, err = a.statusOfChannels(cmd.Context(), dir, at); err != nil {
				return err
			}
			if format.json() {
				return writeJSON(a.Stdout, s)
			}
			for _, d := range s.Sets {
				fmt.Fprintf(a.Stdout, "%-18s %s  %4d days  sha256:%s\n", d.Name, d.Date, d.AgeDays, d.SHA256)
			}
			r := s.Rows
			fmt.Fprintf(a.Stdout, "\ncatalogue: %d accelerators, %d makers, %d boards, %d board makers, %d modifications, %d sightings\n",
				r.Accelerators, r.Makers, r.Boards, r.BoardMakers, r.Mods, r.Sightings)
			printCoverage(a.Stdout, s)
			for _, source := range s.Sources {
				for i, line := range report.Wrap(source.Text+" ("+source.Licence+")", 72) {
					fmt.Fprintf(a.Stdout, "  %-12s %s\n", map[bool]string{true: source.Key}[i == 0], line)
				}
			}
			printCatalogues(a.Stdout, s.Catalogues)
			a.printChannels(s.Channels)
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&f.catalogues, "catalogue", nil, "signed catalogue of an operator in the --trust file, to list with the embedded one (repeatable)")
	cmd.Flags().StringVar(&f.trust, "trust", "", "trust file, for --catalogue")
	rootFlag(cmd.Flags(), &f.root)
	cmd.Flags().StringVar(&dir, "state", "", stateUsage)
	format.register(cmd.Flags(), "text")
	now.register(cmd.Flags(), judgements)
	return cmd
}

// reference verifies what the flags name to compare facts with.
func (a *app) reference(ctx context.Context, f *referenceFlags, now time.Time) (*reference.Reference, error) {
	given, err := f.read(a)
	if err != nil {
		return nil, err
	}
	return reference.Load(ctx, &given, now)
}

// printCoverage says how much the rows know, in numbers.
func printCoverage(w io.Writer, s *reference.Status) {
	for _, c := range [...]struct {
		of   string
		know catalogue.Coverage
	}{{"all", s.Coverage.All}, {"data centres", s.Coverage.DataCentre}} {
		k := c.know
		text := fmt.Sprintf("of %d rows: sizes of %d, sourced %d, whole %d (%d more have the machine's memory); firmware %d, TPP %d, bandwidth %d, interconnect %d",
			k.Accelerators, k.Sizes, k.Sourced, k.Whole, k.Unified, k.Firmware, k.TPP, k.Bandwidth, k.Interconnect)
		for i, line := range report.Wrap(text, 72) {
			fmt.Fprintf(w, "  %-12s %s\n", map[bool]string{true: c.of}[i == 0], line)
		}
	}
}
