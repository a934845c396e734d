package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/country"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
	"github.com/gpuaudit/gpuaudit/rules"
)

// statedRestriction is an entry with what it counts for at the clock.
type statedRestriction struct {
	rules.Restriction
	State rules.State `json:"state"`
}

// lawNotice stands in the help. All messages are parsed for it, which costs a millisecond.
func (a *app) lawNotice() string {
	if a.looks {
		return ""
	}
	return message.Say("law.notice", nil).Text
}

// showsNotice says that a command line may show it: it names the verb, or asks for all pages.
func showsNotice(args []string) bool {
	return slices.Contains(args, "restrictions") || slices.Contains(args, "man")
}

func (a *app) channelRestrictions() *cobra.Command {
	var format formatFlag
	var now clockFlag
	var place, profile string
	cmd := &cobra.Command{
		Use:   "restrictions",
		Short: "List the laws and lists that the rules on restrictions know, with their state on a day",
		Long: `Restrictions lists every entry of the restriction data with its state at the clock:
proposed, not yet in force, in force, suspended, ended, or a suspension that has ended
by its own words while nobody has verified what followed. An entry that is in force is
said to be so with the day that its source speaks for. Entries that were written down
from memory, proposals, and notes give no finding.

With --jurisdiction it lists those that ask about a place of use: of the place, of the
union that it belongs to, and of others that name it. With --profile it says what each
means for whom it is.

` + a.lawNotice(),
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			at, err := now.at(a)
			if err != nil {
				return err
			}
			law, err := rules.Restrictions()
			if err != nil {
				return fault.AsIncomplete(err)
			}
			list := law.Restrictions
			if place != "" {
				if err := country.Check(place); err != nil {
					return fmt.Errorf("--jurisdiction: %w", err)
				}
				list = law.Of(place)
			}
			if profile != "" && !slices.Contains(audit.Profiles(), profile) {
				return fmt.Errorf("--profile: unknown profile %q: use %s%s", profile, strings.Join(audit.Profiles(), ", "), suggest.Meant(profile, audit.Profiles()))
			}
			return a.printRestrictions(list, place, profile, at, format.json())
		},
	}
	format.register(cmd.Flags(), "text")
	now.register(cmd.Flags(), judgements)
	cmd.Flags().StringVar(&place, "jurisdiction", "", "only what asks about this place of use: ISO 3166-1 alpha-2 code, or EU")
	cmd.Flags().StringVar(&profile, "profile", "", "say what each means for: "+strings.Join(audit.Profiles(), ", "))
	return cmd
}

func (a *app) printRestrictions(list []rules.Restriction, place, profile string, now time.Time, asJSON bool) error {
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
		fmt.Fprintf(a.Stdout, "%-28s %-3s %s\n", s.ID, s.Jurisdiction, s.Says(now))
		for _, line := range s.lines(profile) {
			for _, l := range report.Wrap(line, 84) {
				fmt.Fprintf(a.Stdout, "    %s\n", l)
			}
		}
	}
	if place != "" && !slices.ContainsFunc(stated, func(s statedRestriction) bool { return s.Enabled && !slices.Contains(s.Places, "*") }) {
		a.say("No rule of %s is known to these data. That is not that there is none.", place)
	}
	fmt.Fprintf(a.Stdout, "\n%s\n", a.tongue().Of(message.Say("law.notice", nil)))
	return nil
}

// lines say where an entry is from, and what it means.
func (s *statedRestriction) lines(profile string) []string {
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
	if s.SearchedUntil > s.AsOf {
		asOf += ", nothing newer found up to " + s.SearchedUntil
	}
	list := []string{fmt.Sprintf("%s: %s; %s; %s, %s", s.Authority, s.Citation, dates, asOf, s.Confidence)}
	if s.Source != "" {
		list = append(list, s.Source)
	}
	if profile != "" {
		list = append(list, profile+": "+s.Who[profile])
	}
	return list
}
