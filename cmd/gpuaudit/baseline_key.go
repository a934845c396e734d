package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-tpm/tpm2/transport"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/passphrase"
	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/attest/tpmkey"
	"github.com/gpuaudit/gpuaudit/audit/baseline"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/keys"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// baselineKey says with which key a baseline is signed.
type baselineKey struct {
	key, signer string
	tpm         string
	open        bool
}

func (k *baselineKey) register(a *app, flags *pflag.FlagSet) {
	flags.StringVar(&k.key, "key", "", "private key that signs: one that is there, or a new FILE, which belongs on a medium that you take away")
	flags.StringVar(&k.signer, "signer", "baseline", "name of the key in the trust file")
	flags.StringVar(&k.tpm, "tpm", "", "make the key in this TPM, and find it there again (device, or the unix socket of a software TPM)")
	flags.Lookup("tpm").NoOptDefVal = tpm.DefaultDevice
	flags.BoolVar(&k.open, "no-passphrase", false, "make a key without a passphrase")
	flags.IntVar(&a.passphraseFD, "passphrase-fd", passphrase.NoDescriptor,
		"file descriptor to read the key's passphrase from; otherwise "+passphraseEnv+" is taken, or the terminal asked")
}

func (k *baselineKey) check(dir string) error {
	switch {
	case k.key == "" && k.tpm == "" && !isThere(filepath.Join(dir, baseline.KeyName)):
		return errors.New("say where the key goes that signs: --tpm makes it in this machine's TPM, --key FILE on a medium that you take away")
	case k.key != "" && k.tpm != "" && !isThere(k.key):
		return errors.New("--key FILE and --tpm exclude each other for a new key: one of them")
	}
	return nil
}

func isThere(name string) bool {
	_, err := os.Stat(name)
	return !errors.Is(err, fs.ErrNotExist)
}

// openedKey is a key that is ready to sign; made is its file where it is new.
type openedKey struct {
	signer *seal.Signer // nil where another process signs
	public []byte       // in PEM
	sign   sealer
	file   string
	inTPM  bool
	made   []byte
}

// openKey opens the key that is there, or makes one. Its file is written when the
// baseline is. A judge is told of the key that was opened outside.
func (a *app) openKey(k *baselineKey, dir string) (*openedKey, error) {
	if a.errand != nil {
		return a.toldKey()
	}
	key, err := a.openedKey(k, dir)
	if err != nil {
		return nil, err
	}
	if key.public, err = key.signer.PublicKeyPEM(); err != nil {
		return nil, err
	}
	key.sign = func(ctx context.Context, statement []byte) ([]byte, error) {
		return seal.Sign(ctx, statement, key.signer)
	}
	return key, nil
}

// toldKey is the key of a baseline as a judge knows it.
func (a *app) toldKey() (*openedKey, error) {
	t := a.errand.Key
	if t == nil || len(a.errand.Keys) != 1 {
		return nil, errors.New("this process was told of no key")
	}
	key := &openedKey{public: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: a.errand.Keys[0]}), file: t.File, inTPM: t.InTPM}
	if t.Made {
		key.made = []byte{} // what it is, the process outside knows
	}
	var err error
	key.sign, err = a.sealer(t.File)
	return key, err
}

func (a *app) openedKey(k *baselineKey, dir string) (*openedKey, error) {
	file := k.key
	if file == "" {
		file = filepath.Join(dir, baseline.KeyName)
	}
	if k.tpm != "" {
		a.tpmDevice = k.tpm
	}
	if strings.HasPrefix(file, tpmkey.Scheme) || isThere(file) {
		signer, err := a.loadSigner(file)
		return &openedKey{signer: signer, file: file, inTPM: keys.InTPM(file)}, err
	}
	secret, err := a.newPassphrase(file, k.open)
	if err != nil {
		return nil, err
	}
	var dev transport.TPM // none for a key in a file
	if k.tpm != "" {
		if dev, err = tpm.Open(a.tpmDevice); err != nil {
			return nil, noTPM(a.tpmDevice, err)
		}
	}
	made, signer, err := keys.New(dev, secret)
	return &openedKey{signer: signer, file: file, inTPM: dev != nil, made: made}, err
}

// keepKey writes the file of a new key, and never over another one. For a judge, the process
// outside does.
func (a *app) keepKey(k *openedKey) error {
	switch {
	case k.made == nil:
		return nil
	case a.errand != nil:
		f, err := outfile.OpenNew(k.file, outfile.Private)
		if err == nil {
			err = f.Commit()
		}
		if err != nil {
			return fault.AsIncomplete(err)
		}
		return nil
	}
	if err := newFile(k.file, k.made); err != nil {
		return fault.AsIncomplete(fmt.Errorf("write %s: %w", k.file, err))
	}
	return nil
}

func (k *openedKey) place() string {
	if k.inTPM {
		return "key in the TPM of this machine, " + k.file
	}
	return "key " + k.file
}

// exposed says what it means that the key lies where it does; elsewhere says that the
// machines are.
func (a *app) exposed(k *openedKey, dir string, elsewhere bool) string {
	switch {
	case a.errand != nil:
		return a.errand.Key.Exposed
	case k.inTPM:
		return ""
	}
	return baseline.Exposed(dir, k.file, elsewhere)
}

// fill writes bytes.
func fill(b []byte) func(io.Writer) error {
	return func(w io.Writer) error { _, err := w.Write(b); return err }
}
