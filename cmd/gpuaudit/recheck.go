package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

// registerInputs adds the flags of files that shape an audit beside the machine; of
// is what their usage begins with.
func (f *scanFlags) registerInputs(flags *pflag.FlagSet, of string) {
	flags.StringVar(&f.evidence.file, "evidence", "", of+"evidence of the machine's TPM (attest tpm), for a capture or a root that has none")
	flags.StringArrayVar(&f.witnesses, "witness", nil, of+"recording of nvidia-smi -q [-x], amd-smi, rocm-smi or lspci -Dnnvv: claims of the driver, and a second reading to compare (repeatable)")
	if of != "" {
		f.source.registerFiles(flags, of)
	}
}

// inputs names the files that shape an audit. What a capture brings itself, such as
// the answers of NVML, is named as where it is given beside it: the report of a
// capture is that of its machine.
func (f *scanFlags) inputs(ctx context.Context, m *machine, recordings []recording) []report.Input {
	var list []report.Input
	for _, r := range recordings {
		list = append(list, report.Input{Kind: report.InputWitness, Name: r.name, SHA256: fileSHA256(r.data)})
	}
	for _, address := range slices.Sorted(maps.Keys(m.env.ROMFiles)) {
		r := m.env.ROMFiles[address]
		list = append(list, report.Input{Kind: report.InputROM, Name: r.Name, Device: address, SHA256: fileSHA256(r.Data)})
	}
	if m.env.NVML != nil {
		if text, err := m.env.NVML(ctx); err == nil {
			list = append(list, report.Input{Kind: report.InputNVML, SHA256: fileSHA256(text)})
		}
	}
	if f.evidence.file != "" && m.evidence != nil {
		if text, err := m.evidence(); err == nil {
			list = append(list, report.Input{Kind: report.InputEvidence, SHA256: fileSHA256(text)})
		}
	}
	return list
}

func fileSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// recheck makes the report again from its capture, at its clock and with its
// question. What it lacks for that is asked for: only the same inputs that give
// another report speak against the report.
func (a *app) recheck(ctx context.Context, v *signed.Verified, f *scanFlags, capture string) error {
	r := v.Report
	reference, err := f.reference.load(ctx, a, r.Now)
	if err != nil {
		return err
	}
	recordings, err := readRecordings(f.witnesses)
	if err != nil {
		return err
	}
	auditor, err := newAuditor(ctx, &f.basis, reference, nil)
	if err != nil {
		return err
	}
	f.source.capture = capture
	m, err := a.open(ctx, &f.source, r.Now)
	if err != nil {
		return err
	}
	defer func() { m.close() }()
	if err := f.evidence.open(m, &f.source, nil); err != nil {
		return err
	}
	waiver, err := f.loadWaivers(r.Now)
	if err != nil {
		return err
	}
	opts := audit.Options{Waive: waiver, Now: r.Now, FailOn: r.FailOn, Question: r.Question, Expect: r.Expect,
		Devices: r.Asked, AllDevices: r.AllDevices, Inputs: f.inputs(ctx, m, recordings), Problems: append(m.problems, reference.problems...)}
	if err := f.repeatable(r, auditor, opts.Inputs, reference); err != nil {
		return err
	}
	if opts.Attest, err = reattest(r, m, &f.tpm); err != nil {
		return err
	}
	hearWitnesses(recordings, auditor, &opts)
	opts.Seen = append(opts.Seen, seenByNVML(ctx, m.env)...)
	again, err := auditor.Run(ctx, m.env, opts)
	if err == nil {
		err = v.Same(again)
	}
	if err != nil {
		return &exitError{code: exitSignature, err: fmt.Errorf("%s: %w", filepath.Base(capture), err)}
	}
	return nil
}

// beyond names the inputs of a list that another list does not have.
func beyond(list, other []report.Input) []string {
	var names []string
	for _, in := range list {
		if !slices.ContainsFunc(other, func(i report.Input) bool { return i.Kind == in.Kind && i.Device == in.Device && i.SHA256 == in.SHA256 }) {
			names = append(names, strings.TrimSpace(fmt.Sprintf("--%s %s", in.Kind, in.Name))+fmt.Sprintf(" (sha256:%.16s…)", in.SHA256))
		}
	}
	return names
}

// repeatable says what a report was made with and is not at hand, or the other way
// round.
func (f *scanFlags) repeatable(r *report.Report, auditor *audit.Auditor, inputs []report.Input, ref *reference) error {
	if r.Tool != auditor.Tool {
		return fmt.Errorf("--recheck: the report was made by %s %s, and this is %s %s: another program may well give another report; use that one",
			r.Tool.Name, r.Tool.Version, auditor.Tool.Name, auditor.Tool.Version)
	}
	for _, set := range r.DataSets {
		for _, ours := range auditor.DataSets {
			if ours.Name == set.Name && ours.SHA256 != set.SHA256 && !strings.Contains(set.Name, ":") {
				return fmt.Errorf("--recheck: the report was judged with other data (%s of %s, sha256:%.16s…; here of %s, sha256:%.16s…): use the program and the data that it was made with",
					set.Name, set.Date, set.SHA256, ours.Date, ours.SHA256)
			}
		}
	}
	lacks := beyond(r.Inputs, inputs)
	if p := r.Pack; p != nil && f.basis.pack == "" {
		lacks = append(lacks, fmt.Sprintf("--pack %s (sha256:%.16s…)", p.Name, p.SHA256))
	}
	if p := r.Policy; p != nil && f.basis.rules.path == "" {
		lacks = append(lacks, fmt.Sprintf("--policy (%s, sha256:%.16s…)", p.Source, p.SHA256))
	}
	if w := r.Waivers; w != nil && f.waivers.file == "" {
		lacks = append(lacks, fmt.Sprintf("--waivers (sha256:%.16s…)", w.SHA256))
	}
	for _, m := range r.Manifests {
		if !slices.ContainsFunc(ref.listed(), func(n report.Manifest) bool { return n.SHA256 == m.SHA256 }) {
			lacks = append(lacks, fmt.Sprintf("--manifests %s (sha256:%.16s…)", m.Name, m.SHA256))
		}
	}
	for _, c := range r.Catalogues {
		if !slices.ContainsFunc(ref.catalogues.listed, func(n report.Catalogue) bool { return n.SHA256 == c.SHA256 }) {
			lacks = append(lacks, fmt.Sprintf("--catalogue %s (sha256:%.16s…)", c.Name, c.SHA256))
		}
	}
	if len(lacks) > 0 {
		return errors.New("--recheck: the report also rests on what was not given: " + report.Clean(strings.Join(lacks, ", ")))
	}
	if more := beyond(inputs, r.Inputs); len(more) > 0 {
		return errors.New("--recheck: the report knows of no " + report.Clean(strings.Join(more, ", ")) + ": leave it out")
	}
	return nil
}
