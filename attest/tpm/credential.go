package tpm

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
)

// Challenge is a secret that only the TPM with a certain endorsement key can
// read, and only if the attestation key of that name is in the same TPM (Part
// 1, section 24, credential protection). Its answer is the only proof that an
// AK belongs to an EK: a quote alone does not show it.
type Challenge struct {
	EK     string `json:"ek"`     // kind
	Blob   []byte `json:"blob"`   // TPM2B_ID_OBJECT without its size
	Secret []byte `json:"secret"` // TPM2B_ENCRYPTED_SECRET without its size
}

// SecretBytes is the size of a challenge's secret.
const SecretBytes = 32

// makeChallenge makes a challenge for an endorsement key and an attestation
// key, whose name it computes itself.
func makeChallenge(random io.Reader, ek EK, ak Key) (c *Challenge, secret []byte, err error) {
	kind, ok := ekKindNamed(ek.Kind)
	if !ok {
		return nil, nil, fmt.Errorf("make challenge: endorsement key %.20q is not known", ek.Kind)
	}
	public, _, err := parsePublic(ek.Public)
	if err != nil {
		return nil, nil, fmt.Errorf("make challenge: endorsement key: %w", err)
	}
	if public.Type != kind.algorithm {
		return nil, nil, fmt.Errorf("make challenge: the endorsement key is no %s", kind.name)
	}
	akPublic, _, err := parsePublic(ak.Public)
	if err != nil {
		return nil, nil, fmt.Errorf("make challenge: attestation key: %w", err)
	}
	if code, why := akAttributes(akPublic); code != "" {
		return nil, nil, fmt.Errorf("make challenge: %s: %s", code, why)
	}
	name, err := nameOf(akPublic, ak.Public)
	if err != nil {
		return nil, nil, fmt.Errorf("make challenge: %w", err)
	}
	wrap, err := tpm2.ImportEncapsulationKey(public)
	if err != nil {
		return nil, nil, fmt.Errorf("make challenge: %w", err)
	}
	secret = make([]byte, SecretBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, nil, fmt.Errorf("make challenge: %w", err)
	}
	blob, encrypted, err := tpm2.CreateCredential(random, wrap, name, secret)
	if err != nil {
		return nil, nil, fmt.Errorf("make challenge: %w", err)
	}
	return &Challenge{EK: kind.name, Blob: blob, Secret: encrypted}, secret, nil
}

// Solve answers a challenge with the TPM that it was made for.
func Solve(t transport.TPM, c *Challenge) ([]byte, error) {
	kind, ok := ekKindNamed(c.EK)
	if !ok {
		return nil, fmt.Errorf("solve challenge: endorsement key %.20q is not known", c.EK)
	}
	if len(c.Blob) > maxStructure || len(c.Secret) > maxStructure {
		return nil, fmt.Errorf("solve challenge: it has %d and %d bytes", len(c.Blob), len(c.Secret))
	}
	ek, err := primary(t, kind.template)
	if err != nil {
		return nil, fmt.Errorf("solve challenge: endorsement key: %w", err)
	}
	defer flush(t, ek.ObjectHandle)
	ak, err := primary(t, akTemplate())
	if err != nil {
		return nil, fmt.Errorf("solve challenge: attestation key: %w", err)
	}
	defer flush(t, ak.ObjectHandle)
	rsp, err := tpm2.ActivateCredential{
		ActivateHandle: tpm2.AuthHandle{Handle: ak.ObjectHandle, Name: ak.Name, Auth: tpm2.PasswordAuth(nil)},
		KeyHandle:      tpm2.AuthHandle{Handle: ek.ObjectHandle, Name: ek.Name, Auth: tpm2.Policy(kind.hash, 16, kind.policy)},
		CredentialBlob: tpm2.TPM2BIDObject{Buffer: c.Blob},
		Secret:         tpm2.TPM2BEncryptedSecret{Buffer: c.Secret},
	}.Execute(t)
	if err != nil {
		return nil, fmt.Errorf("solve challenge: it is for another TPM or another attestation key, or was changed: %w", err)
	}
	return rsp.CertInfo.Buffer, nil
}

// policy satisfies an endorsement key's policy: the secret of the endorsement
// hierarchy, and for the high-range templates the choice of that branch.
func (k ekKind) policy(t transport.TPM, session tpm2.TPMISHPolicy, nonce tpm2.TPM2BNonce) error {
	secret := tpm2.PolicySecret{AuthHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHEndorsement, Auth: tpm2.PasswordAuth(nil)}, PolicySession: session, NonceTPM: nonce}
	if _, err := secret.Execute(t); err != nil {
		return err
	}
	if k.or == nil {
		return nil
	}
	var branches tpm2.TPMLDigest
	for _, d := range k.or {
		branches.Digests = append(branches.Digests, tpm2.TPM2BDigest{Buffer: d})
	}
	_, err := tpm2.PolicyOr{PolicySession: session, PHashList: branches}.Execute(t)
	return err
}

// NameOf is the name of an attestation key, for a verifier that enrols it after
// its challenge was answered.
func NameOf(ak Key) (string, error) {
	p, _, err := parsePublic(ak.Public)
	if err != nil {
		return "", err
	}
	name, err := nameOf(p, ak.Public)
	if err != nil {
		return "", err
	}
	if stated, err := hex.DecodeString(ak.Name); err != nil || !bytes.Equal(stated, name) {
		return "", fmt.Errorf("the attestation key's name is %x, not %.80s", name, ak.Name)
	}
	return hex.EncodeToString(name), nil
}
