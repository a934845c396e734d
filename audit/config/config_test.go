package config_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/config"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/pack"
)

var known = []config.Setting{
	{Name: "fail-on"}, {Name: "expect"}, {Name: "pack"}, {Name: "read-rom"}, {Name: "device", Many: true},
	{Name: "trust", Rebase: func(folder, value string) string { return filepath.Join(folder, value) }},
}

func parsed(t *testing.T, name, text string) (config.Layer, *input.File) {
	t.Helper()
	f := &input.File{Name: name, Data: []byte(text)}
	l, err := config.Parse(f, filepath.Dir(name), known)
	if err != nil {
		t.Fatal(err)
	}
	return l, f
}

// TestPrecedence: system, user, variable, flag; the later counts, and each alone does.
func TestPrecedence(t *testing.T) {
	system, systemFile := parsed(t, "/etc/gpuaudit/config.yaml", "fail-on: s\nexpect: s\npack: s\nread-rom: s\ntrust: t.yaml\n")
	user, userFile := parsed(t, "/home/u/config.yaml", "fail-on: u\nexpect: u\npack: u\n")
	variables := map[string]string{"GPUAUDIT_FAIL_ON": "v", "GPUAUDIT_EXPECT": "v", "GPUAUDIT_DEVICE": "a,b"}
	environment := config.Environment(func(name string) (string, bool) { v, ok := variables[name]; return v, ok }, known)
	flags := config.Layer{"fail-on": {List: []string{"f"}, From: "--fail-on"}}
	all := config.Resolve(system, user, environment, flags)
	for name, want := range map[string]config.Value{
		"fail-on":  {List: []string{"f"}, From: "--fail-on"},
		"expect":   {List: []string{"v"}, From: "GPUAUDIT_EXPECT"},
		"pack":     {List: []string{"u"}, From: "/home/u/config.yaml:3", File: userFile},
		"read-rom": {List: []string{"s"}, From: "/etc/gpuaudit/config.yaml:4", File: systemFile},
		"trust":    {List: []string{"/etc/gpuaudit/t.yaml"}, From: "/etc/gpuaudit/config.yaml:5", File: systemFile},
		"device":   {List: []string{"a", "b"}, From: "GPUAUDIT_DEVICE"},
	} {
		if got := all[name]; !slices.Equal(got.List, want.List) || got.From != want.From || got.File != want.File {
			t.Errorf("%s is %+v, want %+v", name, got, want)
		}
	}
	if len(all) != len(known) {
		t.Errorf("%d settings", len(all))
	}
	if got := all.Files(systemFile, nil, userFile); !slices.Equal(got, []*input.File{systemFile, userFile}) {
		t.Errorf("files %v", got)
	}
	delete(all, "pack")
	if got := all.Files(systemFile, userFile); !slices.Equal(got, []*input.File{systemFile}) {
		t.Errorf("a file of which nothing counts is named: %v", got)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"fail-on: high\nfali-on: low\n": `c.yaml: line 2: there is no setting "fali-on"; did you mean fail-on?`,
		"zzzz: 1\n":                     `there is no setting "zzzz" (gpuaudit config show`,
		"expect: [1]\n":                 "line 1: expect takes one value and no list",
		"expect: 1\nexpect: 2\n":        "is there already",
		"- a":                           "c.yaml: line 1",
	} {
		if _, err := config.Parse(&input.File{Name: "c.yaml", Data: []byte(text)}, "", known); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

const managed = `version: 1
name: ours
description: a gate
date: "2026-11-26"
managed:
  expect: 8
  on: [read-rom]
  never: [device]
`

func open(t *testing.T, text string) *pack.Pack {
	t.Helper()
	p, err := pack.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestHold: what nobody says is what the pack demands, and nothing weakens it.
func TestHold(t *testing.T) {
	p := open(t, managed)
	for _, c := range []struct {
		name, value, want string
	}{
		{"", "", ""}, {"expect", "8", ""}, {"expect", "9", ""}, {"read-rom", "true", ""}, {"fail-on", "low", ""},
		{"expect", "7", "--expect: expect is managed by the pack ours, which demands at least 8"},
		{"expect", "many", "demands at least 8"},
		{"read-rom", "false", "demands that it is on"},
		{"device", "0000:03:00.0", "demands that nobody gives it"},
	} {
		l := config.Layer{}
		if c.name != "" {
			l[c.name] = config.Value{List: []string{c.value}, From: "--" + c.name}
		}
		err := l.Hold(p, known, func(string) bool { return true })
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: %v, want %q", c.name, c.value, err, c.want)
		}
		if err == nil && (l["read-rom"].Text() != "true" || l["expect"].Text() < "8") {
			t.Errorf("%s=%s: the pack's demands did not become settings: %v", c.name, c.value, maps.Collect(maps.All(l)))
		}
	}
	l := config.Layer{}
	if err := l.Hold(p, known, func(name string) bool { return name == "expect" }); err != nil || len(l) != 1 {
		t.Errorf("of a verb that reads no machine: %v, %v", l, err)
	}
	if err := l.Hold(open(t, strings.Replace(managed, "[device]", "[devcie]", 1)), known, func(string) bool { return true }); err == nil || !strings.Contains(err.Error(), "did you mean device?") {
		t.Errorf("a managed setting that does not exist: %v", err)
	}
	if err := l.Hold(nil, known, nil); err != nil {
		t.Errorf("without a pack: %v", err)
	}
}

func TestPinned(t *testing.T) {
	named, other := config.Value{List: []string{"ours"}, From: "/etc/gpuaudit/config.yaml:1"}, config.Value{List: []string{"homelab"}, From: "--pack"}
	free := strings.Split(managed, "managed:")[0]
	for _, c := range []struct {
		system, chosen string
		refused        bool
	}{{managed, managed, false}, {managed, free, true}, {free, managed, false}} {
		err := config.Pinned(named, open(t, c.system), other, &input.File{Data: []byte(c.chosen)})
		if (err != nil) != c.refused {
			t.Errorf("%v, refused %t", err, c.refused)
		}
	}
}

// TestPlace: a file that somebody else can write is refused, and none is none.
func TestPlace(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "gpuaudit")
	file := filepath.Join(folder, "config.yaml")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	us := config.Place{Path: file, Owner: os.Geteuid()}
	if f, err := us.Read(); f != nil || err != nil {
		t.Errorf("no file: %v, %v", f, err)
	}
	if err := os.WriteFile(file, []byte("expect: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file, folder os.FileMode
		alone        bool
		want         string
	}{
		{0o644, 0o755, true, ""}, {0o600, 0o700, true, ""}, {0o664, 0o755, false, ""},
		{0o664, 0o755, true, "chmod go-w"}, {0o646, 0o755, false, "chmod go-w"}, {0o644, 0o777, false, "chmod go-w"}, {0o644, 0o775, true, "chmod go-w"},
	} {
		if err := os.Chmod(file, c.file); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(folder, c.folder); err != nil {
			t.Fatal(err)
		}
		p := us
		p.Alone = c.alone
		f, err := p.Read()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%04o in %04o: %v, want %q", c.file, c.folder, err, c.want)
		}
		if err == nil && string(f.Data) != "expect: 1\n" {
			t.Errorf("read %q", f.Data)
		}
	}
	if os.Geteuid() == 0 {
		if err := os.Chmod(file, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(file, 12345, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := us.Read(); err == nil || !strings.Contains(err.Error(), "belongs to user 12345") {
			t.Errorf("somebody else's: %v", err)
		}
	}
	if f, err := (config.Place{Path: folder}).Read(); f != nil || err == nil {
		t.Errorf("a folder: %v, %v", f, err)
	}
}

// TestRootsSettingsAreRoots: where sudo keeps the home of a user, neither what he owns there
// counts, nor a file of root's to which he can lead.
func TestRootsSettingsAreRoots(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file to somebody else")
	}
	const alice = 12345
	for name, lay := range map[string]func(dir string) error{
		"": func(string) error { return nil },
		"a file of his": func(dir string) error {
			return os.Chown(filepath.Join(dir, "home/.config/gpuaudit/config.yaml"), alice, 0)
		},
		"a folder of his":    func(dir string) error { return os.Chown(filepath.Join(dir, "home/.config/gpuaudit"), alice, 0) },
		"a folder above it":  func(dir string) error { return os.Chown(filepath.Join(dir, "home"), alice, 0) },
		"one that all write": func(dir string) error { return os.Chmod(filepath.Join(dir, "home"), 0o777) },
		"a link of his": func(dir string) error {
			mine := filepath.Join(dir, "home/.config")
			return errors.Join(os.Rename(filepath.Join(mine, "gpuaudit"), filepath.Join(dir, "gpuaudit")), os.Symlink("../../gpuaudit", filepath.Join(mine, "gpuaudit")), os.Chown(mine, alice, 0))
		},
	} {
		dir := t.TempDir()
		folder := filepath.Join(dir, "home/.config/gpuaudit")
		file := filepath.Join(folder, "config.yaml")
		if err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(file, []byte("expect: 1\n"), 0o644), lay(dir)); err != nil {
			t.Fatal(err)
		}
		f, err := config.Place{Path: file, Owner: 0}.Read()
		if name == "" != (err == nil) || err == nil && f == nil {
			t.Errorf("%q: %v", name, err)
		}
		if strings.Contains(name, "his") && !strings.Contains(err.Error(), "belongs to user 12345") {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := (config.Place{Path: file, Owner: alice}).Read(); err != nil && name != "one that all write" {
			t.Errorf("%q, by himself: %v", name, err)
		}
	}
}

func TestUser(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "/x/gpuaudit/config.yaml"},
		{map[string]string{"XDG_CONFIG_HOME": "rel", "HOME": "/h"}, "/h/.config/gpuaudit/config.yaml"},
		{nil, ""},
	} {
		if got := config.User(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%v: %q, want %q", c.env, got, c.want)
		}
	}
}
