package main

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
)

// tpmTrust are the flags that say which TPM is believed.
type tpmTrust struct{ nonce, roots, chain, ak, enrolled string }

func (f *tpmTrust) register(flags *pflag.FlagSet) {
	f.registerRoots(flags)
	flags.StringVar(&f.enrolled, "enrolled", "", "enrolment of this machine's attestation key (attest enrol)")
	flags.StringVar(&f.ak, "ak", "", "name of the enrolled attestation key, hexadecimal, where there is no enrolment file")
}

func (f *tpmTrust) registerRoots(flags *pflag.FlagSet) {
	flags.StringVar(&f.roots, "ek-roots", "", "PEM file of certificates that may vouch for a TPM, instead of the built-in vendors")
	flags.StringVar(&f.chain, "ek-chain", "", "PEM file of certificates that lead from a TPM's to its vendor's root")
}

// given says that one of them was.
func (f *tpmTrust) given() bool { return *f != tpmTrust{} }

// policy is what the flags say, without a clock and a report.
func (f *tpmTrust) policy() (*tpm.Policy, error) {
	p := &tpm.Policy{Vendors: tpm.VendorRoots()}
	var err error
	if f.nonce != "" {
		if p.Nonce, err = parseNonce(f.nonce); err != nil {
			return nil, err
		}
	}
	if p.Enrolled, err = f.enrolment(); err != nil {
		return nil, err
	}
	if f.chain != "" {
		if p.Chain, err = loadCertificates(f.chain); err != nil {
			return nil, fmt.Errorf("--ek-chain %s: %w", f.chain, err)
		}
	}
	if f.roots == "" {
		return p, nil
	}
	certificates, err := loadCertificates(f.roots)
	if err != nil {
		return nil, fmt.Errorf("--ek-roots %s: %w", f.roots, err)
	}
	// Those that signed themselves are roots, the others lead to them.
	for _, c := range certificates {
		if c.CheckSignatureFrom(c) == nil {
			p.Roots = append(p.Roots, c)
		} else {
			p.Chain = append(p.Chain, c)
		}
	}
	if len(p.Roots) == 0 {
		return nil, fmt.Errorf("--ek-roots %s: it holds no root certificate", f.roots)
	}
	return p, nil
}

func (f *tpmTrust) enrolment() (*tpm.Enrolment, error) {
	switch {
	case f.enrolled != "" && f.ak != "":
		return nil, errors.New("--enrolled and --ak exclude each other")
	case f.ak != "":
		if b, err := hex.DecodeString(f.ak); err != nil {
			return nil, fmt.Errorf("--ak: %.140q is not hexadecimal", f.ak)
		} else {
			return &tpm.Enrolment{Schema: tpm.EnrolmentSchema, AKName: hex.EncodeToString(b)}, nil
		}
	case f.enrolled == "":
		return nil, nil
	}
	text, err := readFile(f.enrolled, maxDocument)
	if err != nil {
		return nil, fmt.Errorf("--enrolled: %w", err)
	}
	e, err := tpm.ParseEnrolment(text)
	if err != nil {
		return nil, fmt.Errorf("--enrolled %s: %w", f.enrolled, err)
	}
	return e, nil
}

func parseNonce(text string) ([]byte, error) {
	nonce, err := hex.DecodeString(text)
	if err != nil || len(nonce) < tpm.MinNonce || len(nonce) > tpm.MaxNonce {
		return nil, fmt.Errorf("--nonce: %.140q is not %d to %d bytes in hexadecimal", text, tpm.MinNonce, tpm.MaxNonce)
	}
	return nonce, nil
}

func loadCertificates(name string) ([]*x509.Certificate, error) {
	text, err := readFile(name, 4<<20)
	if err != nil {
		return nil, err
	}
	var list []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("it holds a %.40q", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, errors.New("it holds no certificate in PEM form")
	}
	return list, nil
}
