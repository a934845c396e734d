// Package sarif writes reports as SARIF 2.1.0, for code scanning and other collections of
// findings.
//
// A card is an artifact whose path is made from what the card states of itself, and not
// from its slot, so that an alert follows the card. Results are what failed and what
// lacks its facts: GitHub makes an alert of every result, passes included. What passed
// is a rule without a result; what somebody waived, or a pack disables, is said in a
// notification, so that its alert closes.
package sarif

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// GitHub's limits on a file, of docs.github.com "SARIF results exceed one or more limits".
// It stores no more than 5,000 results of a run, so that no run has more.
const (
	maxResults = 5000
	maxRuns    = 20
	maxRules   = 25000
)

const (
	schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	home   = "https://github.com/gpuaudit/gpuaudit"
)

// Encode writes the results of all reports of a set. More than 20 runs of 5,000 results,
// and more than 25,000 rules, are an error: GitHub refuses such a file.
func Encode(w io.Writer, s *report.Set) error {
	e := &encoder{set: s, rules: map[string]int{}, paths: map[string]int{}}
	for i, r := range s.Reports {
		e.invocations = append(e.invocations, invoked(&r))
		for _, o := range r.Owners() {
			e.owner(i, &r, &o)
		}
	}
	if len(e.list) > maxRules {
		return fmt.Errorf("%d rules, and GitHub takes no more than %d", len(e.list), maxRules)
	}
	runs := e.runs()
	if len(runs) > maxRuns {
		return fmt.Errorf("%d results are %d runs, and GitHub takes no more than %d of %d results each: convert fewer reports at a time", len(e.results), len(runs), maxRuns, maxResults)
	}
	return report.EncodeJSON(w, log{Schema: schema, Version: "2.1.0", Runs: runs}, "  ")
}

type encoder struct {
	set         *report.Set
	invocations []invocation
	list        []rule
	rules       map[string]int // place in list, by id
	artifacts   []artifact     // of all runs
	paths       map[string]int // place in artifacts, by path
	results     []placed
}

// placed is a result whose artifact is known by its place among those of all runs.
type placed struct {
	result
	artifact int
}

func (e *encoder) owner(invocation int, r *report.Named, o *report.Owner) {
	at := -1
	for i := range o.Findings {
		f := &o.Findings[i]
		n := e.rule(f)
		if f.Status != finding.Fail && !unknown(f.Status) {
			continue
		}
		if at < 0 {
			at = e.artifact(e.path(r, o.Address), o.Title)
		}
		e.results = append(e.results, placed{e.result(n, invocation, r, o, f), at})
	}
}

// artifact is the place of an artifact; like cards are one.
func (e *encoder) artifact(uri, title string) int {
	at, known := e.paths[uri]
	if !known {
		at = len(e.artifacts)
		e.paths[uri] = at
		e.artifacts = append(e.artifacts, artifact{Location: artifactLocation{URI: uri}, Description: text{message(title)}, Roles: []string{"analysisTarget"}})
	}
	return at
}

// unknown says that a finding has no answer: that is said of every status that no rule
// should have given, too.
func unknown(s finding.Status) bool {
	switch s {
	case finding.Fail, finding.Pass, finding.NotApplicable, finding.Waived, finding.Disabled:
		return false
	}
	return true
}

func (e *encoder) result(n, invocation int, r *report.Named, o *report.Owner, f *finding.Finding) result {
	out := result{
		RuleID: e.list[n].ID, RuleIndex: n, Kind: "fail", Level: level(f.Severity), Message: text{message(o.Title + ", " + o.Address + ": " + f.Detail)},
		Locations: []location{{Logical: []logical{{report.Clean(o.Address), "device"}}, Physical: physical{Region: region{1}}}},
		// GitHub looks at the first of them alone.
		Fingerprints: map[string]string{"primaryLocationLineHash": report.Clean(f.Fingerprint), "gpuaudit/v1": report.Clean(f.Fingerprint)},
		Provenance:   provenance{invocation},
		Bag:          resultBag{Status: report.Clean(string(f.Status)), Severity: report.Clean(string(f.Severity)), Decides: r.Decides(f), Missing: f.Missing},
	}
	if f.Status == finding.Fail {
		return out
	}
	// There was not enough to decide (3.27.9); the level of what is not a failure is none.
	out.Message.Text = message(o.Title + ", " + o.Address + ": not decided: " + f.Detail)
	if !e.set.UnknownFails || !out.Bag.Decides {
		out.Kind, out.Level = "open", "none"
	}
	return out
}

// rule is the place of a finding's rule in the list.
func (e *encoder) rule(f *finding.Finding) int {
	if n, known := e.rules[f.ID]; known {
		return n
	}
	severity := f.Severity
	if f.Changed != nil && f.Changed.Severity != "" {
		severity = f.Changed.Severity
	}
	help := f.Remediation
	uri := ""
	for _, ref := range f.References {
		if u, err := url.Parse(ref); err == nil && u.Scheme == "https" && u.Host != "" && report.Clean(ref) == ref {
			if uri == "" {
				uri = u.String()
			}
			help += " " + u.String()
		}
	}
	if strings.TrimSpace(help) == "" {
		help = f.Title
	}
	r := rule{ID: report.Clean(f.ID), Short: text{message(f.Title)}, Full: text{message(f.Title)}, Help: text{message(strings.TrimSpace(help))}, HelpURI: uri,
		Default: configuration{level(severity)}, Bag: ruleBag{Tags: []string{"security"}, Severity: score(severity)}}
	for _, tag := range []string{string(f.Category), string(f.Question)} {
		if tag = report.Clean(tag); tag != "" && tag != "security" && tag != r.Bag.Tags[len(r.Bag.Tags)-1] {
			r.Bag.Tags = append(r.Bag.Tags, tag)
		}
	}
	n := len(e.list)
	e.list, e.rules[f.ID] = append(e.list, r), n
	return n
}

// level is the level of a failure of a severity (3.27.10).
func level(s finding.Severity) string {
	switch {
	case s.AtLeast(finding.High):
		return "error"
	case s == finding.Low, s == finding.Info:
		return "note"
	}
	return "warning"
}

// score is the middle of what GitHub calls critical, high, medium and low.
func score(s finding.Severity) string {
	switch s {
	case finding.Critical:
		return "9.5"
	case finding.High:
		return "8.0"
	case finding.Medium:
		return "5.5"
	case finding.Low:
		return "2.0"
	}
	return ""
}

// path is the path of the artifact that a device or a host is: of the ids and a digest
// of what it states as its serial numbers. Like cards that state none are one artifact.
func (e *encoder) path(r *report.Named, address string) string {
	kind, of := "gpu/", facts.Facts{Host: r.Inventory.Host, Device: r.Inventory.Device(address)}
	identity := of.Identity()
	switch {
	case of.Device != nil:
		ids := of.Device.PCI.IDs()
		kind += segment(ids.Vendor + "-" + ids.Device)
	case address == "host":
		kind = "host"
	default: // a stored report says nothing of it
		kind, identity = "other", address
	}
	sum := sha256.Sum256([]byte(identity))
	uri := kind + "/" + hex.EncodeToString(sum[:8])
	if len(e.set.Reports) > 1 {
		return segment(filepath.Base(r.Name)) + "/" + uri
	}
	return uri
}

// segment makes a text a part of a relative path, in which a colon would begin a scheme.
func segment(s string) string {
	s = strings.ReplaceAll(url.PathEscape(report.Clean(s)), ":", "%3A")
	if strings.Trim(s, ".") == "" {
		return "_"
	}
	return s
}

// invoked is the audit that a report is of, with all that is no result: what could not
// be used, and why the verdict is as it is.
func invoked(r *report.Named) invocation {
	v := r.Verdict
	out := invocation{Successful: v.Status != report.Incomplete, End: r.Now.UTC().Format(time.RFC3339), ExitCode: v.ExitCode, Notifications: []notification{},
		Bag: invocationBag{Verdict: report.Clean(string(v.Status)), Source: report.Clean(r.Name), Version: report.Clean(r.Tool.Version)}}
	add := func(level, s string) {
		out.Notifications = append(out.Notifications, notification{level, text{message(s)}})
	}
	for _, p := range r.Problems {
		level := "note"
		if p.Decides() {
			level, out.Successful = "error", false
		}
		add(level, p.Input+": "+p.Cause)
	}
	level := "warning"
	if v.Status == report.Passed {
		level = "note"
	}
	for _, reason := range v.Reasons {
		add(level, "verdict "+string(v.Status)+": "+reason)
	}
	return out
}

// runs deals the results out to runs. One is there without results, too: it says so.
func (e *encoder) runs() []run {
	var runs []run
	version := e.version()
	for first := 0; first == 0 || first < len(e.results); first += maxResults {
		out := run{Tool: tool{driver{Name: "gpuaudit", Version: version, InformationURI: home, Rules: e.list}}, Automation: automation{"gpuaudit/"},
			Invocations: e.invocations, Results: []result{}, ColumnKind: "unicodeCodePoints"}
		if out.Tool.Driver.Rules == nil {
			out.Tool.Driver.Rules = []rule{}
		}
		if n := len(runs); n > 0 {
			out.Automation.ID = fmt.Sprintf("gpuaudit/%d/", n+1)
		}
		here := map[int]*int{}
		for _, p := range e.results[first:min(first+maxResults, len(e.results))] {
			if here[p.artifact] == nil {
				here[p.artifact] = new(len(out.Artifacts))
				out.Artifacts = append(out.Artifacts, e.artifacts[p.artifact])
			}
			p.Locations[0].Physical.Artifact = artifactLocation{URI: e.artifacts[p.artifact].Location.URI, Index: here[p.artifact]}
			out.Results = append(out.Results, p.result)
		}
		runs = append(runs, out)
	}
	return runs
}

// version is that of the program, where one made all reports.
func (e *encoder) version() string {
	version := ""
	for i, r := range e.set.Reports {
		if i > 0 && r.Tool.Version != version {
			return ""
		}
		version = r.Tool.Version
	}
	return report.Clean(version)
}

// message makes a text one of a SARIF message, which means itself: braces would be
// placeholders (3.11.5), and a bracket before a parenthesis a link (3.11.6).
func message(s string) string {
	return strings.NewReplacer("{", "{{", "}", "}}", "](", "] (").Replace(report.Clean(s))
}
