package main

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/waive"
)

func (a *app) waiversCommand() *cobra.Command {
	return group("waivers", "Sign files of accepted findings, and check who signed them",
		a.waiversSign(), a.waiversVerify())
}

func (a *app) waiversSign() *cobra.Command {
	var s signFlags
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
				s.output = args[0] + waive.SignatureEnding
			}
			return a.signFile(cmd.Context(), &s, args[0], waive.FileLimit, func(text []byte) ([]byte, error) {
				return waive.Statement(filepath.Base(args[0]), text)
			})
		},
	}
	s.register(a, cmd.Flags(), "; default is FILE"+waive.SignatureEnding)
	return cmd
}

func (a *app) waiversVerify() *cobra.Command {
	var keys []string
	var now clockFlag
	var packName, trust, root string
	cmd := &cobra.Command{
		Use:   "verify FILE --trust FILE|--key FILE...",
		Short: "Check a file of waivers, and who signed it",
		Long: `Verify checks the file as a scan does, under the demands of --pack, and every signature
that stands beside it. What is not signed as it has to be exits with 4.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if (trust == "") == (len(keys) == 0) {
				return errors.New("give --trust or --key, one of them: a signature counts only with a key that you trust")
			}
			signers, err := a.verifyWaivers(args[0], keys, packName, trust, root, now)
			if err != nil {
				return err
			}
			a.mark("verified", "%s, signed by %s", report.Clean(args[0]), report.Clean(strings.Join(signers.Names, ", ")))
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&trust, "trust", "", "trust file: its operators may sign")
	flags.StringSliceVar(&keys, "key", nil, "public key that has to have signed (repeatable)")
	flags.StringVar(&packName, "pack", "", "demands on waivers: "+strings.Join(pack.Names(), ", ")+", or a FILE of your own")
	now.register(flags, judgements)
	rootFlag(flags, &root)
	return cmd
}

// verifyWaivers reads a file of waivers as a scan does that wants them signed.
func (a *app) verifyWaivers(name string, keys []string, packName, trustName, root string, now clockFlag) (*waive.Signers, error) {
	at, err := now.at(a)
	if err != nil {
		return nil, err
	}
	file, err := pack.Read(packName)
	if err != nil {
		return nil, err
	}
	p, err := pack.Open(file)
	if err != nil {
		return nil, err
	}
	var trust *manifest.Trust
	if trustName != "" {
		if trust, err = believed(trustName, root); err != nil {
			return nil, err
		}
	}
	given, err := waive.Read(name, keys, trustName != "")
	if err != nil {
		return nil, err
	}
	given.Signed = true
	_, signers, err := given.Open(audit.Demands(p), trust, at)
	return signers, err
}
