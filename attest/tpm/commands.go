package tpm

import "github.com/google/go-tpm/tpm2"

// Commands are the codes of the commands that [Collect] gives a TPM. None of them
// changes what the TPM keeps.
func Commands() []uint32 {
	return codes(tpm2.TPMCCGetCapability, tpm2.TPMCCCreatePrimary, tpm2.TPMCCQuote, tpm2.TPMCCPCRRead, tpm2.TPMCCFlushContext, tpm2.TPMCCNVReadPublic, tpm2.TPMCCNVRead)
}

// AnswerCommands are those that [Answer] gives it: they change nothing either.
func AnswerCommands() []uint32 {
	return codes(tpm2.TPMCCCreatePrimary, tpm2.TPMCCStartAuthSession, tpm2.TPMCCPolicySecret, tpm2.TPMCCPolicyOR, tpm2.TPMCCActivateCredential, tpm2.TPMCCFlushContext)
}

func codes(list ...tpm2.TPMCC) []uint32 {
	var out []uint32
	for _, c := range list {
		out = append(out, uint32(c))
	}
	return out
}
