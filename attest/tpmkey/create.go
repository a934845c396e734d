package tpmkey

import (
	"crypto"
	"fmt"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
)

// storage is the template of the primary key under the owner's hierarchy that
// key files mean by the parent TPM_RH_OWNER (section 3.1.8 of the draft): an
// ECC P-256 storage key whose unique field is empty.
func storage() tpm2.TPMTPublic {
	template := tpm2.ECCSRKTemplate
	template.Unique = tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{})
	return template
}

// parentOf makes a parent ready: the primary key of the owner's hierarchy, or a
// persistent key.
func parentOf(t transport.TPM, handle uint32) (parent *tpm2.NamedHandle, done func(), err error) {
	switch {
	case handle == uint32(tpm2.TPMRHOwner):
		primary, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHOwner, Auth: tpm2.PasswordAuth(nil)}, InPublic: tpm2.New2B(storage())}.Execute(t)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: create its parent: %w (an owner with a password is not supported)", ErrKey, err)
		}
		return &tpm2.NamedHandle{Handle: primary.ObjectHandle, Name: primary.Name}, func() { flush(t, primary.ObjectHandle) }, nil
	case handle>>24 == 0x81:
		read, err := tpm2.ReadPublic{ObjectHandle: tpm2.TPMHandle(handle)}.Execute(t)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: its parent 0x%08x: %w", ErrKey, handle, err)
		}
		return &tpm2.NamedHandle{Handle: tpm2.TPMHandle(handle), Name: read.Name}, func() {}, nil
	}
	return nil, nil, fmt.Errorf("%w: its parent 0x%08x is neither the owner's hierarchy nor persistent", ErrKey, handle)
}

// Create makes an ECDSA P-256 key in the TPM and returns its key file and the
// public half. With a passphrase the TPM demands it for each signature and locks
// itself against guessing; without one, whoever may speak with the TPM can sign.
func Create(t transport.TPM, passphrase []byte) (text []byte, public crypto.PublicKey, err error) {
	primary, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHOwner, Auth: tpm2.PasswordAuth(nil)}, InPublic: tpm2.New2B(storage())}.Execute(t)
	if err != nil {
		return nil, nil, fmt.Errorf("create the parent key: %w", err)
	}
	defer flush(t, primary.ObjectHandle)
	outer, err := primary.OutPublic.Contents()
	if err != nil {
		return nil, nil, fmt.Errorf("create the parent key: %w", err)
	}
	made, err := tpm2.Create{
		ParentHandle: tpm2.AuthHandle{Handle: primary.ObjectHandle, Name: primary.Name,
			// The passphrase travels encrypted, under a secret that only this TPM reads.
			Auth: tpm2.HMAC(tpm2.TPMAlgSHA256, 16, tpm2.AESEncryption(128, tpm2.EncryptIn), tpm2.Salted(primary.ObjectHandle, *outer))},
		InSensitive: tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{UserAuth: tpm2.TPM2BAuth{Buffer: passphrase}}},
		InPublic:    tpm2.New2B(signer(len(passphrase) == 0)),
	}.Execute(t)
	if err != nil {
		return nil, nil, fmt.Errorf("create the key: %w", err)
	}
	contents, err := made.OutPublic.Contents()
	if err != nil {
		return nil, nil, fmt.Errorf("create the key: %w", err)
	}
	key, err := signing(contents)
	if err != nil {
		return nil, nil, err
	}
	f := file{emptyAuth: len(passphrase) == 0, parent: uint32(tpm2.TPMRHOwner), public: tpm2.Marshal(made.OutPublic), private: tpm2.Marshal(made.OutPrivate)}
	text, err = f.encode()
	return text, key, err
}

// signer is the template of a signing key that its TPM made and that never
// leaves it.
func signer(open bool) tpm2.TPMTPublic {
	return tpm2.TPMTPublic{
		Type: tpm2.TPMAlgECC, NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true, SignEncrypt: true, NoDA: open},
		Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{CurveID: tpm2.TPMECCNistP256,
			Scheme: tpm2.TPMTECCScheme{Scheme: tpm2.TPMAlgECDSA, Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgECDSA, &tpm2.TPMSSigSchemeECDSA{HashAlg: tpm2.TPMAlgSHA256})}}),
	}
}
