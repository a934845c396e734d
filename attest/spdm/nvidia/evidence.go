package nvidia

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// Bounds of evidence files.
const (
	// MaxFile caps a file of evidence: 64 devices of 20 KiB each are 1.3 MiB.
	MaxFile = 4 << 20
	// MaxDevices caps the devices of one file.
	MaxDevices = 256
)

// item is one device in NVIDIA's files of evidence (attestation SDK and nvtrust). The
// versions beside it are hints of whoever made the file, and are not read.
type item struct {
	Arch        string `json:"arch"`
	Certificate string `json:"certificate"`
	Evidence    string `json:"evidence"`
	Nonce       string `json:"nonce"`
	Driver      string `json:"driver_version,omitempty"`
	VBIOS       string `json:"vbios_version,omitempty"`
	Version     string `json:"version,omitempty"`
}

// Read reads a file of evidence: NVIDIA's array of devices in JSON, or the hexadecimal
// text of one transcript, whose chain is another file.
func Read(name string, b []byte) ([]Evidence, error) {
	if len(b) > MaxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, MaxFile)
	}
	if text := bytes.TrimSpace(b); len(text) > 0 && text[0] != '[' && text[0] != '{' {
		transcript, err := hex.DecodeString(string(bytes.Join(bytes.Fields(text), nil)))
		if err != nil {
			return nil, fmt.Errorf("%s: neither NVIDIA's evidence in JSON nor a transcript in hexadecimal: %w", name, err)
		}
		return []Evidence{{Evidence: spdm.Evidence{Transcript: transcript}}}, nil
	}
	var items []item
	if err := strictjson.Decode(b, strictjson.Limits{Bytes: MaxFile, Text: MaxFile}, &items); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%s: no device is in it: empty evidence proves nothing", name)
	}
	if len(items) > MaxDevices {
		return nil, fmt.Errorf("%s: %d devices, more than %d", name, len(items), MaxDevices)
	}
	var list []Evidence
	for i, it := range items {
		e, err := it.evidence()
		if err != nil {
			return nil, fmt.Errorf("%s: device %d: %w", name, i, err)
		}
		list = append(list, *e)
	}
	return list, nil
}

func (it *item) evidence() (*Evidence, error) {
	transcript, err := base64.StdEncoding.DecodeString(it.Evidence)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	text, err := base64.StdEncoding.DecodeString(it.Certificate)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	chain, err := Chain(text)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return &Evidence{Evidence: spdm.Evidence{Transcript: transcript, Chain: chain}, Label: strings.ToUpper(it.Arch)}, nil
}

// Chain reads certificates in PEM, leaf first.
func Chain(b []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for {
		block, rest := pem.Decode(b)
		if block == nil {
			break
		}
		if len(chain) == spdm.MaxChain {
			return nil, fmt.Errorf("more than %d certificates", spdm.MaxChain)
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("a %s stands among the certificates", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(chain)+1, err)
		}
		chain, b = append(chain, c), rest
	}
	if len(bytes.TrimSpace(b)) > 0 {
		return nil, errors.New("text that is no certificate in PEM follows")
	}
	if len(chain) == 0 {
		return nil, errors.New("no certificate in PEM")
	}
	return chain, nil
}
