package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/golden"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// createFlags are those of manifest create.
type createFlags struct {
	captures   []string
	device     string
	baseline   baselineFlags
	gpu        gpuReferenceFlags
	merge      bool
	differing  []string
	stableOnly bool
}

// baselineFlags are what a new statement says beside the facts.
type baselineFlags struct {
	name, vendor, output string
	now                  clockFlag
	sequence, days       int
}

func (b *baselineFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&b.name, "name", "", "name of the manifest, the same in all its editions")
	f.StringVar(&b.vendor, "vendor-name", "unknown", "who makes the device, in words")
	f.IntVar(&b.sequence, "sequence", 1, "number of the edition; a later one takes the place of an earlier one")
	f.IntVar(&b.days, "days", 365, "days until the manifest expires")
	b.now.register(f, "time of issue")
	f.StringVar(&b.output, "output", "", "file to write, - for standard output")
}

func (b *baselineFlags) baseline(a *app) (manifest.Baseline, error) {
	if b.sequence < 1 || b.days < 1 {
		return manifest.Baseline{}, errors.New("--sequence and --days count from 1")
	}
	now, err := b.now.at(a)
	if err != nil {
		return manifest.Baseline{}, err
	}
	return manifest.Baseline{Name: b.name, Vendor: b.vendor, Sequence: b.sequence, Issued: now, Expires: now.AddDate(0, 0, b.days)}, nil
}

func (a *app) manifestCreate() *cobra.Command {
	var f createFlags
	cmd := &cobra.Command{
		Use:   "create --from-capture FILE... --name NAME --output FILE",
		Short: "State what a captured device is now, as an unsigned statement to sign",
		Long: `Create makes a baseline of a device that you have reason to trust: its firmware,
driver, functions and memory by digest. It does not judge whether they are good. On
standard error it names what it leaves open because the capture lacks it.

Of a ROM it states every byte that was read, and a byte that changes later is a
difference, in an image or not; a copy that is shorter or padded is none. With
--stable-only it states the code that a host runs, and nothing around it.

Of a capture that was made with --attest gpu it states what the cards signed that they
measured, where that verifies as evidence of genuine devices: golden values of your own,
for versions of driver and VBIOS whose maker publishes none. An index that differs between
cards or captures is left out, and named: give captures of two starts with --merge.

With --merge it takes all devices of one or several captures for cards of one model.
What differs between them is a question, never a wildcard: it is listed, nothing is
written, and the exit code is 3. You answer by aspect (board, rom, firmware, driver,
functions, memory, windows): --accept-differing ASPECT states what each card has as good;
--stable-only is the answer for rom, the whole ROM's digest, where the stable digest
and all images are the same. Flash of such cards holds data of the single card.`,
		Example: `  gpuaudit manifest create --from-capture card.tar.gz --name rx6600xt --output statement.json
  gpuaudit manifest create --from-capture node1.tar.gz --from-capture node2.tar.gz --merge \
    --stable-only --accept-differing driver --name fleet --output statement.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case len(f.captures) == 0 || f.baseline.output == "" || f.baseline.name == "":
				return errors.New("--from-capture, --name and --output are required")
			case !f.merge && len(f.captures) > 1:
				return errors.New("several captures make one manifest only with --merge")
			case !f.merge && len(f.differing) > 0:
				return errors.New("--accept-differing is an answer to --merge")
			}
			return a.create(cmd.Context(), &f)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.captures, "from-capture", nil, "capture of the machine with the device (repeatable with --merge)")
	flags.StringVar(&f.device, "device", "", "PCI address of the device, if the capture holds several")
	flags.BoolVar(&f.merge, "merge", false, "one manifest of all devices in the captures: cards of one model")
	flags.StringSliceVar(&f.differing, "accept-differing", nil, "with --merge: aspects in which each card's own value is good")
	flags.BoolVar(&f.stableOnly, "stable-only", false, "state the code of the ROM alone, not the bytes around its images; with --merge, where those differ and no code does")
	f.gpu.register(flags)
	f.baseline.register(cmd)
	return cmd
}

func (a *app) create(ctx context.Context, f *createFlags) error {
	answers := manifest.Answers{StableOnly: f.stableOnly}
	for _, s := range f.differing {
		aspect, err := manifest.ParseAspect(s)
		if err != nil {
			return fmt.Errorf("--accept-differing: %w", err)
		}
		answers.Differing = append(answers.Differing, aspect)
	}
	cards, notes, err := a.captured(ctx, f)
	if err != nil {
		return err
	}
	p, questions, err := manifest.Merge(cards, answers)
	switch {
	case errors.Is(err, manifest.ErrModel):
		return fmt.Errorf("%w; choose one with --device", err)
	case err != nil:
		return fault.AsIncomplete(err)
	case len(questions) > 0:
		return a.ask(questions)
	}
	return a.putStatement(p, f.baseline.output, append(notes, manifest.Remarks(cards)...))
}

// captured states each card of the captures by itself, and says what it leaves open.
func (a *app) captured(ctx context.Context, f *createFlags) (cards []manifest.Card, notes []string, err error) {
	b, err := f.baseline.baseline(a)
	if err != nil {
		return nil, nil, err
	}
	given, err := f.gpu.read(a)
	if err != nil {
		return nil, nil, err
	}
	believed, err := given.Open(b.Issued)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range f.captures {
		inv, answers, err := a.InventoryOf(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		proof, err := gpuproof.Recorded(answers, believed, inv)
		if err != nil {
			return nil, nil, fault.AsIncomplete(fmt.Errorf("%s: %w", name, err))
		}
		devices, err := golden.Devices(inv, f.device, f.merge)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		more, open, err := golden.Cards(name, devices, proof, b)
		if err != nil {
			return nil, nil, fault.AsIncomplete(err)
		}
		cards, notes = append(cards, more...), append(notes, open...)
	}
	return cards, notes, nil
}

// ask prints the questions that a merge leaves open; nothing was written.
func (a *app) ask(questions []manifest.Question) error {
	var open []string
	for _, q := range questions {
		open = append(open, string(q.Aspect))
		a.warn("the cards differ in %s:", q.Aspect)
		a.question(&q)
	}
	return fault.AsIncomplete(fmt.Errorf("nothing was written: look into each difference, then answer with --accept-differing %s (for rom also --stable-only), or leave the odd card out", strings.Join(open, ",")))
}

// question prints what cards state that differ.
func (a *app) question(q *manifest.Question) {
	if q.Common > 0 {
		a.detail(fmt.Sprintf("  %d that all of them state are left out here", q.Common))
	}
	for _, s := range q.Stated {
		a.detail("  " + strings.Join(s.Cards, ", "))
		for _, line := range lines(s.Entries) {
			a.detail("    " + line)
		}
	}
}

// lines are the entries of one side of a question, the first of many.
func lines(entries []string) []string {
	const most = 12
	switch n := len(entries); {
	case n == 0:
		return []string{"nothing (else): it was not read, or the card has none"}
	case n > most:
		return append(slices.Clone(entries[:most]), fmt.Sprintf("and %d more", n-most))
	}
	return entries
}

// putStatement writes an unsigned statement and what it leaves open.
func (a *app) putStatement(p *manifest.Predicate, output string, notes []string) error {
	statement, err := manifest.Statement(p)
	if err != nil {
		return fault.AsIncomplete(err)
	}
	if err := a.put(output, statement); err != nil {
		return err
	}
	a.remarks(notes)
	return nil
}
