package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/passphrase"
	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/keys"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// passphraseEnv is the variable that holds a key's passphrase.
const passphraseEnv = "GPUAUDIT_KEY_PASSWORD"

// keyHelp says what a flag for a private key takes.
const keyHelp = "private key: a file (PEM, cosign's, or a TPM's), or tpm:0x81010001 for a key under a persistent handle"

// signerFlags adds to a verb that signs what a private key may need.
func (a *app) signerFlags(flags *pflag.FlagSet) {
	a.passphraseFlag(flags)
	flags.StringVar(&a.tpmDevice, "tpm", tpm.DefaultDevice, "TPM of a key that lies in one: device, or the unix socket of a software TPM")
}

// passphraseFlag adds --passphrase-fd alone, to a verb that has its own --tpm.
func (a *app) passphraseFlag(flags *pflag.FlagSet) {
	flags.IntVar(&a.passphraseFD, "passphrase-fd", passphrase.NoDescriptor,
		"file descriptor to read the key's passphrase from; otherwise "+passphraseEnv+" is taken, or the terminal asked")
}

// signFlags are where the key of a verb that signs lies, and where its bundle goes.
type signFlags struct{ key, output string }

func (s *signFlags) register(a *app, flags *pflag.FlagSet, output string) {
	flags.StringVar(&s.key, "key", "", keyHelp)
	a.signerFlags(flags)
	flags.StringVar(&s.output, "output", "", "file to write, - for standard output"+output)
}

// signFile signs the statement that is made of a file.
func (a *app) signFile(ctx context.Context, s *signFlags, input string, limit int64, statement func(text []byte) ([]byte, error)) error {
	for _, name := range []string{s.key, input} {
		if outfile.Same(name, s.output) {
			return fmt.Errorf("--output %s: this would overwrite %s", s.output, name)
		}
	}
	text, err := readFile(input, limit)
	if err != nil {
		return err
	}
	unsigned, err := statement(text)
	if err != nil {
		return fmt.Errorf("%s: %w", input, err)
	}
	sign, err := a.sealer(s.key)
	if err != nil {
		return err
	}
	bundle, err := sign(ctx, unsigned)
	if err != nil {
		return fmt.Errorf("%s: %w", input, err)
	}
	return a.put(s.output, bundle)
}

// loadSigner makes the private key of a verb ready to sign.
func (a *app) loadSigner(name string) (*seal.Signer, error) {
	return keys.Load(name, a.tpmDevice, func() ([]byte, error) { return a.passphrases().Read(name) })
}

// newPassphrase asks for the passphrase of a new key.
func (a *app) newPassphrase(file string, open bool) ([]byte, error) {
	if open {
		return nil, nil
	}
	secret, err := a.passphrases().Read("the new key " + file)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w; or give --no-passphrase", err)
	case len(secret) == 0:
		return nil, errors.New("the passphrase is empty: give --no-passphrase if that is meant")
	}
	return secret, nil
}

func (a *app) passphrases() *passphrase.Source {
	return &passphrase.Source{FD: a.passphraseFD, Flag: "--passphrase-fd", Env: passphraseEnv, LookupEnv: a.LookupEnv, Ask: a.Ask}
}
