package main

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/apart"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

var errNoNonce = errors.New("--nonce is required: the one that the machine was given")

// maxDocument bounds the files of an enrolment.
const maxDocument = 256 << 10

func (a *app) attestChallenge() *cobra.Command {
	var trust tpmFlags
	var output, secret string
	var now clockFlag
	var anyTPM bool
	cmd := &cobra.Command{
		Use:   "challenge EVIDENCE --nonce HEX --output CHALLENGE --secret SECRET",
		Short: "Ask a machine to prove that its attestation key is in its TPM",
		Long: `Challenge verifies evidence of 'attest tpm' and encrypts a secret for each of its
endorsement keys, so that only the TPM that holds them can read it, and only if the
attestation key of the evidence is in it, too. The machine answers CHALLENGE with
'attest answer'; SECRET stays here for 'attest enrol'.

A TPM that no vendor vouches for could be a program: such evidence is refused, unless
--unsafe-any-tpm is given.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if trust.nonce == "" {
				return errNoNonce
			}
			if output == "" || secret == "" {
				return errors.New("--output and --secret are required: the machine must not see the secret")
			}
			if outfile.SamePlace(output, secret) {
				return apart.ErrOneOutput(secret)
			}
			e, err := a.challenged(args[0], &trust, now, anyTPM)
			if err != nil {
				return err
			}
			q, s, err := tpm.Ask(e, rand.Reader)
			if err != nil {
				return fault.AsSignature(err)
			}
			kept, err := tpm.MarshalDocument(s)
			if err != nil {
				return err
			}
			if err := a.writePrivate(secret, kept); err != nil {
				return err
			}
			asked, err := tpm.MarshalDocument(q)
			if err != nil {
				return err
			}
			return a.put(output, asked)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&trust.nonce, "nonce", "", "the nonce that was given to the machine, hexadecimal")
	trust.registerRoots(flags)
	flags.StringVar(&output, "output", "", "file for the machine, - for standard output")
	flags.StringVar(&secret, "secret", "", "file that stays with the verifier")
	now.register(flags, judgements)
	flags.BoolVar(&anyTPM, "unsafe-any-tpm", false, "take a TPM that no vendor vouches for")
	return cmd
}

// challenged is evidence that verifies in all but the binding, which the
// challenge is for, and the report and log, which do not belong to the keys.
func (a *app) challenged(name string, trust *tpmFlags, now clockFlag, anyTPM bool) (*tpm.Evidence, error) {
	p, err := trust.policy()
	if err != nil {
		return nil, err
	}
	if p.Now, err = now.at(a); err != nil {
		return nil, err
	}
	e, err := machine.EvidenceFile(name)
	if err != nil {
		return nil, err
	}
	r, err := tpm.Verify(e, *p)
	if err != nil {
		return nil, err
	}
	if err := boot.Bindable(r, anyTPM); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return e, nil
}

func (a *app) attestAnswerCommand() *cobra.Command {
	var output, device string
	cmd := &cobra.Command{
		Use:   "answer CHALLENGE --output ANSWER",
		Short: "Answer a challenge with this machine's TPM",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if output == "" {
				return errors.New("--output is required")
			}
			text, err := readFile(args[0], maxDocument)
			if err != nil {
				return err
			}
			q, err := tpm.ParseQuestions(text)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			dev, err := a.openTPM(device)
			if err != nil {
				return noTPM(device, err)
			}
			defer dev.Close()
			answers, err := tpm.Answer(dev, q)
			if err != nil {
				return fault.AsSignature(fmt.Errorf("%s: %w", device, err))
			}
			b, err := tpm.MarshalDocument(answers)
			if err != nil {
				return err
			}
			return a.put(output, b)
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	cmd.Flags().StringVar(&device, "tpm", tpm.DefaultDevice, "TPM device, or the unix socket of a software TPM")
	return cmd
}

func (a *app) attestEnrol() *cobra.Command {
	var output, secret string
	cmd := &cobra.Command{
		Use:   "enrol ANSWER --secret SECRET --output ENROLMENT",
		Short: "Check a machine's answer, and write its enrolment for attest verify",
		Long: `Enrol compares an answer with the secret of 'attest challenge'. If it is right, the
attestation key is in the TPM of the endorsement keys, and ENROLMENT says so: give it
to 'attest verify --enrolled' and 'scan --enrolled'. The key is the same after every
boot, until the owner of the machine clears the TPM.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if output == "" || secret == "" {
				return errors.New("--output and --secret are required")
			}
			kept, err := readFile(secret, maxDocument)
			if err != nil {
				return err
			}
			s, err := tpm.ParseSecrets(kept)
			if err != nil {
				return fmt.Errorf("--secret %s: %w", secret, err)
			}
			text, err := readFile(args[0], maxDocument)
			if err != nil {
				return err
			}
			answers, err := tpm.ParseAnswers(text)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			e, err := tpm.Enrol(s, answers)
			if err != nil {
				return fault.AsSignature(fmt.Errorf("%s: %w", args[0], err))
			}
			b, err := tpm.MarshalDocument(e)
			if err != nil {
				return err
			}
			return a.put(output, b)
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "file to write, - for standard output")
	cmd.Flags().StringVar(&secret, "secret", "", "the verifier's file of attest challenge")
	return cmd
}

// writePrivate writes a file that only its owner may read, and never over another.
func (a *app) writePrivate(name string, b []byte) error {
	f, err := a.openNew(name, outfile.Private)
	if err != nil {
		return fmt.Errorf("--secret: %w", err)
	}
	defer f.Abort()
	if _, err := f.Write(b); err != nil {
		return fault.AsIncomplete(err)
	}
	return f.Commit()
}
