package tpm

import (
	"encoding/hex"

	"github.com/google/go-tpm/tpm2"
)

// ekKind is an endorsement key that TPMs are made with (TCG EK Credential
// Profile 2.5, section 2.2.1.4 and B.3, B.4).
type ekKind struct {
	name      string
	algorithm tpm2.TPMAlgID
	bits      int
	nv        tpm2.TPMHandle // of the certificate
	template  tpm2.TPMTPublic
	hash      tpm2.TPMIAlgHash // of the policy session
	// or are the branches of the policy beside the endorsement hierarchy's
	// secret; nil for the low-range templates, whose policy is that secret.
	or [][]byte
}

// Policies of the high-range templates (section B.6.3 to B.6.5, SHA-384).
var (
	policyA384 = unhex("8bbf2266537c171cb56e403c4dc1d4b64f432611dc386e6f532050c3278c930e143e8bb1133824ccb431053871c6db53")
	policyC384 = unhex("d6032ce61f2fb3c240eb3cf6a33237ef2b6a16f4293c22b455e261cffd217ad5b4947c2d73e63005eed2dc2b3593d165")
	policyB384 = unhex("b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12")
)

func ekKinds() []ekKind {
	return []ekKind{
		{name: "rsa-2048", algorithm: tpm2.TPMAlgRSA, bits: 2048, nv: 0x01c00002, template: tpm2.RSAEKTemplate, hash: tpm2.TPMAlgSHA256},
		{name: "ecc-p256", algorithm: tpm2.TPMAlgECC, bits: 256, nv: 0x01c0000a, template: tpm2.ECCEKTemplate, hash: tpm2.TPMAlgSHA256},
		{name: "ecc-p384", algorithm: tpm2.TPMAlgECC, bits: 384, nv: 0x01c00016, template: ecc384(), hash: tpm2.TPMAlgSHA384, or: [][]byte{policyA384, policyC384}},
	}
}

func ekKindNamed(name string) (ekKind, bool) {
	for _, k := range ekKinds() {
		if k.name == name {
			return k, true
		}
	}
	return ekKind{}, false
}

// ecc384 is template H-3 (section B.4.5).
func ecc384() tpm2.TPMTPublic {
	return tpm2.TPMTPublic{
		Type: tpm2.TPMAlgECC, NameAlg: tpm2.TPMAlgSHA384,
		ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true, AdminWithPolicy: true, Restricted: true, Decrypt: true},
		AuthPolicy:       tpm2.TPM2BDigest{Buffer: policyB384},
		Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{
			Symmetric: tpm2.TPMTSymDefObject{Algorithm: tpm2.TPMAlgAES, KeyBits: tpm2.NewTPMUSymKeyBits(tpm2.TPMAlgAES, tpm2.TPMKeyBits(256)), Mode: tpm2.NewTPMUSymMode(tpm2.TPMAlgAES, tpm2.TPMAlgCFB)},
			CurveID:   tpm2.TPMECCNistP384,
		}),
		Unique: tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{}),
	}
}

// akTemplate is the attestation key: a primary key of the endorsement hierarchy,
// so that one TPM always makes the same one and nothing has to be stored. It is
// restricted: the TPM signs with it only what the TPM itself says.
func akTemplate() tpm2.TPMTPublic {
	return tpm2.TPMTPublic{
		Type: tpm2.TPMAlgECC, NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true, NoDA: true, Restricted: true, SignEncrypt: true},
		Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{
			Scheme:  tpm2.TPMTECCScheme{Scheme: tpm2.TPMAlgECDSA, Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgECDSA, &tpm2.TPMSSigSchemeECDSA{HashAlg: tpm2.TPMAlgSHA256})},
			CurveID: tpm2.TPMECCNistP256,
		}),
		Unique: tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{X: tpm2.TPM2BECCParameter{Buffer: make([]byte, 32)}, Y: tpm2.TPM2BECCParameter{Buffer: make([]byte, 32)}}),
	}
}

// unhex reads a constant of this file.
func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}
