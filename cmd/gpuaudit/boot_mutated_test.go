package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/boot/optionrom"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// verdictOf is what a judgement rests on, without what a log only says: where an
// event stands, the device path beside a digest, and the order of PCRs' events.
func verdictOf(t *testing.T, e *tpm.Evidence, p *tpm.Policy, inv *inventory.Inventory) (tpm.Status, string) {
	t.Helper()
	r, err := tpm.Verify(e, *p)
	if err != nil {
		t.Fatal(err)
	}
	v := boot.Attest(r, inv)
	if v.Status != tpm.Pass {
		return v.Status, ""
	}
	s := *v.SecureBoot
	s.OptionROMs = "" // a hint: the order of events of two PCRs is not measured
	type ran struct{ Verdict, Device, Digest, Source string }
	var roms []ran
	for _, one := range v.OptionROMs.Results {
		// A driver of a function that nobody audits rests on no fact of a card.
		if one.Verdict == optionrom.OtherDevice {
			one.Device = ""
		}
		roms = append(roms, ran{string(one.Verdict), one.Device, one.Digest, one.Source})
	}
	text, err := json.Marshal(map[string]any{"secure boot": s, "db": s.DBData, "dbx": s.DBXData, "ran": roms, "others": v.OptionROMs.Others})
	if err != nil {
		t.Fatal(err)
	}
	return v.Status, string(text)
}

// mutations are changes of a log that somebody can make who rules the machine
// after its start: none of them can change what the TPM holds.
func mutations(t *testing.T, log []byte, long bool, try func(what string, changed []byte)) {
	t.Helper()
	events, parsed := cutLog(t, log)
	join := func(change func(events [][]byte) [][]byte) []byte {
		copied := make([][]byte, len(events))
		for i := range events {
			copied[i] = slices.Clone(events[i])
		}
		return bytes.Join(change(copied), nil)
	}
	types := []uint32{uint32(eventlog.NoAction), uint32(eventlog.Separator), uint32(eventlog.PostCode), uint32(eventlog.EventTag), uint32(eventlog.IPL), uint32(eventlog.CRTMContents),
		uint32(eventlog.CRTMVersion), uint32(eventlog.EFIVariableConfig), uint32(eventlog.EFIVariableBoot), uint32(eventlog.EFIVariableAuthority), uint32(eventlog.EFIAction),
		uint32(eventlog.EFIBootApplication), uint32(eventlog.EFIBootDriver), uint32(eventlog.EFIRuntimeDriver), uint32(eventlog.EFIFirmwareBlob), uint32(eventlog.EFISPDMPolicy), 0xffffffff}
	for i := 1; i < len(events); i++ {
		for _, typ := range types {
			try(fmt.Sprintf("event %d as %s", i, eventlog.Type(typ)), join(func(ev [][]byte) [][]byte { binary.LittleEndian.PutUint32(ev[i][4:], typ); return ev }))
		}
		try(fmt.Sprintf("event %d dropped", i), join(func(ev [][]byte) [][]byte { return slices.Delete(ev, i, i+1) }))
		try(fmt.Sprintf("event %d twice", i), join(func(ev [][]byte) [][]byte { return slices.Insert(ev, i, ev[i]) }))
		try(fmt.Sprintf("log cut before event %d", i), join(func(ev [][]byte) [][]byte { return ev[:i] }))
		for j := i + 1; j < len(events); j++ {
			try(fmt.Sprintf("events %d and %d swapped", i, j), join(func(ev [][]byte) [][]byte { ev[i], ev[j] = ev[j], ev[i]; return ev }))
		}
		try(fmt.Sprintf("event %d without data", i), join(func(ev [][]byte) [][]byte {
			head := len(ev[i]) - len(parsed[i].Data)
			ev[i] = ev[i][:head]
			binary.LittleEndian.PutUint32(ev[i][head-4:], 0)
			return ev
		}))
		head := parsed[i].Offset + len(events[i]) - len(parsed[i].Data)
		for at := range parsed[i].Data {
			old := parsed[i].Data[at]
			values := []byte{old ^ 1}
			if parsed[i].Type == eventlog.EFIBootDriver || long {
				values = append(values, old+1, 0, 0x7f, 0xff)
			}
			for bit := 1; bit < 8 && long; bit++ {
				values = append(values, old^1<<bit)
			}
			for _, v := range values {
				if v == old {
					continue
				}
				changed := slices.Clone(log)
				changed[head+at] = v
				try(fmt.Sprintf("event %d (%s), byte %d of its data as %#x", i, parsed[i].Type, at, v), changed)
			}
		}
	}
}

// TestMutatedLogs: a change of a log that passes still changes nothing that a
// verdict rests on. GPUAUDIT_LONG=1 tries every bit of every byte in all boots.
func TestMutatedLogs(t *testing.T) {
	t.Parallel()
	long := os.Getenv("GPUAUDIT_LONG") == "1"
	when, err := time.Parse(time.RFC3339, bootClock)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"good"}
	if long {
		names = []string{"good", "tampered", "boot-display", "rom-bar-off", "lie"}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			a := &app{Now: time.Now, unconfined: true}
			a.InventoryOf = a.inventoryOf
			inv, _, err := a.InventoryOf(t.Context(), boots+name+".tar.gz")
			if err != nil {
				t.Fatal(err)
			}
			e := openBoot(t, name).evidence()
			trust := tpmFlags{nonce: bootNonce, names: boot.Names{Roots: boots + "roots.pem", Enrolled: boots + "enrolment.json"}}
			p, err := trust.policy()
			if err != nil {
				t.Fatal(err)
			}
			p.Now = when
			if p.ReportDigest, err = hex.DecodeString(e.ReportDigest); err != nil {
				t.Fatal(err)
			}
			status, want := verdictOf(t, e, p, inv)
			log, kept := e.EventLog, 0
			mutations(t, log, long, func(what string, changed []byte) {
				e.EventLog = changed
				got, rests := verdictOf(t, e, p, inv)
				if got == tpm.Pass {
					kept++
				}
				if got == tpm.Pass && (status != tpm.Pass || rests != want) {
					t.Errorf("%s: it passes with\n%s\nand was %s with\n%s", what, rests, status, want)
				}
			})
			t.Logf("%s: %d mutations pass and change nothing", status, kept)
		})
	}
}
