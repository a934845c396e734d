package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// scanHost runs `gpuaudit scan` on a synthetic host and returns what it prints.
func scanHost(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	h, err := hosttest.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := h.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	a := &app{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now, Getenv: func(string) string { return "" }, unconfined: true, own: ownInTests}
	code := a.main(t.Context(), append([]string{"scan", "--root", dir, "--now", "2026-11-24T00:00:00Z"}, args...))
	if code == exitUsage {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	return out.Bytes()
}

// TestGoldenTables holds what a person reads first, and what on request.
func TestGoldenTables(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"good", "eight", "doubled-memory", "network-function", "header-only", "empty"} {
		t.Run(name, func(t *testing.T) {
			held(t, filepath.Join("../../testdata/golden", name+".txt"), scanHost(t, name))
			if name == "doubled-memory" {
				held(t, filepath.Join("../../testdata/golden", name+".fr.txt"), scanHost(t, name, "--lang", "fr"))
			}
			if name != "eight" {
				held(t, filepath.Join("../../testdata/golden", name+"-details.txt"), scanHost(t, name, "--details"))
			}
		})
	}
}

// TestFirstScreenIsShort: one card takes at most 20 lines with verdict and acts, and
// cards that are alike take the lines of one.
func TestFirstScreenIsShort(t *testing.T) {
	t.Parallel()
	lines := func(name string, args ...string) int {
		return bytes.Count(scanHost(t, name, args...), []byte("\n"))
	}
	one := lines("doubled-memory")
	if one > 20 {
		t.Errorf("one card takes %d lines", one)
	}
	if good, eight := lines("good"), lines("eight"); eight > good+1 {
		t.Errorf("eight cards that are alike take %d lines, one takes %d", eight, good)
	}
}

// TestReportsMeetTheirSchema, and each piece of evidence points at something.
func TestReportsMeetTheirSchema(t *testing.T) {
	t.Parallel()
	schema, err := validator.NewCompiler().Compile("../../docs/schema/report.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"empty", "good", "eight", "doubled-memory", "bad-checksum", "garbage-rom", "network-function", "capability-loop", "header-only", "iommu-off"} {
		t.Run(name, func(t *testing.T) {
			text := scanHost(t, name, "-o", "json")
			doc, err := validator.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(doc); err != nil {
				t.Error(err)
			}
			var r report.Report
			if err := json.Unmarshal(text, &r); err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Findings {
				for _, pointer := range f.Evidence {
					if !resolves(doc, pointer) {
						t.Errorf("%s on %s: evidence %s points at nothing", f.ID, f.Device, pointer)
					}
				}
			}
		})
	}
}

// resolves follows a JSON pointer (RFC 6901).
func resolves(doc any, pointer string) bool {
	for _, token := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch v := doc.(type) {
		case map[string]any:
			next, ok := v[token]
			if !ok {
				return false
			}
			doc = next
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) {
				return false
			}
			doc = v[i]
		default:
			return false
		}
	}
	return true
}

// TestFactsMeetTheirSchema: what scan -o facts prints is what rules are written for.
func TestFactsMeetTheirSchema(t *testing.T) {
	t.Parallel()
	schema, err := validator.NewCompiler().Compile("../../docs/schema/facts.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, lines := range map[string]int{"good": 2, "eight": 9, "garbage-rom": 2, "header-only": 2, "empty": 0} {
		list := bytes.SplitAfter(scanHost(t, name, "-o", "facts"), []byte("\n"))
		if len(list) != lines+1 {
			t.Errorf("%s: %d lines, want one for each card and the host: %d", name, len(list)-1, lines)
		}
		for _, line := range list[:len(list)-1] {
			doc, err := validator.UnmarshalJSON(bytes.NewReader(line))
			if err == nil {
				err = schema.Validate(doc)
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
