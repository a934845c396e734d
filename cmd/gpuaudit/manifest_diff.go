package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func (a *app) manifestDiff() *cobra.Command {
	var f checkFlags
	var format formatFlag
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say in what two manifests differ",
		Long: `Diff compares two bundles, or statements that are not signed yet: status, devices,
firmware, drivers, functions and memory. The edition (name, sequence, issue, expiry)
is no difference; it is named on standard error, with whether the file was verified.
It exits with 0 when both state the same and with 1 when they do not.`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			var stated [2]*manifest.Predicate
			for i, name := range args {
				c, err := a.check(name, &f)
				if err != nil {
					return err
				}
				p := c.Predicate
				a.warn("%s: %s: %s, edition %d, valid until %s", filepath.Base(name), c.Mark(), p.Name, p.Sequence, p.Expires.Format(time.DateOnly))
				stated[i] = p
			}
			changes := manifest.Diff(stated[0], stated[1])
			if err := printDifferences(a.Stdout, changes, format.json()); err != nil {
				return fault.AsIncomplete(err)
			}
			if len(changes) > 0 {
				return answered(exitFailed)
			}
			return nil
		},
	}
	f.register(cmd.Flags())
	format.register(cmd.Flags(), "text")
	return cmd
}

func printDifferences(w io.Writer, changes []manifest.Change, asJSON bool) error {
	if asJSON {
		return writeJSON(w, changes)
	}
	if len(changes) == 0 {
		_, err := fmt.Fprintln(w, "both state the same")
		return err
	}
	for _, c := range changes {
		if _, err := fmt.Fprintf(w, "%s\n  old  %s\n  new  %s\n", report.Clean(c.What), report.Clean(cmp.Or(c.Old, "none")), report.Clean(cmp.Or(c.New, "none"))); err != nil {
			return err
		}
	}
	return nil
}
