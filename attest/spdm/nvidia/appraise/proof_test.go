package appraise

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/rim"
	"github.com/gpuaudit/gpuaudit/attest/rim/rimtest"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/spdmtest"
)

// tampering is what somebody has in hand who wants a good answer: a node that measures what
// its maker states, its evidence, the manifest of its VBIOS, and what the verifier asks.
type tampering struct {
	*testing.T
	*node
	list  []nvidia.Evidence
	vbios string // the text of the signed manifest
	p     Policy
}

// resign lets the device sign again what its node has.
func (x *tampering) resign() { x.list[0] = x.evidence(x.T) }

// manifest lets the maker sign the VBIOS's manifest again.
func (x *tampering) manifest(by *rimtest.Signer, body string, f rimtest.Form) {
	text, err := by.Sign(body, f)
	if err != nil {
		x.Fatal(err)
	}
	x.node.vbios, x.vbios = rimtest.Document{}, text
}

// TestProof is the list of what must not pass, each for a reason of its own. The packages
// below have more of each kind; here each is tried on the way that evidence really takes.
func TestProof(t *testing.T) {
	header := func(major byte, profile byte) []byte {
		return []byte{'N', 'V', 'D', 'A', 'O', 'D', profile, 0, major, 0, 0, 0}
	}
	for name, tt := range map[string]struct {
		tamper      func(*tampering)
		check, code string
	}{
		"nothing":              {func(*tampering) {}, "", ""},
		"nonce off by one bit": {func(x *tampering) { x.p.Device.Nonce = append([]byte{1}, make([]byte, 31)...) }, spdm.CheckNonce, "nonce"},
		"expected nonce equal to the responder's": {func(x *tampering) { x.p.Device.Nonce = append([]byte{0xEE}, make([]byte, 31)...) }, spdm.CheckNonce, "responder-nonce"},
		"sibling's chain": {func(x *tampering) {
			sibling := chain(x, "GH100 A01 GSP BROM", "412921CE551E4EEDA4")
			x.list[0].Chain, x.p.Device.Roots = sibling.Chain, append(sibling.Root(), x.card.Root()...)
		}, spdm.CheckSignature, "signature"},
		"record past the end":   {func(x *tampering) { x.opaque = append(records(0xAA), 0xC8, 0, 9, 0, 1); x.resign() }, nvidia.CheckOpaque, "record-size"},
		"stray bytes in opaque": {func(x *tampering) { x.opaque = append(records(0xAA), 1, 2, 3); x.resign() }, nvidia.CheckOpaque, "stray-bytes"},
		"stray bytes behind":    {func(x *tampering) { x.list[0].Transcript = append(x.list[0].Transcript, 0) }, spdm.CheckSignature, "stray-bytes"},
		"duplicate index": {func(x *tampering) {
			x.edit = func(a *spdmtest.Answer) { a.Record = append(a.Record, a.Record[:55]...); a.Blocks++ }
			x.resign()
		}, spdm.CheckForm, "duplicate-index"},
		"duplicate record":         {func(x *tampering) { x.opaque = append(records(0xAA), record(3, driverVersion+"\x00")...); x.resign() }, nvidia.CheckOpaque, "duplicate-record"},
		"block count too low":      {func(x *tampering) { x.edit = func(a *spdmtest.Answer) { a.Blocks-- }; x.resign() }, spdm.CheckForm, "block-count"},
		"sizes that do not add up": {func(x *tampering) { x.edit = func(a *spdmtest.Answer) { a.Record[2]++ }; x.resign() }, spdm.CheckForm, "block-size"},
		"value type that misfits": {func(x *tampering) {
			x.opaque = append(header(2, 0), versioned(20, 0x87, string(firmware))...)
			x.resign()
		}, nvidia.CheckOpaque, "value-type"},
		"profile not 0":          {func(x *tampering) { x.opaque = header(2, 1); x.resign() }, nvidia.CheckOpaque, "opaque-profile"},
		"major version 3":        {func(x *tampering) { x.opaque = header(3, 0); x.resign() }, nvidia.CheckOpaque, "unsupported"},
		"floor not met":          {func(x *tampering) { x.withFloor(versioned(37, svnType, "\x04\x00")); x.resign() }, "vbios-measurements", "below-floor"},
		"one active index off":   {func(x *tampering) { x.blocks[9] = value(99); x.resign() }, "vbios-measurements", "value"},
		"value of another index": {func(x *tampering) { x.blocks[9] = value(35); x.resign() }, "vbios-measurements", "another-index"},
		"alternatives beyond":    {func(x *tampering) { x.node.vbios.Resources[2].Alternatives = 9 }, "vbios-manifest", "alternatives"},
		"another CA, chain appended": {func(x *tampering) {
			other := testMaker(x)
			x.manifest(&rimtest.Signer{Key: other.Key, Chain: append(other.Chain[:1:1], x.maker.Chain...)}, x.node.vbios.Body(), rimtest.Form{})
		}, "vbios-manifest", "unknown-root"},
		"another CA's device, chain appended": {func(x *tampering) {
			other := chain(x, "GH100 A01 GSP BROM", "41"+chipID)
			n := *x.node
			n.card = &spdmtest.Signed{Key: other.Key, Chain: append(other.Chain[:1:1], x.card.Chain...)}
			x.list[0] = n.evidence(x.T)
		}, spdm.CheckChain, "unknown-root"},
		"KeyValue first": {func(x *tampering) {
			x.manifest(x.maker, x.node.vbios.Body(), rimtest.Form{Key: func(k string) string {
				return strings.Replace(k, "<ds:X509Data>", "<ds:KeyValue>AA==</ds:KeyValue><ds:X509Data>", 1)
			}})
		}, "vbios-manifest", "key-value"},
		"wrapped payload": {func(x *tampering) {
			body := x.node.vbios.Body()
			payload := body[strings.Index(body, "<ns0:Payload>"):strings.Index(body, "</SoftwareIdentity>")]
			x.manifest(x.maker, strings.Replace(body, payload, "<ns0:Link>"+payload+"</ns0:Link>", 1), rimtest.Form{})
		}, "vbios-manifest", "wrapped"},
		"DER signature":                  {func(x *tampering) { x.manifest(x.maker, x.node.vbios.Body(), rimtest.Form{DER: true}) }, "vbios-manifest", "signature-size"},
		"driver manifest as the VBIOS's": {func(x *tampering) { x.node.vbios = x.driver }, "vbios-manifest-fits", "version"},
		"switch evidence labelled GPU":   {func(x *tampering) { x.list = []nvidia.Evidence{switchEvidence(x)}; x.list[0].Label = "HOPPER" }, nvidia.CheckLabel, "label"},
		"repeated switch":                {func(x *tampering) { e := switchEvidence(x); x.list = []nvidia.Evidence{e, e} }, CheckDevices, "duplicate-device"},
		"SPDM version byte changed":      {func(x *tampering) { x.list[0].Transcript[0] = 0x12 }, spdm.CheckForm, "no-negotiation"},
		"both version bytes changed":     {func(x *tampering) { x.list[0].Transcript[0], x.list[0].Transcript[37] = 0x12, 0x12 }, spdm.CheckForm, "no-negotiation"},
		"empty evidence":                 {func(x *tampering) { x.list = nil }, CheckDevices, "no-evidence"},
		"no manifest at all":             {func(x *tampering) { x.vbios, x.driver, x.node.vbios = "none", rimtest.Document{}, rimtest.Document{} }, "driver-manifest", "no-reference"},
		"no active entry": {func(x *tampering) {
			x.node.vbios.Resources = []rimtest.Resource{{Index: 0, Inactive: true, Values: []string{text(value(0))}}}
		}, "vbios-manifest-fits", "empty-manifest"},
		"developer mode": {func(x *tampering) { x.p.Settings = &Settings{DevTools: new(true)} }, CheckHost, "devtools"},
	} {
		t.Run(name, func(t *testing.T) {
			n := whole(t)
			x := &tampering{T: t, node: n, p: n.policy()}
			x.list = []nvidia.Evidence{n.evidence(t)}
			x.list[0].Transcript = slices.Clone(x.list[0].Transcript)
			tt.tamper(x)
			r := judge(t, x.list, x.manifests(t), x.p)
			if (r.Status == check.Pass) != (tt.code == "") {
				t.Errorf("%s: %+v", r.Status, r.Devices)
			}
			checks := slices.Clone(r.Checks)
			for _, a := range r.Devices {
				checks = append(checks, a.Checks...)
			}
			if c := checks.Find(tt.check); tt.code != "" && (c == nil || c.Code != tt.code || c.Status == check.Pass) {
				t.Errorf("%s: %+v, want %s", tt.check, c, tt.code)
			}
		})
	}
}

// TestInactive: a value at an index that no manifest states is no difference, and is listed.
func TestInactive(t *testing.T) {
	n := whole(t)
	n.blocks[8] = value(99)
	if a := n.judge(t).Devices[0]; a.Outcome != Matches || !slices.Contains(a.Uncovered, 8) {
		t.Errorf("%s: %v", a.Outcome, a.Uncovered)
	}
}

// manifests are those of the node, or what somebody made of them.
func (x *tampering) manifests(t *testing.T) *Manifests {
	t.Helper()
	m := &Manifests{}
	if x.driver.Version != "" {
		add(t, m, driverFile, x.maker, x.driver)
	}
	switch {
	case x.node.vbios.Version != "":
		add(t, m, vbiosFile, x.maker, x.node.vbios)
	case rim.MaxBytes > len(x.vbios) && strings.HasPrefix(x.vbios, "<"):
		if is, err := m.Add(vbiosFile, []byte(x.vbios)); !is || err != nil {
			t.Fatal(is, err)
		}
	}
	return m
}

// switchEvidence is that of a switch of the same maker's, which states its own id.
func switchEvidence(x *tampering) nvidia.Evidence {
	const id = "203EB31AD9ED0008"
	card := chain(x, "LS_10 A01 FSP BROM", "50"+id)
	x.p.Device.Roots = []*x509.Certificate{card.Root()[0], x.card.Root()[0]}
	own, err := hex.DecodeString(id)
	if err != nil {
		x.Fatal(err)
	}
	n := *x.node
	n.card, n.opaque = card, append(record(6, "96.10.55.00.01\x00"), record(22, string(own))...)
	e := n.evidence(x.T)
	e.Label, e.Transcript = "LS10", bytes.Clone(e.Transcript)
	return e
}
