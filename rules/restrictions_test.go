package rules_test

import (
	"encoding/json"
	"io/fs"
	"path"
	"strings"
	"testing"
	"time"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gpuaudit/gpuaudit/rules"
)

// silent are entries that may give findings and give none of their own: why.
var silent = map[string]string{
	"us-ieepa-tariffs":          "ended; cards were exempt",
	"us-s122-surcharge":         "ended; cards were exempt",
	"us-301-forced-labor-2026":  "cards, servers and chips are exempt (note 52(b))",
	"us-301-semis-legacy":       "no duty before 2027-06-23, whose rate is not known",
	"us-3a991p-general-ai-ic":   "context: a licence matters for embargoed destinations and listed end users only",
	"us-3a090c-hbm":             "loose memory; a card's own memory is not reached",
	"us-el-inspur-subs-nettrix": "makers of servers, who have no accelerators",
	"us-el-smic":                "a foundry: no bus tells who made a die",
	"us-el-fabs-2022-2024":      "foundries: no bus tells who made a die",
	"us-el-ymtc":                "a maker of flash: no bus tells who made it",
	"us-el-fudan-micro":         "a maker of FPGAs without a PCI id that is known",
	"us-el-h3c-semiconductor":   "a maker without a PCI id that is known",
	"cn-mofcom-ga-ge":           "about materials; no card is restricted",
	"uk-psti":                   "a card has no network of its own",
}

// TestEveryRestrictionIsUsed: an entry that may give findings is looked at by a
// rule, directly or as one that names a maker, or it is written down why not.
func TestEveryRestrictionIsUsed(t *testing.T) {
	var text strings.Builder
	err := fs.WalkDir(rules.FS(), "import_restriction", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.rego") || path.Ext(name) != ".rego" {
			return err
		}
		b, err := fs.ReadFile(rules.FS(), name)
		text.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := fs.ReadFile(rules.FS(), "data/restrictions.json")
	if err != nil {
		t.Fatal(err)
	}
	var data struct {
		Makers map[string]struct {
			NamedBy []string `json:"named_by"`
		} `json:"makers"`
	}
	if err := json.Unmarshal(b, &data); err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range data.Makers {
		for _, id := range m.NamedBy {
			named[id] = true
		}
	}
	list, err := rules.Restrictions()
	if err != nil || len(list) < 50 {
		t.Fatalf("%d restrictions, %v", len(list), err)
	}
	for _, r := range list {
		used := strings.Contains(text.String(), `"`+r.ID+`"`) || named[r.ID] && r.Kind == "entity-list"
		switch why := silent[r.ID]; {
		case !r.Enabled:
		case used && why != "":
			t.Errorf("%s is used, and is said to be silent: %s", r.ID, why)
		case !used && why == "":
			t.Errorf("%s (%s) is used by no rule", r.ID, r.Citation)
		}
	}
}

// TestRestrictionsAreCited: what may give findings has all that a citation needs.
func TestRestrictionsAreCited(t *testing.T) {
	list, err := rules.Restrictions()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if r.Enabled && (r.Authority == "" || r.Citation == "" || r.Source == "" || r.Effect == "" || r.Confidence != "verified-in-source" && r.Confidence != "secondary") {
			t.Errorf("%s lacks a part of its citation: %+v", r.ID, r)
		}
		for _, day := range []string{r.EffectiveFrom, r.EffectiveTo, r.AsOf} {
			if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
				t.Errorf("%s: %v", r.ID, err)
			}
		}
		if r.Enabled && (r.AsOf == "" || r.EffectiveFrom == "") {
			t.Errorf("%s: as of %q, effective from %q", r.ID, r.AsOf, r.EffectiveFrom)
		}
	}
}

// TestRestrictionsMeetTheirSchema: the published one, which also says what an entry
// needs that findings may rest on.
func TestRestrictionsMeetTheirSchema(t *testing.T) {
	schema, err := validator.NewCompiler().Compile("../docs/schema/restrictions.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(rules.FS(), "data/restrictions.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, old, new string }{
		{"as it ships", "", ""},
		{"an enabled entry from memory", `"confidence": "secondary"`, `"confidence": "from-memory"`},
		{"a day that is none", `"effective_from": "2023-11-17"`, `"effective_from": "17.11.2023"`},
		{"an id in capitals", `"cabc": {`, `"CABC": {`},
	} {
		doc, err := validator.UnmarshalJSON(strings.NewReader(strings.Replace(string(text), tc.old, tc.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); (err == nil) != (tc.old == "") {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestRestrictionState(t *testing.T) {
	list, err := rules.Restrictions()
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]rules.Restriction{}
	for _, r := range list {
		states[r.ID] = r
	}
	for _, tc := range []struct{ id, now, want string }{
		{"eu-tariff-cards", "2026-11-24T00:00:00Z", "disabled: from memory, not verified"},
		{"us-chip-security-act", "2026-11-24T00:00:00Z", "disabled: a proposal, no law"},
		{"us-ai-diffusion-rescinded", "2026-11-24T00:00:00Z", "disabled: a note that raises nothing"},
		{"us-ndaa-5949", "2027-12-22T23:59:59Z", "not yet in force"},
		{"us-ndaa-5949", "2027-12-23T00:00:00Z", "in force"},
		{"us-s122-surcharge", "2026-07-23T23:59:59Z", "in force"},
		{"us-s122-surcharge", "2026-07-24T00:00:00Z", "ended"},
		{"us-affiliates-50", "2025-11-10T00:00:00Z", "suspended"},
		{"us-affiliates-50", "2026-11-09T23:59:59Z", "suspended"},
		{"us-affiliates-50", "2026-11-10T00:00:00Z", "in force"},
	} {
		now, err := time.Parse(time.RFC3339, tc.now)
		if err != nil {
			t.Fatal(err)
		}
		r := states[tc.id]
		if got := r.State(now); got != tc.want {
			t.Errorf("%s at %s: %s, want %s", tc.id, tc.now, got, tc.want)
		}
	}
}
