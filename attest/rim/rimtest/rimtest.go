// Package rimtest writes and signs reference manifests, for tests: with a chain of its
// own and every choice open, the wrong ones, too. Documents are written in their
// canonical form by hand, so that they test who canonicalises.
package rimtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Namespaces as documents declare them.
const (
	SWID   = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
	DSig   = "http://www.w3.org/2000/09/xmldsig#"
	SHA384 = "http://www.w3.org/2001/04/xmlenc#sha384"
	Opaque = "https://docs.nvidia.com/attestation/specs/latest/opaque-data.html"
	TCG    = "https://trustedcomputinggroup.org/resource/tcg-reference-integrity-manifest-rim-information-model/"
)

// declared are the namespaces of the root element, in canonical order; the place of the
// signature's own is between the first and the others.
var declared = []string{` xmlns="` + SWID + `"`, ` xmlns:ns0="` + SWID + `" xmlns:ns1="` + TCG + `" xmlns:ns2="` + SHA384 + `" xmlns:ns3="` + Opaque + `"`}

// Resource is one entry; one with a Floor has no values.
type Resource struct {
	Index        int
	Inactive     bool
	Values       []string
	Alternatives int // 0 for the number of values
	Floor        string
}

// Document is a manifest.
type Document struct {
	Version, Edition, Product string
	Manufacturer              string // "" for NVIDIA's number
	Resources                 []Resource
}

// Body is the document without a signature, in canonical form.
func (d Document) Body() string {
	if d.Manufacturer == "" {
		d.Manufacturer = "5703"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<SoftwareIdentity%s%s name="%s" tagId="test" version="1.0">`+"\n", declared[0], declared[1], d.Product)
	fmt.Fprintf(&b, `<ns0:Meta colloquialVersion="%s" edition="%s" product="%s" ns1:FirmwareManufacturerId="%s"></ns0:Meta>`+"\n", d.Version, d.Edition, d.Product, d.Manufacturer)
	b.WriteString("<ns0:Payload>\n")
	for _, r := range d.Resources {
		b.WriteString(r.text())
	}
	b.WriteString("</ns0:Payload>\n</SoftwareIdentity>")
	return b.String()
}

func (r Resource) text() string {
	active := "True"
	if r.Inactive {
		active = "False"
	}
	if r.Floor != "" {
		return fmt.Sprintf(`<ns0:Resource active="%s" index="%d" name="FLOOR_%d" type="Measurement" ns3:minSvn="%s"></ns0:Resource>`+"\n", active, r.Index, r.Index, r.Floor)
	}
	if r.Alternatives == 0 {
		r.Alternatives = len(r.Values)
	}
	text := fmt.Sprintf(`<ns0:Resource active="%s" alternatives="%d" index="%d" name="Measurement_%d" size="48" type="Measurement"`, active, r.Alternatives, r.Index, r.Index)
	for i, v := range r.Values {
		text += fmt.Sprintf(` ns2:Hash%d="%s"`, i, v)
	}
	return text + "></ns0:Resource>\n"
}

// Signer signs manifests: a key and its chain, its own first.
type Signer struct {
	Key   *ecdsa.PrivateKey
	Chain []*x509.Certificate
	keys  []*ecdsa.PrivateKey
}

// Above is who vouches for the signer, as a signer.
func (s *Signer) Above() *Signer {
	return &Signer{Key: s.keys[1], Chain: s.Chain[1:], keys: s.keys[1:]}
}

// Begin and End bound the signer's certificate; the others outlive it.
var (
	Begin = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	End   = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
)

// NewSigner makes a chain as NVIDIA's are for a chip, under another root.
func NewSigner(chip string) (*Signer, error) {
	names := []string{"RIM L4 Signer", "NVIDIA Reference Value L3 " + chip + " 0001", "NVIDIA Reference Value " + chip + " CA", "NVIDIA CoRIM signing Root CA"}
	s := &Signer{Chain: make([]*x509.Certificate, len(names)), keys: make([]*ecdsa.PrivateKey, len(names))}
	var above *ecdsa.PrivateKey
	for i := len(names) - 1; i >= 0; i-- {
		key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			return nil, err
		}
		t := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: names[i]}, NotBefore: Begin.AddDate(-i, 0, 0), NotAfter: End.AddDate(i, 0, 0),
			BasicConstraintsValid: true, IsCA: i > 0, KeyUsage: x509.KeyUsageDigitalSignature}
		if i > 0 {
			t.KeyUsage = x509.KeyUsageCertSign
		}
		parent := t
		if above == nil {
			above = key
		} else {
			parent = s.Chain[i+1]
		}
		der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, above)
		if err != nil {
			return nil, err
		}
		if s.Chain[i], err = x509.ParseCertificate(der); err != nil {
			return nil, err
		}
		above, s.Key, s.keys[i] = key, key, key
	}
	return s, nil
}

// Root is the certificate that vouches for the chain.
func (s *Signer) Root() []*x509.Certificate { return s.Chain[len(s.Chain)-1:] }

// Form is how a document is signed. The zero value is the right way.
type Form struct {
	// Info changes what is signed, Key what the signature says of its key.
	Info, Key func(string) string
	// DER encodes the signature as X.509 does.
	DER bool
}

// Sign puts a signature behind the last element of a document in canonical form.
func (s *Signer) Sign(body string, f Form) (string, error) {
	digest := sha512.Sum384([]byte(body))
	info := `<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2006/12/xml-c14n11"></ds:CanonicalizationMethod>` +
		`<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"></ds:SignatureMethod>` +
		`<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="` + DSig + `enveloped-signature"></ds:Transform>` +
		`<ds:Transform Algorithm="http://www.w3.org/2006/12/xml-c14n11"></ds:Transform></ds:Transforms>` +
		`<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#sha384"></ds:DigestMethod>` +
		`<ds:DigestValue>` + base64.StdEncoding.EncodeToString(digest[:]) + `</ds:DigestValue></ds:Reference></ds:SignedInfo>`
	if f.Info != nil {
		info = f.Info(info)
	}
	signed := strings.Replace(info, "<ds:SignedInfo>", `<ds:SignedInfo`+declared[0]+` xmlns:ds="`+DSig+`"`+declared[1]+`>`, 1)
	sum := sha512.Sum384([]byte(signed))
	r, z, err := ecdsa.Sign(rand.Reader, s.Key, sum[:])
	if err != nil {
		return "", err
	}
	raw := make([]byte, 96)
	r.FillBytes(raw[:48])
	z.FillBytes(raw[48:])
	if f.DER {
		if raw, err = ecdsa.SignASN1(rand.Reader, s.Key, sum[:]); err != nil {
			return "", err
		}
	}
	key := "<ds:KeyInfo><ds:X509Data>"
	for _, c := range s.Chain {
		key += "<ds:X509Certificate>" + base64.StdEncoding.EncodeToString(c.Raw) + "</ds:X509Certificate>"
	}
	key += "</ds:X509Data></ds:KeyInfo>"
	if f.Key != nil {
		key = f.Key(key)
	}
	signature := `<ds:Signature xmlns:ds="` + DSig + `">` + info + `<ds:SignatureValue>` + base64.StdEncoding.EncodeToString(raw) + `</ds:SignatureValue>` + key + `</ds:Signature>`
	end := strings.LastIndex(body, "</")
	return body[:end] + signature + body[end:], nil
}
