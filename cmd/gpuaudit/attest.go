package main

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/go-tpm/tpm2/transport"
	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

const (
	maxReport = 64 << 20
)

func (a *app) attestCommand() *cobra.Command {
	return group("attest", "Gather hardware-rooted evidence, and verify it offline",
		a.attestTPM(), a.attestGPU(), a.attestVerify(), a.collateralCommand(), a.attestChallenge(), a.attestAnswerCommand(), a.attestEnrol())
}

func (a *app) attestTPM() *cobra.Command {
	var nonce, output, device, logFile, report, chain string
	cmd := &cobra.Command{
		Use:   "tpm --nonce HEX --output FILE",
		Short: "Quote the TPM's boot measurements for a verifier's nonce",
		Long: `Tpm gathers what a verifier needs to know how this machine was booted: the TPM's
endorsement keys and certificates, an attestation key, a quote over PCR 0 to 15 that
is bound to the nonce (and to a report, with --report), and the boot event log. It
judges nothing and leaves no key in the TPM. Reading TPM and log takes root.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if nonce == "" || output == "" {
				return errors.New("--nonce and --output are required")
			}
			r, err := a.attestRequest(nonce, report, logFile)
			if err != nil {
				return err
			}
			if r.Certificates, err = issuers(chain); err != nil {
				return err
			}
			dev, err := a.openTPM(device)
			if err != nil {
				return noTPM(device, err)
			}
			defer dev.Close()
			e, err := tpm.Collect(dev, *r)
			if err != nil {
				return fault.AsIncomplete(fmt.Errorf("%s: %w", device, err))
			}
			b, err := e.Marshal()
			if err != nil {
				return fault.AsIncomplete(err)
			}
			return a.put(output, b)
		},
	}
	f := cmd.Flags()
	f.StringVar(&nonce, "nonce", "", "the verifier's nonce, 16 to 64 bytes in hexadecimal")
	f.StringVar(&output, "output", "", "file to write, - for standard output")
	f.StringVar(&device, "tpm", tpm.DefaultDevice, "TPM device, or the unix socket of a software TPM")
	f.StringVar(&logFile, "event-log", machine.EventLog, "boot event log; an empty name leaves it out")
	f.StringVar(&report, "report", "", "report that the quote shall cover")
	f.StringVar(&chain, "ek-chain", "", "PEM file of certificates that lead from this TPM's to its vendor's root, to put into the evidence")
	return cmd
}

// openTPM opens this machine's TPM: for a judge, outside.
func (a *app) openTPM(device string) (transport.TPMCloser, error) {
	if a.access != nil {
		return a.access.TPM()
	}
	return tpm.Open(device)
}

// noTPM says that a TPM cannot be opened. One that somebody named is an input; that a
// machine has none is no mistake of theirs.
func noTPM(device string, err error) error {
	err = fmt.Errorf("%w; --tpm names another device or socket", err)
	if device == tpm.DefaultDevice {
		return fault.AsIncomplete(err)
	}
	return err
}

// attestRequest reads what the quote is for. Without the kernel's log the boot stays
// unknown, so it is said and not an error; a log that somebody named has to be there.
func (a *app) attestRequest(nonce, report, logFile string) (*tpm.Request, error) {
	r := &tpm.Request{}
	var err error
	if r.Nonce, err = boot.ParseNonce(nonce); err != nil {
		return nil, err
	}
	if r.ReportDigest, err = reportDigest(report); err != nil {
		return nil, err
	}
	if logFile == "" {
		a.warn("the evidence will lack the event log, and nothing can be said of option ROMs: --event-log names none")
		return r, nil
	}
	if r.EventLog, err = readFile(logFile, eventlog.MaxBytes); err != nil {
		if logFile != machine.EventLog {
			return nil, fmt.Errorf("--event-log: %w", err)
		}
		a.warn("the evidence will lack the event log, and nothing can be said of option ROMs: %s", oneLine(err))
	}
	return r, nil
}

// issuers are the certificates of a PEM file, DER, none for no name.
func issuers(chain string) ([][]byte, error) {
	g, err := boot.Read(boot.Names{Chain: chain})
	if err != nil {
		return nil, err
	}
	return g.Issuers()
}

// reportDigest is the SHA-256 of a report file, nil for no name.
func reportDigest(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	b, err := readFile(name, maxReport)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	return sum[:], nil
}
