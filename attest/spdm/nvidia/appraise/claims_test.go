package appraise

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
)

// ofToken are the claims of NVIDIA's service's tokens, which nobody signs here.
var ofToken = []string{"iss", "exp", "iat", "nbf", "jti"}

// namesV4 are the names that NVIDIA's SDK 2.0 writes for a GPU without switches.
var namesV4 = strings.Fields(`eat_nonce measres secboot dbgstat hwmodel ueid oemid x-nvidia-device-type
	x-nvidia-mismatch-measurement-records x-nvidia-gpu-arch-check x-nvidia-gpu-driver-version x-nvidia-gpu-vbios-version
	x-nvidia-gpu-attestation-report-cert-chain x-nvidia-gpu-attestation-report-cert-chain-fwid-match x-nvidia-gpu-attestation-report-parsed
	x-nvidia-gpu-attestation-report-nonce-match x-nvidia-gpu-attestation-report-signature-verified
	x-nvidia-gpu-driver-rim-fetched x-nvidia-gpu-driver-rim-cert-chain x-nvidia-gpu-driver-rim-signature-verified
	x-nvidia-gpu-driver-rim-version-match x-nvidia-gpu-driver-rim-measurements-available
	x-nvidia-gpu-vbios-rim-fetched x-nvidia-gpu-vbios-rim-cert-chain x-nvidia-gpu-vbios-rim-version-match
	x-nvidia-gpu-vbios-rim-signature-verified x-nvidia-gpu-vbios-rim-measurements-available x-nvidia-gpu-vbios-index-no-conflict
	x-nvidia-attester-claims x-nvidia-mismatch-opaque-data-records x-nvidia-gpu-claims-version`)

// TestClaims: each version has the names of NVIDIA's, and says of a good card what
// NVIDIA's verifiers say of one.
func TestClaims(t *testing.T) {
	n := whole(t)
	r := n.judge(t)
	v4 := r.Claims(ClaimsV4)
	if len(v4) != 1 {
		t.Fatal(v4)
	}
	have := slices.Sorted(maps.Keys(v4[0]))
	slices.Sort(namesV4)
	if !reflect.DeepEqual(have, namesV4) {
		t.Errorf("names of version 4 are\n%v, want\n%v", have, namesV4)
	}
	for name, want := range map[string]any{
		"eat_nonce": hex.EncodeToString(n.nonce[:]), "measres": "success", "secboot": true, "dbgstat": "disabled", "hwmodel": "GH100 A01 GSP BROM", "oemid": "5703",
		"x-nvidia-device-type": "gpu", "x-nvidia-gpu-driver-version": driverVersion, "x-nvidia-gpu-vbios-version": vbiosVersion, "x-nvidia-gpu-arch-check": true,
		"x-nvidia-gpu-vbios-index-no-conflict": true, "x-nvidia-gpu-attestation-report-nonce-match": true, "x-nvidia-gpu-driver-rim-measurements-available": true,
		"x-nvidia-mismatch-measurement-records": nil, "x-nvidia-gpu-claims-version": "4.0",
	} {
		if v4[0][name] != want {
			t.Errorf("%s is %v, want %v", name, v4[0][name], want)
		}
	}
	if c := v4[0]["x-nvidia-gpu-driver-rim-cert-chain"].(map[string]any); c["x-nvidia-cert-status"] != "valid" || c["x-nvidia-cert-ocsp-status"] != "unknown" {
		t.Errorf("%v", c)
	}

	n.blocks[9] = value(99)
	r = n.judge(t)
	for version, want := range map[int]string{ClaimsV3: "fail", ClaimsV4: "fail"} {
		c := r.Claims(version)[0]
		records, _ := c["x-nvidia-mismatch-measurement-records"].([]map[string]any)
		if c["measres"] != want || c["secboot"] != nil || len(records) != 1 || records[0]["index"] != 9 || records[0]["measurementSource"] != "vbios" || records[0]["runtimeSize"] != 48 {
			t.Errorf("version %d: %v", version, c)
		}
	}
	r = judge(t, []nvidia.Evidence{n.evidence(t)}, nil, n.policy())
	if v3, v4 := r.Claims(ClaimsV3)[0]["measres"], r.Claims(ClaimsV4)[0]["measres"]; v3 != "fail" || v4 != "absent" {
		t.Errorf("without a manifest: %v, %v", v3, v4)
	}
	e := n.evidence(t)
	e.Transcript = e.Transcript[:100]
	r = judge(t, []nvidia.Evidence{e}, n.manifests(t), n.policy())
	if c := r.Claims(ClaimsV4)[0]; c["measres"] != "not-run" || c["x-nvidia-gpu-attestation-report-parsed"] != false || c["hwmodel"] != "" {
		t.Errorf("cut: %v", c)
	}
	if list := (&Report{}).Claims(ClaimsV4); list == nil || len(list) != 0 {
		t.Errorf("of nothing: %v", list)
	}
}

// TestClaimsOfNVIDIA: of version 3, against what NVIDIA's service said of a card.
func TestClaimsOfNVIDIA(t *testing.T) {
	var theirs map[string]map[string]any
	if err := json.Unmarshal(shared(t, "claims/hopperClaimsv3_decoded.json"), &theirs); err != nil {
		t.Fatal(err)
	}
	ours := whole(t).judge(t).Claims(ClaimsV3)[0]
	text, err := json.Marshal(ours)
	if err != nil {
		t.Fatal(err)
	}
	ours = nil
	if err := json.Unmarshal(text, &ours); err != nil {
		t.Fatal(err)
	}
	for name, value := range theirs["GPU-0"] {
		own, stated := ours[name]
		switch {
		case slices.Contains(ofToken, name):
		case !stated:
			t.Errorf("%s is missing", name)
		case reflect.TypeOf(own) != reflect.TypeOf(value):
			t.Errorf("%s is %T, theirs %T", name, own, value)
		}
	}
	list := evidence(t, "switch_evidence_ls10.json", "")
	c := judge(t, list, published(t), Policy{Device: spdm.Policy{Nonce: list[0].Transcript[4:36]}}).Claims(ClaimsV3)[0]
	if c["measres"] != "success" || c["x-nvidia-device-type"] != "nvswitch" || c["x-nvidia-switch-bios-version"] != "96.10.55.00.01" || c["x-nvidia-switch-bios-rim-measurements-available"] != true {
		t.Errorf("%v", c)
	}
}

// TestClaimsOfFloors: numbers of the opaque data are claims of version 4.
func TestClaimsOfFloors(t *testing.T) {
	for name, tt := range map[string]struct {
		record []byte
		below  bool
	}{"higher": {versioned(37, svnType, "\x09\x00"), false}, "lower": {versioned(37, svnType, "\x01\x00"), true}} {
		n := whole(t)
		n.withFloor(tt.record)
		c := n.judge(t).Claims(ClaimsV4)[0]
		attester := c["x-nvidia-attester-claims"].(map[string]uint64)
		below, _ := c["x-nvidia-mismatch-opaque-data-records"].([]map[string]any)
		if len(attester) != 1 || (len(below) == 1) != tt.below {
			t.Errorf("%s: %v %v", name, attester, below)
		}
	}
}
