package nvidia

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/pemcert"
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

// item is one device in NVIDIA's files of evidence (attestation SDK and nvtrust). What else
// stands beside it, such as versions, are hints of whoever made the file, and is not read.
type item struct {
	Arch        string `json:"arch"`
	Certificate string `json:"certificate"`
	Evidence    string `json:"evidence"`
	Nonce       string `json:"nonce"`
}

// Evident says whether a file that begins so may be one that [Read] reads: an array, a
// collection or a management controller's answer in JSON, or text in hexadecimal or base64.
func Evident(head []byte) bool {
	head = bytes.TrimSpace(head)
	switch {
	case len(head) == 0:
		return false
	case head[0] == '[':
		return true
	case head[0] == '{':
		return bytes.Contains(head, []byte(`"`+collectionKey+`"`)) || bytes.Contains(head, []byte(`"`+redfishKey+`"`)) || bytes.Contains(head, []byte(`"HashingAlgorithm"`)) || bytes.Contains(head, []byte(`"SigningAlgorithm"`))
	}
	for _, c := range head {
		if !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n\t ", rune(c)) {
			return false
		}
	}
	return true
}

// transcript is what a text holds in hexadecimal or base64; one that could be both is
// hexadecimal. In base64 a transcript begins with "EeAB" or "EIQA", and goes on with what is not.
func transcript(text []byte) ([]byte, error) {
	whole := string(bytes.Join(bytes.Fields(text), nil))
	b, err := hex.DecodeString(whole)
	if err == nil {
		return b, nil
	}
	if b, other := base64.StdEncoding.DecodeString(whole); other == nil {
		return b, nil
	}
	return nil, fmt.Errorf("neither NVIDIA's evidence in JSON nor a transcript in hexadecimal or base64: %w", err)
}

// Read reads a file of evidence: NVIDIA's array of devices in JSON, a collection of them
// (CMW), what a management controller answers (Redfish), or the text of one transcript in hexadecimal or base64, whose chain is another
// file.
func Read(name string, b []byte) ([]Evidence, error) {
	if len(b) > MaxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, MaxFile)
	}
	if text := bytes.TrimSpace(b); len(text) > 0 && text[0] != '[' && text[0] != '{' {
		b, err := transcript(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return []Evidence{{Evidence: spdm.Evidence{Transcript: b}}}, nil
	}
	if text := bytes.TrimSpace(b); len(text) > 0 && text[0] == '{' {
		read := readCollection
		if bytes.Contains(b[:min(len(b), 4096)], []byte(`"`+redfishKey+`"`)) {
			read = readRedfish
		}
		list, err := read(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return list, nil
	}
	var items []item
	if err := strictjson.Decode(b, strictjson.Limits{Bytes: MaxFile, Unknown: true}, &items); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%s: %w", name, errEmpty)
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

var errEmpty = errors.New("no device is in it: empty evidence proves nothing")

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
	chain, rest, err := pemcert.Parse(b, spdm.MaxChain)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("text that is no certificate in PEM follows")
	}
	return chain, nil
}
