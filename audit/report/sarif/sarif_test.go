package sarif_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	peer "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
	"github.com/gpuaudit/gpuaudit/audit/report/sarif"
)

// published is OASIS's schema, which module go-sarif holds as a constant.
func published(t *testing.T) *validator.Schema {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3").Output()
	if err != nil || len(bytes.TrimSpace(dir)) == 0 {
		t.Skip("the schema of SARIF is in module go-sarif, whose folder go list does not give:", err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "pkg/report/v210/sarif/schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			text, err = strconv.Unquote(l.Value)
		}
		return true
	})
	doc, err2 := validator.UnmarshalJSON(strings.NewReader(text))
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	c := validator.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// encode writes a set, and reads it back with the schema and with a reader of others.
func encode(t *testing.T, s *report.Set) ([]byte, *peer.Report) {
	t.Helper()
	var b bytes.Buffer
	if err := sarif.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	doc, err := validator.UnmarshalJSON(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := published(t).Validate(doc); err != nil {
		t.Fatalf("%#v", err)
	}
	log, err := peer.FromBytes(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), log
}

// TestSchemaRefuses: the schema that the tests hold documents to is one.
func TestSchemaRefuses(t *testing.T) {
	doc, err := validator.UnmarshalJSON(strings.NewReader(`{"version": "2.1.0", "runs": [{"results": []}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if published(t).Validate(doc) == nil {
		t.Error("a run without a tool meets the schema")
	}
}

// TestResults: what failed and what lacks its facts is a result, once; nothing else is.
func TestResults(t *testing.T) {
	for _, name := range []string{"3-pack", "5-inputs", "9-messages"} {
		r := reporttest.Stored(t, name)
		_, log := encode(t, reporttest.Of(r))
		got := map[string]int{}
		for _, result := range log.Runs[0].Results {
			got[result.Kind]++
			if result.Kind == "open" && result.Level != "none" {
				t.Errorf("%s: what is open has level %s (3.27.10)", name, result.Level)
			}
			if *result.RuleID != *log.Runs[0].Tool.Driver.Rules[result.RuleIndex].ID {
				t.Errorf("%s: rule %d is not %s", name, result.RuleIndex, *result.RuleID)
			}
		}
		if c := r.Verdict.Counts; got["fail"] != c.Fail || got["open"] != c.Unknown || len(got) > 2 {
			t.Errorf("%s: results %v, counts %+v", name, got, c)
		}
	}
}

// TestFingerprints: a second scan of the card in another slot gives the same artifact and
// the same fingerprints, so that no alert is opened anew.
func TestFingerprints(t *testing.T) {
	keys := func(r report.Named) (list []string) {
		_, log := encode(t, reporttest.Of(r))
		for _, result := range log.Runs[0].Results {
			list = append(list, *result.Locations[0].PhysicalLocation.ArtifactLocation.URI+" "+*result.RuleID+" "+result.PartialFingerprints["primaryLocationLineHash"])
		}
		return list
	}
	before := keys(reporttest.Stored(t, "3-pack"))
	r := reporttest.Stored(t, "3-pack")
	const slot = "0000:41:00.0"
	old := r.Devices[0].Address
	r.Devices[0].Address, r.Inventory.Devices[0].Address = slot, slot
	for i := range r.Findings {
		if r.Findings[i].Device == old {
			r.Findings[i].Device = slot
		}
	}
	after := keys(r)
	if len(before) == 0 || !slices.Equal(before, after) {
		t.Errorf("before %v\nafter %v", before, after)
	}
	if slices.Sort(before); len(slices.Compact(before)) != len(after) {
		t.Errorf("two results are one alert: %v", after)
	}
}

// TestUnknownFails: by the option, what lacks its facts and decides is a failure, and
// nothing else that lacks them.
func TestUnknownFails(t *testing.T) {
	r := reporttest.Many(3, func(i int) string { return fmt.Sprintf("0000:%02x:00.0", i+1) })
	r.Findings = append(r.Findings, finding.Finding{ID: "GA-XX-003", Severity: finding.Low, Status: finding.Unknown, Device: "0000:01:00.0", Title: "Low", Detail: "Low."})
	r.Decide()
	set := reporttest.Of(r)
	set.UnknownFails = true
	_, log := encode(t, set)
	got := map[string]int{}
	for _, result := range log.Runs[0].Results {
		got[result.Kind+" "+result.Level]++
	}
	if got["fail error"] != 6 || got["open none"] != 1 {
		t.Errorf("%v", got)
	}
}

// TestGitHubsLimits: no run has more results than GitHub stores, each run is a category of
// its own, and what is too much for a file is an error that says so.
func TestGitHubsLimits(t *testing.T) {
	address := func(i int) string { return fmt.Sprintf("%04x:%02x:00.0", i>>8, i&255) }
	_, log := encode(t, reporttest.Of(reporttest.Many(3000, address)))
	seen, results := map[string]bool{}, 0
	for _, run := range log.Runs {
		if len(run.Results) > 5000 {
			t.Errorf("%d results in a run", len(run.Results))
		}
		for _, result := range run.Results {
			l := result.Locations[0].PhysicalLocation.ArtifactLocation
			if *run.Artifacts[l.Index].Location.URI != *l.URI {
				t.Fatalf("artifact %d is not %s", l.Index, *l.URI)
			}
		}
		results += len(run.Results)
		seen[*run.AutomationDetails.ID] = true
	}
	if results != 6000 || len(log.Runs) != 2 || len(seen) != 2 {
		t.Errorf("%d results in %d runs of %d categories", results, len(log.Runs), len(seen))
	}
	err := sarif.Encode(new(bytes.Buffer), reporttest.Of(reporttest.Many(50001, address)))
	if err == nil || !strings.Contains(err.Error(), "convert fewer reports at a time") {
		t.Errorf("21 runs: %v", err)
	}
}

// TestNothing: the log of a machine without a card has no result, and says why.
func TestNothing(t *testing.T) {
	text, log := encode(t, reporttest.Of(reporttest.Nothing()))
	if len(log.Runs) != 1 || len(log.Runs[0].Results) != 0 || !bytes.Contains(text, []byte("nothing was audited")) {
		t.Errorf("%s", text)
	}
}

// TestHostileTexts: a text of a card is neither a link nor a placeholder, and leaves the
// document valid.
func TestHostileTexts(t *testing.T) {
	for _, hostile := range reporttest.HostileTexts {
		_, log := encode(t, &report.Set{Reports: []report.Named{reporttest.Hostile(hostile), reporttest.Hostile(hostile)}})
		for _, result := range log.Runs[0].Results {
			text := *result.Message.Text
			if strings.Contains(text, "](") || report.Clean(text) != text {
				t.Errorf("%q gives %q", hostile, text)
			}
			if once := strings.NewReplacer("{{", "", "}}", "").Replace(text); strings.ContainsAny(once, "{}") {
				t.Errorf("%q gives a placeholder: %q", hostile, text)
			}
			if uri := *result.Locations[0].PhysicalLocation.ArtifactLocation.URI; strings.Contains(uri, "..") || strings.HasPrefix(uri, "/") {
				t.Errorf("%q gives the path %q", hostile, uri)
			}
		}
	}
}

func TestGolden(t *testing.T) {
	text, _ := encode(t, reporttest.Of(reporttest.Stored(t, "3-pack")))
	reporttest.Golden(t, "3-pack.sarif", text)
}
