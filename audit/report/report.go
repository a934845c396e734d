// Package report holds the one value an audit ends in and its encoders. It
// decides nothing that a rule should decide: the verdict is a count over
// findings, and every encoder renders the same value.
package report

import (
	"time"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// Schema names the version of the JSON form of [Report].
const Schema = "gpuaudit.report/v1"

// Report is the outcome of one audit. It holds nothing of the place it was
// made at, so that the scan of a capture gives the bytes of the scan of its
// host.
type Report struct {
	Schema string `json:"schema"`
	Tool   Tool   `json:"tool"`
	// Now is the clock of every judgement in the report.
	Now      time.Time     `json:"now"`
	Question facts.Purpose `json:"question"`
	// Notice says what answers to the question of law are not: the message law.notice.
	Notice string `json:"notice,omitempty"`
	// FailOn is the severity from which on a finding decides the verdict.
	FailOn finding.Severity `json:"fail_on"`
	// Asked are the devices that the audit was limited to; none means all.
	Asked []string `json:"asked,omitempty"`
	// AllDevices says that displays of management controllers and of virtual machines
	// were judged as cards.
	AllDevices bool    `json:"all_devices,omitempty"`
	Verdict    Verdict `json:"verdict"`
	// Expect is how many devices there had to be at least; 0 where nobody said.
	Expect int `json:"expect,omitempty"`
	// Inputs are the files that shaped the audit beside the machine and what the
	// fields below name: who judges it again needs the same.
	Inputs []Input `json:"inputs,omitempty"`
	// Problems are inputs that could not be used; each one is a reason not to
	// trust an empty list of findings.
	Problems  []Problem       `json:"problems,omitempty"`
	DataSets  []facts.DataSet `json:"data_sets"`
	Manifests []Manifest      `json:"manifests"`
	// Catalogues are rows of operators on top of the embedded catalogue.
	Catalogues []Catalogue `json:"catalogues,omitempty"`
	// Policy is the rules that were judged beside the built-in ones.
	Policy *RuleSet `json:"policy,omitempty"`
	// Pack says how rules count here; nil where as they state themselves.
	Pack *Pack `json:"pack,omitempty"`
	// Waivers is the file that some findings were waived by.
	Waivers *WaiverSet `json:"waivers,omitempty"`
	// Attestation is nil where nobody asked for it.
	Attestation *facts.Attestation `json:"attestation,omitempty"`
	// GPUProof is nil where nobody asked GPUs to prove themselves.
	GPUProof  *facts.GPUProof     `json:"gpu_proof,omitempty"`
	Findings  []finding.Finding   `json:"findings"`
	Devices   []Device            `json:"devices"`
	Inventory inventory.Inventory `json:"inventory"`

	// language is that of the reader whom [Report.In] was asked for; nil is English.
	// untranslated are the texts that it has no words for.
	language     *message.Language
	untranslated map[string]bool
}

// Tool is the program that made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// SHA256 is the digest of the program's file; "" where it is not known.
	SHA256 string `json:"sha256,omitempty"`
	// Protection is what kept the parsing process in; nil where nobody said.
	Protection *Protection `json:"protection,omitempty"`
}

// Input is a file that was given for an audit.
type Input struct {
	Kind InputKind `json:"kind"`
	// Name is the file's name without its folder, Device the PCI address that it was
	// given for; "" where the kind needs neither.
	Name   string `json:"name,omitempty"`
	Device string `json:"device,omitempty"`
	SHA256 string `json:"sha256"`
}

// InputKind is the flag that gives an input.
type InputKind string

const (
	InputWitness  InputKind = "witness"
	InputROM      InputKind = "rom"
	InputFlash    InputKind = "flash"
	InputNVML     InputKind = "nvml"
	InputEvidence InputKind = "evidence"
	// InputCapture is the recording that stood for the machine. A report of the machine
	// itself has none, and may be repeated from one.
	InputCapture InputKind = "capture"
	// InputManifest is a manifest that was given and does not count.
	InputManifest InputKind = "manifests"
	// The others say who was believed, or what was bought: the answers that they gave
	// are in the report, and another file may give the same.
	InputTrust      InputKind = "trust"
	InputPolicyKey  InputKind = "policy-key"
	InputWaiversKey InputKind = "waivers-key"
	InputPurchase   InputKind = "purchase"
	InputRoots      InputKind = "ek-roots"
	InputChain      InputKind = "ek-chain"
	InputEnrolled   InputKind = "enrolled"
	InputAK         InputKind = "ak"
	// What GPUs are held against: RIM and OCSP are all files of a kind, by one digest
	// over their names and bytes.
	InputDeviceRoots   InputKind = "device-roots"
	InputManifestRoots InputKind = "rim-roots"
	InputRIM           InputKind = "rim"
	InputOCSP          InputKind = "ocsp"
	InputCollateral    InputKind = "collateral"
	InputCollateralKey InputKind = "collateral-key"
	// InputConfig is a file of settings: what they are is in the report.
	InputConfig InputKind = "config"
)

// Believed says that an input says who was believed, what was bought, or where the facts
// lay: another file may give the same report.
func (k InputKind) Believed() bool {
	switch k {
	case InputWitness, InputROM, InputFlash, InputNVML, InputEvidence, InputManifest:
		return false
	}
	return true
}

// Manifest is a signed manifest that took part in the comparison.
type Manifest struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Issuer string `json:"issuer"`
	Kind   string `json:"kind"`
}

// Catalogue identifies an operator's rows.
type Catalogue struct {
	Name   string `json:"name"`
	Date   string `json:"date"`
	SHA256 string `json:"sha256"` // of the signed bundle
	Signer string `json:"signer"`
	Rows   int    `json:"rows"`
	// Replaced are the rows that others were put in the place of.
	Replaced []string `json:"replaced"`
}

// RuleSet identifies rules that do not come with the program.
type RuleSet struct {
	// Source is "directory", "bundle", "artifact" or "channel".
	Source string `json:"source"`
	// SHA256 is over the names and bytes of all rules and data.
	SHA256 string `json:"sha256"`
	// Rules is how many rules they are; 0 in reports of older versions.
	Rules int `json:"rules,omitempty"`
	// Signed says that the signature of the bundle was verified.
	Signed bool `json:"signed"`
	// Artifact is the digest of the OCI manifest that names the bundle.
	Artifact string `json:"artifact,omitempty"`
}

// Pack is the severities and demands that the rules were judged by.
type Pack struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	// UnknownFrom is the severity from which on a missing answer decides.
	UnknownFrom finding.Severity `json:"unknown_from"`
	// Disabled are the rules that do not count. What they said is among the
	// findings.
	Disabled []DisabledRule `json:"disabled"`
}

// DisabledRule is a rule that a pack does not want to count.
type DisabledRule struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// WaiverSet identifies a waiver file.
type WaiverSet struct {
	SHA256  string `json:"sha256"`
	Entries int    `json:"entries"`
	// Fleet is the label of the machine that was given, for waivers of a fleet.
	Fleet string `json:"fleet,omitempty"`
	// Signers are whose signatures on the file were verified.
	Signers []string `json:"signers,omitempty"`
}

// Device is what the audit concluded of one device, beside its facts in the
// Inventory.
type Device struct {
	Address string `json:"address"`
	// Role is set for an adapter that is listed and not judged: "management-display"
	// or "virtual-display".
	Role     string   `json:"role,omitempty"`
	Status   Status   `json:"status"`
	Identity Identity `json:"identity"`
	Counts   Counts   `json:"counts"`
	// Restrictions is nil where nobody asked about law, or no rule on it has
	// anything to say beside passing.
	Restrictions *Restrictions `json:"restrictions,omitempty"`
	// Answers are the five questions, in their order; nil for an adapter that was not
	// judged, and in reports of older versions.
	Answers   []Answer        `json:"answers,omitempty"`
	Catalogue catalogue.Facts `json:"catalogue"`
	Reference facts.Reference `json:"reference"`
}

// Problem is an input that could not be used.
type Problem struct {
	Kind ProblemKind `json:"kind"`
	// Input names the file or source.
	Input string `json:"input"`
	// Cause says what is wrong with it and, where there is one, at what offset.
	Cause string `json:"cause"`
}

// ProblemKind groups problems by what they do to the verdict.
type ProblemKind string

const (
	// ProblemInput is an input that is damaged or could not be read.
	ProblemInput ProblemKind = "input"
	// ProblemSignature is a signed statement that did not verify.
	ProblemSignature ProblemKind = "signature"
	// ProblemRule is a rule that could not be evaluated.
	ProblemRule ProblemKind = "rule"
	// ProblemStale is a channel of manifests that has expired: what its publishers
	// have said since is not known.
	ProblemStale ProblemKind = "stale"
	// ProblemOutdated is an older edition of a manifest beside a newer one: it is set
	// aside, and nothing of the verdict rests on it.
	ProblemOutdated ProblemKind = "outdated"
	// ProblemCoverage is a scan that saw fewer devices than it had to, or not
	// the ones that somebody else saw.
	ProblemCoverage ProblemKind = "coverage"
)
