package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra/doc"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/policy"
)

var update = flag.Bool("update", false, "write the generated pages anew")

// TestReference holds docs/reference to the commands, and docs/rules.md and
// rules/README.md to the rules' metadata.
func TestReference(t *testing.T) {
	dir := t.TempDir()
	a := &app{Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, Now: time.Now, Getenv: os.Getenv}
	root := a.rootCommand()
	root.DisableAutoGenTag = true
	if err := doc.GenMarkdownTree(root, dir); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil || len(names) < 10 {
		t.Fatalf("%d pages, %v", len(names), err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		held(t, filepath.Join("../../docs/reference", filepath.Base(name)), text)
	}
	held(t, "../../docs/rules.md", rulesPage(t))
	held(t, "../../rules/README.md", rulesIndex(t))
}

// rulesIndex is a line for each rule, beside the rules themselves.
func rulesIndex(t *testing.T) []byte {
	t.Helper()
	engine, err := policy.Load(t.Context(), audit.PolicySource(nil))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString(`# The rules

Made from the rules' metadata by go test ./cmd/gpuaudit -run TestReference -update;
do not edit. Each rule is a folder: rule.rego, whose metadata says what it looks at,
why, and what to do, and rule_test.rego with a failing, a passing and a
missing-facts test. lib holds what rules share, data what they know, schema the form of
their input, testdata what they say of recorded hosts and dumps.
[docs/rules.md](../docs/rules.md) has the metadata in full,
[CONTRIBUTING.md](../CONTRIBUTING.md) how to add a rule.
`)
	category := ""
	for _, r := range engine.Rules() {
		if string(r.Category) != category {
			category = string(r.Category)
			fmt.Fprintf(&b, "\n## %s\n\n| id | severity | judged on | says |\n| --- | --- | --- | --- |\n", strings.ReplaceAll(category, "-", " "))
		}
		fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %s |\n", r.ID, path.Dir(r.File), r.Severity, r.Scope, r.Title)
	}
	return b.Bytes()
}

// rulesWords say what the words mean that rules cannot do without.
const rulesWords = `
| word | means |
| --- | --- |
| ROM, image | the memory of a card with the code that it brings along (option ROM, video BIOS), and one program in it |
| EFI image | the image that a machine with UEFI firmware runs before the operating system; a legacy image is for older machines |
| DMA | a device reads and writes the machine's memory by itself |
| IOMMU | the part of a processor that keeps each device to the memory that it was given; ACS and ATS are settings beside it |
| function, slot, bus | a card shows one or more functions to the machine over the PCI bus, such as display and sound |
| configuration space, class, ids | what a function says of itself on the bus: what it is, who made chip (vendor, device) and board (subsystem) |
| window (BAR) | the part of a card's memory that the machine can see |
| module, taint | a driver as the kernel loads it, and the mark that the kernel puts on one that is not its own |
| DKMS | a driver that each machine builds for itself |
| lockdown | the kernel keeps even root from changing it |
| Secure Boot, db, dbx | firmware starts only what is signed; db says by whom, dbx what is refused all the same |
| TPM, PCR, event log | a chip that keeps sums of all that was started (PCRs), and the list of what went into them |
| attestation, quote, nonce | what the TPM signs of these sums, and the number that shows that it did so now |
| manifest, vouch | a signed statement of what a card is, and the word of who signed it |
`

func rulesPage(t *testing.T) []byte {
	t.Helper()
	engine, err := policy.Load(t.Context(), audit.PolicySource(nil))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString("# Rules\n\nMade from the rules' metadata; do not edit. A rule answers fail, unknown, pass or\nnot-applicable; unknown means that facts were missing, and is never a pass.\n")
	b.WriteString(rulesWords)
	category := ""
	for _, r := range engine.Rules() {
		if string(r.Category) != category {
			category = string(r.Category)
			fmt.Fprintf(&b, "\n## %s\n", strings.ReplaceAll(category, "-", " "))
		}
		fmt.Fprintf(&b, "\n### %s: %s\n\n%s, judged on the %s. Fails if:\n\n%s\n\nWhat it means: %s\n\nWhat it need not mean: %s\n\nWhat to do: %s\n", r.ID, r.Title, r.Severity, r.Scope, r.Seen, r.Texts.Means, r.NeedNot, r.Remediation)
		for _, ref := range r.References {
			fmt.Fprintf(&b, "\n- <%s>", ref)
		}
		if len(r.References) > 0 {
			b.WriteString("\n")
		}
	}
	return b.Bytes()
}

func held(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not up to date (%v): run go test ./cmd/gpuaudit -run TestReference -update", path, err)
	}
}
