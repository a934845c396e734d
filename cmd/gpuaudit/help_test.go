package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/policy"
)

func commandTree(t *testing.T) *cobra.Command {
	t.Helper()
	a := &app{Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, Now: time.Now, Getenv: func(string) string { return "" }}
	return a.rootCommand()
}

// TestHelpFits: no line of any help is wider than a terminal of 80 columns, and every
// flag is shown.
func TestHelpFits(t *testing.T) {
	n := 0
	eachCommand(commandTree(t), func(cmd *cobra.Command) {
		n++
		var b bytes.Buffer
		cmd.SetOut(&b)
		cmd.HelpFunc()(cmd, nil)
		for _, line := range strings.Split(b.String(), "\n") {
			if w := len([]rune(line)); w > helpWidth {
				t.Errorf("%s: %d columns: %s", cmd.CommandPath(), w, line)
			}
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !strings.Contains(b.String(), "--"+f.Name) {
				t.Errorf("%s: the help does not show --%s", cmd.CommandPath(), f.Name)
			}
		})
	})
	if n < 40 {
		t.Errorf("%d commands", n)
	}
}

// TestFlagGroups: the flags of scan are in named groups, but for help.
func TestFlagGroups(t *testing.T) {
	scan, _, err := commandTree(t).Find([]string{"scan"})
	if err != nil {
		t.Fatal(err)
	}
	scan.InitDefaultHelpFlag()
	groups := groupsOf(scan.LocalFlags())
	if len(groups) < 6 {
		t.Fatalf("%d groups", len(groups))
	}
	groups[len(groups)-1].set.VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			t.Errorf("--%s is in no group: add it to flagGroups", f.Name)
		}
	})
}

// TestRuleNames: what shells complete are the rules that there are.
func TestRuleNames(t *testing.T) {
	engine, err := policy.Load(t.Context(), audit.PolicySource(nil))
	if err != nil {
		t.Fatal(err)
	}
	have := ruleIndex()
	for i, r := range engine.Rules() {
		if i >= len(have) || !strings.Contains(strings.Join(have, "\n"), r.ID+"\t"+r.Title) {
			t.Errorf("%s is not completed", r.ID)
		}
	}
}
