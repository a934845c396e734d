package manifest_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// measured is what a card signs at indices, each as a digit that fills its digest.
func measured(driver string, values string) manifest.Measurements {
	m := manifest.Measurements{Driver: driver, VBIOS: "96.00"}
	for i, c := range values {
		if c != ' ' {
			m.Values = append(m.Values, manifest.Measurement{Index: i, SHA384: strings.Repeat(string(c), 96)})
		}
	}
	return m
}

// TestMeasurementsAreChecked: what could not be compared, or not be told apart, is refused
// for its own reason.
func TestMeasurementsAreChecked(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(p *manifest.Predicate)
		says string
	}{
		"good":            {func(*manifest.Predicate) {}, ""},
		"alone":           {func(p *manifest.Predicate) { p.Firmware = nil }, ""},
		"no value":        {func(p *manifest.Predicate) { p.Measurements[0].Values = nil }, "measurements[0] states no value"},
		"negative index":  {func(p *manifest.Predicate) { p.Measurements[0].Values[0].Index = -1 }, "index -1 is not from 0 to 251"},
		"index of a list": {func(p *manifest.Predicate) { p.Measurements[0].Values[2].Index = 252 }, "index 252 is not from 0 to 251"},
		"index twice":     {func(p *manifest.Predicate) { p.Measurements[0].Values[1].Index = 0 }, "index 0 does not follow the one before it"},
		"out of order":    {func(p *manifest.Predicate) { p.Measurements[0].Values[1].Index = 3 }, "index 2 does not follow"},
		"short":           {func(p *manifest.Predicate) { p.Measurements[0].Values[0].SHA384 = digest("a") }, "sha384 holds 64 characters, not the 96"},
		"missing":         {func(p *manifest.Predicate) { p.Measurements[0].Values[0].SHA384 = "" }, "sha384 holds 0 characters"},
		"capitals":        {func(p *manifest.Predicate) { p.Measurements[0].Values[0].SHA384 = strings.Repeat("A", 96) }, "not lower-case hexadecimal"},
		"of any version":  {func(p *manifest.Predicate) { p.Measurements[0].Driver, p.Measurements[0].VBIOS = "", "" }, "names neither driver nor vbios"},
		"a version twice": {func(p *manifest.Predicate) { p.Measurements = append(p.Measurements, measured("590", "9")) }, "driver 590 and VBIOS 96.00 has an entry already"},
		"control in text": {func(p *manifest.Predicate) { p.Measurements[0].Driver = "590\n" }, "measurements[0].driver is longer"},
		"too many": {func(p *manifest.Predicate) {
			p.Measurements[0].Values = make([]manifest.Measurement, 300)
		}, "states more than 252 values"},
	} {
		p := predicate()
		p.Measurements = []manifest.Measurements{measured("590", "123")}
		tt.edit(&p)
		if err := p.Validate(); (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
}

// TestAgreed: what cards or starts measured alike is stated, and of the rest nothing.
func TestAgreed(t *testing.T) {
	for name, tt := range map[string]struct {
		cards []manifest.Measurements
		want  []manifest.Measurements
		open  string
	}{
		"none":          {nil, nil, "[]"},
		"one":           {[]manifest.Measurements{measured("590", "123")}, []manifest.Measurements{measured("590", "123")}, "[]"},
		"equal":         {[]manifest.Measurements{measured("590", "123"), measured("590", "123")}, []manifest.Measurements{measured("590", "123")}, "[]"},
		"one index":     {[]manifest.Measurements{measured("590", "123"), measured("590", "143"), measured("590", "123")}, []manifest.Measurements{measured("590", "1 3")}, "[measurements of driver 590 and VBIOS 96.00 at index 1]"},
		"one lacks it":  {[]manifest.Measurements{measured("590", "123"), measured("590", "12")}, []manifest.Measurements{measured("590", "12")}, "[measurements of driver 590 and VBIOS 96.00 at index 2]"},
		"other version": {[]manifest.Measurements{measured("590", "123"), measured("591", "456")}, []manifest.Measurements{measured("590", "123"), measured("591", "456")}, "[]"},
		"nothing left":  {[]manifest.Measurements{measured("590", "1"), measured("590", "2")}, []manifest.Measurements{}, "[measurements of driver 590 and VBIOS 96.00 at index 0]"},
	} {
		agreed, varying := manifest.Agreed(tt.cards)
		if !reflect.DeepEqual(agreed, tt.want) || fmt.Sprint(varying) != tt.open {
			t.Errorf("%s: %v, open %v", name, agreed, varying)
		}
	}
}

// TestMergeLeavesOutWhatVaries, aloud: it is no question, and never silent.
func TestMergeLeavesOutWhatVaries(t *testing.T) {
	first, second := full(), full()
	first.Measurements, second.Measurements = []manifest.Measurements{measured("590", "123")}, []manifest.Measurements{measured("590", "143")}
	list := cards(first, second)
	list[0].Start, list[1].Start = "a", "b"
	p, questions, err := manifest.Merge(list, manifest.Answers{})
	if err != nil || len(questions) > 0 || !reflect.DeepEqual(p.Measurements, []manifest.Measurements{measured("590", "1 3")}) {
		t.Fatalf("%+v, %v, %v", p, questions, err)
	}
	if said := strings.Join(manifest.Remarks(list), "; "); said != "measurements of driver 590 and VBIOS 96.00 at index 1: left out, for they differ between cards or starts" {
		t.Error(said)
	}
	list[1].Start = "a" // two cards of one start
	second.Measurements = first.Measurements
	if said := strings.Join(manifest.Remarks(list), "; "); !strings.HasPrefix(said, "measurements of driver 590 and VBIOS 96.00 are of one start alone") {
		t.Error(said)
	}
	if len(first.Measurements[0].Values) != 3 {
		t.Error("the cards' own statements were changed")
	}
}

// TestDiffOfMeasurements names versions and indices.
func TestDiffOfMeasurements(t *testing.T) {
	old, now := full(), full()
	old.Measurements, now.Measurements = []manifest.Measurements{measured("590", "12")}, []manifest.Measurements{measured("590", "13"), measured("591", "4")}
	var list []string
	for _, c := range manifest.Diff(old, now) {
		list = append(list, fmt.Sprintf("%s: %.4s -> %.50s", c.What, c.Old, c.New))
	}
	want := "measurements of driver 590 and VBIOS 96.00 index 1: 2222 -> " + strings.Repeat("3", 50) + "; measurements:  -> of driver 591 and VBIOS 96.00, index 0 " + strings.Repeat("4", 11)
	if got := strings.Join(list, "; "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestLeaveOpen: an index that an earlier edition left out stays so for its versions.
func TestLeaveOpen(t *testing.T) {
	old, now := full(), full()
	old.Measurements = []manifest.Measurements{measured("590", "1 3")}
	now.Measurements = []manifest.Measurements{measured("590", "143"), measured("591", "789")}
	now.LeaveOpen(old)
	if !reflect.DeepEqual(now.Measurements, []manifest.Measurements{measured("590", "1 3"), measured("591", "789")}) {
		t.Errorf("%v", now.Measurements)
	}
}
