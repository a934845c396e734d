package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/baseline"
	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/audit/pack"
)

// machineFlags say of which machines a baseline is made.
type machineFlags struct {
	root, nvml, attest string
	from               []string
	witnesses          []string
	gpu                gpuReferenceFlags
}

func (f *machineFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.root, "root", "", "read this directory instead of / (a mounted or unpacked machine)")
	flags.StringArrayVar(&f.from, "from", nil, "capture of a machine that you trust, instead of this machine (repeatable)")
	flags.StringVar(&f.nvml, "nvml", "", "answers of NVIDIA's library about the GPUs, recorded by gpuaudit-nvml")
	flags.StringArrayVar(&f.witnesses, "witness", nil, "recording of nvidia-smi -q [-x], amd-smi, rocm-smi or lspci -Dnnvv (repeatable)")
	flags.StringVar(&f.attest, "attest", "", "gpu: ask the GPUs of this machine to sign what they measured")
	f.gpu.register(flags)
}

// nonce is what the GPUs of this machine are to sign, nil where nobody asks them.
func (f *machineFlags) nonce() ([]byte, error) {
	asked, err := parseProofs(f.attest)
	switch {
	case err != nil || !asked.gpu && !asked.tpm:
		return nil, err
	case asked.tpm:
		return nil, fmt.Errorf("--attest %s: a baseline is of what GPUs sign: use gpu", f.attest)
	case len(f.from) > 0 || f.root != "" || f.nvml != "":
		return nil, errors.New("--attest gpu asks this machine's GPUs: it goes neither with --root, --nvml nor --from; captures that were made with it bring the answers")
	}
	return gpuproof.Nonce(tpm.NewNonce(), nil), nil
}

// sources are the machines that are meant, each with its name.
func (f *machineFlags) sources(byRoot bool) ([]machine.Source, error) {
	if len(f.from) == 0 {
		return []machine.Source{{Root: f.root, ReadROM: f.root == "" && byRoot}}, nil
	}
	if f.root != "" || f.nvml != "" || len(f.witnesses) > 0 {
		return nil, errors.New("--from goes neither with --root nor with --nvml and --witness: a capture holds what was given to it")
	}
	var list []machine.Source
	for _, name := range f.from {
		list = append(list, machine.Source{Capture: name})
	}
	return list, nil
}

// baselineWork is a baseline that is being made.
type baselineWork struct {
	folder   *baseline.Folder
	terms    baseline.Terms
	pack     string
	given    machineFlags
	expect   int
	inputs   audit.Inputs
	opened   []*machine.Machine
	names    []string
	machines []baseline.Machine
	signer   baseline.Signer
	key      *openedKey

	recorder *capture.Recorder
}

func (b *baselineWork) close() {
	for _, m := range b.opened {
		m.Close()
	}
}

// openBaseline reads what there is of a baseline, and opens the machines.
func (a *app) openBaseline(ctx context.Context, f *baselineVerb, dir string) (*baselineWork, error) {
	b := &baselineWork{pack: f.pack, given: f.machines}
	var err error
	if b.terms, err = f.terms(a); err != nil {
		return nil, err
	}
	if info, err := input.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s: this is a file: a baseline is a folder, which gpuaudit baseline makes", dir)
	}
	if b.folder, err = baseline.Open(dir, b.terms.Now); err != nil {
		return nil, fault.AsSignature(fmt.Errorf("%s: %w", dir, err))
	}
	b.inputs = audit.Inputs{Program: audit.Program{Name: tool().Name, Version: tool().Version}, Question: audit.Question{Now: b.terms.Now}}
	if b.inputs.Pack, err = pack.Read(f.pack); err != nil {
		return nil, err
	}
	if b.inputs.Beside.Witnesses, err = machine.ReadRecordings(f.machines.witnesses); err != nil {
		return nil, err
	}
	if b.inputs.GPU, err = f.machines.gpu.read(a); err != nil {
		return nil, err
	}
	nonce, err := f.machines.nonce()
	if err != nil {
		return nil, err
	}
	b.inputs.GPU.Asked = nonce != nil
	sources, err := f.machines.sources(a.byRoot)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		m, err := a.open(ctx, s, b.terms.Now)
		if err != nil {
			b.close()
			return nil, err
		}
		b.opened = append(b.opened, m)
		b.names = append(b.names, nameOfSource(s))
	}
	beside := besideFlags{nvml: f.machines.nvml}
	given, err := beside.read()
	if err == nil && !sources[0].Elsewhere() {
		nvml := a.access.PlanNVML(sources[0], &given)
		a.announce(a.access.PlanFull(sources[0], machine.FullOptions{ByRoot: a.byRoot, NVML: nvml}))
		err = a.askNVML(ctx, nvml, &given, nonce)
	}
	if err == nil && len(sources) == 1 && sources[0].Capture == "" {
		if err = b.opened[0].Bring(&given); err == nil {
			b.recorder = b.opened[0].Record(tool().Version)
		}
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func nameOfSource(s machine.Source) string {
	switch {
	case s.Capture != "":
		return filepath.Base(s.Capture)
	case s.Root != "":
		return s.Root
	}
	return "this machine"
}

// readMachines gives up what is not needed any more, and reads and judges the machines.
func (a *app) readMachines(ctx context.Context, b *baselineWork, writes []string) error {
	var rights []machine.Right
	for _, m := range b.opened {
		rights = append(rights, m.Rights()...)
	}
	stage, done := a.progress()
	defer done()
	audited, err := audit.New(ctx, b.inputs)
	if err != nil {
		return err
	}
	audited.Progress(stage)
	a.confine(append(rights, machine.Writable(writes...), machine.Listable(filepath.Join(b.folder.Dir, baseline.Manifests)))...)
	b.machines, b.expect, err = baseline.Look(ctx, audited, b.opened, b.names)
	return err
}

// onBaseline does what needs a key: it opens all that is needed, refuses a machine
// against which something grave stands, and then lets work be done. there says that the
// folder has to hold a baseline, and else that it must not.
func (a *app) onBaseline(ctx context.Context, f *baselineVerb, dir string, there bool, work func(*baselineWork) error) error {
	if a.errand == nil { // and else it was done outside
		if err := f.key.check(dir); err != nil {
			return err
		}
	}
	b, err := a.openBaseline(ctx, f, dir)
	if err != nil {
		return err
	}
	defer b.close()
	switch made := len(b.folder.Before) > 0; {
	case made && !there:
		return fmt.Errorf("%s holds a baseline: gpuaudit baseline diff, add or renew", dir)
	case there && !made:
		return noBaseline(dir)
	}
	if b.key, err = a.openKey(&f.key, dir); err != nil {
		return err
	}
	b.signer = baseline.Signer{Name: f.key.signer, Public: b.key.public, Sign: b.key.sign}
	if err := baseline.Prepare(dir); err != nil {
		return fmt.Errorf("%w; name another folder: gpuaudit baseline DIR", err)
	}
	if exposed := a.exposed(b.key, dir, len(f.machines.from) > 0); exposed != "" {
		a.warn("%s", exposed)
	}
	writes := []string{dir, filepath.Join(dir, baseline.Manifests)}
	if b.key.made != nil {
		writes = append(writes, filepath.Dir(b.key.file))
	}
	if err := a.readMachines(ctx, b, writes); err != nil {
		return err
	}
	if standing := b.folder.Standings(b.machines, b.terms); len(standing) > 0 {
		for _, s := range standing {
			a.warn("%s, %s: %s %s: %s", s.Machine, s.Device, s.ID, s.Title, s.Detail)
		}
		a.fail(fmt.Errorf("%w: mend it, or take it upon you with --accept %s=REASON", baseline.ErrStanding, strings.Join(baseline.IDs(standing), "=REASON --accept ")))
		return answered(exitFailed)
	}
	return work(b)
}

func noBaseline(dir string) error {
	return fmt.Errorf("%w in %s: gpuaudit baseline makes one", baseline.ErrNone, dir)
}

// keepCapture puts the capture of the machine beside the rest. What it has no room for
// is in the baseline all the same, which is of the machine.
func (a *app) keepCapture(b *baselineWork) error {
	if b.recorder == nil {
		return nil
	}
	var archive bytes.Buffer
	if err := b.recorder.Write(&archive, capture.Options{Tool: tool().Version}); err != nil {
		return fmt.Errorf("write capture: %w", err)
	}
	name := captureName(b.folder.Dir, b.terms.Now)
	if err := lacking(name, b.recorder); err != nil {
		a.warn("%v", err)
	}
	return outfile.Write(name, outfile.Private, fill(archive.Bytes()))
}

// captureName is where the capture of the machine lies, of a day.
func captureName(dir string, now time.Time) string {
	return filepath.Join(dir, "baseline-"+now.Format(time.DateOnly)+".tar.gz")
}
