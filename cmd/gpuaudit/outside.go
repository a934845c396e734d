package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/apart"
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/config"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// createFor opens outputs for the judge. Ended by a signal, nothing is left of them.
func (a *app) createFor(p *plan) func(name string, mode fs.FileMode) (broker.Output, error) {
	return func(name string, mode fs.FileMode) (broker.Output, error) {
		if p.opened != nil && name == p.opened.file {
			return apart.Instead(func() error { return a.keepKey(p.opened) })
		}
		open := a.openOut
		if slices.Contains(p.fresh, name) {
			open = a.openNew
		}
		f, err := open(name, mode)
		if err != nil {
			return nil, err
		}
		if name == p.settings {
			return newSettings(f, p.pack)
		}
		return f, nil
	}
}

// outside runs a verb in a process without rights, and does for it what p allows.
func (a *app) outside(ctx context.Context, p *plan, args []string) int {
	code, err := a.serve(ctx, p, args)
	if cause := context.Cause(ctx); cause != nil && (err != nil || !p.Watches) {
		err = cause
	}
	if err != nil {
		a.fail(fault.AsIncomplete(err))
		return exitIncomplete
	}
	return code
}

func (a *app) serve(ctx context.Context, p *plan, args []string) (int, error) {
	for _, address := range machine.Recover() {
		a.warn("the ROM of %s was still enabled by a process that was killed, and is disabled now", address)
	}
	if p.wrong != nil {
		a.fail(p.wrong)
		return exitCode(p.wrong), nil
	}
	if p.unreadPlaces != nil {
		a.warn("the places of channels: %v", p.unreadPlaces)
	}
	for _, place := range p.unnamed {
		a.warn("%s, was never named on a command line: it is not asked; name it once with --channel", place)
	}
	stdin, err := p.Stdin(os.Stdin)
	if err != nil {
		a.fail(err)
		return exitCode(err), nil
	}
	defer stdin.Close()
	if !p.verb.baseline { // that renews what it reads
		if err := p.Misplaced(); err != nil {
			a.fail(err)
			return exitUsage, nil
		}
	}
	if err := a.loadKeys(p); err != nil {
		a.fail(err)
		return exitCode(err), nil
	}
	a.arm(p)
	code, err := p.Serve(ctx, apart.Launch{
		Args: append([]string{os.Args[0]}, args...), Env: os.Environ(), Told: settingsIn(os.Environ()), Stdin: stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Grace: grace, Said: exitIncomplete,
	})
	if err != nil {
		return 0, err
	}
	if code == 0 && p.Errand.Channel != "" {
		if err := state.Remember(p.Errand.State, p.Errand.Channel); err != nil {
			return 0, fmt.Errorf("remember the place of the channel: %w", err)
		}
	}
	return code, nil
}

// loadKeys makes the private keys of a command line ready to sign for its judge.
func (a *app) loadKeys(p *plan) error {
	a.tpmDevice, a.passphraseFD = p.Device, p.passphraseFD
	for _, name := range p.keys {
		signer, err := a.loadSigner(name)
		if err != nil {
			return err
		}
		public, err := x509.MarshalPKIXPublicKey(signer.Public())
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		p.signers, p.Errand.Keys = append(p.signers, signer), append(p.Errand.Keys, public)
	}
	if p.baselineKey != nil {
		return a.openBaselineKey(p)
	}
	if p.rulesKey == "" {
		return nil
	}
	var err error
	p.rulesSigner, err = loadRulesKey(p.rulesKey)
	return err
}

// settingsIn are the variables that are settings of an audit, and those that say where
// the user's file of them is. The passphrase of a key is not among them.
func settingsIn(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return name == passphraseEnv || name != "HOME" && name != "XDG_CONFIG_HOME" && !strings.HasPrefix(name, config.Prefix)
	})
}
