package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// sourceFlags say which machine is meant.
type sourceFlags struct {
	root, capture string
	readROM, full bool
	attest        string
	device        *string // of the TPM
}

func (f *sourceFlags) register(flags *pflag.FlagSet, beside *besideFlags) {
	flags.StringVar(&f.root, "root", "", "read this directory instead of / (a mounted or unpacked machine)")
	flags.StringVar(&f.capture, "capture", "", "read this capture (gpuaudit capture, or a ghw snapshot) instead of this machine")
	flags.BoolVar(&f.readROM, "read-rom", false, "enable each expansion ROM for the time of reading it (needs root)")
	beside.registerFiles(flags, "")
	flags.BoolVar(&beside.noNVML, "no-nvml", false, "do not ask NVIDIA's driver by gpuaudit-nvml, and leave its answers in a capture aside")
}

// registerTPM adds the flags by which this machine's TPM is asked.
func (f *sourceFlags) registerTPM(flags *pflag.FlagSet, nonce, device *string) {
	flags.StringVar(&f.attest, "attest", "", "tpm: let this machine's TPM prove how it was booted (needs root); gpu: let NVIDIA's GPUs prove that they are genuine, and what they run; tpm,gpu: both, for one nonce")
	f.device = device
	flags.StringVar(device, "tpm", tpm.DefaultDevice, "TPM device, or the unix socket of a software TPM")
	flags.StringVar(nonce, "nonce", "", "the verifier's nonce, 16 to 64 bytes in hexadecimal; without one nobody else can see how fresh the evidence is")
}

// proofs are what --attest asks for.
type proofs struct{ tpm, gpu bool }

// errProofs says what it may ask for.
var errProofs = errors.New("unknown, use tpm, gpu, or tpm,gpu")

func parseProofs(text string) (proofs, error) {
	switch text {
	case "":
		return proofs{}, nil
	case "tpm":
		return proofs{tpm: true}, nil
	case "gpu":
		return proofs{gpu: true}, nil
	case "tpm,gpu", "gpu,tpm":
		return proofs{true, true}, nil
	}
	return proofs{}, fmt.Errorf("--attest %s: %w", text, errProofs)
}

// source is the machine that is meant; g says what its TPM is asked for, evidence that
// a file of its evidence is given.
func (f *sourceFlags) source(g *boot.Given, evidence bool) (machine.Source, error) {
	s := machine.Source{Root: f.root, Capture: f.capture, ReadROM: f.readROM}
	nonce, err := boot.ParseNonce(g.Nonce)
	if err != nil {
		return s, err
	}
	asked, err := parseProofs(f.attest)
	switch {
	case err != nil:
		return s, err
	case asked.gpu && s.Elsewhere():
		return s, machine.ErrAttestElsewhere
	case !asked.tpm:
		return s, nil
	case evidence:
		return s, errors.New("--attest tpm and --evidence exclude each other")
	}
	s.TPM = &machine.TPM{Device: *f.device, Nonce: nonce}
	s.TPM.Certificates, err = g.Issuers()
	return s, err
}

// opening is how this process opens a machine, whichever verb asks for one.
func (a *app) opening(now time.Time) machine.Options {
	return machine.Options{Now: now, Behind: a.left.Behind, Access: a.access}
}

// open opens a machine.
func (a *app) open(ctx context.Context, s machine.Source, now time.Time) (*machine.Machine, error) {
	return machine.Open(ctx, s, a.opening(now))
}

// inventoryOf collects the facts of a capture without judging them.
func (a *app) inventoryOf(ctx context.Context, path string) (*inventory.Inventory, []byte, error) {
	m, err := a.open(ctx, machine.Source{Capture: path}, a.Now().UTC())
	if err != nil {
		return nil, nil, err
	}
	defer m.Close()
	c := catalogue.Load()
	inv, err := audit.Facts(ctx, m, machine.Enumerator(c))
	if err != nil {
		return nil, nil, err
	}
	answers, _ := m.NVML(ctx)
	return inv, answers, nil
}

// confine takes from this process every right that it will not need.
func (a *app) confine(rights ...machine.Right) {
	if !a.unconfined {
		a.confined(machine.Confine(rights...))
	}
}

// confineUpdate does so for a process that has to open connections: it may read what
// the resolver and TLS read, and the channel, and write the state.
func (a *app) confineUpdate(from []string, state string) {
	if a.unconfined {
		return
	}
	reads := append([]string{"/etc", "/run", "/usr/share", "/usr/lib/ssl", "/usr/local/share"}, from...)
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} {
		for _, dir := range filepath.SplitList(a.Getenv(name)) {
			reads = append(reads, dir, filepath.Dir(dir))
		}
	}
	a.confined(machine.ConfineReads(reads, state))
}

// confined says why a kernel left the process as it was.
func (a *app) confined(err error) {
	if err != nil && a.verbose {
		a.remark("not confined by Landlock: %s", oneLine(err))
	}
}
