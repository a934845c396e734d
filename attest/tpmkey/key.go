// Package tpmkey signs with keys that never leave a TPM 2.0: such as a key file
// names, which only the TPM that made it can load, and such as lie in the TPM
// under a persistent handle (TCG TPM 2.0 Library Specification 1.59).
package tpmkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// ErrKey says that a key cannot be used; the text says why.
var ErrKey = errors.New("unusable TPM key")

// Scheme is how a URI names a persistent key: tpm:0x81010001.
const Scheme = "tpm:"

// Key is a signing key in a TPM.
type Key struct {
	tpm    transport.TPM
	file   *file          // nil for a persistent key
	handle tpm2.TPMHandle // of a persistent key
	auth   []byte
	public *ecdsa.PublicKey
	// refused is why the TPM did not take the passphrase.
	refused error
}

// ParseHandle reads the URI of a persistent key.
func ParseHandle(uri string) (uint32, error) {
	digits, ok := strings.CutPrefix(uri, Scheme+"0x")
	handle, err := strconv.ParseUint(digits, 16, 32)
	if !ok || err != nil || handle>>24 != 0x81 {
		return 0, fmt.Errorf("%w: %.60q: name a persistent handle, such as tpm:0x81010001, or a key file", ErrKey, uri)
	}
	return uint32(handle), nil
}

// Load makes the key of a key file ready. The passphrase is asked for unless the
// file says that there is none.
func Load(t transport.TPM, text []byte, passphrase func() ([]byte, error)) (*Key, error) {
	f, err := parseFile(text)
	if err != nil {
		return nil, err
	}
	k := &Key{tpm: t, file: f}
	if !f.emptyAuth {
		if k.auth, err = passphrase(); err != nil {
			return nil, fmt.Errorf("%w: read passphrase: %w", ErrKey, err)
		}
	}
	// Loading now says at once whether this TPM made the key.
	err = k.with(func(_ tpm2.NamedHandle, public *tpm2.TPMTPublic) error {
		k.public, err = signing(public)
		return err
	})
	return k, err
}

// Persistent makes the key under a persistent handle ready.
func Persistent(t transport.TPM, handle uint32, passphrase func() ([]byte, error)) (*Key, error) {
	k := &Key{tpm: t, handle: tpm2.TPMHandle(handle)}
	read, err := tpm2.ReadPublic{ObjectHandle: k.handle}.Execute(t)
	if err != nil {
		return nil, fmt.Errorf("%w: handle 0x%08x: %w", ErrKey, handle, err)
	}
	public, err := read.OutPublic.Contents()
	if err != nil {
		return nil, fmt.Errorf("%w: handle 0x%08x: %w", ErrKey, handle, err)
	}
	if k.public, err = signing(public); err != nil {
		return nil, fmt.Errorf("handle 0x%08x: %w", handle, err)
	}
	if !public.ObjectAttributes.NoDA { // made with a passphrase that the TPM guards
		if k.auth, err = passphrase(); err != nil {
			return nil, fmt.Errorf("%w: read passphrase: %w", ErrKey, err)
		}
	}
	return k, nil
}

// signing is the public key of an object that signs what it is given.
func signing(p *tpm2.TPMTPublic) (*ecdsa.PublicKey, error) {
	if p.Type != tpm2.TPMAlgECC || !p.ObjectAttributes.SignEncrypt || p.ObjectAttributes.Restricted {
		return nil, fmt.Errorf("%w: it is no ECC key that signs anything (restricted keys sign the TPM's own words only)", ErrKey)
	}
	public, err := tpm2.Pub(*p)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	key, ok := public.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: %T", ErrKey, public)
	}
	if _, err := key.ECDH(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err) // not a point of its curve
	}
	return key, nil
}

// Public is the public half, an *ecdsa.PublicKey.
func (k *Key) Public() crypto.PublicKey { return k.public }

// Sign signs a digest in the TPM. It implements crypto.Signer; the TPM brings
// its own randomness.
func (k *Key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	hash, ok := map[crypto.Hash]tpm2.TPMIAlgHash{crypto.SHA256: tpm2.TPMAlgSHA256, crypto.SHA384: tpm2.TPMAlgSHA384}[opts.HashFunc()]
	if !ok || len(digest) != opts.HashFunc().Size() {
		return nil, fmt.Errorf("%w: it signs SHA-256 and SHA-384 digests only", ErrKey)
	}
	if k.refused != nil {
		return nil, k.refused
	}
	var signature []byte
	err := k.with(func(key tpm2.NamedHandle, _ *tpm2.TPMTPublic) error {
		response, err := tpm2.Sign{
			KeyHandle: tpm2.AuthHandle{Handle: key.Handle, Name: key.Name, Auth: k.session()},
			Digest:    tpm2.TPM2BDigest{Buffer: digest},
			InScheme: tpm2.TPMTSigScheme{Scheme: tpm2.TPMAlgECDSA,
				Details: tpm2.NewTPMUSigScheme(tpm2.TPMAlgECDSA, &tpm2.TPMSSchemeHash{HashAlg: hash})},
			Validation: tpm2.TPMTTKHashCheck{Tag: tpm2.TPMSTHashCheck, Hierarchy: tpm2.TPMRHNull},
		}.Execute(k.tpm)
		if err != nil {
			return k.once(err)
		}
		signature, err = encodeSignature(&response.Signature)
		return err
	})
	return signature, err
}

// once keeps a passphrase that the TPM did not take from being tried again: each
// wrong one counts, and after a few the TPM takes none from anybody.
func (k *Key) once(err error) error {
	switch {
	case errors.Is(err, tpm2.TPMRCAuthFail), errors.Is(err, tpm2.TPMRCBadAuth):
		k.refused = fmt.Errorf("%w: the passphrase is wrong, and is not tried again, for the TPM locks itself after a few wrong ones: %w", ErrKey, err)
	case errors.Is(err, tpm2.TPMRCLockout):
		k.refused = fmt.Errorf("%w: the TPM has locked itself after wrong passphrases: wait, or let its owner clear it (tpm2_dictionarylockout --clear-lockout): %w", ErrKey, err)
	default:
		return fmt.Errorf("sign in the TPM: %w", err)
	}
	return k.refused
}

func encodeSignature(s *tpm2.TPMTSignature) ([]byte, error) {
	sig, err := s.Signature.ECDSA()
	if err != nil {
		return nil, fmt.Errorf("signature of the TPM: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(sig.SignatureR.Buffer))
		b.AddASN1BigInt(new(big.Int).SetBytes(sig.SignatureS.Buffer))
	})
	return b.Bytes()
}

// session proves knowledge of the passphrase without sending it.
func (k *Key) session() tpm2.Session {
	return tpm2.HMAC(tpm2.TPMAlgSHA256, 16, tpm2.Auth(k.auth))
}

// with loads the key for one use and takes it out again: a TPM holds three
// objects at a time.
func (k *Key) with(use func(tpm2.NamedHandle, *tpm2.TPMTPublic) error) error {
	if k.file == nil {
		read, err := tpm2.ReadPublic{ObjectHandle: k.handle}.Execute(k.tpm)
		if err != nil {
			return fmt.Errorf("%w: handle 0x%08x: %w", ErrKey, uint32(k.handle), err)
		}
		return use(tpm2.NamedHandle{Handle: k.handle, Name: read.Name}, nil)
	}
	parent, done, err := parentOf(k.tpm, k.file.parent)
	if err != nil {
		return err
	}
	defer done()
	public, err := tpm2.Unmarshal[tpm2.TPM2BPublic](k.file.public)
	if err != nil {
		return fmt.Errorf("%w: public half: %w", ErrKey, err)
	}
	private, err := tpm2.Unmarshal[tpm2.TPM2BPrivate](k.file.private)
	if err != nil {
		return fmt.Errorf("%w: private half: %w", ErrKey, err)
	}
	contents, err := public.Contents()
	if err != nil || !bytes.Equal(tpm2.Marshal(*public), k.file.public) {
		return fmt.Errorf("%w: public half: it is malformed (%v)", ErrKey, err)
	}
	loaded, err := tpm2.Load{
		ParentHandle: tpm2.AuthHandle{Handle: parent.Handle, Name: parent.Name, Auth: tpm2.PasswordAuth(nil)},
		InPrivate:    *private, InPublic: *public,
	}.Execute(k.tpm)
	if err != nil {
		return fmt.Errorf("%w: this TPM does not load it, it is another's: %w", ErrKey, err)
	}
	defer flush(k.tpm, loaded.ObjectHandle)
	return use(tpm2.NamedHandle{Handle: loaded.ObjectHandle, Name: loaded.Name}, contents)
}

func flush(t transport.TPM, handle tpm2.TPMHandle) {
	_, _ = tpm2.FlushContext{FlushHandle: handle}.Execute(t)
}
