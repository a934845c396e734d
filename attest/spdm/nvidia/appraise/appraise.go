// Package appraise says what evidence of NVIDIA's GPUs and NVSwitches is worth: whether
// genuine devices answered, and whether what they measured is what their maker states in
// its reference manifests. It reads no clock, no file and no network.
//
// That a device has no manifest is no difference, and a manifest that is not accepted is
// no fault of the device: [Outcome] keeps these apart. Nothing that is empty passes.
package appraise

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/revocation"
	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
)

// Outcome is what is known of a device.
type Outcome string

const (
	// Matches: a genuine device measured what its manifests state.
	Matches Outcome = "genuine-and-matches"
	// NoReference: a genuine device, and a manifest is missing or is not accepted.
	NoReference Outcome = "genuine-no-reference"
	// Differs: a genuine device measured something else than its manifests state.
	Differs Outcome = "genuine-differs"
	// NotGenuine: the evidence contradicts its signature, its certificates or its label.
	NotGenuine Outcome = "not-genuine"
	// NotVerifiable: something is missing, without which nothing is known.
	NotVerifiable Outcome = "not-verifiable"
)

// badness orders outcomes, the worst last.
var badness = map[Outcome]int{Matches: 0, NoReference: 1, NotVerifiable: 2, Differs: 3, NotGenuine: 4}

// Names of the checks behind those of package nvidia. Those of a manifest begin with its
// kind, such as "vbios-manifest".
const (
	CheckHost       = "host-settings"
	CheckRevocation = "device-revocation" // only where there are answers
	CheckDecoder    = "video-decoder"
	CheckDisjoint   = "manifests-disjoint"
	CheckDevices    = "devices"
	CheckTopology   = "topology"

	suffixManifest   = "-manifest"
	suffixValidity   = "-manifest-validity"
	suffixRevocation = "-manifest-revocation" // only where there are answers
	suffixFit        = "-manifest-fits"
	suffixMeasured   = "-measurements"
)

// Settings are what the host says of a device. Nothing signs them, so they are believed
// only where they speak against it.
type Settings struct {
	// DevTools and Debug: a mode in which memory is not protected. Nil for not stated.
	DevTools, Debug *bool
}

// Policy is what a verifier brings.
type Policy struct {
	// Device judges the evidence. Without roots, NVIDIA's pinned one counts.
	Device spdm.Policy
	// ManifestRoots vouch for signers of manifests. Without one, NVIDIA's pinned root counts.
	ManifestRoots []*x509.Certificate
	// UnsafeAcceptExpired takes manifests whose signer's certificate has ended.
	UnsafeAcceptExpired bool
	// Expected is how many devices there must be, 0 for any number.
	Expected int
	// Settings are nil where the host says nothing.
	Settings *Settings
	// Revocation are answers of OCSP responders. Without any, it is not asked whether a
	// certificate was revoked.
	Revocation *revocation.Answers
}

// manifests is the policy for reference manifests.
func (p Policy) manifests() rim.Policy {
	out := rim.Policy{Now: p.Device.Now, Roots: p.ManifestRoots, UnsafeAcceptExpired: p.UnsafeAcceptExpired}
	if len(out.Roots) == 0 {
		out.Pins = [][sha256.Size]byte{nvidia.ManifestRoot}
	}
	return out
}

// Report is what evidence of several devices is worth.
type Report struct {
	// Outcome is the worst of the devices; Status is pass only where all is known and good.
	Outcome Outcome      `json:"outcome"`
	Status  check.Status `json:"status"`
	// Checks are of the devices together.
	Checks  check.List   `json:"checks"`
	Devices []*Appraisal `json:"devices"`
	// Limits are what the verdict leaves open in any case.
	Limits []string `json:"limits"`
}

// Appraisal is what the evidence of one device is worth.
type Appraisal struct {
	Outcome Outcome      `json:"outcome"`
	Status  check.Status `json:"status"`
	// Summary says the outcome in words, Next what to do.
	Summary string     `json:"summary"`
	Next    string     `json:"next,omitempty"`
	Checks  check.List `json:"checks"`
	// Device and Measured are nil where the signature does not verify.
	Device   *nvidia.Device `json:"device,omitempty"`
	Measured *spdm.Measured `json:"measured,omitempty"`
	// References are the manifests that the device needs.
	References []*Reference `json:"references,omitempty"`
	// Skipped are the indices that were left out, Uncovered those that hold a
	// measurement and that no manifest states. Both are numbered as manifests do.
	Skipped   []Skip `json:"skipped,omitempty"`
	Uncovered []int  `json:"uncovered,omitempty"`
	// Purpose is what a newer device says that it is used for, such as "CC MPT", where a
	// manifest confirms it; UncoveredComponents are parts that no manifest states.
	Purpose             string   `json:"purpose,omitempty"`
	UncoveredComponents []string `json:"uncovered_components,omitempty"`

	path    []*x509.Certificate // up to the root that vouches for it, leaf first
	because string              // the name of the check that decided that a device is not genuine
}

// Skip is an index that was not compared.
type Skip struct {
	Index  int    `json:"index"`
	Reason string `json:"reason"`
}

// limits are those of every verdict.
func (p Policy) limits() []string {
	list := []string{
		nvidia.Relay,
		"a report does not state DEVTOOLS or debug mode: where the host says nothing of it, it is inferred from the measurements alone",
	}
	if p.Revocation.Len() == 0 {
		return append(list, "whether a certificate was revoked was not asked")
	}
	return append(list, "a certificate that was not revoked is not for that reason one that its maker gave out")
}

// Appraise judges evidence of devices. Its error is of the policy alone.
func Appraise(list []nvidia.Evidence, m *Manifests, p Policy) (*Report, error) {
	r := &Report{Outcome: NotVerifiable, Limits: p.limits(), Devices: []*Appraisal{}}
	s := &search{Manifests: m, policy: p.manifests(), revocation: p.Revocation}
	s.question = questionOf(s.policy)
	for i, e := range list {
		a, err := appraise(e, s, p)
		if err != nil {
			return nil, err
		}
		if r.Devices = append(r.Devices, a); i == 0 || badness[a.Outcome] > badness[r.Outcome] {
			r.Outcome = a.Outcome
		}
	}
	r.together(p.Expected)
	r.Status = r.Checks.Status()
	for _, a := range r.Devices {
		r.Status = worse(r.Status, a.Status)
	}
	return r, nil
}

func worse(a, b check.Status) check.Status {
	switch {
	case a == check.Fail || b == check.Fail:
		return check.Fail
	case a == check.Unknown || b == check.Unknown:
		return check.Unknown
	}
	return check.Pass
}

// together judges the devices as a set: none answers twice, and links lead both ways.
func (r *Report) together(expected int) {
	devices := check.Check{Name: CheckDevices, Status: check.Pass}
	keys := map[string]bool{}
	var known []*nvidia.Device
	kinds := map[bool]bool{}
	for _, a := range r.Devices {
		switch {
		case a.Measured == nil:
			continue
		case keys[a.Measured.Key]:
			devices.Status, devices.Code, devices.Detail = check.Fail, "duplicate-device", "one device answered twice: its key is "+a.Measured.Key
		}
		keys[a.Measured.Key] = true
		if a.Device != nil && a.Device.ID != "" {
			known = append(known, a.Device)
			kinds[a.Device.Switch] = true
		}
	}
	switch {
	case devices.Status == check.Fail:
	case len(r.Devices) == 0:
		devices.Status, devices.Code, devices.Detail = check.Unknown, "no-evidence", "there is no evidence: nothing proves nothing"
	case expected > 0 && len(keys) != expected:
		devices.Status, devices.Code, devices.Detail = check.Fail, "device-count", fmt.Sprintf("%d devices answered, expected %d", len(keys), expected)
	}
	r.Checks = check.List{devices}
	if len(kinds) < 2 {
		return // who is at the other end of the links was not asked
	}
	c := check.Check{Name: CheckTopology, Status: check.Pass}
	if faults := nvidia.Topology(known, 0); len(faults) > 0 {
		c.Status, c.Code, c.Detail = check.Fail, "links", faults[0]
		if len(faults) > 1 {
			c.Detail += fmt.Sprintf(", and %d more", len(faults)-1)
		}
	}
	r.Checks = append(r.Checks, c)
}

// appraise judges one device.
func appraise(e nvidia.Evidence, s *search, p Policy) (*Appraisal, error) {
	proven, err := nvidia.Verify(e, p.Device)
	if err != nil {
		return nil, err
	}
	a := &Appraisal{Checks: proven.Checks, Device: proven.Device, Measured: proven.Measured, path: proven.Path}
	a.host(p.Settings)
	if p.Revocation.Len() > 0 { // NVIDIA's responder does not answer for the first, which the device made itself
		a.add(p.Revocation.Check(CheckRevocation, proven.Path, 1, p.Device.Now))
	}
	if a.genuine(e, p) {
		if err := a.compare(s); err != nil {
			return nil, err
		}
	}
	a.Status = a.status()
	a.inWords()
	return a, nil
}

func (a *Appraisal) add(c check.Check) { a.Checks = append(a.Checks, c) }

// host judges what the host says against the device.
func (a *Appraisal) host(s *Settings) {
	c := check.Check{Name: CheckHost, Status: check.Pass}
	var mode *int
	if a.Device != nil {
		mode = a.Device.Mode
	}
	switch {
	case s != nil && s.DevTools != nil && *s.DevTools:
		c.Status, c.Code, c.Detail = check.Fail, "devtools", "the host says that DEVTOOLS mode is on: memory is not protected"
	case s != nil && s.Debug != nil && *s.Debug:
		c.Status, c.Code, c.Detail = check.Fail, "debug", "the host says that debug mode is on: memory is not protected"
	case a.Device != nil && a.Device.CertifiedDebug:
		c.Status, c.Code, c.Detail = check.Fail, "debug", "a certificate of the device's states that it started in debug mode: memory is not protected"
	case mode != nil && (*mode < 0 || *mode > 2):
		c.Status, c.Code, c.Detail = check.Unknown, "unknown-mode", fmt.Sprintf("the report states mode %d, which this program does not know", *mode)
	case s == nil || s.DevTools == nil || s.Debug == nil:
		c.Status, c.Code, c.Detail = check.Unknown, codeNotStated, "nobody says whether DEVTOOLS or debug mode is on"
	}
	a.add(c)
}

// Codes of checks that are unknown with most evidence, and that do not keep an appraisal
// from passing. The host's word would not be proof. A report without the digest of the
// firmware that signed it is signed by that firmware's key all the same: its certificate
// states the digest.
const (
	codeNotStated   = "not-stated"
	codeNotReported = "not-reported"
)

func (a *Appraisal) status() check.Status {
	status := check.Pass
	for _, c := range a.Checks {
		if c.Name == CheckHost && c.Code == codeNotStated || c.Name == nvidia.CheckFWID && c.Code == codeNotReported {
			continue
		}
		status = worse(status, c.Status)
	}
	if status == check.Pass && a.Outcome != Matches {
		return check.Unknown
	}
	return status
}

// genuine says whether a genuine device signed; else it sets the outcome.
func (a *Appraisal) genuine(e nvidia.Evidence, p Policy) bool {
	for _, c := range a.Checks {
		if c.Status == check.Fail && contradicts(c) && (c.Code != "unknown-root" || foreign(e.Chain)) {
			a.Outcome, a.because = NotGenuine, c.Name
			return false
		}
	}
	for _, c := range a.Checks {
		switch {
		case c.Status == check.Pass:
		case c.Status == check.Unknown && (c.Name == spdm.CheckNonce || c.Name == nvidia.CheckFWID || c.Name == nvidia.CheckTOC || c.Name == CheckHost || c.Name == CheckRevocation):
			// Freshness, a digest that only repeats what the certificate states, contents of
			// a form that is not known, the host's word and an answer that is not there do not
			// make a device genuine.
		default:
			a.Outcome, a.because = NotVerifiable, c.Name
			return false
		}
	}
	return true
}

// contradicts says whether a failed check shows that evidence is not what it says. A file
// that is cut, an old certificate or another nonce do not.
func contradicts(c check.Check) bool {
	switch c.Name {
	case spdm.CheckSignature:
		return c.Code == "signature"
	case spdm.CheckChain:
		return c.Code != "expired" && c.Code != "too-large"
	case nvidia.CheckFWID:
		return c.Code == "firmware-id"
	case nvidia.CheckChip, nvidia.CheckLabel:
		return true
	}
	return false
}

// foreign says whether a chain that leads to no trusted root is whole: it ends in a root
// of its own. One that lacks a certificate proves nothing.
func foreign(chain []*x509.Certificate) bool {
	for i, c := range chain[1:] {
		if !bytes.Equal(chain[i].RawIssuer, c.RawSubject) {
			return false
		}
	}
	last := chain[len(chain)-1]
	return bytes.Equal(last.RawIssuer, last.RawSubject)
}
