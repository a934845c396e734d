package main

import (
	"context"
	"errors"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// askProofs asks NVIDIA's library, and where --attest wants that, has the GPUs sign what
// they measured. That comes before the TPM quotes, whose quote covers it.
func (a *app) askProofs(ctx context.Context, attest string, s *machine.Source, in *audit.Inputs, plan machine.NVMLPlan) error {
	asked, err := parseProofs(attest)
	if err != nil {
		return err
	}
	in.GPU.Asked = asked.gpu
	nonce, err := a.gpuNonce(asked, s, &in.TPM, &in.Beside)
	if err != nil {
		return err
	}
	if asked.gpu && plan.Program == "" && plan.Why != "" {
		a.warn("not asked: the GPUs, to prove themselves: %s", plan.Why)
	}
	return a.askNVML(ctx, plan, &in.Beside, nonce)
}

// gpuNonce is what GPUs are to sign, nil where nobody asks them. One nonce is behind both
// proofs: where nobody gave one out, it is made here.
func (a *app) gpuNonce(asked proofs, s *machine.Source, g *boot.Given, beside *machine.Beside) ([]byte, error) {
	if !asked.gpu {
		return nil, nil
	}
	if beside.NVML != nil || beside.NoNVML {
		return nil, errors.New("--attest gpu asks this machine's GPUs: it goes neither with --nvml nor with --no-nvml")
	}
	nonce, err := boot.ParseNonce(g.Nonce)
	if err != nil {
		return nil, err
	}
	if nonce == nil {
		nonce = tpm.NewNonce()
	}
	if s.TPM == nil {
		return gpuproof.Nonce(nonce, nil), nil
	}
	s.TPM.Nonce = nonce
	name, err := a.akName(s.TPM.Device)
	if err != nil {
		// That there is no quote is said where it is missing; the GPUs are asked all the same.
		a.warn("what the GPUs sign is not bound to this machine's TPM: %s", oneLine(err))
	}
	return gpuproof.Nonce(nonce, name), nil
}

// akName is the name of the key with which this machine's TPM quotes.
func (a *app) akName(device string) ([]byte, error) {
	dev, err := a.openTPM(device)
	if err != nil {
		return nil, err
	}
	defer dev.Close()
	return tpm.AKName(dev)
}
