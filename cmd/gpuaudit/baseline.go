package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/baseline"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// baselineFolder is where the settings of a machine's administrator are.
const baselineFolder = "/etc/gpuaudit"

// baselineVerb are the flags of a baseline and of its verbs.
type baselineVerb struct {
	machines  machineFlags
	key       baselineKey
	now       clockFlag
	days      int
	accept    []string
	differing []string
	leave     []string
	pack      string
	keep      bool
}

func (a *app) baselineCommand() *cobra.Command {
	var f baselineVerb
	cmd := &cobra.Command{
		Use:   "baseline [DIR]",
		Short: "State what a machine is that you trust, so that later scans can hold it to that",
		Long: `Baseline reads a machine that you have reason to trust, as scan --full does, and
writes to DIR, /etc/gpuaudit by default: a signed manifest of each model of card (ROM,
driver, functions, memory, memory windows, places, and with --attest gpu what its GPUs sign
that they measured), the trust file for its key, a capture, and the settings by which the
next scan holds the machine to all of it. It says what it could not state. It states that
cards are unchanged, never that they are the maker's.

The key is made in this machine's TPM (--tpm), or in a file (--key FILE) that belongs on
a medium which you take away. A machine on which a check of severity high or above fails
is refused, unless --accept ID=REASON takes that upon you: a signed waiver keeps it. What
keeps the next scan from passing is said. A check that lacks its facts may be accepted,
too: that ends when they are there.

With --from, it is made of captures of machines: what their cards agree in is stated. What
differs is asked, by aspect, and nothing is written: --accept-difference ASPECT states
each card's own value as good, --leave-difference ASPECT states nothing of it.`,
		Example: `  sudo gpuaudit baseline --tpm --no-passphrase
  sudo gpuaudit baseline --key /media/usb/gpus.key
  gpuaudit baseline fleet --from a.tar.gz --from b.tar.gz --key fleet.key --pack datacenter`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.makeBaseline(cmd.Context(), &f, folderOf(args), false)
		},
	}
	f.register(a, cmd.Flags())
	cmd.AddCommand(a.baselineAdd(), a.baselineDiff(), a.baselineRenew())
	return cmd
}

func folderOf(args []string) string {
	if len(args) == 0 {
		return baselineFolder
	}
	return args[0]
}

func (f *baselineVerb) register(a *app, flags *pflag.FlagSet) {
	f.machines.register(flags)
	f.key.register(a, flags)
	f.now.register(flags, "day on which the machine was looked at")
	flags.IntVar(&f.days, "days", 365, "days until the baseline expires")
	flags.StringArrayVar(&f.accept, "accept", nil, "ID=REASON: take upon you a check that fails or lacks its facts (repeatable)")
	flags.StringSliceVar(&f.differing, "accept-difference", nil, "aspect in which each card's own value is good: board, rom, firmware, runtime, driver, functions, memory, windows (repeatable)")
	flags.StringSliceVar(&f.leave, "leave-difference", nil, "aspect of which nothing is stated where cards differ (repeatable)")
	flags.StringVar(&f.pack, "pack", "", "pack by which this machine is judged now and by later scans")
}

func (a *app) baselineAdd() *cobra.Command {
	var f baselineVerb
	cmd := &cobra.Command{
		Use:   "add [DIR]",
		Short: "Let a baseline speak of another card, or of another machine, too",
		Long: `Add states what this machine, or the captures of --from, have beside what the baseline
in DIR states. Where a card of a known model differs from the baseline, that is a
question, as between machines.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.makeBaseline(cmd.Context(), &f, folderOf(args), true)
		},
	}
	f.register(a, cmd.Flags())
	return cmd
}

func (a *app) baselineDiff() *cobra.Command {
	var f baselineVerb
	cmd := &cobra.Command{
		Use:   "diff [DIR]",
		Short: "Say what changed since the baseline was made",
		Long: `Diff compares what this machine is now with what the baseline in DIR states, and
writes nothing. The exit code is 0 where nothing changed, and 1 where something did.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.diffBaseline(cmd.Context(), &f, folderOf(args))
		},
	}
	f.machines.register(cmd.Flags())
	f.now.register(cmd.Flags(), judgements)
	return cmd
}

func (a *app) baselineRenew() *cobra.Command {
	var f baselineVerb
	cmd := &cobra.Command{
		Use:   "renew [DIR]",
		Short: "State anew what a machine is, after a change that was meant",
		Long: `Renew says what this machine is otherwise than the baseline in DIR states, and signs
the next edition: what is now takes the place of what was. With --keep, what was stays
good beside it, as long as a fleet has both.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.renewBaseline(cmd.Context(), &f, folderOf(args))
		},
	}
	f.register(a, cmd.Flags())
	cmd.Flags().BoolVar(&f.keep, "keep", false, "let what the baseline stated before stay good")
	return cmd
}

// terms are what the flags say of a baseline beside the facts.
func (f *baselineVerb) terms(a *app) (baseline.Terms, error) {
	t := baseline.Terms{Days: f.days}
	var err error
	if t.Now, err = f.now.at(a); err != nil {
		return t, err
	}
	if f.days < 1 {
		return t, errors.New("--days counts from 1")
	}
	for _, s := range f.accept {
		accept, err := baseline.ParseAcceptance(s)
		if err != nil {
			return t, fmt.Errorf("--accept %w", err)
		}
		t.Accept = append(t.Accept, accept)
	}
	for _, list := range [...]struct {
		flag string
		from []string
		to   *[]manifest.Aspect
	}{{"accept-difference", f.differing, &t.Differing}, {"leave-difference", f.leave, &t.Leave}} {
		for _, s := range list.from {
			aspect, err := manifest.ParseAspect(s)
			if err != nil {
				return t, fmt.Errorf("--%s: %w", list.flag, err)
			}
			*list.to = append(*list.to, aspect)
		}
	}
	return t, nil
}

// makeBaseline makes a baseline, or adds to one.
func (a *app) makeBaseline(ctx context.Context, f *baselineVerb, dir string, add bool) error {
	return a.onBaseline(ctx, f, dir, add, func(b *baselineWork) error {
		s, err := baseline.State(b.machines, b.folder.Before, b.terms)
		if err != nil {
			return fault.AsIncomplete(err)
		}
		if len(s.Questions) > 0 {
			return a.askOf(s.Questions)
		}
		if len(s.Statements) == 0 && len(b.terms.Accept) == 0 {
			a.say("The baseline in %s states all of this already.", dir)
			return nil
		}
		return a.signBaseline(ctx, b, s, add)
	})
}

// askOf prints the questions that a baseline leaves open.
func (a *app) askOf(questions []baseline.Question) error {
	var open []string
	for _, q := range questions {
		open = append(open, string(q.Aspect))
		a.warn("cards of the model %s differ in %s:", q.Model, q.Aspect)
		a.question(&q.Question)
	}
	list := strings.Join(open, ",")
	return fault.AsIncomplete(fmt.Errorf("nothing was written: look into each difference, then answer with --accept-difference %s, or with --leave-difference %s to state nothing of it, or leave the odd machine out", list, list))
}

// diffBaseline says what changed.
func (a *app) diffBaseline(ctx context.Context, f *baselineVerb, dir string) error {
	f.days = 1
	b, err := a.openBaseline(ctx, f, dir)
	if err != nil {
		return err
	}
	defer b.close()
	if len(b.folder.Before) == 0 {
		return noBaseline(dir)
	}
	if err := a.readMachines(ctx, b, nil); err != nil {
		return err
	}
	changes, s, err := baseline.Changes(b.machines, b.folder.Before, b.terms)
	switch {
	case err != nil:
		return fault.AsIncomplete(err)
	case len(s.Questions) > 0:
		return a.askOf(s.Questions)
	}
	for _, open := range s.NotCompared {
		a.say("%s", report.Clean(open))
	}
	if len(changes) == 0 {
		a.say("Unchanged since %s, by %q.", b.folder.Since(), strings.Join(b.folder.Signers, `", "`))
		return nil
	}
	a.printChanges(changes)
	return answered(exitFailed)
}

func (a *app) printChanges(changes []baseline.Change) {
	for _, c := range changes {
		switch {
		case c.New:
			a.say("%s: new, the baseline states no such card", c.Model)
		case c.Gone:
			a.say("%s: gone, no such card is in this machine", c.Model)
		default:
			a.say("%s: changed", c.Model)
		}
		for _, x := range c.Changes {
			a.say("  %s: %s -> %s", report.Clean(x.What), orNot(x.Old), orNot(x.New))
		}
	}
}

func orNot(s string) string {
	if s == "" {
		return "not stated"
	}
	return report.Clean(s)
}

// renewBaseline says what changes, and signs that.
func (a *app) renewBaseline(ctx context.Context, f *baselineVerb, dir string) error {
	return a.onBaseline(ctx, f, dir, true, func(b *baselineWork) error {
		changes, s, err := baseline.Changes(b.machines, b.folder.Before, b.terms)
		switch {
		case err != nil:
			return fault.AsIncomplete(err)
		case len(s.Questions) > 0:
			return a.askOf(s.Questions)
		}
		a.printChanges(changes)
		for _, open := range s.NotCompared {
			a.say("%s; the next edition states none", report.Clean(open))
		}
		if len(changes)+len(s.NotCompared) == 0 {
			a.say("Nothing changed: the next edition expires later, and says the same.")
		}
		if f.keep {
			b.terms.Differing = manifest.Aspects()
			if s, err = baseline.State(b.machines, b.folder.Before, b.terms); err != nil {
				return fault.AsIncomplete(err)
			}
		}
		return a.signBaseline(ctx, b, s, false)
	})
}

// signBaseline signs what is stated, writes it, and says what came of it.
func (a *app) signBaseline(ctx context.Context, b *baselineWork, s *baseline.Stated, adds bool) error {
	settings := b.folder.Settings(baseline.Settings{Pack: b.pack, Expect: b.expect}, adds)
	files, err := b.folder.Compose(ctx, s, b.machines, b.signer, b.terms, settings)
	if err != nil {
		return fault.AsIncomplete(err)
	}
	tried, err := baseline.Try(ctx, b.inputs, files, b.machines)
	if err != nil {
		return err
	}
	if err := a.keepKey(b.key); err != nil {
		return err
	}
	if err := a.keepCapture(b); err != nil {
		return fault.AsIncomplete(err)
	}
	if err := baseline.Write(b.folder.Dir, files); err != nil {
		return fault.AsIncomplete(err)
	}
	a.printBaseline(b, s, tried)
	if lines := b.folder.Lines(settings, files); lines != "" {
		a.warn("%s is your own and was left alone: put these settings into it", filepath.Join(b.folder.Dir, baseline.ConfigName))
		a.detail(lines)
	}
	return nil
}
