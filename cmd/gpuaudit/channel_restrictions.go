package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/rules"
)

// statedRestriction is an entry with what it counts for at the clock.
type statedRestriction struct {
	rules.Restriction
	State string `json:"state"`
}

func (a *app) channelRestrictions() *cobra.Command {
	var format formatFlag
	var now clockFlag
	cmd := &cobra.Command{
		Use:   "restrictions",
		Short: "List the laws and lists that the rules on restrictions know, and which of them are disabled",
		Long: `Restrictions lists every entry of the restriction data with its state at the clock:
in force, not yet in force, ended, suspended, or disabled. Entries that were written
down from memory, proposals, and notes are disabled: no finding rests on them.

` + message.Say("law.notice", nil).Text,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			at, err := now.at(a)
			if err != nil {
				return err
			}
			list, err := rules.Restrictions()
			if err != nil {
				return fault.AsIncomplete(err)
			}
			return a.printRestrictions(list, at, format.json())
		},
	}
	format.register(cmd.Flags(), "text")
	now.register(cmd.Flags(), judgements)
	return cmd
}

func (a *app) printRestrictions(list []rules.Restriction, now time.Time, asJSON bool) error {
	stated := make([]statedRestriction, len(list))
	for i, r := range list {
		stated[i] = statedRestriction{r, r.State(now)}
	}
	if asJSON {
		return writeJSON(a.Stdout, struct {
			Notice       string              `json:"notice"`
			Restrictions []statedRestriction `json:"restrictions"`
		}{message.Say("law.notice", nil).Text, stated})
	}
	for _, s := range stated {
		fmt.Fprintf(a.Stdout, "%-28s %-3s %s\n", s.ID, s.Jurisdiction, s.State)
		dates := "from " + s.EffectiveFrom
		if s.EffectiveTo != "" {
			dates += " to " + s.EffectiveTo
		}
		if s.EffectiveFrom == "" {
			dates = "no date"
		}
		asOf := "as of " + s.AsOf
		if s.AsOf == "" {
			asOf = "no source"
		}
		for _, line := range report.Wrap(fmt.Sprintf("%s: %s; %s; %s, %s", s.Authority, s.Citation, dates, asOf, s.Confidence), 84) {
			fmt.Fprintf(a.Stdout, "    %s\n", line)
		}
	}
	fmt.Fprintf(a.Stdout, "\n%s\n", message.Say("law.notice", nil).Text)
	return nil
}
