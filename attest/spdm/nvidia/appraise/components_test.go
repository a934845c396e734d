package appraise

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/rim/rimtest"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/spdmtest"
)

type m = map[int]any

// arc is an environment of NVIDIA's, by what follows its arc of CoRIM.
func arc(arcs ...byte) m {
	return m{0: m{0: cbor.Tag{Number: 111, Content: append([]byte{0x2b, 6, 1, 4, 1, 0xac, 0x47, 0x8a, 0x14}, arcs...)}}}
}

func digest(v []byte) m { return m{2: []any{[]any{7, v}}} }

var (
	rootArc   = arc(1, 11, 1, 2)
	driverArc = arc(1, 11, 11, 3)
	vbiosArc  = arc(1, 11, 10, 4)
	chipModel = m{0: m{1: "NVIDIA", 2: "GR100 A01 GSP", 3: 0}}
	purposeCC = []any{m{0: "purpose", 1: m{11: "CC MPT"}}}
)

// rubin is a device that says of its parts what they are: block 46 is the driver's, 3 the
// VBIOS's.
func rubin(t testing.TB, edit func(m)) *node {
	t.Helper()
	n := whole(t)
	type id struct {
		Alg    asn1.ObjectIdentifier
		Digest []byte
	}
	tcb, err := asn1.Marshal(struct {
		Vendor string `asn1:"tag:0,utf8"`
		Model  string `asn1:"tag:1,utf8"`
		SVN    int    `asn1:"tag:3"`
		Layer  int    `asn1:"tag:4"`
		Index  int    `asn1:"tag:5"`
		FWIDs  []id   `asn1:"tag:6"`
	}{"NVIDIA", "GR100 A01 GSP", 1, 0, 0, []id{{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, firmware}}})
	if err != nil {
		t.Fatal(err)
	}
	n.card, err = spdmtest.NewChain(spdmtest.Subject{Name: "FMC LF", Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 23, 133, 5, 4, 1, 1}, Value: tcb}}},
		spdmtest.Subject{Name: "GR100 A01 GSP BROM", Serial: "410A3021DB2466FE7C"}, spdmtest.Subject{Name: "identity"}, spdmtest.Subject{Name: "root"})
	if err != nil {
		t.Fatal(err)
	}
	n.opaque = []byte("NVDAOD\x00\x00\x02\x00\x00\x00")
	for _, r := range [][]byte{versioned(3, 0x86, "620.54\x00"), versioned(6, 0x86, "\x00#\x00\x99\x00\x00\x00\x00"), versioned(11, 0x82, "\xAA"), versioned(20, 1, string(firmware)), versioned(35, 0x82, "GR100\x00")} {
		n.opaque = append(n.opaque, r...)
	}
	indirect := func(i int) []any { return []any{m{1: m{12: m{0: []int{i}}}}} }
	uri := func(s string) m {
		return m{0: cbor.Tag{Number: 32, Content: "https://rim.attestation.nvidia.com/v1/rim/" + s}}
	}
	toc := m{0: []any{cbor.Tag{Number: 571, Content: m{0: m{0: []any{[]any{rootArc, purposeCC}, []any{driverArc, indirect(46)}, []any{vbiosArc, indirect(3)}}}}}}, 1: []any{uri("GR100_081D_9900230000"), uri("NV_GPU_DRIVER_GR100_620.54")}}
	if edit != nil {
		edit(toc)
	}
	b, err := cbor.Marshal(cbor.Tag{Number: 570, Content: toc})
	if err != nil {
		t.Fatal(err)
	}
	n.edit = func(a *spdmtest.Answer) {
		a.Record = append(a.Record, spdmtest.Block(0xFD, 0x8a, b)...)
		a.Blocks++
	}
	return n
}

// TestComponents: manifests in CBOR against what a device says of its parts.
func TestComponents(t *testing.T) {
	type parts = map[string][]byte
	for name, tt := range map[string]struct {
		card    func(*node)
		driver  any // the reference value of the driver's part
		files   func(parts)
		toc     func(m)
		outcome Outcome
		status  check.Status
		check   string
		code    string
	}{
		"matches":      {nil, digest(value(45)), nil, nil, Matches, check.Pass, "driver-measurements", ""},
		"differs":      {nil, digest(value(44)), nil, nil, Differs, check.Fail, "driver-measurements", "dependency"},
		"other block":  {func(n *node) { n.blocks[2] = value(99) }, digest(value(45)), nil, nil, Differs, check.Fail, "vbios-measurements", "digest"},
		"no VBIOS":     {nil, digest(value(45)), func(f parts) { delete(f, "GR100_081D_9900230000.corim") }, nil, NoReference, check.Unknown, "driver-measurements", "dependency-without-reference"},
		"none":         {nil, digest(value(45)), func(f parts) { clear(f) }, nil, NoReference, check.Unknown, "driver-manifest", "no-reference"},
		"not signed":   {nil, digest(value(45)), func(f parts) { f["GR100_081D_9900230000.corim"] = []byte{0xd9, 0x01, 0xf5, 0xa0} }, nil, NoReference, check.Fail, "vbios-manifest", "not-signed"},
		"another kind": {nil, m{3: m{0: true}}, nil, nil, NoReference, check.Unknown, "driver-manifest", "unsupported"},
		"no root": {nil, digest(value(45)), nil, func(toc m) {
			toc[0] = []any{cbor.Tag{Number: 571, Content: m{0: m{0: []any{[]any{driverArc, purposeCC}}}}}}
		}, NoReference, check.Unknown, "driver-measurements", "no-root"},
		"a profile of another form": {nil, digest(value(45)), nil, func(toc m) { toc[2] = 42 }, NotVerifiable, check.Fail, nvidia.CheckTOC, "malformed"},
		"a profile of a part of another form": {nil, digest(value(45)), nil, func(toc m) {
			toc[0].([]any)[0].(cbor.Tag).Content.(m)[2] = 42
		}, NotVerifiable, check.Fail, nvidia.CheckTOC, "malformed"},
		"an id of another form": {nil, digest(value(45)), nil, func(toc m) {
			toc[0].([]any)[0].(cbor.Tag).Content.(m)[1] = 42
		}, NotVerifiable, check.Fail, nvidia.CheckTOC, "malformed"},
		"a part without triples": {nil, digest(value(45)), nil, func(toc m) {
			toc[0] = []any{cbor.Tag{Number: 571, Content: m{0: m{}}}}
		}, NotVerifiable, check.Fail, nvidia.CheckTOC, "malformed"},
		"locators of another form": {nil, digest(value(45)), nil, func(toc m) { toc[1] = "x" }, NotVerifiable, check.Fail, nvidia.CheckTOC, "malformed"},
		"no such block":            {func(n *node) { delete(n.blocks, 45) }, digest(value(45)), nil, nil, NotVerifiable, check.Fail, nvidia.CheckTOC, "malformed"},
		"other locators":           {nil, digest(value(45)), nil, func(toc m) { toc[1] = []any{m{0: cbor.Tag{Number: 32, Content: "https://a/OTHER_1"}}} }, NoReference, check.Unknown, "vbios-manifest", "no-reference"},
		"debug": {nil, digest(value(45)), nil, func(toc m) {
			toc[0] = []any{cbor.Tag{Number: 571, Content: m{0: m{0: []any{[]any{rootArc, []any{m{0: "purpose", 1: m{11: "CC DevTools"}}}}}}}}}
		}, NotVerifiable, check.Fail, CheckHost, "purpose"},
		"a part too many": {nil, digest(value(45)), nil, func(toc m) {
			list := toc[0].([]any)
			toc[0] = append(list, cbor.Tag{Number: 571, Content: m{0: m{0: []any{[]any{arc(1, 11, 11, 77), purposeCC}}}}})
		}, Matches, check.Pass, "driver-measurements", ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := rubin(t, tt.toc)
			if tt.card != nil {
				tt.card(n)
			}
			sign := func(id string, part rimtest.CoMID) []byte {
				content, err := rimtest.Content(id, nil, part)
				if err != nil {
					t.Fatal(err)
				}
				b, err := n.maker.SignCBOR(content, nil)
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			ref := func(env m, v any) []any { return []any{env, []any{m{1: v}}} }
			files := parts{
				"NV_GPU_DRIVER_GR100_620.54.corim": sign("driver", rimtest.CoMID{0: []any{[]any{rootArc, purposeCC}, ref(driverArc, tt.driver), ref(chipModel, m{1: cbor.Tag{Number: 552, Content: 1}, 2: digest(firmware)[2]})},
					4: []any{[]any{rootArc, []any{chipModel, driverArc, vbiosArc}}}}),
				"GR100_081D_9900230000.corim": sign("vbios", rimtest.CoMID{0: []any{ref(vbiosArc, digest(value(2))), ref(vbiosArc, digest(bytes.Repeat([]byte{0xAB}, 48)))}}),
			}
			if tt.files != nil {
				tt.files(files)
			}
			set := &Manifests{}
			for name, b := range files {
				if is, err := set.Add(name, b); !is || err != nil {
					t.Fatal(is, err)
				}
			}
			e := n.evidence(t)
			e.Label = "RUBIN"
			r := judge(t, []nvidia.Evidence{e}, set, n.policy())
			a := r.Devices[0]
			if c := a.Checks.Find(tt.check); r.Outcome != tt.outcome || r.Status != tt.status || c == nil || c.Code != tt.code || a.Status != check.Pass && a.Next == "" {
				t.Errorf("%s %s: %s: %+v", r.Outcome, r.Status, a.Summary, a.Checks)
			}
			if (a.Purpose == "CC MPT") != (tt.outcome == Matches) || (len(a.UncoveredComponents) > 0) != (name == "a part too many") {
				t.Errorf("%q %v", a.Purpose, a.UncoveredComponents)
			}
			for _, ref := range a.References {
				if !slices.Contains([]string{"NV_GPU_DRIVER_GR100_620.54", "GR100_081D_9900230000", ""}, ref.ID) && tt.toc == nil || ref.Matched+len(ref.Differences) != ref.Compared {
					t.Errorf("%+v", ref)
				}
				for _, d := range ref.Differences {
					if !d.Component || d.Cause == "" || d.Next == "" || tt.outcome == Differs && !strings.Contains(a.Summary, d.Name) {
						t.Errorf("%+v", d)
					}
				}
			}
		})
	}
}
