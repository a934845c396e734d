package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/catalogue/overlay"
	"github.com/gpuaudit/gpuaudit/audit/collateral"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
	"github.com/gpuaudit/gpuaudit/audit/waive"
)

// takes says what a flag's value, or an argument, names.
type takes uint8

const (
	takesText       takes = iota + 1
	readsFile             // "-" is standard input
	readsLarge            // a file that may be larger than memory
	readsFolder           // or a file
	readsManifests        // a file, or a folder of them, by their ending
	readsList             // a file, or "-" for names of files on standard input
	readsROM              // BDF=FILE
	readsRole             // ROLE=FILE
	readsPack             // a file where the name has a dot or a slash
	readsRules            // a folder or a file, perhaps with @DIGEST; or a registry
	readsTrust            // a file, with the files of its folder that it names
	readsWaivers          // a file, with the signatures on it that lie beside it
	readsState            // the folder in which channels are kept
	writesReport          // FORMAT[=FILE]
	writesFile            // "-" is standard output
	writesNew             // a file that must not be there
	writesNewFolder       // one that must not be there
	writesState           // the folder in which channels are kept
	readsChannel          // the folder of a channel that is published
	writesChannel
	namesMachine  // its folder
	namesTPM      // a device
	namesKey      // which is read outside
	namesChannel  // a URL or a folder
	namesHost     // HOST[:PORT] of a registry of rules
	namesRulesKey // which signs bundles of rules, and is read outside
)

// path says that the value is the name of a file, of a folder or of a device.
func (t takes) path() bool {
	switch t {
	case readsFile, readsFolder, readsManifests, readsRules, readsTrust, readsWaivers, readsState, namesMachine, namesTPM, namesKey:
		return true
	}
	return false
}

// flagTakes says what flags take that have a value which is no number. It is what scan
// and most verbs mean by them; a verb may mean something else (see [verb]).
var flagTakes = map[string]takes{
	"root": namesMachine, "capture": readsFile, "recheck": readsFile, "rom": readsROM, "flash": readsROM, "nvml": readsFile, "witness": readsFile, "evidence": readsFile,
	"manifests": readsManifests, "trust": readsTrust, "manifest-trust": readsTrust, "catalogue": readsFile, "trusted-root": readsFile, "state": readsState,
	"pack": readsPack, "policy": readsRules, "policy-key": readsFile, "policy-host": namesHost, "purchase": readsFile, "waivers": readsWaivers, "waivers-key": readsFile, "key": readsFile,
	"ek-roots": readsFile, "ek-chain": readsFile, "enrolled": readsFile, "output": writesReport, "tpm": namesTPM, "sign-key": namesKey, "watch": takesText,
	"rim": readsFolder, "ocsp": readsFolder, "device-roots": readsFile, "rim-roots": readsFile, "collateral": readsFile, "collateral-key": readsFile,
	"attest": takesText, "nonce": takesText, "ak": takesText, "now": takesText, "max-age": takesText, "log-format": takesText,
	"fail-on": takesText, "jurisdiction": takesText, "profile": takesText, "origin": takesText, "sold-as": takesText, "fleet": takesText, "engine": takesText,
	"channel-data": takesText,
	"device":       takesText, "explain": takesText, "require-confinement": takesText, "policy-scope": takesText, "name": takesText, "unknown": takesText, "lang": takesText,
}

// verb is a verb that a process without rights judges.
type verb struct {
	// args is what its arguments name, first its first one where that is something else.
	args, first takes
	// flags are those that take something else than in other verbs.
	flags map[string]takes
	// machine says that it looks at one, and tpm which commands that machine's TPM gets.
	machine bool
	tpm     func() []uint32
	// full says that it reads all of that machine without being asked, and baseline that its
	// argument is the folder of a baseline.
	full, baseline bool
	// gpus says that it asks the GPUs of this machine to prove themselves.
	gpus bool
	// program says that what it writes names this program.
	program bool
	// signs are the types of statements that it may sign, each once, and beside is how
	// the name of the signature on a file ends where none is given.
	signs  []string
	beside string
	// metadata says that it signs metadata of channels, with each of its keys.
	metadata bool
	// needs are flags without which it does nothing.
	needs []string
	// state says how it uses the folder in which channels are kept, given or not.
	state takes
	// updates says that it fetches channels.
	updates bool
}

var (
	inFile  = map[string]takes{"output": writesFile}
	withKey = map[string]takes{"output": writesFile, "key": namesKey}
	// What --key and --tpm mean together, is seen to where a baseline is.
	ofBaseline = map[string]takes{"from": readsFile, "key": takesText, "tpm": takesText, "signer": takesText, "accept": takesText, "accept-difference": takesText, "leave-difference": takesText}
	drafting   = map[string]takes{"key": readsRole, "drop": readsRole, "threshold": takesText, "days": takesText}
)

// baselineSigns are the statements of a baseline: of as many models as a machine may hold
// devices, and the waivers.
var baselineSigns = append(slices.Repeat([]string{manifest.PredicateType}, inventory.MaxDevices), waive.SignatureType)

// judged are the verbs that are judged apart.
var judged = map[string]*verb{
	"scan":    {machine: true, tpm: tpm.Commands, program: true, signs: []string{signed.ReportType}},
	"capture": {machine: true, tpm: tpm.Commands, flags: inFile},
	"doctor":  {machine: true, tpm: tpm.Commands},

	"baseline":       {machine: true, full: true, baseline: true, flags: ofBaseline, signs: baselineSigns},
	"baseline add":   {machine: true, full: true, baseline: true, flags: ofBaseline, signs: baselineSigns},
	"baseline renew": {machine: true, full: true, baseline: true, flags: ofBaseline, signs: baselineSigns},
	"baseline diff":  {machine: true, full: true, baseline: true, flags: map[string]takes{"from": readsFile}},

	"firmware inspect": {args: readsFolder},
	"firmware diff":    {args: readsFile},
	"firmware extract": {args: readsFile, flags: map[string]takes{"output": writesNewFolder}},

	"report sign":      {args: readsFile, flags: map[string]takes{"output": writesFile, "summary": writesFile, "key": namesKey}, signs: []string{signed.ReportType, signed.SummaryType}, needs: []string{"key", "output"}},
	"report statement": {args: readsFile, flags: inFile},
	"report verify":    {args: readsFile, program: true},
	"report show":      {args: readsFile},
	"report convert":   {args: readsFile},
	"report diff":      {args: readsFile},

	"policy list":      {},
	"policy explain":   {args: takesText},
	"policy show":      {args: takesText},
	"policy check":     {args: readsList},
	"policy test":      {},
	"policy lint":      {},
	"policy pack show": {args: readsPack},
	"policy bundle":    {args: readsFolder, flags: map[string]takes{"output": writesFile, "key": namesRulesKey}},

	"attest tpm":             {tpm: tpm.Commands, flags: map[string]takes{"output": writesFile, "report": readsFile, "event-log": readsFile}, needs: []string{"nonce", "output"}},
	"attest gpu":             {gpus: true, flags: inFile, needs: []string{"output"}},
	"attest collateral pack": {flags: withKey, signs: []string{collateral.Type}, needs: []string{"key", "output"}},
	"attest verify": {args: readsFile, flags: map[string]takes{"report": readsFile, "chain": readsFile,
		"ear": writesFile, "claims": writesFile}},
	"attest challenge": {args: readsFile, flags: map[string]takes{"output": writesFile, "secret": writesNew}},
	"attest answer":    {args: readsFile, tpm: tpm.AnswerCommands, flags: inFile, needs: []string{"output"}},
	"attest enrol":     {args: readsFile, flags: map[string]takes{"output": writesFile, "secret": readsFile}},

	"manifest create": {flags: map[string]takes{"from-capture": readsFile, "output": writesFile, "accept-differing": takesText, "vendor-name": takesText}},
	"manifest import": {args: readsLarge, flags: map[string]takes{"output": writesFile, "format": takesText, "pci": takesText, "module": takesText, "firmware": takesText,
		"in-release": readsFile, "packages": readsFile, "keyring": readsFile, "driver": takesText, "signature": readsFile, "as": takesText, "model": takesText, "ca": readsFile, "vendor-name": takesText}},
	"manifest sign":    {args: readsFile, flags: withKey, signs: []string{manifest.PredicateType}, needs: []string{"key", "output"}},
	"manifest verify":  {args: readsFile},
	"manifest inspect": {args: readsFile},
	"manifest diff":    {args: readsFile},

	"manifest publish init":    {args: writesChannel, flags: drafting},
	"manifest publish rotate":  {args: writesChannel, flags: drafting},
	"manifest publish add":     {first: writesChannel, args: readsFile, flags: map[string]takes{"remove": takesText}},
	"manifest publish refresh": {args: writesChannel, flags: map[string]takes{"role": takesText}},
	"manifest publish status":  {args: readsChannel},
	"manifest publish sign":    {args: writesChannel, flags: map[string]takes{"key": namesKey}, metadata: true, needs: []string{"key"}},
	"manifest publish archive": {args: readsChannel, flags: inFile},

	"catalogue sign":   {args: readsFile, flags: withKey, signs: []string{overlay.PredicateType}, needs: []string{"key", "output"}},
	"catalogue verify": {args: readsFile},
	"waivers sign":     {args: readsFile, flags: withKey, signs: []string{waive.SignatureType}, beside: waive.SignatureEnding, needs: []string{"key"}},
	"waivers verify":   {args: readsWaivers},

	"timestamp request": {args: readsFile, flags: inFile},
	"timestamp attach":  {args: readsFile, flags: inFile},

	"channel status":     {state: readsState},
	"channel advisories": {args: readsFile, flags: map[string]takes{"output": writesFile, "base": readsFile, "map": takesText}},
	"channel export":     {state: readsState, flags: inFile},
	"channel import":     {args: readsFile, state: writesState, flags: map[string]takes{"root": readsFile}},
	"channel forget":     {args: takesText, state: writesState},
	"channel update":     {state: writesState, updates: true, flags: map[string]takes{"root": readsFile, "channel": namesChannel, "timeout": takesText}},
}

// verbOf is how a command is judged apart; nil where it is not.
func verbOf(cmd *cobra.Command) *verb {
	path := cmd.CommandPath()
	if len(path) <= len("gpuaudit ") {
		return nil
	}
	return judged[path[len("gpuaudit "):]]
}

// takes is what a flag of the verb takes; 0 where that is not known.
func (v *verb) takes(flag string) takes {
	if t := v.flags[flag]; t != 0 {
		return t
	}
	return flagTakes[flag]
}
