package main

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/rules"
)

var asksForReason = regexp.MustCompile(`lib\.gap\(input\.(device|host), "([^"]+)"\)\.reason == "([^"]+)"`)

// TestReasonsThatRulesAskFor: where a rule asks for the reason of a gap, a collector
// writes that reason for that fact on some machine. A branch on a reason that nobody
// writes is dead, and a test of the rule alone does not show it.
func TestReasonsThatRulesAskFor(t *testing.T) {
	written := map[string]bool{}
	note := func(owner string, gaps []inventory.Gap) {
		for _, g := range gaps {
			for fact := g.Fact; fact != ""; fact = fact[:strings.LastIndex(fact, "/")] {
				written[fmt.Sprintf("%s %s %s", owner, fact, g.Reason)] = true
			}
		}
	}
	c := catalogue.Load()
	romless := hosttest.GoodCard("0000:03:00.0")
	romless.ROM = nil
	for _, h := range []*hosttest.Host{
		hosttest.Good(), hosttest.Good().PackagedBy("", ""), hosttest.New().Add(romless), hosttest.New().Add(hosttest.NVIDIACard("0000:03:00.0")),
	} {
		inv, err := collect.Run(t.Context(), h.Env(), machine.Enumerator(c), machine.Collectors())
		if err != nil {
			t.Fatal(err)
		}
		note("host", inv.Host.Gaps)
		for i := range inv.Devices {
			note("device", inv.Devices[i].Gaps)
		}
	}
	asked := 0
	err := fs.WalkDir(rules.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".rego") || strings.HasSuffix(name, "_test.rego") {
			return err
		}
		text, err := fs.ReadFile(rules.FS(), name)
		if err != nil {
			return err
		}
		for _, m := range asksForReason.FindAllStringSubmatch(string(text), -1) {
			asked++
			if !written[strings.Join(m[1:], " ")] {
				t.Errorf("%s asks for a gap of %s with reason %s, which no collector writes on any of these machines", name, m[2], m[3])
			}
		}
		return nil
	})
	if err != nil || asked < 3 {
		t.Fatalf("%d reasons found in the rules, %v", asked, err)
	}
}
