package pemcert_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/pemcert"
)

func TestParse(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	one := block("CERTIFICATE", der)
	for _, c := range []struct {
		name, text string
		count      int
		rest, want string
	}{
		{"one", one, 1, "", ""},
		{"two with remarks before", "subject=x\n" + one + "subject=y\n" + one, 2, "", ""},
		{"text after", one + "the end", 1, "the end", ""},
		{"none", "", 0, "", "it holds no certificate in PEM form"},
		{"text alone", "hello", 0, "", "it holds no certificate in PEM form"},
		{"a key among them", one + block("PRIVATE KEY", der), 0, "", `it holds a "PRIVATE KEY" among the certificates`},
		{"one that is cut", one + block("CERTIFICATE", der[:len(der)-1]), 0, "", "certificate 2: x509: "},
		{"too many", one + one + one, 0, "", "more than 2 certificates"},
	} {
		list, rest, err := pemcert.Parse([]byte(c.text), 2)
		if c.want != "" {
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || list != nil {
				t.Errorf("%s: %v, %d certificates, want the error %q", c.name, err, len(list), c.want)
			}
			continue
		}
		if err != nil || len(list) != c.count || string(rest) != c.rest {
			t.Errorf("%s: %v, %d certificates, rest %q", c.name, err, len(list), rest)
		}
	}
}
