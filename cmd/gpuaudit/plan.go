package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/channel/publish"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
	"github.com/gpuaudit/gpuaudit/audit/waive"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/policy/source"
)

// plan is what the judge of a command line may ask for.
type plan struct {
	verb *verb
	// bare says that nothing is granted, since the command line is wrong; wrong is why,
	// nil where the verb says it.
	bare   bool
	wrong  error
	grants []broker.Grant
	// only are the names in folders that are granted, where that is not all.
	only map[string][]string
	tree *broker.Machine
	// rom and tpm say that ROMs are read, and that the TPM at device is asked.
	rom, tpm bool
	device   string
	// signs are the types of statements that are signed, each once, with the key of
	// keys; of some verbs, metadata of channels with each of them.
	signs   []string
	keys    []string
	signers []*seal.Signer
	// baselineKey is that of a baseline in baselineDir, and opened the same when it is open.
	baselineKey *baselineKey
	baselineDir string
	// baselineElsewhere says that it is of captures of other machines.
	baselineElsewhere bool
	opened            *openedKey
	// settings is the file of settings that a baseline writes, for a pack.
	settings, pack string
	// rulesKey is the key that a bundle of rules is signed with, "" for none.
	rulesKey    string
	rulesSigner *policy.BundleSigner
	// fresh are outputs that must not be there.
	fresh []string
	// bundles says that a report is to be signed.
	bundles bool
	// registry says that rules are fetched from one.
	registry bool
	// watches says that the judge goes on until a signal ends it.
	watches bool
	// redacts says that the judge looks for names of this host, which it cannot see.
	redacts bool
	// listed says that standard input names further inputs.
	listed bool
	// unnamed are places of channels that the state holds, and that nobody named.
	unnamed []string
	// unreadPlaces is why the places that somebody named are not known.
	unreadPlaces error
	// passphraseFD is where the key's passphrase is read from.
	passphraseFD int
	// nvml is the program that asks NVIDIA's library, "" for none.
	nvml string
	// errand is what the judge is told.
	errand errand
}

// plan says what the judge of a command line needs; nil where no verb that reads what
// others wrote would begin: it is another one, or the command line is wrong before that.
// Of a wrong command line it holds what is wrong. Where the verb says that itself, its judge
// is granted nothing: no such line is judged with the rights of its user.
func (a *app) plan(args []string) *plan {
	probe := &app{Getenv: a.Getenv, LookupEnv: a.LookupEnv, SystemConfig: a.SystemConfig, systemOwner: a.systemOwner, Stderr: io.Discard, quiet: true, unheld: true, looks: true}
	cmd, rest, err := probe.rootCommand().Find(args)
	if err != nil || verbOf(cmd) == nil {
		return nil
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return nil
	}
	names := cmd.Flags().Args()
	if help, err := cmd.Flags().GetBool("help"); err != nil || help || cmd.ValidateArgs(names) != nil || cmd.ValidateRequiredFlags() != nil || guardInputs(cmd, names) != nil {
		return nil
	}
	if probe.configure(cmd) != nil {
		return nil // which is said before the verb begins
	}
	p := a.newPlan(cmd)
	if err := p.fill(a, probe, cmd, names); err != nil {
		p = a.newPlan(cmd)
		if p.bare = true; !errors.Is(err, errVerbSays) {
			p.wrong = err
		}
	}
	return p
}

// errVerbSays is for what is wrong with a command line that its verb looks at first.
var errVerbSays = errors.New("the verb says what is wrong")

// newPlan is one that grants the files of settings alone, where they count.
func (a *app) newPlan(cmd *cobra.Command) *plan {
	p := &plan{verb: verbOf(cmd), errand: errand{ByRoot: a.byRoot, User: os.Geteuid()}}
	if cmd.Annotations[judges] != "" {
		for _, place := range a.places() {
			if place.Path != "" {
				p.read(place.Path)
			}
		}
	}
	return p
}

// fill adds what the command line needs.
func (p *plan) fill(a, probe *app, cmd *cobra.Command, names []string) error {
	p.device, p.passphraseFD = probe.tpmDevice, probe.passphraseFD
	for _, needed := range p.verb.needs {
		if f := cmd.Flags().Lookup(needed); f.Value.String() == "" {
			return errVerbSays
		}
	}
	known := p.verb.baseline || p.arguments(names)
	cmd.Flags().Visit(func(f *pflag.Flag) { known = known && p.flag(f) })
	if !known {
		return errVerbSays
	}
	if pinned := probe.settings.pinned; pinned != "" {
		p.value(readsPack, pinned)
	}
	if err := cmp.Or(p.writesApart(), p.keep(probe, cmd), p.update(cmd)); err != nil {
		return err
	}
	if output := cmd.Flags().Lookup("output"); p.verb.beside != "" && output.Value.String() == "" {
		p.grant(broker.WriteFile, names[0]+p.verb.beside)
	}
	if !p.key(cmd) {
		return errVerbSays
	}
	if p.verb.baseline {
		if err := p.baseline(a, cmd, folderOf(names)); err != nil {
			return err
		}
	}
	if p.verb.machine {
		p.machine(cmd)
	} else if p.verb.tpm != nil {
		p.tpm = true
	}
	if p.verb.gpus {
		p.errand.NVML = machine.PlanNVML("/", machine.Programs())
		p.nvml = p.errand.NVML.Program
	}
	if p.verb.program {
		p.read("/proc/self/exe")
	}
	if f := cmd.Flags().Lookup("event-log"); f != nil && !f.Changed {
		p.read(f.DefValue)
	}
	if p.redacts {
		p.errand.Secrets = hostSecrets(a.Getenv)
	}
	return nil
}

// arguments adds what the arguments need.
func (p *plan) arguments(names []string) bool {
	for i, name := range names {
		kind := p.verb.args
		if i == 0 && p.verb.first != 0 {
			kind = p.verb.first
		}
		if !p.value(kind, name) {
			return false
		}
	}
	return true
}

// flag adds what a flag needs; false where that is not known.
func (p *plan) flag(f *pflag.Flag) bool {
	kind := p.verb.takes(f.Name)
	if f.Name == "redact" && f.Value.String() == "true" {
		p.redacts = true
	}
	if f.Name == "watch" && f.Value.String() != "0s" {
		p.watches = true
	}
	if kind == 0 {
		return f.Value.Type() == "bool" || f.Value.Type() == "int"
	}
	for _, v := range values(f) {
		if _, isForm := f.Value.(*formatFlag); !isForm && !p.value(kind, v) {
			return false
		}
	}
	return true
}

// value adds what a value needs; false where that is not known.
func (p *plan) value(kind takes, v string) bool {
	switch kind {
	case takesText, namesMachine, namesChannel, readsState:
		// The machine, channels and their state are looked at together, below.
	case namesTPM:
		p.device = v
	case namesKey:
		p.keys = append(p.keys, v)
	case namesRulesKey:
		p.rulesKey = v
	case readsFile:
		p.read(v)
	case readsLarge:
		if v == "-" {
			v = "/dev/stdin"
		}
		p.grant(broker.CopyFile, v)
	case readsFolder:
		if v == "-" {
			p.read(v)
		} else {
			p.grant(broker.ReadFolder, v)
		}
	case readsManifests:
		if i, err := os.Stat(v); err == nil && i.IsDir() {
			p.grant(broker.ReadMatching, filepath.Join(v, "*.json"))
		} else {
			p.read(v)
		}
	case readsList:
		if v == "-" {
			p.listed = true
		} else {
			p.read(v)
		}
	case readsROM, readsRole:
		if _, file, ok := strings.Cut(v, "="); ok {
			p.read(file)
		}
	case readsPack:
		if strings.ContainsAny(v, "./") {
			p.read(v)
		}
	case readsRules:
		name, registry, err := source.Named(v)
		switch {
		case err != nil:
			return false
		case registry == "":
			p.grant(broker.ReadFolder, name)
		case p.reach(registry) != nil:
			return false
		default:
			p.registry = true
		}
	case namesHost: // after --policy: flags are looked at in their order
		// Where a registry keeps its blobs, and who gives tokens for it, it says itself: only
		// whoever starts this can say whether that is so.
		if p.registry && p.reach("https://"+v) != nil {
			return false
		}
	case readsTrust:
		p.read(v)
		if v != "-" {
			p.grant(broker.ReadMentioned, v)
		}
	case readsWaivers:
		p.read(v)
		beside := filepath.Join(filepath.Dir(v), literal.Replace(filepath.Base(v)))
		p.grant(broker.ReadMatching, beside+waive.SignatureEnding)
		p.grant(broker.ReadMatching, beside+".*"+waive.SignatureEnding)
	case writesReport:
		format, file, named := strings.Cut(v, "=")
		if !named {
			file = "-"
		}
		p.bundles = p.bundles || format == "bundle"
		if file != "-" {
			p.grant(broker.WriteFile, file)
		}
	case writesFile:
		p.grant(broker.WriteFile, v)
	case writesNew:
		p.grant(broker.WriteFile, v)
		p.fresh = append(p.fresh, v)
	case writesNewFolder:
		p.grant(broker.NewFolder, v)
	case readsChannel:
		p.part(broker.ReadFolder, v, publish.InFolder())
	case writesChannel:
		p.part(broker.WriteFolder, v, publish.InFolder())
	default:
		return false
	}
	return true
}

// literal writes a name as a pattern of it alone.
var literal = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

func (p *plan) grant(kind broker.Kind, name string) {
	p.grants = append(p.grants, broker.Grant{Kind: kind, Name: name})
}

// part grants some names of a folder; all of it where that is granted by another flag.
func (p *plan) part(kind broker.Kind, folder string, names []string) {
	if whole := slices.ContainsFunc(p.grants, func(g broker.Grant) bool { return g.Kind == broker.ReadFolder && g.Name == folder }); !whole {
		if p.only == nil {
			p.only = map[string][]string{}
		}
		p.only[folder] = names
	}
	p.grant(kind, folder)
}

func (p *plan) read(name string) {
	if name == "-" {
		name = "/dev/stdin"
	}
	p.grant(broker.ReadFile, name)
}

// errOneOutput is for two outputs of which the later would replace the other.
func errOneOutput(name string) error { return fmt.Errorf("two outputs are one file, %s", name) }

// writesApart refuses two outputs that are one file.
func (p *plan) writesApart() error {
	var outputs []string
	for _, g := range p.grants {
		if g.Kind != broker.WriteFile || g.Name == "-" {
			continue
		}
		for _, other := range outputs {
			if outfile.SamePlace(g.Name, other) {
				return errOneOutput(g.Name)
			}
		}
		outputs = append(outputs, g.Name)
	}
	return nil
}

// key says whether it is plain what is signed: a key without a bundle, or the other way
// round, is for the verb to refuse.
func (p *plan) key(cmd *cobra.Command) bool {
	p.signs = slices.Clone(p.verb.signs)
	if f := cmd.Flags().Lookup("summary"); f != nil && f.Value.String() == "" {
		p.signs = slices.DeleteFunc(p.signs, func(kind string) bool { return kind == signed.SummaryType })
	}
	return (p.bundles || slices.Contains(p.verb.needs, "key")) == (len(p.keys) > 0)
}

// keep adds the folder in which channels are kept, where the verb uses it.
func (p *plan) keep(a *app, cmd *cobra.Command) error {
	given, _ := cmd.Flags().GetString("state")
	asked, _ := cmd.Flags().GetBool("channels")
	if p.verb.state == 0 && given == "" && !asked {
		return nil
	}
	dir, err := a.stateDir(given)
	if err != nil {
		return err
	}
	p.errand.State = dir
	kind := broker.ReadFolder
	if p.verb.state == writesState {
		kind = broker.WriteFolder
	}
	p.part(kind, dir, state.InFolder())
	return nil
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
	from, _ := cmd.Flags().GetStringArray("from")
	full := yes("full") || p.verb.full || cmd.Name() == "doctor"
	asked, _ := parseProofs(text("attest")) // the verb says what is wrong with it
	p.tpm = asked.tpm && p.verb.tpm != nil
	if p.tpm {
		p.device = text("tpm")
	}
	switch {
	case text("capture") != "", len(from) > 0:
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
			device := text("tpm")
			if p.verb.baseline {
				device = "" // that is where its key is
			}
			p.errand.Full = new(machine.PlanFull(machine.Source{}, machine.FullOptions{NVML: p.errand.NVML, ByRoot: p.errand.ByRoot, TPM: device,
				Enrolled: text("enrolled") != "" || text("ak") != ""}))
		}
		if yes("full") || p.verb.full {
			p.rom = p.rom || p.errand.Full.ReadROM
			if p.errand.Full.AskTPM && text("evidence") == "" {
				p.tpm, p.device = true, text("tpm")
			}
		}
		p.tree = &broker.Machine{Root: "/", Paths: machine.Declared(), Live: true}
		p.tree.Except, p.tree.But = machine.Elsewhere()
	}
}

// rights are what the plan allows beside reading: the server gets them as functions.
func (a *app) rights(p *plan) (broker.Rights, error) {
	r := broker.Rights{Machine: p.tree, Only: p.only, Create: a.createFor(p), Told: p.errand.text()}
	r.Never = slices.Clone(p.keys)
	if p.rulesKey != "" {
		r.Never = append(r.Never, p.rulesKey)
	}
	if p.opened != nil {
		r.Never = append(r.Never, p.opened.file)
	}
	if p.rom {
		var err error
		if r.ROM, err = machine.LiveROM(); err != nil {
			return r, err
		}
	}
	if p.tpm {
		r.TPM = func() (broker.TPM, error) { return openTPM(p.device) }
		r.Commands = p.verb.tpm()
	}
	if p.nvml != "" {
		r.NVML = func(ctx context.Context, nonce []byte) ([]byte, error) {
			answers, err := machine.AskNVML(ctx, p.nvml, nonce)
			if err != nil {
				return nil, err
			}
			return answers.Data, nil
		}
	}
	switch {
	case len(p.signers) > 0 && p.verb.metadata:
		r.Sign = signingMetadata(p.signers)
	case p.rulesSigner != nil:
		r.Sign = signingRules(p.rulesSigner)
	case len(p.signers) > 0:
		r.Sign = signing(p.signers[0], p.signs)
	}
	return r, nil
}
