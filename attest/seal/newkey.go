package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
)

// NewKey makes an ECDSA P-256 key and its file: PKCS #8 in PEM, or with a passphrase
// cosign's encrypted form. Either can be read by cosign and by [LoadSigner].
func NewKey(passphrase []byte) (file []byte, signer *Signer, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	block := &pem.Block{Type: "PRIVATE KEY", Bytes: der}
	if len(passphrase) > 0 {
		block.Type = "ENCRYPTED SIGSTORE PRIVATE KEY"
		if block.Bytes, err = encrypted.Encrypt(der, passphrase); err != nil {
			return nil, nil, fmt.Errorf("encrypt the key: %w", err)
		}
	}
	signer, err = NewSigner(key)
	return pem.EncodeToMemory(block), signer, err
}
