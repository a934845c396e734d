package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	err  error // why it was not read, where that is for the report to say
}

// readRecordings reads the files; they are parsed later, when this process has
// given up its rights. One that cannot be opened is a mistake of the command's; one
// that is too large cannot be understood, and the report says so, as of one that
// does not parse.
func readRecordings(names []string) ([]recording, error) {
	var list []recording
	for _, name := range names {
		dir, base := filepath.Split(name)
		if dir == "" {
			dir = "."
		}
		data, err := collect.Read(os.DirFS(dir), base, witness.Limit)
		if err != nil && !errors.Is(err, collect.ErrLimit) {
			var pe *fs.PathError
			if errors.As(err, &pe) {
				err = pe.Err // the path as it was given is enough
			}
			return nil, fmt.Errorf("--witness %s: %w", name, err)
		}
		list = append(list, recording{base, data, err})
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
		if r.err != nil {
			err = r.err // it has the name
		}
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
