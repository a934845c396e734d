// Package gpuproof joins what the GPUs of a machine prove of themselves with the facts
// that were read of it: it derives the nonce that they sign, takes their evidence out of
// the answers of NVIDIA's library, has it appraised, and compares what they signed with
// the inventory. It says what agrees; rules judge it.
package gpuproof

import "crypto/sha256"

// label tells this derivation from any other use of the same nonce.
const label = "gpu-nonce.gpuaudit/v1"

// Nonce is what GPUs sign in a scan: SHA-256 over a label, a zero byte, the size of the
// verifier's nonce in one byte, that nonce, and the name of the attestation key with which
// this machine's TPM quotes, nil where no TPM is asked. So one nonce of the verifier's is
// behind both proofs, and evidence that answers it was made for this machine's key.
func Nonce(verifier, akName []byte) []byte {
	sum := sha256.New()
	sum.Write([]byte(label))
	sum.Write([]byte{0, byte(len(verifier))})
	sum.Write(verifier)
	sum.Write(akName)
	return sum.Sum(nil)
}
