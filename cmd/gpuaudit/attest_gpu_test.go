package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ocsp"

	"github.com/gpuaudit/gpuaudit/attest/rim/rimtest"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/spdmtest"
)

// layOutGPU is the script command `gpu DIR`: evidence of a GPU that a test's maker made,
// as NVIDIA's verifiers write it and as text, its chain, both roots, and a folder with
// the manifests of its driver and VBIOS. It answers the nonce $NONCE. In the folder
// "other" the VBIOS's manifest states something else at index 9.
func layOutGPU(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: gpu DIR")
	}
	write := func(name string, b []byte) {
		name = filepath.Join(ts.MkAbs(args[0]), name)
		ts.Check(os.MkdirAll(filepath.Dir(name), 0o755))
		ts.Check(os.WriteFile(name, b, 0o644))
	}
	firmware := bytes.Repeat([]byte{0xF1}, 48)
	type id struct {
		Alg    asn1.ObjectIdentifier
		Digest []byte
	}
	tcb, err := asn1.Marshal(struct {
		FWIDs []id `asn1:"tag:6"`
	}{[]id{{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, firmware}}})
	ts.Check(err)
	card, err := spdmtest.NewChain(
		spdmtest.Subject{Name: "GH100 A01 GSP FMC LF", Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 23, 133, 5, 4, 1, 1}, Value: tcb}}},
		spdmtest.Subject{Name: "GH100 A01 GSP BROM", Serial: "412921CE551E4EEDA3"}, spdmtest.Subject{Name: "identity"}, spdmtest.Subject{Name: "root"})
	ts.Check(err)
	maker, err := rimtest.NewSigner("GH100")
	ts.Check(err)

	value := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 48) }
	answer := &spdmtest.Answer{Version: spdm.V11}
	nonce, err := hex.DecodeString(ts.Getenv("NONCE"))
	ts.Check(err)
	copy(answer.Nonce[:], nonce)
	for i := range 64 {
		answer.Record = append(answer.Record, spdmtest.Block(byte(i+1), 1, value(i))...)
		answer.Blocks++
	}
	for _, r := range []struct {
		kind  uint16
		value string
	}{{3, "590.12\x00"}, {6, "\x00\xa5\x00\x96\x01\x00\x00\x00"}, {11, "\xAA"}, {15, "885\x00"}, {17, "G520\x00"}, {18, "0200\x00"}, {20, string(firmware)}} {
		answer.Opaque = binary.LittleEndian.AppendUint16(answer.Opaque, r.kind)
		answer.Opaque = binary.LittleEndian.AppendUint16(answer.Opaque, uint16(len(r.value)))
		answer.Opaque = append(answer.Opaque, r.value...)
	}
	report, err := card.Sign(answer.Messages(), spdm.V11)
	ts.Check(err)

	chain := pemOf(card.Chain)
	list, err := json.Marshal([]map[string]any{{"arch": "HOPPER", "nonce": hex.EncodeToString(nonce), "evidence": report, "certificate": chain}})
	ts.Check(err)
	write("evidence.json", list)
	wrap := func(media string, b []byte) []string { return []string{media, base64.RawURLEncoding.EncodeToString(b)} }
	list, err = json.Marshal(map[string]any{"__cmwc_t": "tag:nvidia.com,2026:verifier-input/profiles/base/pre-1.0.0", "gpu_0": map[string]any{"__cmwc_t": "tag:nvidia.com,2026:evidence-item/v1",
		"certificate": wrap("application/vnd.nvidia.pem-cert-chain", chain), "evidence": wrap("application/vnd.nvidia.spdm-measurement-transcript", report), "nonce": wrap("application/octet-stream", nonce)}})
	ts.Check(err)
	write("evidence.cmw.json", list)
	list, err = json.Marshal(map[string]any{"HashingAlgorithm": "TPM_ALG_SHA_384", "SignedMeasurements": report, "SigningAlgorithm": "TPM_ALG_ECDSA_ECC_NIST_P384", "Version": "1.1.0"})
	ts.Check(err)
	write("redfish.json", list)
	write("report.hex", []byte(hex.EncodeToString(report)+"\n"))
	write("report.b64", []byte(base64.StdEncoding.EncodeToString(report)+"\n"))
	write("chain.pem", chain)
	write("device-root.pem", pemOf(card.Root()))
	write("rim-root.pem", pemOf(maker.Root()))

	layOutAnswers(ts, card, maker, write)

	resource := func(i int, v []byte) rimtest.Resource {
		return rimtest.Resource{Index: i, Values: []string{hex.EncodeToString(v)}}
	}
	driver := rimtest.Document{Version: "590.12", Edition: "GPU", Product: "GH100", Resources: []rimtest.Resource{resource(7, value(7)), resource(52, value(52))}}
	vbios := rimtest.Document{Version: "96.00.A5.00.01", Edition: "GPU", Product: "GH100", Resources: []rimtest.Resource{resource(0, value(0)), resource(9, value(9))}}
	sign := func(name string, d rimtest.Document) {
		text, err := maker.Sign(d.Body(), rimtest.Form{})
		ts.Check(err)
		write(name, []byte(text))
	}
	const driverFile, vbiosFile = "NV_GPU_DRIVER_GH100_590.12.xml", "NV_GPU_VBIOS_G520_0200_885_9600A50001.xml"
	sign("rim/"+driverFile, driver)
	sign("rim/"+vbiosFile, vbios)
	write("rim/README.md", []byte("no manifest\n"))
	sign("other/"+driverFile, driver)
	vbios.Resources[1] = resource(9, value(99))
	sign("other/"+vbiosFile, vbios)
	text, err := os.ReadFile(filepath.Join(ts.MkAbs(args[0]), "rim", driverFile))
	ts.Check(err)
	write("edited/"+driverFile, []byte(strings.Replace(string(text), strings.Repeat("07", 48), strings.Repeat("08", 48), 1)))
}

// layOutAnswers writes answers of the issuers of a GPU's chain and of its manifests'
// signers: all are good in the folder "ocsp", and in "revoked" one is not.
func layOutAnswers(ts *testscript.TestScript, card *spdmtest.Signed, maker *rimtest.Signer, write func(string, []byte)) {
	now, err := time.Parse(time.RFC3339, ts.Getenv("NOW"))
	ts.Check(err)
	answer := func(name string, cert, issuer *x509.Certificate, key *ecdsa.PrivateKey, status int) {
		b, err := ocsp.CreateResponse(issuer, issuer, ocsp.Response{Status: status, SerialNumber: cert.SerialNumber, ThisUpdate: now, NextUpdate: now.Add(time.Hour), RevokedAt: now}, key)
		ts.Check(err)
		write(name, b)
	}
	for i := 1; i < len(card.Chain)-1; i++ {
		answer(fmt.Sprintf("ocsp/device-%d.der", i), card.Chain[i], card.Chain[i+1], card.KeyOf(i+1), ocsp.Good)
	}
	for i, s := 0, maker; len(s.Chain) > 1; i, s = i+1, s.Above() {
		above := s.Above()
		answer(fmt.Sprintf("ocsp/signer-%d.der", i), s.Chain[0], above.Chain[0], above.Key, ocsp.Good)
	}
	answer("revoked/device-1.der", card.Chain[1], card.Chain[2], card.KeyOf(2), ocsp.Revoked)
}

// pemOf is certificates in PEM, in their order.
func pemOf(list []*x509.Certificate) []byte {
	var b []byte
	for _, c := range list {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return b
}
