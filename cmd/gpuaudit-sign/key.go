package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/cmd/gpuaudit-sign/internal/kms"
	"github.com/gpuaudit/gpuaudit/cmd/gpuaudit-sign/internal/pkcs11"
)

// keyLimit caps a key file.
const keyLimit = 64 << 10

// open makes the key ready to sign.
func (r *request) open(ctx context.Context) (*seal.Signer, error) {
	ask := func() ([]byte, error) { return r.secret.Read(r.key) }
	var key crypto.Signer
	var err error
	switch {
	case strings.HasPrefix(r.key, pkcs11.Scheme):
		key, err = r.token11(ask)
	case kms.IsURI(r.key):
		key, err = kms.Open(ctx, r.key)
	case strings.Contains(r.key, "://"):
		err = fmt.Errorf("--key %.60q: no service of this name is known", r.key)
	default:
		file, err := input.Read(r.key, keyLimit)
		if err != nil {
			return nil, err
		}
		signer, err := seal.LoadSigner(file.Data, ask)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.key, err)
		}
		return signer, nil
	}
	if err != nil {
		return nil, err
	}
	return seal.NewSigner(key)
}

// token11 opens a PKCS #11 key with the module that the flag or the URI names.
func (r *request) token11(pin func() ([]byte, error)) (crypto.Signer, error) {
	u, err := pkcs11.ParseURI(r.key)
	if err != nil {
		return nil, err
	}
	module := r.module
	if module == "" {
		module = u.Module
	}
	if module == "" {
		return nil, errors.New("name the token's library: --pkcs11-module /usr/lib/... or module-path in the URI")
	}
	return pkcs11.Open(module, u, pin)
}

// write writes a file whole or not at all; - is standard output.
func write(name string, b []byte, stdout io.Writer) error {
	if name == "-" {
		_, err := stdout.Write(b)
		return err
	}
	return outfile.Write(name, outfile.Public, func(w io.Writer) error { _, err := w.Write(b); return err })
}
