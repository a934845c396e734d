package rules_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gpuaudit/gpuaudit/rules"
)

// law is the embedded restriction data.
func law(t *testing.T) *rules.Law {
	t.Helper()
	l, err := rules.Restrictions()
	if err != nil || len(l.Restrictions) < 80 {
		t.Fatalf("restrictions: %v", err)
	}
	return l
}

// TestEveryRestrictionIsUsed: an entry that may give findings is looked at by the rules
// that it says it is judged by, raises something by the general rules, or says why not;
// and it does one of these.
func TestEveryRestrictionIsUsed(t *testing.T) {
	text := map[string]string{} // by the id of the rule
	for _, r := range load(t).Rules() {
		b, err := fs.ReadFile(rules.FS(), r.File)
		if err != nil {
			t.Fatal(err)
		}
		text[r.ID] = string(b)
	}
	lib, err := fs.ReadFile(rules.FS(), "import_restriction/lib.rego")
	if err != nil {
		t.Fatal(err)
	}
	named := namedMakers(t)
	for _, r := range law(t).Restrictions {
		ways := 0
		for _, has := range []bool{len(r.JudgedBy) > 0, len(r.Raises) > 0, r.Silent != ""} {
			if has {
				ways++
			}
		}
		if r.Enabled && ways != 1 || !r.Enabled && ways != 0 {
			t.Errorf("%s (%s), enabled %v, is used in %d ways", r.ID, r.Citation, r.Enabled, ways)
		}
		for _, id := range r.JudgedBy {
			own := strings.Contains(text[id], `"`+r.ID+`"`) || strings.Contains(text[id], `"`+id+`" in law.judged_by`)
			listed := named[r.ID] && strings.Contains(text[id], "restriction.entity_list") && strings.Contains(string(lib), "some id in maker.named_by")
			if !own && !listed {
				t.Errorf("%s says that %s judges by it, which does not name it", r.ID, id)
			}
		}
	}
}

// namedMakers are the entries that name a maker of the table.
func namedMakers(t *testing.T) map[string]bool {
	t.Helper()
	named := map[string]bool{}
	for _, m := range listedMakers(t) {
		for _, id := range m.NamedBy {
			named[id] = true
		}
	}
	return named
}

type listedMaker struct {
	Name       string   `json:"name"`
	Country    string   `json:"hq_country"`
	NamedBy    []string `json:"named_by"`
	NoRecordIn []string `json:"no_record_in"`
}

func listedMakers(t *testing.T) map[string]listedMaker {
	t.Helper()
	b, err := fs.ReadFile(rules.FS(), "data/restrictions.json")
	if err != nil {
		t.Fatal(err)
	}
	var data struct {
		Makers map[string]listedMaker `json:"makers"`
	}
	if err := json.Unmarshal(b, &data); err != nil {
		t.Fatal(err)
	}
	return data.Makers
}

// TestEveryMakerIsLookedUp: each maker of an accelerator in the catalogue has its place in
// the screening list, and the section 1260H list: named, or searched and not found.
func TestEveryMakerIsLookedUp(t *testing.T) {
	rows, err := os.ReadFile("../audit/catalogue/data/accelerators.tsv")
	if err != nil {
		t.Fatal(err)
	}
	table := listedMakers(t)
	all := map[string]bool{}
	for line := range strings.Lines(string(rows)) {
		if id, _, _ := strings.Cut(line, "\t"); id != "vendor_id" {
			all[id] = true
		}
	}
	if len(all) < 50 {
		t.Errorf("%d makers of accelerators", len(all))
	}
	for id := range all {
		m, ok := table[id]
		if !ok || m.Country == "" {
			t.Errorf("the maker %s (%s) has accelerators in the catalogue and no place in the lists", id, m.Name)
			continue
		}
		for _, edition := range []struct{ list, kind string }{{"us-csl", "us-el-"}, {"us-1260h-list", "us-1260h"}} {
			listed := slices.ContainsFunc(m.NamedBy, func(id string) bool { return strings.HasPrefix(id, edition.kind) })
			if !listed && !slices.Contains(m.NoRecordIn, edition.list) {
				t.Errorf("%s (%s) was not looked up in %s", id, m.Name, edition.list)
			}
		}
	}
}

// TestRestrictionsAreCited: what may give findings has all that a citation needs, and a
// sentence for each profile.
func TestRestrictionsAreCited(t *testing.T) {
	read := []string{"verified-in-source", "official-summary", "secondary"}
	for _, r := range law(t).Restrictions {
		if r.Enabled && (r.Authority == "" || r.Citation == "" || r.Source == "" || r.Effect == "" || !slices.Contains(read, r.Confidence)) {
			t.Errorf("%s lacks a part of its citation: %+v", r.ID, r)
		}
		if len(r.Who) != 5 {
			t.Errorf("%s says for %d profiles what it means", r.ID, len(r.Who))
		}
		for _, day := range []string{r.EffectiveFrom, r.EffectiveTo, r.AsOf, r.SearchedUntil} {
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

// TestRestrictionState: the states at both sides of each day, in words that never say of
// what nobody verified that it is in force.
func TestRestrictionState(t *testing.T) {
	states := map[string]rules.Restriction{}
	for _, r := range law(t).Restrictions {
		states[r.ID] = r
	}
	for _, tc := range []struct{ id, now, want string }{
		{"eu-ai-act-chips-act", "2026-11-24T00:00:00Z", "from memory, not verified: gives no finding"},
		{"eu-tariff-cards", "2026-11-24T00:00:00Z", "in force, as verified for 2026-02-22"},
		{"us-chip-security-act", "2026-11-24T00:00:00Z", "proposed: no law"},
		{"us-remote-access-security-act", "2026-11-24T00:00:00Z", "proposed: no law"},
		{"us-ai-diffusion-rescinded", "2026-11-24T00:00:00Z", "ended on 2025-05-13"},
		{"jp-meti-foreign-end-user-list", "2026-11-24T00:00:00Z", "a note: gives no finding"},
		{"us-ndaa-5949", "2027-12-22T23:59:59Z", "not yet in force: from 2027-12-23"},
		{"us-ndaa-5949", "2027-12-23T00:00:00Z", "was to count from 2027-12-23; whether it does is not verified"},
		{"eu-forced-labour-2024-3015", "2027-12-31T00:00:00Z", "was to count from 2027-12-14; whether it does is not verified"},
		{"us-s122-surcharge", "2026-07-23T23:59:59Z", "in force, as verified for 2026-05-11"},
		{"us-s122-surcharge", "2026-07-24T00:00:00Z", "ended on 2026-07-24 by its own words"},
		{"us-affiliates-50", "2025-11-09T23:59:59Z", "in force, as verified for 2025-11-12"},
		{"us-affiliates-50", "2025-11-10T00:00:00Z", "suspended until the end of 2026-11-09"},
		{"us-affiliates-50", "2026-11-09T23:59:59Z", "suspended until the end of 2026-11-09"},
		{"us-affiliates-50", "2026-11-10T00:00:00Z", "its suspension ended on 2026-11-09; what followed is not verified"},
		{"cn-mofcom-ga-ge", "2026-11-27T23:59:59Z", "suspended until the end of 2026-11-27"},
		{"cn-mofcom-ga-ge", "2026-11-28T00:00:00Z", "its suspension ended on 2026-11-27; what followed is not verified"},
		{"cn-customs-h200", "2026-01-27T23:59:59Z", "in force, as verified for 2026-01-28"},
		{"cn-customs-h200", "2026-01-28T00:00:00Z", "ended on 2026-01-28"},
		{"eu-parcel-duty-3eur", "2026-07-01T00:00:00Z", "in force, as verified for 2026-07-02"},
		{"eu-parcel-duty-3eur", "2028-07-01T00:00:00Z", "ended on 2028-07-01 by its own words"},
	} {
		now, err := time.Parse(time.RFC3339, tc.now)
		if err != nil {
			t.Fatal(err)
		}
		r := states[tc.id]
		if got := r.Says(now); got != tc.want {
			t.Errorf("%s at %s: %s, want %s", tc.id, tc.now, got, tc.want)
		}
	}
	verified := rules.Restriction{Enabled: true, Confidence: "secondary", EffectiveFrom: "2025-01-01", AsOf: "2026-11-10", Suspended: &rules.Span{From: "2025-11-10", To: "2026-11-09"}}
	if got := verified.State(time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)); got != rules.InForce {
		t.Errorf("read after its suspension: %s", got)
	}
	if got := (&rules.Restriction{Status: "withdrawn", Enabled: true}).Says(time.Now()); got != "withdrawn: no law" {
		t.Errorf("withdrawn: %s", got)
	}
}

// TestRestrictionsOfAPlace: those of the place, of its union, and of others that name it.
func TestRestrictionsOfAPlace(t *testing.T) {
	for place, tc := range map[string]struct{ has, hasNot string }{
		"DE": {"eu-emc-importer", "us-1260h"}, "RU": {"us-ear-746-8-russia-belarus", "eu-emc-importer"},
		"IR": {"us-ear-embargo-e1-e2", "us-ear-746-8-russia-belarus"}, "HK": {"us-is-informed-h20-mi308", "cn-h200-approval"},
		"US": {"us-1260h", "my-sta-ai-chips"}, "SG": {"chpl-2024-02", "us-1260h"},
	} {
		var ids []string
		for _, r := range law(t).Of(place) {
			ids = append(ids, r.ID)
		}
		if !slices.Contains(ids, tc.has) || slices.Contains(ids, tc.hasNot) {
			t.Errorf("%s: %v", place, ids)
		}
	}
}
