package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/policy"
)

func (a *app) policyTestCommand() *cobra.Command {
	var dir string
	var all bool
	cmd := &cobra.Command{
		Use:   "test --policy DIR",
		Short: "Run the tests of your own rules, and say what they do not reach",
		Long: `Test runs the Rego tests (files *_test.rego) of the rules in a directory, beside the
built-in rules and under the same restrictions as in a scan. It exits with 1 when a
test fails.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return errors.New("--policy is required: the directory with your rules")
			}
			results, _, err := audit.TestRules(cmd.Context(), dir)
			if err != nil {
				return err
			}
			run, failed := 0, 0
			for _, r := range results.Results {
				switch {
				case !policy.Users(r.File):
					continue
				case !r.Pass:
					failed++
					fmt.Fprintf(a.Stdout, "FAIL  %s.%s  %s\n", report.Clean(r.Package), report.Clean(r.Name), report.Clean(r.Problem))
				case all:
					fmt.Fprintf(a.Stdout, "pass  %s.%s\n", report.Clean(r.Package), report.Clean(r.Name))
				}
				run++
			}
			for _, place := range results.Uncovered {
				if policy.Users(place) {
					fmt.Fprintf(a.Stdout, "not reached by any test: %s\n", report.Clean(place))
				}
			}
			fmt.Fprintln(a.Stdout, message.Count(run, "policy.tests", message.Params{"failed": failed}).Text)
			switch {
			case run == 0:
				return errors.New("there are no tests in " + dir)
			case failed > 0:
				return answered(exitFailed)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "policy", "", "directory with your rules and their tests")
	cmd.Flags().BoolVar(&all, "all", false, "list tests that pass, too")
	return cmd
}

func (a *app) policyLintCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "lint --policy DIR",
		Short: "Check your own rules as built-in rules are checked",
		Long: `Lint compiles the rules in a directory with the built-in ones: metadata complete, no
function that reaches outside, no misspelt fact, a decision that ends in unknown. Then
it demands of each a test that fails, one that passes, and one whose facts are
missing, and that tests reach every line. It exits with 1 when something is missing and
with 2 when the rules do not compile.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return errors.New("--policy is required: the directory with your rules")
			}
			results, rules, err := audit.TestRules(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if faults := results.Lint(rules); len(faults) > 0 {
				for _, f := range faults {
					fmt.Fprintln(a.Stdout, report.Clean(f))
				}
				return answered(exitFailed)
			}
			fmt.Fprintln(a.Stdout, message.Count(len(rules), "policy.linted", nil).Text)
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "policy", "", "directory with your rules and their tests")
	return cmd
}
