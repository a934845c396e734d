package optionrom_test

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/eventlog/eventlogtest"
	"github.com/gpuaudit/gpuaudit/audit/boot/optionrom"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// The digests of the laboratory (../shared/lab).
const (
	first  = "b6b9cf6db3efeaba1d6c5bba1359b69fd6e3b2032a9b179ff620a33b570e3997"
	second = "5fdd42d1b9ce2aa779d6732619d7dd6b306c4f2f480546c66497e712cc44cced"
)

func digest(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func bothDrivers() []eventlogtest.Event {
	return []eventlogtest.Event{
		eventlogtest.Driver(digest(first), 0, 0x12800, 0x3cdff, [2]byte{5, 0}),
		eventlogtest.Driver(digest(second), 0, 0x12600, 0x3cfff, [2]byte{7, 0}, [2]byte{0, 0}),
	}
}

// machine is the laboratory's: a boot display that gives EIO, and a card behind
// a bridge that reads well.
func machine() *inventory.Inventory {
	return &inventory.Inventory{Devices: []inventory.Device{
		{Address: "0000:00:05.0", Gaps: []inventory.Gap{{Fact: "/firmware/roms", Reason: inventory.ReasonIOError}}},
		{Address: "0000:01:00.0", Bridges: []inventory.Function{{Address: "0000:00:07.0"}}, Functions: []inventory.Function{{Address: "0000:01:00.1"}},
			Firmware: inventory.Firmware{ROMs: []inventory.ROM{rom("sysfs", 0, efi(0x12600, 0x2aa00, second))}}},
	}}
}

func rom(source string, lead int, images ...inventory.ROMImage) inventory.ROM {
	return inventory.ROM{Source: source, LeadBytes: lead, Images: images}
}

func efi(offset, size int, sum string) inventory.ROMImage {
	return inventory.ROMImage{CodeType: "03", Offset: offset, Bytes: size, SHA256: strings.Repeat("a", 64), EFI: &inventory.EFIImage{Machine: "x64", AuthenticodeSHA256: &sum}}
}

func legacy() inventory.ROMImage { return inventory.ROMImage{Bytes: 512} }

func corroborate(t *testing.T, w *eventlogtest.Log, bank eventlog.Algorithm, inv *inventory.Inventory) *optionrom.Report {
	t.Helper()
	l, err := eventlog.Parse(w.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return optionrom.Corroborate(l, bank, inv)
}

type want struct {
	verdict optionrom.Verdict
	reason  string
	device  string
}

func held(t *testing.T, got *optionrom.Report, wants ...want) {
	t.Helper()
	if len(got.Results) != len(wants) {
		t.Fatalf("%v, want %d results", got.Results, len(wants))
	}
	for i, w := range wants {
		r := got.Results[i]
		if r.Verdict != w.verdict || r.Reason != w.reason || r.Device != w.device {
			t.Errorf("%d: %s %q of %q, want %s %q of %q", i, r.Verdict, r.Reason, r.Device, w.verdict, w.reason, w.device)
		}
	}
}

func TestLaboratory(t *testing.T) {
	wants := []want{{optionrom.Unreadable, "io-error", "0000:00:05.0"}, {optionrom.Corroborated, "", "0000:01:00.0"}}
	held(t, corroborate(t, eventlogtest.Boot(bothDrivers()...), eventlog.SHA256, machine()), wants...)

	b, err := os.ReadFile("../../../../shared/lab/eventlog-two-cards.bin")
	if err != nil {
		t.Skip("the shared logs are not on this machine: ../shared/lab")
	}
	l, err := eventlog.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	report := optionrom.Corroborate(l, eventlog.SHA256, machine())
	held(t, report, wants...)
	if len(report.Others) > 0 {
		t.Errorf("PCR 2 holds what nobody explains: %v", report.Others)
	}
}

func TestVerdicts(t *testing.T) {
	const card = "0000:01:00.0"
	other := strings.Repeat("b", 64)
	unreadable := want{optionrom.Unreadable, "io-error", "0000:00:05.0"}
	set := func(roms ...inventory.ROM) func(*inventory.Inventory) {
		return func(inv *inventory.Inventory) { inv.Devices[1].Firmware.ROMs = roms }
	}
	undecoded := efi(0x12600, 0x2aa00, second)
	undecoded.EFI.AuthenticodeSHA256 = nil
	whole := undecoded
	whole.SHA256 = second
	padded := efi(0x12600, 0x2aa00, other)
	padded.EFI.MeasuredSHA256 = new(second)
	tests := []struct {
		name   string
		change func(inv *inventory.Inventory)
		want   want
		also   []want
	}{
		{"ROM exchanged", set(rom("sysfs", 0, efi(0x12600, 0x2aa00, other))), want{optionrom.Contradicted, "", card}, []want{{optionrom.NeverMeasured, "", card}}},
		{"second reading fits", set(rom("vfct", 0, legacy()), rom("sysfs", 0, efi(0x12600, 0x2aa00, second))), want{optionrom.Corroborated, "", card}, nil},
		{"another reading differs", set(rom("sysfs", 0, efi(0x12600, 0x2aa00, second)), rom("file", 0, efi(0x12600, 0x2aa00, other))), want{optionrom.Contradicted, optionrom.ReasonReadings, card}, []want{{optionrom.NeverMeasured, "", card}}},
		{"the trusted reading differs", set(rom("sysfs", 0, efi(0x12600, 0x2aa00, other)), rom("file", 0, efi(0x12600, 0x2aa00, second))), want{optionrom.Contradicted, optionrom.ReasonReadings, card}, []want{{optionrom.NeverMeasured, "", card}}},
		{"both fit", set(rom("sysfs", 0, efi(0x12600, 0x2aa00, second)), rom("file", 0, efi(0x12600, 0x2aa00, second))), want{optionrom.Corroborated, "", card}, nil},
		{"measured with its padding", set(rom("sysfs", 0, padded)), want{optionrom.Corroborated, "", card}, nil},
		{"dump with a lead", set(rom("file", 0x200, efi(0x12800, 0x2aa00, second))), want{optionrom.Corroborated, "", card}, nil},
		{"at another offset", set(rom("sysfs", 0, efi(0x10000, 0x2aa00, second))), want{optionrom.Corroborated, optionrom.ReasonOtherOffset, card}, nil},
		{"of another length", set(rom("sysfs", 0, efi(0x12600, 0x2aa01, second))), want{optionrom.Corroborated, optionrom.ReasonOtherOffset, card}, nil},
		{"whole image measured", set(rom("sysfs", 0, whole)), want{optionrom.OtherForm, "", card}, nil},
		{"driver does not decode", set(rom("sysfs", 0, undecoded)), want{optionrom.Unreadable, optionrom.ReasonUndecoded, card}, nil},
		{"no ROM, no gap", set(), want{optionrom.Unreadable, optionrom.ReasonNotRead, card}, nil},
		{"blank ROM", set(rom("sysfs", 0)), want{optionrom.Unreadable, optionrom.ReasonBlank, card}, nil},
		{"driver gone from the ROM", set(rom("sysfs", 0, legacy())), want{optionrom.Contradicted, optionrom.ReasonNoDriver, card}, nil},
		{"ACPI copy only", set(rom("vfct", 0, legacy())), want{optionrom.Unreadable, optionrom.ReasonShadow, card}, nil},
		{"shadow of the boot display", func(inv *inventory.Inventory) {
			set(rom("sysfs", 0, legacy()))(inv)
			inv.Devices[1].PCI.BootVGA = new(true)
		}, want{optionrom.Unreadable, optionrom.ReasonShadow, card}, nil},
		{"device behind another bridge", func(inv *inventory.Inventory) {
			inv.Devices[1].Bridges[0].Address = "0000:00:08.0"
			inv.Devices[1].Firmware = inventory.Firmware{}
		}, want{optionrom.Unresolved, optionrom.ReasonNoFunction, ""}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := machine()
			tt.change(inv)
			held(t, corroborate(t, eventlogtest.Boot(bothDrivers()...), eventlog.SHA256, inv), append([]want{unreadable, tt.want}, tt.also...)...)
		})
	}
}

func TestPaths(t *testing.T) {
	const card = "0000:01:00.0"
	never, elsewhere := want{optionrom.NeverMeasured, "", card}, want{optionrom.NeverMeasured, optionrom.ReasonElsewhere, card}
	ambiguous := want{optionrom.Unresolved, optionrom.ReasonAmbiguous, ""}
	other := strings.Repeat("b", 64)
	pathless := func(sum string) eventlogtest.Event {
		e := eventlogtest.Event{PCR: 2, Type: eventlog.EFIBootDriver, Data: eventlogtest.ImageData([]byte{0x7f, 0xff, 4, 0})}
		e.Digests = []eventlog.Digest{{Algorithm: eventlog.SHA256, Sum: digest(sum)}}
		return e
	}
	behind := [][2]byte{{7, 0}, {0, 0}}
	tests := []struct {
		name  string
		event []eventlogtest.Event
		inv   func(inv *inventory.Inventory)
		wants []want
	}{
		{"function of the card", on(second, 0, [2]byte{7, 0}, [2]byte{0, 1}), nil, []want{{optionrom.Unreadable, optionrom.ReasonFunction, card}}},
		{"root bridge 1, digest fits", on(second, 1, behind...), nil, []want{{optionrom.Corroborated, "", card}}},
		{"root bridge 1, digest of a stranger", on(first, 1, behind...), nil, []want{{optionrom.Unresolved, optionrom.ReasonRootUnproven, card}, never}},
		{"root bridge 1, two of a kind", on(second, 1, behind...), twin("0000:80"), []want{ambiguous, elsewhere, {optionrom.NeverMeasured, optionrom.ReasonElsewhere, "0000:81:00.0"}}},
		{"two of a kind, both measured", append(on(second, 1, behind...), on(second, 1, behind...)...), twin("0000:80"),
			[]want{{optionrom.Corroborated, optionrom.ReasonRootByDigest, card}, {optionrom.Corroborated, optionrom.ReasonRootByDigest, "0000:81:00.0"}}},
		{"root bridge 0 is bus 0", on(second, 0, behind...), twin("0000:80"), []want{{optionrom.Corroborated, "", card}, {optionrom.NeverMeasured, "", "0000:81:00.0"}}},
		{"network card", on(first, 0, [2]byte{9, 0}), listed("0000:00:09.0"), []want{{optionrom.OtherDevice, "", ""}, never}},
		{"network card, at another root bridge", on(first, 2, [2]byte{9, 0}), listed("0000:80:09.0"), []want{{optionrom.OtherDevice, "", ""}, never}},
		{"network card, at another root bridge than the log says", on(first, 0, [2]byte{9, 0}), listed("0000:80:09.0"), []want{{optionrom.Unresolved, optionrom.ReasonNoFunction, ""}, never}},
		{"no such function", on(first, 0, [2]byte{9, 0}), listed("0000:00:0a.0"), []want{{optionrom.Unresolved, optionrom.ReasonNoFunction, ""}, never}},
		{"bridge with others behind it", on(first, 0, [2]byte{7, 0}), listed("0000:00:09.0"), []want{{optionrom.Unresolved, optionrom.ReasonNoFunction, ""}, never}},
		{"functions not listed", on(first, 0, [2]byte{9, 0}), nil, []want{{optionrom.Unresolved, optionrom.ReasonNoFunction, ""}, never}},
		{"the card's driver, moved to nowhere", on(second, 0, [2]byte{9, 0}), nil, []want{{optionrom.Unresolved, optionrom.ReasonNoFunction, ""}, elsewhere}},
		{"the card's driver, moved to a network card", on(second, 0, [2]byte{9, 0}), listed("0000:00:09.0"), []want{{optionrom.Unresolved, optionrom.ReasonOfCard, ""}, elsewhere}},
		{"second driver measured, first moved", append(bothDrivers()[1:], on(other, 0, [2]byte{9, 0})...), second2(other),
			[]want{{optionrom.Corroborated, "", card}, {optionrom.Unresolved, optionrom.ReasonOfCard, ""}, elsewhere}},
		{"second driver not measured", bothDrivers()[1:], second2(other), []want{{optionrom.Corroborated, "", card}, never}},
		{"second driver for another processor", bothDrivers()[1:], func(inv *inventory.Inventory) {
			second2(other)(inv)
			inv.Devices[1].Firmware.ROMs[0].Images[1].EFI.Machine = "aarch64"
		}, []want{{optionrom.Corroborated, "", card}}},
		{"second driver not decoded, and one event for it", append(bothDrivers()[1:], on(other, 0, behind...)...), func(inv *inventory.Inventory) {
			second2(other)(inv)
			inv.Devices[1].Firmware.ROMs[0].Images[1].EFI.AuthenticodeSHA256 = nil
		}, []want{{optionrom.Corroborated, "", card}, {optionrom.Contradicted, "", card}}},
		{"from memory", []eventlogtest.Event{pathless(first)}, nil, []want{{optionrom.Unresolved, optionrom.ReasonNoDevice, ""}, never}},
		{"from memory, the card's digest", []eventlogtest.Event{pathless(second)}, nil, []want{{optionrom.Corroborated, optionrom.ReasonByDigest, card}}},
		{"from memory, two of a kind", []eventlogtest.Event{pathless(second), pathless(second)}, twin("0000:80"),
			[]want{{optionrom.Corroborated, optionrom.ReasonByDigest, card}, {optionrom.Corroborated, optionrom.ReasonByDigest, "0000:81:00.0"}}},
		{"path leads on", []eventlogtest.Event{more(bothDrivers()[1])}, nil, []want{{optionrom.Unresolved, optionrom.ReasonMore, ""}, elsewhere}},
		{"malformed", []eventlogtest.Event{{PCR: 2, Type: eventlog.EFIBootDriver, Data: []byte{1}}}, nil, []want{{optionrom.Unresolved, optionrom.ReasonMalformed, ""}, never}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := machine()
			if tt.inv != nil {
				tt.inv(inv)
			}
			held(t, corroborate(t, eventlogtest.Boot(tt.event...), eventlog.SHA256, inv), tt.wants...)
		})
	}
	retyped := bothDrivers()[1]
	retyped.Type = eventlog.IPL
	report := corroborate(t, eventlogtest.Boot(retyped), eventlog.SHA256, machine())
	if held(t, report, never); len(report.Others) != 1 || report.Others[0].Digest != second {
		t.Errorf("a retyped driver stays an event that somebody must explain: %v", report.Others)
	}
	w := eventlogtest.Boot(bothDrivers()...)
	w.Banks = append(w.Banks, eventlog.SHA384)
	held(t, corroborate(t, w, eventlog.SHA384, machine()), want{optionrom.NotComparable, optionrom.ReasonBank, "0000:00:05.0"}, want{optionrom.NotComparable, optionrom.ReasonBank, card})
}

// more puts a node of a disk behind the last one of a path.
func more(e eventlogtest.Event) eventlogtest.Event {
	path := e.Data[32 : len(e.Data)-4]
	path = append(append([]byte{}, path...), 3, 0x17, 4, 0, 0x7f, 0xff, 4, 0)
	e.Data = eventlogtest.ImageData(path)
	return e
}

// on is an event of a driver at a path.
func on(sum string, root uint32, nodes ...[2]byte) []eventlogtest.Event {
	return []eventlogtest.Event{eventlogtest.Driver(digest(sum), root, 0x12600, 0x3cfff, nodes...)}
}

// listed gives the machine's functions: the cards, and one more.
func listed(address string) func(inv *inventory.Inventory) {
	return func(inv *inventory.Inventory) {
		inv.Host.FunctionPaths = [][]string{{"0000:00:05.0"}, {"0000:00:07.0"}, {"0000:00:07.0", "0000:01:00.0"}, {address}}
	}
}

// second2 gives the card's ROM a second driver, on a machine with a network card.
func second2(sum string) func(inv *inventory.Inventory) {
	return func(inv *inventory.Inventory) {
		listed("0000:00:09.0")(inv)
		images := &inv.Devices[1].Firmware.ROMs[0].Images
		*images = append(*images, efi(0x40000, 0x400, sum))
	}
}

// twin adds the same card at the same place below another root bus.
func twin(root string) func(inv *inventory.Inventory) {
	return func(inv *inventory.Inventory) {
		d := inv.Devices[1]
		d.Address, d.Bridges = "0000:81:00.0", []inventory.Function{{Address: root + ":07.0"}}
		inv.Devices = append(inv.Devices, d)
	}
}
