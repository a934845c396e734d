package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/config"
)

// TestSettle: files, variables and flags are joined and held to the pack that they name; who
// only looks reads no pack.
func TestSettle(t *testing.T) {
	dir := t.TempDir()
	place := func(name, text string) config.Place {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return config.Place{Path: name, Owner: os.Geteuid()}
	}
	env := func(name string) (string, bool) { return "low", name == "GPUAUDIT_FAIL_ON" }
	has := func(string) bool { return true }
	ours := place("ours.yaml", managed).Path
	system, user := place("system.yaml", "pack: "+ours+"\ntrust: t.yaml\n"), place("user.yaml", "expect: 2\n")
	s, err := config.Settle([]config.Place{system, user, {Path: dir + "/none"}}, env, config.Layer{"expect": {List: []string{"9"}, From: "--expect"}}, known, has)
	if err != nil {
		t.Fatal(err)
	}
	if s.All["fail-on"].Text() != "low" || s.All["expect"].Text() != "9" || s.All["read-rom"].Text() != "true" || s.All["trust"].Text() != dir+"/t.yaml" || s.Pinned != ours || s.Pack == nil || len(s.Files) != 1 || s.Files[0].Name != system.Path {
		t.Errorf("%+v", s)
	}
	for name, tc := range map[string]struct {
		first config.Place
		given string
		has   func(string) bool
		want  string
	}{
		"a milder pack":            {system, "homelab", has, "system.yaml:1"},
		"a pack that is not there": {system, dir + "/none.yaml", has, "none.yaml"},
		"which nobody reads":       {system, dir + "/none.yaml", nil, ""},
		"less than it demands":     {place("less.yaml", "expect: 7\n"), ours, has, "demands at least 8"},
		"a setting that is none":   {place("wrong.yaml", "price: 1\n"), "strict", has, "there is no setting"},
	} {
		_, err := config.Settle([]config.Place{tc.first}, env, config.Layer{"pack": {List: []string{tc.given}, From: "--pack"}}, known, tc.has)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
