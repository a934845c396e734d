// Package boot joins what a machine's TPM proves of its boot with the facts that
// were read of the machine: it verifies the evidence, holds the drivers that
// firmware ran against the ROMs, and Secure Boot as it was measured against what
// the system shows. It says what agrees; rules judge it.
package boot

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot/optionrom"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Input is the evidence, and what the verifier brings.
type Input struct {
	// Evidence is the text of an evidence file; Missing says why there is none.
	Evidence []byte
	Missing  inventory.Reason
	// Policy is what is believed. Where it has no nonce, the evidence's own is
	// taken, which shows nothing of when the quote was made. Its report digest is
	// left alone: Recording is taken.
	Policy tpm.Policy
	// Recording is the SHA-256 over everything that the facts were read from
	// (package capture), nil where it is not known.
	Recording []byte
	// Collected is when the facts were gathered.
	Collected time.Time
}

// Verify checks the evidence and compares it with the facts. It reads no file
// and no clock but the policy's; there is an answer for every evidence.
func Verify(in Input, inv *inventory.Inventory) (*facts.Attestation, error) {
	a := &facts.Attestation{AgeDays: age(in), SameBoot: unknown, Covers: facts.CoversNothing, State: facts.AttestationAbsent}
	if in.Evidence == nil {
		a.Reason = fmt.Sprintf("the TPM gave no evidence: %s", in.Missing)
		return a, nil
	}
	e, err := tpm.ParseEvidence(in.Evidence)
	if err != nil {
		// A report names the evidence in front of the reason.
		a.State, a.Reason, a.Covers = facts.AttestationFailed, strings.TrimPrefix(err.Error(), "TPM evidence: "), facts.CoversOther
		return a, nil
	}
	p, err := policyFor(in, e, a)
	if err != nil {
		a.State, a.Reason, a.Covers = facts.AttestationFailed, err.Error(), facts.CoversOther
		return a, nil
	}
	r, err := tpm.Verify(e, *p)
	if err != nil {
		return nil, err
	}
	state(a, r)
	a.Covers = coverage(e, r)
	a.SameBoot = sameBoot(e, &inv.Host)
	if r.Log != nil {
		a.Boot = measured(r, inv)
	}
	return a, nil
}

const unknown = "unknown"

func age(in Input) int { return int(in.Policy.Now.Sub(in.Collected).Hours() / 24) }

// policyFor fills in the nonce and what the quote must cover. Evidence that
// states no digest covers nothing but its nonce, and is not held to the facts.
func policyFor(in Input, e *tpm.Evidence, a *facts.Attestation) (*tpm.Policy, error) {
	p := in.Policy
	a.NonceFrom = facts.NonceVerifier
	if p.Nonce == nil {
		nonce, ok := decodeNonce(e.Nonce)
		if !ok {
			return nil, fmt.Errorf("the evidence states no nonce of %d to %d bytes", tpm.MinNonce, tpm.MaxNonce)
		}
		p.Nonce, a.NonceFrom = nonce, facts.NonceEvidence
	}
	a.Nonce = hex.EncodeToString(p.Nonce)
	p.ReportDigest = nil
	if e.ReportDigest != "" {
		p.ReportDigest = in.Recording
	}
	return &p, nil
}

// state takes over the checks, and says in a sentence what they come to.
func state(a *facts.Attestation, r *tpm.Result) {
	var failed, open []string
	for _, c := range r.Checks {
		a.Checks = append(a.Checks, checkFacts(c))
		switch {
		case c.Status == tpm.Fail:
			failed = append(failed, c.Name+" ("+c.Code+")")
		case c.Status != tpm.Pass && c.Code != tpm.NotReached:
			open = append(open, c.Name+" ("+c.Code+")")
		}
	}
	switch r.Status() {
	case tpm.Pass:
		a.State, a.Reason = facts.AttestationVerified, fmt.Sprintf("all %d checks passed", len(r.Checks))
	case tpm.Fail:
		a.State, a.Reason = facts.AttestationFailed, "failed: "+strings.Join(failed, ", ")
	default:
		a.State, a.Reason = facts.AttestationUnproven, "not known: "+strings.Join(open, ", ")
	}
	a.AKName, a.EKRoots, a.Notes = r.AKName, r.EKRoots, r.Notes
	a.Clock = clockFacts(r.Clock)
}

func coverage(e *tpm.Evidence, r *tpm.Result) facts.Coverage {
	c := r.Check(tpm.CheckReport)
	switch {
	case c == nil || c.Status != tpm.Pass:
		return facts.CoversOther
	case e.ReportDigest == "":
		return facts.CoversNothing
	case r.ReportDigest == "":
		return facts.CoversOther
	}
	return facts.CoversFacts
}

// sameBoot compares the log of the evidence with the one that the facts name:
// the facts of another boot, or of another machine, have another log.
func sameBoot(e *tpm.Evidence, h *inventory.Host) string {
	if h.EventLog == nil || len(e.EventLog) == 0 {
		return unknown
	}
	sum := sha256.Sum256(e.EventLog)
	if hex.EncodeToString(sum[:]) == h.EventLog.SHA256 {
		return "yes"
	}
	return "no"
}

func measured(r *tpm.Result, inv *inventory.Inventory) *facts.MeasuredBoot {
	s := r.Log.SecureBoot()
	b := &facts.MeasuredBoot{
		Bank: r.Bank, SecureBoot: s.Enabled, Debug: s.Debug, OptionROMVerification: string(s.OptionROMs),
		SecureBootAgrees: agreesBool(&s, inv.Host.Boot.SecureBoot),
		DBAgrees:         agreesStore(&s, "db", s.DBData, &inv.Host),
		DBXAgrees:        agreesStore(&s, "dbx", s.DBXData, &inv.Host),
		Drivers:          []facts.MeasuredDriver{}, Unexplained: []facts.UnexplainedEvent{},
	}
	bank, ok := eventlog.AlgorithmNamed(r.Bank)
	if !ok {
		return nil // the quote's bank was one that replays
	}
	roms := optionrom.Corroborate(r.Log, bank, inv)
	for _, d := range roms.Results {
		b.Drivers = append(b.Drivers, driverFacts(d))
		if d.Verdict == optionrom.Unresolved && d.Device == "" {
			b.Unexplained = append(b.Unexplained, facts.UnexplainedEvent{Event: d.Event, Type: "driver of no certain device", Digest: d.Digest, Reason: d.Reason, Card: roms.Moved(d.Event)})
		}
	}
	for _, o := range roms.Others {
		o.Card = roms.Moved(o.Event)
		b.Unexplained = append(b.Unexplained, o)
	}
	return b
}
