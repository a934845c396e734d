package main

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

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

	chain := certificates(card.Chain)
	list, err := json.Marshal([]map[string]any{{"arch": "HOPPER", "nonce": hex.EncodeToString(nonce), "evidence": report, "certificate": chain}})
	ts.Check(err)
	write("evidence.json", list)
	wrap := func(media string, b []byte) []string { return []string{media, base64.RawURLEncoding.EncodeToString(b)} }
	list, err = json.Marshal(map[string]any{"__cmwc_t": "tag:nvidia.com,2026:verifier-input/profiles/base/pre-1.0.0", "gpu_0": map[string]any{"__cmwc_t": "tag:nvidia.com,2026:evidence-item/v1",
		"certificate": wrap("application/vnd.nvidia.pem-cert-chain", chain), "evidence": wrap("application/vnd.nvidia.spdm-measurement-transcript", report), "nonce": wrap("application/octet-stream", nonce)}})
	ts.Check(err)
	write("evidence.cmw.json", list)
	write("report.hex", []byte(hex.EncodeToString(report)+"\n"))
	write("report.b64", []byte(base64.StdEncoding.EncodeToString(report)+"\n"))
	write("chain.pem", chain)
	write("device-root.pem", certificates(card.Root()))
	write("rim-root.pem", certificates(maker.Root()))

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

// certificates are in PEM, in their order.
func certificates(list []*x509.Certificate) []byte {
	var b []byte
	for _, c := range list {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return b
}
