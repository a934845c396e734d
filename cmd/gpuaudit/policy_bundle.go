package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/policy"
)

func (a *app) policyBundleCommand() *cobra.Command {
	var output, key string
	cmd := &cobra.Command{
		Use:   "bundle DIR --output FILE [--key FILE]",
		Short: "Pack your own rules as an OPA bundle, signed with --key",
		Long: `Bundle checks the rules in a directory as policy lint and policy test do, and packs them
as an OPA bundle. With --key it signs as opa sign does, with ECDSA P-256 and P-384 and
RSA keys (PEM, not encrypted). Tests are left out; the library that the
rules call is in a folder of its own, so that opa can run them, and is not read here.

The same rules give the same bytes, but for ECDSA signatures. Whoever gets the bundle
uses it with --policy FILE --policy-key FILE.`,
		Example: `  gpuaudit policy bundle ours --output ours.tar.gz --key policy.key
  gpuaudit scan --policy ours.tar.gz --policy-key policy.pub
  opa build -b ours.tar.gz --verification-key policy.pub --signing-alg ES256 -o checked.tar.gz --signing-key policy.key`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return errors.New("--output is required: the file to write, - for standard output")
			}
			if key != "" && outfile.Same(key, output) {
				return fmt.Errorf("--output %s: this would overwrite the key", output)
			}
			return a.policyBundle(cmd.Context(), args[0], key, output)
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	cmd.Flags().StringVar(&key, "key", "", "private key file (PEM) to sign with; without it the bundle is not signed")
	return cmd
}

func (a *app) policyBundle(ctx context.Context, dir, key, output string) error {
	var signer *policy.BundleSigner
	if key != "" {
		var err error
		if signer, err = a.rulesSigner(ctx, key); err != nil {
			return err
		}
	}
	results, rules, err := audit.TestRules(ctx, dir)
	if err != nil {
		return err
	}
	if faults := append(results.Failing(), results.Lint(rules)...); len(faults) > 0 {
		for _, f := range faults {
			a.warn("%s", f)
		}
		a.warn("%s: the rules are not ready to be packed", dir)
		return answered(exitFailed)
	}
	own, err := audit.OwnRules(ctx, dir)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := policy.WriteBundle(&b, audit.PolicySource(own), signer); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return a.put(output, b.Bytes())
}
