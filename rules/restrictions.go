package rules

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

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
	Source        string `json:"source,omitempty"`
	// AsOf is the day that the source speaks for, Confidence how far the entry was
	// verified: "verified-in-source", "secondary" or "from-memory".
	AsOf       string `json:"as_of,omitempty"`
	Confidence string `json:"confidence"`
	// Status is "proposed" for what is no law.
	Status string `json:"status,omitempty"`
	// Enabled says that findings may rest on it.
	Enabled bool `json:"enabled"`
}

// Span is a time from the beginning of one day to the end of another.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Restrictions returns all entries, sorted by id.
func Restrictions() ([]Restriction, error) {
	text, err := fs.ReadFile(tree, "data/restrictions.json")
	if err != nil {
		return nil, err
	}
	var document struct {
		Rules map[string]Restriction `json:"rules"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("read the restriction data: %w", err)
	}
	list := make([]Restriction, 0, len(document.Rules))
	for _, r := range document.Rules {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Restriction) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// State says whether the entry counts at a time, and why not. The rules judge by
// the same dates (import_restriction/lib.rego).
func (r *Restriction) State(now time.Time) string {
	day := now.UTC().Format(time.DateOnly)
	switch {
	case r.Confidence == "from-memory":
		return "disabled: from memory, not verified"
	case r.Status == "proposed":
		return "disabled: a proposal, no law"
	case !r.Enabled:
		return "disabled: a note that raises nothing"
	case r.EffectiveFrom == "" || day < r.EffectiveFrom:
		return "not yet in force"
	case r.EffectiveTo != "" && day >= r.EffectiveTo:
		return "ended"
	case r.Suspended != nil && day >= r.Suspended.From && day <= r.Suspended.To:
		return "suspended"
	default:
		return "in force"
	}
}
