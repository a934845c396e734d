package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/policy/scaffold"
	"github.com/gpuaudit/gpuaudit/policy/source"
	"github.com/gpuaudit/gpuaudit/rules"
)

func (a *app) policyNewCommand() *cobra.Command {
	var dir, title, severity string
	cmd := &cobra.Command{
		Use:   "new ID --policy DIR",
		Short: "Begin a rule of your own: rule, metadata and tests that pass",
		Long: `New writes a folder with a rule and its tests into the directory of your rules. They
pass policy lint and policy test as they are; change what the rule looks at, and then
its tests. scan -o facts prints what a rule sees of a card.`,
		Example: `  gpuaudit policy new ACME-PR-001 --policy ours --title "Card is not from our supplier"
  gpuaudit policy lint --policy ours && gpuaudit scan --policy ours`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if dir == "" {
				return errors.New("--policy is required: the directory with your rules; it is made where it does not exist")
			}
			s, err := finding.ParseSeverity(severity)
			if err != nil {
				return fmt.Errorf("--severity: %w", err)
			}
			r, err := scaffold.New(args[0], title, string(s))
			if err != nil {
				return err
			}
			files, err := r.Write(dir)
			for _, file := range files {
				fmt.Fprintln(a.Stdout, file)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "policy", "", "directory with your rules")
	cmd.Flags().StringVar(&title, "title", "Say here what is wrong when the rule fails", "title of the rule")
	cmd.Flags().StringVar(&severity, "severity", string(finding.Medium), "severity of the rule: "+strings.Join(finding.Severities(), ", "))
	return cmd
}

func (a *app) policyShowCommand() *cobra.Command {
	var f basisFlags
	var tests bool
	cmd := &cobra.Command{
		Use:     "show ID...",
		Short:   "Print the source of a rule, with its metadata",
		Example: "  gpuaudit policy show GA-BD-007",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return a.showRules(cmd.Context(), &f, ids, tests)
		},
	}
	f.register(cmd.Flags())
	cmd.Flags().BoolVar(&tests, "tests", false, "print the rule's tests, too")
	return cmd
}

func (a *app) showRules(ctx context.Context, f *basisFlags, ids []string, tests bool) error {
	list, err := f.list(ctx)
	if err != nil {
		return err
	}
	var own fs.FS
	for _, id := range ids {
		r, err := ruleOf(list, id)
		if err != nil {
			return err
		}
		from, file := rules.FS(), r.File
		if policy.Users(file) {
			if own == nil {
				given, err := source.Read(ctx, f.rules)
				if err == nil {
					own, err = given.Open()
				}
				if err != nil {
					return err
				}
			}
			_, file, _ = strings.Cut(file, ":")
			from = own
		}
		if err := a.printSources(from, file, tests); err != nil {
			return err
		}
	}
	return nil
}

// printSources prints a rule, and the tests beside it.
func (a *app) printSources(from fs.FS, file string, tests bool) error {
	names := []string{file}
	if tests {
		all, err := fs.Glob(from, path.Join(path.Dir(file), "*_test.rego"))
		if err != nil {
			return err
		}
		names = append(names, all...)
	}
	for _, name := range names {
		text, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		if _, err := a.Stdout.Write(text); err != nil {
			return err
		}
	}
	return nil
}
