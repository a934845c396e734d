package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

func manifestCommand(a *app) *cobra.Command {
	return group("manifest", "Make, sign, verify, read and publish signed manifests",
		a.manifestCreate(), a.manifestSign(), a.manifestVerify(), a.manifestInspect(), a.manifestDiff(), a.manifestPublish(), a.manifestImport())
}

func (a *app) manifestSign() *cobra.Command {
	var s signFlags
	cmd := &cobra.Command{
		Use:   "sign STATEMENT --key KEY --output BUNDLE",
		Short: "Sign a statement: a sigstore bundle that cosign can verify",
		Long: `Sign takes an ECDSA P-256, ECDSA P-384 or Ed25519 key (PKCS #8, SEC 1, or cosign's
encrypted form), or an ECDSA key that lies in a TPM. The passphrase comes from
--passphrase-fd, GPUAUDIT_KEY_PASSWORD or the terminal. cosign 3.1 verifies what P-256
and Ed25519 keys signed; it refuses P-384, its own bundles, too.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.key == "" || s.output == "" {
				return errors.New("--key and --output are required")
			}
			return a.signFile(cmd.Context(), &s, args[0], seal.StatementLimit, func(statement []byte) ([]byte, error) {
				_, err := manifest.ParseStatement(statement)
				return statement, err
			})
		},
	}
	s.register(a, cmd.Flags(), "")
	return cmd
}

// readFile reads a file that the user named, within a limit.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := input.Read(name, limit)
	if err != nil {
		return nil, err
	}
	return f.Data, nil
}

// put writes a result to a file, or to standard output for "-".
func (a *app) put(name string, b []byte) error {
	if name == "-" {
		_, err := a.Stdout.Write(append(b, '\n'))
		return err
	}
	if err := outfile.Write(name, outfile.Public, func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
		return unput(err)
	}
	return nil
}

// reserve opens an output before the work for it is done, so that a place that cannot be
// written is said at once; "-" is standard output. Without put nothing is left of it after
// drop.
func (a *app) reserve(name string) (put func([]byte) error, drop func(), err error) {
	if name == "-" {
		return func(b []byte) error { return a.put(name, b) }, func() {}, nil
	}
	out, err := a.openOut(name, outfile.Public)
	if err != nil {
		return nil, nil, err
	}
	put = func(b []byte) error {
		_, err := out.Write(b)
		if err == nil {
			err = out.Commit()
		}
		if err != nil {
			return unput(err)
		}
		return nil
	}
	return put, out.Abort, nil
}

// unput says of which kind an error is that kept an output from being written: a name
// that cannot be written is a mistake of who gave it.
func unput(err error) error {
	if _, ok := errors.AsType[*outfile.OpenError](err); ok {
		return err
	}
	return fault.AsIncomplete(err)
}
