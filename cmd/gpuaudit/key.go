package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/passphrase"
	"github.com/gpuaudit/gpuaudit/attest/seal"
)

// passphraseEnv is the variable that holds a key's passphrase.
const passphraseEnv = "GPUAUDIT_KEY_PASSWORD"

// passphraseFlag adds --passphrase-fd to a verb that loads a private key.
func (a *app) passphraseFlag(flags *pflag.FlagSet) {
	flags.IntVar(&a.passphraseFD, "passphrase-fd", passphrase.NoDescriptor,
		"file descriptor to read the key's passphrase from; otherwise "+passphraseEnv+" is taken, or the terminal asked")
}

// loadSigner reads the private key of a verb that signs.
func (a *app) loadSigner(name string) (*seal.Signer, error) {
	text, err := readFile(name, 64<<10)
	if err != nil {
		return nil, err
	}
	signer, err := seal.LoadSigner(text, func() ([]byte, error) { return a.passphrases().Read(name) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return signer, nil
}

func (a *app) passphrases() *passphrase.Source {
	return &passphrase.Source{FD: a.passphraseFD, Flag: "--passphrase-fd", Env: passphraseEnv, LookupEnv: a.LookupEnv, Ask: a.Ask}
}
