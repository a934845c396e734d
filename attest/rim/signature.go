package rim

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	_ "crypto/sha256" // the hashes that are looked up by crypto.Hash
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Algorithms of a signature (XML Signature, section 6, and RFC 9231).
const (
	algC14N11    = "http://www.w3.org/2006/12/xml-c14n11"
	algEnveloped = nsDSig + "enveloped-signature"
)

var digests = map[string]crypto.Hash{
	"http://www.w3.org/2001/04/xmlenc#sha256":       crypto.SHA256,
	"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384,
	"http://www.w3.org/2001/04/xmlenc#sha512":       crypto.SHA512,
}

// scheme is a curve with the hash that it signs.
type scheme struct {
	curve elliptic.Curve
	hash  crypto.Hash
}

var schemes = map[string]scheme{
	"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256": {elliptic.P256(), crypto.SHA256},
	"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384": {elliptic.P384(), crypto.SHA384},
	"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512": {elliptic.P521(), crypto.SHA512},
}

// document is a manifest whose form is right, and of which nothing is proven.
type document struct {
	// info is the canonical form of SignedInfo, body that of the root element without
	// its signature.
	info, body []byte
	// scheme, hash and digest are what info states.
	scheme scheme
	hash   crypto.Hash
	digest []byte
	// signature is r and s side by side, big-endian.
	signature []byte
	// chain is as KeyInfo lists it, the signer's first.
	chain []*x509.Certificate
}

// parse reads the form: exactly one signature, directly below the root element, over all
// of that element.
func parse(b []byte) (*document, error) {
	if err := scan(b); err != nil {
		return nil, err
	}
	tree := etree.NewDocument()
	tree.ReadSettings.MaxDepth = maxDepth + 1
	if err := tree.ReadFromBytes(b); err != nil {
		return nil, wrong("not-xml", "%v", err)
	}
	root := tree.Root()
	if root == nil || root.Tag != "SoftwareIdentity" || root.NamespaceURI() != nsSWID {
		return nil, wrong("not-swid", "the document is no SoftwareIdentity of ISO/IEC 19770-2:2015")
	}
	at, err := signatureOf(root)
	if err != nil {
		return nil, err
	}
	sig := root.Child[at].(*etree.Element)
	parts := sig.ChildElements()
	if names := tags(parts); names != "SignedInfo SignatureValue KeyInfo" {
		return nil, wrong("signature-form", "the signature holds %q, want SignedInfo, SignatureValue and KeyInfo", names)
	}
	d := &document{}
	if d.chain, err = keyInfo(parts[2]); err != nil {
		return nil, err
	}
	if d.info, err = canonical(inScope(parts[0])); err != nil {
		return nil, err
	}
	if err := d.signedInfo(); err != nil {
		return nil, err
	}
	if d.signature, err = decode64(parts[1]); err != nil {
		return nil, wrong("signature-form", "SignatureValue: %v", err)
	}
	body := root.Copy()
	body.RemoveChildAt(at)
	d.body, err = canonical(body)
	return d, err
}

// signatureOf is which child of the root is its signature. There is no other element of
// a signature in the document.
func signatureOf(root *etree.Element) (int, error) {
	found := -1
	for i, c := range root.Child {
		e, ok := c.(*etree.Element)
		switch {
		case !ok:
		case e.Tag == "Signature" && e.NamespaceURI() == nsDSig:
			if found >= 0 {
				return 0, wrong("two-signatures", "the document holds more than one signature")
			}
			found = i
		case holdsSignature(e):
			return 0, wrong("signature-place", "an element of a signature stands inside %s, not directly in the document's element", e.Tag)
		}
	}
	if found < 0 {
		return 0, wrong("not-signed", "the document has no signature")
	}
	return found, nil
}

func holdsSignature(e *etree.Element) bool {
	if e.NamespaceURI() == nsDSig {
		return true
	}
	for _, c := range e.ChildElements() {
		if holdsSignature(c) {
			return true
		}
	}
	return false
}

// tags names elements of XML signatures; others are marked.
func tags(list []*etree.Element) string {
	var names []string
	for _, e := range list {
		name := e.Tag
		if e.NamespaceURI() != nsDSig {
			name = "other:" + name
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// keyInfo reads the certificates. A bare key beside or before them would be another
// answer to whose signature this is.
func keyInfo(e *etree.Element) ([]*x509.Certificate, error) {
	switch names := tags(e.ChildElements()); {
	case strings.Contains(names, "KeyValue"):
		return nil, wrong("key-value", "KeyInfo holds a bare key: %s", names)
	case names != "X509Data":
		return nil, wrong("key-info", "KeyInfo holds %q, want X509Data alone", names)
	}
	list := e.ChildElements()[0].ChildElements()
	if len(list) == 0 || len(list) > maxChain {
		return nil, wrong("key-info", "%d certificates, want 1 to %d", len(list), maxChain)
	}
	var chain []*x509.Certificate
	for i, c := range list {
		if names := tags(list[i : i+1]); names != "X509Certificate" {
			return nil, wrong("key-info", "X509Data holds %q, want certificates alone", names)
		}
		der, err := decode64(c)
		if err != nil {
			return nil, wrong("certificate", "certificate %d: %v", i+1, err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, wrong("certificate", "certificate %d: %v", i+1, err)
		}
		chain = append(chain, cert)
	}
	return chain, nil
}

// decode64 is the bytes of an element that holds base64 alone.
func decode64(e *etree.Element) ([]byte, error) {
	var text strings.Builder
	for _, c := range e.Child {
		switch c := c.(type) {
		case *etree.CharData:
			text.WriteString(c.Data)
		case *etree.Comment:
		default:
			return nil, wrong("signature-form", "%s holds more than text", e.Tag)
		}
	}
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text.String()), ""))
}

// inScope is a copy of an element with the namespaces that those around it declare, as
// the canonical form of a part has them.
func inScope(e *etree.Element) *etree.Element {
	out := e.Copy()
	for outer := e.Parent(); outer != nil; outer = outer.Parent() {
		for _, a := range outer.Attr {
			if name := a.FullKey(); (name == "xmlns" || a.Space == "xmlns") && out.SelectAttr(name) == nil {
				out.CreateAttr(name, a.Value)
			}
		}
	}
	return out
}

// canonical is the canonical form of an element and all within it (Canonical XML 1.1,
// without comments).
func canonical(e *etree.Element) ([]byte, error) {
	b, err := dsig.MakeC14N11Canonicalizer().Canonicalize(e)
	if err != nil {
		return nil, wrong("not-canonical", "%v", err)
	}
	return b, nil
}

// signedInfo reads what is signed, from its canonical form. What is not exactly one
// reference to all of the document is refused.
func (d *document) signedInfo() error {
	info, err := parseNode(d.info)
	if err != nil {
		return err
	}
	method, ok := info.sequence(nsDSig, "CanonicalizationMethod", "SignatureMethod", "Reference")
	if !ok {
		return wrong("signed-info", "SignedInfo holds %q, want a canonicalization, a signature method and one reference", info.names())
	}
	if a := method[0].attr("", "Algorithm"); a != algC14N11 || len(method[0].children) > 0 {
		return wrong(codeUnsupported, "canonicalization %q is not supported", a)
	}
	if d.scheme, ok = schemes[method[1].attr("", "Algorithm")]; !ok || len(method[1].children) > 0 {
		return wrong(codeUnsupported, "signature algorithm %q is not supported", method[1].attr("", "Algorithm"))
	}
	return d.reference(method[2])
}

func (d *document) reference(ref *node) error {
	if len(ref.attrs) != 1 || ref.attrs[0].Name.Local != "URI" || ref.attrs[0].Value != "" {
		return wrong("reference", "the reference is to %q, not to the whole document", ref.attr("", "URI"))
	}
	parts, ok := ref.sequence(nsDSig, "Transforms", "DigestMethod", "DigestValue")
	if !ok {
		return wrong("reference", "the reference holds %q", ref.names())
	}
	transforms, ok := parts[0].sequence(nsDSig, "Transform", "Transform")
	if !ok || len(transforms[0].children)+len(transforms[1].children) > 0 ||
		transforms[0].attr("", "Algorithm") != algEnveloped || transforms[1].attr("", "Algorithm") != algC14N11 {
		return wrong("transforms", "the reference is transformed in another way than without its signature and by Canonical XML 1.1")
	}
	if d.hash, ok = digests[parts[1].attr("", "Algorithm")]; !ok {
		return wrong(codeUnsupported, "digest algorithm %q is not supported", parts[1].attr("", "Algorithm"))
	}
	var err error
	if d.digest, err = base64.StdEncoding.DecodeString(strings.TrimSpace(string(parts[2].text))); err != nil || len(d.digest) != d.hash.Size() {
		return wrong("reference", "the digest is not one of %d bytes in base64", d.hash.Size())
	}
	return nil
}

// verifySignature verifies the signature with the key of the first certificate.
func (d *document) verifySignature() error {
	key, ok := d.chain[0].PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != d.scheme.curve {
		return wrong("key-type", "the signer's key is not of the kind that its signature states")
	}
	half := (d.scheme.curve.Params().BitSize + 7) / 8
	if n := len(d.signature); n != 2*half {
		return wrong("signature-size", "the signature has %d bytes, r and s side by side take %d", n, 2*half)
	}
	h := d.scheme.hash.New()
	h.Write(d.info)
	if !ecdsa.Verify(key, h.Sum(nil), new(big.Int).SetBytes(d.signature[:half]), new(big.Int).SetBytes(d.signature[half:])) {
		return wrong("signature", "the signature is not that of the signer's key")
	}
	return nil
}

func (d *document) verifyDigest() error {
	h := d.hash.New()
	h.Write(d.body)
	if !bytes.Equal(h.Sum(nil), d.digest) {
		return wrong("digest", "the document was changed after it was signed")
	}
	return nil
}
