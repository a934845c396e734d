package pack

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/gpuaudit/gpuaudit/audit/country"
)

// Managed are settings of a scan that a gate rests on: no flag, variable and file may
// weaken them. The severity from which on a failure decides (fail_on) and the demands on
// waivers are so in every pack.
type Managed struct {
	// Expect is how many devices there must at least be.
	Expect int `yaml:"expect" json:"expect,omitempty" jsonschema:"minimum=1,maximum=4096"`
	// Jurisdiction and Profile are whom a card is judged for.
	Jurisdiction string `yaml:"jurisdiction" json:"jurisdiction,omitempty" jsonschema:"pattern=^[A-Z]{2}$"`
	Profile      string `yaml:"profile" json:"profile,omitempty"`
	// Attest is what has to be asked for a proof: tpm, gpu, or both.
	Attest string `yaml:"attest" json:"attest,omitempty" jsonschema:"enum=tpm,enum=gpu,enum=tpm\\,gpu"`
	// On are switches that have to be set: read-rom, channels, all-devices.
	On []string `yaml:"on" json:"on,omitempty"`
	// Never are settings that nobody may give: device, waivers, now.
	Never []string `yaml:"never" json:"never,omitempty"`
}

// Any says that anything is managed.
func (m *Managed) Any() bool {
	return m.Expect > 0 || m.Jurisdiction != "" || m.Profile != "" || m.Attest != "" || len(m.On)+len(m.Never) > 0
}

func (m *Managed) check() error {
	switch {
	case m.Expect < 0 || m.Expect > 4096:
		return fmt.Errorf("expect is %d, use 1 to 4096", m.Expect)
	case m.Jurisdiction != "" && country.Check(m.Jurisdiction) != nil:
		return fmt.Errorf("jurisdiction: %w", country.Check(m.Jurisdiction))
	case !slices.Contains(proofs, m.Attest):
		return fmt.Errorf("attest %.40q: use tpm, gpu or tpm,gpu", m.Attest)
	case slices.Contains(m.Never, "pack"):
		return errors.New("never: a pack cannot forbid to name a pack")
	}
	for _, name := range m.On {
		if slices.Contains(m.Never, name) {
			return fmt.Errorf("%.40q has to be on and may never be given: one of them", name)
		}
	}
	return nil
}

// Demand is a setting that a pack manages.
type Demand struct {
	Name string
	// Value is what it is where nobody says; "" leaves it alone.
	Value string
	// Demands says it in words, and Allows whether a value meets it.
	Demands string
	Allows  func(values []string) bool
}

// Demands are what the pack manages, which may be nil.
func (p *Pack) Demands() []Demand {
	if p == nil {
		return nil
	}
	m := &p.Managed
	var list []Demand
	if m.Expect > 0 {
		list = append(list, Demand{"expect", strconv.Itoa(m.Expect), "at least " + strconv.Itoa(m.Expect), func(values []string) bool {
			n, err := strconv.Atoi(last(values))
			return err == nil && n >= m.Expect
		}})
	}
	for _, x := range [...]struct{ name, value string }{{"jurisdiction", m.Jurisdiction}, {"profile", m.Profile}, {"attest", m.Attest}} {
		if x.value != "" {
			list = append(list, Demand{x.name, x.value, x.value, func(values []string) bool { return last(values) == x.value }})
		}
	}
	for _, name := range m.On {
		list = append(list, Demand{name, "true", "that it is on", func(values []string) bool {
			on, err := strconv.ParseBool(last(values))
			return err == nil && on
		}})
	}
	for _, name := range m.Never {
		list = append(list, Demand{name, "", "that nobody gives it", func([]string) bool { return false }})
	}
	return list
}

func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}
