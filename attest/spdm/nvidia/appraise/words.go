package appraise

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
)

// known are causes that users of NVIDIA's own verifiers met, and what helped them, by
// index as manifests number them.
var known = map[int]struct{ cause, next string }{
	// NVIDIA/nvtrust 28, 35, 60, 90 and 132.
	9: {"known after a reboot or an update of the driver, and with the developer mode of confidential computing (DEVTOOLS) on",
		"switch DEVTOOLS off, reset the GPU or start the host cold, and gather new evidence"},
	// NVIDIA/attestation-sdk 31 and 150.
	52: {"known after confidential computing was switched on or off, until the host starts anew",
		"start the host anew, and gather new evidence"},
	decoderIndex: {"known where the video decoder was switched while the GPU ran", "reset the GPU, and gather new evidence"},
}

// explain says what may be behind a difference, without blame, and what to do.
func explain(d Difference, ref *Reference) (cause, next string) {
	const again = "gather new evidence after a cold start; if it stays, ask the maker with the manifest's id and the index"
	switch k, ok := known[d.Index]; {
	case d.Code == "svn":
		return "older or newer firmware than the manifest is for", "update the firmware, or get the manifest of its version"
	case d.Component:
		return "no innocent cause is known for this component; a manifest of another version states other values", again
	case d.Code == "below-floor":
		return "older firmware than the manifest allows", "update the firmware to a version of at least the stated security version"
	case d.Code == "missing" && d.Index < 0:
		return "a driver that does not report this record, or not as a security version", "update the driver, and gather new evidence"
	case d.Code == "missing":
		return "a driver that does not report this measurement, or a manifest for another one", "look whether driver and manifest are of the same version"
	case d.Code == "another-index":
		return fmt.Sprintf("the value is right for index %d, and stands in the place of another", d.other), again
	case ok:
		return k.cause, k.next
	case ref.Kind == kindDriver:
		return "no innocent cause is known for this index; a driver that was patched or built by somebody else measures otherwise", again
	}
	return "no innocent cause is known for this index; firmware that is not the one of this version measures otherwise", again
}

// inWords says the outcome, and what to do next.
func (a *Appraisal) inWords() {
	name := "the device"
	if d := a.Device; d != nil && d.ID != "" {
		name = "chip " + d.ID + " (" + d.Chip + ")"
	}
	switch bad := a.reason(); a.Outcome {
	case Matches:
		n := 0
		for _, ref := range a.References {
			n += ref.Compared
		}
		a.Summary = fmt.Sprintf("genuine and matches: %s measured what its manifests state, %d of %d", name, n, n)
		if a.Status != check.Pass && bad != nil {
			a.Summary += "; open is " + bad.Name + " (" + bad.Code + ")"
			a.Next = open(bad)
		}
	case NoReference:
		a.Summary = fmt.Sprintf("genuine, no reference: %s signed its measurements; not at hand is %s", name, a.missing())
		a.Next = "get the manifest from its maker, and put it under its id into the folder of manifests; one that was never published cannot be compared with"
		if !slices.ContainsFunc(a.References, func(ref *Reference) bool { return ref.ID != "" }) {
			a.Next = "the report does not say which manifests it needs: gather one with the maker's newest driver, or ask the maker which they are"
		}
	case Differs:
		a.Summary = fmt.Sprintf("genuine, differs: %s measured something else than its manifests state at %s", name, a.differences())
		a.Next = a.firstDifference().Next
	case NotGenuine:
		a.Summary = fmt.Sprintf("not genuine: %s: %s", bad.Name, bad.Detail)
		a.Next = notGenuine(bad)
	default:
		a.Summary = "not verifiable: nothing was given"
		if bad != nil {
			a.Summary = fmt.Sprintf("not verifiable: %s: %s", bad.Name, bad.Detail)
			a.Next = open(bad)
		}
	}
}

// reason is the check that an outcome goes back to, nil for none.
func (a *Appraisal) reason() *check.Check {
	if a.because != "" {
		return a.Checks.Find(a.because)
	}
	return a.worst()
}

// worst is the first check that failed, or else the first that is unknown and counts.
func (a *Appraisal) worst() *check.Check {
	var unknown *check.Check
	for i := range a.Checks {
		switch c := &a.Checks[i]; {
		case c.Status == check.Fail:
			return c
		case c.Status == check.Unknown && unknown == nil && c.Code != check.NotReached && c.Code != codeNotStated && c.Code != codeNotReported:
			unknown = c
		}
	}
	return unknown
}

func (a *Appraisal) missing() string {
	var list []string
	for _, ref := range a.References {
		if ref.Outcome != NoReference {
			continue
		}
		id := ref.ID
		if id == "" {
			id = "a manifest of the " + ref.Kind
		}
		for _, name := range []string{ref.Kind + suffixManifest, ref.Kind + suffixFit, ref.Kind + suffixRevocation, CheckDisjoint, ref.Kind + suffixMeasured} {
			c := a.Checks.Find(name)
			if c != nil && (c.Status == check.Fail || c.Status == check.Unknown && c.Code != check.NotReached && name != ref.Kind+suffixRevocation) {
				id += " (" + c.Code + ")"
				break
			}
		}
		list = append(list, id)
	}
	return strings.Join(list, ", ")
}

func (a *Appraisal) differences() string {
	var list []string
	for _, ref := range a.References {
		for _, d := range ref.Differences {
			list = append(list, d.place())
		}
	}
	return strings.Join(list, ", ")
}

func (a *Appraisal) firstDifference() Difference {
	for _, ref := range a.References {
		if len(ref.Differences) > 0 {
			return ref.Differences[0]
		}
	}
	return Difference{}
}

// notGenuine says how honest people may get there.
func notGenuine(c *check.Check) string {
	switch c.Name {
	case spdm.CheckSignature:
		return "look whether report and chain are of the same device, and whether the file was changed on its way; then gather new evidence"
	case spdm.CheckChain:
		return "no certificate of NVIDIA's vouches for this device: look where the chain comes from"
	case nvidia.CheckLabel:
		return "look whether the evidence of two devices was mixed up, or labelled by hand"
	}
	return "gather new evidence; if it stays, take the device out of use and ask its maker"
}

// open says how what is not known can become known.
func open(c *check.Check) string {
	switch {
	case c.Code == "unsupported":
		return "a newer version of this program may read it"
	case c.Code == "no-certificate":
		return "give the device's certificates with --chain"
	case c.Name == spdm.CheckForm, c.Name == spdm.CheckSignature, c.Name == nvidia.CheckOpaque:
		return "the file may be damaged or cut: gather new evidence"
	case c.Name == spdm.CheckChain:
		return "give the device's whole chain, up to its maker's root; look whether the clock is right"
	case c.Code == "no-nonce":
		return "give the nonce that the report was asked for with --nonce: without it, the report may be of any time"
	case c.Name == spdm.CheckNonce:
		return "take the report that answers this nonce, or ask the device again"
	case c.Name == CheckHost && c.Status == check.Fail:
		return "switch the mode off, start the host anew, and gather new evidence"
	case c.Name == CheckRevocation || strings.HasSuffix(c.Name, suffixRevocation):
		return "ask the responder again, and put its answer among those of --ocsp; what was revoked is not to be trusted"
	case c.Code == "expired":
		return "get a newer manifest; --now judges at another time, --accept-expired takes it all the same"
	}
	return "gather new evidence with the maker's newest driver; a newer version of this program may know more"
}
