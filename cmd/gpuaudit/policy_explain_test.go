package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

// TestExplainAnswersFive: for every rule it says what it looks at, why, what to
// do, which facts it takes and where it comes from.
func TestExplainAnswersFive(t *testing.T) {
	rules, err := (&basisFlags{}).list(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(rules) < 50 {
		t.Fatalf("%d rules", len(rules))
	}
	for i := range rules {
		r := &rules[i]
		var b bytes.Buffer
		explain(&b, r, nil)
		for what, form := range map[string]string{
			"what":         `(?m)^` + r.ID + `  \S+`,
			"severity":     `(?m)^  severity   (critical|high|medium|low|info), `,
			"what is seen": `(?m)^  fails if   \S+`,
			"why":          `(?m)^  means      \S+`,
			"what not":     `(?m)^  need not   \S+`,
			"how to fix":   `(?m)^  do         \S+`,
			"which facts":  `(?m)^  facts      /(device|host|catalogue|reference|question|data_sets|now|evidence|gpu_proof)\b`,
			"which source": `(?m)^  see        https?://`,
			"where it is":  `(?m)^  rule       (backdoor|provenance|import_restriction)/`,
		} {
			if !regexp.MustCompile(form).MatchString(b.String()) {
				t.Errorf("%s does not say %s:\n%s", r.ID, what, b.String())
			}
		}
		if strings.ContainsRune(b.String(), '\uFFFD') {
			t.Errorf("%s holds bytes that are no text", r.ID)
		}
	}
}

// TestScanExplains: an id that no finding can have is refused before the machine is read,
// and one that the report does not have is a mistake of who asked.
func TestScanExplains(t *testing.T) {
	t.Chdir(t.TempDir())
	for dir, name := range map[string]string{"good": "good", "empty": "empty"} {
		h, err := hosttest.Named(name)
		noError(t, err)
		noError(t, os.Mkdir(dir, 0o755))
		noError(t, h.WriteTo(dir))
	}
	for _, tt := range []struct {
		root, id string
		code     int
		want     string
	}{
		{"good", "ga-bd-012", 0, "GA-BD-012"},
		{"good", "GA-PR-0088", exitUsage, "--explain: there is no rule GA-PR-0088; did you mean GA-PR-008?"},
		{"good", "nonsense", exitUsage, "--explain: there is no rule nonsense (gpuaudit policy list names all)"},
		{"good", "GA-WV-001", exitUsage, "--explain GA-WV-001: the report has no finding with this id"},
		{"empty", "GA-BD-012", exitUsage, "--explain GA-BD-012: the report has no finding with this id"},
	} {
		code, said := runHere(t, "scan", "-q", "--root", tt.root, "--now", oddNow, "--explain", tt.id)
		if code != tt.code || !strings.Contains(said, tt.want) {
			t.Errorf("--explain %s of %s: exit code %d, %q; want %d, %q", tt.id, tt.root, code, said, tt.code, tt.want)
		}
	}
}
