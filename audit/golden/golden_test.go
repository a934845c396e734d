package golden_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/golden"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

func card() *facts.ProvenDevice {
	return &facts.ProvenDevice{Address: "0000:01:00.0", Outcome: facts.OutcomeNoReference, State: facts.AttestationUnproven, Driver: new("590.12"), VBIOS: new("96.00"),
		Measured: []facts.MeasuredValue{{Index: 1, SHA384: strings.Repeat("1", 96)}, {Index: 9, SHA384: strings.Repeat("9", 96)}}}
}

// TestOf: only what a genuine card proves is stated.
func TestOf(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(*facts.ProvenDevice)
		want error
		says string
	}{
		"no manifest of the maker": {func(*facts.ProvenDevice) {}, nil, ""},
		"as the maker states":      {func(d *facts.ProvenDevice) { d.Outcome, d.State = facts.OutcomeMatches, facts.AttestationVerified }, nil, ""},
		"otherwise":                {func(d *facts.ProvenDevice) { d.Outcome, d.State = facts.OutcomeDiffers, facts.AttestationFailed }, golden.ErrDiffers, ""},
		"not genuine": {func(d *facts.ProvenDevice) {
			d.Outcome, d.State, d.Checks = "not-genuine", facts.AttestationFailed, []facts.AttestationCheck{{Name: "spdm-form", Status: "pass"}, {Name: "device-chain", Status: "fail", Code: "unknown-root"}}
		}, golden.ErrProof, "device-chain (unknown-root)"},
		"not verifiable": {func(d *facts.ProvenDevice) { d.Outcome, d.Summary = "not-verifiable", "not verifiable: nonce" }, golden.ErrProof, "not verifiable: nonce"},
		"another check":  {func(d *facts.ProvenDevice) { d.State = facts.AttestationFailed }, golden.ErrProof, ""},
		"another card":   {func(d *facts.ProvenDevice) { d.Disagrees = []string{"chip-id"} }, golden.ErrOther, "chip-id"},
		"no value":       {func(d *facts.ProvenDevice) { d.Measured = nil }, golden.ErrNothing, ""},
		"no version":     {func(d *facts.ProvenDevice) { d.Driver, d.VBIOS = nil, nil }, golden.ErrNothing, ""},
		"one version":    {func(d *facts.ProvenDevice) { d.Driver = nil }, nil, ""},
	} {
		d := card()
		tt.edit(d)
		m, err := golden.Of(d)
		if !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.says) || (m == nil) != (err != nil) {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
	if _, err := golden.Of(nil); !errors.Is(err, golden.ErrSilent) {
		t.Errorf("silent: %v", err)
	}
}

// TestState: a statement stays as it was where nothing is proven, and where what was signed is
// nothing that a manifest may hold.
func TestState(t *testing.T) {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		proof  *facts.GPUProof
		states int
		want   error
	}{
		"proven":    {&facts.GPUProof{Devices: []facts.ProvenDevice{*card()}}, 2, nil},
		"nobody":    {nil, 0, nil},
		"silent":    {&facts.GPUProof{}, 0, golden.ErrSilent},
		"a version": {&facts.GPUProof{Devices: []facts.ProvenDevice{func() facts.ProvenDevice { d := card(); d.Driver = new("590\x1b"); return *d }()}}, 0, golden.ErrNothing},
	} {
		p := &manifest.Predicate{Name: "n", Sequence: 1, Vendor: "v", Issued: now, Expires: now.AddDate(1, 0, 0), Status: manifest.Active, MemoryMiB: []int{8},
			Devices: []manifest.Device{{VendorID: "10de", DeviceID: "2331"}}}
		err := golden.State(p, tt.proof, "0000:01:00.0")
		states := 0
		for _, m := range p.Measurements {
			states += len(m.Values)
		}
		if !errors.Is(err, tt.want) || states != tt.states {
			t.Errorf("%s: %v, %d values", name, err, states)
		}
	}
}

func TestDevices(t *testing.T) {
	two := &inventory.Inventory{Devices: []inventory.Device{{Address: "0000:01:00.0"}, {Address: "0000:02:00.0"}}}
	one := &inventory.Inventory{Devices: two.Devices[:1]}
	for name, tt := range map[string]struct {
		inv     *inventory.Inventory
		address string
		all     bool
		n       int
		says    string
	}{
		"the only one": {one, "", false, 1, ""}, "one of two": {two, "0000:02:00.0", true, 1, ""}, "all": {two, "", true, 2, ""},
		"which": {two, "", false, 0, "choose one device with --device: it holds 0000:01:00.0, 0000:02:00.0"}, "none": {&inventory.Inventory{}, "", true, 0, "it holds no GPU"},
		"not there": {one, "0000:09:00.0", false, 0, "choose one device"},
	} {
		list, err := golden.Devices(tt.inv, tt.address, tt.all)
		if tt.says == "" && (err != nil || len(list) != tt.n) || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: %d devices, %v", name, len(list), err)
		}
	}
}

// TestCards: each device by itself, and what its facts leave open is said by its address.
func TestCards(t *testing.T) {
	d := &inventory.Device{Address: "0000:01:00.0", PCI: inventory.PCI{VendorID: new("10de"), DeviceID: new("2684")}}
	b := manifest.Baseline{Name: "card", Vendor: "maker", Sequence: 1, Issued: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), Expires: time.Date(2027, 11, 24, 0, 0, 0, 0, time.UTC)}
	cards, open, err := golden.Cards("/m/a.tar.gz", []*inventory.Device{d}, &facts.GPUProof{}, b)
	if err != nil || len(cards) != 1 || cards[0].Name != "a.tar.gz 0000:01:00.0" || cards[0].Start != "/m/a.tar.gz" {
		t.Fatalf("%+v %v", cards, err)
	}
	if len(open) < 2 || !strings.HasPrefix(open[0], "not stated of 0000:01:00.0: measurements: ") {
		t.Errorf("%q", open)
	}
}
