package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/waive"
	"github.com/gpuaudit/gpuaudit/policy/source"
)

// Inputs is everything that shapes an audit beside the machine, as it was given: what
// is asked, and files as names and bytes. Each file was read once, and nothing of it is
// parsed, so that what a report names by its digest is what was judged. The one thing
// that is no bytes is open: the directory of kept channels, and the program.
//
// Two audits with equal inputs, of equal facts, give the same report byte for byte.
type Inputs struct {
	Program  Program
	Question Question
	// Engine is what runs the built-in rules. It shapes no report: both give the same.
	Engine Engine
	// Pack says how rules count; nil where as they state themselves.
	Pack *input.File
	// Rules are further rules, beside the built-in ones; nil where there are none.
	Rules *source.Rules
	// Reference is what facts are held against: trust file, manifests, channels,
	// catalogues.
	Reference reference.Given
	// Waivers is a file of accepted findings; nil where there is none.
	Waivers *waive.Given
	// Purchase is the purchase record; nil where there is none.
	Purchase *input.File
	// Beside are files that speak of the machine: dumps, recordings, answers of NVML.
	Beside machine.Beside
	// Evidence is that of the machine's TPM, where it was given as a file; TPM says
	// which TPM is believed.
	Evidence *input.File
	// Settings are the files of settings of which a value counts. They change nothing
	// beside: the values are in the fields above.
	Settings []*input.File
	TPM      boot.Given
	// GPU is what the proofs of GPUs are held against.
	GPU gpuproof.Given
}

// Engine is what runs the built-in rules: the plan that was made of them at build time,
// or OPA, which parses and compiles them anew and is the oracle of the plan.
type Engine string

// The engines; "" is EnginePlan.
const (
	EnginePlan Engine = "plan"
	EngineOPA  Engine = "opa"
)

// Program is the one that makes the report.
type Program struct {
	Name, Version string
	// File is the running program's own; nil where no report is written that names it.
	File io.ReadCloser
}

// digested is the digest of the program's file, "" where there is none.
type digested struct {
	sha256 string
	err    error
}

func (p *Program) digest() digested {
	if p.File == nil {
		return digested{}
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, p.File); err != nil {
		return digested{err: fault.AsIncomplete(fmt.Errorf("read the program's own file: %w", err))}
	}
	return digested{sha256: hex.EncodeToString(sum.Sum(nil))}
}

// Question is what is asked of the machine, as it was given.
type Question struct {
	// Now is the clock of every judgement.
	Now time.Time
	// FailOn is the severity from which on a failure decides; "" leaves it to the pack.
	FailOn string
	// Expect is how many devices there must at least be.
	Expect int
	// Devices limits the audit to these addresses; AllDevices judges displays of
	// management controllers and of virtual machines as cards, too.
	Devices    []string
	AllDevices bool
	// Jurisdiction and Profile say where the device is used, and by whom; "" leaves them
	// to the pack. Origin is the country that the purchase record states.
	Jurisdiction, Profile, Origin string
	// SoldAs is what the seller calls the card.
	SoldAs string
}

// Close lets go of what stays open.
func (in *Inputs) Close() {
	if c := in.Reference.Channels; c != nil {
		c.Dir.Close()
	}
	if in.Program.File != nil {
		in.Program.File.Close()
	}
}

// named lists the files that were given and that no other part of a report names by
// their digest.
func (in *Inputs) named(rejected []*input.File) []report.Input {
	var list []report.Input
	add := func(kind report.InputKind, f *input.File) {
		if f != nil {
			list = append(list, report.Input{Kind: kind, Name: f.Base(), SHA256: f.SHA256()})
		}
	}
	for _, f := range in.Settings {
		list = append(list, report.Input{Kind: report.InputConfig, Name: "gpuaudit/" + f.Base(), SHA256: f.SHA256()})
	}
	for _, f := range rejected {
		add(report.InputManifest, f)
	}
	if t := in.Reference.Trust; t != nil && in.trusts() {
		list = append(list, report.Input{Kind: report.InputTrust, Name: t.Base(), SHA256: t.SHA256()})
	}
	if in.Rules != nil {
		add(report.InputPolicyKey, in.Rules.Key)
	}
	if in.Waivers != nil {
		for _, f := range in.Waivers.Keys {
			add(report.InputWaiversKey, f)
		}
	}
	add(report.InputPurchase, in.Purchase)
	add(report.InputRoots, in.TPM.Roots)
	add(report.InputChain, in.TPM.Chain)
	add(report.InputEnrolled, in.TPM.Enrolled)
	add(report.InputDeviceRoots, in.GPU.DeviceRoots)
	add(report.InputManifestRoots, in.GPU.ManifestRoots)
	add(report.InputCollateral, in.GPU.Collateral)
	add(report.InputCollateralKey, in.GPU.CollateralKey)
	addAll := func(kind report.InputKind, files input.Folder) {
		if len(files) > 0 {
			list = append(list, report.Input{Kind: kind, Name: fmt.Sprintf("%d files", len(files)), SHA256: files.SHA256()})
		}
	}
	addAll(report.InputRIM, in.GPU.Manifests)
	addAll(report.InputOCSP, in.GPU.Answers)
	if in.TPM.AK != "" {
		list = append(list, report.Input{Kind: report.InputAK, Name: in.TPM.AK, SHA256: input.SHA256([]byte(in.TPM.AK))})
	}
	return list
}

// trusts says that something was given which the trust file vouches for.
func (in *Inputs) trusts() bool { return in.Reference.Signed() || in.Waivers != nil }
