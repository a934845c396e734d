package golden_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/golden"
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
