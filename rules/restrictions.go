package rules

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// Profiles are the users that laws, and so the rules, tell apart.
func Profiles() []string {
	return []string{"private", "company", "federal-contractor", "critical-infrastructure", "exporter"}
}

// Restriction is an entry of the restriction data: a law, a list, or a note.
type Restriction struct {
	ID            string `json:"id"`
	Jurisdiction  string `json:"jurisdiction"`
	Kind          string `json:"kind"`
	Authority     string `json:"authority"`
	Citation      string `json:"citation"`
	Effect        string `json:"effect"`
	EffectiveFrom string `json:"effective_from,omitempty"`
	EffectiveTo   string `json:"effective_to,omitempty"`
	Suspended     *Span  `json:"suspended,omitempty"`
	// Places are those of use that it asks about beside its jurisdiction's own; "*" is
	// every place.
	Places []string `json:"places,omitempty"`
	// Who is a sentence for each profile.
	Who    map[string]string `json:"who,omitempty"`
	Source string            `json:"source,omitempty"`
	// AsOf is the day that the source speaks for, SearchedUntil that up to which
	// something newer was looked for and not found. Confidence is how far the entry was
	// verified: "verified-in-source", "official-summary", "secondary" or "from-memory".
	AsOf          string `json:"as_of,omitempty"`
	SearchedUntil string `json:"searched_until,omitempty"`
	Confidence    string `json:"confidence"`
	// Status is "proposed" for what is no law.
	Status string `json:"status,omitempty"`
	// Enabled says that findings may rest on it.
	Enabled bool `json:"enabled"`
	// JudgedBy are the rules that judge by it, Raises what it raises for a profile, and
	// Silent why it gives no finding.
	JudgedBy []string          `json:"judged_by,omitempty"`
	Raises   map[string]string `json:"raises,omitempty"`
	Silent   string            `json:"silent,omitempty"`
}

// Span is a time from the beginning of one day to the end of another.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Law is the restriction data: the entries sorted by id, and groups of countries.
type Law struct {
	// Date is the day of the newest source of an entry.
	Date         string
	Restrictions []Restriction
	groups       map[string][]string
}

// Restrictions returns the embedded restriction data.
func Restrictions() (*Law, error) {
	text, err := fs.ReadFile(tree, "data/restrictions.json")
	if err != nil {
		return nil, err
	}
	return ReadLaw(text)
}

// ReadLaw reads restriction data (docs/schema/restrictions.v1.json).
func ReadLaw(text []byte) (*Law, error) {
	var document struct {
		Date   string                 `json:"date"`
		Groups map[string][]string    `json:"groups"`
		Rules  map[string]Restriction `json:"rules"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("read the restriction data: %w", err)
	}
	law := &Law{Date: document.Date, groups: document.Groups}
	for _, r := range document.Rules {
		law.Restrictions = append(law.Restrictions, r)
	}
	slices.SortFunc(law.Restrictions, func(a, b Restriction) int { return strings.Compare(a.ID, b.ID) })
	return law, nil
}

// Of are the entries that ask about a place of use: those of the place, of the union
// that it belongs to, and those of others that name it.
func (l *Law) Of(place string) []Restriction {
	here := []string{place, "*"}
	if slices.Contains(l.groups["EU"], place) {
		here = append(here, "EU")
	}
	var list []Restriction
	for _, r := range l.Restrictions {
		if slices.Contains(here, r.Jurisdiction) || slices.ContainsFunc(r.Places, func(p string) bool { return slices.Contains(here, p) }) {
			list = append(list, r)
		}
	}
	return list
}

// State is what an entry counts for on a day. The rules judge by the same dates
// (import_restriction/lib.rego).
type State string

// The states of an entry.
const (
	// Unverified entries were written down from memory; Noted ones say to raise nothing.
	Unverified State = "unverified"
	Noted      State = "note"
	Proposed   State = "proposed"
	Withdrawn  State = "withdrawn"
	Future     State = "not-yet-in-force"
	InForce    State = "in-force"
	Suspended  State = "suspended"
	// Lapsed is a suspension that has ended by its own words, while nobody has read what
	// followed: neither in force nor not.
	Lapsed State = "lapsed-suspension-unverified"
	// Begun entries were to count from a day that has come, while the newest source is from
	// before it.
	Begun State = "begun-unverified"
	Ended State = "ended"
)

// State says what the entry counts for at a time.
func (r *Restriction) State(now time.Time) State {
	day := now.UTC().Format(time.DateOnly)
	switch {
	case r.Status == "proposed":
		return Proposed
	case r.Status == "withdrawn":
		return Withdrawn
	case r.Confidence == "from-memory":
		return Unverified
	case r.EffectiveTo != "" && day >= r.EffectiveTo:
		return Ended
	case !r.Enabled:
		return Noted
	case r.EffectiveFrom == "" || day < r.EffectiveFrom:
		return Future
	case r.Suspended != nil && day >= r.Suspended.From && day <= r.Suspended.To:
		return Suspended
	case r.Suspended != nil && day > r.Suspended.To && r.AsOf <= r.Suspended.To:
		return Lapsed
	case r.AsOf < r.EffectiveFrom:
		return Begun
	default:
		return InForce
	}
}

// Says is the state in words at a time. What counts is never said without the day that
// somebody last read it for.
func (r *Restriction) Says(now time.Time) string {
	switch state := r.State(now); state {
	case InForce:
		return "in force, as verified for " + r.AsOf
	case Future:
		if r.EffectiveFrom != "" {
			return "not yet in force: from " + r.EffectiveFrom
		}
		return "not yet in force"
	case Suspended:
		return "suspended until the end of " + r.Suspended.To
	case Lapsed:
		return "its suspension ended on " + r.Suspended.To + "; what followed is not verified"
	case Begun:
		return "was to count from " + r.EffectiveFrom + "; whether it does is not verified"
	case Ended:
		if r.AsOf < r.EffectiveTo {
			return "ended on " + r.EffectiveTo + " by its own words"
		}
		return "ended on " + r.EffectiveTo
	case Proposed:
		return "proposed: no law"
	case Withdrawn:
		return "withdrawn: no law"
	case Unverified:
		return "from memory, not verified: gives no finding"
	default:
		return "a note: gives no finding"
	}
}
