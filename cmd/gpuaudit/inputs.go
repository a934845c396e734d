package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/purchase"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/waive"
	"github.com/gpuaudit/gpuaudit/policy/source"
)

// inputFlags are the flags that shape an audit, wherever one is made: scan, policy
// check, report verify --recheck. They become one value, audit.Inputs.
type inputFlags struct {
	basis     basisFlags
	reference referenceFlags
	waivers   waiverFlags
	question  audit.Question
	now       clockFlag
	purchase  string
	engine    string
	beside    besideFlags
	tpm       tpmFlags
	gpu       gpuReferenceFlags
}

// basisFlags name what a verdict rests on beside the machine: rules and pack.
type basisFlags struct {
	rules source.Given
	// hosts are those to which a registry of rules sends on. A judge has no other.
	hosts []string
	pack  string
}

func (f *basisFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.rules.Path, "policy", "", "further rules (Rego), judged beside the built-in ones: a directory, a signed OPA bundle (.tar.gz), or an OCI artifact (image layout, or oci://HOST/REPOSITORY@sha256:…, which is fetched)")
	flags.StringVar(&f.rules.Key, "policy-key", "", "public key (PEM) that the bundle of --policy has to be signed with")
	flags.StringVar(&f.rules.Scope, "policy-scope", "", "scope that the signature of the bundle has to state")
	flags.StringSliceVar(&f.hosts, "policy-host", nil, "HOST[:PORT] to which the registry of --policy sends on, for a token or a blob (repeatable); no other is connected to")
	flags.StringVar(&f.pack, "pack", "", "how the rules count: "+strings.Join(pack.Names(), ", ")+", or a FILE of your own")
}

// list lists the rules that the flags name, as their pack makes them count.
func (f *basisFlags) list(ctx context.Context) ([]audit.Rule, error) {
	rules, err := source.Read(ctx, f.rules)
	if err != nil {
		return nil, err
	}
	file, err := pack.Read(f.pack)
	if err != nil {
		return nil, err
	}
	return audit.Rules(ctx, rules, file)
}

// chosen is the pack that the flags name; nil where none is.
func (f *basisFlags) chosen() (*pack.Pack, error) {
	file, err := pack.Read(f.pack)
	if err != nil {
		return nil, err
	}
	return pack.Open(file)
}

// referenceFlags name the signed manifests and who is trusted to sign them.
type referenceFlags struct {
	manifests, catalogues []string
	channels              bool
	state, trust, root    string
	data                  string
	rules                 bool
}

func (f *referenceFlags) register(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.manifests, "manifests", nil, "signed manifest, or a directory of them (repeatable)")
	flags.StringVar(&f.trust, "trust", "", "trust file: which keys and identities may speak for which vendors")
	flags.StringSliceVar(&f.catalogues, "catalogue", nil, "signed catalogue of an operator in the --trust file, on top of the embedded one (repeatable)")
	rootFlag(flags, &f.root)
	f.registerChannels(flags)
}

func (f *referenceFlags) registerChannels(flags *pflag.FlagSet) {
	flags.BoolVar(&f.channels, "channels", false, "use the manifests of the channels that channel update and channel import keep; --state alone means the same")
	flags.StringVar(&f.state, "state", "", stateUsage)
	flags.StringVar(&f.data, "channel-data", "", "name of the kept channel whose data (law, advisories, software support, catalogue, sightings, names, packs) count where they are newer than the program's; with --channels")
	flags.BoolVar(&f.rules, "channel-rules", false, "run the rules of the channel that --channel-data names, too, beside the built-in ones")
}

// read reads what facts are held against.
func (f *referenceFlags) read(a *app) (reference.Given, error) {
	var g reference.Given
	var err error
	if g.Trust, err = reference.ReadTrust(f.trust, f.root); err != nil {
		return g, err
	}
	if g.Catalogues, err = reference.ReadCatalogues(f.catalogues); err != nil {
		return g, err
	}
	if g.Manifests, err = reference.ReadManifests(f.manifests); err != nil {
		return g, err
	}
	if f.data != "" && !f.channels && f.state == "" {
		return g, errors.New("--channel-data names one of the kept channels: give --channels, too")
	}
	if f.rules && f.data == "" {
		return g, errors.New("--channel-rules is about the channel of --channel-data: name that, too")
	}
	if f.channels || f.state != "" {
		dir, err := a.stateDir(f.state)
		if err == nil {
			g.Channels, err = reference.OpenChannels(dir, f.data)
		}
		if err != nil {
			return g, fmt.Errorf("--channels: %w", err)
		}
		g.Channels.Rules = f.rules
	}
	return g, nil
}

// waiverFlags name the file of accepted findings, and who has to have signed it.
type waiverFlags struct {
	file, fleet string
	keys        []string
	signed      bool
}

func (f *waiverFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.file, "waivers", "", "file of accepted findings: each for a scope, a reason and a time")
	flags.StringVar(&f.fleet, "fleet", "", "label of this machine, for waivers that are given to a fleet")
	flags.StringSliceVar(&f.keys, "waivers-key", nil, "public key: the waivers have to be signed with it, instead of by an operator of the trust file (repeatable)")
	flags.BoolVar(&f.signed, "waivers-signed", false, "the waivers have to be signed, by an operator of the --trust file or with --waivers-key")
}

// read reads the file; nil means that nothing is waived.
func (f *waiverFlags) read(trusted bool) (*waive.Given, error) {
	if f.file == "" {
		if len(f.keys) > 0 || f.signed {
			return nil, errors.New("--waivers-key and --waivers-signed are about the file of --waivers: give that, too")
		}
		return nil, nil
	}
	g, err := waive.Read(f.file, f.keys, trusted)
	if err != nil {
		return nil, err
	}
	g.Signed, g.Fleet = f.signed, f.fleet
	return g, nil
}

// besideFlags name files that speak of the machine.
type besideFlags struct {
	roms, flash, witnesses []string
	nvml, evidence         string
	noNVML                 bool
}

// registerFiles adds the files that speak of the machine's devices; of is what the
// usage texts begin with.
func (f *besideFlags) registerFiles(flags *pflag.FlagSet, of string) {
	flags.StringArrayVar(&f.roms, "rom", nil, of+"BDF=FILE: a ROM dump of the device at this PCI address (repeatable)")
	flags.StringArrayVar(&f.flash, "flash", nil, of+"BDF=FILE: a dump of all of the device's flash, by its maker's tool or a programmer: what the card does not show of it is read, and compared with what it does (repeatable)")
	flags.StringVar(&f.nvml, "nvml", "", of+"answers of NVIDIA's library about the GPUs, recorded by gpuaudit-nvml")
}

// registerWitnesses adds the files that others made.
func (f *besideFlags) registerWitnesses(flags *pflag.FlagSet, of string) {
	flags.StringVar(&f.evidence, "evidence", "", of+"evidence of the machine's TPM (attest tpm), for a capture or a root that has none")
	flags.StringArrayVar(&f.witnesses, "witness", nil, of+"recording of nvidia-smi -q [-x], amd-smi, rocm-smi or lspci -Dnnvv: claims of the driver, and a second reading to compare (repeatable)")
}

// given says that any of the files is named.
func (f *besideFlags) given() bool {
	return len(f.roms)+len(f.flash)+len(f.witnesses) > 0 || f.nvml != "" || f.evidence != ""
}

func (f *besideFlags) read() (machine.Beside, error) {
	b := machine.Beside{NoNVML: f.noNVML}
	var err error
	if b.ROMs, err = machine.ReadDumps(f.roms, f.flash); err != nil {
		return b, err
	}
	if b.NVML, err = machine.ReadNVML(f.nvml); err != nil {
		return b, err
	}
	b.Witnesses, err = machine.ReadRecordings(f.witnesses)
	return b, err
}

// tpmFlags say which TPM is believed.
type tpmFlags struct {
	names     boot.Names
	nonce, ak string
}

func (f *tpmFlags) register(flags *pflag.FlagSet) {
	f.registerRoots(flags)
	flags.StringVar(&f.names.Enrolled, "enrolled", "", "enrolment of this machine's attestation key (attest enrol)")
	flags.StringVar(&f.ak, "ak", "", "name of the enrolled attestation key, hexadecimal, where there is no enrolment file")
}

func (f *tpmFlags) registerRoots(flags *pflag.FlagSet) {
	flags.StringVar(&f.names.Roots, "ek-roots", "", "PEM file of certificates that may vouch for a TPM, instead of the built-in vendors")
	flags.StringVar(&f.names.Chain, "ek-chain", "", "PEM file of certificates that lead from a TPM's to its vendor's root")
}

func (f *tpmFlags) read() (boot.Given, error) {
	g, err := boot.Read(f.names)
	g.Nonce, g.AK = f.nonce, f.ak
	return g, err
}

// policy is which TPM is believed, without a clock and a report.
func (f *tpmFlags) policy() (*tpm.Policy, error) {
	g, err := f.read()
	if err != nil {
		return nil, err
	}
	return g.Policy()
}

// registerQuestion adds the flags that say by what is judged, and for whom.
func (f *inputFlags) registerQuestion(flags *pflag.FlagSet) {
	f.reference.register(flags)
	f.basis.register(flags)
	f.waivers.register(flags)
	f.now.register(flags, judgements)
	q := &f.question
	flags.StringVar(&q.FailOn, "fail-on", "", "severity from which on a check decides the exit code: critical, high, medium, low, info (default that of the pack, or high)")
	flags.StringVar(&q.Jurisdiction, "jurisdiction", "", "where the device is used: ISO 3166-1 alpha-2 code, or EU")
	flags.StringVar(&q.Profile, "profile", "", "who uses it: "+strings.Join(audit.Profiles(), ", "))
	flags.StringVar(&q.Origin, "origin", "", "country of origin from the purchase record: ISO 3166-1 alpha-2 code")
	flags.StringVar(&q.SoldAs, "sold-as", "", "what the seller calls the card, such as \"RTX 4090 48GB, new\": held against what the card shows")
	flags.StringVar(&f.purchase, "purchase", "", "purchase record (YAML or JSON): seller, country of origin, date, price, tariff number, digests of the papers")
	flags.StringVar(&f.engine, "engine", string(audit.EnginePlan), "what runs the built-in rules: plan, made of them at build time, or opa, which compiles them anew: the same report, for who does not take our word")
	flags.IntVar(&q.Expect, "expect", 0, "exit with 3 when fewer devices than this are found")
}

// read reads every file that the flags name, once. The kept channels come last: what
// stays open is closed by whoever gets the inputs.
func (f *inputFlags) read(ctx context.Context, a *app) (in audit.Inputs, err error) {
	in.Program = audit.Program{Name: tool().Name, Version: tool().Version}
	in.Question, in.Engine = f.question, audit.Engine(f.engine)
	if in.Question.Now, err = f.now.at(a); err != nil {
		return in, err
	}
	in.Settings = a.settings.files
	if in.Pack, err = a.readPack(f.basis.pack); err != nil {
		return in, err
	}
	if in.Purchase, err = input.Optional(f.purchase, purchase.Limit); err != nil {
		return in, fmt.Errorf("--purchase: %w", err)
	}
	if in.Waivers, err = f.waivers.read(f.reference.trust != ""); err != nil {
		return in, err
	}
	if in.TPM, err = f.tpm.read(); err != nil {
		return in, err
	}
	if in.GPU, err = f.gpu.read(a); err != nil {
		return in, err
	}
	if in.Beside, err = f.beside.read(); err != nil {
		return in, err
	}
	if in.Evidence, err = input.Optional(f.beside.evidence, tpm.EvidenceLimit); err != nil {
		return in, fmt.Errorf("--evidence: %w", err)
	}
	if in.Rules, err = source.Read(ctx, f.basis.rules); err != nil {
		return in, err
	}
	in.Reference, err = f.reference.read(a)
	return in, err
}

// ownFile opens the file of the running program, for a report to name it; nil where it
// cannot be had, as without /proc: the report names the version alone then.
func (a *app) ownFile() io.ReadCloser {
	f, err := input.Open(cmp.Or(a.own, "/proc/self/exe"))
	if err != nil {
		a.remark("the report will not name the digest of this program: %s", oneLine(err))
		return nil
	}
	return f
}
