package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os/exec"
	"time"
)

// authority makes a timestamping authority for `openssl ts`: a CA, a certificate with
// the one purpose of timestamps, and its configuration.
func (s *docHost) authority() {
	s.t.Helper()
	ca, caKey := s.certificate("ca.crt", nil, nil)
	purpose, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	s.must(err)
	_, key := s.certificate("tsa.crt", ca, caKey, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: purpose})
	private, err := x509.MarshalPKCS8PrivateKey(key)
	s.must(err)
	s.write("tsa.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	s.write("serial", "01\n")
	s.write("tsa.cnf", "[tsa]\nserial = serial\ndefault_policy = 1.3.6.1.4.1.57264.2\ndigests = sha256\nsigner_digest = sha256\ness_cert_id_alg = sha256\n")
}

func (s *docHost) certificate(file string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey, extensions ...pkix.Extension) (*x509.Certificate, *ecdsa.PrivateKey) {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: file}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: parent == nil, KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: extensions}
	if parent == nil {
		c.KeyUsage = x509.KeyUsageCertSign
		parent, parentKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), parentKey)
	s.must(err)
	s.write(file, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	made, err := x509.ParseCertificate(der)
	s.must(err)
	return made, key
}

// timestamped has an authority answer the request r.tsq, as a public one would.
func timestamped(s *docHost) {
	if _, err := exec.LookPath("openssl"); err != nil {
		s.t.Skip("openssl is not installed")
	}
	s.authority()
	_, err := s.shell("openssl ts -reply -config tsa.cnf -section tsa -queryfile r.tsq -signer tsa.crt -inkey tsa.key -chain ca.crt -out r.tsr")
	s.must(err)
}
