package tpm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

var (
	oidSAN           = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidEKCertificate = asn1.ObjectIdentifier{2, 23, 133, 8, 1} // tcg-kp-EKCertificate (EK Credential Profile 2.5, section 3.2.16)
)

// ekFault is why an endorsement key is not believed.
type ekFault struct {
	status       Status
	code, detail string
}

// endorsement checks every endorsement key: one that is wrong spoils the
// evidence, however many are right.
func (v *verifier) endorsement() {
	if len(v.e.EKs) == 0 {
		v.unknown(CheckEK, "ek-absent", "the evidence holds no endorsement key")
		v.skipped(CheckEKCertificate)
		return
	}
	keys := make([]crypto.PublicKey, len(v.e.EKs))
	for i, ek := range v.e.EKs {
		key, f := checkEK(ek)
		if f != nil {
			v.add(CheckEK, f.status, f.code, "%s", f.detail)
			v.skipped(CheckEKCertificate)
			return
		}
		keys[i] = key
	}
	v.pass(CheckEK)
	var worst *ekFault
	for i, ek := range v.e.EKs {
		f := v.certificate(ek, keys[i])
		if f != nil && (worst == nil || f.status == Fail && worst.status != Fail) {
			worst = f
		}
	}
	if worst != nil {
		v.add(CheckEKCertificate, worst.status, worst.code, "%s", worst.detail)
		return
	}
	v.pass(CheckEKCertificate)
}

// checkEK holds a public area to the template that its kind names.
func checkEK(ek EK) (crypto.PublicKey, *ekFault) {
	kind, ok := ekKindNamed(ek.Kind)
	if !ok {
		return nil, &ekFault{Fail, "ek-unknown-algorithm", fmt.Sprintf("endorsement key of kind %.20q", ek.Kind)}
	}
	p, key, err := parsePublic(ek.Public)
	switch {
	case errors.Is(err, errAlgorithm):
		return nil, &ekFault{Fail, "ek-unknown-algorithm", err.Error()}
	case err != nil:
		return nil, &ekFault{Fail, "ek-malformed", err.Error()}
	case p.Type != kind.algorithm || bitsOf(key) != kind.bits:
		return nil, &ekFault{Fail, "ek-type", fmt.Sprintf("the key is not of the kind %s that it states", kind.name)}
	}
	a := p.ObjectAttributes
	if !a.Restricted || !a.Decrypt || a.SignEncrypt || !a.FixedTPM || !a.FixedParent || !a.SensitiveDataOrigin {
		return nil, &ekFault{Fail, "ek-attributes", "the key's attributes are not those of an endorsement key"}
	}
	if !bytes.Equal(p.AuthPolicy.Buffer, kind.template.AuthPolicy.Buffer) {
		return nil, &ekFault{Fail, "ek-policy", "the key's policy is not that of an endorsement key"}
	}
	return key, nil
}

// certificate checks that a certificate is for this key, then its chain.
func (v *verifier) certificate(ek EK, key crypto.PublicKey) *ekFault {
	if len(ek.Certificate) == 0 {
		return &ekFault{Unknown, "ek-no-certificate", fmt.Sprintf("the TPM holds no certificate of its %s key", ek.Kind)}
	}
	c, err := x509.ParseCertificate(ek.Certificate)
	if err != nil {
		return &ekFault{Fail, "ek-certificate-malformed", err.Error()}
	}
	if same, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !same.Equal(key) {
		return &ekFault{Fail, "ek-certificate-key", fmt.Sprintf("the certificate %x is for another key than the %s key", c.SerialNumber, ek.Kind)}
	}
	return v.chain(c)
}

// chain leads a certificate to a root. A root that the verifier named must be
// reached; the built-in list of vendors is not complete, so that a TPM that none
// of them vouches for is unknown.
func (v *verifier) chain(c *x509.Certificate) *ekFault {
	// The subject is often empty and the name critical: it names the TPM's make
	// in a form that crypto/x509 does not read, and that we do not judge by.
	c.UnhandledCriticalExtensions = slices.DeleteFunc(c.UnhandledCriticalExtensions, oidSAN.Equal)
	if (len(c.ExtKeyUsage) > 0 || len(c.UnknownExtKeyUsage) > 0) && !slices.ContainsFunc(c.UnknownExtKeyUsage, oidEKCertificate.Equal) {
		return &ekFault{Fail, "ek-certificate-usage", "the certificate is for another use"}
	}
	issuers := v.issuers()
	roots, missed := v.p.Roots, Fail
	switch {
	case len(roots) > 0:
	case len(v.p.Vendors) == 0:
		return &ekFault{Unknown, "ek-no-roots", "no TPM vendor's root was given"}
	default:
		if roots, missed = anchors(issuers, v.p.Vendors), Unknown; len(roots) == 0 {
			return &ekFault{Unknown, "ek-vendor-unknown", fmt.Sprintf("no certificate of a known TPM vendor's root came along%s", issuerHint(c))}
		}
	}
	chains, err := c.Verify(x509.VerifyOptions{Roots: poolOf(roots), Intermediates: poolOf(issuers), CurrentTime: v.p.Now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return &ekFault{Fail, "ek-certificate-expired", err.Error()}
	}
	if err != nil && missed == Unknown {
		return &ekFault{Unknown, "ek-vendor-unknown", err.Error()}
	}
	if err != nil {
		return &ekFault{Fail, "ek-certificate-chain", err.Error()}
	}
	v.vouched(chains[0][len(chains[0])-1])
	return nil
}

// issuers are the certificates of the evidence and of the policy.
func (v *verifier) issuers() []*x509.Certificate {
	list := slices.Clone(v.p.Chain)
	for _, der := range v.e.Certificates[:min(len(v.e.Certificates), maxChain)] {
		if issuer, err := x509.ParseCertificate(der); err == nil {
			list = append(list, issuer)
		}
	}
	return list
}

// issuerHint says where the issuer's certificate is to be had: the TPM does not
// hold it, and nothing here goes to the network.
func issuerHint(c *x509.Certificate) string {
	if len(c.IssuingCertificateURL) == 0 {
		return ""
	}
	return "; the issuer's is at " + c.IssuingCertificateURL[0]
}

// vouched notes the root that an endorsement key's certificate led to.
func (v *verifier) vouched(root *x509.Certificate) {
	name := root.Subject.CommonName
	if r := rootOf(root, v.p.Vendors); r != nil {
		name = r.Vendor + ": " + r.Name
	}
	if !slices.Contains(v.r.EKRoots, name) {
		v.r.EKRoots = append(v.r.EKRoots, name)
	}
}

func poolOf(list []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range list {
		pool.AddCert(c)
	}
	return pool
}

// binding says whether the attestation key is known to be in the TPM of the
// endorsement keys. Only an answered challenge shows that, and only for the
// endorsement key that it was made for.
func (v *verifier) binding() {
	enrolled := v.p.Enrolled
	switch {
	case v.name == nil:
		v.skipped(CheckBinding)
	case enrolled == nil:
		v.unknown(CheckBinding, "ak-not-enrolled", "no enrolled attestation key was given to compare %x with", v.name)
	case hex.EncodeToString(v.name) != enrolled.AKName:
		v.fail(CheckBinding, "ak-of-another-tpm", "the enrolled key is %.140s", enrolled.AKName)
	case !enrolled.covers(v.e.EKs):
		v.fail(CheckBinding, "ek-of-another-tpm", "the attestation key was enrolled with another endorsement key than the evidence shows")
	default:
		v.pass(CheckBinding)
	}
}

func bitsOf(key crypto.PublicKey) int {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen()
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize
	}
	return 0
}
