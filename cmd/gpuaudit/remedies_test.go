package main

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/rules"
)

var (
	namedVerb = regexp.MustCompile(`\(gpuaudit ([a-z]+(?: [a-z]+)?)`)
	namedFlag = regexp.MustCompile(`(?:^|[\s(])--([a-z][a-z-]+)`)
)

// othersFlags are flags in what to do that are not this program's.
var othersFlags = map[string]string{"gpu-reset": "nvidia-smi"}

// TestRemediesNameWhatThereIs: each command and each flag that a finding says to use is one
// of this program.
func TestRemediesNameWhatThereIs(t *testing.T) {
	text, err := fs.ReadFile(rules.FS(), "messages/en.json")
	noError(t, err)
	var messages map[string]string
	noError(t, json.Unmarshal(text, &messages))
	flags, verbs := map[string]bool{}, map[string]bool{}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		verbs[strings.TrimPrefix(cmd.CommandPath(), "gpuaudit ")] = true
		cmd.Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
		cmd.PersistentFlags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(commandTree(t))
	named := 0
	for id, said := range messages {
		if !strings.HasSuffix(id, ".do") {
			continue
		}
		for _, m := range namedVerb.FindAllStringSubmatch(said, -1) {
			named++
			first, _, _ := strings.Cut(m[1], " ")
			if !verbs[m[1]] && !(verbs[first] && !hasVerbs(verbs, first)) {
				t.Errorf("%s names gpuaudit %s, which is no command: %s", id, m[1], said)
			}
		}
		for _, m := range namedFlag.FindAllStringSubmatch(said, -1) {
			named++
			if !flags[m[1]] && othersFlags[m[1]] == "" {
				t.Errorf("%s names --%s, which is no flag: %s", id, m[1], said)
			}
		}
	}
	if named < 20 {
		t.Errorf("%d commands and flags are named", named)
	}
}

// hasVerbs says that a command has others below it.
func hasVerbs(verbs map[string]bool, first string) bool {
	for name := range verbs {
		if strings.HasPrefix(name, first+" ") {
			return true
		}
	}
	return false
}
