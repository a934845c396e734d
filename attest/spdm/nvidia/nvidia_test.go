package nvidia

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/spdm"
	"github.com/gpuaudit/gpuaudit/attest/spdm/spdmtest"
)

var firmware = bytes.Repeat([]byte{0xF1}, 48)

// tcb is DICE's TcbInfo with a version and one firmware id.
func tcb(t testing.TB, digest []byte) pkix.Extension {
	t.Helper()
	type id struct {
		Alg    asn1.ObjectIdentifier
		Digest []byte
	}
	der, err := asn1.Marshal(struct {
		Version string `asn1:"tag:2,utf8"`
		FWIDs   []id   `asn1:"tag:6"`
	}{"A01", []id{{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, digest}}})
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: oidTCBInfo, Value: der}
}

// card is a device whose certificates look as NVIDIA's do, under another root.
func card(t testing.TB, rom, serial string, extensions ...pkix.Extension) *spdmtest.Signed {
	t.Helper()
	s, err := spdmtest.NewChain(spdmtest.Subject{Name: "firmware", Extensions: extensions}, spdmtest.Subject{Name: rom, Serial: serial}, spdmtest.Subject{Name: "identity"}, spdmtest.Subject{Name: "root"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// record is one of the older format, versioned one of the newer.
func record(kind int, value []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(kind))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

func versioned(kind, valueType int, value []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(kind))
	b = binary.LittleEndian.AppendUint16(b, uint16(valueType))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

func header(major byte, profile uint16) []byte {
	b := binary.LittleEndian.AppendUint16([]byte(magic), profile)
	return append(b, major, 0, 0, 0)
}

func report(t testing.TB, s *spdmtest.Signed, opaque []byte) Evidence {
	t.Helper()
	a := &spdmtest.Answer{Version: spdm.V11, Blocks: 1, Record: spdmtest.Block(1, 1, make([]byte, 48)), Opaque: opaque}
	b, err := s.Sign(a.Messages(), spdm.V11)
	if err != nil {
		t.Fatal(err)
	}
	return Evidence{Evidence: spdm.Evidence{Transcript: b, Chain: s.Chain}}
}

// record20 is the record that the leaf of a test names.
var record20 = record(recordFWID, firmware)

const gpuROM, gpuSerial = "GB100 A01 FSP BROM", "40DC1C611C173DD03E"

// TestOpaque: each fault of the opaque data has its own reason, and all of them are
// signed by the device.
func TestOpaque(t *testing.T) {
	s := card(t, gpuROM, gpuSerial, tcb(t, firmware))
	fw := record(recordFWID, firmware)
	for name, tt := range map[string]struct {
		opaque []byte
		code   string
		status check.Status
	}{
		"older":             {fw, "", check.Pass},
		"newer":             {append(header(2, 0), versioned(recordFWID, 0x01, firmware)...), "", check.Pass},
		"unknown is kept":   {append(record(200, []byte{1}), fw...), "", check.Pass},
		"duplicate record":  {append(slices.Clone(fw), fw...), "duplicate-record", check.Fail},
		"past the end":      {append(slices.Clone(fw[:2]), 0xff, 0xff), "record-size", check.Fail},
		"stray bytes":       {append(slices.Clone(fw), 1, 2, 3), "stray-bytes", check.Fail},
		"profile":           {header(2, 1), "opaque-profile", check.Fail},
		"major version 3":   {header(3, 0), "unsupported", check.Unknown},
		"half a header":     {[]byte(magic), "truncated", check.Fail},
		"value type":        {append(header(2, 0), versioned(recordFWID, 0x87, firmware)...), "value-type", check.Fail},
		"odd array":         {append(header(2, 0), versioned(recordMeasureCounts, 0x84, []byte{1, 2, 3})...), "record-size", check.Fail},
		"short firmware id": {record(recordFWID, firmware[:32]), "record-size", check.Fail},
	} {
		r := judge(t, report(t, s, tt.opaque), spdm.Policy{Now: day, Nonce: make([]byte, 32), Roots: s.Root()})
		if c := r.Checks.Find(CheckOpaque); c.Status != tt.status || c.Code != tt.code || len(r.Checks) != 8 {
			t.Errorf("%s: %+v", name, r.Checks)
		} else if tt.code == "" && r.Checks.Status() != check.Pass {
			t.Errorf("%s: %+v", name, r.Checks)
		}
	}
}

// TestBinding: what ties a report to firmware and chip.
func TestBinding(t *testing.T) {
	other := bytes.Repeat([]byte{0xF2}, 48)
	fw := record(recordFWID, firmware)
	own := record(recordSwitches, []byte{0x20, 0x3E, 0xB3, 0x1A, 0xD9, 0xED, 0, 8})
	for name, tt := range map[string]struct {
		signed *spdmtest.Signed
		opaque []byte
		check  string
		code   string
		status check.Status
	}{
		"firmware of another certificate": {card(t, gpuROM, gpuSerial, tcb(t, other)), fw, CheckFWID, "firmware-id", check.Fail},
		"firmware not certified":          {card(t, gpuROM, gpuSerial), fw, CheckFWID, "not-certified", check.Unknown},
		"firmware not reported":           {card(t, gpuROM, gpuSerial, tcb(t, firmware)), nil, CheckFWID, "not-reported", check.Unknown},
		"malformed extension":             {card(t, gpuROM, gpuSerial, pkix.Extension{Id: oidTCBInfo, Value: []byte{1}}), fw, CheckFWID, "malformed", check.Fail},
		"no boot ROM":                     {card(t, "GB100 something", gpuSerial), fw, CheckChip, "not-a-chip", check.Fail},
		"no chip id":                      {card(t, gpuROM, "40DC"), fw, CheckChip, "not-a-chip", check.Fail},
		"switch of another id":            {card(t, "LS_10 A01 FSP BROM", "50203EB31AD9ED0009"), own, CheckChip, "chip-id", check.Fail},
		"switch without its id":           {card(t, "LS_10 A01 FSP BROM", "50203EB31AD9ED0008"), nil, CheckChip, "not-reported", check.Unknown},
		"switch":                          {card(t, "LS_10 A01 FSP BROM", "50203EB31AD9ED0008"), own, CheckChip, "", check.Pass},
	} {
		r := judge(t, report(t, tt.signed, tt.opaque), spdm.Policy{Now: day, Roots: tt.signed.Root()})
		if c := r.Checks.Find(tt.check); c.Status != tt.status || c.Code != tt.code {
			t.Errorf("%s: %+v", name, r.Checks)
		}
	}
	// Without roots of its own a policy means NVIDIA's, which is not this one.
	s := card(t, gpuROM, gpuSerial)
	r := judge(t, report(t, s, nil), spdm.Policy{Now: day})
	if c := r.Checks.Find(spdm.CheckChain); c.Status != check.Fail || c.Code != "unknown-root" || r.Device.ID != "" {
		t.Errorf("%+v %+v", r.Checks, r.Device)
	}
}

func TestTopology(t *testing.T) {
	gpu := func(id string, links ...string) *Device { return &Device{ID: id, Links: links} }
	sw := func(id string, links ...string) *Device { return &Device{ID: id, Switch: true, Links: links} }
	const none = "0000000000000000"
	for name, tt := range map[string]struct {
		devices  []*Device
		expected int
		want     string
	}{
		"whole":          {[]*Device{gpu("A", "S", "S", none), gpu("B", "S"), sw("S", "A", "B", none)}, 3, ""},
		"one missing":    {[]*Device{gpu("A", "S"), sw("S", "A", "B")}, 3, "2 devices answered, expected 3\nchip S is linked to B, of which there is no report"},
		"twice":          {[]*Device{gpu("A", "S"), gpu("A", "S"), sw("S", "A")}, 0, "chip A answered twice"},
		"not named back": {[]*Device{gpu("A", "S"), sw("S")}, 0, "chip A is linked to S, which does not name it"},
		"own kind":       {[]*Device{gpu("A", "B"), gpu("B", "A")}, 0, "chip A names B as the other end of a link, which is of its own kind\nchip B names A as the other end of a link, which is of its own kind"},
	} {
		if got := strings.Join(Topology(tt.devices, tt.expected), "\n"); got != tt.want {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}

// TestRead: files that are no evidence, and an empty list, which proves nothing.
func TestRead(t *testing.T) {
	for name, text := range map[string]string{
		"no device is in it": "[]",
		"nor a transcript":   "hello",
		"/0/arch":            `[{"arch":1}]`,
		"device 0: evidence": `[{"arch":"HOPPER","evidence":"?","certificate":"","nonce":""}]`,
		"device 0: certificate: it holds no certificate": `[{"arch":"HOPPER","evidence":"","certificate":"","nonce":""}]`,
	} {
		if _, err := Read("file.json", []byte(text)); err == nil || !strings.Contains(err.Error(), name) || !strings.HasPrefix(err.Error(), "file.json: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestText: one transcript, in hexadecimal and in base64.
func TestText(t *testing.T) {
	s := card(t, gpuROM, gpuSerial)
	want := report(t, s, nil).Transcript
	for name, text := range map[string]string{"hexadecimal": hex.EncodeToString(want), "lines": hex.EncodeToString(want[:40]) + "\r\n  " + hex.EncodeToString(want[40:]), "base64": base64.StdEncoding.EncodeToString(want) + "\n"} {
		list, err := Read("f", []byte(text))
		if err != nil || len(list) != 1 || !bytes.Equal(list[0].Transcript, want) || !Evident([]byte(text)[:64]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for text, want := range map[string]bool{"": false, " \n": false, "[]": true, "{}": false, "<a/>": false, "\x1f\x8b": false, "11E0": true, "EeAB": true} {
		if Evident([]byte(text)) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

// collection is a device as the newer SDK writes it.
func collection(t testing.TB, e Evidence) map[string]any {
	t.Helper()
	var chain []byte
	for _, c := range e.Chain {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	value := func(media string, b []byte) []string { return []string{media, base64.RawURLEncoding.EncodeToString(b)} }
	return map[string]any{collectionKey: inputType + "pre-1.0.0", "nonce": value("application/octet-stream", make([]byte, 32)),
		"gpu_0": map[string]any{collectionKey: itemType, "certificate": value(mediaChain, chain), "evidence": value(mediaTranscript, e.Transcript), "nonce": value("application/octet-stream", make([]byte, 32))}}
}

// TestCollection: evidence as a conceptual message wrapper.
func TestCollection(t *testing.T) {
	s := card(t, gpuROM, gpuSerial)
	e := report(t, s, nil)
	text := func(edit func(all, gpu map[string]any)) []byte {
		all := collection(t, e)
		edit(all, all["gpu_0"].(map[string]any))
		b, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	// NVIDIA's SDK puts hints beside the evidence of a Blackwell GPU.
	hints := []string{"application/json", "eyJmd3ZlcnNpb24iOiIwMS4wMC4wMC4wMC4wMSJ9"}
	b := text(func(all, gpu map[string]any) { all["gpu_1"], gpu["hints"], all["hints"] = gpu, hints, hints })
	list, err := Read("f", b)
	if err != nil || len(list) != 2 || !bytes.Equal(list[1].Transcript, e.Transcript) || len(list[0].Chain) != 4 || !Evident(b[:64]) {
		t.Fatalf("%d: %v", len(list), err)
	}
	for want, edit := range map[string]func(all, gpu map[string]any){
		"not supported":                        func(all, _ map[string]any) { all[collectionKey] = "other" },
		"a collection of the type":             func(all, _ map[string]any) { delete(all, collectionKey) },
		"no device is in it":                   func(all, _ map[string]any) { delete(all, "gpu_0") },
		"an item of the type":                  func(_, gpu map[string]any) { gpu[collectionKey] = "other" },
		`device "gpu_0": evidence: media type`: func(_, gpu map[string]any) { gpu["evidence"] = []string{"text/plain", ""} },
		"certificate: no pair":                 func(_, gpu map[string]any) { gpu["certificate"] = []string{"a"} },
		"certificate: it holds no certificate": func(_, gpu map[string]any) { gpu["certificate"] = []string{mediaChain, ""} },
		"illegal base64":                       func(_, gpu map[string]any) { gpu["evidence"] = []string{mediaTranscript, "+"} },
		`device "other"`:                       func(all, _ map[string]any) { all["other"] = []string{"text/plain", ""} },
	} {
		if _, err := Read("f", text(edit)); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "f: ") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// contents is a table of contents with locators.
func contents(t testing.TB, locators ...any) []byte {
	t.Helper()
	b, err := cbor.Marshal(cbor.Tag{Number: tagTOC, Content: map[int]any{0: []any{}, tocLocators: locators}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func address(s string) cbor.Tag { return cbor.Tag{Number: tagURI, Content: s} }

func uri(s string) map[int]any { return map[int]any{locatorURI: address(s)} }

// TestContents: where a device says that its manifests are.
func TestContents(t *testing.T) {
	s := card(t, gpuROM, gpuSerial, tcb(t, firmware))
	const driver = "https://rim.attestation.nvidia.com/v1/rim/NV_GPU_DRIVER_GR100_620.54"
	empty, err := cbor.Marshal(cbor.Tag{Number: tagTOC, Content: map[int]any{}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		kind   byte
		value  []byte
		want   []string
		code   string
		status check.Status
	}{
		"two":             {0x8a, contents(t, uri(driver), uri("b")), []string{driver, "b"}, "", check.Pass},
		"in two places":   {0x8a, contents(t, map[int]any{locatorURI: []any{address(driver), address("b")}}), []string{driver, "b"}, "", check.Pass},
		"in no place":     {0x8a, contents(t, map[int]any{locatorURI: []any{}}), nil, "malformed", check.Fail},
		"many places":     {0x8a, contents(t, map[int]any{locatorURI: slices.Repeat([]any{address("a")}, 65)}), nil, "malformed", check.Fail},
		"an empty list":   {0x8a, contents(t), nil, "malformed", check.Fail},
		"none":            {0x8a, empty, nil, "", check.Pass},
		"no address":      {0x8a, contents(t, map[int]any{0: "text"}), nil, "malformed", check.Fail},
		"no map":          {0x8a, contents(t, 1), nil, "malformed", check.Fail},
		"too many":        {0x8a, contents(t, slices.Repeat([]any{uri("a")}, 65)...), nil, "malformed", check.Fail},
		"another type":    {0x84, contents(t), nil, "unsupported", check.Unknown},
		"another tag":     {0x8a, []byte{0xC1, 0x00}, nil, "unsupported", check.Unknown},
		"cut":             {0x8a, contents(t, uri(driver))[:30], nil, "unsupported", check.Unknown},
		"text behind":     {0x8a, append(contents(t), 0), nil, "unsupported", check.Unknown},
		"without a value": {0x8a, nil, nil, "unsupported", check.Unknown},
	} {
		a := &spdmtest.Answer{Version: spdm.V11, Blocks: 1, Record: spdmtest.Block(0xFD, tt.kind, tt.value), Opaque: record(recordFWID, firmware)}
		b, err := s.Sign(a.Messages(), spdm.V11)
		if err != nil {
			t.Fatal(err)
		}
		r := judge(t, Evidence{Evidence: spdm.Evidence{Transcript: b, Chain: s.Chain}}, spdm.Policy{Now: day, Roots: s.Root()})
		if c := r.Checks.Find(CheckTOC); c == nil || c.Code != tt.code || c.Status != tt.status || !slices.Equal(r.Device.Locators, tt.want) {
			t.Errorf("%s: %+v %v", name, c, r.Device.Locators)
		}
	}
	for locator, want := range map[string]string{driver: "NV_GPU_DRIVER_GR100_620.54", "https://a/": "", "": "", "https://a/b/..": "", "https://a/b%20c": "", "://": "", "https://a/b?c": "b"} {
		if got := ManifestID(locator); got != want {
			t.Errorf("%s: %q", locator, got)
		}
	}
}

func FuzzContents(f *testing.F) {
	f.Add(contents(f, uri("https://a/b")))
	f.Fuzz(func(t *testing.T, b []byte) {
		toc, err := tocOf(&spdm.Block{Raw: true, Type: structuredManifest, Value: b})
		if err != nil {
			return
		}
		list, err := locators(toc)
		if err == nil && len(list) > maxLocators {
			t.Fatal(len(list))
		}
		_, _ = components(toc, &spdm.Measured{Blocks: []spdm.Block{{Index: 1, Value: make([]byte, 48)}}})
		for _, l := range list {
			_ = ManifestID(l)
		}
	})
}

// TestConciseEvidence: what a device may say of its parts, and what nobody can read. The
// names are those of NVIDIA's samples (attestation-sdk, unit-tests/testdata/sample_rims/coev).
func TestConciseEvidence(t *testing.T) {
	s := card(t, gpuROM, gpuSerial, tcb(t, firmware))
	type m = map[int]any
	tag := func(n uint64, v any) cbor.Tag { return cbor.Tag{Number: n, Content: v} }
	environment := m{0: m{1: "NVIDIA", 2: "part"}}
	digest := m{1: m{2: []any{[]any{1, bytes.Repeat([]byte{1}, 32)}}}}
	indirect := m{1: m{12: m{0: []any{1}}}}
	triples := func(measurements ...any) m { return m{0: []any{[]any{environment, measurements}}} }
	evidence := func(member m) m { return m{tocEvidence: []any{tag(tagEvidence, member)}} }
	good := evidence(m{0: triples(digest)})
	with := func(key int, v any) m { return m{tocEvidence: good[tocEvidence], key: v} }
	for name, tt := range map[string]struct {
		toc          m
		code, detail string
		parts        int
	}{
		"whole":                             {good, "", "", 1},
		"accept_unknown_extension_keys":     {with(42, "x"), "", "", 1},
		"accept_extra_triples":              {evidence(m{0: m{0: triples(digest)[0], 1: []any{[]byte{0}}, 5: []any{[]byte{0}}}, 1: tag(tagUUID, make([]byte, 16)), 2: tag(tagOID, []byte{0x2a, 3})}), "", "", 1},
		"accept_extra_mvm_fields":           {evidence(m{0: triples(m{1: m{2: digest[1].(m)[2], 8: "serial", 9: []byte{1}, 11: "name"}})}), "", "", 1},
		"indirect":                          {evidence(m{0: triples(indirect)}), "", "", 1},
		"of another kind alone":             {evidence(m{0: m{1: []any{[]byte{0}}}}), "", "", 0},
		"direct_and_indirect":               {evidence(m{0: triples(digest, indirect)}), "unsupported", "two measurements", 0},
		"mixed_measurement":                 {evidence(m{0: triples(m{1: m{2: digest[1].(m)[2], 12: m{0: []any{1}}}})}), "unsupported", "there already", 0},
		"reject_empty_ev_triples_in_toc":    {evidence(m{0: m{}}), "malformed", "states nothing", 0},
		"reject_malformed_evidence_triples": {evidence(m{0: m{0: []any{[]any{environment}}}}), "malformed", "no pair", 0},
		"reject_malformed_evidence_id":      {evidence(m{0: triples(digest), 1: 42}), "malformed", "no UUID", 0},
		"reject_malformed_ce_profile":       {evidence(m{0: triples(digest), 2: 42}), "malformed", "profile", 0},
		"reject_malformed_toc_profile":      {with(2, 42), "malformed", "profile", 0},
		"reject_malformed_toc_rim_locators": {with(1, "text"), "malformed", "locators", 0},
		"reject_malformed_tagged_evidence":  {m{0: "text"}, "malformed", "no list of parts", 0},
		"malformed_spdm_indirect_index":     {evidence(m{0: triples(m{1: m{12: m{0: "bad"}}})}), "malformed", "without an index", 0},
		"an index without a block":          {evidence(m{0: triples(m{1: m{12: m{0: []any{9}}}})}), "malformed", "no block 9", 0},
	} {
		b, err := cbor.Marshal(tag(tagTOC, tt.toc))
		if err != nil {
			t.Fatal(err)
		}
		record := append(spdmtest.Block(1, 1, make([]byte, 48)), spdmtest.Block(0xFD, 0x8a, b)...)
		a := &spdmtest.Answer{Version: spdm.V11, Blocks: 2, Record: record, Opaque: record20}
		signed, err := s.Sign(a.Messages(), spdm.V11)
		if err != nil {
			t.Fatal(err)
		}
		r := judge(t, Evidence{Evidence: spdm.Evidence{Transcript: signed, Chain: s.Chain}}, spdm.Policy{Now: day, Roots: s.Root()})
		parts := len(r.Device.Components)
		if tt.code == "" {
			parts-- // the certificate's
		}
		if c := r.Checks.Find(CheckTOC); c == nil || c.Code != tt.code || !strings.Contains(c.Detail, tt.detail) || parts != tt.parts {
			t.Errorf("%s: %+v, %d parts", name, c, parts)
		}
	}
}

// TestCertifiedDebug: what a device's certificate says of its state.
func TestCertifiedDebug(t *testing.T) {
	for flags, want := range map[byte]bool{0xC0: false, 0x10: true, 0xFF: true, 0xEF: false} {
		ext := tcb(t, firmware)
		ext.Value = append(slices.Clone(ext.Value), 0x87, 5, 0, flags, 0, 0, 1)
		ext.Value[1] += 7 // the length of the sequence, which stays below 128
		s := card(t, gpuROM, gpuSerial, ext)
		r := judge(t, report(t, s, record(recordFWID, firmware)), spdm.Policy{Now: day, Roots: s.Root()})
		if r.Checks.Find(CheckFWID).Status != check.Pass || r.Device.CertifiedDebug != want {
			t.Errorf("%#x: %+v", flags, r.Device)
		}
		// A certificate that nobody vouches for says nothing.
		if r := judge(t, report(t, s, record(recordFWID, firmware)), spdm.Policy{Now: day, Roots: card(t, gpuROM, gpuSerial).Root()}); r.Device.CertifiedDebug {
			t.Errorf("%#x: a stranger's word was taken", flags)
		}
	}
}

// TestRedfish: what a management controller answers, of which the chain is another file.
func TestRedfish(t *testing.T) {
	s := card(t, gpuROM, gpuSerial, tcb(t, firmware))
	e := report(t, s, record(recordFWID, firmware))
	messages := e.Transcript[:len(e.Transcript)-96]
	sum := sha512.Sum512(messages)
	r, z, err := ecdsa.Sign(rand.Reader, s.Key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	other := append(bytes.Clone(messages), append(r.FillBytes(make([]byte, 48)), z.FillBytes(make([]byte, 48))...)...)
	answer := func(hash string, transcript []byte) []byte {
		b, err := json.MarshalIndent(map[string]any{"HashingAlgorithm": hash, "SignedMeasurements": transcript, "SigningAlgorithm": "TPM_ALG_ECDSA_ECC_NIST_P384", "Version": "1.1.0", "@odata.id": "/x"}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, tt := range map[string]struct {
		hash       string
		transcript []byte
		status     check.Status
	}{
		"SHA-384":     {"TPM_ALG_SHA_384", e.Transcript, check.Pass},
		"short name":  {"SHA384", e.Transcript, check.Pass},
		"SHA-512":     {"TPM_ALG_SHA_512", other, check.Pass},
		"not its own": {"TPM_ALG_SHA_512", e.Transcript, check.Fail},
		"not named":   {"", e.Transcript, check.Pass},
	} {
		b := answer(tt.hash, tt.transcript)
		list, err := Read("f", b)
		if err != nil || len(list) != 1 || !Evident(b[:64]) {
			t.Fatalf("%s: %v", name, err)
		}
		list[0].Chain = s.Chain
		if c := judge(t, list[0], spdm.Policy{Now: day, Roots: s.Root()}).Checks.Find(spdm.CheckSignature); c.Status != tt.status {
			t.Errorf("%s: %+v", name, c)
		}
	}
	for want, b := range map[string][]byte{`hash "MD5" is not supported`: answer("MD5", nil), "no measurements": answer("", nil), "illegal base64": []byte(`{"SignedMeasurements":"?"}`)} {
		if _, err := Read("f", b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func FuzzOpaque(f *testing.F) {
	f.Add(record(recordFWID, firmware))
	f.Add(append(header(2, 0), versioned(recordFWID, 0x01, firmware)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := ParseOpaque(b, 0)
		if err != nil {
			return
		}
		deviceOf(o)
		size := 0
		for _, r := range o.Records {
			size += len(r.Value)
		}
		if size > len(b) {
			t.Fatalf("%d bytes of records in %d", size, len(b))
		}
	})
}

func FuzzCertificateExtensions(f *testing.F) {
	f.Add(tcb(f, firmware).Value)
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = tcbInfo(b)
		_, _, _ = tcbTriple(b)
		_, _ = compositeID(b)
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`[{"arch":"HOPPER","evidence":"AA==","certificate":"","nonce":""}]`))
	f.Add([]byte("11e001ff"))
	if b, err := json.Marshal(collection(f, report(f, card(f, gpuROM, gpuSerial), nil))); err == nil {
		f.Add(b)
	}
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = Read("f", b) })
}

// BenchmarkVerify compares with what the chain and the signature cost alone: "bare" are the
// P-384 signatures of the chain and of the report, "cold" all of the verification, "kept" with
// a chain that was verified before, and "signature" the one that is left then.
// BenchmarkVerify verifies a report of NVIDIA's beside the bare signatures of the same: of-bare
// is the ratio of processor time, taken in turns, with the whole chain (cold) and with a chain
// that was verified before (kept), beside the one signature that is then left.
func BenchmarkVerify(b *testing.B) {
	e := read(b, "hopper_evidence.json")[0]
	signature := func() {
		t := e.Transcript
		sum := sha512.Sum384(t[:len(t)-96])
		r, s := new(big.Int).SetBytes(t[len(t)-96:len(t)-48]), new(big.Int).SetBytes(t[len(t)-48:])
		if !ecdsa.Verify(e.Chain[0].PublicKey.(*ecdsa.PublicKey), sum[:], r, s) {
			b.Fatal("the report does not verify")
		}
	}
	bare := func() {
		for i := range len(e.Chain) - 1 {
			if err := e.Chain[i].CheckSignatureFrom(e.Chain[i+1]); err != nil {
				b.Fatal(err)
			}
		}
		signature()
	}
	for name, tt := range map[string]struct {
		chains *spdm.Chains
		beside func()
	}{"cold": {nil, bare}, "kept": {&spdm.Chains{}, signature}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			p := own(e)
			p.Chains = tt.chains
			whole := func() {
				if r := judge(b, e, p); r.Checks.Status() != check.Pass {
					b.Fatal(r.Checks)
				}
			}
			var mine, theirs time.Duration
			for b.Loop() {
				theirs += processorTime(b, tt.beside)
				mine += processorTime(b, whole)
			}
			b.ReportMetric(float64(mine)/float64(theirs), "of-bare")
			b.ReportMetric(mine.Seconds()*1000/float64(b.N), "cpu-ms/each")
		})
	}
}

// processorTime is what the process used while it did something.
func processorTime(b *testing.B, do func()) time.Duration {
	b.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	do()
	return used() - before
}
