package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/controls"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
)

func (a *app) policyExplainCommand() *cobra.Command {
	var f basisFlags
	var format formatFlag
	cmd := &cobra.Command{
		Use:     "explain ID...",
		Short:   "Say what a rule looks at, why, and what to do about its findings",
		Example: "  gpuaudit policy explain GA-BD-007",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			rules, err := f.list(cmd.Context())
			if err != nil {
				return err
			}
			var found []audit.Rule
			for _, id := range ids {
				r, err := ruleOf(rules, id)
				if err != nil {
					return err
				}
				found = append(found, *r)
			}
			if format.json() {
				list := make([]explained, len(found))
				for i, r := range found {
					list[i] = explained{r, controls.Of(r.ID)}
				}
				return writeJSON(a.Stdout, list)
			}
			chosen, err := f.chosen()
			if err != nil {
				return err
			}
			for i, r := range found {
				if i > 0 {
					fmt.Fprintln(a.Stdout)
				}
				explain(a.Stdout, &r, chosen)
			}
			return nil
		},
	}
	f.register(cmd.Flags())
	format.register(cmd.Flags(), "text")
	return cmd
}

// explained is a rule with the controls that it has evidence for.
type explained struct {
	audit.Rule
	Controls []controls.Control `json:"controls,omitempty"`
}

// ruleOf is the rule with an id, in any case of its letters.
func ruleOf(rules []audit.Rule, id string) (*audit.Rule, error) {
	ids := make([]string, len(rules))
	for i, r := range rules {
		if strings.EqualFold(r.ID, id) {
			return &rules[i], nil
		}
		ids[i] = r.ID
	}
	return nil, fmt.Errorf("there is no rule %s%s (gpuaudit policy list names all)", report.Clean(id), suggest.Meant(id, ids))
}

func explain(w io.Writer, r *audit.Rule, chosen *pack.Pack) {
	fmt.Fprintf(w, "%s  %s\n", r.ID, r.Title)
	row := func(label, text string) {
		for _, line := range report.Wrap(text, 76) {
			fmt.Fprintf(w, "  %-10s %s\n", label, line)
			label = ""
		}
	}
	row("severity", string(r.Severity)+", "+string(r.Category)+", judged once for each "+string(r.Scope))
	if note := noteOf(r); note != "" && r.Changed != nil {
		row("pack", note+": "+r.Changed.Reason)
	}
	if r.Identity != "" {
		row("identity", "a failure speaks for: "+string(r.Identity))
	}
	if r.Question != "" {
		row("question", string(r.Question)+": a failure means "+string((&finding.Finding{Severity: r.Severity, Means: r.Means}).Meant()))
	}
	if chosen != nil && chosen.Answers[r.Question] != "" {
		row("demanded", "the pack "+chosen.Name+" wants this question answered: "+chosen.Answers[r.Question])
	}
	if r.Effective != nil {
		row("counts", "from "+r.Effective.Format("2006-01-02")+" on; before, it only warns")
	}
	if r.Name == "" {
		row("why", r.Description)
	} else {
		row("fails if", r.Seen)
		row("means", r.Texts.Means)
		row("need not", r.NeedNot)
	}
	row("do", r.Remediation)
	row("facts", strings.Join(r.Facts, " "))
	for i, ref := range r.References {
		row(map[bool]string{true: "see"}[i == 0], ref)
	}
	for i, c := range controls.Of(r.ID) {
		row(map[bool]string{true: "controls"}[i == 0], c.Name()+", "+c.Title)
	}
	row("rule", r.File)
}
