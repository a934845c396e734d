// Package finding holds judgements: what a rule concluded of a device or of
// the host. It imports the standard library only.
package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Category is the kind of risk a rule looks at.
type Category string

const (
	Backdoor          Category = "backdoor"
	Provenance        Category = "provenance"
	ImportRestriction Category = "import-restriction"
	// Policy is about how the audit itself is run: waivers that do not count.
	Policy Category = "policy"
)

// Severity ranks findings. The zero value is no severity.
type Severity string

const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

// severities lists all of them, the gravest first; never written to.
var severities = [...]Severity{Critical, High, Medium, Low, Info}

// Severities are the names of all, the gravest first.
func Severities() []string {
	list := make([]string, len(severities))
	for i, s := range severities {
		list[i] = string(s)
	}
	return list
}

// Rank is 5 for critical down to 1 for info, and 0 for anything else.
func (s Severity) Rank() int {
	for i, v := range severities {
		if s == v {
			return len(severities) - i
		}
	}
	return 0
}

// AtLeast says that s is as grave as t or graver.
func (s Severity) AtLeast(t Severity) bool { return s.Rank() >= t.Rank() && s.Rank() > 0 }

// ParseSeverity reads a severity's name.
func ParseSeverity(s string) (Severity, error) {
	if v := Severity(strings.ToLower(s)); v.Rank() > 0 {
		return v, nil
	}
	return "", fmt.Errorf("unknown severity %q: use critical, high, medium, low or info", s)
}

// Status is what a rule concluded. Unknown is not pass: it says that facts
// were missing.
type Status string

const (
	Fail          Status = "fail"
	Unknown       Status = "unknown"
	Pass          Status = "pass"
	NotApplicable Status = "not-applicable"
	Waived        Status = "waived"
	// Disabled is what a pack makes of a rule that it does not want to count;
	// Finding.Changed keeps what the rule said.
	Disabled Status = "disabled"
)

// Finding is one rule's conclusion on one device, or on the host.
type Finding struct {
	ID string `json:"id"` // GA-BD-001
	// Rule is what the texts of the rule are called in the catalogue of messages: the title
	// is the message RULE.title, the remediation RULE.do. It is "" for users' rules, and in
	// reports of older versions.
	Rule     string   `json:"rule,omitempty"`
	Category Category `json:"category"`
	Severity Severity `json:"severity"`
	Status   Status   `json:"status"`
	// Device is the PCI address, or "host".
	Device string `json:"device"`
	Title  string `json:"title"`
	// Detail says what was seen on this device, in a sentence.
	Detail string `json:"detail"`
	// Message is the detail by its id and parameters, for readers in another language;
	// nil where the rule gave a text alone, and in reports of older versions.
	Message *Message `json:"message,omitempty"`
	// Evidence are JSON pointers into the report, at what the rule rests on.
	Evidence []string `json:"evidence,omitempty"`
	// Missing are the facts that an unknown finding lacks, by JSON pointer.
	Missing     []string `json:"missing,omitempty"`
	Remediation string   `json:"remediation,omitempty"`
	References  []string `json:"references,omitempty"`
	Fingerprint string   `json:"fingerprint"`
	// Identity says what a failure of the rule means for the question what the
	// card is; "" for rules on other questions.
	Identity Identity `json:"identity,omitempty"`
	// Question is which of the five questions about a card the rule speaks to; "" for
	// rules on the audit itself, and for users' rules that name none.
	Question Question `json:"question,omitempty"`
	// Means is what a failure means for the answer; "" where the severity says it.
	Means Meaning `json:"means,omitempty"`
	// Lead says that the detail of a pass is the sentence of a good answer.
	Lead bool `json:"lead,omitempty"`
	// Waiver says who accepted a waived finding, and why.
	Waiver *Waiver `json:"waiver,omitempty"`
	// Effective is set where the rule begins to count after the clock of the
	// audit: until then it warns, and decides nothing.
	Effective *time.Time `json:"effective,omitempty"`
	// Changed says what a pack changed of the rule, and why.
	Changed *Change `json:"changed,omitempty"`
}

// Message is a sentence by its id in the catalogue of messages. A parameter is a text, a
// number, a list of these, or a message.
type Message struct {
	ID     string         `json:"id"`
	Params map[string]any `json:"params,omitempty"`
}

// Change is what a pack made of a rule.
type Change struct {
	Pack string `json:"pack"`
	// Severity is the rule's own.
	Severity Severity `json:"severity"`
	// Required says that the rule decides whatever its severity.
	Required bool `json:"required,omitempty"`
	// Status is what a rule that is disabled said.
	Status Status `json:"status,omitempty"`
	Reason string `json:"reason"`
}

// Waiver is why a finding does not decide the verdict.
type Waiver struct {
	Reason   string    `json:"reason"`
	Owner    string    `json:"owner"`
	Approver string    `json:"approver"`
	Expires  time.Time `json:"expires"` // it counts before this moment
	// Status is what the rule said; "" in reports of older versions.
	Status Status `json:"status,omitempty"`
	// Covers says which cards a waiver by fingerprint covers: the unit, or where it
	// states no serial number all of its model. It is "" for other waivers.
	Covers string `json:"covers,omitempty"`
}

// Identity is what a failed rule says about a card being what it claims to be.
type Identity string

const (
	// Modified: somebody changed a genuine card or its firmware.
	Modified Identity = "modified"
	// Counterfeit: the card claims to be another one than it is.
	Counterfeit Identity = "counterfeit"
	// Unidentified: nothing is known that the card could be held against.
	Unidentified Identity = "unknown"
)

// Known says that it is one of the above.
func (i Identity) Known() bool { return i == Modified || i == Counterfeit || i == Unidentified }

// Fingerprint identifies a finding over rescans: the rule, the device's
// identity without its bus address, and the rule's evidence key. Texts are not
// part of it, so rewording a remediation does not make a new finding.
func Fingerprint(rule, identity, key string) string {
	var room [256]byte
	b := room[:0]
	for _, part := range [...]string{"gpuaudit.fingerprint/v1", rule, identity, key} {
		b = strconv.AppendInt(b, int64(len(part)), 10)
		b = append(append(append(b, ':'), part...), ';')
	}
	sum := sha256.Sum256(b)
	var digits [2 * sha256.Size]byte
	hex.Encode(digits[:], sum[:])
	return string(digits[:])
}

// Question is one of the five that a report answers for each card.
type Question string

const (
	// WhatIsIt: is the card what it says it is?
	WhatIsIt Question = "identity"
	// MakersCode: is its firmware and its driver the maker's?
	MakersCode Question = "code"
	// CanItHarm: what could it do to this machine?
	CanItHarm Question = "harm"
	// MayIUseIt: what do law and lists say?
	MayIUseIt Question = "law"
	// WillItWork: is it sound, and does software run on it?
	WillItWork Question = "work"
)

// Questions lists all five, in the order in which a report answers them.
func Questions() []Question {
	return []Question{WhatIsIt, MakersCode, CanItHarm, MayIUseIt, WillItWork}
}

// Known says that it is one of the five.
func (q Question) Known() bool {
	switch q {
	case WhatIsIt, MakersCode, CanItHarm, MayIUseIt, WillItWork:
		return true
	}
	return false
}

// Meaning is what a failure means for the answer to its question.
type Meaning string

const (
	// MeansBad: the answer is bad.
	MeansBad Meaning = "bad"
	// MeansUnknown: the question stays open.
	MeansUnknown Meaning = "unknown"
	// MeansNote: the answer stays good, and says so beside it.
	MeansNote Meaning = "note"
)

// Known says that it is one of the above.
func (m Meaning) Known() bool { return m == MeansBad || m == MeansUnknown || m == MeansNote }

// Meant is what a failure of the rule means: what the rule says, or bad from
// medium on, and a note below.
func (f *Finding) Meant() Meaning {
	switch {
	case f.Means != "":
		return f.Means
	case f.Severity.AtLeast(Medium):
		return MeansBad
	}
	return MeansNote
}
