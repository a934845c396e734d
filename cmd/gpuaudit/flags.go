package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
)

// clockFlag is --now: the clock of a verb.
type clockFlag string

// judgements is what most clocks are for.
const judgements = "clock of every judgement"

// register adds the flag; what says what the clock is for.
func (f *clockFlag) register(flags *pflag.FlagSet, what string) {
	flags.StringVar((*string)(f), "now", "", what+" (RFC 3339); default is the present time")
}

// at is the time that the flag states, or the present time to the second.
func (f clockFlag) at(a *app) (time.Time, error) {
	if f == "" {
		return a.Now().UTC().Truncate(time.Second), nil
	}
	t, err := time.Parse(time.RFC3339, string(f))
	if err != nil {
		return time.Time{}, fmt.Errorf("--now: %q is not an RFC 3339 time such as 2026-11-24T12:00:00Z", f)
	}
	return t.UTC(), nil
}

// formatFlag is -o of verbs that print one thing: for people, or for programs. For
// people, text and table mean the same.
type formatFlag struct{ name string }

// register adds the flag; human is what the form for people is called in the help.
func (f *formatFlag) register(flags *pflag.FlagSet, human string) {
	f.name = human
	flags.VarP(f, "output", "o", human+" or json")
}

func (f *formatFlag) String() string { return f.name }
func (f *formatFlag) Type() string   { return "string" }

// Set implements pflag.Value.
func (f *formatFlag) Set(s string) error {
	switch s {
	case "text", "table", "json":
		f.name = s
		return nil
	}
	human := f.name
	if human == "json" {
		human = "table"
	}
	return fmt.Errorf("unknown format %q: use %s or json%s", s, human, suggest.Meant(s, []string{human, "json"}))
}

func (f *formatFlag) json() bool { return f.name == "json" }

// rootFlag adds the flag for a trusted root that takes the place of another.
func rootFlag(flags *pflag.FlagSet, name *string) {
	flags.StringVar(name, "trusted-root", "", "sigstore trusted root (JSON): whose certificates, log entries and timestamps are believed; default is that of the trust file, or of sigstore's public instance as of "+seal.PublicGoodDate)
}
