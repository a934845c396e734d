package tpm_test

import (
	"os"
	"regexp"
	"testing"
)

// TestCodesAreDocumented: every check and every reason code that the sources know
// has its place in the page that promises them to be stable.
func TestCodesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/attest-tpm.md")
	if err != nil {
		t.Fatal(err)
	}
	verifier := regexp.MustCompile(`"((?:ak|ek|quote|pcrs|signature|log|extra-data|nonce|report|clock|not)-[a-z-]+)"`)
	parser := regexp.MustCompile(`(?:Code|Anomaly)\s+= "([a-z-]+)"`)
	for file, pattern := range map[string]*regexp.Regexp{
		"verify.go": verifier, "verify_ek.go": verifier, "verify_log.go": verifier, "../eventlog/eventlog.go": parser, "../eventlog/check.go": parser,
	} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := pattern.FindAllSubmatch(source, -1)
		if len(found) < 3 {
			t.Errorf("%s: %d codes: the pattern does not see them", file, len(found))
		}
		for _, m := range found {
			if code := string(m[1]); code != "log-event-data" && !regexp.MustCompile("`"+code+"`").Match(page) {
				t.Errorf("%s: %s is not in docs/attest-tpm.md", file, code)
			}
		}
	}
}
