package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2/transport"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

var recordBoots = flag.Bool("record-boots", false, "boot every scenario and record its capture under testdata/evidence")

const (
	boots     = "../../testdata/evidence/"
	bootNonce = "3333333333333333333333333333333333333333333333333333333333333333"
	bootClock = "2026-12-01T00:00:00Z" // the recorded certificates begin on 26 November
)

// The cards: a display without a ROM, which becomes the boot display, and cards
// behind root ports, whose ROMs the system may read.
const (
	plainDisplay = "ati-vga,addr=5,romfile="
	port1, port2 = "pcie-root-port,id=rp1,slot=1,addr=7", "pcie-root-port,id=rp2,slot=2,addr=8"
	firstCard    = "ati-vga,bus=rp1,romfile=%s/first.rom"
	secondCard   = "ati-vga,bus=rp2,romfile=%s/second.rom"
)

// roms are the option ROMs of the cards: UEFI drivers of the project's own, of a
// few instructions, which OVMF loads, measures and runs.
func roms() map[string][]byte {
	rom := func(code ...byte) []byte {
		rom := hosttest.EFIROM(0x1002, 0x5046, hosttest.UEFIDriver(code))
		// Rest of a flash chip; OVMF looks at no ROM of 2 KiB.
		return append(rom, bytes.Repeat([]byte{0xff}, 64<<10-len(rom))...)
	}
	return map[string][]byte{
		"first.rom":    rom(0x31, 0xc0, 0xc3),       // xor eax,eax; ret
		"tampered.rom": rom(0x33, 0xc0, 0xc3),       // the same in another spelling: one byte differs
		"second.rom":   rom(0x31, 0xc0, 0xf8, 0xc3), // xor eax,eax; clc; ret
	}
}

// bootScenario is a boot and what a report of it must say.
type bootScenario struct {
	name    string
	machine machineSpec
	sibling bool   // another machine's TPM
	own     string // prefix of another machine's files
	state   facts.AttestationState
	drivers []string // device, verdict and reason of each
	failed  []string // rules of the boot that fail, and those that
	open    []string // lack facts; all others pass or do not apply
}

var bootScenarios = []bootScenario{
	{
		name: "good", machine: machineSpec{cards: []string{plainDisplay, port1, port2, firstCard, secondCard}},
		state: facts.AttestationVerified, drivers: []string{"0000:01:00.0 corroborated", "0000:02:00.0 corroborated"},
	},
	{
		name: "tampered", machine: machineSpec{cards: []string{plainDisplay, port1, "ati-vga,bus=rp1,romfile=%s/tampered.rom"}},
		state: facts.AttestationVerified, drivers: []string{"0000:01:00.0 corroborated"},
	},
	{
		name: "boot-display", machine: machineSpec{cards: []string{"ati-vga,addr=5,romfile=%s/first.rom"}},
		state: facts.AttestationVerified, drivers: []string{"0000:00:05.0 measured-unreadable io-error"},
		failed: []string{"GA-BD-051"}, open: []string{"GA-BD-050"},
	},
	{
		name: "rom-bar-off", machine: machineSpec{cards: []string{plainDisplay, port1, firstCard + ",rombar=0"}},
		state: facts.AttestationVerified,
	},
	{
		name: "no-tpm", machine: machineSpec{cards: []string{plainDisplay, port1, firstCard}, noTPM: true},
		state: facts.AttestationAbsent, failed: []string{"GA-PR-050"},
		open: []string{"GA-BD-050", "GA-BD-051", "GA-BD-052", "GA-BD-053", "GA-BD-054", "GA-BD-055", "GA-BD-056", "GA-BD-057", "GA-BD-058", "GA-PR-051", "GA-PR-052", "GA-PR-053"},
	},
	{
		// TPM2_PCR_Extend of PCR 2 in the SHA-256 bank by 32 times "3".
		name: "extended", machine: machineSpec{cards: []string{plainDisplay, port1, firstCard}, guest: `exec 3<>/dev/tpm0
printf '\200\002\000\000\000\101\000\000\001\202\000\000\000\002\000\000\000\011\100\000\000\011\000\000\000\000\000\000\000\000\001\000\01333333333333333333333333333333333' >&3
head -c 10 <&3 >/dev/null; exec 3>&-`},
		state: facts.AttestationFailed, failed: []string{"GA-BD-053", "GA-PR-051"},
		open: []string{"GA-BD-050", "GA-BD-051", "GA-BD-052", "GA-BD-054", "GA-BD-055", "GA-BD-056", "GA-BD-057", "GA-BD-058", "GA-PR-052", "GA-PR-053"},
	},
	{
		// A system that shows Secure Boot as on, which firmware measured as off.
		name: "lie", machine: machineSpec{cards: []string{plainDisplay, port1, firstCard}, guest: `printf '\006\000\000\000\001' >/tmp/on
mount --bind /tmp/on /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c`},
		state: facts.AttestationVerified, drivers: []string{"0000:01:00.0 corroborated"}, failed: []string{"GA-BD-055"},
	},
	{
		name: "sibling", sibling: true, machine: machineSpec{cards: []string{plainDisplay, port1, port2, firstCard, secondCard}},
		state: facts.AttestationVerified, drivers: []string{"0000:01:00.0 corroborated", "0000:02:00.0 corroborated"},
	},
}

// bootFolder holds what a verifier has of a machine: roots, enrolment, captures.
type bootFolder string

func (f bootFolder) path(name string) string { return filepath.Join(string(f), name) }

func (f bootFolder) put(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(f.path(name), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// prefix of the verifier's files: each machine has its own.
func (s *bootScenario) prefix() string {
	if s.sibling {
		return "sibling-"
	}
	return s.own
}

// scan judges a capture as the verifier of its machine does.
func (f bootFolder) scan(t *testing.T, s *bootScenario, capture string, flags ...string) (*report.Report, int) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "report.json")
	args := append([]string{"scan", "--quiet", "--capture", capture, "--now", bootClock, "-o", "json=" + out,
		"--ek-roots", f.path(s.prefix() + "roots.pem"), "--enrolled", f.path(s.prefix() + "enrolment.json")}, flags...)
	var errs bytes.Buffer
	a := &app{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &errs, Now: time.Now, Getenv: func(string) string { return "" }, unconfined: true, own: ownInTests}
	code := a.main(t.Context(), args)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("no report (exit code %d): %s", code, errs.String())
	}
	var r report.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return &r, code
}

// bootRules are those that judge an attestation.
func bootRule(id string) bool {
	return strings.HasPrefix(id, "GA-BD-05") && id <= "GA-BD-058" || strings.HasPrefix(id, "GA-PR-05") && id <= "GA-PR-053"
}

func bootRules(r *report.Report, status finding.Status) []string {
	var ids []string
	for _, f := range r.Findings {
		if f.Status == status && bootRule(f.ID) && !slices.Contains(ids, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func ranDrivers(a *facts.Attestation) []string {
	var got []string
	if a == nil || a.Boot == nil {
		return nil
	}
	for _, d := range a.Boot.Drivers {
		got = append(got, strings.TrimSpace(d.Device+" "+d.Verdict+" "+d.Reason))
	}
	return got
}

// holds checks what the report of a scenario says.
func (s *bootScenario) holds(t *testing.T, r *report.Report, code int) {
	t.Helper()
	a := r.Attestation
	if a == nil {
		t.Fatal("the report holds no attestation")
	}
	if a.State != s.state {
		t.Errorf("attestation %s (%s), want %s", a.State, a.Reason, s.state)
	}
	if got := ranDrivers(a); !slices.Equal(got, s.drivers) {
		t.Errorf("drivers %q, want %q", got, s.drivers)
	}
	if got := bootRules(r, finding.Fail); !slices.Equal(got, s.failed) {
		t.Errorf("failed %v, want %v", got, s.failed)
	}
	if got := bootRules(r, finding.Unknown); !slices.Equal(got, s.open) {
		t.Errorf("open %v, want %v", got, s.open)
	}
	if s.state == facts.AttestationVerified && (a.Covers != facts.CoversFacts || a.SameBoot != "yes" || a.NonceFrom != facts.NonceVerifier) {
		t.Errorf("covers %s, same boot %s, nonce from %s", a.Covers, a.SameBoot, a.NonceFrom)
	}
	if refused := s.state == facts.AttestationFailed; refused != (code == exitSignature) {
		t.Errorf("exit code %d for an attestation that is %s", code, s.state)
	}
}

// TestBoots boots machines in software. GPUAUDIT_BOOTS names the scenarios,
// separated by commas; all of them are booted to be recorded.
func TestBoots(t *testing.T) {
	folder := bootFolder(t.TempDir())
	if *recordBoots {
		folder = boots
	}
	machines := map[string]*softwareMachine{"": newMachine(t)}
	wanted := strings.Split(os.Getenv("GPUAUDIT_BOOTS"), ",")
	for i := range bootScenarios {
		s := &bootScenarios[i]
		if !*recordBoots && !slices.Contains(wanted, s.name) {
			continue
		}
		if machines[s.prefix()] == nil {
			machines[s.prefix()] = newMachine(t)
		}
		m := machines[s.prefix()]
		if !m.enrolled {
			m.prepare(t, folder, s.prefix())
		}
		t.Run(s.name, func(t *testing.T) {
			folder.put(t, s.name+".tar.gz", m.boot(t, s.machine, bootNonce))
			r, code := folder.scan(t, s, folder.path(s.name+".tar.gz"), "--nonce", bootNonce)
			s.holds(t, r, code)
		})
	}
}

// prepare gives a machine its ROMs, and the verifier what it needs of its TPM.
func (m *softwareMachine) prepare(t *testing.T, folder bootFolder, prefix string) {
	t.Helper()
	for name, b := range roms() {
		m.put(t, name, string(b))
	}
	text, err := tpm.MarshalDocument(m.enrol(t))
	if err != nil {
		t.Fatal(err)
	}
	folder.put(t, prefix+"roots.pem", m.roots(t))
	folder.put(t, prefix+"enrolment.json", text)
	m.enrolled = true
}

// TestRecordedBoots judges the same boots, as they were recorded.
func TestRecordedBoots(t *testing.T) {
	t.Parallel()
	for i := range bootScenarios {
		s := &bootScenarios[i]
		t.Run(s.name, func(t *testing.T) {
			r, code := bootFolder(boots).scan(t, s, boots+s.name+".tar.gz", "--nonce", bootNonce)
			s.holds(t, r, code)
		})
	}
}

// enrolled lets a TPM answer a challenge.
func enrolled(t *testing.T, dev transport.TPM, e *tpm.Evidence) *tpm.Enrolment {
	t.Helper()
	q, s, err := tpm.Ask(e, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a, err := tpm.Answer(dev, q)
	if err != nil {
		t.Fatal(err)
	}
	en, err := tpm.Enrol(s, a)
	if err != nil {
		t.Fatal(err)
	}
	return en
}
