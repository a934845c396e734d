package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/advisory"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/rules"
)

// advisoriesName is what the data are called in a channel.
const advisoriesName = "driver_advisories"

func (a *app) channelAdvisories() *cobra.Command {
	var output, base string
	var maps []string
	var now clockFlag
	cmd := &cobra.Command{
		Use:   "advisories FILE... --output driver_advisories.json",
		Short: "Add advisories in CSAF 2.0 or OSV to the data that drivers and packages are judged by",
		Long: `Advisories makes driver_advisories.json of the program's own data, or of those of --base,
and of what others publish: CSAF 2.0, OSV, and CISA's list of known exploited
vulnerabilities, which marks those that are used in attacks. Publish the result in a
channel of yours (manifest publish add), and scan with --channel-data. Signatures of the
documents are not checked: what counts is your signature on the channel.

--map says what the versions of a product are compared with, by the name that the document
gives it: nvidia-driver (by branch), module:NAME (the version of a kernel module of
another maker), or package:NAME[,NAME]. Packages of distributions are known by their own
names, and so are NVIDIA's driver, container toolkit and DCGM in NVIDIA's documents. What
is not taken is said, with the reason.`,
		Example: `  gpuaudit channel advisories 5850.json known_exploited_vulnerabilities.json \
    --output driver_advisories.json
  gpuaudit channel advisories acme.json --map "ACME GPU=module:acmegpu" \
    --output driver_advisories.json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if output == "" {
				return errors.New("--output is required")
			}
			at, err := now.at(a)
			if err != nil {
				return err
			}
			targets, err := advisory.ParseTargets(maps)
			if err != nil {
				return err
			}
			return a.addAdvisories(args, base, output, targets, at)
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	cmd.Flags().StringVar(&base, "base", "", "driver_advisories.json to add to, in the place of the program's own data")
	cmd.Flags().StringArrayVar(&maps, "map", nil, "PRODUCT=nvidia-driver, module:NAME or package:NAME[,NAME] (repeatable)")
	now.register(cmd.Flags(), "day of the new data")
	return cmd
}

func (a *app) addAdvisories(names []string, base, output string, targets map[string]advisory.Target, now time.Time) error {
	files, err := advisory.ReadFiles(names)
	if err != nil {
		return err
	}
	have, err := fs.ReadFile(rules.FS(), "data/"+advisoriesName+".json")
	if err != nil {
		return fault.AsIncomplete(err)
	}
	if base != "" {
		if have, err = readFile(base, advisory.Limit); err != nil {
			return err
		}
	}
	if output == "-" {
		a.confine()
	} else {
		a.confine(machine.Writable(filepath.Dir(output)))
	}
	if base != "" {
		err := strictjson.Check(have, advisory.Limit)
		if err == nil {
			_, err = rules.Newer(advisoriesName, have)
		}
		if err != nil {
			return fmt.Errorf("--base %s: %w", base, err)
		}
	}
	r, err := advisory.AddFiles(have, files, targets, now)
	if err != nil {
		return err
	}
	if _, err := rules.Newer(advisoriesName, r.Data); err != nil {
		return fault.AsIncomplete(err)
	}
	for _, n := range r.Notes {
		a.remark("not taken: %s", oneLine(errors.New(n)))
	}
	if r.Taken+r.Known+r.Exploited == 0 {
		return errors.New("nothing of the documents says anything of what is judged: nothing was written")
	}
	if err := a.put(output, bytes.TrimSpace(r.Data)); err != nil || a.quiet {
		return err
	}
	a.remark("%d fixed versions added, %d were known, %d are of vulnerabilities that are used in attacks", r.Taken, r.Known, r.Exploited)
	return nil
}
