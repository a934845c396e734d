// Package pemcert reads certificates in PEM (RFC 7468).
package pemcert

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Parse reads a text that holds at least one certificate, at most as many as most, and no
// block of another kind: who names a file of authorities and gives a key gets an error and
// no shorter list. Text before a block is a remark, as OpenSSL writes it. rest is what
// follows the last block.
func Parse(text []byte, most int) (list []*x509.Certificate, rest []byte, err error) {
	block, rest := pem.Decode(text)
	for ; block != nil; block, rest = pem.Decode(rest) {
		if len(list) == most {
			return nil, nil, fmt.Errorf("more than %d certificates", most)
		}
		if block.Type != "CERTIFICATE" {
			return nil, nil, fmt.Errorf("it holds a %.40q among the certificates", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, fmt.Errorf("certificate %d: %w", len(list)+1, err)
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, nil, errors.New("it holds no certificate in PEM form")
	}
	return list, rest, nil
}
