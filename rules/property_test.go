package rules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/policy"
)

// noneIfAbsent are lists whose absence says "there is none", when no gap says
// otherwise: the collector looked and recorded nothing. For these the test adds
// the gap instead of taking the list away in silence.
var noneIfAbsent = map[string]string{
	"functions":     "/functions",
	"siblings":      "/siblings",
	"neighbours":    "/neighbours",
	"roms":          "/firmware/roms",
	"bridges":       "/bridges",
	"driver":        "/driver",
	"programmable":  "/programmable",
	"faults":        "/pci/config/faults",
	"regions":       "/firmware/roms",
	"microcode":     "/firmware/roms",
	"partitions":    "/firmware/roms",
	"psp":           "/firmware/roms",
	"timings":       "/firmware/roms",
	"clocks":        "/firmware/roms",
	"boards":        "/firmware/roms",
	"members":       "/pci/iommu_group/members",
	"disagreements": "/witnesses",
	"mods":          "",
}

// answers are rules to which the absence of a fact is an answer, each with the
// reason why: the fact is not what is asked about, but whether anything is asked.
var answers = []struct{ id, path, why string }{
	{"", "attestation", "nobody asked for attestation"},
	{"", "gpu_proof", "nobody asked GPUs to prove themselves"},
	{"", "question", "nobody asked about restrictions"},
	{"", "question/profile", "a private person and a company are answered where nobody said who uses the device: what concerns others alone does not arise"},
	{"", "device/address", "every device has one: it is what a device is found by"},
	{"GA-PR-014", "catalogue/mods", "a case that nobody has published is no case; what the size is held against is asked by GA-PR-008"},
	{"GA-PR-015", "catalogue/accelerator/form", "a part that no source calls one for laptops is not asked about"},
	{"GA-PR-020", "reference/sightings", "made by comparing, not read: an image that nobody published has none"},
	{"GA-PR-032", "catalogue/accelerator/vbios_prefixes", "versions of a chip of which none is known tell nothing"},
	{"GA-PR-032", "catalogue/accelerator/chip_texts", "the same of chip names"},
	{"GA-PR-080", "device/firmware/roms/0/version", "a ROM that states no version does not say for which chips it is"},
	{"GA-PR-081", "device/firmware/roms/0/build_date", "a ROM that states no date has none that could be odd"},
	{"GA-PR-081", "device/firmware/roms/0/images/1/efi/display/built", "the same of a driver"},
	{"GA-PR-083", "catalogue/accelerator/fastest_line_mbps", "a part whose memory no list knows is not asked about"},
	{"GA-PR-084", "catalogue/accelerator/board_power_w", "the same of its power"},
	{"GA-PR-084", "device/firmware/roms/0/power", "a ROM that names no limit has none that could be high"},
	{"GA-PR-085", "catalogue/accelerator/memory_type", "a part whose memory no list knows is not asked about"},
	{"GA-PR-085", "device/firmware/roms/0/memory", "a ROM without a table of memory chips names none that could be others"},
	{"GA-PR-021", "reference/shared_unread", "made by comparing, not read: it is left out where it is empty"},
}

func absenceAnswers(id string, status finding.Status, path string) bool {
	for _, a := range answers {
		if (a.id == id || a.id == "" && status == finding.NotApplicable) && path == a.path {
			return true
		}
	}
	return false
}

// TestRemovingAFactNeverMakesAPass takes every fact out of inputs, one at a
// time: no rule that failed or did not know may then pass, or find that the question
// does not arise.
func TestRemovingAFactNeverMakesAPass(t *testing.T) {
	j := loadJudge(t)
	for name, facts := range inputs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			input := document(t, facts)
			for _, v := range violations(t, j, input, paths(input, nil)) {
				t.Error(v)
			}
		})
	}
}

// TestRemovingARecordedFactNeverMakesAPass does the same with the facts of every
// recorded host and dump. With GPUAUDIT_LONG it takes every single one of each;
// without, each kind of fact from a few of those that have it.
func TestRemovingARecordedFactNeverMakesAPass(t *testing.T) {
	const few = 2
	e, j, taken := load(t), loadJudge(t), map[string]int{}
	for _, m := range slices.Concat(ownMachines(t), snapshots(t), sharedMachines(t)) {
		heard := audited(t, e, m)
		for _, owner := range slices.Sorted(maps.Keys(heard)) {
			input := document(t, heard[owner].facts)
			all := paths(input, nil)
			if os.Getenv("GPUAUDIT_LONG") == "" {
				all = slices.DeleteFunc(all, func(path []string) bool {
					kind := digits.ReplaceAllString(strings.Join(path, "/"), "")
					taken[kind]++
					return taken[kind] > few
				})
			}
			t.Run(m.name+" "+owner, func(t *testing.T) {
				t.Parallel()
				for _, v := range violations(t, j, input, all) {
					t.Error(v)
				}
			})
		}
	}
}

// digits are the places in lists.
var digits = regexp.MustCompile(`/[0-9]+`)

// TestThePropertyBites: a rule that passes for want of a fact is found.
func TestThePropertyBites(t *testing.T) {
	careless := `# METADATA
# title: Careless
# description: Passes when it sees no fault.
# custom:
#   id: TEST-BD-001
#   severity: high
#   scope: host
#   remediation: None.
package gpuaudit.rules.backdoor.careless

import data.gpuaudit.verdict

decision := verdict.fail("off", ["/host"]) if {
	input.host.boot.secure_boot == false
} else := verdict.pass("not off", ["/host"]) if {
	not input.host.boot.secure_boot == false
} else := verdict.unknown("never reached", [])
`
	src := source()
	src.User = fstest.MapFS{"careless.rego": {Data: []byte(careless)}}
	e, err := policy.Load(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	input := document(t, hostOnly(planted()))
	found := violations(t, newJudge(e), input, paths(input, nil))
	if len(found) == 0 || !strings.Contains(found[0], "TEST-BD-001") {
		t.Errorf("violations: %v", found)
	}
}

func violations(t *testing.T, j *judge, input map[string]any, taken [][]string) (found []string) {
	t.Helper()
	before := j.statuses(t, input)
	for _, path := range taken {
		changed := without(t, input, path)
		for id, status := range j.statuses(t, changed) {
			if eased(before[id], status) && !absenceAnswers(id, status, strings.Join(path, "/")) {
				found = append(found, fmt.Sprintf("%s: %s becomes %s without /%s", id, before[id], status, strings.Join(path, "/")))
			}
		}
	}
	return found
}

// eased says that a rule that failed or did not know no longer stands in the way.
func eased(before, after finding.Status) bool {
	return (before == finding.Fail || before == finding.Unknown) && (after == finding.Pass || after == finding.NotApplicable)
}

// TestHonestPasses: on a card and host without fault, no rule of high severity
// fails, and of the backdoor rules none fails at all.
func TestHonestPasses(t *testing.T) {
	e := load(t)
	for _, facts := range []*facts.Facts{honest(), hostOnly(honest())} {
		findings, err := e.Evaluate(context.Background(), facts)
		if err != nil {
			t.Error(err)
		}
		for _, f := range findings {
			if f.Status == finding.Fail && (f.Category == finding.Backdoor || f.Severity.AtLeast(finding.High)) {
				t.Errorf("%s (%s): %s", f.ID, f.Severity, f.Detail)
			}
		}
	}
}

// TestPlantedFaultsAreFound: every backdoor rule fails on an input in which its
// fault is planted, and knows nothing on one in which nothing could be read.
func TestPlantedFaultsAreFound(t *testing.T) {
	e := load(t)
	failed, unknown := map[string]bool{}, map[string]bool{}
	for _, facts := range inputs() {
		for id, status := range statuses(t, e, document(t, facts)) {
			failed[id] = failed[id] || status == finding.Fail
			unknown[id] = unknown[id] || status == finding.Unknown
		}
	}
	for _, r := range e.Rules() {
		if r.Category == finding.Backdoor && !(failed[r.ID] && unknown[r.ID]) {
			t.Errorf("%s (%s): planted fault found %v, unread facts told %v", r.ID, r.Title, failed[r.ID], unknown[r.ID])
		}
	}
}

// TestEvidenceIsThere: every pointer that a finding gives as evidence leads to
// something in the input.
func TestEvidenceIsThere(t *testing.T) {
	e := load(t)
	for name, facts := range inputs() {
		input := document(t, facts)
		findings, err := e.Evaluate(context.Background(), input)
		if err != nil {
			t.Error(err)
		}
		for _, f := range findings {
			for _, pointer := range f.Evidence {
				if !resolves(input, pointer) {
					t.Errorf("%s: %s %s: evidence %s leads nowhere", name, f.ID, f.Status, pointer)
				}
			}
		}
	}
}

func statuses(t *testing.T, e *policy.Engine, input any) map[string]finding.Status {
	t.Helper()
	findings, err := e.Evaluate(context.Background(), input)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]finding.Status{}
	for _, f := range findings {
		byID[f.ID] = f.Status
	}
	return byID
}

// document is the JSON form of facts, as rules see them.
func document(t *testing.T, facts *facts.Facts) map[string]any {
	t.Helper()
	text, err := json.Marshal(facts)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// paths lists every key of every object, and so every single fact and every
// group of facts. The clock is not a fact, the device decides on the scope, and
// a gap is not a fact but tells of its absence: its parts are taken away, it is
// not.
func paths(v any, at []string) [][]string {
	var all [][]string
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			path := append(slices.Clone(at), key)
			if name := strings.Join(path, "/"); name != "now" && name != "device" && key != "gaps" {
				all = append(all, path)
			}
			all = append(all, paths(v[key], path)...)
		}
	case []any:
		for i, x := range v {
			all = append(all, paths(x, append(slices.Clone(at), strconv.Itoa(i)))...)
		}
	}
	return all
}

// without is the input less one path, or the input that tells that a list was
// not read. It shares with the input what does not change.
func without(t *testing.T, input map[string]any, path []string) map[string]any {
	t.Helper()
	changed := copied(t, input, path).(map[string]any)
	last := path[len(path)-1]
	if fact, ok := noneIfAbsent[last]; ok && (path[0] == "device" || path[0] == "host") {
		owner := maps.Clone(changed[path[0]].(map[string]any))
		gaps, _ := owner["gaps"].([]any)
		if slices.Contains(path, "roms") {
			fact = "/" + strings.Join(path[1:], "/")
		}
		owner["gaps"] = append(slices.Clone(gaps), map[string]any{"fact": fact, "source": "test", "reason": "io-error"})
		changed[path[0]] = owner
	}
	return changed
}

// copied copies what lies on the path and takes its end away.
func copied(t *testing.T, v any, path []string) any {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		c := maps.Clone(v)
		if len(path) == 1 {
			delete(c, path[0])
			return c
		}
		c[path[0]] = copied(t, v[path[0]], path[1:])
		return c
	case []any:
		c := slices.Clone(v)
		i, err := strconv.Atoi(path[0])
		if err != nil {
			t.Fatal(err)
		}
		c[i] = copied(t, v[i], path[1:])
		return c
	}
	t.Fatalf("%v leads nowhere", path)
	return nil
}

func child(v any, key string) any {
	switch v := v.(type) {
	case map[string]any:
		return v[key]
	case []any:
		if i, err := strconv.Atoi(key); err == nil && i < len(v) {
			return v[i]
		}
	}
	return nil
}

func resolves(v any, pointer string) bool {
	for key := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if v = child(v, key); v == nil {
			return false
		}
	}
	return strings.HasPrefix(pointer, "/")
}
