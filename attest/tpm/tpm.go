// Package tpm gathers a machine's TPM 2.0 evidence and verifies it elsewhere:
// endorsement keys with their certificates, a restricted attestation key, a
// quote over PCR 0 to 15 and the boot event log (TCG TPM 2.0 Library
// Specification 1.59; TCG EK Credential Profile 2.5; PC Client PTP 1.05).
//
// [Collect] talks to a TPM and believes nothing; [Verify] is a pure function
// over the evidence, what the verifier trusts, and a clock.
package tpm

import (
	"errors"
	"fmt"
	"os"

	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxtpm"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"
)

// DefaultDevice is the kernel's resource-managed TPM.
const DefaultDevice = "/dev/tpmrm0"

// Open opens a TPM: a character device, or the unix socket of a software TPM.
func Open(path string) (transport.TPMCloser, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open TPM: %w", err)
	}
	open := linuxtpm.Open
	switch mode := info.Mode(); {
	case mode&os.ModeSocket != 0:
		open = linuxudstpm.Open
	case mode&os.ModeCharDevice == 0:
		return nil, fmt.Errorf("open TPM: %s: %w", path, errors.New("neither a device nor a socket"))
	}
	t, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open TPM: %s: %w", path, err)
	}
	return t, nil
}
