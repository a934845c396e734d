package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
)

// entry is one of a capture's.
type entry struct {
	head *tar.Header
	data []byte
}

// recordedBoot is a recorded capture, taken apart to be changed.
type recordedBoot struct {
	t       *testing.T
	entries []entry
}

func openBoot(t *testing.T, name string) *recordedBoot {
	t.Helper()
	f, err := os.Open(boots + name + ".tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b := &recordedBoot{t: t}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return b
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		b.entries = append(b.entries, entry{h, data})
	}
}

func (b *recordedBoot) find(name string) *entry {
	b.t.Helper()
	i := slices.IndexFunc(b.entries, func(e entry) bool { return e.head.Name == name })
	if i < 0 {
		b.t.Fatalf("the capture has no entry %s", name)
	}
	return &b.entries[i]
}

func (b *recordedBoot) evidence() *tpm.Evidence {
	b.t.Helper()
	e, err := tpm.ParseEvidence(b.find("tpm-evidence.json").data)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

func (b *recordedBoot) setEvidence(e *tpm.Evidence) {
	b.t.Helper()
	text, err := e.Marshal()
	if err != nil {
		b.t.Fatal(err)
	}
	b.find("tpm-evidence.json").data = text
}

// write packs the capture again.
func (b *recordedBoot) write() string {
	b.t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, e := range b.entries {
		e.head.Size = int64(len(e.data))
		if err := w.WriteHeader(e.head); err != nil {
			b.t.Fatal(err)
		}
		if _, err := w.Write(e.data); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		b.t.Fatal(err)
	}
	name := filepath.Join(b.t.TempDir(), "changed.tar.gz")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return name
}

// cutLog takes a log apart into its events.
func cutLog(t *testing.T, b []byte) (events [][]byte, parsed []eventlog.Event) {
	t.Helper()
	l, err := eventlog.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range l.Events {
		end := len(b)
		if i+1 < len(l.Events) {
			end = l.Events[i+1].Offset
		}
		events = append(events, slices.Clone(b[l.Events[i].Offset:end]))
	}
	return events, l.Events
}

// driversIn are the indices of the events that measure option ROMs.
func driversIn(events []eventlog.Event) (at []int) {
	for i := range events {
		if events[i].PCR == 2 && events[i].Type == eventlog.EFIBootDriver {
			at = append(at, i)
		}
	}
	return at
}

// retypeConfig gives the n-th configuration event of PCR 7 another type.
func retypeConfig(n int, typ eventlog.Type) func([][]byte, []int) [][]byte {
	return func(events [][]byte, _ []int) [][]byte {
		for _, e := range events[1:] {
			if binary.LittleEndian.Uint32(e) != 7 || binary.LittleEndian.Uint32(e[4:]) != uint32(eventlog.EFIVariableConfig) {
				continue
			}
			if n--; n < 0 {
				binary.LittleEndian.PutUint32(e[4:], uint32(typ))
				break
			}
		}
		return events
	}
}

// verifyBoot is the exit code of `attest verify` on a capture, and what it prints.
func verifyBoot(name string, f bootFolder, prefix string, flags ...string) (int, string) {
	var out bytes.Buffer
	a := &app{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now, Getenv: func(string) string { return "" }, unconfined: true, own: ownInTests}
	a.InventoryOf = a.inventoryOf
	code := a.main(context.Background(), append([]string{"attest", "verify", name, "--nonce", bootNonce, "--now", bootClock,
		"--ek-roots", f.path(prefix + "roots.pem"), "--enrolled", f.path(prefix + "enrolment.json")}, flags...))
	return code, out.String()
}

// TestVerifyRefusesChangedCaptures: a capture that brings its own evidence is what
// that covers. With any other content, the answer is 4, as a scan's is.
func TestVerifyRefusesChangedCaptures(t *testing.T) {
	if code, out := verifyBoot(boots+"good.tar.gz", boots, ""); code != 0 {
		t.Fatalf("unchanged: exit code %d\n%s", code, out)
	}
	b := openBoot(t, "good")
	b.find("root/proc/cmdline").data[0] ^= 1
	name := b.write()
	report := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(report, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{nil, {"--report", report}} {
		code, out := verifyBoot(name, boots, "", flags...)
		if code != exitSignature || !strings.Contains(out, "fail     quote-report  report-digest-mismatch") {
			t.Errorf("%q: exit code %d\n%s", flags, code, out)
		}
	}
	e := b.evidence()
	b = openBoot(t, "good")
	text, _ := e.Marshal()
	b.find("tpm-evidence.json").data = bytes.Replace(text, []byte(e.ReportDigest), []byte(strings.ToUpper(e.ReportDigest)), 1)
	if code, out := verifyBoot(b.write(), boots, ""); code != exitSignature {
		t.Errorf("digest in upper case: exit code %d\n%s", code, out)
	}
}

// TestSharedBoots: boots of machines whose root changed the log before the
// capture (../shared/cases/boots), by both commands.
func TestSharedBoots(t *testing.T) {
	t.Parallel()
	const shared = bootFolder("../../../shared/cases/boots")
	if _, err := os.Stat(string(shared)); err != nil {
		t.Skip("the shared boots are not on this machine: ../shared/cases/boots")
	}
	for _, tt := range []struct {
		name, prefix string
		verify       int
		failed       []string
	}{
		{"two-drivers", "", 0, nil},
		{"lie-second-of-two", "lie-", exitIncomplete, []string{"GA-BD-052", "GA-BD-054"}},
		{"lie-both-of-two", "lie-", exitIncomplete, []string{"GA-BD-052", "GA-BD-054"}},
		{"forge-shown", "forge-", exitSignature, []string{"GA-BD-053", "GA-PR-051"}},
		{"talk-sb-snakeoil", "talk-", 0, []string{"GA-BD-058"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := shared.path(tt.name + ".tar.gz")
			if code, out := verifyBoot(name, shared, tt.prefix); code != tt.verify {
				t.Errorf("attest verify: exit code %d\n%s", code, out)
			}
			s := &bootScenario{own: tt.prefix}
			r, _ := shared.scan(t, s, name, "--nonce", bootNonce)
			if got := bootRules(r, finding.Fail); !slices.Equal(got, tt.failed) {
				t.Errorf("failed %v, want %v", got, tt.failed)
			}
		})
	}
}

// TestChangedBoots changes the recorded boot of two good cards in one point each,
// as somebody would who rules the machine after its start.
func TestChangedBoots(t *testing.T) {
	t.Parallel()
	relog := func(change func(events [][]byte, drivers []int) [][]byte) func(*testing.T, *recordedBoot) {
		return func(t *testing.T, b *recordedBoot) {
			e := b.evidence()
			events, parsed := cutLog(t, e.EventLog)
			e.EventLog = bytes.Join(change(events, driversIn(parsed)), nil)
			b.setEvidence(e)
		}
	}
	swapped := func(part func(ours, theirs *tpm.Evidence)) func(*testing.T, *recordedBoot) {
		return func(t *testing.T, b *recordedBoot) {
			ours, theirs := b.evidence(), openBoot(t, "sibling").evidence()
			part(ours, theirs)
			b.setEvidence(ours)
		}
	}
	separatorOf2 := func(e []byte) bool {
		return binary.LittleEndian.Uint32(e) == 2 && binary.LittleEndian.Uint32(e[4:]) == uint32(eventlog.Separator)
	}
	tests := []struct {
		name   string
		change func(t *testing.T, b *recordedBoot)
		nonce  string
		checks []string // that fail: name and code
		failed []string // rules
	}{
		{"nothing", func(*testing.T, *recordedBoot) {}, bootNonce, nil, nil},
		{"quote replayed for another nonce", func(*testing.T, *recordedBoot) {}, strings.Repeat("44", 32), []string{"quote-nonce extra-data-mismatch"}, []string{"GA-PR-051"}},
		{"quote of another TPM", swapped(func(ours, theirs *tpm.Evidence) { ours.Quote, ours.PCRs = theirs.Quote, theirs.PCRs }), bootNonce,
			[]string{"quote-signature signature-mismatch", "quote-signer quote-signer", "quote-nonce extra-data-mismatch"}, []string{"GA-PR-051"}},
		{"evidence of another machine", swapped(func(ours, theirs *tpm.Evidence) { *ours = *theirs }), bootNonce,
			[]string{"quote-report report-digest-mismatch", "ek-certificate ek-certificate-chain", "ak-binding ak-of-another-tpm"}, []string{"GA-PR-051", "GA-PR-053"}},
		{"certificate of another TPM", swapped(func(ours, theirs *tpm.Evidence) { ours.EKs[0].Certificate = theirs.EKs[0].Certificate }), bootNonce,
			[]string{"ek-certificate ek-certificate-key"}, []string{"GA-PR-051"}},
		{"event removed", relog(func(events [][]byte, d []int) [][]byte { return slices.Delete(events, d[0], d[0]+1) }), bootNonce,
			[]string{"log-replay log-pcr-mismatch"}, []string{"GA-BD-053", "GA-PR-051", "GA-PR-053"}},
		{"events reordered", relog(func(events [][]byte, d []int) [][]byte {
			events[d[0]], events[d[1]] = events[d[1]], events[d[0]]
			return events
		}), bootNonce, []string{"log-replay log-pcr-mismatch"}, []string{"GA-BD-053", "GA-PR-051", "GA-PR-053"}},
		// A type is not measured: the log replays, and the driver has no device.
		{"driver retyped", relog(func(events [][]byte, d []int) [][]byte {
			binary.LittleEndian.PutUint32(events[d[0]][4:], uint32(eventlog.IPL))
			return events
		}), bootNonce, nil, []string{"GA-BD-052", "GA-BD-054", "GA-PR-053"}},
		{"separator retyped", relog(func(events [][]byte, d []int) [][]byte {
			for _, e := range events[1:] {
				if separatorOf2(e) {
					e[4] = byte(eventlog.PostCode)
					e[len(e)-1] = 1
				}
			}
			return events
		}), bootNonce, []string{"log-consistent separator-hidden"}, []string{"GA-BD-053", "GA-PR-051", "GA-PR-053"}},
		{"separator twice", relog(func(events [][]byte, d []int) [][]byte {
			for _, e := range events[1:] {
				if separatorOf2(e) {
					return append(events, e)
				}
			}
			return events
		}), bootNonce, []string{"log-replay log-pcr-mismatch", "log-consistent separator-duplicate"}, []string{"GA-BD-053", "GA-PR-051", "GA-PR-053"}},
		{"log cut mid-digest", relog(func(events [][]byte, d []int) [][]byte {
			return append(events[:d[0]:d[0]], events[d[0]][:20])
		}), bootNonce, []string{"log-form log-truncated"}, []string{"GA-BD-053", "GA-PR-051", "GA-PR-053"}},
		{"driver of another device", relog(func(events [][]byte, d []int) [][]byte {
			at := bytes.Index(events[d[0]], []byte{1, 1, 6, 0, 0, 7})
			events[d[0]][at+5] = 9 // Pci(9,0): where no card is
			return events
		}), bootNonce, nil, []string{"GA-BD-052", "GA-BD-054", "GA-PR-053"}},
		{"driver of another function that exists", relog(func(events [][]byte, d []int) [][]byte {
			at := bytes.Index(events[d[0]], []byte{1, 1, 6, 0, 0, 7})
			copy(events[d[0]][at+4:], []byte{2, 0x1f, 9, 9, 6, 0}) // Pci(1f,2), a disk controller, and a node of no kind
			return events
		}), bootNonce, nil, []string{"GA-BD-052", "GA-BD-054", "GA-PR-053"}},
		{"driver without a place", relog(func(events [][]byte, d []int) [][]byte {
			at := bytes.Index(events[d[0]], []byte{2, 1, 12, 0})
			events[d[0]][at+4] ^= 1 // no PCI root bridge: the digest says whose it is
			return events
		}), bootNonce, nil, []string{"GA-PR-053"}},
		{"PK retyped as an authority", relog(retypeConfig(1, eventlog.EFIVariableAuthority)), bootNonce,
			[]string{"log-consistent config-order"}, []string{"GA-BD-053", "GA-PR-051", "GA-PR-053"}},
		{"dbx retyped as an authority", relog(retypeConfig(4, eventlog.EFIVariableAuthority)), bootNonce,
			[]string{"log-consistent config-missing"}, []string{"GA-BD-053", "GA-PR-051", "GA-PR-053"}},
		{"SecureBoot retyped as a boot variable", relog(retypeConfig(0, eventlog.EFIVariableBoot)), bootNonce,
			[]string{"log-consistent config-type"}, []string{"GA-BD-053", "GA-PR-051", "GA-PR-053"}},
		{"ROM exchanged in the capture", func(t *testing.T, b *recordedBoot) { b.find("roms/0000:01:00.0.rom").data = roms()["tampered.rom"] }, bootNonce,
			[]string{"quote-report report-digest-mismatch"}, []string{"GA-BD-050", "GA-BD-052", "GA-PR-051"}},
		{"kernel's command line changed in the capture", func(t *testing.T, b *recordedBoot) { b.find("root/proc/cmdline").data[0] ^= 1 }, bootNonce,
			[]string{"quote-report report-digest-mismatch"}, []string{"GA-PR-051"}},
		{"log exchanged in the capture, too", func(t *testing.T, b *recordedBoot) {
			e := b.evidence()
			events, parsed := cutLog(t, e.EventLog)
			binary.LittleEndian.PutUint32(events[driversIn(parsed)[0]][4:], uint32(eventlog.IPL))
			e.EventLog = bytes.Join(events, nil)
			b.find("root/sys/kernel/security/tpm0/binary_bios_measurements").data = e.EventLog
			b.setEvidence(e)
		}, bootNonce, []string{"quote-report report-digest-mismatch"}, []string{"GA-BD-052", "GA-BD-054", "GA-PR-051"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := openBoot(t, "good")
			tt.change(t, b)
			r, code := bootFolder(boots).scan(t, &bootScenarios[0], b.write(), "--nonce", tt.nonce)
			var failed []string
			for _, c := range r.Attestation.Checks {
				if c.Status == "fail" {
					failed = append(failed, c.Name+" "+c.Code)
				}
			}
			if !slices.Equal(failed, tt.checks) {
				t.Errorf("failed checks %q, want %q", failed, tt.checks)
			}
			if got := bootRules(r, finding.Fail); !slices.Equal(got, tt.failed) {
				t.Errorf("failed %v, want %v", got, tt.failed)
			}
			if refused := len(tt.checks) > 0; refused != (r.Attestation.State == facts.AttestationFailed) || refused != (code == exitSignature) {
				t.Errorf("%s, exit code %d", r.Attestation.State, code)
			}
		})
	}
}

// TestBootsAgainstTPM2Tools: tpm2-tools say the same of the recorded quotes and
// logs, of those that are good and of those that are not.
func TestBootsAgainstTPM2Tools(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"tpm2_eventlog", "tpm2_checkquote"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s (Debian package tpm2-tools) is not on this machine", tool)
		}
	}
	pcr := regexp.MustCompile(`(?m)^\s+(\d+)\s*: 0x([0-9a-f]+)$`)
	for i := range bootScenarios {
		s := &bootScenarios[i]
		if s.machine.noTPM {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			e := openBoot(t, s.name).evidence()
			dir := bootFolder(t.TempDir())
			dir.put(t, "log", e.EventLog)
			out, err := exec.Command("tpm2_eventlog", dir.path("log")).Output()
			if err != nil {
				t.Fatal(err)
			}
			_, replayed, _ := strings.Cut(string(out), "\npcrs:\n")
			differ := 0
			for _, m := range pcr.FindAllStringSubmatch(replayed, -1) {
				for i := range 8 {
					if m[1] == string(rune('0'+i)) && m[2] != e.PCRs[i] {
						differ++
					}
				}
			}
			if (differ > 0) != (s.name == "extended") {
				t.Errorf("tpm2_eventlog replays %d PCRs to other values than were quoted", differ)
			}
			dir.put(t, "attest", e.Quote.Attest)
			dir.put(t, "signature", e.Quote.Signature)
			dir.put(t, "ak", append([]byte{byte(len(e.AK.Public) >> 8), byte(len(e.AK.Public))}, e.AK.Public...))
			digest, _ := hex.DecodeString(e.ReportDigest)
			nonce, _ := hex.DecodeString(bootNonce)
			check := func(extra []byte) error {
				return exec.Command("tpm2_checkquote", "-u", dir.path("ak"), "-m", dir.path("attest"), "-s", dir.path("signature"), "-q", hex.EncodeToString(extra), "-g", "sha256").Run()
			}
			if err := check(tpm.ExtraData(nonce, digest)); err != nil {
				t.Errorf("tpm2_checkquote refuses the quote: %v", err)
			}
			if check(tpm.ExtraData(digest, nonce)) == nil {
				t.Error("tpm2_checkquote takes it for another nonce")
			}
			dir.put(t, "attest", append(slices.Clone(e.Quote.Attest[:len(e.Quote.Attest)-1]), e.Quote.Attest[len(e.Quote.Attest)-1]^1))
			if check(tpm.ExtraData(nonce, digest)) == nil {
				t.Error("tpm2_checkquote takes another PCR digest")
			}
		})
	}
}

// TestVerifyNamesTheOffset: a fault of the log, or of the quote, is found at its
// place without looking for it.
func TestVerifyNamesTheOffset(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(e *tpm.Evidence)
		want   string
	}{
		{"log cut mid-digest", func(e *tpm.Evidence) {
			_, parsed := cutLog(t, e.EventLog)
			e.EventLog = e.EventLog[:parsed[driversIn(parsed)[0]].Offset+20]
		}, `fail     log-form  log-truncated: .* \(offset 0x[0-9a-f]+\)`},
		{"PCR 24", func(e *tpm.Evidence) {
			_, parsed := cutLog(t, e.EventLog)
			e.EventLog[parsed[3].Offset] = 24
		}, `fail     log-form  log-pcr-index: event 3 is for PCR 24, of 24 \(offset 0x[0-9a-f]+\)`},
		{"other magic", func(e *tpm.Evidence) { e.Quote.Attest[3] ^= 1 }, `fail     quote-form  quote-magic: .* \(offset 0x0\)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := openBoot(t, "good").evidence()
			tt.change(e)
			text, err := e.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			dir := bootFolder(t.TempDir())
			dir.put(t, "evidence.json", text)
			var out bytes.Buffer
			a := &app{Stdin: strings.NewReader(""), Stdout: &out, Stderr: io.Discard, Now: time.Now, Getenv: func(string) string { return "" }, unconfined: true}
			code := a.main(t.Context(), []string{"attest", "verify", dir.path("evidence.json"), "--nonce", bootNonce, "--now", bootClock})
			if code != exitSignature || !regexp.MustCompile(tt.want).MatchString(out.String()) {
				t.Errorf("exit code %d, want a line like %s in\n%s", code, tt.want, out.String())
			}
		})
	}
}

// BenchmarkVerify is `attest verify` of a recorded boot, the reading of the file
// left out.
func BenchmarkVerify(b *testing.B) {
	text, err := os.ReadFile("../../attest/tpm/testdata/good.json")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		e, err := tpm.ParseEvidence(text)
		if err != nil {
			b.Fatal(err)
		}
		p := tpm.Policy{Nonce: bytes.Repeat([]byte{0x11}, 32), Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Vendors: tpm.VendorRoots()}
		if _, err := tpm.Verify(e, p); err != nil {
			b.Fatal(err)
		}
	}
}
