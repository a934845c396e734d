package lvfs

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
)

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

type file struct {
	name    string
	content []byte
}

// cabinet builds a cabinet of one folder.
func cabinet(t testing.TB, compression int, files ...file) []byte {
	t.Helper()
	var content, entries, blocks bytes.Buffer
	for _, f := range files {
		entry := make([]byte, cabFile)
		le.PutUint32(entry, uint32(len(f.content)))
		le.PutUint32(entry[4:], uint32(content.Len()))
		entries.Write(entry)
		entries.WriteString(f.name + "\x00")
		content.Write(f.content)
	}
	count := 0
	for all := content.Bytes(); count*blockLimit < len(all); count++ {
		at := count * blockLimit
		plain := all[at:min(len(all), at+blockLimit)]
		packed := plain
		if compression == typeMSZIP {
			var b bytes.Buffer
			b.WriteString("CK")
			w, err := flate.NewWriterDict(&b, 6, all[max(0, at-blockLimit):at])
			if err == nil {
				_, err = w.Write(plain)
			}
			if err == nil {
				err = w.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			packed = b.Bytes()
		}
		head := make([]byte, cabData)
		le.PutUint16(head[4:], uint16(len(packed)))
		le.PutUint16(head[6:], uint16(len(plain)))
		le.PutUint32(head, checksum(append(bytes.Clone(head[4:]), packed...)))
		blocks.Write(append(head, packed...))
	}
	b := make([]byte, cabHeader+cabFolder)
	copy(b, "MSCF")
	le.PutUint32(b[16:], cabHeader+cabFolder)
	b[24], b[25] = 3, 1
	le.PutUint16(b[26:], 1)
	le.PutUint16(b[28:], uint16(len(files)))
	le.PutUint32(b[cabHeader:], uint32(cabHeader+cabFolder+entries.Len()))
	le.PutUint16(b[cabHeader+4:], uint16(count))
	le.PutUint16(b[cabHeader+6:], uint16(compression))
	b = append(append(b, entries.Bytes()...), blocks.Bytes()...)
	le.PutUint32(b[8:], uint32(len(b)))
	return b
}

// meta is the metadata of one payload.
func meta(name, version, sha256 string) []byte {
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<component type="firmware">
  <id>org.example.vbios</id>
  <provides><firmware type="flashed">b585990a-003e-5270-89d5-3705a17f9a43</firmware></provides>
  <releases><release version=%q date="2026-11-01"><checksum type="sha1" filename=%q target="content">x</checksum><checksum type="sha256" filename=%q target="content">%s</checksum></release></releases>
</component>
`, version, name, name, sha256)
}

// authority is a certificate authority and a signer under it.
type authority struct {
	ca, leaf *x509.Certificate
	key      crypto.PrivateKey
}

func (a authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.ca)
	return pool
}

func newAuthority(t testing.TB, name string) authority {
	t.Helper()
	certificate := func(cn string, isCA bool, parent *x509.Certificate, signer crypto.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := &x509.Certificate{SerialNumber: big.NewInt(int64(len(cn))), Subject: pkix.Name{CommonName: cn}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
			IsCA: isCA, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
		if parent == nil {
			parent, signer = c, key
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		made, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return made, key
	}
	ca, caKey := certificate(name+" CA", true, nil, nil)
	leaf, key := certificate(name, false, ca, caKey)
	return authority{ca, leaf, key}
}

// sign makes a detached PKCS #7 signature in PEM.
func (a authority) sign(t testing.TB, content []byte) string {
	t.Helper()
	s, err := pkcs7.NewSignedData(content)
	if err != nil {
		t.Fatal(err)
	}
	s.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := s.AddSigner(a.leaf, a.key, pkcs7.SignerInfoConfig{}); err != nil {
		t.Fatal(err)
	}
	s.Detach()
	der, err := s.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: der}))
}

// catalogue is a Jcat file of items.
func catalogue(t testing.TB, items ...any) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{"JcatVersionMajor": 0, "JcatVersionMinor": 1, "Items": items})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), "behind it"...)
}

// item is about a file: blobs by kind and data in turn, as text.
func item(name string, blobs ...any) any {
	var list []any
	for i := 0; i < len(blobs); i += 2 {
		list = append(list, map[string]any{"Kind": blobs[i], "Flags": flagText, "Data": blobs[i+1]})
	}
	return map[string]any{"Id": name, "Blobs": list}
}
