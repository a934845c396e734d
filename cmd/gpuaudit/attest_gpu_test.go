package main

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ocsp"

	"github.com/gpuaudit/gpuaudit/attest/rim/rimtest"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/nvidiatest"
	"github.com/gpuaudit/gpuaudit/attest/spdm/spdmtest"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/gpuproof"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
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
	card, err := nvidiatest.New(nvidiatest.ChipID)
	ts.Check(err)
	nonce, err := hex.DecodeString(ts.Getenv("NONCE"))
	ts.Check(err)
	list, err := nvidiatest.Array(nonce, card)
	ts.Check(err)
	write("evidence.json", list)
	report, err := card.Report(nonce)
	ts.Check(err)
	chain := card.Chain()
	wrap := func(media string, b []byte) []string { return []string{media, base64.RawURLEncoding.EncodeToString(b)} }
	list, err = json.Marshal(map[string]any{"__cmwc_t": "tag:nvidia.com,2026:verifier-input/profiles/base/pre-1.0.0", "gpu_0": map[string]any{"__cmwc_t": "tag:nvidia.com,2026:evidence-item/v1",
		"certificate": wrap("application/vnd.nvidia.pem-cert-chain", chain), "evidence": wrap("application/vnd.nvidia.spdm-measurement-transcript", report), "nonce": wrap("application/octet-stream", nonce)}})
	ts.Check(err)
	write("evidence.cmw.json", list)
	list, err = json.Marshal(map[string]any{"HashingAlgorithm": "TPM_ALG_SHA_384", "SignedMeasurements": report, "SigningAlgorithm": "TPM_ALG_ECDSA_ECC_NIST_P384", "Version": "1.1.0"})
	ts.Check(err)
	write("redfish.json", list)
	writeAnswers(ts, nonce, write)
	write("report.hex", []byte(hex.EncodeToString(report)+"\n"))
	write("report.b64", []byte(base64.StdEncoding.EncodeToString(report)+"\n"))
	write("chain.pem", chain)
	write("device-root.pem", nvidia.PEM(card.Signed.Root()))
	write("rim-root.pem", nvidia.PEM(card.Maker.Root()))

	layOutAnswers(ts, card.Signed, card.Maker, write)

	sign := func(name string, d rimtest.Document) {
		text, err := card.Manifest(d)
		ts.Check(err)
		write(name, text)
	}
	const driverFile, vbiosFile = nvidiatest.DriverFile, "NV_GPU_VBIOS_G520_0200_885_9600A50001.xml"
	sign("rim/"+driverFile, card.Driver)
	sign("rim/"+vbiosFile, card.VBIOS)
	write("rim/README.md", []byte("no manifest\n"))
	sign("other/"+driverFile, card.Driver)
	card.VBIOS.Resources[0] = rimtest.Resource{Index: 9, Values: []string{hex.EncodeToString(nvidiatest.Value(99))}}
	sign("other/"+vbiosFile, card.VBIOS)
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

// writeAnswers writes what NVIDIA's library answers on the synthetic machine `debian-nvidia`,
// whose card signed: nvml.json, and changed.json where it measured something else at index 20.
// In other.json another card signed, and in second.json this one in another machine, where it
// has another UUID.
func writeAnswers(ts *testscript.TestScript, nonce []byte, write func(string, []byte)) {
	nonce = gpuproof.Nonce(nonce, nil)
	host, err := hosttest.Named("debian-nvidia")
	ts.Check(err)
	maker, err := nvidiatest.New(nvidiatest.ChipID)
	ts.Check(err)
	other, err := nvidiatest.New("2921CE551E4EEDA4")
	ts.Check(err)
	write("cards.pem", append(nvidia.PEM(maker.Signed.Root()), nvidia.PEM(other.Signed.Root())...))
	answers := func(name, uuid, chip string, card *nvidiatest.Card) {
		a, err := nvml.Decode([]byte(host.NVML))
		ts.Check(err)
		card.Signs(*a.DriverVersion, [5]byte{0x95, 0x02, 0x3c, 0x40, 0xb6})
		report, err := card.Report(nonce)
		ts.Check(err)
		a.Schema, a.Nonce = nvml.Schema, new(hex.EncodeToString(nonce))
		g := &a.GPUs[0]
		g.UUID, g.PDI, g.Evidence = &uuid, &chip, &nvml.Evidence{Report: report, Chain: string(card.Chain())}
		text, err := a.Encode()
		ts.Check(err)
		write(name, text)
	}
	const own, another = "GPU-11111111-2222-3333-4444-555555555555", "GPU-66666666-2222-3333-4444-555555555555"
	answers("nvml.json", own, nvidiatest.ChipID, maker)
	answers("second.json", another, nvidiatest.ChipID, maker)
	answers("other.json", another, "2921CE551E4EEDA4", other)
	maker.Values[20] = nvidiatest.Value(99)
	answers("changed.json", own, nvidiatest.ChipID, maker)
}
