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
	if v.p.Roots == nil {
		return &ekFault{Unknown, "ek-no-roots", "no TPM vendor's root certificate was given"}
	}
	return v.chain(c)
}

func (v *verifier) chain(c *x509.Certificate) *ekFault {
	// The subject is often empty and the name critical: it names the TPM's make
	// in a form that crypto/x509 does not read, and that we do not judge by.
	c.UnhandledCriticalExtensions = slices.DeleteFunc(c.UnhandledCriticalExtensions, oidSAN.Equal)
	if (len(c.ExtKeyUsage) > 0 || len(c.UnknownExtKeyUsage) > 0) && !slices.ContainsFunc(c.UnknownExtKeyUsage, oidEKCertificate.Equal) {
		return &ekFault{Fail, "ek-certificate-usage", "the certificate is for another use"}
	}
	intermediates := x509.NewCertPool()
	if v.p.Intermediates != nil {
		intermediates = v.p.Intermediates.Clone()
	}
	for _, der := range v.e.Certificates[:min(len(v.e.Certificates), maxChain)] {
		if issuer, err := x509.ParseCertificate(der); err == nil {
			intermediates.AddCert(issuer)
		}
	}
	_, err := c.Verify(x509.VerifyOptions{Roots: v.p.Roots, Intermediates: intermediates, CurrentTime: v.p.Now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return &ekFault{Fail, "ek-certificate-expired", err.Error()}
	}
	if err != nil {
		return &ekFault{Fail, "ek-certificate-chain", err.Error()}
	}
	return nil
}

// binding says whether the attestation key is known to be in the TPM of the
// endorsement key. Only an answered challenge shows that.
func (v *verifier) binding() {
	switch {
	case v.name == nil:
		v.skipped(CheckBinding)
	case v.p.AKName == nil:
		v.unknown(CheckBinding, "ak-not-enrolled", "no enrolled attestation key was given to compare %x with", v.name)
	case !bytes.Equal(v.p.AKName, v.name):
		v.fail(CheckBinding, "ak-of-another-tpm", "the enrolled key is %s", hex.EncodeToString(v.p.AKName))
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
