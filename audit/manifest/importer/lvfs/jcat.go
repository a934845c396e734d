package lvfs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/smallstep/pkcs7"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/pgp"
)

// A Jcat file (github.com/hughsie/libjcat) is gzip over JSON: for each file of
// the archive, detached signatures and digests. Kinds that are not listed here
// (SHA-1, Ed25519, logs, signatures over a digest in place of the file) are not
// used.
const (
	kindSHA256 = 1
	kindGPG    = 2
	kindPKCS7  = 3
	kindSHA512 = 10
	flagText   = 1

	jcatLimit = 8 << 20
)

type jcat struct {
	Items []struct {
		ID       string   `json:"Id"`
		AliasIDs []string `json:"AliasIds"`
		Blobs    []blob   `json:"Blobs"`
	} `json:"Items"`
}

type blob struct {
	Kind   int    `json:"Kind"`
	Target int    `json:"Target"` // 0 is the file itself
	Flags  int    `json:"Flags"`
	Data   string `json:"Data"`
}

func (b blob) bytes() ([]byte, error) {
	if b.Flags&flagText != 0 {
		return []byte(b.Data), nil
	}
	return base64.StdEncoding.DecodeString(b.Data)
}

func parseJcat(file []byte) (*jcat, error) {
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("jcat: %w: %w", importer.ErrMalformed, err)
	}
	r.Multistream(false) // LVFS leaves bytes behind the stream
	text, err := bounded.Read(r, jcatLimit)
	if err != nil {
		return nil, fmt.Errorf("jcat: %w: %w", importer.ErrMalformed, err)
	}
	var j jcat
	if err := strictjson.Decode(text, strictjson.Limits{Bytes: jcatLimit, Unknown: true}, &j); err != nil {
		return nil, fmt.Errorf("jcat: %w: %w", importer.ErrMalformed, err)
	}
	return &j, nil
}

// of are the blobs about a file.
func (j *jcat) of(name string) []blob {
	var list []blob
	for _, item := range j.Items {
		if item.ID == name || slices.Contains(item.AliasIDs, name) {
			list = append(list, item.Blobs...)
		}
	}
	return list
}

// digests compares the digests that the Jcat file states with the file.
func (j *jcat) digests(name string, content []byte) error {
	sum512 := sha512.Sum512(content)
	for _, b := range j.of(name) {
		want := map[int]string{kindSHA256: importer.Digest(content), kindSHA512: hex.EncodeToString(sum512[:])}[b.Kind]
		if want != "" && b.Target == 0 && strings.TrimSpace(b.Data) != want {
			return fmt.Errorf("jcat: %w: %.80q is not what the digest of kind %d says", importer.ErrMalformed, name, b.Kind)
		}
	}
	return nil
}

// errNobody says that no signature over a file was made by anybody trusted.
var errNobody = errors.New("no signature over it that can be verified")

// verify looks for one signature over a file that verifies: PKCS #7 up to an
// authority, or OpenPGP with a key of the keyring.
func (j *jcat) verify(name string, content []byte, ca *x509.CertPool, keyring *pgp.Keyring, now time.Time) (signer string, err error) {
	failed := errNobody
	for _, b := range j.of(name) {
		data, err := b.bytes()
		switch {
		case err != nil || b.Target != 0:
			continue
		case b.Kind == kindPKCS7 && ca != nil:
			signer, err = verifyPKCS7(data, content, ca, now)
		case b.Kind == kindGPG && keyring != nil:
			signer, err = pgp.Detached(bytes.NewReader(content), data, keyring, now)
		default:
			continue
		}
		if err == nil {
			return signer, nil
		}
		failed = err
	}
	return "", fmt.Errorf("%s: %w", importer.Text(name), failed)
}

// signed says whether there is a signature over a file.
func (j *jcat) signed(name string) bool {
	return slices.ContainsFunc(j.of(name), func(b blob) bool { return b.Target == 0 && (b.Kind == kindPKCS7 || b.Kind == kindGPG) })
}

// verifyPKCS7 verifies a detached signature, in PEM or DER. Weak digests are
// refused; content that it brings along is not looked at.
func verifyPKCS7(signature, content []byte, ca *x509.CertPool, now time.Time) (string, error) {
	if block, _ := pem.Decode(signature); block != nil {
		signature = block.Bytes
	}
	p, err := pkcs7.Parse(signature)
	if err != nil {
		return "", fmt.Errorf("PKCS #7: %w", err)
	}
	for _, s := range p.Signers {
		if alg := s.DigestAlgorithm.Algorithm; !alg.Equal(pkcs7.OIDDigestAlgorithmSHA256) && !alg.Equal(pkcs7.OIDDigestAlgorithmSHA384) && !alg.Equal(pkcs7.OIDDigestAlgorithmSHA512) {
			return "", fmt.Errorf("PKCS #7: digest algorithm %v is too weak", alg)
		}
	}
	signer := p.GetOnlySigner()
	if signer == nil {
		return "", errors.New("PKCS #7: not one signer with a certificate")
	}
	p.Content = content
	if err := p.VerifyWithChainAtTime(ca, now); err != nil {
		return "", fmt.Errorf("PKCS #7: %w", err)
	}
	return fmt.Sprintf("certificate %q of %q", signer.Subject.CommonName, signer.Issuer.CommonName), nil
}
