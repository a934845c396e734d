package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// plan is what the judge of a command line may ask for.
type plan struct {
	grants []broker.Grant
	tree   *broker.Machine
	// rom and tpm say that ROMs are read, and that the TPM at device is asked.
	rom, tpm bool
	device   string
	// bundles are outputs that are signed when they are whole, with the key of signKey.
	bundles []string
	signKey string
	signer  *seal.Signer
	// passphraseFD is where the key's passphrase is read from.
	passphraseFD int
	// nvml is the program that asks NVIDIA's library, "" for none.
	nvml string
	// errand is what the judge is told.
	errand errand
}

// takes says what a flag's value, or an argument, names.
type takes uint8

const (
	takesText takes = iota + 1
	readsFile
	readsFolder  // or a file
	readsROM     // BDF=FILE
	readsBeside  // a file, with what lies beside it
	writesReport // FORMAT[=FILE]
	namesKey     // which is read outside
)

// judged are the verbs that a process without rights judges, with what their arguments
// name.
var judged = map[string]takes{
	"gpuaudit scan": takesText, "gpuaudit capture": takesText, "gpuaudit doctor": takesText,
	"gpuaudit firmware inspect": readsFolder, "gpuaudit firmware diff": readsFile,
	"gpuaudit report show": readsFile, "gpuaudit report diff": readsFile, "gpuaudit report verify": readsFile, "gpuaudit policy check": readsFile,
}

// ofMachine are those that look at a machine.
var ofMachine = map[string]bool{"gpuaudit scan": true, "gpuaudit capture": true, "gpuaudit doctor": true}

// values that flags take. A command line with another flag that has a value is not
// judged apart: what it would need is not known here.
var flagTakes = map[string]takes{
	"root": takesText, "capture": readsFile, "recheck": readsFile, "rom": readsROM, "nvml": readsFile, "witness": readsFile, "evidence": readsFile,
	"manifests": readsFolder, "trust": readsBeside, "manifest-trust": readsBeside, "catalogue": readsFile, "trusted-root": readsFile,
	"pack": readsFile, "purchase": readsFile, "waivers": readsBeside, "waivers-key": readsFile, "key": readsFile,
	"ek-roots": readsFile, "ek-chain": readsFile, "enrolled": readsFile, "output": writesReport,
	"attest": takesText, "tpm": takesText, "nonce": takesText, "ak": takesText, "now": takesText, "max-age": takesText, "log-format": takesText,
	"fail-on": takesText, "jurisdiction": takesText, "profile": takesText, "origin": takesText, "fleet": takesText, "engine": takesText,
	"device": takesText, "explain": takesText, "require-confinement": takesText, "sign-key": namesKey,
}

// plan says what the judge of a command line needs; nil where there is none, because the
// verb parses nothing of others, is not judged apart yet, or the command line is wrong,
// which the verb says itself.
func (a *app) plan(args []string) *plan {
	probe := &app{Getenv: a.Getenv, LookupEnv: a.LookupEnv, SystemConfig: a.SystemConfig, systemOwner: a.systemOwner, Stderr: io.Discard, quiet: true, unheld: true}
	cmd, rest, err := probe.rootCommand().Find(args)
	if err != nil || judged[cmd.CommandPath()] == 0 {
		return nil
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return nil
	}
	names := cmd.Flags().Args()
	if help, err := cmd.Flags().GetBool("help"); err != nil || help || cmd.ValidateArgs(names) != nil || guardInputs(cmd, names) != nil {
		return nil
	}
	if probe.configure(cmd) != nil {
		return nil // the verb says what is wrong with the settings
	}
	p := &plan{device: probe.tpmDevice, errand: errand{ByRoot: a.byRoot}}
	if cmd.Annotations[judges] != "" {
		for _, place := range a.places() {
			if place.Path != "" {
				p.read(readsFile, place.Path)
			}
		}
	}
	for _, name := range names {
		if name == "-" {
			return nil // standard input names further inputs
		}
		p.read(judged[cmd.CommandPath()], name)
	}
	known := true
	cmd.Flags().Visit(func(f *pflag.Flag) { known = known && p.flag(cmd, f) })
	if !known || (len(p.bundles) > 0) != (p.signKey != "") {
		return nil // a key without a bundle, or the other way round, is for the verb to refuse
	}
	p.passphraseFD = probe.passphraseFD
	if ofMachine[cmd.CommandPath()] {
		p.machine(cmd)
	}
	// A report names the program that made it.
	p.read(readsFile, "/proc/self/exe")
	return p
}

// flag adds what a flag needs; false where that is not known.
func (p *plan) flag(cmd *cobra.Command, f *pflag.Flag) bool {
	kind := flagTakes[f.Name]
	switch {
	case f.Name == "redact", f.Name == "channels":
		// What is looked for are names of this host, which a judge cannot see; the state
		// of channels is a folder that is locked and read as a whole.
		return false
	case kind == 0:
		return f.Value.Type() == "bool" || f.Value.Type() == "int"
	}
	for _, v := range values(f) {
		switch kind {
		case writesReport:
			if f.Shorthand != "o" {
				p.grant(broker.WriteFile, v)
				continue
			}
			format, file, named := strings.Cut(v, "=")
			if !named || file == "-" {
				if format == "bundle" {
					return false // what is signed goes to a file
				}
				continue
			}
			p.grant(broker.WriteFile, file)
			if format == "bundle" {
				p.bundles = append(p.bundles, file)
			}
		case readsROM:
			if _, file, ok := strings.Cut(v, "="); ok {
				p.read(readsFile, file)
			}
		case takesText:
		case namesKey:
			p.signKey = v
		default:
			p.read(kind, v)
		}
	}
	return true
}

func (p *plan) grant(kind broker.Kind, name string) {
	p.grants = append(p.grants, broker.Grant{Kind: kind, Name: name})
}

func (p *plan) read(kind takes, name string) {
	if name == "-" {
		name = "/dev/stdin"
	}
	switch kind {
	case readsFile:
		p.grant(broker.ReadFile, name)
	case readsFolder:
		p.grant(broker.ReadFolder, name)
	case readsBeside:
		p.grant(broker.ReadFile, name)
		p.grant(broker.ReadFolder, filepath.Dir(name))
	}
}

// machine adds the machine that is meant.
func (p *plan) machine(cmd *cobra.Command) {
	text := func(name string) string {
		v, _ := cmd.Flags().GetString(name)
		return v
	}
	yes := func(name string) bool {
		v, _ := cmd.Flags().GetBool(name)
		return v
	}
	full := yes("full") || cmd.Name() == "doctor"
	p.tpm = text("attest") != ""
	if p.tpm {
		p.device = text("tpm")
	}
	switch {
	case text("capture") != "":
	case text("root") != "":
		p.tree = &broker.Machine{Root: text("root"), Paths: []string{"."}}
	default:
		p.rom = yes("read-rom")
		if text("nvml") == "" && !yes("no-nvml") {
			p.errand.NVML = machine.PlanNVML("/", machine.Programs())
			if cmd.Name() != "doctor" {
				p.nvml = p.errand.NVML.Program
			}
		}
		if full {
			p.errand.Full = new(machine.PlanFull(machine.Source{}, machine.FullOptions{NVML: p.errand.NVML, ByRoot: p.errand.ByRoot, TPM: text("tpm"),
				Enrolled: text("enrolled") != "" || text("ak") != ""}))
		}
		if yes("full") {
			p.rom = p.rom || p.errand.Full.ReadROM
			if p.errand.Full.AskTPM && text("evidence") == "" {
				p.tpm, p.device = true, text("tpm")
			}
		}
		p.tree = &broker.Machine{Root: "/", Paths: machine.Declared(), Live: true}
	}
}

// rights are what the plan allows beside reading: the server gets them as functions.
func (a *app) rights(p *plan) (broker.Rights, error) {
	r := broker.Rights{Machine: p.tree, Create: a.createFor(p)}
	if p.signKey != "" {
		r.Never = []string{p.signKey}
	}
	if p.rom {
		var err error
		if r.ROM, err = machine.LiveROM(); err != nil {
			return r, err
		}
	}
	if p.tpm {
		r.TPM = func() (broker.TPM, error) { return openTPM(p.device) }
		r.Commands = tpmCommands()
	}
	if p.nvml != "" {
		r.NVML = func(ctx context.Context) ([]byte, error) {
			answers, err := machine.AskNVML(ctx, p.nvml)
			if err != nil {
				return nil, err
			}
			return answers.Data, nil
		}
	}
	return r, nil
}
