package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/forms"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
	"github.com/gpuaudit/gpuaudit/audit/stored"
)

func (a *app) reportCommand() *cobra.Command {
	return group("report", "Sign, verify, show and compare reports",
		a.reportSign(), a.reportStatement(), a.reportVerify(), a.reportShow(), a.reportConvert(), a.reportDiff())
}

func (a *app) reportSign() *cobra.Command {
	var key, output, summary string
	cmd := &cobra.Command{
		Use:   "sign REPORT --key KEY --output BUNDLE",
		Short: "Sign a report: a sigstore bundle that cosign can verify",
		Long: `Sign puts the whole report into an in-toto statement about the digests of its
evidence, and signs it as manifest sign does: same keys, same passphrase. With
--summary it signs the verdict alone as well, as a SLSA verification summary.

It signs what the report says. Whoever gets the bundle learns that the holder of the
key vouches for it, and with report verify --recheck whether it can be repeated.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if key == "" || output == "" {
				return errors.New("--key and --output are required")
			}
			for _, out := range []string{output, summary} {
				for _, input := range []string{key, args[0]} {
					if out != "" && outfile.Same(input, out) {
						return fmt.Errorf("%s: this would overwrite %s", out, input)
					}
				}
			}
			r, err := readReport(args[0])
			if err != nil {
				return err
			}
			sign, err := a.sealer(key)
			if err != nil {
				return err
			}
			unsigned, err := r.Statement()
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			bundle, err := sign(cmd.Context(), unsigned)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if summary == "" {
				return a.put(output, bundle)
			}
			statement, err := r.Summary(bundle)
			if err != nil {
				return err
			}
			short, err := sign(cmd.Context(), statement)
			if err != nil {
				return err
			}
			return a.putBoth(output, bundle, summary, short)
		},
	}
	cmd.Flags().StringVar(&key, "key", "", keyHelp)
	a.signerFlags(cmd.Flags())
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	cmd.Flags().StringVar(&summary, "summary", "", "file for a signed summary with the verdict alone")
	return cmd
}

// putBoth writes two results: neither, where the second has no place to go.
func (a *app) putBoth(one string, first []byte, two string, second []byte) error {
	if two == "-" {
		return errors.Join(a.put(one, first), a.put(two, second))
	}
	out, err := a.openOut(two, outfile.Public)
	if err != nil {
		return err
	}
	defer out.Abort()
	if err := a.put(one, first); err != nil {
		return err
	}
	if _, err := out.Write(second); err != nil {
		return fault.AsIncomplete(err)
	}
	if err := out.Commit(); err != nil {
		return fault.AsIncomplete(err)
	}
	return nil
}

// readReport reads a report that nobody has signed yet.
func readReport(name string) (*signed.Stored, error) {
	s, err := stored.Report(name, nil)
	if err != nil {
		return nil, err
	}
	if s.Signed {
		return nil, fmt.Errorf("%s: it is signed already; report show -o json=FILE writes the report that it holds", name)
	}
	return s, nil
}

// reportTrust are the flags that say whose reports are believed.
type reportTrust struct {
	key, trust, root string
	now              clockFlag
	maxAge           time.Duration
}

func (t *reportTrust) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&t.key, "key", "", "public key: believe the holder of this key, on any device")
	f.StringVar(&t.trust, "trust", "", "trust file: believe operators, labs and integrators in it, in their scope")
	rootFlag(f, &t.root)
	t.now.register(f, judgements)
	f.DurationVar(&t.maxAge, "max-age", 0, "refuse a report that is older, such as 720h; 0 takes any age")
}

func (t *reportTrust) policy(a *app) (signed.Policy, error) {
	now, err := t.now.at(a)
	if err != nil {
		return signed.Policy{}, err
	}
	if t.maxAge < 0 {
		return signed.Policy{}, fmt.Errorf("--max-age: %s is no age", t.maxAge)
	}
	p := signed.Policy{Now: now, MaxAge: t.maxAge}
	if t.trust != "" {
		if p.Trust, err = believed(t.trust, t.root); err != nil {
			return p, err
		}
	}
	if t.key != "" {
		if p.Key, err = publicKey(t.key); err != nil {
			return p, err
		}
		if p.Root, err = believedRoot(t.root); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (a *app) reportVerify() *cobra.Command {
	var t reportTrust
	var f inputFlags
	var format formatFlag
	var recheck string
	cmd := &cobra.Command{
		Use:   "verify BUNDLE... --key KEY | --trust FILE",
		Short: "Check who signed a report, and that it holds together",
		Long: `Verify checks the signature, the type, that the subjects are the evidence inside, that
the verdict follows from the findings, the scope of the key and the age. With --recheck
it judges the capture that the report was made from again, with the rules and data of
this program, and demands the same report byte for byte. Give what the scan was given:
manifests, trust file, rules, pack, waivers, recordings, dumps. What is missing, and
another program than made the report, is wrong usage (exit code 2); 4 says that the
same inputs give another report.

Of several bundles each is verified, and the worst exit code counts. -o json writes a
line of JSON for each. - is standard input.`,
		Example: `  gpuaudit report verify node7.sigstore.json --trust trust.yaml --max-age 720h
  gpuaudit report verify node7.sigstore.json --key auditor.pub --recheck node7.tar.gz`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if recheck != "" && len(args) > 1 {
				return errors.New("--recheck judges one capture: give its report alone")
			}
			if (t.key == "") == (t.trust == "") {
				return errors.New("give --key or --trust, one of them: a signature counts only with a key that you trust")
			}
			policy, err := t.policy(a)
			if err != nil {
				return err
			}
			return a.verifyReports(args, &policy, format.json(), func(v *signed.Verified) error {
				if recheck == "" {
					return nil
				}
				return a.recheck(cmd.Context(), v, &f, &t, recheck)
			}, recheck)
		},
	}
	format.register(cmd.Flags(), "text")
	t.register(cmd)
	cmd.Flags().StringVar(&recheck, "recheck", "", "capture that the report was made from: judge it again, and demand the same report")
	cmd.Flags().StringSliceVar(&f.reference.manifests, "manifests", nil, "for --recheck: the signed manifests that the scan was given")
	f.reference.registerChannels(cmd.Flags())
	cmd.Flags().StringVar(&f.reference.trust, "manifest-trust", "", "for --recheck: trust file for the manifests; default is --trust")
	cmd.Flags().StringSliceVar(&f.reference.catalogues, "catalogue", nil, "for --recheck: the signed catalogues that the scan was given")
	f.beside.registerFiles(cmd.Flags(), "for --recheck: ")
	f.beside.registerWitnesses(cmd.Flags(), "for --recheck: ")
	f.waivers.register(cmd.Flags())
	f.basis.register(cmd.Flags())
	f.tpm.register(cmd.Flags())
	f.gpu.register(cmd.Flags())
	return cmd
}

func (a *app) printVerified(v *signed.Verified, name, recheck string) {
	signer := v.Signer
	if signer == "" {
		signer = "the given key, whose scope nobody stated"
	}
	r := v.Report.In(a.tongue())
	a.mark("verified", "%s, signed by %s", report.Clean(name), report.Clean(signer))
	a.printSeen(v.Seen)
	a.say("  report of %s by %s %s", r.Now.Format(time.RFC3339), report.Clean(r.Tool.Name), report.Clean(r.Tool.Version))
	for i := range r.Devices {
		d := &r.Devices[i]
		fmt.Fprintf(a.Stdout, "  %s  %s  %s, %s\n", report.Clean(d.Address), r.Title(d.Address), a.words.Note(report.Clean(string(d.Status))), a.words.Note(report.Clean(string(d.Identity.Verdict))))
	}
	a.say("  verdict %s (exit code %d)", report.Clean(string(r.Verdict.Status)), r.Verdict.ExitCode)
	if r.Verdict.Status != report.Passed {
		for _, reason := range r.Verdict.Reasons {
			fmt.Fprintf(a.Stdout, "    %s\n", report.Clean(reason))
		}
	}
	if recheck != "" {
		a.say("  judged again from %s: the same report, byte for byte", report.Clean(filepath.Base(recheck)))
	}
}

// asked is the policy that the flags ask for, nil where they name nobody.
func (t *reportTrust) asked(a *app) (*signed.Policy, error) {
	if t.key == "" && t.trust == "" {
		return nil, nil
	}
	p, err := t.policy(a)
	return &p, err
}

// readAny reads a signed or an unsigned report, and says on standard error what is
// known of its signer. It is verified where p says whom to believe.
func (a *app) readAny(name string, p *signed.Policy) (*signed.Stored, error) {
	s, err := stored.Report(name, p)
	if err != nil {
		return nil, err
	}
	state := "UNSIGNED: anybody may have written it"
	switch {
	case s.Verified != nil:
		state = "verified"
	case s.Signed:
		state = "UNVERIFIED: signed, but nobody said whom to believe (--key or --trust)"
	}
	a.warn("%s: %s", name, state)
	return s, nil
}

func (a *app) reportShow() *cobra.Command {
	var t reportTrust
	var f outputFlags
	cmd := &cobra.Command{
		Use:   "show REPORT|BUNDLE...",
		Short: "Print stored reports as scan prints them, and say whether they are verified",
		Long: `Show prints each report as scan prints it. With -o json one is printed as it is, and of
several each is a line. - is standard input.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.convert("show", &f, &t, args) },
	}
	t.register(cmd)
	f.register(cmd.Flags(), orList(slices.Concat([]string{"table", "json"}, forms.Names())))
	return cmd
}

func (a *app) reportConvert() *cobra.Command {
	var t reportTrust
	var f outputFlags
	cmd := &cobra.Command{
		Use:   "convert REPORT|BUNDLE... --output FORMAT[=FILE]",
		Short: "Write stored reports in the formats of other programs",
		Long: `Convert writes reports, signed or not, of this and of earlier versions, in other
formats: jsonl (a line for each record), sarif (code scanning), junit (a CI), markdown
(its summary), csv (a spreadsheet), prometheus (the textfile collector), cyclonedx (a
bill of materials), html (a page for a browser), ocsf (a SIEM), oscal (governance
programs). Several reports become one document in each. It judges nothing again, and
says on standard error whether each report is verified. docs/formats.md says what each
format holds.`,
		Example: `  gpuaudit report convert report.json -o sarif=report.sarif -o junit=report.xml
  gpuaudit report convert node*.json -o csv=fleet.csv`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(f.specs) == 0 {
				return fmt.Errorf("-o is required: %s", orList(slices.Concat([]string{"table", "json"}, forms.Names())))
			}
			return a.convert("convert", &f, &t, args)
		},
	}
	t.register(cmd)
	f.registerForms(cmd.Flags(), nil, orList(slices.Concat([]string{"table", "json"}, forms.Names())))
	return cmd
}

// convert writes stored reports in the forms that a verb was asked for.
func (a *app) convert(verb string, f *outputFlags, t *reportTrust, names []string) error {
	parsed, err := parseOutputs(f.specs)
	if err != nil {
		return err
	}
	for _, o := range parsed {
		switch o.format {
		case "bundle":
			return fmt.Errorf("-o bundle: %s signs nothing; use report sign", verb)
		case "facts":
			return fmt.Errorf("-o facts: %s judges nothing; use scan", verb)
		}
	}
	out, err := a.openOutputs(f)
	if err != nil {
		return err
	}
	defer out.abort()
	believed, err := t.asked(a)
	if err != nil {
		return err
	}
	list := make([]*signed.Stored, len(names))
	for i, name := range names {
		if list[i], err = a.readAny(name, believed); err != nil {
			return err
		}
	}
	return a.writeOutputs(out, func(w io.Writer, o output) error { return a.showReports(w, o, names, list, out) })
}

func (a *app) reportDiff() *cobra.Command {
	var t reportTrust
	var f inputFlags
	var format formatFlag
	cmd := &cobra.Command{
		Use:   "diff OLD [NEW]",
		Short: "Say what changed in a machine between two reports, or what newer data would change",
		Long: `Diff lists devices that came or went, and what changed in those that stayed: board,
firmware, driver, memory, functions, and findings. It exits with 0 when nothing
changed and with 1 when something did.

With --channel-data and one report it judges that report's facts twice on one day, by
the program's own data and by those of a kept channel, and lists what the channel's
would change.`,
		Example: `  gpuaudit report diff yesterday.json today.json
  gpuaudit report diff today.json --channels --channel-data law`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var shown *message.Language // what programs read is in English
			if !format.json() {
				shown = a.tongue()
			}
			changes, err := a.differences(cmd.Context(), &f, &t, args, shown)
			if err != nil {
				return err
			}
			if err := a.printDifferences(changes, format.json()); err != nil {
				return fault.AsIncomplete(err)
			}
			if len(changes) > 0 {
				return answered(exitFailed)
			}
			return nil
		},
	}
	t.register(cmd)
	f.reference.registerChannels(cmd.Flags())
	format.register(cmd.Flags(), "text")
	return cmd
}

// differences are those of two reports, or of one by other data.
func (a *app) differences(ctx context.Context, f *inputFlags, t *reportTrust, args []string, shown *message.Language) ([]report.Change, error) {
	if len(args) == 1 {
		return a.diffData(ctx, f, t, args[0], shown)
	}
	if f.reference.data != "" || f.reference.channels || f.reference.state != "" {
		return nil, errors.New("--channel-data is about one report: name that alone")
	}
	believed, err := t.asked(a)
	if err != nil {
		return nil, err
	}
	var reports [2]*report.Report
	for i, name := range args {
		r, err := a.readAny(name, believed)
		if err != nil {
			return nil, err
		}
		reports[i] = r.Report
	}
	a.remarks(report.Unlike(reports[0], reports[1]))
	return report.Diff(reports[0].In(shown), reports[1].In(shown)), nil
}

func (a *app) printDifferences(changes []report.Change, asJSON bool) error {
	if asJSON {
		return writeJSON(a.Stdout, changes)
	}
	return report.Changes(a.Stdout, changes, a.words.Note)
}
