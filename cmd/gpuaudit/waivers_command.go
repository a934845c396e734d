package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/waive"
)

func (a *app) waiversCommand() *cobra.Command {
	return group("waivers", "Sign files of accepted findings, and check who signed them",
		a.waiversSign(), a.waiversVerify())
}

func (a *app) waiversSign() *cobra.Command {
	var s signing
	cmd := &cobra.Command{
		Use:   "sign FILE --key KEY [--output BUNDLE]",
		Short: "Sign a file of waivers: a detached sigstore bundle that cosign can verify",
		Long: `Sign checks the file and signs its digest. The signature stands beside the file, which
stays as people wrote it: FILE.sigstore.json, or FILE.NAME.sigstore.json for each of
several signers. A scan reads all that are beside the file.`,
		Example: `  gpuaudit waivers sign accepted.yaml --key owner.key --output accepted.yaml.owner.sigstore.json
  cosign verify-blob-attestation --key owner.pub --insecure-ignore-tlog --type ` + waive.SignatureType + ` \
    --bundle accepted.yaml.owner.sigstore.json accepted.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.key == "" {
				return errors.New("--key is required: the private key to sign with")
			}
			if s.output == "" {
				s.output = args[0] + signatureEnding
			}
			return a.signFile(cmd.Context(), &s, args[0], waiverLimit, func(text []byte) ([]byte, error) {
				return waive.Statement(filepath.Base(args[0]), text)
			})
		},
	}
	s.register(a, cmd.Flags(), "; default is FILE"+signatureEnding)
	return cmd
}

func (a *app) waiversVerify() *cobra.Command {
	var f waiverFlags
	var basis basisFlags
	var root rootFlag
	var trust, when string
	cmd := &cobra.Command{
		Use:   "verify FILE --trust FILE|--key FILE...",
		Short: "Check a file of waivers, and who signed it",
		Long: `Verify checks the file as a scan does, under the demands of --pack, and every signature
that stands beside it. What is not signed as it has to be exits with 4.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if (trust == "") == (len(f.keys) == 0) {
				return errors.New("give --trust or --key, one of them: a signature counts only with a key that you trust")
			}
			now, err := a.clock(when)
			if err != nil {
				return err
			}
			p, err := basis.loadPack()
			if err != nil {
				return err
			}
			f.file, f.signed = args[0], true
			b := waiverBasis{now: now, trust: trust, root: &root, pack: p}
			_, signers, err := f.verified(b)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.Stdout, "verified  %s, signed by %s\n", report.Clean(args[0]), report.Clean(strings.Join(signers.Names, ", ")))
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&trust, "trust", "", "trust file: its operators may sign")
	flags.StringSliceVar(&f.keys, "key", nil, "public key that has to have signed (repeatable)")
	flags.StringVar(&basis.pack, "pack", "", "demands on waivers: "+strings.Join(packNames(), ", ")+", or a FILE of your own")
	flags.StringVar(&when, "now", "", "clock of the verification (RFC 3339); default is the present time")
	root.register(flags)
	return cmd
}
