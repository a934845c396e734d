package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/attest/tpmkey"
	"github.com/gpuaudit/gpuaudit/audit/fault"
)

func (a *app) keyCommand() *cobra.Command {
	return group("key", "Make a signing key in a TPM, show the public half of any key",
		a.keyCreate(), a.keyPublic())
}

func (a *app) keyCreate() *cobra.Command {
	var output, public string
	var open bool
	cmd := &cobra.Command{
		Use:   "create --output KEY --public FILE",
		Short: "Make an ECDSA P-256 key in the TPM of this machine",
		Long: `Create makes a key that never leaves the TPM. KEY holds it encrypted, for this TPM
alone to load; it is no secret elsewhere. The passphrase is asked by the TPM at each
signature; without one, whoever may use the TPM can sign. The owner's hierarchy must
have no password of its own.

Keys of other kinds come from other tools: openssl genpkey, cosign generate-key-pair,
tpm2_create with tpm2_encodeobject.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if output == "" || public == "" {
				return errors.New("--output and --public are required")
			}
			secret, err := a.newPassphrase(output, open)
			if err != nil {
				return err
			}
			dev, err := tpm.Open(a.tpmDevice)
			if err != nil {
				return noTPM(a.tpmDevice, err)
			}
			defer dev.Close()
			text, key, err := tpmkey.Create(dev, secret)
			if err != nil {
				return fault.AsIncomplete(err)
			}
			der, err := x509.MarshalPKIXPublicKey(key)
			if err != nil {
				return err
			}
			if err := newFile(output, text); err != nil {
				return fault.AsIncomplete(fmt.Errorf("write %s: %w", output, err))
			}
			return a.put(public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		},
	}
	a.signerFlags(cmd.Flags())
	cmd.Flags().StringVar(&output, "output", "", "key file to write; one that is there is left alone")
	cmd.Flags().StringVar(&public, "public", "", "file for the public key, - for standard output")
	cmd.Flags().BoolVar(&open, "no-passphrase", false, "let everybody sign who may use the TPM")
	return cmd
}

// newFile writes a file for its owner alone, and never over another one.
func newFile(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func (a *app) keyPublic() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "public KEY",
		Short: "Show the public half of a private key",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			signer, err := a.loadSigner(args[0])
			if err != nil {
				return err
			}
			text, err := signer.PublicKeyPEM()
			if err != nil {
				return err
			}
			if output == "-" {
				_, err := a.Stdout.Write(text)
				return err
			}
			return a.put(output, text)
		},
	}
	a.signerFlags(cmd.Flags())
	cmd.Flags().StringVar(&output, "output", "-", "file to write, - for standard output")
	return cmd
}
