package pack

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
)

// Threshold is the severity from which on a failure decides, where a command line asks
// for one; "" asks for none. A command line may be stricter than the pack, never
// weaker: a gate would otherwise be opened by whoever types the command. The pack may
// be nil.
func (p *Pack) Threshold(asked string) (finding.Severity, error) {
	failOn := finding.High
	if p != nil {
		failOn = p.FailOn
	}
	if asked == "" {
		return failOn, nil
	}
	severity, err := finding.ParseSeverity(asked)
	switch {
	case err != nil:
		return "", fmt.Errorf("--fail-on: %w%s", err, suggest.Meant(asked, finding.Severities()))
	case p != nil && severity.Rank() > failOn.Rank():
		return "", fmt.Errorf("--fail-on %s is weaker than %s, which the pack %s demands", severity, failOn, p.Name)
	}
	return severity, nil
}

// Asked is a question with what it leaves to the pack, which may be nil.
func (p *Pack) Asked(q Question) Question {
	if p == nil {
		return q
	}
	return Question{Jurisdiction: cmp.Or(q.Jurisdiction, p.Question.Jurisdiction), Profile: cmp.Or(q.Profile, p.Question.Profile)}
}

// Count is how a pack makes a rule count.
type Count struct {
	// As is the severity that it counts with.
	As finding.Severity `json:"-"`
	// Changed says what the pack changed; nil where nothing.
	Changed  *finding.Change `json:"changed,omitempty"`
	Disabled bool            `json:"disabled,omitempty"`
}

// Count is how a rule counts that states a severity. The pack may be nil.
func (p *Pack) Count(id string, stated finding.Severity) Count {
	c := Count{As: stated}
	if p == nil {
		return c
	}
	rule, changed := p.Rules[id]
	if !changed {
		return c
	}
	c.Changed = &finding.Change{Pack: p.Name, Severity: stated, Required: rule.Required, Reason: rule.Reason}
	c.Disabled, c.As = rule.Disabled, cmp.Or(rule.Severity, stated)
	return c
}

// Note says in a few words how the rule counts otherwise than it states.
func (c *Count) Note() string {
	var notes []string
	switch x := c.Changed; {
	case x == nil:
	case c.Disabled:
		notes = append(notes, "disabled by the pack "+x.Pack)
	default:
		if x.Severity != c.As {
			notes = append(notes, fmt.Sprintf("%s instead of %s by the pack %s", c.As, x.Severity, x.Pack))
		}
		if x.Required {
			notes = append(notes, "required by the pack "+x.Pack)
		}
	}
	return strings.Join(notes, "; ")
}
