package compare_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/manifesttest"
)

func sha384(digit string) string { return strings.Repeat(digit, 96) }

// signing is a card that signed three measurements.
func signing() *facts.ProvenDevice {
	return &facts.ProvenDevice{Outcome: facts.OutcomeNoReference, State: facts.AttestationUnproven, Driver: new("590.12"), VBIOS: new("96.00"),
		Measured: []facts.MeasuredValue{{Index: 1, SHA384: sha384("1")}, {Index: 7, SHA384: sha384("7")}, {Index: 35, SHA384: sha384("0")}}}
}

// stating states them.
func stating() manifest.Predicate {
	p := predicate()
	p.Measurements = []manifest.Measurements{{Driver: "590.12", VBIOS: "96.00", Values: []manifest.Measurement{{Index: 1, SHA384: sha384("1")}, {Index: 7, SHA384: sha384("7")}, {Index: 35, SHA384: sha384("0")}}}}
	return p
}

// TestMeasurements holds what a card signed against one's own golden values.
func TestMeasurements(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*facts.ProvenDevice, *manifest.Predicate)
		state  facts.State
		says   string
	}{
		"all as stated": {func(*facts.ProvenDevice, *manifest.Predicate) {}, match, "for driver 590.12 and VBIOS 96.00, 3 values"},
		"one value":     {func(d *facts.ProvenDevice, _ *manifest.Predicate) { d.Measured[1].SHA384 = sha384("8") }, mismatch, "at index 7"},
		"at another index": {func(d *facts.ProvenDevice, _ *manifest.Predicate) {
			d.Measured[0].SHA384, d.Measured[1].SHA384 = d.Measured[1].SHA384, d.Measured[0].SHA384
		}, mismatch, "at index 1 7"},
		"one is missing": {func(d *facts.ProvenDevice, _ *manifest.Predicate) { d.Measured = d.Measured[:1] }, mismatch, "at index 7 35"},
		"one is left open": {func(_ *facts.ProvenDevice, p *manifest.Predicate) {
			p.Measurements[0].Values = p.Measurements[0].Values[:2]
		}, match, "2 values"},
		"the decoder is off": {func(d *facts.ProvenDevice, _ *manifest.Predicate) {
			d.Measured[2].SHA384, d.Skipped = sha384("f"), []int{35}
		}, match, ""},
		"nothing to compare":      {func(d *facts.ProvenDevice, _ *manifest.Predicate) { d.Skipped = []int{1, 7, 35} }, none, ""},
		"another driver":          {func(d *facts.ProvenDevice, _ *manifest.Predicate) { d.Driver = new("591.00") }, none, "with driver 591.00 and VBIOS 96.00; stated are driver 590.12 and VBIOS 96.00"},
		"another VBIOS":           {func(d *facts.ProvenDevice, _ *manifest.Predicate) { d.VBIOS = new("96.01") }, none, "VBIOS 96.01; stated"},
		"a version is not stated": {func(d *facts.ProvenDevice, _ *manifest.Predicate) { d.Driver = nil }, none, "with VBIOS 96.00; stated"},
		"the maker's differ":      {func(d *facts.ProvenDevice, _ *manifest.Predicate) { d.Outcome = facts.OutcomeDiffers }, match, ""},
		"not genuine":             {func(d *facts.ProvenDevice, _ *manifest.Predicate) { d.Outcome = "not-genuine" }, unknown, "signed no measurements that verify"},
		"not verifiable":          {func(d *facts.ProvenDevice, _ *manifest.Predicate) { d.Outcome = "not-verifiable" }, unknown, "that verify"},
		"nothing signed":          {func(d *facts.ProvenDevice, _ *manifest.Predicate) { d.Measured = nil }, unknown, "that verify"},
		"for another card":        {func(_ *facts.ProvenDevice, p *manifest.Predicate) { p.Devices[0].DeviceID = "73fe" }, none, "no trusted manifest states the measurements"},
		"withdrawn":               {func(_ *facts.ProvenDevice, p *manifest.Predicate) { p.Status = manifest.Revoked }, mismatch, "has revoked this set of measurements"},
		"others are withdrawn": {func(d *facts.ProvenDevice, p *manifest.Predicate) {
			p.Status, d.Measured[0].SHA384 = manifest.Revoked, sha384("2")
		}, none, ""},
		"superseded":  {func(_ *facts.ProvenDevice, p *manifest.Predicate) { p.Status = manifest.Superseded }, none, "superseded"},
		"none stated": {func(_ *facts.ProvenDevice, p *manifest.Predicate) { p.Measurements = nil }, none, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, p := signing(), stating()
			tt.change(d, &p)
			v := compare.Measurements(device(), verified(t, []manifest.Kind{manifest.Operator}, p), d)
			if v.State != tt.state || !strings.Contains(v.Reason, tt.says) {
				t.Errorf("%s: %s", v.State, v.Reason)
			}
			if (v.State == mismatch) != (len(v.Differences) > 0) || v.State != none && len(v.Vouchers) != 1 {
				t.Errorf("%+v", v)
			}
		})
	}
	if v := compare.Measurements(device(), verified(t, []manifest.Kind{manifest.Operator}, stating()), nil); v.State != unknown {
		t.Errorf("silent: %+v", v)
	}
}

// TestMeasurementsOfSeveral: of several manifests of one role it is enough that one states
// what the card has, and the gravest role speaks alone.
func TestMeasurementsOfSeveral(t *testing.T) {
	odd := stating()
	odd.Name = "odd"
	odd.Measurements[0].Values[0].SHA384 = sha384("e")
	for name, tt := range map[string]struct {
		kinds []manifest.Kind
		want  facts.State
	}{
		"two operators": {[]manifest.Kind{manifest.Operator, manifest.Operator}, match},
		"a vendor":      {[]manifest.Kind{manifest.Operator, manifest.Vendor}, mismatch},
	} {
		if v := compare.Measurements(device(), verified(t, tt.kinds, stating(), odd), signing()); v.State != tt.want {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// TestMeasurementsOutOfScope: a key that may speak for other makers' cards states nothing of
// this one.
func TestMeasurementsOutOfScope(t *testing.T) {
	p := stating()
	if _, err := manifesttest.Verified(t.Context(), &p, "k", manifest.Operator, "10de", now); err == nil || !strings.Contains(err.Error(), manifest.ErrScope.Error()) {
		t.Errorf("error is %v", err)
	}
}

// TestNoValueOfTheCardIsInTheVerdict: cards that differ in what is their own alone are judged
// once.
func TestNoValueOfTheCardIsInTheVerdict(t *testing.T) {
	set := verified(t, []manifest.Kind{manifest.Operator}, stating())
	var said []string
	for i := range 2 {
		d := signing()
		d.Measured[1].SHA384 = sha384(fmt.Sprint(i))
		text, err := json.Marshal(compare.Measurements(&inventory.Device{PCI: device().PCI}, set, d))
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, string(text))
	}
	if said[0] != said[1] {
		t.Errorf("%s\n%s", said[0], said[1])
	}
}
