package firmware

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Faults of a signature's chain, values of [inventory.SignatureChain] Fault.
const (
	chainNoSigner  = "signer-absent"    // the signature lacks its own certificate
	chainNoIssuer  = "issuer-absent"    // a certificate's issuer is not in the signature
	chainForged    = "issuer-signature" // one of that name is, and did not sign it
	chainOtherRoot = "unknown-root"     // it ends in a root that is not pinned
)

// chain follows the signer's certificate, among those that the signature
// carries, up to one that a pinned authority issued. It looks at no clock: the
// times are facts, and whoever judges brings the time.
func (s *peSignature) chain(signer *x509.Certificate, pinned []authority) ([]*x509.Certificate, *inventory.SignatureChain) {
	chain := &inventory.SignatureChain{}
	if signer == nil {
		chain.Fault = new(chainNoSigner)
		return nil, chain
	}
	path, last := []*x509.Certificate{signer}, signer
	// Each step takes another certificate, so that a loop comes to an end.
	for chain.Anchor == nil && chain.Fault == nil {
		if i := slices.IndexFunc(pinned, func(a authority) bool { return a.issued(last) }); i >= 0 {
			chain.Anchor = new(pinned[i].name)
			chain.AnchorNotAfter = new(pinned[i].notAfter)
			chain.NotBefore, chain.NotAfter = pinned[i].notBefore, pinned[i].notAfter
			break
		}
		next, fault := s.issuer(last)
		if next == nil || len(path) > len(s.certificates) {
			chain.Fault = new(cmp.Or(fault, chainOtherRoot))
			break
		}
		path, last = append(path, next), next
	}
	for _, c := range path {
		sum := sha256.Sum256(c.Raw)
		chain.Path = append(chain.Path, hexBytes(sum[:]...))
		if chain.NotBefore.IsZero() || c.NotBefore.After(chain.NotBefore) {
			chain.NotBefore = c.NotBefore.UTC()
		}
		if chain.NotAfter.IsZero() || c.NotAfter.Before(chain.NotAfter) {
			chain.NotAfter = c.NotAfter.UTC()
		}
	}
	return path, chain
}

// issuer finds the certificate that signed c, or says why there is none.
func (s *peSignature) issuer(c *x509.Certificate) (*x509.Certificate, string) {
	fault := chainNoIssuer
	for _, candidate := range s.certificates {
		if string(candidate.RawSubject) != string(c.RawIssuer) {
			continue
		}
		if string(candidate.Raw) == string(c.Raw) {
			return nil, chainOtherRoot
		}
		if c.CheckSignatureFrom(candidate) == nil {
			return candidate, ""
		}
		fault = chainForged
	}
	return nil, fault
}

// Authorize says of each EFI image of a ROM whether this machine's Secure Boot
// databases allow and revoke it: InDB and InDBX (UEFI Specification 2.10,
// section 32.5.3.3). The ROM is what [Parse] made of the same bytes. A nil
// database leaves its answer nil.
func Authorize(b []byte, rom *inventory.ROM, db, dbx *SignatureDatabase) {
	if db == nil && dbx == nil {
		return
	}
	for i := range rom.Images {
		img := &rom.Images[i]
		if img.EFI == nil || img.EFI.AuthenticodeSHA256 == nil {
			continue
		}
		payload, err := Payload(b, img)
		if err != nil {
			continue
		}
		pe, err := parsePE(payload)
		if err != nil {
			continue
		}
		digest, path, err := subject(pe)
		if err != nil {
			continue
		}
		img.EFI.InDB, img.EFI.InDBX = db.lists(digest, path), dbx.lists(digest, path)
	}
}

// subject is what a database is asked about: the image's digest, and the certificates
// behind its signatures that hold, or behind the first.
func subject(pe *peImage) (digest []byte, path []*x509.Certificate, err error) {
	digest = pe.digest(newSHA256())
	if !pe.signed() {
		return digest, nil, nil
	}
	blobs, err := pe.pkcs7()
	if err != nil {
		return nil, nil, err
	}
	list := pe.accepted(blobs)
	if len(list) == 0 {
		first, err := readSignature(blobs[0])
		if err != nil {
			return nil, nil, err
		}
		list = append(list, first)
	}
	for _, s := range list {
		signer := s.signerCertificate()
		if signer == nil {
			return nil, nil, errors.New("the signature lacks its signer")
		}
		certificates, _ := s.chain(signer, nil)
		path = append(path, certificates...)
	}
	return digest, path, nil
}
