package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

func (a *app) policyCheckCommand() *cobra.Command {
	var f scanFlags
	var t storedTrust
	cmd := &cobra.Command{
		Use:   "check FILE...|-",
		Short: "Judge stored reports and captures: the gate for provisioning",
		Long: `Check judges the facts of reports (scan -o json=FILE), of signed reports (report sign)
and of captures by today's rules and data, and writes a line of JSON for each. The
verdict in a report does not count: its facts are judged again.

A signed report is verified where --key or --trust says whom to believe, and one that
does not verify exits with 4. With --key or --signed every input has to be a signed
report. - reads the names of inputs from standard input, one on each line.

Serial numbers are compared over all inputs: two cards with the same one fail.`,
		Example: `  gpuaudit policy check reports/*.json captures/*.tar.gz
  find /srv/reports -name '*.sigstore.json' | gpuaudit policy check --signed --trust trust.yaml -
  gpuaudit policy check --fail-on medium --profile federal-contractor node7.json | jq .status`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.policyCheck(cmd.Context(), &f, &t, args) },
	}
	f.registerQuestion(cmd.Flags())
	f.tpm.registerRoots(cmd.Flags())
	t.register(cmd.Flags())
	return cmd
}

// checkLine is what check says of one input.
type checkLine struct {
	Input    string        `json:"input"`
	Status   report.Status `json:"status"`
	ExitCode int           `json:"exit_code"`
	Reasons  []string      `json:"reasons"`
	// Signature is what became of the signature of a signed report.
	Signature string        `json:"signature,omitempty"`
	Devices   []checkDevice `json:"devices"`
	// Host are the ids of the rules that failed or lack facts on the machine.
	Host checkRules `json:"host"`
}

type checkDevice struct {
	Address  string                 `json:"address"`
	Name     string                 `json:"name"`
	Status   report.Status          `json:"status"`
	Identity report.IdentityVerdict `json:"identity"`
	checkRules
}

type checkRules struct {
	Failed  []string `json:"failed"`
	Unknown []string `json:"unknown"`
	// Waived are the ids that somebody accepted, whatever their severity.
	Waived []string `json:"waived,omitempty"`
}

func (a *app) policyCheck(ctx context.Context, f *scanFlags, t *storedTrust, args []string) error {
	opts, err := a.scanOptions(f)
	if err != nil {
		return err
	}
	reference, err := f.reference.load(ctx, a, opts.Now)
	if err != nil {
		return err
	}
	opts.Problems = reference.problems
	believed, err := f.tpm.policy()
	if err != nil {
		return err
	}
	auditor, err := newAuditor(ctx, &f.basis, reference, nil)
	if err != nil {
		return err
	}
	reader, err := a.storedReader(t, auditor.Enumerate, f.reference.trust, opts.Now)
	if err != nil {
		return err
	}
	inputs, err := a.inputs(args)
	if err != nil {
		return err
	}
	fleet, err := readFleet(ctx, reader, inputs)
	if err != nil {
		return err
	}
	worst := 0
	for line := range ordered(inputs, func(input string) checkLine { return checkOne(ctx, auditor, reader, opts, believed, fleet, input) }) {
		worst = worse(worst, line.ExitCode)
		if err := report.EncodeJSON(a.Stdout, line, ""); err != nil {
			return incomplete(fmt.Errorf("write: %w", err))
		}
	}
	if ctx.Err() != nil {
		return incomplete(ctx.Err())
	}
	if worst != 0 {
		return &exitError{code: worst, err: errVerdict}
	}
	return nil
}

// ordered works on as many inputs at once as there are processors, and yields
// the answers in the order of the inputs.
func ordered[T any](inputs []string, work func(string) T) func(func(T) bool) {
	return func(yield func(T) bool) {
		slots := make(chan struct{}, runtime.GOMAXPROCS(0))
		queue := make(chan chan T, cap(slots))
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			defer close(queue)
			for _, input := range inputs {
				answer := make(chan T, 1)
				select {
				case queue <- answer:
				case <-stop:
					return
				}
				slots <- struct{}{}
				go func() {
					answer <- work(input)
					<-slots
				}()
			}
		}()
		for answer := range queue {
			if !yield(<-answer) {
				return
			}
		}
	}
}

// worse orders exit codes: a signature that did not verify, a failure, an audit
// that could not be completed, a pass.
func worse(a, b int) int {
	rank := map[int]int{exitSignature: 3, exitFailed: 2, exitIncomplete: 1}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

func checkOne(ctx context.Context, auditor *audit.Auditor, reader *storedReader, opts audit.Options, believed *tpm.Policy, fleet *fleet, input string) checkLine {
	reading.Store(&input)
	stored, err := reader.read(ctx, input)
	if err != nil {
		return unchecked(input, err)
	}
	opts.Problems = append(opts.Problems[:len(opts.Problems):len(opts.Problems)], stored.problems...)
	opts.Attest = stored.attest(believed, opts.Now)
	opts.Elsewhere = func(d *inventory.Device) compare.Others { return fleet.elsewhere(input, d) }
	r, err := auditor.Conclude(ctx, stored.inventory, opts)
	if err != nil {
		return unchecked(input, err)
	}
	line := checkLine{Input: input, Status: r.Verdict.Status, ExitCode: r.Verdict.ExitCode, Reasons: r.Verdict.Reasons,
		Signature: stored.signature, Devices: []checkDevice{}, Host: decided(r, "host")}
	for i := range r.Devices {
		d := &r.Devices[i]
		line.Devices = append(line.Devices, checkDevice{Address: d.Address, Name: r.Title(d.Address), Status: d.Status,
			Identity: d.Identity.Verdict, checkRules: decided(r, d.Address)})
	}
	return line
}

// unchecked is the line of an input that could not be judged. It says nothing
// about the others.
func unchecked(input string, err error) checkLine {
	code := exitIncomplete
	if e, ok := errors.AsType[*exitError](err); ok {
		code = e.code
	}
	return checkLine{Input: input, Status: report.Incomplete, ExitCode: code, Reasons: []string{oneLine(err)},
		Devices: []checkDevice{}, Host: checkRules{Failed: []string{}, Unknown: []string{}}}
}

// decided lists the rules that decide the status of an owner.
func decided(r *report.Report, owner string) checkRules {
	rules := checkRules{Failed: []string{}, Unknown: []string{}}
	for _, f := range r.Findings {
		switch {
		case f.Device != owner || f.Status != finding.Waived && !r.Decides(&f):
		case f.Status == finding.Waived:
			rules.Waived = append(rules.Waived, f.ID)
		case f.Status == finding.Fail:
			rules.Failed = append(rules.Failed, f.ID)
		case f.Status == finding.Unknown:
			rules.Unknown = append(rules.Unknown, f.ID)
		}
	}
	return rules
}

// fleet knows which ids the devices of all inputs state.
type fleet struct {
	stated map[inventory.IdentityClaim][]owner
	hosts  map[string]string // by input: what tells the machine again, "" unknown
	// unread are devices whose ids are not known, by maker ("" unknown), the first of
	// each input.
	unread map[string][]owner
}

// maxUnread bounds the devices of a maker that a finding names.
const maxUnread = 64

type owner struct{ input, address string }

// readFleet reads all inputs once for their ids, where there is more than one. It
// keeps nothing else, so that memory does not grow with the fleet. An input that
// cannot be read is left to the second reading, which says so.
func readFleet(ctx context.Context, reader *storedReader, inputs []string) (*fleet, error) {
	fl := &fleet{stated: map[inventory.IdentityClaim][]owner{}, hosts: map[string]string{}, unread: map[string][]owner{}}
	if len(inputs) < 2 {
		return fl, nil
	}
	type ids struct {
		input, host string
		claims      map[inventory.IdentityClaim]string
		unread      map[string]string // by maker
	}
	for got := range ordered(inputs, func(input string) ids {
		s, err := reader.read(ctx, input)
		if err != nil {
			return ids{input: input}
		}
		list := ids{input: input, host: hostKey(&s.inventory.Host), claims: map[inventory.IdentityClaim]string{}, unread: map[string]string{}}
		for i := range s.inventory.Devices {
			d := &s.inventory.Devices[i]
			// An input that is not whole says so in its own line, and says nothing of others.
			if maker := maker(d); len(s.problems) == 0 && list.unread[maker] == "" && compare.IdentityUnread(d) {
				list.unread[maker] = d.Address
			}
			for _, c := range d.Identity {
				if compare.Unique(c) {
					list.claims[inventory.IdentityClaim{Kind: c.Kind, Value: c.Value}] = d.Address
				}
			}
		}
		return list
	}) {
		if _, again := fl.hosts[got.input]; again {
			return nil, errors.New(got.input + " is given twice")
		}
		fl.hosts[got.input] = got.host
		for c, address := range got.claims {
			fl.stated[c] = append(fl.stated[c], owner{got.input, address})
		}
		for maker, address := range got.unread {
			if len(fl.unread[maker]) < maxUnread {
				fl.unread[maker] = append(fl.unread[maker], owner{got.input, address})
			}
		}
	}
	return fl, nil
}

// hostKey tells a machine again: its own serial numbers, which only root reads.
func hostKey(h *inventory.Host) string {
	var parts []string
	for _, s := range []*string{h.DMI.ProductUUID, h.DMI.ProductSerial} {
		if s != nil && compare.Unique(inventory.IdentityClaim{Value: *s}) {
			parts = append(parts, *s)
		}
	}
	return strings.Join(parts, " ")
}

func maker(d *inventory.Device) string {
	if d.PCI.VendorID == nil {
		return ""
	}
	return *d.PCI.VendorID
}

// elsewhere lists the devices of other inputs that state an id of d, and those of
// its maker whose ids are not known. A second look at the same slot of the same
// machine is no second card.
func (f *fleet) elsewhere(input string, d *inventory.Device) compare.Others {
	found := compare.Others{Shared: []facts.Shared{}}
	name := func(p owner) (string, bool) {
		again := f.hosts[input] != "" && f.hosts[p.input] == f.hosts[input] && p.address == d.Address
		return filepath.Base(p.input) + " " + p.address, p.input != input && !again
	}
	for _, c := range d.Identity {
		var with []string
		for _, p := range f.stated[inventory.IdentityClaim{Kind: c.Kind, Value: c.Value}] {
			if other, ok := name(p); ok {
				with = append(with, other)
			}
		}
		found.Shared = compare.Merge(found.Shared, c.Kind, with)
	}
	makers := []string{"", maker(d)}
	if makers[1] == "" {
		makers = slices.Sorted(maps.Keys(f.unread))
	}
	for _, m := range slices.Compact(makers) {
		for _, p := range f.unread[m] {
			if other, ok := name(p); ok {
				found.Unread = append(found.Unread, other)
			}
		}
	}
	return found
}
