package nvml_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/nvidiatest"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/fleet"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

var nonce = bytes.Repeat([]byte{0xA5}, nvml.NonceBytes)

// proving are answers of a machine whose card signed for the nonce.
func proving(t *testing.T, card *nvidiatest.Card) *nvml.Answers {
	t.Helper()
	a, err := nvml.Decode([]byte(recording))
	if err != nil {
		t.Fatal(err)
	}
	report, err := card.Report(nonce)
	if err != nil {
		t.Fatal(err)
	}
	a.Schema, a.Nonce = nvml.Schema, new(hex.EncodeToString(nonce))
	a.GPUs[0].Evidence = &nvml.Evidence{Report: report, Chain: string(card.Chain())}
	a.GPUs[0].PDI = new(nvidiatest.ChipID)
	return a
}

// TestEvidenceForm: evidence of another form than NVIDIA's library can give is refused.
func TestEvidenceForm(t *testing.T) {
	card, err := nvidiatest.New(nvidiatest.ChipID)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		edit func(*nvml.Answers)
		says string
	}{
		"whole":               {func(*nvml.Answers) {}, ""},
		"without a nonce":     {func(a *nvml.Answers) { a.Nonce = nil }, "without the nonce"},
		"a short nonce":       {func(a *nvml.Answers) { a.Nonce = new("a5") }, "64 hexadecimal digits"},
		"an empty report":     {func(a *nvml.Answers) { a.GPUs[0].Evidence.Report = nil }, "evidence of 0 and"},
		"a long report":       {func(a *nvml.Answers) { a.GPUs[0].Evidence.Report = make([]byte, nvml.MaxReport+1) }, "at most 8192"},
		"a long chain":        {func(a *nvml.Answers) { a.GPUs[0].Evidence.Chain = strings.Repeat("x", nvml.MaxChain+1) }, "5120"},
		"an id in lower case": {func(a *nvml.Answers) { a.GPUs[0].PDI = new("2921ce551e4eeda3") }, "16 hexadecimal digits"},
		"switches": {func(a *nvml.Answers) {
			a.Switches = []nvml.Switch{{UUID: "SWX-1", Evidence: a.GPUs[0].Evidence}, {UUID: "SWX-2"}}
		}, ""},
		"one switch twice": {func(a *nvml.Answers) { a.Switches = []nvml.Switch{{UUID: "SWX-1"}, {UUID: "SWX-1"}} }, "there twice"},
		"many switches":    {func(a *nvml.Answers) { a.Switches = make([]nvml.Switch, nvml.MaxSwitches+1) }, "65 switches"},
		"an empty switch":  {func(a *nvml.Answers) { a.Switches = []nvml.Switch{{UUID: "SWX-1", Evidence: &nvml.Evidence{}}} }, "evidence of 0 and"},
		"a switch that escapes": {func(a *nvml.Answers) {
			a.Switches = []nvml.Switch{{UUID: "SWX-1", Failures: []nvml.Failure{{Fact: "evidence", Text: "\x1b[2J"}}}}
		}, "is malformed"},
		"a reason that escapes": {func(a *nvml.Answers) { a.SwitchesUnasked = new("\x1b") }, "switches_unasked"},
		"a mode that escapes":   {func(a *nvml.Answers) { a.Confidential = &nvml.Confidential{Environment: "\x1b[2J"} }, "a mode is malformed"},
	} {
		a := proving(t, card)
		tt.edit(a)
		text, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err = nvml.Decode(text); (err == nil) != (tt.says == "") || err != nil && (!strings.Contains(err.Error(), tt.says) || !errors.Is(err, collect.ErrMalformed)) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
}

// TestOneKeyInTwoMachines: the key with which a card signs is an id of it, which no other
// card may have, and which does not change what a finding is called.
func TestOneKeyInTwoMachines(t *testing.T) {
	proven, err := nvidiatest.New(nvidiatest.ChipID)
	if err != nil {
		t.Fatal(err)
	}
	other, err := nvidiatest.New(nvidiatest.ChipID)
	if err != nil {
		t.Fatal(err)
	}
	seen := func(signs *nvidiatest.Card, host, uuid string) *inventory.Inventory {
		a := proving(t, signs)
		a.GPUs[0].Serial, a.GPUs[0].UUID = nil, &uuid
		text, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		d := card()
		d.Identity = nil
		if err := nvml.Collector().Device(t.Context(), answering(string(text), nil), d); err != nil {
			t.Fatal(err)
		}
		inv := &inventory.Inventory{Devices: []inventory.Device{*d}}
		inv.Host.DMI.ProductUUID = &host
		return inv
	}
	first := seen(proven, "A", "GPU-1")
	for name, tt := range map[string]struct {
		second *inventory.Inventory
		shared bool
	}{"its own": {seen(other, "B", "GPU-2"), false}, "the same": {seen(proven, "B", "GPU-2"), true}} {
		f := fleet.New()
		for input, inv := range map[string]*inventory.Inventory{"a": first, "b": tt.second} {
			if err := f.Add(input, fleet.IDsOf(inv, true)); err != nil {
				t.Fatal(err)
			}
		}
		got := f.Elsewhere("a", &first.Devices[0]).Shared
		if (len(got) == 1 && got[0].Kind == inventory.AttestationKey) != tt.shared {
			t.Errorf("%s: %+v", name, got)
		}
		neighbour := tt.second.Devices[0]
		neighbour.Address = "0000:02:00.0"
		if got := compare.Within([]inventory.Device{neighbour}).Shared(&first.Devices[0]); (len(got) == 1) != tt.shared {
			t.Errorf("%s, in one machine: %+v", name, got)
		}
	}
	bare := first.Devices[0]
	bare.Identity = []inventory.IdentityClaim{bare.Identity[0]}
	if with, without := (&facts.Facts{Device: &first.Devices[0]}).Identity(), (&facts.Facts{Device: &bare}).Identity(); with != without {
		t.Errorf("%s and %s", with, without)
	}
}

// TestBrokenChain: certificates that are none leave a gap.
func TestBrokenChain(t *testing.T) {
	proven, err := nvidiatest.New(nvidiatest.ChipID)
	if err != nil {
		t.Fatal(err)
	}
	a := proving(t, proven)
	a.GPUs[0].Evidence.Chain = "x"
	text, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	d := card()
	if err := nvml.Collector().Device(t.Context(), answering(string(text), nil), d); err != nil {
		t.Fatal(err)
	}
	if len(d.Gaps) != 1 || d.Gaps[0].Reason != inventory.ReasonMalformed {
		t.Errorf("%+v", d.Gaps)
	}
}
