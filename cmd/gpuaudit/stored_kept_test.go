package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/forms"

	"github.com/gpuaudit/gpuaudit/audit/fleet"
)

// kept are the reports of older versions that are kept to be read, by name, with the
// verdict that each states. CONTRIBUTING.md says how to add the next.
var kept = map[string]report.Status{
	"1-first":      report.Passed, // before there were signed reports
	"2-law":        report.Passed, // of a buyer's question, before restrictions had their own answer
	"3-pack":       report.Failed, // packs and waivers
	"4-catalogues": report.Passed,
	"5-inputs":     report.Incomplete, // fewer cards than were expected
	"6-parts":      report.Passed,
	"7-answers":    report.Passed, // the answers to five questions
	"8-settings":   report.Passed, // files of settings, and answers with a short reason
	"9-messages":   report.Passed, // findings with a message beside the detail
	"10-texts":     report.Passed, // answers and reasons with messages, findings with the name of their rule
}

// TestStoredReportsStayReadable: what an older version wrote is shown, compared,
// verified, judged again and converted, and nothing of it is lost.
func TestStoredReportsStayReadable(t *testing.T) {
	folder, err := filepath.Abs("../../testdata/stored")
	noError(t, err)
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	noError(t, err)
	t.Chdir(t.TempDir())
	pairOfKeys(t)
	seen := map[string]bool{}
	for _, file := range names {
		name, isBundle := strings.CutSuffix(strings.TrimSuffix(filepath.Base(file), ".json"), ".sigstore")
		verdict, known := kept[name]
		if !known {
			t.Errorf("%s is in no line of the test", file)
		}
		seen[name] = true
		says(t, 0, "verdict  "+string(verdict), "report", "show", file)
		says(t, 0, "nothing changed", "report", "diff", file, file)
		if name != "3-pack" {
			says(t, exitFailed, "made with different programs, rules or data", "report", "diff", file, filepath.Join(folder, "3-pack.json"))
			says(t, exitFailed, "status           "+string(verdict)+" -> failed", "report", "diff", file, filepath.Join(folder, "3-pack.json"))
		}
		text := contentOf(t, filepath.Join(folder, name+".json"))
		says(t, 0, "", "report", "show", "-o", "json=out.json", file)
		if !bytes.Equal(compact(t, contentOf(t, "out.json")), text) {
			t.Errorf("show -o json of %s is another report", file)
		}
		convertKept(t, file)
		if isBundle {
			verifyKept(t, folder, file, string(verdict), text)
			continue
		}
		says(t, 0, "", "report", "sign", "--key", "k.key", "--output", "signed.json", file)
		says(t, 0, "verdict "+string(verdict), "report", "verify", "--key", "k.pub", "--now", oddNow, "signed.json")
		if !bytes.Equal(predicate(t, "signed.json"), text) {
			t.Errorf("report sign of %s signs another report", file)
		}
	}
	for name := range kept {
		if !seen[name] {
			t.Errorf("there is no report %s", name)
		}
	}
	judgeKept(t, names)
}

// convertKept writes a report in all formats of others.
func convertKept(t *testing.T, file string) {
	t.Helper()
	args := []string{"report", "convert", file}
	for _, name := range forms.Names() {
		args = append(args, "-o", name+"=out."+name)
	}
	says(t, 0, "", args...)
	for _, name := range forms.Names() {
		if len(contentOf(t, "out."+name)) < 100 {
			t.Errorf("%s gives an empty %s", file, name)
		}
	}
}

func verifyKept(t *testing.T, folder, file, verdict string, text []byte) {
	t.Helper()
	key := filepath.Join(folder, "key.pub")
	if own := strings.TrimSuffix(file, ".sigstore.json") + ".pub"; exists(own) {
		key = own
	}
	if !bytes.Equal(predicate(t, file), text) {
		t.Errorf("%s holds another report than its neighbour", file)
	}
	says(t, 0, "verdict "+verdict, "report", "verify", "--key", key, "--now", oddNow, file)
	if verdict == string(report.Incomplete) {
		says(t, 0, "devices: found 1, expected at least 9", "report", "verify", "--key", key, "--now", oddNow, file)
	}
	says(t, exitSignature, "not trusted", "report", "verify", "--key", "k.pub", "--now", oddNow, file)
	// Another program made it: that is no word against the report. The newest may still be
	// what this program makes.
	code, said := runHere(t, "report", "verify", "--key", key, "--now", oddNow, "--recheck", filepath.Join(folder, "card.tar.gz"), file)
	if same := strings.Contains(said, "the same report, byte for byte"); code != exitUsage && !(code == 0 && same) || code == exitUsage && !strings.Contains(said, "the report was ") {
		t.Errorf("%s is judged again with exit code %d: %s", file, code, said)
	}
}

// judgeKept judges the facts of all of them by today's rules.
func judgeKept(t *testing.T, names []string) {
	t.Helper()
	_, said := runHere(t, slices.Concat([]string{"policy", "check", "--now", oddNow}, names)...)
	lines := strings.Split(strings.TrimSpace(said), "\n")
	if len(lines) != len(names) {
		t.Fatalf("%d lines for %d reports: %s", len(lines), len(names), said)
	}
	for _, text := range lines {
		var line fleet.Line
		noError(t, json.Unmarshal([]byte(text), &line))
		if len(line.Devices) != 1 || !strings.Contains(line.Devices[0].Name, "Radeon") || line.ExitCode == exitSignature {
			t.Errorf("judged again: %s", text)
		}
	}
}

// says runs a command line, and holds its exit code and what it says, in whatever case.
func says(t *testing.T, code int, want string, args ...string) {
	t.Helper()
	if got, said := runHere(t, args...); got != code || !strings.Contains(strings.ToLower(said), strings.ToLower(want)) {
		t.Errorf("gpuaudit %s: exit code %d, want %d; says %.400q, want %q", strings.Join(args, " "), got, code, said, want)
	}
}

// predicate is the report in a bundle, as it was signed.
func predicate(t *testing.T, file string) []byte {
	t.Helper()
	var bundle struct {
		DSSEEnvelope struct {
			Payload string `json:"payload"`
		} `json:"dsseEnvelope"`
	}
	noError(t, json.Unmarshal(contentOf(t, file), &bundle))
	payload, err := base64.StdEncoding.DecodeString(bundle.DSSEEnvelope.Payload)
	noError(t, err)
	var statement struct {
		Predicate json.RawMessage `json:"predicate"`
	}
	noError(t, json.Unmarshal(payload, &statement))
	return statement.Predicate
}

func compact(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	noError(t, json.Compact(&b, text))
	return b.Bytes()
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
