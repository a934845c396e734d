package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/fleet"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/forms"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
	"github.com/gpuaudit/gpuaudit/audit/stored"
)

func (a *app) policyCheckCommand() *cobra.Command {
	var f inputFlags
	var t storedTrust
	var out outputFlags
	cmd := &cobra.Command{
		Use:   "check FILE...|-",
		Short: "Judge stored reports and captures: the gate for provisioning",
		Long: `Check judges the facts of reports (scan -o json=FILE), of signed reports (report sign)
and of captures by today's rules and data, and writes a line of JSON for each, or for a
person at a terminal (-o table elsewhere) what decides. The verdict in a report does not
count: its facts are judged again.

A signed report is verified where --key or --trust says whom to believe, and one that
does not verify exits with 4. With --key or --signed every input has to be a signed
report. - reads the names of inputs from standard input, one on each line.

Serial numbers are compared over all inputs: two cards with the same one fail.

-o writes all of them in the forms of report convert, each as one document; the lines are
written as well, unless a form goes to standard output. An input that could not be
judged is a report with that problem.`,
		Example: `  gpuaudit policy check reports/*.json captures/*.tar.gz
  find /srv/reports -name '*.sigstore.json' | gpuaudit policy check --signed --trust trust.yaml -
  gpuaudit policy check --fail-on medium --profile federal-contractor node7.json | jq .status
  gpuaudit policy check node*.json -o sarif=fleet.sarif -o html=fleet.html`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.policyCheck(cmd.Context(), &f, &t, &out, args) },
	}
	f.registerQuestion(cmd.Flags())
	f.tpm.registerRoots(cmd.Flags())
	f.gpu.register(cmd.Flags())
	t.register(cmd.Flags())
	cmd.Flags().StringSliceVar(&f.question.Devices, "device", nil, "judge only the device at this PCI address (repeatable)")
	f.beside.registerFiles(cmd.Flags(), "of one capture: ")
	f.beside.registerWitnesses(cmd.Flags(), "of one capture: ")
	out.registerForms(cmd.Flags(), nil, "table, "+orList(forms.Names()))
	return judging(cmd)
}

// judgedInput is what check says of one input, and the report that this is taken from.
type judgedInput struct {
	line   fleet.Line
	report *report.Report
}

// maxForms is how many inputs are written in forms of others at a time: their reports are
// kept until the last is judged.
const maxForms = 1024

// formsOnly opens what forms of others are written to.
func (a *app) formsOnly(f *outputFlags) (*outputs, error) {
	out, err := a.openOutputs(f)
	if err != nil {
		return nil, err
	}
	for _, o := range out.list {
		if forms.Named(o.format) == nil && (o.format != "table" || o.file != "-") {
			out.abort()
			return nil, fmt.Errorf("-o %s: policy check writes %s, and a table to standard output; it writes a line for each input by itself", o.format, orList(forms.Names()))
		}
	}
	return out, nil
}

// lines writes what check says of each input: in JSON, or for a person, who is at a terminal
// or asked for a table. They are nil where a form of others goes to standard output.
func (a *app) lines(out *outputs) (line func(*fleet.Line) error, end func() error) {
	table := fleet.NewTable(a.Stdout)
	asked := slices.ContainsFunc(out.list, func(o output) bool { return o.format == "table" })
	out.list = slices.DeleteFunc(out.list, func(o output) bool { return o.format == "table" })
	none := func() error { return nil }
	switch {
	case slices.ContainsFunc(out.list, func(o output) bool { return o.file == "-" }):
		return func(*fleet.Line) error { return nil }, none
	case asked || a.Terminal:
		return table.Add, table.End
	}
	return func(l *fleet.Line) error { return report.EncodeJSON(a.Stdout, l, "") }, none
}

// fleetMemory is what judging many inputs may take before garbage is collected harder, and
// fleetInput what is held of each until the last is judged: its name, the ids that it
// states, and its facts, packed. With the program itself, 10,000 reports stay below 128 MiB.
const (
	fleetMemory = 72 << 20
	fleetInput  = 1536
)

func (a *app) policyCheck(ctx context.Context, f *inputFlags, t *storedTrust, forms *outputFlags, args []string) error {
	out, err := a.formsOnly(forms)
	if err != nil {
		return err
	}
	defer out.abort()
	in, err := f.read(ctx, a)
	if err != nil {
		return err
	}
	defer in.Close()
	audited, err := audit.New(ctx, in)
	if err != nil {
		return err
	}
	a.remarks(audited.Notes())
	reader, err := a.storedReader(t, audited.Enumerator(), in.Reference.Trust, f.reference.root, in.Question.Now)
	if err != nil {
		return err
	}
	inputs, err := input.Names(args, a.Stdin)
	if err != nil {
		return err
	}
	if len(out.list) > 0 && len(inputs) > maxForms {
		return fmt.Errorf("-o: %d inputs, and their reports are held until the last is judged: give at most %d at a time", len(inputs), maxForms)
	}
	check := checkOne
	if f.beside.given() {
		if len(inputs) != 1 {
			return fmt.Errorf("--witness, --nvml, --rom, --flash and --evidence speak of one machine: give one capture with them, and not %d inputs", len(inputs))
		}
		check = a.checkBeside
	}
	if a.spare != nil && len(inputs) > 1 {
		a.spare(fleetMemory + fleetInput*int64(len(inputs)))
	}
	all, err := reader.Fleet(ctx, inputs)
	if err != nil {
		return err
	}
	worst, err := a.checkEach(inputs, out, func(input string) judgedInput { return check(ctx, audited, reader, all, input) })
	if err != nil {
		return err
	}
	a.remarks(audited.HandedOver())
	if ctx.Err() != nil {
		return fault.AsIncomplete(ctx.Err())
	}
	if worst != 0 {
		return answered(worst)
	}
	return nil
}

// checkEach judges each input, writes its line, and all of them in the forms that were asked
// for. It returns the worst exit code.
func (a *app) checkEach(inputs []string, out *outputs, check func(string) judgedInput) (worst int, err error) {
	stage, done := a.progress()
	defer done()
	count, n := counting(stage, "judged", len(inputs)), 0
	line, end := a.lines(out)
	var list []report.Named
	for got := range fleet.Ordered(inputs, check) {
		n++
		count(n)
		worst = fleet.Worse(worst, got.line.ExitCode)
		if len(out.list) > 0 {
			list = append(list, report.Named{Name: got.line.Input, Report: got.report})
		}
		if err := line(&got.line); err != nil {
			return worst, fault.AsIncomplete(fmt.Errorf("write: %w", err))
		}
	}
	if err := end(); err != nil {
		return worst, fault.AsIncomplete(fmt.Errorf("write: %w", err))
	}
	return worst, a.writeOutputs(out, func(w io.Writer, o output) error { return a.writeForm(w, forms.Named(o.format), out, list) })
}

func checkOne(ctx context.Context, audited *audit.Audit, reader *stored.Reader, all *fleet.Fleet, input string) judgedInput {
	st, err := reader.Read(ctx, input)
	if err != nil {
		return unchecked(audited, input, err)
	}
	st.Elsewhere = func(d *inventory.Device) compare.Others { return all.Elsewhere(input, d) }
	r, err := audited.Conclude(ctx, st.Case)
	if err != nil {
		return unchecked(audited, input, err)
	}
	return judgedInput{fleet.LineOf(input, st.Signature, r), r}
}

// checkBeside judges a capture with files that others recorded of its machine.
func (a *app) checkBeside(ctx context.Context, audited *audit.Audit, reader *stored.Reader, _ *fleet.Fleet, input string) judgedInput {
	file, f, err := stored.Open(input)
	if err != nil {
		return unchecked(audited, input, err)
	}
	defer f.Close()
	if file.Kind != signed.KindCapture {
		return unchecked(audited, input, fmt.Errorf("%s: --witness, --nvml, --rom, --flash and --evidence need the capture: a report holds what was concluded of them already", input))
	}
	if reader.Signed {
		return unchecked(audited, input, stored.Unverified(input, file.Unsigned()))
	}
	m, err := machine.ReadCapture(input, file.Archive, a.opening(a.Now().UTC()))
	if err != nil {
		return unchecked(audited, input, err)
	}
	defer m.Close()
	r, err := audited.Run(ctx, m)
	if err != nil {
		return unchecked(audited, input, err)
	}
	a.remarkOnDumps(&r.Inventory)
	return judgedInput{fleet.LineOf(input, "", r), r}
}

// unchecked is what is said of an input that could not be judged. It says nothing about the
// others.
func unchecked(audited *audit.Audit, input string, err error) judgedInput {
	line := fleet.Unjudged(input, oneLine(err), exitCode(err))
	return judgedInput{line, audited.Unread(input, oneLine(err), line.ExitCode == exitSignature)}
}
