// Package keys makes private keys ready to sign, wherever they lie: in a file, or in a TPM.
package keys

import (
	"fmt"
	"strings"

	"github.com/google/go-tpm/tpm2/transport"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/attest/tpmkey"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// Limit is the largest file of a key, in bytes.
const Limit = 64 << 10

// Load makes a private key ready to sign: one in a file (PEM, cosign's, or a TPM's), or one
// under a persistent handle of a TPM, such as tpm:0x81010001. The TPM at the device stays
// open to the end of the process, which may be confined by then. ask gives the passphrase.
func Load(name, device string, ask func() ([]byte, error)) (*seal.Signer, error) {
	if strings.HasPrefix(name, tpmkey.Scheme) {
		handle, err := tpmkey.ParseHandle(name)
		if err != nil {
			return nil, err
		}
		return inTPM(device, func(dev transport.TPM) (*tpmkey.Key, error) { return tpmkey.Persistent(dev, handle, ask) })
	}
	f, err := input.Read(name, Limit)
	if err != nil {
		return nil, err
	}
	var signer *seal.Signer
	if tpmkey.IsFile(f.Data) {
		signer, err = inTPM(device, func(dev transport.TPM) (*tpmkey.Key, error) { return tpmkey.Load(dev, f.Data, ask) })
	} else {
		signer, err = seal.LoadSigner(f.Data, ask)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return signer, nil
}

func inTPM(device string, load func(transport.TPM) (*tpmkey.Key, error)) (*seal.Signer, error) {
	dev, err := tpm.Open(device)
	if err != nil {
		return nil, err
	}
	key, err := load(dev)
	if err != nil {
		return nil, err
	}
	return seal.NewSigner(key)
}

// New makes a key in a TPM, or without one in a file. The file holds what a TPM keeps
// encrypted for itself, or with a passphrase the key in cosign's encrypted form.
func New(dev transport.TPM, passphrase []byte) (file []byte, signer *seal.Signer, err error) {
	if dev == nil {
		return seal.NewKey(passphrase)
	}
	file, _, err = tpmkey.Create(dev, passphrase)
	if err != nil {
		return nil, nil, fault.AsIncomplete(err)
	}
	key, err := tpmkey.Load(dev, file, func() ([]byte, error) { return passphrase, nil })
	if err != nil {
		return nil, nil, fault.AsIncomplete(err)
	}
	signer, err = seal.NewSigner(key)
	return file, signer, err
}

// InTPM says that a key lies in one, by its name or by what its file holds.
func InTPM(name string) bool {
	if strings.HasPrefix(name, tpmkey.Scheme) {
		return true
	}
	f, err := input.Read(name, Limit)
	return err == nil && tpmkey.IsFile(f.Data)
}
