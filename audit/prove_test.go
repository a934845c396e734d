package audit

import (
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// TestWhomANonceAsks: a nonce alone asks the GPUs where they were asked, and else the TPM;
// what is named for the TPM asks it in any case.
func TestWhomANonceAsks(t *testing.T) {
	nonce := strings.Repeat("a5", 32)
	recorded, mute := &nvml.Answers{Nonce: &nonce}, &nvml.Answers{}
	for name, tt := range map[string]struct {
		tpm        boot.Given
		gpu        gpuproof.Given
		answers    *nvml.Answers
		tpms, gpus bool
	}{
		"nothing":                            {boot.Given{}, gpuproof.Given{}, nil, false, false},
		"a nonce":                            {boot.Given{Nonce: nonce}, gpuproof.Given{}, nil, true, false},
		"a nonce, answers without evidence":  {boot.Given{Nonce: nonce}, gpuproof.Given{}, mute, true, false},
		"a nonce, recorded evidence of GPUs": {boot.Given{Nonce: nonce}, gpuproof.Given{}, recorded, false, true},
		"a nonce, GPUs are asked":            {boot.Given{Nonce: nonce}, gpuproof.Given{Asked: true}, nil, false, true},
		"a nonce, and what GPUs are held to": {boot.Given{Nonce: nonce}, gpuproof.Given{Manifests: input.Folder{"m": nil}}, mute, false, true},
		"a nonce for both":                   {boot.Given{Nonce: nonce, AK: "000b"}, gpuproof.Given{Asked: true}, nil, true, true},
		"recorded evidence, whoever asks":    {boot.Given{}, gpuproof.Given{}, recorded, false, true},
		"a key of the TPM, recorded GPUs":    {boot.Given{AK: "000b"}, gpuproof.Given{}, recorded, true, true},
	} {
		a := &Audit{in: Inputs{TPM: tt.tpm, GPU: tt.gpu}}
		if tpm, gpu := a.asksTPM(tt.answers), a.asksGPUs(tt.answers); tpm != tt.tpms || gpu != tt.gpus {
			t.Errorf("%s: asks the TPM %t, GPUs %t", name, tpm, gpu)
		}
	}
}
