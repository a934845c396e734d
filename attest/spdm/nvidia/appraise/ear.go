package appraise

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
)

// earProfile is that of "EAT Attestation Results" (draft-ietf-rats-ear-04, May 2026).
const earProfile = "tag:ietf.org,2026:rats/ear#04"

// Tiers of a result, and values of the trustworthiness vector (draft-ietf-rats-ar4si):
// none is no opinion, 2 to 31 affirm, 32 to 95 warn, from 96 on something speaks against
// it.
const (
	tierNone    = "none"
	tierAffirm  = "affirming"
	tierWarn    = "warning"
	tierAgainst = "contraindicated"

	hardwareGenuine     = 2
	hardwareAgainst     = 96
	executablesApproved = 3 // those that were loaded at boot
	executablesUnknown  = 33
	executablesAgainst  = 96
)

// EAR is a report as claims of an attestation result, for relying parties that do not
// know this program. It is not signed.
type EAR struct {
	Profile  string             `json:"eat_profile"`
	Issued   int64              `json:"iat"`
	Verifier earVerifier        `json:"ear_verifier_id"`
	Submods  map[string]*submod `json:"submods"`
}

type earVerifier struct {
	Developer string `json:"developer"`
	Build     string `json:"build"`
}

// submod is what is known of one device.
type submod struct {
	Status string         `json:"ear_status"`
	Vector map[string]int `json:"ear_trustworthiness_vector,omitempty"`
	// Nonce is the requester's, in base64url, where it is the one that was asked for.
	Nonce    string         `json:"eat_nonce,omitempty"`
	Verified map[string]any `json:"ear_verifier_claims"`
	Attested map[string]any `json:"ear_attester_claims,omitempty"`
}

// EAR gives the report as an attestation result of a time and a build of this program.
func (r *Report) EAR(now time.Time, build string) *EAR {
	e := &EAR{Profile: earProfile, Issued: now.Unix(), Verifier: earVerifier{"https://github.com/gpuaudit/gpuaudit", build}, Submods: map[string]*submod{}}
	together := r.Checks.Status()
	for i, a := range r.Devices {
		name := fmt.Sprintf("device-%d", i)
		if a.Device != nil && a.Device.ID != "" {
			name += "-" + a.Device.ID
		}
		e.Submods[name] = a.submod(together)
	}
	return e
}

// submod is the result of one device, of a set of devices with a status.
func (a *Appraisal) submod(set check.Status) *submod {
	s := &submod{Status: tierNone, Vector: map[string]int{}, Verified: map[string]any{"outcome": a.Outcome, "status": worse(a.Status, set), "summary": a.Summary}}
	switch a.Outcome {
	case Matches:
		s.Vector["hardware"], s.Vector["executables"] = hardwareGenuine, executablesApproved
		s.Status = tierAffirm
	case NoReference:
		s.Vector["hardware"], s.Vector["executables"] = hardwareGenuine, executablesUnknown
		s.Status = tierWarn
	case Differs:
		s.Vector["hardware"], s.Vector["executables"] = hardwareGenuine, executablesAgainst
		s.Status = tierAgainst
	case NotGenuine:
		s.Vector["hardware"] = hardwareAgainst
		s.Status = tierAgainst
	}
	switch status := worse(a.Status, set); {
	case status == check.Fail:
		s.Status = tierAgainst
	case status == check.Unknown && s.Status == tierAffirm:
		s.Status = tierWarn
	}
	if c := a.Checks.Find(spdm.CheckNonce); c != nil && c.Status == check.Pass {
		s.Nonce = base64.RawURLEncoding.EncodeToString(a.Measured.Nonce)
	}
	var manifests []map[string]string
	for _, ref := range a.References {
		if ref.manifest != nil {
			manifests = append(manifests, map[string]string{"id": ref.ID, "sha256": ref.Result.SHA256})
		}
	}
	if manifests != nil {
		s.Verified["manifests"] = manifests
	}
	if d := a.Device; d != nil && d.Chip != "" {
		s.Attested = map[string]any{"chip": d.Chip, "chip_id": d.ID}
		if d.Driver != nil {
			s.Attested["driver_version"] = *d.Driver
		}
		if d.VBIOS != nil {
			s.Attested["vbios_version"] = *d.VBIOS
		}
	}
	return s
}
