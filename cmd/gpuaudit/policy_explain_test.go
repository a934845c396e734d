package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
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
			"why":          `(?m)^  why        \S+`,
			"how to fix":   `(?m)^  do         \S+`,
			"which facts":  `(?m)^  facts      /(device|host|catalogue|reference|question|data_sets|now|evidence)\b`,
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
