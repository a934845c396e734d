package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/country"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

type scanFlags struct {
	source                        sourceFlags
	reference                     referenceFlags
	evidence                      evidenceFlags
	tpm                           tpmTrust
	devices                       []string
	witnesses                     []string
	outputs                       []string
	basis                         basisFlags
	failOn, now                   string
	signKey                       string
	waivers                       waiverFlags
	jurisdiction, profile, origin string
	purchase                      string
	expect                        int
	all                           bool
	allDevices                    bool
}

func (a *app) scanCommand() *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "scan",
		Short: "Audit this machine, a capture or a root directory",
		Long: `Scan reads what can be read of every GPU and accelerator, compares it with signed
manifests and the catalogue, judges it by the rules and prints a report.

Without root it says what it could not read and what that leaves undecided.`,
		Example: `  sudo gpuaudit scan --read-rom
  gpuaudit scan --capture card.tar.gz -o table -o json=report.json
  gpuaudit scan --manifests manifests/ --trust trust.yaml --expect 8`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.scan(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	f.source.register(flags)
	f.evidence.register(flags)
	f.registerInputs(flags, "")
	f.tpm.register(flags)
	f.registerQuestion(flags)
	flags.StringSliceVar(&f.devices, "device", nil, "audit only the device at this PCI address (repeatable)")
	flags.BoolVar(&f.allDevices, "all-devices", false, "judge displays of management controllers and of virtual machines as cards, too")
	flags.StringArrayVarP(&f.outputs, "output", "o", []string{"table"}, "FORMAT[=FILE]: table, json, or with --sign-key bundle (repeatable)")
	flags.StringVar(&f.signKey, "sign-key", "", "to sign the report with, for -o bundle=FILE: "+keyHelp)
	a.passphraseFlag(flags) // --tpm is there, for the evidence
	flags.BoolVar(&f.all, "all", false, "list checks that passed or do not apply, too")
	return cmd
}

// registerQuestion adds the flags that say by what is judged, and for whom.
func (f *scanFlags) registerQuestion(flags *pflag.FlagSet) {
	f.reference.register(flags)
	f.basis.register(flags)
	f.waivers.register(flags)
	flags.StringVar(&f.failOn, "fail-on", "", "severity from which on a check decides the exit code: critical, high, medium, low, info (default that of the pack, or high)")
	flags.StringVar(&f.now, "now", "", "clock of every judgement (RFC 3339); default is the present time")
	flags.StringVar(&f.jurisdiction, "jurisdiction", "", "where the device is used: ISO 3166-1 alpha-2 code, or EU")
	flags.StringVar(&f.profile, "profile", "", "who uses it: "+strings.Join(profiles, ", "))
	flags.StringVar(&f.origin, "origin", "", "country of origin from the purchase record: ISO 3166-1 alpha-2 code")
	flags.StringVar(&f.purchase, "purchase", "", "purchase record (YAML or JSON): seller, country of origin, date, price, tariff number, digests of the papers")
	flags.IntVar(&f.expect, "expect", 0, "exit with 3 when fewer devices than this are found")
}

var profiles = []string{"private", "company", "federal-contractor", "critical-infrastructure", "exporter"}

func (a *app) scan(ctx context.Context, f *scanFlags) error {
	opts, err := a.scanOptions(f)
	if err != nil {
		return err
	}
	outputs, err := parseOutputs(f.outputs)
	if err != nil {
		return err
	}
	a.tpmDevice = f.evidence.device
	signer, err := a.scanSigner(f.signKey, outputs)
	if err != nil {
		return err
	}
	f.tpm.nonce = f.evidence.nonce
	believed, err := f.tpm.policy()
	if err != nil {
		return err
	}
	issuers, err := issuers(f.tpm.chain)
	if err != nil {
		return err
	}
	abort, err := a.openOutputs(outputs)
	if err != nil {
		return err
	}
	defer abort()
	progress, done := a.progress()
	defer done()
	f.reference.signedInputs = f.waivers.file != ""
	reference, err := f.reference.load(ctx, a, opts.Now)
	if err != nil {
		return err
	}
	recordings, err := readRecordings(f.witnesses)
	if err != nil {
		return err
	}
	// Compiling the rules takes about as long as opening a capture.
	compiled := make(chan func() (*audit.Auditor, error), 1)
	go func() {
		auditor, err := newAuditor(ctx, &f.basis, reference, progress)
		compiled <- func() (*audit.Auditor, error) { return auditor, err }
	}()
	m, err := a.open(ctx, &f.source, opts.Now)
	auditor, perr := (<-compiled)()
	if err != nil {
		return err
	}
	defer func() { m.close() }()
	if perr != nil {
		return perr
	}
	f.evidence.asked = f.tpm.given()
	if err := f.evidence.open(m, &f.source, issuers); err != nil {
		return err
	}
	if f.evidence.attest != "" {
		m.record()
	}
	opts.Attest = m.attestation(believed, opts.Now)
	a.confine(append(m.rights, writable(outputDirs(outputs)...))...)
	opts.Problems = append(m.problems, reference.problems...)
	opts.Inputs = f.inputs(ctx, m, recordings)
	hearWitnesses(recordings, auditor, &opts)
	opts.Seen = append(opts.Seen, seenByNVML(ctx, m.env)...)
	r, err := auditor.Run(ctx, m.env, opts)
	if err != nil {
		if ctx.Err() != nil {
			return incomplete(err)
		}
		return err
	}
	done()
	for _, p := range r.Problems {
		fmt.Fprintf(a.Stderr, "gpuaudit: %s: %s\n", report.Clean(p.Input), report.Clean(p.Cause))
	}
	if err := a.writeReport(ctx, r, outputs, f.all, signer); err != nil {
		return incomplete(err)
	}
	if r.Verdict.ExitCode != 0 {
		return &exitError{code: r.Verdict.ExitCode, err: errVerdict}
	}
	return nil
}

func (a *app) scanOptions(f *scanFlags) (audit.Options, error) {
	now, err := a.clock(f.now)
	if err != nil {
		return audit.Options{}, err
	}
	failOn, err := f.askPack()
	if err != nil {
		return audit.Options{}, err
	}
	if f.profile != "" && !slices.Contains(profiles, f.profile) {
		return audit.Options{}, fmt.Errorf("--profile: unknown profile %q: use %s", f.profile, strings.Join(profiles, ", "))
	}
	for flag, code := range map[string]string{"--jurisdiction": f.jurisdiction, "--origin": f.origin} {
		if err := country.Check(code); code != "" && err != nil {
			return audit.Options{}, fmt.Errorf("%s: %w", flag, err)
		}
	}
	if f.expect < 0 {
		return audit.Options{}, fmt.Errorf("--expect: %d is no number of devices", f.expect)
	}
	question, err := f.question(now)
	if err != nil {
		return audit.Options{}, err
	}
	waiver, err := f.loadWaivers(now)
	if err != nil {
		return audit.Options{}, err
	}
	return audit.Options{
		Waive: waiver,
		Now:   now, FailOn: failOn, Expect: f.expect, Devices: f.devices, AllDevices: f.allDevices,
		Question: question,
	}, nil
}

// clock is --now, or the present time to the second.
func (a *app) clock(flag string) (time.Time, error) {
	if flag == "" {
		return a.Now().UTC().Truncate(time.Second), nil
	}
	t, err := time.Parse(time.RFC3339, flag)
	if err != nil {
		return time.Time{}, fmt.Errorf("--now: %q is not an RFC 3339 time such as 2026-11-24T12:00:00Z", flag)
	}
	return t.UTC(), nil
}

func said(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

type output struct {
	format, file string
	// opened is nil for standard output, and until openOutputs.
	opened *outfile.File
}

func parseOutputs(specs []string) ([]output, error) {
	outputs := make([]output, 0, len(specs))
	stdout := 0
	for _, spec := range specs {
		format, file, named := strings.Cut(spec, "=")
		if format != "table" && format != "json" && format != "bundle" {
			return nil, fmt.Errorf("-o %s: unknown format %q: use table, json or bundle", spec, format)
		}
		if named && file == "" {
			return nil, fmt.Errorf("-o %s: the file name is missing", spec)
		}
		if !named || file == "-" {
			file = "-"
			stdout++
		}
		outputs = append(outputs, output{format: format, file: file})
	}
	for i, o := range outputs {
		for _, other := range outputs[:i] {
			if o.file != "-" && (o.file == other.file || sameFile(o.file, other.file)) {
				return nil, fmt.Errorf("-o: %s and %s are to be written to one file, %s", other.format, o.format, o.file)
			}
		}
	}
	if stdout > 1 {
		return nil, fmt.Errorf("-o: %d reports on standard output; give all but one a file (-o json=report.json)", stdout)
	}
	return outputs, nil
}

// outputDirs are the directories in which reports will be put in their place.
func outputDirs(outputs []output) []string {
	var dirs []string
	for _, o := range outputs {
		if o.opened != nil && o.opened.Folder() != "" {
			dirs = append(dirs, o.opened.Folder())
		}
	}
	return dirs
}

// scanSigner loads the key for bundles before the process gives up its right to
// read it.
func (a *app) scanSigner(key string, outputs []output) (*seal.Signer, error) {
	bundles := slices.ContainsFunc(outputs, func(o output) bool { return o.format == "bundle" })
	switch {
	case bundles && key == "":
		return nil, errors.New("-o bundle needs --sign-key")
	case key != "" && !bundles:
		return nil, errors.New("--sign-key needs -o bundle=FILE for what it signs")
	case key == "":
		return nil, nil
	}
	return a.loadSigner(key)
}

// openOutputs opens what the report will be written to, before anything is read: a
// scan whose result has no place to go does not begin.
func (a *app) openOutputs(outputs []output) (abort func(), err error) {
	abort = func() {
		for i := range outputs {
			outputs[i].opened.Abort()
		}
	}
	for i, o := range outputs {
		if o.file == "-" {
			continue
		}
		if outputs[i].opened, err = a.openOut(o.file, outfile.Public); err != nil {
			abort()
			return nil, fmt.Errorf("-o %s: %w", o.format, err)
		}
	}
	return abort, nil
}

func (a *app) writeReport(ctx context.Context, r *report.Report, outputs []output, all bool, signer *seal.Signer) error {
	return a.writeOutputs(outputs, func(w io.Writer, o output) error {
		switch o.format {
		case "json":
			return report.JSON(w, r)
		case "bundle":
			bundle, err := signReport(ctx, r, signer)
			if err != nil {
				return err
			}
			_, err = w.Write(bundle)
			return err
		}
		return report.Table(w, r, report.TableOptions{Colour: a.colour(o), All: all})
	})
}

// colour says that an output goes to a terminal that shows colours.
func (a *app) colour(o output) bool {
	return o.file == "-" && a.Terminal && a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb"
}

// writeOutputs writes each output in its form.
func (a *app) writeOutputs(outputs []output, write func(io.Writer, output) error) error {
	for _, o := range outputs {
		if o.file == "-" {
			if err := write(a.Stdout, o); err != nil {
				return fmt.Errorf("write report: %w", err)
			}
			continue
		}
		if err := write(o.opened, o); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		if err := o.opened.Commit(); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return nil
}

// progress notes the stage on standard error once the work has taken a second.
func (a *app) progress() (stage func(string), done func()) {
	if a.quiet {
		return nil, func() {}
	}
	start := a.Now()
	stages, end := make(chan string, 8), make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		tick := time.NewTimer(time.Second)
		defer tick.Stop()
		current, late := "", false
		note := func() {
			if current != "" && (late || a.verbose) {
				a.note(current, a.Now().Sub(start))
			}
		}
		for {
			select {
			case current = <-stages:
				note()
			case <-tick.C:
				late = true
				note()
			case <-end:
				return
			}
		}
	}()
	closed := false
	return func(s string) { stages <- s }, func() {
		if !closed {
			closed = true
			close(end)
			<-finished
		}
	}
}

func (a *app) note(stage string, after time.Duration) {
	if a.logFormat == "json" {
		fmt.Fprintf(a.Stderr, "{\"level\":\"info\",\"msg\":%q,\"after_ms\":%d}\n", stage, after.Milliseconds())
		return
	}
	fmt.Fprintf(a.Stderr, "gpuaudit: %s …\n", stage)
}
