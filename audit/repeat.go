package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

// Repeat judges the evidence of a stored report again, to its own question and at its
// own clock, and demands the same report byte for byte. What it lacks for that it asks
// for, with an error of usage: an input, or the program and the data that the report
// was made with. Only the same inputs that give another report speak against it, and
// that is an error of signature.
//
// Who was believed may differ: another trust file that lets the same signers speak
// gives the same report, and so does another build of the program.
func (a *Audit) Repeat(ctx context.Context, v *signed.Verified, m *machine.Machine) error {
	r := v.Report
	if err := a.repeatable(r); err != nil {
		return err
	}
	asked, err := a.of(r, m)
	if err != nil {
		return err
	}
	again, err := asked.Run(ctx, m)
	switch {
	case errors.Is(err, ErrNoSuchDevice):
		return fault.AsSignature(err)
	case err != nil:
		return err
	}
	if err := sameInputs(r, again); err != nil {
		return err
	}
	others := believedOtherwise(r, again)
	again.Tool, again.Inputs = r.Tool, r.Inputs
	switch err := v.Same(again); {
	case err == nil:
		return nil
	case len(others) > 0:
		return usage("%w; but not the same inputs: give what it was made with: %s", err, listed(others))
	default:
		return fault.AsSignature(err)
	}
}

// of is the audit with the question of a stored report.
func (a *Audit) of(r *report.Report, m *machine.Machine) (*Audit, error) {
	if _, err := a.pack.Threshold(string(r.FailOn)); err != nil {
		return nil, fault.AsSignature(fmt.Errorf("no audit gives such a report: %w", err))
	}
	asked := *a
	opts := &asked.common
	opts.Now, opts.FailOn, opts.Question, opts.Expect = r.Now, r.FailOn, r.Question, r.Expect
	opts.Devices, opts.AllDevices = r.Asked, r.AllDevices
	if r.Waivers != nil && a.waivers != nil {
		opts.Waive = a.waive(r.Waivers.Fleet)
	}
	if !slices.ContainsFunc(r.Inputs, func(in report.Input) bool { return in.Kind == report.InputNVML }) && a.in.Beside.NVML == nil {
		asked.in.Beside.NoNVML = true // a capture may bring answers that were left aside
	}
	switch at := r.Attestation; {
	case at == nil:
		m.Forget()
	case at.NonceFrom == facts.NonceVerifier:
		nonce, err := boot.ParseNonce(at.Nonce)
		if err != nil {
			return nil, fault.AsSignature(fmt.Errorf("no audit gives such a report: %w", err))
		}
		asked.believed = new(*a.believed)
		asked.believed.Nonce = nonce
	}
	asked.in.GPU.Asked = r.GPUProof != nil
	if at := r.GPUProof; at != nil && at.NonceFrom == facts.NonceVerifier && (r.Attestation == nil || r.Attestation.NonceFrom != facts.NonceVerifier) {
		nonce, err := boot.ParseNonce(at.Nonce)
		if err != nil {
			return nil, fault.AsSignature(fmt.Errorf("no audit gives such a report: %w", err))
		}
		asked.believed = new(*a.believed)
		asked.believed.Nonce = nonce
	}
	if r.Attestation != nil && !m.Proves() {
		m.ProveBy(nil)
	}
	return &asked, nil
}

// repeatable says what a report was made with and is not at hand: another program,
// other data, files.
func (a *Audit) repeatable(r *report.Report) error {
	if !r.Now.Equal(a.in.Question.Now) {
		return usage("the report is of %s, and this audit of %s", r.Now, a.in.Question.Now)
	}
	if ours := a.stages.Tool; r.Tool.Name != ours.Name || r.Tool.Version != ours.Version {
		return usage("the report was made by %s %s%s, and this is %s %s: another program may well give another report; use that one",
			r.Tool.Name, r.Tool.Version, withRules(r.DataSets), ours.Name, ours.Version)
	}
	if err := a.sameData(r); err != nil {
		return err
	}
	lacks, more := a.differences(r)
	switch {
	case len(lacks) > 0:
		return usage("the report also rests on what was not given: %s", listed(lacks))
	case len(more) > 0:
		return usage("the report knows of no %s: leave it out", listed(more))
	}
	return nil
}

// withRules names the rules among data sets.
func withRules(sets []facts.DataSet) string {
	for _, s := range sets {
		if s.Name == "rules" {
			return fmt.Sprintf(" with rules sha256:%.16s…", s.SHA256)
		}
	}
	return ""
}

// sameData compares the data sets of both with each other, but for those that files
// bring, of which it is said which file is missing.
func (a *Audit) sameData(r *report.Report) error {
	for _, theirs := range r.DataSets {
		for _, ours := range a.stages.DataSets {
			if ours.Name != theirs.Name {
				continue
			}
			same := ours.SHA256 == theirs.SHA256
			if strings.HasPrefix(ours.Name, reference.ChannelPrefix) {
				same = same && ours.Date == theirs.Date
			}
			if !same {
				return usage("the report was judged with other data (%s of %s, sha256:%.16s…; here of %s, sha256:%.16s…): use the program and the data that it was made with",
					theirs.Name, theirs.Date, theirs.SHA256, ours.Date, ours.SHA256)
			}
		}
	}
	return nil
}

// part is an input of an audit that a report names in a place of its own. The digest is
// "" where the report has none, of what could not be read.
type part struct{ flag, name, sha256 string }

func (p part) String() string {
	if p.sha256 == "" {
		return p.flag + " " + p.name
	}
	return strings.TrimSpace(p.flag+" "+p.name) + fmt.Sprintf(" (sha256:%.16s…)", p.sha256)
}

// differences are the inputs that a report rests on and that are not here, and the
// other way round; those that only running shows are for [sameInputs].
func (a *Audit) differences(r *report.Report) (lacks, more []part) {
	theirs := partsOf(r.Pack, r.Policy, r.Waivers, r.Manifests, r.Catalogues, r.DataSets, r.Problems)
	var packed *report.Pack
	if a.pack != nil {
		packed = &report.Pack{Name: a.pack.Name, SHA256: a.pack.SHA256()}
	}
	var waivers *report.WaiverSet
	if a.waivers != nil {
		waivers = &report.WaiverSet{SHA256: a.in.Waivers.SHA256()}
	}
	ours := partsOf(packed, a.stages.Policy, waivers, a.stages.Manifests, a.stages.Catalogues, ageAll(a.stages.DataSets, r.Now), a.reference.Problems)
	return without(theirs, ours), without(ours, theirs)
}

func partsOf(p *report.Pack, rules *report.RuleSet, w *report.WaiverSet, manifests []report.Manifest, catalogues []report.Catalogue, sets []facts.DataSet, problems []report.Problem) []part {
	var list []part
	if p != nil {
		list = append(list, part{"--pack", p.Name, p.SHA256})
	}
	if rules != nil {
		list = append(list, part{"--policy", rules.Source, rules.SHA256})
	}
	if w != nil {
		list = append(list, part{"--waivers", "", w.SHA256})
	}
	for _, m := range manifests {
		list = append(list, part{"--manifests", m.Name, m.SHA256})
	}
	for _, c := range catalogues {
		if strings.HasPrefix(c.Signer, reference.ChannelPrefix) {
			continue // the channel is named below
		}
		list = append(list, part{"--catalogue", c.Name, c.SHA256})
	}
	for _, s := range sets {
		if name, ok := strings.CutPrefix(s.Name, reference.ChannelPrefix); ok {
			list = append(list, part{"--channels", name, s.SHA256})
		}
	}
	for _, p := range problems {
		// A channel that did not verify is no data set, and the report says why.
		if name, ok := strings.CutPrefix(p.Input, "channel "); ok && p.Kind == report.ProblemSignature {
			list = append(list, part{"--channels", name, ""})
		}
	}
	return list
}

// without are the parts of a list that another does not have.
func without(list, other []part) []part {
	return slices.DeleteFunc(slices.Clone(list), func(p part) bool {
		return slices.ContainsFunc(other, func(o part) bool {
			return o.flag == p.flag && o.sha256 == p.sha256 && (p.sha256 != "" || o.name == p.name)
		})
	})
}

// sameInputs compares the files that both reports name with each other, but for those
// that say who was believed.
func sameInputs(r, again *report.Report) error {
	if lacks := beyond(r.Inputs, again.Inputs, false); len(lacks) > 0 {
		return usage("the report also rests on what was not given: %s", listed(lacks))
	}
	if more := beyond(again.Inputs, r.Inputs, false); len(more) > 0 {
		return usage("the report knows of no %s: leave it out", listed(more))
	}
	return nil
}

// believedOtherwise names what says who was believed, or which file the program is, and
// is not the same. What a purchase record states is in the report's own question, and
// what a file of settings says in all that a report names.
func believedOtherwise(r, again *report.Report) []part {
	list := append(beyond(r.Inputs, again.Inputs, true), beyond(again.Inputs, r.Inputs, true)...)
	live := !slices.ContainsFunc(r.Inputs, func(in report.Input) bool { return in.Kind == report.InputCapture })
	list = slices.DeleteFunc(list, func(p part) bool {
		return p.flag == "--"+string(report.InputPurchase) || p.flag == "--"+string(report.InputConfig) || live && p.flag == "--"+string(report.InputCapture)
	})
	if r.Tool.SHA256 != "" && r.Tool.SHA256 != again.Tool.SHA256 {
		list = append(list, part{r.Tool.Name, r.Tool.Version, r.Tool.SHA256})
	}
	return list
}

// beyond names the inputs of a list that another list does not have.
func beyond(list, other []report.Input, believed bool) []part {
	var found []part
	for _, in := range list {
		if in.Kind.Believed() == believed && !slices.ContainsFunc(other, func(i report.Input) bool { return i.Kind == in.Kind && i.Device == in.Device && i.SHA256 == in.SHA256 }) {
			found = append(found, part{"--" + string(in.Kind), in.Name, in.SHA256})
		}
	}
	return found
}

func listed(parts []part) string {
	var texts []string
	for _, p := range parts {
		texts = append(texts, p.String())
	}
	return strings.Join(texts, ", ")
}

func usage(format string, args ...any) error {
	return fault.AsUsage(fmt.Errorf("--recheck: "+format, args...))
}
