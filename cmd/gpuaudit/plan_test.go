package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/broker"
)

// planOf is the plan of a command line.
func planOf(line string) *plan {
	a := &app{Getenv: func(string) string { return "" }, LookupEnv: func(string) (string, bool) { return "", false }}
	return a.plan(strings.Fields(line))
}

// TestPlanGrantsWhatIsNamed, and nothing beside.
func TestPlanGrantsWhatIsNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	exe := broker.Grant{Kind: broker.ReadFile, Name: "/proc/self/exe"}
	for line, want := range map[string][]broker.Grant{
		"scan": {exe},
		"scan --root dir --rom 0000:01:00.0=a.rom -o json=r.json -o table": {
			{Kind: broker.ReadFile, Name: "a.rom"}, {Kind: broker.WriteFile, Name: "r.json"}, exe,
		},
		"scan --capture c --manifests m,n --trust t/trust.yaml": {
			{Kind: broker.ReadFile, Name: "c"}, {Kind: broker.ReadFile, Name: "t/trust.yaml"}, {Kind: broker.ReadFolder, Name: "m"},
			{Kind: broker.ReadFolder, Name: "n"}, {Kind: broker.ReadFolder, Name: "t"}, exe,
		},
		"capture --output c.tar.gz":     {{Kind: broker.WriteFile, Name: "c.tar.gz"}, exe},
		"scan -o bundle=b --sign-key k": {{Kind: broker.WriteFile, Name: "b"}, exe},
		"scan --capture -":              {{Kind: broker.ReadFile, Name: "/dev/stdin"}, exe},
		"firmware inspect dir":          {{Kind: broker.ReadFolder, Name: "dir"}, exe},
		"report show -o json=x.json r":  {{Kind: broker.ReadFile, Name: "r"}, {Kind: broker.WriteFile, Name: "x.json"}, exe},
		"attest verify e.json --rim m --rim n --chain c.pem --ocsp o --report r": {{Kind: broker.ReadFile, Name: "e.json"}, {Kind: broker.ReadFolder, Name: "m"}, {Kind: broker.ReadFolder, Name: "n"},
			{Kind: broker.ReadFile, Name: "c.pem"}, {Kind: broker.ReadFolder, Name: "o"}, {Kind: broker.ReadFile, Name: "r"}, exe},
		"policy check one.json two.json": {{Kind: broker.ReadFile, Name: "one.json"}, {Kind: broker.ReadFile, Name: "two.json"}, exe},
	} {
		p := planOf(line)
		if p == nil {
			t.Errorf("%s: it is not judged apart", line)
			continue
		}
		for _, g := range want {
			if !slices.Contains(p.grants, g) {
				t.Errorf("%s: no grant %+v", line, g)
			}
		}
		if len(p.grants) != len(want) {
			t.Errorf("%s: %d grants, want %d: %+v", line, len(p.grants), len(want), p.grants)
		}
	}
	for line, want := range map[string]string{"scan": "/", "scan --root dir": "dir", "scan --capture c": "", "firmware inspect x": ""} {
		root := ""
		if p := planOf(line); p.tree != nil {
			root = p.tree.Root
		}
		if root != want {
			t.Errorf("%s: the machine is %q, want %q", line, root, want)
		}
	}
	if p := planOf("scan --read-rom --attest tpm --tpm /dev/x"); !p.rom || !p.tpm || p.device != "/dev/x" {
		t.Errorf("%+v", p)
	}
	if p := planOf("scan"); p.rom || p.tpm {
		t.Errorf("nobody asked for it: %+v", p)
	}
}

// TestPlanLeavesTheRest: wrong command lines, verbs and flags that are not judged apart.
func TestPlanLeavesTheRest(t *testing.T) {
	for _, line := range []string{
		"", "version", "scan --help", "scan --none", "scan extra", "key create --output x", "scan --policy rules", "scan --state s", "scan --channels",
		"scan --watch", "scan -o bundle=- --sign-key k", "policy check -", "capture --redact --output c", "report show",
	} {
		if p := planOf(line); p != nil {
			t.Errorf("%s: %+v", line, p)
		}
	}
}

// TestFlagsOfJudgedVerbs: a flag with a text is declared, or listed here as one that
// keeps a command line from being judged apart.
func TestFlagsOfJudgedVerbs(t *testing.T) {
	apart := []string{"policy", "policy-key", "policy-scope", "state", "passphrase-fd", "watch"}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			walk(c)
		}
		if judged[cmd.CommandPath()] == 0 {
			return
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if kind := f.Value.Type(); kind != "bool" && kind != "int" && flagTakes[f.Name] == 0 && !slices.Contains(apart, f.Name) {
				t.Errorf("%s --%s: what does it name?", cmd.CommandPath(), f.Name)
			}
		})
	}
	walk((&app{Getenv: os.Getenv, LookupEnv: os.LookupEnv}).rootCommand())
}
