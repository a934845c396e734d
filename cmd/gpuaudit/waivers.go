package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/waive"
)

// waiverFlags name the file of accepted findings.
type waiverFlags struct{ file, fleet string }

func (f *waiverFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.file, "waivers", "", "file of accepted findings: each for a scope, a reason and a time")
	flags.StringVar(&f.fleet, "fleet", "", "label of this machine, for waivers that are given to a fleet")
}

// load reads the file; nil means that nothing is waived.
func (f *waiverFlags) load() (func(*report.Report), error) {
	if f.file == "" {
		return nil, nil
	}
	text, err := readFile(f.file, 2<<20)
	if err != nil {
		return nil, fmt.Errorf("--waivers: %w", err)
	}
	set, err := waive.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.file, err)
	}
	return func(r *report.Report) { set.Apply(r, f.fleet) }, nil
}
