package nvidia

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
)

// Write writes evidence of devices for a nonce as NVIDIA's verifiers do: what [Read] reads.
// The architecture beside each is that of its certificate, or what e.Label says.
func Write(list []Evidence, nonce []byte) ([]byte, error) {
	items := []item{}
	for _, e := range list {
		it := item{Arch: e.Label, Nonce: hex.EncodeToString(nonce), Evidence: base64.StdEncoding.EncodeToString(e.Transcript)}
		if len(e.Chain) > 1 && it.Arch == "" {
			if ch, err := chipOf(e.Chain[1]); err == nil {
				it.Arch = ch.arch()
			}
		}
		it.Certificate = base64.StdEncoding.EncodeToString(PEM(e.Chain))
		items = append(items, it)
	}
	b, err := json.MarshalIndent(items, "", "  ")
	return append(b, '\n'), err
}

// PEM writes certificates in PEM: what [Chain] reads.
func PEM(chain []*x509.Certificate) []byte {
	var b []byte
	for _, c := range chain {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return b
}
