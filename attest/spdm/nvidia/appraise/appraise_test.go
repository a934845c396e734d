package appraise

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/revocation"
	"github.com/gpuaudit/gpuaudit/attest/rim/rimtest"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/spdmtest"
)

const (
	driverVersion = "590.12"
	vbiosVersion  = "96.00.A5.00.01"
	driverFile    = "NV_GPU_DRIVER_GH100_590.12.xml"
	vbiosFile     = "g520_0200_885_9600A50001_PROD.swidtag"
	chipID        = "2921CE551E4EEDA3"
)

// node is a machine for tests: a card, its maker, and what both say.
type node struct {
	card   *spdmtest.Signed
	maker  *rimtest.Signer
	blocks map[int][]byte
	opaque []byte
	nonce  [32]byte
	edit   func(*spdmtest.Answer)
	driver rimtest.Document
	vbios  rimtest.Document
}

// value is the measurement of an index, as manifests number it.
func value(index int) []byte {
	if index == 0 {
		return make([]byte, 48)
	}
	return bytes.Repeat([]byte{byte(index)}, 48)
}

func text(b []byte) string { return hex.EncodeToString(b) }

var firmware = bytes.Repeat([]byte{0xF1}, 48)

func chain(t testing.TB, rom, serial string, flags ...byte) *spdmtest.Signed {
	t.Helper()
	type id struct {
		Alg    asn1.ObjectIdentifier
		Digest []byte
	}
	der, err := asn1.Marshal(struct {
		FWIDs []id           `asn1:"tag:6"`
		Flags asn1.BitString `asn1:"tag:7,optional"`
	}{[]id{{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, firmware}}, asn1.BitString{Bytes: flags, BitLength: 8 * len(flags)}})
	if err != nil {
		t.Fatal(err)
	}
	tcb := pkix.Extension{Id: asn1.ObjectIdentifier{2, 23, 133, 5, 4, 1, 1}, Value: der}
	s, err := spdmtest.NewChain(spdmtest.Subject{Name: "FMC LF", Extensions: []pkix.Extension{tcb}}, spdmtest.Subject{Name: rom, Serial: serial}, spdmtest.Subject{Name: "identity"}, spdmtest.Subject{Name: "root"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// record is one of the older format, versioned one of the newer.
func record(kind int, value string) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(kind))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

func versioned(kind, valueType int, value string) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(kind))
	b = binary.LittleEndian.AppendUint16(b, uint16(valueType))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

func records(nvdec byte) []byte {
	var b []byte
	for _, r := range [][]byte{record(3, driverVersion+"\x00"), record(6, "\x00\xa5\x00\x96\x01\x00\x00\x00"), record(11, string([]byte{nvdec})), record(15, "885\x00"), record(17, "G520\x00"), record(18, "0200\x00"), record(20, string(firmware))} {
		b = append(b, r...)
	}
	return b
}

var (
	testCard  = func(t testing.TB) *spdmtest.Signed { return chain(t, "GH100 A01 GSP BROM", "41"+chipID) }
	testMaker = func(t testing.TB) *rimtest.Signer {
		s, err := rimtest.NewSigner("GH100")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
)

// whole is a card that measures what its two manifests state: the driver's has 7 and 52,
// the VBIOS's 0, which is all zero, 9 with alternatives, and 35.
func whole(t testing.TB) *node {
	t.Helper()
	n := &node{card: testCard(t), maker: testMaker(t), blocks: map[int][]byte{}, opaque: records(0xAA)}
	for i := range 64 {
		n.blocks[i] = value(i)
	}
	entry := func(i int, values ...[]byte) rimtest.Resource {
		r := rimtest.Resource{Index: i}
		for _, v := range values {
			r.Values = append(r.Values, text(v))
		}
		return r
	}
	off := func(i int) rimtest.Resource {
		return rimtest.Resource{Index: i, Inactive: true, Values: []string{text(make([]byte, 48))}}
	}
	n.driver = rimtest.Document{Version: driverVersion, Edition: "GPU", Product: "GH100", Resources: []rimtest.Resource{off(0), entry(7, value(7)), off(9), entry(52, value(52))}}
	n.vbios = rimtest.Document{Version: vbiosVersion, Edition: "GPU", Product: "GH100", Resources: []rimtest.Resource{entry(0, value(0)), off(7), entry(9, value(1), value(2), value(3), value(9)), entry(35, value(35))}}
	return n
}

func (n *node) evidence(t testing.TB) nvidia.Evidence {
	t.Helper()
	a := &spdmtest.Answer{Version: spdm.V11, Nonce: n.nonce, Opaque: n.opaque, ResponderNonce: [32]byte{0xEE}}
	for i := range 64 {
		if v := n.blocks[i]; v != nil {
			a.Record = append(a.Record, spdmtest.Block(byte(i+1), 1, v)...)
			a.Blocks++
		}
	}
	if n.edit != nil {
		n.edit(a)
	}
	b, err := n.card.Sign(a.Messages(), spdm.V11)
	if err != nil {
		t.Fatal(err)
	}
	return nvidia.Evidence{Evidence: spdm.Evidence{Transcript: b, Chain: n.card.Chain}, Label: "HOPPER"}
}

func (n *node) policy() Policy {
	return Policy{Device: spdm.Policy{Nonce: n.nonce[:], Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), Roots: n.card.Root()}, ManifestRoots: n.maker.Root()}
}

func (n *node) manifests(t testing.TB) *Manifests {
	t.Helper()
	m := &Manifests{}
	add(t, m, driverFile, n.maker, n.driver)
	add(t, m, vbiosFile, n.maker, n.vbios)
	return m
}

func add(t testing.TB, m *Manifests, name string, s *rimtest.Signer, d rimtest.Document) {
	t.Helper()
	doc, err := s.Sign(d.Body(), rimtest.Form{})
	if err != nil {
		t.Fatal(err)
	}
	if is, err := m.Add(name, []byte(doc)); !is || err != nil {
		t.Fatal(name, is, err)
	}
}

func (n *node) judge(t testing.TB) *Report {
	t.Helper()
	return judge(t, []nvidia.Evidence{n.evidence(t)}, n.manifests(t), n.policy())
}

// TestMatches: a card of which all is known and good, which no public sample gives.
func TestMatches(t *testing.T) {
	r := whole(t).judge(t)
	a := r.Devices[0]
	if r.Status != check.Pass || r.Outcome != Matches || a.Outcome != Matches || a.Next != "" {
		t.Fatalf("%s %s: %+v", r.Status, a.Summary, a.Checks)
	}
	if a.References[0].ID != "NV_GPU_DRIVER_GH100_590.12" || a.References[1].ID != "NV_GPU_VBIOS_G520_0200_885_9600A50001" || a.References[0].Matched != 2 || a.References[1].Matched != 3 {
		t.Errorf("%+v %+v", a.References[0], a.References[1])
	}
	// All but the six that manifests state, of which index 0 holds nothing.
	if len(a.Uncovered) != 59 || slices.Contains(a.Uncovered, 9) || !slices.Contains(a.Uncovered, 8) || slices.Contains(a.Uncovered, 0) {
		t.Errorf("%v", a.Uncovered)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// TestDiffers: what a card measures against what its manifests state.
func TestDiffers(t *testing.T) {
	for name, tt := range map[string]struct {
		edit    func(*node)
		outcome Outcome
		status  check.Status
		check   string
		code    string
		indices []int
	}{
		"one index off":             {func(n *node) { n.blocks[9] = value(99) }, Differs, check.Fail, "vbios-measurements", "value", []int{9}},
		"one bit":                   {func(n *node) { n.blocks[52][47] ^= 1 }, Differs, check.Fail, "driver-measurements", "value", []int{52}},
		"value of another index":    {func(n *node) { n.blocks[9] = value(35) }, Differs, check.Fail, "vbios-measurements", "another-index", []int{9}},
		"all zero where one is due": {func(n *node) { n.blocks[7] = value(0) }, Differs, check.Fail, "driver-measurements", "value", []int{7}},
		"a value where zero is due": {func(n *node) { n.blocks[0] = value(98) }, Differs, check.Fail, "vbios-measurements", "value", []int{0}},
		"missing":                   {func(n *node) { delete(n.blocks, 52) }, Differs, check.Fail, "driver-measurements", "missing", []int{52}},
		"two":                       {func(n *node) { n.blocks[9], n.blocks[35] = value(98), value(99) }, Differs, check.Fail, "vbios-measurements", "value", []int{9, 35}},
		"raw":                       {func(n *node) { n.edit = func(a *spdmtest.Answer) { a.Record[7*55+4] |= 0x80 } }, Differs, check.Fail, "driver-measurements", "value", []int{7}},
		"inactive index":            {func(n *node) { n.blocks[8] = value(99) }, Matches, check.Pass, "vbios-measurements", "", nil},
		"decoder off":               {func(n *node) { n.opaque, n.blocks[35] = records(0x55), value(99) }, Matches, check.Pass, CheckDecoder, "", nil},
		"decoder neither":           {func(n *node) { n.opaque = records(0x12) }, Matches, check.Unknown, CheckDecoder, "decoder", nil},
		"index off by one":          {func(n *node) { n.blocks[8], n.blocks[9] = value(9), value(8) }, Differs, check.Fail, "vbios-measurements", "value", []int{9}},
	} {
		t.Run(name, func(t *testing.T) {
			n := whole(t)
			tt.edit(n)
			r := n.judge(t)
			a := r.Devices[0]
			if r.Outcome != tt.outcome || r.Status != tt.status {
				t.Errorf("%s %s: %s", r.Outcome, r.Status, a.Summary)
			}
			if c := a.Checks.Find(tt.check); c.Code != tt.code {
				t.Errorf("%+v", c)
			}
			var indices []int
			for _, ref := range a.References {
				for _, d := range ref.Differences {
					indices = append(indices, d.Index)
					if d.Cause == "" || d.Next == "" || !strings.Contains(a.Summary, fmt.Sprintf("index %d ", d.Index)) {
						t.Errorf("%+v in %q", d, a.Summary)
					}
				}
			}
			if !reflect.DeepEqual(indices, tt.indices) {
				t.Errorf("%v", indices)
			}
		})
	}
}

// withFloor is the node with opaque data of the newer format, a record more, and a floor of
// 5 for record 37 in the VBIOS's manifest.
func (n *node) withFloor(more []byte) {
	n.opaque = []byte("NVDAOD\x00\x00\x02\x00\x00\x00")
	for _, r := range [][]byte{versioned(3, 0x86, driverVersion+"\x00"), versioned(6, 0x86, "\x00\xa5\x00\x96\x01\x00\x00\x00"), versioned(11, 0x82, "\xAA"), versioned(15, 0x82, "885\x00"),
		versioned(17, 0x82, "G520\x00"), versioned(18, 0x82, "0200\x00"), versioned(20, 1, string(firmware)), more} {
		n.opaque = append(n.opaque, r...)
	}
	n.vbios.Resources = append(n.vbios.Resources, rimtest.Resource{Index: 0x1000 + 37, Floor: "5"}, rimtest.Resource{Index: 0x1000 + 40, Floor: "9", Inactive: true})
}

// TestFloors: numbers are at least what a manifest states.
func TestFloors(t *testing.T) {
	for name, tt := range map[string]struct {
		svn     []byte
		outcome Outcome
		code    string
	}{
		"equal":   {versioned(37, 0x87, "\x05\x00"), Matches, ""},
		"higher":  {versioned(37, 0x87, "\x00\x01"), Matches, ""},
		"lower":   {versioned(37, 0x87, "\x04\x00"), Differs, "below-floor"},
		"missing": {nil, Differs, "missing"},
		"unknown": {versioned(200, 0x87, "\x05\x00"), Differs, "missing"},
	} {
		n := whole(t)
		n.withFloor(tt.svn)
		r := n.judge(t)
		a := r.Devices[0]
		if c := a.Checks.Find("vbios-measurements"); r.Outcome != tt.outcome || c.Code != tt.code || (r.Status == check.Pass) != (tt.outcome == Matches) {
			t.Errorf("%s: %s: %+v", name, a.Summary, a.Checks)
		}
		if d := a.References[1].Differences; (len(d) == 1) != (tt.outcome == Differs) || len(d) == 1 && (d[0].Record != 37 || d[0].Index != -1) {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// TestManifests: a manifest that is missing or not accepted is no fault of the card.
func TestManifests(t *testing.T) {
	sw, err := rimtest.NewSigner("LS10")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		manifests func(*testing.T, *node, *Manifests)
		check     string
		code      string
		status    check.Status
	}{
		"none": {func(*testing.T, *node, *Manifests) {}, "vbios-manifest", "no-reference", check.Unknown},
		"of another version": {func(t *testing.T, n *node, m *Manifests) {
			n.vbios.Version = "96.00.A5.00.02"
			add(t, m, vbiosFile, n.maker, n.vbios)
		}, "vbios-manifest-fits", "version", check.Fail},
		"the driver's as the VBIOS's": {func(t *testing.T, n *node, m *Manifests) { add(t, m, vbiosFile, n.maker, n.driver) }, "vbios-manifest-fits", "version", check.Fail},
		"of a switch": {func(t *testing.T, n *node, m *Manifests) {
			n.vbios.Edition = "SWITCH"
			add(t, m, vbiosFile, n.maker, n.vbios)
		}, "vbios-manifest-fits", "edition", check.Fail},
		"of another maker": {func(t *testing.T, n *node, m *Manifests) {
			n.vbios.Manufacturer = "1"
			add(t, m, vbiosFile, n.maker, n.vbios)
		}, "vbios-manifest-fits", "manufacturer", check.Fail},
		"of another chip": {func(t *testing.T, n *node, m *Manifests) {
			n.vbios.Product = "GB100"
			add(t, m, vbiosFile, n.maker, n.vbios)
		}, "vbios-manifest-fits", "product", check.Fail},
		"by the signer of switches": {func(t *testing.T, n *node, m *Manifests) {
			sw.Chain = append(sw.Chain[:3:3], n.maker.Chain[3])
			other, err := rimtest.NewSigner("LS10")
			if err != nil {
				t.Fatal(err)
			}
			add(t, m, vbiosFile, other, n.vbios)
			n.maker.Chain = append(n.maker.Chain[:4:4], other.Chain[3]) // both roots count
		}, "vbios-manifest-fits", "signer", check.Fail},
		"nothing counts": {func(t *testing.T, n *node, m *Manifests) {
			n.vbios.Resources = []rimtest.Resource{{Index: 0, Inactive: true, Values: []string{text(value(0))}}}
			add(t, m, vbiosFile, n.maker, n.vbios)
		}, "vbios-manifest-fits", "empty-manifest", check.Unknown},
		"of another root": {func(t *testing.T, n *node, m *Manifests) { add(t, m, vbiosFile, testMaker(t), n.vbios) }, "vbios-manifest", "unknown-root", check.Fail},
		"the same index twice": {func(t *testing.T, n *node, m *Manifests) {
			n.vbios.Resources = append(n.vbios.Resources, rimtest.Resource{Index: 52, Values: []string{text(value(52))}})
			n.vbios.Resources[1] = rimtest.Resource{Index: 8, Values: []string{text(value(8))}}
			add(t, m, vbiosFile, n.maker, n.vbios)
		}, CheckDisjoint, "index-conflict", check.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			n := whole(t)
			m := &Manifests{}
			add(t, m, driverFile, n.maker, n.driver)
			tt.manifests(t, n, m)
			p := n.policy()
			if len(n.maker.Chain) > 4 {
				p.ManifestRoots = n.maker.Chain[3:]
			}
			r := judge(t, []nvidia.Evidence{n.evidence(t)}, m, p)
			a := r.Devices[0]
			if r.Outcome != NoReference || r.Status == check.Pass || !strings.Contains(a.Summary, "NV_GPU_VBIOS_G520_0200_885_9600A50001 ("+tt.code+")") {
				t.Errorf("%s %s: %s", r.Outcome, r.Status, a.Summary)
			}
			if c := a.Checks.Find(tt.check); c.Code != tt.code || c.Status != tt.status {
				t.Errorf("%+v", c)
			}
		})
	}
	// Without any.
	n := whole(t)
	for _, m := range []*Manifests{nil, {}} {
		if r := judge(t, []nvidia.Evidence{n.evidence(t)}, m, n.policy()); r.Outcome != NoReference || r.Status != check.Unknown {
			t.Errorf("%+v", r)
		}
	}
	// A bad one does not hide the right one that is behind it.
	m := &Manifests{}
	add(t, m, "a_"+"NV_GPU_DRIVER_GH100_590.12.xml", testMaker(t), n.driver)
	add(t, m, driverFile, n.maker, n.driver)
	add(t, m, vbiosFile, n.maker, n.vbios)
	if r := judge(t, []nvidia.Evidence{n.evidence(t)}, m, n.policy()); r.Status != check.Pass {
		t.Errorf("%+v", r.Devices[0].Checks)
	}
}

// TestEvidence: evidence that proves nothing, each for its own reason.
func TestEvidence(t *testing.T) {
	n := whole(t)
	e := n.evidence(t)
	other := whole(t)
	sibling := e
	sibling.Chain = other.card.Chain
	relabelled := e
	relabelled.Label = "LS10"
	cut := e
	cut.Transcript = e.Transcript[:len(e.Transcript)-1]
	appended := e
	appended.Transcript = append(slices.Clone(e.Transcript), 0)
	version := e
	version.Transcript = slices.Clone(e.Transcript)
	version.Transcript[0] = 0x12
	gap := e
	gap.Chain = append(e.Chain[:1:1], e.Chain[2:]...)
	twin := e
	twin.Transcript = spdmtest.Twin(e.Transcript, e.Chain[0].PublicKey)
	off := *whole(t)
	off.card, off.opaque = n.card, append(records(0xAA), record(36, "\x07\x00")...)
	debugged := *whole(t)
	debugged.card = chain(t, "GH100 A01 GSP BROM", "41"+chipID, 0x90, 0, 0, 1)
	yes, no := true, false
	for name, tt := range map[string]struct {
		evidence nvidia.Evidence
		edit     func(*Policy)
		outcome  Outcome
		status   check.Status
		check    string
		code     string
	}{
		"no nonce":             {e, func(p *Policy) { p.Device.Nonce = nil }, Matches, check.Unknown, spdm.CheckNonce, "no-nonce"},
		"nonce off by a bit":   {e, func(p *Policy) { p.Device.Nonce = append([]byte{1}, make([]byte, 31)...) }, NotVerifiable, check.Fail, spdm.CheckNonce, "nonce"},
		"the device's nonce":   {e, func(p *Policy) { p.Device.Nonce = append([]byte{0xEE}, make([]byte, 31)...) }, NotVerifiable, check.Fail, spdm.CheckNonce, "responder-nonce"},
		"sibling's chain":      {sibling, func(p *Policy) { p.Device.Roots = other.card.Root() }, NotGenuine, check.Fail, spdm.CheckSignature, "signature"},
		"another root":         {e, func(p *Policy) { p.Device.Roots = other.card.Root() }, NotGenuine, check.Fail, spdm.CheckChain, "unknown-root"},
		"NVIDIA's root":        {e, func(p *Policy) { p.Device.Roots = nil }, NotGenuine, check.Fail, spdm.CheckChain, "unknown-root"},
		"certificate left out": {gap, func(*Policy) {}, NotVerifiable, check.Fail, spdm.CheckChain, "unknown-root"},
		"label":                {relabelled, func(*Policy) {}, NotGenuine, check.Fail, nvidia.CheckLabel, "label"},
		"cut":                  {cut, func(*Policy) {}, NotVerifiable, check.Fail, spdm.CheckSignature, "truncated"},
		"byte behind":          {appended, func(*Policy) {}, NotVerifiable, check.Fail, spdm.CheckSignature, "stray-bytes"},
		"version":              {version, func(*Policy) {}, NotVerifiable, check.Fail, spdm.CheckForm, "no-negotiation"},
		"nothing":              {nvidia.Evidence{}, func(*Policy) {}, NotVerifiable, check.Fail, spdm.CheckForm, "truncated"},
		"devtools":             {e, func(p *Policy) { p.Settings = &Settings{DevTools: &yes, Debug: &no} }, NotVerifiable, check.Fail, CheckHost, "devtools"},
		"debug":                {e, func(p *Policy) { p.Settings = &Settings{DevTools: &no, Debug: &yes} }, NotVerifiable, check.Fail, CheckHost, "debug"},
		"certified debug":      {debugged.evidence(t), func(p *Policy) { p.Device.Roots = debugged.card.Root() }, NotVerifiable, check.Fail, CheckHost, "debug"},
		"a good host's word for it": {debugged.evidence(t), func(p *Policy) {
			p.Device.Roots, p.Settings = debugged.card.Root(), &Settings{DevTools: &no, Debug: &no}
		}, NotVerifiable, check.Fail, CheckHost, "debug"},
		"settings are good": {e, func(p *Policy) { p.Settings = &Settings{DevTools: &no, Debug: &no} }, Matches, check.Pass, CheckHost, ""},
		"unknown mode":      {off.evidence(t), func(*Policy) {}, Matches, check.Unknown, CheckHost, "unknown-mode"},
		"other signature":   {twin, func(*Policy) {}, Matches, check.Pass, spdm.CheckSignature, ""},
		"manifest ended":    {e, func(p *Policy) { p.Device.Now = rimtest.End.AddDate(0, 1, 0) }, Matches, check.Unknown, "vbios-manifest-validity", "expired"},
		"and accepted": {e, func(p *Policy) {
			p.Device.Now, p.UnsafeAcceptExpired = rimtest.End.AddDate(0, 1, 0), true
		}, Matches, check.Pass, "vbios-manifest-validity", ""},
		"expected one":  {e, func(p *Policy) { p.Expected = 1 }, Matches, check.Pass, spdm.CheckForm, ""},
		"expected four": {e, func(p *Policy) { p.Expected = 4 }, Matches, check.Fail, spdm.CheckForm, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := n.policy()
			tt.edit(&p)
			r := judge(t, []nvidia.Evidence{tt.evidence}, n.manifests(t), p)
			a := r.Devices[0]
			if r.Outcome != tt.outcome || r.Status != tt.status || a.Summary == "" || a.Status != check.Pass && a.Next == "" {
				t.Errorf("%s %s: %s; %s", r.Outcome, r.Status, a.Summary, a.Next)
			}
			if c := a.Checks.Find(tt.check); c.Code != tt.code {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestNothingNamed: a report without opaque data, such as those of the boot controllers of
// Blackwell GPUs, is genuine, and does not say what to compare it with.
func TestNothingNamed(t *testing.T) {
	n := whole(t)
	n.opaque = nil
	a := n.judge(t).Devices[0]
	if a.Outcome != NoReference || a.Status != check.Unknown || !strings.Contains(a.Summary, "a manifest of the driver (no-id)") || !strings.Contains(a.Next, "does not say which manifests it needs") {
		t.Errorf("%s %s; %s", a.Status, a.Summary, a.Next)
	}
}

// TestRevocation: answers of responders, for the card's chain and for its manifests'.
func TestRevocation(t *testing.T) {
	n := whole(t)
	e, m := n.evidence(t), n.manifests(t)
	now := n.policy().Device.Now
	answer := func(cert, issuer *x509.Certificate, key *ecdsa.PrivateKey, status int) []byte {
		b, err := ocsp.CreateResponse(issuer, issuer, ocsp.Response{Status: status, SerialNumber: cert.SerialNumber, ThisUpdate: now, NextUpdate: now.Add(time.Hour), RevokedAt: now}, key)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	device := func(i, status int) []byte {
		return answer(n.card.Chain[i], n.card.Chain[i+1], n.card.KeyOf(i+1), status)
	}
	signer := func(i, status int) []byte {
		above := n.maker
		for range i + 1 {
			above = above.Above()
		}
		return answer(n.maker.Chain[i], above.Chain[0], above.Key, status)
	}
	good := [][]byte{device(1, ocsp.Good), device(2, ocsp.Good), signer(0, ocsp.Good), signer(1, ocsp.Good), signer(2, ocsp.Good)}
	for name, tt := range map[string]struct {
		answers [][]byte
		outcome Outcome
		status  check.Status
		check   string
		code    string
	}{
		"not revoked":          {good, Matches, check.Pass, CheckRevocation, ""},
		"one is missing":       {good[1:], Matches, check.Unknown, CheckRevocation, "no-answer"},
		"device revoked":       {append(good[:4:4], device(1, ocsp.Revoked)), NotVerifiable, check.Fail, CheckRevocation, "revoked"},
		"not known":            {append(good[1:], device(1, ocsp.Unknown)), Matches, check.Unknown, CheckRevocation, "unknown-to-responder"},
		"signer revoked":       {append(good[:2:2], signer(0, ocsp.Revoked), good[3], good[4]), NoReference, check.Fail, "vbios-manifest-revocation", "revoked"},
		"nothing of a signer":  {good[:2], Matches, check.Unknown, "driver-manifest-revocation", "no-answer"},
		"its issuer's revoked": {append(good[:3:3], signer(1, ocsp.Revoked)), NoReference, check.Fail, "driver-manifest-revocation", "revoked"},
	} {
		p := n.policy()
		p.Revocation = &revocation.Answers{}
		for _, b := range tt.answers {
			if is, err := p.Revocation.Add(b); !is || err != nil {
				t.Fatal(is, err)
			}
		}
		r := judge(t, []nvidia.Evidence{e}, m, p)
		a := r.Devices[0]
		if c := a.Checks.Find(tt.check); r.Outcome != tt.outcome || r.Status != tt.status || c.Code != tt.code || a.Status != check.Pass && a.Next == "" || strings.Contains(strings.Join(r.Limits, "\n"), "was not asked") {
			t.Errorf("%s: %s %s: %+v", name, r.Status, a.Summary, a.Checks)
		}
	}
}

// TestEAR: only what is all known and good is affirmed.
func TestEAR(t *testing.T) {
	const name = "device-0-" + chipID
	for what, tt := range map[string]struct {
		edit        func(*node, *Policy)
		name, tier  string
		hardware    int
		executables int
		nonce       bool
	}{
		"good":         {func(*node, *Policy) {}, name, "affirming", 2, 3, true},
		"no nonce":     {func(_ *node, p *Policy) { p.Device.Nonce = nil }, name, "warning", 2, 3, false},
		"one missing":  {func(_ *node, p *Policy) { p.Expected = 2 }, name, "contraindicated", 2, 3, true},
		"other nonce":  {func(_ *node, p *Policy) { p.Device.Nonce = bytes.Repeat([]byte{1}, 32) }, name, "contraindicated", 0, 0, false},
		"differs":      {func(n *node, _ *Policy) { n.blocks[9] = value(99) }, name, "contraindicated", 2, 96, true},
		"no reference": {func(n *node, _ *Policy) { n.vbios.Version = "1" }, name, "contraindicated", 2, 33, true},
		"unknown root": {func(_ *node, p *Policy) { p.Device.Roots = nil }, "device-0", "contraindicated", 96, 0, true},
	} {
		n := whole(t)
		p := n.policy()
		tt.edit(n, &p)
		e := judge(t, []nvidia.Evidence{n.evidence(t)}, n.manifests(t), p).EAR(p.Device.Now, "1.0")
		s := e.Submods[tt.name]
		if s == nil || len(e.Submods) != 1 || s.Status != tt.tier || s.Vector["hardware"] != tt.hardware || s.Vector["executables"] != tt.executables || (s.Nonce != "") != tt.nonce || e.Issued != p.Device.Now.Unix() {
			t.Errorf("%s: %+v", what, e.Submods)
		}
	}
	if e := judge(t, nil, nil, whole(t).policy()).EAR(day, ""); len(e.Submods) != 0 {
		t.Errorf("%+v", e)
	}
	n := whole(t)
	if s := judge(t, []nvidia.Evidence{n.evidence(t)}, nil, n.policy()).EAR(day, "").Submods[name]; s.Status != "warning" {
		t.Errorf("%+v", s)
	}
}

// TestEARNames: the names and kinds of members are those of the example that another
// implementation publishes (veraison/ear, example_test.go, profile "rats/ear#04").
func TestEARNames(t *testing.T) {
	const published = `{"ear_verifier_id":{"build":"rrtrap-v1.0.0","developer":"Acme Inc."},"eat_profile":"tag:ietf.org,2026:rats/ear#04","iat":1666091373,` +
		`"submods":{"test":{"ear_status":"affirming","ear_trustworthiness_vector":{"executables":3,"hardware":2}}}}`
	n := whole(t)
	b, err := json.Marshal(judge(t, []nvidia.Evidence{n.evidence(t)}, n.manifests(t), n.policy()).EAR(time.Unix(1666091373, 0), "rrtrap-v1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	var theirs, ours map[string]any
	if err := errors.Join(json.Unmarshal([]byte(published), &theirs), json.Unmarshal(b, &ours)); err != nil {
		t.Fatal(err)
	}
	theirs["ear_verifier_id"].(map[string]any)["developer"] = "https://github.com/gpuaudit/gpuaudit"
	device := ours["submods"].(map[string]any)["device-0-"+chipID].(map[string]any)
	for _, more := range []string{"eat_nonce", "ear_verifier_claims", "ear_attester_claims"} { // of which theirs has none
		if device[more] == nil {
			t.Errorf("%s is missing", more)
		}
		delete(device, more)
	}
	ours["submods"] = map[string]any{"test": device}
	if !reflect.DeepEqual(theirs, ours) {
		t.Errorf("%v, want %v", ours, theirs)
	}
}

// TestTogether: what devices say of each other.
func TestTogether(t *testing.T) {
	n := whole(t)
	e := n.evidence(t)
	m := n.manifests(t)
	if r := judge(t, nil, m, n.policy()); r.Status != check.Unknown || r.Outcome != NotVerifiable || r.Checks[0].Code != "no-evidence" {
		t.Errorf("%+v", r)
	}
	twin := e
	twin.Transcript = spdmtest.Twin(e.Transcript, e.Chain[0].PublicKey)
	if r := judge(t, []nvidia.Evidence{e, twin}, m, n.policy()); r.Status != check.Fail || r.Checks[0].Code != "duplicate-device" {
		t.Errorf("%+v", r)
	}
	// A GPU and a switch that name each other, and one that names somebody else.
	id, _ := hex.DecodeString(chipID)
	switchID := []byte{0x20, 0x3E, 0xB3, 0x1A, 0xD9, 0xED, 0, 8}
	little := slices.Clone(switchID)
	slices.Reverse(little)
	gpu := whole(t)
	gpu.opaque = append(gpu.opaque, record(22, string(little))...)
	for name, tt := range map[string]struct {
		gpus []byte
		code string
	}{"fit": {id, ""}, "other": {append([]byte{1}, id[1:]...), "links"}} {
		sw := whole(t)
		sw.card = chain(t, "LS_10 A01 FSP BROM", "50203EB31AD9ED0008")
		sw.opaque = append(record(6, "96.10.55.00.01"), append(record(22, string(switchID)), record(26, string(tt.gpus))...)...)
		es := sw.evidence(t)
		es.Label = "LS10"
		p := gpu.policy()
		p.Device.Roots = append([]*x509.Certificate(nil), gpu.card.Root()[0], sw.card.Root()[0])
		r := judge(t, []nvidia.Evidence{gpu.evidence(t), es}, gpu.manifests(t), p)
		if c := r.Checks.Find(CheckTopology); c == nil || c.Code != tt.code {
			t.Errorf("%s: %+v", name, r.Checks)
		}
		if a := r.Devices[1]; a.Outcome != NoReference || a.References[0].ID != "NV_SWITCH_BIOS_5612_0002_890_9610550001" {
			t.Errorf("%s: %s: %+v", name, a.Summary, a.Checks)
		}
	}
}

// TestWants: the ids that manifests are looked for by.
func TestWants(t *testing.T) {
	s := func(v string) *string { return &v }
	for want, d := range map[string]*nvidia.Device{
		"NV_GPU_DRIVER_GH100_550.90.07": {Chip: "GH100", Arch: "HOPPER", Driver: s("550.90.07")},
		"NV_GPU_CC_DRIVER_GB100_580.1":  {Chip: "GB102", Arch: "BLACKWELL", Driver: s("580.1")},
		"NV_GPU_CC_DRIVER_GB202_590.1":  {Chip: "GB202", Arch: "BLACKWELL", Driver: s("590.1"), Model: s("GB202")},
		"NV_GPU_DRIVER_GR100_620.54":    {Chip: "GR100", Arch: "RUBIN", Driver: s("620.54")},
		"":                              {Chip: "GH100", Arch: "HOPPER"},
	} {
		list := wants(d)
		if len(list) != 2 || list[0].id != want || (want == "") != (list[0].missing != "") || list[1].missing == "" {
			t.Errorf("%s: %+v", want, list)
		}
	}
}

// TestLocated: newer devices name their manifests themselves.
func TestLocated(t *testing.T) {
	s := func(v string) *string { return &v }
	d := &nvidia.Device{Chip: "GR100", Arch: "RUBIN", Driver: s("620.54"), VBIOS: s("99.00.23.00.00"),
		Locators: []string{"https://rim.attestation.nvidia.com/v1/rim/GR100_081D_9900230000", "https://rim.attestation.nvidia.com/v1/rim/NV_GPU_DRIVER_GR100_620.54", "no address/?"}}
	list := wants(d)
	if list[0].id != "NV_GPU_DRIVER_GR100_620.54" || list[1].id != "GR100_081D_9900230000" || list[1].missing != "" || list[1].version != "99.00.23.00.00" {
		t.Errorf("%+v", list)
	}
	d.VBIOS = nil
	if list = wants(d); list[1].missing == "" {
		t.Errorf("%+v", list)
	}
}

// TestAdd: answers of the service that gives manifests out, and other files.
func TestAdd(t *testing.T) {
	n := whole(t)
	doc, err := n.maker.Sign(n.vbios.Body(), rimtest.Form{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(sum string) []byte {
		b, err := json.Marshal(map[string]any{"id": "NV_GPU_VBIOS_G520_0200_885_9600A50001", "rim": []byte(doc), "sha256": sum, "rim_format": "TCG", "request_id": "1"})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	m := &Manifests{}
	add(t, m, driverFile, n.maker, n.driver)
	if is, err := m.Add("answer.json", put("")); !is || err != nil {
		t.Fatal(is, err)
	}
	if r := judge(t, []nvidia.Evidence{n.evidence(t)}, m, n.policy()); r.Status != check.Pass {
		t.Errorf("%+v", r.Devices[0].Checks)
	}
	if _, err := m.Add("answer.json", put("00")); err == nil || !strings.Contains(err.Error(), "digest beside it") {
		t.Error(err)
	}
	for name, b := range map[string]string{"README.md": "# text", "empty": "", "other.json": `{"a":1}`} {
		if is, err := m.Add(name, []byte(b)); is || err != nil {
			t.Errorf("%s: %v %v", name, is, err)
		}
	}
}

// TestPolicy: an incomplete one is an error.
func TestPolicy(t *testing.T) {
	if _, err := Appraise([]nvidia.Evidence{{}}, nil, Policy{}); err == nil {
		t.Error("no clock")
	}
}

// BenchmarkBare is what the signatures of one device's chain and report cost alone: the
// least that its verification can take.
// eight is a node of eight devices with their two manifests. They share a key, as chains for
// tests have a root each, and a trusted root more is one more to try.
func eight(t testing.TB) ([]nvidia.Evidence, *Manifests, Policy) {
	t.Helper()
	n := whole(t)
	var list []nvidia.Evidence
	for range 8 {
		list = append(list, n.evidence(t))
	}
	return list, n.manifests(t), n.policy()
}

// BenchmarkNode appraises eight devices with chains and manifests that were verified before
// (warm), and anew each time (cold).
func BenchmarkNode(b *testing.B) {
	for name, kept := range map[string]*spdm.Chains{"warm": {}, "cold": nil} {
		b.Run(name, func(b *testing.B) {
			list, m, p := eight(b)
			p.Device.Chains = kept
			b.ReportAllocs()
			var before, after syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if kept == nil {
					m = &Manifests{files: m.files}
				}
				if r := judge(b, list, m, p); r.Outcome != Matches {
					b.Fatal(r.Checks)
				}
			}
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
				b.Fatal(err)
			}
			used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
			b.ReportMetric(float64(used)/float64(b.N)/1e6, "cpu-ms/each")
		})
	}
}

// TestNodeMemory: all that appraising eight devices allocates, manifests and all, would fit
// into the heap that it may take at most, even if nothing of it were freed.
func TestNodeMemory(t *testing.T) {
	list, m, p := eight(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := judge(t, list, m, p)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; r.Outcome != Matches || got > 25<<20 {
		t.Errorf("%s, %d bytes", r.Outcome, got)
	} else {
		t.Logf("%d KiB", got>>10)
	}
}

// FuzzCompare lets a genuine card measure and report anything: nothing but what its
// manifests state matches.
func FuzzCompare(f *testing.F) {
	n := whole(f)
	p := n.policy()
	s := &search{Manifests: n.manifests(f), policy: p.manifests()}
	var all []byte
	for i := range 64 {
		all = append(append(all, byte(i+1)), n.blocks[i]...)
	}
	f.Add(all, n.opaque)
	f.Add(all[:49], []byte("NVDAOD\x00\x00\x02\x00\x00\x00"))
	device := judge(f, []nvidia.Evidence{n.evidence(f)}, s.Manifests, p).Devices[0].Device
	f.Fuzz(func(t *testing.T, blocks, opaque []byte) {
		o, err := nvidia.ParseOpaque(opaque, 0)
		if err != nil {
			return
		}
		d := *device
		d.Opaque = o
		m := &spdm.Measured{}
		for b := range slices.Chunk(blocks, 49) {
			m.Blocks = append(m.Blocks, spdm.Block{Index: int(b[0]), Value: b[1:]})
		}
		a := &Appraisal{Device: &d, Measured: m, Checks: check.List{{Name: CheckHost, Status: check.Pass}}}
		if err := a.compare(s); err != nil {
			t.Fatal(err)
		}
		a.Status = a.status()
		a.inWords()
		right := true
		for _, i := range []int{0, 7, 52, 35, 9} {
			b := m.Block(i + 1)
			right = right && b != nil && (bytes.Equal(b.Value, value(i)) || i == 9 && slices.ContainsFunc([]int{1, 2, 3}, func(v int) bool { return bytes.Equal(b.Value, value(v)) }))
		}
		if (a.Outcome == Matches) != right || a.Summary == "" {
			t.Fatalf("%s, right %t", a.Summary, right)
		}
	})
}

func FuzzAdd(f *testing.F) {
	f.Add("a.xml", []byte("<a/>"))
	f.Add("NV_GPU_DRIVER_GH100_590.12.json", []byte(`{"id":"a","rim":"PGEvPg==","sha256":"","rim_format":"TCG"}`))
	f.Fuzz(func(_ *testing.T, name string, b []byte) {
		_, _ = (&Manifests{}).Add(name, b)
	})
}
