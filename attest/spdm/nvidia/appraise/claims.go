package appraise

import (
	"crypto/x509"
	"encoding/hex"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
)

// Versions of NVIDIA's claims (NVIDIA, "Claims Guide"; attestation SDK, "Claims schema").
const (
	ClaimsV3 = 3
	ClaimsV4 = 4
)

// Claims is a set of claims on one device, by NVIDIA's names.
type Claims map[string]any

// Claims gives the report as claims of a version, one set for each device, for relying
// parties that have policies for NVIDIA's. What was not reached is false or null, as
// NVIDIA's own verifiers leave it. Claims of a token (iss, iat, jti, …) are not among them:
// nobody signs them here. secboot and dbgstat are not measured: they follow from
// measurements that match, there as here.
func (r *Report) Claims(version int) []Claims {
	list := []Claims{}
	for _, a := range r.Devices {
		list = append(list, a.claims(version))
	}
	return list
}

func (a *Appraisal) claims(version int) Claims {
	kind, of := "gpu", "x-nvidia-gpu-"
	if a.Device != nil && a.Device.Switch {
		kind, of = "nvswitch", "x-nvidia-switch-"
	}
	var unsaid any // of version 3; readers of version 4 want texts
	if version != ClaimsV3 {
		unsaid = ""
	}
	c := Claims{"x-nvidia-device-type": kind, "oemid": enterprise, "measres": a.measres(version), "hwmodel": unsaid, "ueid": unsaid, "eat_nonce": unsaid, "secboot": nil, "dbgstat": nil}
	if a.Measured != nil {
		c["eat_nonce"] = hex.EncodeToString(a.Measured.Nonce)
	}
	if len(a.path) > 1 {
		c["hwmodel"], c["ueid"] = a.path[1].Subject.CommonName, a.path[0].SerialNumber.String()
	}
	if a.Outcome == Matches {
		c["secboot"], c["dbgstat"] = true, "disabled"
	}
	c[of+"arch-check"] = a.passed(nvidia.CheckLabel)
	report := of + "attestation-report-"
	c[report+"parsed"] = a.passed(spdm.CheckForm)
	c[report+"nonce-match"] = a.passed(spdm.CheckNonce)
	c[report+"signature-verified"] = a.passed(spdm.CheckSignature)
	c[report+"cert-chain"] = a.chainClaims()
	c[report+"cert-chain-fwid-match"] = a.passed(nvidia.CheckFWID)
	if kind == "gpu" {
		c[of+"driver-version"], c[of+"vbios-version"] = unsaid, unsaid
		a.reference(c, kindDriver, of+"driver-rim-", version)
		a.reference(c, kindVBIOS, of+"vbios-rim-", version)
		c[of+"vbios-index-no-conflict"] = a.passed(CheckDisjoint)
	} else {
		c[of+"bios-version"] = unsaid
		a.reference(c, kindSwitch, of+"bios-rim-", version)
	}
	if d := a.Device; d != nil {
		c.versionsOf(d, of)
	}
	c["x-nvidia-mismatch-measurement-records"] = a.mismatches()
	switch {
	case version == ClaimsV3:
		c["x-nvidia-attestation-warning"] = nil
	case kind == "gpu":
		c["x-nvidia-attester-claims"], c["x-nvidia-mismatch-opaque-data-records"] = a.opaque()
		c["x-nvidia-gpu-claims-version"] = "4.0"
	}
	return c
}

// versionsOf are what a device states of itself.
func (c Claims) versionsOf(d *nvidia.Device, of string) {
	for _, v := range []struct {
		name  string
		value *string
	}{{"driver-version", d.Driver}, {"vbios-version", d.VBIOS}, {"bios-version", d.VBIOS}} {
		if _, asked := c[of+v.name]; asked && v.value != nil {
			c[of+v.name] = *v.value
		}
	}
	if !d.Switch && len(d.Links) > 0 {
		c[of+"switch-pdis"] = d.Links
	}
}

// measres is whether measurements are as stated. Version 3 knows two answers.
func (a *Appraisal) measres(version int) string {
	switch {
	case a.Outcome == Matches:
		return "success"
	case version == ClaimsV3 || a.Outcome == Differs:
		return "fail"
	case a.Outcome == NoReference:
		return "absent"
	}
	return "not-run"
}

func (a *Appraisal) passed(name string) bool {
	c := a.Checks.Find(name)
	return c != nil && c.Status == check.Pass
}

// chainClaims are of the device's certificates.
func (a *Appraisal) chainClaims() map[string]any {
	return chainClaims(a.path, a.Checks.Find(spdm.CheckChain), a.Checks.Find(CheckRevocation))
}

// chainClaims are those of a chain by its check, and by that of its revocation.
func chainClaims(path []*x509.Certificate, chain, revocation *check.Check) map[string]any {
	c := map[string]any{"x-nvidia-cert-status": "invalid", "x-nvidia-cert-ocsp-status": "unknown", "x-nvidia-cert-expiration-date": nil, "x-nvidia-cert-revocation-reason": nil}
	if len(path) > 0 {
		c["x-nvidia-cert-expiration-date"] = path[0].NotAfter.UTC().Format(time.RFC3339)
	}
	switch {
	case chain == nil:
	case chain.Status == check.Pass:
		c["x-nvidia-cert-status"] = "valid"
	case chain.Code == "expired":
		c["x-nvidia-cert-status"] = "expired"
	}
	switch {
	case revocation == nil:
	case revocation.Status == check.Pass:
		c["x-nvidia-cert-ocsp-status"] = "good"
	case revocation.Status == check.Fail:
		c["x-nvidia-cert-status"], c["x-nvidia-cert-ocsp-status"], c["x-nvidia-cert-revocation-reason"] = "revoked", "revoked", revocation.Detail
	}
	return c
}

// reference adds what became of a manifest.
func (a *Appraisal) reference(c Claims, kind, of string, version int) {
	for _, name := range []string{"fetched", "signature-verified", "version-match", "measurements-available"} {
		c[of+name] = false
	}
	if version == ClaimsV3 {
		c[of+"schema-validated"] = false
	}
	c[of+"cert-chain"] = chainClaims(nil, nil, nil)
	for _, ref := range a.References {
		r := ref.Result
		if ref.Kind != kind || r == nil {
			continue
		}
		pass := func(name string) bool { x := r.Checks.Find(name); return x != nil && x.Status == check.Pass }
		c[of+"fetched"] = true
		c[of+"signature-verified"] = pass(rim.CheckSignature) && pass(rim.CheckDigest)
		if version == ClaimsV3 {
			c[of+"schema-validated"] = pass(rim.CheckForm) && pass(rim.CheckContent)
		}
		c[of+"version-match"] = a.passed(kind + suffixFit)
		c[of+"measurements-available"] = ref.usable()
		validity := r.Checks.Find(rim.CheckChain)
		if v := r.Checks.Find(rim.CheckValidity); v != nil && v.Code == "expired" {
			validity = v
		}
		c[of+"cert-chain"] = chainClaims(r.Path, validity, a.Checks.Find(kind+suffixRevocation))
	}
}

// mismatches are measurements that differ, null where none does.
func (a *Appraisal) mismatches() any {
	var list []map[string]any
	for _, ref := range a.References {
		source := map[string]string{kindDriver: "driver", kindVBIOS: "vbios", kindSwitch: "bios"}[ref.Kind]
		for _, d := range ref.Differences {
			if d.Index >= 0 {
				list = append(list, map[string]any{"index": d.Index, "measurementSource": source, "goldenValue": strings.Join(d.Expected, ","), "goldenSize": len(strings.Join(d.Expected, "")) / 2 / max(1, len(d.Expected)), "runtimeValue": d.Measured, "runtimeSize": len(d.Measured) / 2})
			}
		}
	}
	if list == nil {
		return nil
	}
	return list
}

// opaque are the numbers of the opaque data that a manifest has a floor for, by the floor's
// name, and those below it, null where none is.
func (a *Appraisal) opaque() (attester map[string]uint64, below any) {
	attester = map[string]uint64{}
	var list []map[string]any
	for _, ref := range a.References {
		if ref.manifest == nil {
			continue
		}
		for _, f := range ref.manifest.Floors {
			have, stated := a.securityVersion(f.Record)
			if !f.Active {
				continue
			}
			if stated {
				attester[f.Name] = have
			}
			if !stated || have < f.Min {
				m := map[string]any{"id": f.Record, "name": f.Name, "goldenType": "MIN_SVN", "goldenValue": f.Min}
				if stated {
					m["runtimeType"], m["runtimeValue"] = "SVN", have
				}
				list = append(list, m)
			}
		}
	}
	if list == nil {
		return attester, nil
	}
	return attester, list
}
