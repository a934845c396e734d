package eventlog_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/eventlog/eventlogtest"
)

var all = []eventlog.Algorithm{eventlog.SHA1, eventlog.SHA256, eventlog.SHA384, eventlog.SHA512}

func boot() *eventlogtest.Log {
	return eventlogtest.Boot(
		eventlogtest.Driver(bytes.Repeat([]byte{1}, 32), 0, 0x12800, 0x3cdff, [2]byte{5, 0}),
		eventlogtest.Driver(bytes.Repeat([]byte{2}, 32), 0, 0x12600, 0x3cfff, [2]byte{7, 0}, [2]byte{0, 0}))
}

func parse(t testing.TB, b []byte) *eventlog.Log {
	t.Helper()
	l, err := eventlog.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestWrittenLogIsClean(t *testing.T) {
	w := boot()
	w.Banks = all
	for form, b := range map[eventlog.Form][]byte{eventlog.CryptoAgile: w.Bytes(), eventlog.SHA1Only: w.SHA1Bytes()} {
		l := parse(t, b)
		if l.Form != form || len(l.Events) != len(w.Events)+1 {
			t.Errorf("%s: form %s, %d events", form, l.Form, len(l.Events))
		}
		for _, f := range l.Check() {
			t.Errorf("%s: %s: %s", form, f.Code, f.Detail)
		}
		for _, a := range l.Algorithms {
			if _, err := l.Replay(a); err != nil {
				t.Errorf("%s: %v", form, err)
			}
		}
	}
}

// patch changes the bytes of a good log.
type patch func(b []byte) []byte

func at(offset int, v ...byte) patch {
	return func(b []byte) []byte { copy(b[offset:], v); return b }
}

// Offsets of a one-bank log: the header event is 32+33 bytes, and the first
// event follows.
const first = 32 + 33

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		name   string
		patch  patch
		code   eventlog.Code
		offset int // -1: not looked at
	}{
		{"empty", func([]byte) []byte { return nil }, eventlog.Empty, 0},
		{"too large", func([]byte) []byte { return make([]byte, eventlog.MaxBytes+1) }, eventlog.TooLarge, eventlog.MaxBytes},
		{"cut in the first head", func(b []byte) []byte { return b[:20] }, eventlog.Truncated, 0},
		{"cut in a head", func(b []byte) []byte { return b[:first+6] }, eventlog.Truncated, first},
		{"cut mid-digest", func(b []byte) []byte { return b[:first+20] }, eventlog.Truncated, first + 12},
		{"cut in the data", func(b []byte) []byte { return b[:first+50] }, eventlog.Truncated, first + 46},
		{"one byte behind", func(b []byte) []byte { return append(b, 0) }, eventlog.Truncated, -1},
		{"PCR 24", at(first, 24), eventlog.PCRIndex, first},
		{"PCR 2^32-1", at(first, 255, 255, 255, 255), eventlog.PCRIndex, first},
		{"no digests", at(first+8, 0), eventlog.DigestCount, first + 8},
		{"a digest too many", at(first+8, 2), eventlog.DigestCount, first + 8},
		{"2^32-1 digests", at(first+8, 255, 255, 255, 255), eventlog.DigestCount, first + 8},
		{"unknown algorithm", at(first+12, 0x99), eventlog.UnknownAlgorithm, first + 12},
		{"4 GiB of data", at(first+46, 255, 255, 255, 255), eventlog.Truncated, first + 46},
		{"header without algorithms", at(56, 0), eventlog.BadHeader, 60},
		{"header with 2^32-1 algorithms", at(56, 255, 255, 255, 255), eventlog.BadHeader, 60},
		{"SHA-256 of 20 bytes", at(62, 20), eventlog.BadHeader, 60},
		{"vendor information past the header", at(64, 9), eventlog.BadHeader, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := eventlog.Parse(tt.patch(boot().Bytes()))
			e, ok := errors.AsType[*eventlog.Error](err)
			if !ok || e.Code != tt.code || tt.offset >= 0 && e.Offset != tt.offset {
				t.Errorf("%v, want %s at %#x", err, tt.code, tt.offset)
			}
		})
	}
	twice := boot()
	twice.Banks = []eventlog.Algorithm{eventlog.SHA256, eventlog.SHA1}
	b := twice.Bytes()
	i := bytes.Index(b, append([]byte{0x04, 0x00}, hexed("1489f923c4dca729178b3e3233458550d8dddf29")...)) // SHA-1 of 0000
	binary.LittleEndian.PutUint16(b[i:], uint16(eventlog.SHA256))
	if _, err := eventlog.Parse(b); !strings.Contains(err.Error(), string(eventlog.DuplicateDigest)) {
		t.Errorf("two digests of one bank: %v", err)
	}
}

func hexed(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestUnknownAlgorithmIsKeptBySize(t *testing.T) {
	w := boot()
	w.Banks = []eventlog.Algorithm{eventlog.SHA256, eventlog.SHA1}
	b := bytes.ReplaceAll(w.Bytes(), []byte{0x04, 0x00, 0x14, 0x00}, []byte{0x99, 0x00, 0x14, 0x00})
	l, err := eventlog.Parse(b)
	if err == nil {
		t.Fatalf("the events' digests still say SHA-1, and %v was announced", l.Algorithms)
	}
}

func TestReplayNeedsTheBank(t *testing.T) {
	l := parse(t, boot().Bytes())
	for a, code := range map[eventlog.Algorithm]eventlog.Code{eventlog.SHA384: eventlog.BankAbsent, 0x99: eventlog.BankAbsent} {
		_, err := l.Replay(a)
		if e, ok := errors.AsType[*eventlog.Error](err); !ok || e.Code != code {
			t.Errorf("%s: %v, want %s", a, err, code)
		}
	}
	l.Algorithms = append(l.Algorithms, eventlog.SM3, eventlog.SHA1)
	for a, code := range map[eventlog.Algorithm]eventlog.Code{eventlog.SM3: eventlog.BankUnsupported, eventlog.SHA1: eventlog.BankIncomplete} {
		_, err := l.Replay(a)
		if e, ok := errors.AsType[*eventlog.Error](err); !ok || e.Code != code {
			t.Errorf("%s: %v, want %s", a, err, code)
		}
	}
}

func TestStartupLocality(t *testing.T) {
	event := func(v ...byte) eventlogtest.Event {
		return eventlogtest.Event{Type: eventlog.NoAction, Data: append([]byte("StartupLocality\x00"), v...)}
	}
	plain, _ := parse(t, boot().Bytes()).Replay(eventlog.SHA256)
	for v := byte(0); v < 6; v++ {
		w := boot()
		w.Events = append([]eventlogtest.Event{event(v)}, w.Events...)
		pcrs, err := parse(t, w.Bytes()).Replay(eventlog.SHA256)
		if ok := v == 0 || v == 3 || v == 4; ok != (err == nil) {
			t.Errorf("locality %d: %v", v, err)
		} else if ok && bytes.Equal(pcrs[0], plain[0]) != (v == 0) {
			t.Errorf("locality %d: PCR 0 is %x", v, pcrs[0])
		}
	}
	for name, w := range map[string]*eventlogtest.Log{
		"late":       {Banks: boot().Banks, Events: append(boot().Events, event(3))},
		"twice":      {Banks: boot().Banks, Events: append([]eventlogtest.Event{event(3), event(4)}, boot().Events...)},
		"without it": {Banks: boot().Banks, Events: append([]eventlogtest.Event{event()}, boot().Events...)},
	} {
		if _, err := parse(t, w.Bytes()).Replay(eventlog.SHA256); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// oldShim is an authority with excess bytes behind its structure, all but one of
// which are measured: of six, as shim wrote them before 2020.
func oldShim(excess int) eventlogtest.Event {
	e := eventlogtest.Variable("Shim", []byte("certificate"))
	e.Type = eventlog.EFIVariableAuthority
	e.Data = append(e.Data, make([]byte, excess)...)
	e.Measured = e.Data[:len(e.Data)-1]
	return e
}

func TestCheckFinds(t *testing.T) {
	index := func(w *eventlogtest.Log, pcr int, typ eventlog.Type) int {
		for i, e := range w.Events {
			if e.PCR == pcr && e.Type == typ {
				return i
			}
		}
		t.Fatalf("no %s in PCR %d", typ, pcr)
		return -1
	}
	set := func(pcr int, typ eventlog.Type, change func(e *eventlogtest.Event)) func(*eventlogtest.Log) {
		return func(w *eventlogtest.Log) { change(&w.Events[index(w, pcr, typ)]) }
	}
	add := func(e eventlogtest.Event) func(*eventlogtest.Log) {
		return func(w *eventlogtest.Log) { w.Events = append(w.Events, e) }
	}
	tests := []struct {
		name   string
		change func(w *eventlogtest.Log)
		code   eventlog.Anomaly
		broken bool
	}{
		{"separator removed", func(w *eventlogtest.Log) {
			i := index(w, 2, eventlog.Separator)
			w.Events = append(w.Events[:i:i], w.Events[i+1:]...)
		}, eventlog.SeparatorMissing, true},
		{"duplicate separator", add(eventlogtest.Event{PCR: 2, Type: eventlog.Separator, Data: make([]byte, 4)}), eventlog.SeparatorDuplicate, true},
		{"separator of another value", set(2, eventlog.Separator, func(e *eventlogtest.Event) { e.Data = []byte{0, 0, 0, 1} }), eventlog.SeparatorValue, true},
		{"separator of three bytes", set(2, eventlog.Separator, func(e *eventlogtest.Event) { e.Data = make([]byte, 3) }), eventlog.SeparatorValue, true},
		{"separator whose digest is another", set(2, eventlog.Separator, func(e *eventlogtest.Event) { e.Measured = []byte("x") }), eventlog.DigestMismatch, true},
		{"separator retyped", set(2, eventlog.Separator, func(e *eventlogtest.Event) {
			e.Type, e.Measured, e.Data = eventlog.PostCode, e.Data, []byte("ACPI DATA")
		}), eventlog.SeparatorHidden, true},
		{"action's text changed", set(4, eventlog.EFIAction, func(e *eventlogtest.Event) { e.Measured, e.Data = e.Data, []byte("Nothing ran") }), eventlog.DigestMismatch, true},
		{"variable's value changed", set(7, eventlog.EFIVariableConfig, func(e *eventlogtest.Event) {
			e.Measured, e.Data = e.Data, eventlogtest.Variable("SecureBoot", []byte{1}).Data
		}), eventlog.DigestMismatch, true},
		{"CRTM version changed", set(0, eventlog.CRTMVersion, func(e *eventlogtest.Event) { e.Measured = []byte{1} }), eventlog.CRTMVersionBy, false},
		{"CRTM version in another PCR", add(eventlogtest.Event{PCR: 7, Type: eventlog.CRTMVersion, Data: []byte{2}, Measured: []byte{1}}), eventlog.DigestMismatch, true},
		{"CRTM version behind the separator", add(eventlogtest.Event{PCR: 0, Type: eventlog.CRTMVersion, Data: []byte{2}, Measured: []byte{1}}), eventlog.DigestMismatch, true},
		{"CRTM contents without a digest", set(0, eventlog.EFIFirmwareBlob, func(e *eventlogtest.Event) {
			e.Type, e.Data, e.Measured = eventlog.CRTMContents, []byte("FIT Type 0x02D Measured S-CRTM\x00"), make([]byte, 4)
		}), eventlog.CRTMContentBy, false},
		{"separator of PCR 0 as CRTM contents", set(0, eventlog.Separator, func(e *eventlogtest.Event) {
			e.Type, e.Measured, e.Data = eventlog.CRTMContents, e.Data, []byte("contents")
		}), eventlog.SeparatorMissing, true},
		{"separator of PCR 2 as CRTM contents", set(2, eventlog.Separator, func(e *eventlogtest.Event) {
			e.Type, e.Measured, e.Data = eventlog.CRTMContents, e.Data, []byte("contents")
		}), eventlog.SeparatorHidden, true},
		{"authority of an old shim", add(oldShim(6)), eventlog.ShimAuthority, false},
		{"authority with five bytes too many", add(oldShim(5)), eventlog.DataMalformed, true},
		{"authority of an old shim with another digest", add(func() eventlogtest.Event { e := oldShim(6); e.Measured = e.Data; return e }()), eventlog.DataMalformed, true},
		{"authority of an old shim before the separator", func(w *eventlogtest.Log) {
			w.Events = append(w.Events[:7:7], append([]eventlogtest.Event{oldShim(6)}, w.Events[7:]...)...)
		}, eventlog.DataMalformed, true},
		{"variable's lengths wrong", set(7, eventlog.EFIVariableConfig, func(e *eventlogtest.Event) { e.Data = e.Data[:33] }), eventlog.DataMalformed, true},
		{"variable's name of 2^63 units", set(7, eventlog.EFIVariableConfig, func(e *eventlogtest.Event) { e.Data[23] = 0x80 }), eventlog.DataMalformed, true},
		{"driver without a path", set(2, eventlog.EFIBootDriver, func(e *eventlogtest.Event) { e.Data = e.Data[:40] }), eventlog.DataMalformed, true},
		{"driver retyped", set(2, eventlog.EFIBootDriver, func(e *eventlogtest.Event) { e.Type = eventlog.IPL }), eventlog.UnexpectedPCR, false},
		{"variable of PCR 7 retyped as an authority", set(7, eventlog.EFIVariableConfig, func(e *eventlogtest.Event) { e.Type = eventlog.EFIVariableAuthority }), eventlog.ConfigMissing, true},
		{"variable of PCR 7 retyped as a boot variable", set(7, eventlog.EFIVariableConfig, func(e *eventlogtest.Event) { e.Type = eventlog.EFIVariableBoot }), eventlog.ConfigType, true},
		{"variables of PCR 7 in another order", func(w *eventlogtest.Log) { w.Events[3], w.Events[4] = w.Events[4], w.Events[3] }, eventlog.ConfigOrder, true},
		{"variable of PCR 7 twice", func(w *eventlogtest.Log) {
			w.Events = append(w.Events[:3:3], append([]eventlogtest.Event{w.Events[2]}, w.Events[3:]...)...)
		}, eventlog.ConfigOrder, true},
		{"db of another owner", func(w *eventlogtest.Log) { w.Events[5].Data[0] ^= 1 }, eventlog.ConfigMissing, true},
		{"last variable of PCR 7 missing", func(w *eventlogtest.Log) { w.Events = append(w.Events[:6:6], w.Events[7:]...) }, eventlog.ConfigMissing, true},
		{"nothing in PCR 7", func(w *eventlogtest.Log) { w.Events = append(w.Events[:2:2], w.Events[7:]...) }, eventlog.ConfigMissing, false},
		{"variable behind the separator", add(eventlogtest.Variable("SecureBoot", []byte{1})), eventlog.ConfigLate, false},
		{"debug mode retyped", add(eventlogtest.Event{PCR: 7, Type: eventlog.EFISPDMPolicy, Data: []byte("policy"), Measured: []byte("UEFI Debug Mode")}), eventlog.ActionHidden, true},
		{"unknown type", set(2, eventlog.EFIBootDriver, func(e *eventlogtest.Event) { e.Type = 0x80001234 }), eventlog.UnknownType, false},
		{"driver behind the separator", add(boot().Events[8]), eventlog.AfterSeparator, false},
		{"partition table in PCR 2", add(eventlogtest.Event{PCR: 2, Type: eventlog.EFIGPT, Data: []byte{1}}), eventlog.UnexpectedPCR, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := boot()
			tt.change(w)
			for _, f := range parse(t, w.Bytes()).Check() {
				if f.Code == tt.code {
					if f.Broken != tt.broken {
						t.Errorf("broken is %v: %s", f.Broken, f.Detail)
					}
					return
				}
			}
			t.Errorf("%s not found", tt.code)
		})
	}
	b := boot().Bytes()
	b[8] = 1 // digest of the header event
	if f := parse(t, b).Check(); len(f) != 1 || f[0].Code != eventlog.NoActionDigest || !f[0].Broken {
		t.Errorf("digest of an event that is not extended: %v", f)
	}
}

func TestDevicePath(t *testing.T) {
	images := []eventlog.Image{}
	for _, e := range parse(t, boot().Bytes()).Events {
		if e.Type == eventlog.EFIBootDriver {
			img, err := e.Image()
			if err != nil {
				t.Fatal(err)
			}
			images = append(images, *img)
		}
	}
	for i, want := range []string{"PciRoot(0x0)/Pci(0x5,0x0)/Offset(0x12800,0x3cdff)", "PciRoot(0x0)/Pci(0x7,0x0)/Pci(0x0,0x0)/Offset(0x12600,0x3cfff)"} {
		p := images[i].Path
		if p.Text != want || p.Root == nil || *p.Root != 0 || len(p.PCI) != i+1 || p.Range == nil {
			t.Errorf("%+v, want %s", p, want)
		}
	}
	refused := map[string][]byte{
		"no end":          {1, 1, 6, 0, 0, 5},
		"node of 3":       {1, 1, 3, 0, 0x7f, 0xff, 4, 0},
		"node too long":   {1, 1, 60, 0, 0, 5, 0x7f, 0xff, 4, 0},
		"end in between":  {0x7f, 0xff, 4, 0, 1, 1, 6, 0, 0, 5},
		"end of instance": {0x7f, 1, 4, 0},
		"300 nodes":       append(bytes.Repeat([]byte{9, 9, 4, 0}, 300), 0x7f, 0xff, 4, 0),
	}
	for name, path := range refused {
		e := eventlog.Event{Data: eventlogtest.ImageData(path)}
		if img, err := e.Image(); err == nil {
			t.Errorf("%s: accepted as %q", name, img.Path.Text)
		}
	}
	// A PCI node that does not follow the root bridge directly names no device.
	e := eventlog.Event{Data: eventlogtest.ImageData([]byte{9, 9, 4, 0, 1, 1, 6, 0, 0, 5, 0x7f, 0xff, 4, 0})}
	if img, err := e.Image(); err != nil || img.Path.Root != nil || len(img.Path.PCI) > 0 {
		t.Errorf("%+v, %v", img, err)
	}
}

func TestSecureBoot(t *testing.T) {
	on := func(events ...eventlogtest.Event) *eventlogtest.Log {
		w := boot()
		w.Events[2] = eventlogtest.Variable("SecureBoot", []byte{1})
		w.Events[5] = eventlogtest.Variable("db", eventlogtest.Signatures([]byte("elsewhere!!"), []byte("certificate")))
		w.Events[6] = eventlogtest.Variable("dbx", make([]byte, 76))
		w.Events = append(w.Events[:8:8], append(events, w.Events[8:]...)...)
		return w
	}
	named := func(variable string, entry []byte) eventlogtest.Event {
		e := eventlogtest.Variable(variable, entry)
		e.Type = eventlog.EFIVariableAuthority
		return e
	}
	entry := append(make([]byte, 16), "certificate"...)
	authority := named("db", entry)
	late, early := on(), on()
	late.Events = append(late.Events, authority)
	early.Events = append(early.Events[:7:7], append([]eventlogtest.Event{authority}, early.Events[7:]...)...)
	for name, tt := range map[string]struct {
		log  *eventlogtest.Log
		want eventlog.Verification
	}{
		"off": {boot(), eventlog.UnverifiedROMs}, "shown": {on(authority), eventlog.VerifiedROMs}, "not shown": {on(), eventlog.NotShownROMs},
		"authority of the boot loader only": {late, eventlog.NotShownROMs}, "authority before the separator": {early, eventlog.NotShownROMs},
		"authority that is no entry of db":      {on(named("db", append(make([]byte, 16), "another cert"...))), eventlog.NotShownROMs},
		"part of an entry":                      {on(named("db", entry[:20])), eventlog.NotShownROMs},
		"authority of a boot loader's own list": {on(named("MokList", entry)), eventlog.NotShownROMs},
		"no drivers":                            {eventlogtest.Boot(), eventlog.NoROMs},
	} {
		if got := parse(t, tt.log.Bytes()).SecureBoot(); got.OptionROMs != tt.want {
			t.Errorf("%s: %s, want %s", name, got.OptionROMs, tt.want)
		}
	}
	s := parse(t, on().Bytes()).SecureBoot()
	if s.Enabled == nil || !*s.Enabled || s.DBX == nil || *s.DBX != 76 || s.PK == nil || *s.PK != 0 || s.Debug {
		t.Errorf("%+v", s)
	}
	two := boot()
	two.Events = append(two.Events, eventlogtest.Variable("SecureBoot", []byte{1}))
	if s := parse(t, two.Bytes()).SecureBoot(); len(s.Repeated) != 1 || s.Proven() || *s.Enabled {
		t.Errorf("two values of one variable: %+v", s)
	}
	if s := (&eventlog.Log{}).SecureBoot(); s.Enabled != nil || s.DBX != nil {
		t.Errorf("nothing logged: %+v", s)
	}
}

// TestAgainstTPM2Tools holds the replay of every bank to that of tpm2-tools, on
// recorded logs and on those that are written here, in both forms.
func TestAgainstTPM2Tools(t *testing.T) {
	tool, err := exec.LookPath("tpm2_eventlog")
	if err != nil {
		t.Skip("tpm2_eventlog (Debian package tpm2-tools) is not on this machine")
	}
	logs := sharedLogs(t)
	w := boot()
	w.Banks = all
	// The tool refuses the header of a SHA-1 log, which takes 32 and 25 bytes.
	for name, b := range map[string][]byte{"four-banks.bin": w.Bytes(), "sha1.bin": w.SHA1Bytes()[32+25:]} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		logs[path] = b
	}
	for name, b := range logs {
		out, err := exec.Command(tool, name).Output()
		if err != nil {
			t.Errorf("%s: tpm2_eventlog refuses what we read: %v", filepath.Base(name), err)
			continue
		}
		l := parse(t, b)
		for _, f := range l.Check() {
			t.Errorf("%s: %s: %s", filepath.Base(name), f.Code, f.Detail)
		}
		if compared := sameReplay(t, filepath.Base(name), l, string(out)); compared < 8*len(l.Algorithms) {
			t.Errorf("%s: only %d PCRs compared", filepath.Base(name), compared)
		}
	}
	cut := filepath.Join(t.TempDir(), "cut.bin")
	if err := os.WriteFile(cut, boot().Bytes()[:first+20], 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, cut).Output(); err == nil && strings.Contains(string(out), "EV_S_CRTM_VERSION") {
		t.Error("tpm2_eventlog reads an event that is cut mid-digest, and we do not")
	}
}

// toolPCR is a PCR value of a bank, or the bank's name, in tpm2_eventlog's answer.
var toolPCR = regexp.MustCompile(`(?m)^\s+(\d+)\s*: 0x([0-9a-f]+)$|^  (sha\d+):$`)

func sameReplay(t *testing.T, name string, l *eventlog.Log, out string) (compared int) {
	t.Helper()
	_, pcrs, _ := strings.Cut(out, "\npcrs:\n")
	var bank eventlog.Algorithm
	for _, m := range toolPCR.FindAllStringSubmatch(pcrs, -1) {
		if m[3] != "" {
			bank, _ = eventlog.AlgorithmNamed(m[3])
			continue
		}
		ours, err := l.Replay(bank)
		i, _ := strconv.Atoi(m[1])
		if err != nil || hex.EncodeToString(ours[i]) != m[2] {
			t.Errorf("%s: PCR %d of %s is %x (%v), tpm2_eventlog says %s", name, i, bank, ours[i], err, m[2])
		}
		compared++
	}
	return compared
}

func FuzzParse(f *testing.F) {
	w := boot()
	f.Add(w.SHA1Bytes())
	w.Banks = all
	f.Add(w.Bytes())
	for _, b := range sharedLogs(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := eventlog.Parse(b)
		if err != nil {
			if _, ok := errors.AsType[*eventlog.Error](err); !ok {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		l.Check()
		l.SecureBoot()
		for _, a := range l.Algorithms {
			_, _ = l.Replay(a)
		}
		for i := range l.Events {
			_ = l.Events[i].Type.String()
			_, _ = l.Events[i].Image()
			_, _ = l.Events[i].Variable()
		}
	})
}
