package tpm

import "github.com/google/go-tpm/tpm2"

// Commands are the codes of the commands that [Collect] gives a TPM. None of them
// changes what the TPM keeps.
func Commands() []uint32 {
	var list []uint32
	for _, c := range []tpm2.TPMCC{tpm2.TPMCCGetCapability, tpm2.TPMCCCreatePrimary, tpm2.TPMCCQuote, tpm2.TPMCCPCRRead, tpm2.TPMCCFlushContext, tpm2.TPMCCNVReadPublic, tpm2.TPMCCNVRead} {
		list = append(list, uint32(c))
	}
	return list
}
