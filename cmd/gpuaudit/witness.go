package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/collect/witness"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// recording is a file given with --witness.
type recording struct {
	name string // base name
	data []byte
}

// readRecordings reads the files; they are parsed later, when this process has
// given up its rights.
func readRecordings(names []string) ([]recording, error) {
	var list []recording
	for _, name := range names {
		dir, base := filepath.Split(name)
		if dir == "" {
			dir = "."
		}
		data, err := collect.Read(os.DirFS(dir), base, witness.Limit)
		if err != nil {
			return nil, fmt.Errorf("--witness %s: %w", name, err)
		}
		list = append(list, recording{base, data})
	}
	return list, nil
}

// hearWitnesses parses the recordings and lets the audit hold every device
// against them. One that does not parse is a problem of the report: a witness
// who was called and is not understood has confirmed nothing.
func hearWitnesses(list []recording, auditor *audit.Auditor, opts *audit.Options) {
	var statements []*witness.Statement
	for _, r := range list {
		s, err := witness.Parse(r.name, r.data)
		if err != nil {
			opts.Problems = append(opts.Problems, report.Problem{Kind: report.ProblemInput, Input: "--witness", Cause: err.Error()})
			continue
		}
		statements = append(statements, s)
		opts.Seen = append(opts.Seen, audit.Sighting{By: s.Name + " in " + s.File, Addresses: s.GPUs()})
	}
	if len(statements) > 0 {
		auditor.Collectors = append(auditor.Collectors, witness.Collector(statements))
	}
}

// seenByNVML are the GPUs that NVIDIA's driver runs: one that the bus does not
// show is no small matter. Why there are no answers is for the collector to say.
func seenByNVML(ctx context.Context, env *collect.Env) []audit.Sighting {
	if env.NVML == nil {
		return nil
	}
	data, err := env.NVML(ctx)
	if err != nil {
		return nil
	}
	answers, err := nvml.Decode(data)
	if err != nil {
		return nil
	}
	return []audit.Sighting{{By: "NVML", Addresses: answers.Addresses()}}
}
