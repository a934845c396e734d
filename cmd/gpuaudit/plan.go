package main

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/apart"
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/channel/publish"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/machine"
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
	bare  bool
	wrong error
	apart.Plan
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
	// redacts says that the judge looks for names of this host, which it cannot see.
	redacts bool
	// unnamed are places of channels that the state holds, and that nobody named.
	unnamed []string
	// unreadPlaces is why the places that somebody named are not known.
	unreadPlaces error
	// passphraseFD is where the key's passphrase is read from.
	passphraseFD int
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
	p := &plan{verb: verbOf(cmd), Plan: apart.Plan{Errand: apart.Errand{ByRoot: a.byRoot, User: os.Geteuid()}}}
	if cmd.Annotations[judges] != "" {
		for _, place := range a.places() {
			if place.Path != "" {
				p.Read(place.Path)
			}
		}
	}
	return p
}

// fill adds what the command line needs.
func (p *plan) fill(a, probe *app, cmd *cobra.Command, names []string) error {
	p.Device, p.passphraseFD = probe.tpmDevice, probe.passphraseFD
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
	if err := cmp.Or(p.WritesApart(), p.keep(probe, cmd), p.update(cmd)); err != nil {
		return err
	}
	if output := cmd.Flags().Lookup("output"); p.verb.beside != "" && output.Value.String() == "" {
		p.Grant(broker.WriteFile, names[0]+p.verb.beside)
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
		p.Commands = p.verb.tpm()
	}
	if p.verb.gpus {
		p.Errand.NVML = machine.PlanNVML("/", machine.Programs())
		p.NVML = p.Errand.NVML.Program
	}
	if p.verb.program {
		p.Read("/proc/self/exe")
	}
	if f := cmd.Flags().Lookup("event-log"); f != nil && !f.Changed {
		p.Read(f.DefValue)
	}
	if p.redacts {
		p.Errand.Secrets = capture.HostSecrets(a.Getenv)
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
		p.Watches = true
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
		p.Device = v
	case namesKey:
		p.keys = append(p.keys, v)
	case namesRulesKey:
		p.rulesKey = v
	case namesHost: // after --policy: flags are looked at in their order
		// Where a registry keeps its blobs, and who gives tokens for it, it says itself: only
		// whoever starts this can say whether that is so.
		return !p.registry || p.Reach("https://"+v) == nil
	case writesReport:
		format, file, named := strings.Cut(v, "=")
		if !named {
			file = "-"
		}
		p.bundles = p.bundles || format == "bundle"
		if file != "-" {
			p.Grant(broker.WriteFile, file)
		}
	case writesFile:
		p.Grant(broker.WriteFile, v)
	case writesNew:
		p.Grant(broker.WriteFile, v)
		p.fresh = append(p.fresh, v)
	case writesNewFolder:
		p.Grant(broker.NewFolder, v)
	case writesChannel:
		p.Part(broker.WriteFolder, v, publish.InFolder())
	default:
		return p.input(kind, v)
	}
	return true
}

// input adds what is read; false where that is not known.
func (p *plan) input(kind takes, v string) bool {
	switch kind {
	case readsFile:
		p.Read(v)
	case readsLarge:
		if v == "-" {
			v = "/dev/stdin"
		}
		p.Grant(broker.CopyFile, v)
	case readsFolder:
		if v == "-" {
			p.Read(v)
		} else {
			p.Grant(broker.ReadFolder, v)
		}
	case readsManifests:
		if i, err := os.Stat(v); err == nil && i.IsDir() {
			p.Grant(broker.ReadMatching, filepath.Join(v, "*.json"))
		} else {
			p.Read(v)
		}
	case readsList:
		if v == "-" {
			p.Listed = true
		} else {
			p.Read(v)
		}
	case readsROM, readsRole:
		if _, file, ok := strings.Cut(v, "="); ok {
			p.Read(file)
		}
	case readsPack:
		if strings.ContainsAny(v, "./") {
			p.Read(v)
		}
	case readsRules:
		name, registry, err := source.Named(v)
		switch {
		case err != nil:
			return false
		case registry == "":
			p.Grant(broker.ReadFolder, name)
		case p.Reach(registry) != nil:
			return false
		default:
			p.registry = true
		}
	case readsTrust:
		p.Read(v)
		if v != "-" {
			p.Grant(broker.ReadMentioned, v)
		}
	case readsWaivers:
		p.Read(v)
		beside := filepath.Join(filepath.Dir(v), literal.Replace(filepath.Base(v)))
		p.Grant(broker.ReadMatching, beside+waive.SignatureEnding)
		p.Grant(broker.ReadMatching, beside+".*"+waive.SignatureEnding)
	case readsChannel:
		p.Part(broker.ReadFolder, v, publish.InFolder())
	default:
		return false
	}
	return true
}

// literal writes a name as a pattern of it alone.
var literal = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)

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
	p.Errand.State = dir
	kind := broker.ReadFolder
	if p.verb.state == writesState {
		kind = broker.WriteFolder
	}
	p.Part(kind, dir, state.InFolder())
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
	if asked.tpm && p.verb.tpm != nil {
		p.Commands, p.Device = p.verb.tpm(), text("tpm")
	}
	switch {
	case text("capture") != "", len(from) > 0:
	case text("root") != "":
		p.Machine = &broker.Machine{Root: text("root"), Paths: []string{"."}}
	default:
		p.ROM = yes("read-rom")
		if text("nvml") == "" && !yes("no-nvml") {
			p.Errand.NVML = machine.PlanNVML("/", machine.Programs())
			if cmd.Name() != "doctor" {
				p.NVML = p.Errand.NVML.Program
			}
		}
		if full {
			device := text("tpm")
			if p.verb.baseline {
				device = "" // that is where its key is
			}
			p.Errand.Full = new(machine.PlanFull(machine.Source{}, machine.FullOptions{NVML: p.Errand.NVML, ByRoot: p.Errand.ByRoot, TPM: device,
				Enrolled: text("enrolled") != "" || text("ak") != ""}))
		}
		if yes("full") || p.verb.full {
			p.ROM = p.ROM || p.Errand.Full.ReadROM
			if p.Errand.Full.AskTPM && text("evidence") == "" {
				p.Commands, p.Device = p.verb.tpm(), text("tpm")
			}
		}
		p.Machine = &broker.Machine{Root: "/", Paths: machine.Declared(), Live: true}
		p.Machine.Except, p.Machine.But = machine.Elsewhere()
	}
}

// arm gives the plan its rights beside reading, once its keys are open.
func (a *app) arm(p *plan) {
	p.Create = a.createFor(p)
	p.Never = slices.Clone(p.keys)
	if p.rulesKey != "" {
		p.Never = append(p.Never, p.rulesKey)
	}
	if p.opened != nil {
		p.Never = append(p.Never, p.opened.file)
	}
	switch {
	case len(p.signers) > 0 && p.verb.metadata:
		p.Sign = apart.Metadata(p.signers)
	case p.rulesSigner != nil:
		p.Sign = apart.Rules(p.rulesSigner)
	case len(p.signers) > 0:
		p.Sign = apart.Statements(p.signers[0], p.signs)
	}
}
