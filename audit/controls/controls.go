// Package controls says which controls of published frameworks a rule has evidence for. It
// judges nothing: a failure is evidence against a control, and a pass is evidence for a
// part of it, never for the whole.
package controls

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"
)

// Control is a control of a framework.
type Control struct {
	// Framework is the id of its framework.
	Framework string `json:"framework"`
	// ID is what the framework calls it: "SI-7(9)".
	ID    string `json:"id"`
	Title string `json:"title"`
	// Asks is what it asks for, in our words, and Source where that was read.
	Asks   string `json:"asks"`
	Source string `json:"source"`
	// Rules are the ids of the rules that have evidence for it; nil where [Of] gives it
	// for one of them.
	Rules []string `json:"rules,omitempty"`
}

// Framework is who publishes controls.
type Framework struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Source string `json:"source"`
}

// Name is a control as a reader looks it up: "NIST SP 800-53 Rev. 5 SI-7(9)".
func (c *Control) Name() string {
	for _, f := range data().Frameworks {
		if f.ID == c.Framework {
			return f.Name + " " + c.ID
		}
	}
	return c.ID
}

//go:embed controls.json
var text []byte

type document struct {
	// Date is the day on which the sources were read.
	Date       string      `json:"date"`
	Frameworks []Framework `json:"frameworks"`
	Controls   []Control   `json:"controls"`
}

var data = sync.OnceValue(func() (d document) {
	if err := json.Unmarshal(text, &d); err != nil {
		panic("controls: " + err.Error()) // embedded at build, held by a test
	}
	return d
})

// Date is the day on which the sources were read, YYYY-MM-DD.
func Date() string { return data().Date }

// Frameworks are all that controls are of.
func Frameworks() []Framework { return slices.Clone(data().Frameworks) }

// All are the controls, by framework.
func All() []Control { return slices.Clone(data().Controls) }

// byRule are the controls of each rule.
var byRule = sync.OnceValue(func() map[string][]Control {
	of := map[string][]Control{}
	for _, c := range data().Controls {
		ids := c.Rules
		c.Rules = nil
		for _, id := range ids {
			of[id] = append(of[id], c)
		}
	}
	return of
})

// Of are the controls that a rule has evidence for; none for rules of users.
func Of(rule string) []Control { return byRule()[rule] }
