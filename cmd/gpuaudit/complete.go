package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/country"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/report/forms"
	"github.com/gpuaudit/gpuaudit/rules"
)

type completion = func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective)

// completes says that a shell asks for values. To have them at hand for every flag takes
// longer than all else at the start of a verb.
func completes(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// completions gives shells the values of flags and arguments.
func (a *app) completions(root *cobra.Command) {
	severities := finding.Severities()
	values := map[string]completion{
		"pack":         orFile(pack.Names()),
		"fail-on":      only(severities),
		"engine":       only([]string{"plan", "opa"}),
		"jurisdiction": only(append(country.Codes(), country.Union)),
		"origin":       only(country.Codes()),
		"profile":      only(audit.Profiles()),
		"log-format":   only([]string{"text", "json"}),
		"attest":       only([]string{"tpm", "gpu", "tpm,gpu"}),
		"unknown":      only([]string{"skipped", "failed"}),
		"explain":      ruleNames,
		"device":       a.addresses,
		"rom":          a.addresses,
		"flash":        a.addresses,
	}
	eachCommand(root, func(cmd *cobra.Command) {
		for name, complete := range values {
			if f := cmd.LocalFlags().Lookup(name); f != nil && (cmd == root || cmd.PersistentFlags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil) {
				must(cmd.RegisterFlagCompletionFunc(name, complete))
			}
		}
		if f := cmd.LocalFlags().ShorthandLookup("o"); f != nil {
			must(cmd.RegisterFlagCompletionFunc(f.Name, outputForms(cmd)))
		}
		switch cmd.CommandPath() {
		case "gpuaudit policy explain", "gpuaudit policy show":
			cmd.ValidArgsFunction = ruleNames
		case "gpuaudit policy pack show":
			cmd.ValidArgsFunction = only(pack.Names())
		}
	})
}

func must(err error) {
	if err != nil {
		panic(err) // a flag that is registered twice
	}
}

// only completes the values of a list, and nothing else.
func only(list []string) completion {
	return func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return starting(list, begun), cobra.ShellCompDirectiveNoFileComp
	}
}

// orFile completes the values of a list, or the name of a file.
func orFile(list []string) completion {
	return func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return starting(list, begun), cobra.ShellCompDirectiveDefault
	}
}

func starting(list []string, begun string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool {
		return len(s) < len(begun) || !strings.EqualFold(s[:len(begun)], begun)
	})
}

// outputForms completes -o: of verbs that write reports, a file may follow.
func outputForms(cmd *cobra.Command) completion {
	f := cmd.Flags().ShorthandLookup("o")
	if f.Value.Type() != "stringArray" {
		return only([]string{"text", "table", "json"})
	}
	list := []string{"table", "json"}
	for _, name := range slices.Concat(forms.Names(), []string{"bundle", "facts"}) {
		if strings.Contains(f.Usage, name) {
			list = append(list, name)
		}
	}
	return func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		if strings.Contains(begun, "=") {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return starting(list, begun), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
}

// ruleNames completes the ids of the built-in rules, with their titles. It compiles
// none: a shell waits for it.
func ruleNames(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	var list []string
	for _, id := range ruleIndex() {
		if strings.HasPrefix(id, strings.ToUpper(begun)) {
			list = append(list, id)
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// ruleIndex lists the built-in rules, an id and a title each.
func ruleIndex() []string {
	titles, err := rules.Titles()
	if err != nil {
		return nil
	}
	var list []string
	for _, id := range slices.Sorted(maps.Keys(titles)) {
		list = append(list, id+"\t"+titles[id])
	}
	return list
}

// addresses completes the PCI addresses of the machine that is meant.
func (a *app) addresses(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	source := machine.Source{}
	for name, to := range map[string]*string{"root": &source.Root, "capture": &source.Capture} {
		if f := cmd.Flags().Lookup(name); f != nil {
			*to = f.Value.String()
		}
	}
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	m, err := a.open(ctx, source, a.Now().UTC())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer m.Close()
	c := catalogue.Load()
	seen, err := machine.Enumerator(c)(ctx, m.Env)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list []string
	for _, d := range seen.Devices {
		list = append(list, d.Address)
	}
	return starting(list, begun), cobra.ShellCompDirectiveNoFileComp
}
