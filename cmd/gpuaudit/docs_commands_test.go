package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// docPage says how the commands of a page are run: what is there before the first one,
// and what has to be known of single ones.
type docPage struct {
	prepare func(s *docHost)
	replace []string // pairs: what stands on the page, and what is taken here
	steps   map[string]docStep
}

// docStep is what has to be known of a command. Its key is the command, or its
// beginning; behind " #2" that of the second one with these words.
type docStep struct {
	code   int              // the exit code that it gives
	not    string           // why it is not run here
	before func(s *docHost) // what the page says has happened before
	// without makes what the command makes, where its program is not installed.
	without func(s *docHost)
}

// otherPrograms are the programs on the pages beside gpuaudit: run where they are
// installed, or the reason why they are not run.
var otherPrograms = map[string]string{
	"openssl": "", "jq": "", "tail": "", "find": "", "sha256sum": "", "base64": "", "cosign": "",
	"gpuaudit-nvml": "it needs NVIDIA's driver",
	"gpuaudit-sign": "it needs a token or a service; its own tests sign with local ones",
	"nvidia-smi":    "it needs NVIDIA's driver",
	"lspci":         "it reads the machine",
	"go":            "it builds, or tests, what is being tested",
	"make":          "it builds what is being tested",
	"curl":          "it asks the network",
	"pytest":        "it needs TUF's conformance suite",
	"cp":            "it copies what a key made",
	"opa":           "another maker's program",
}

// TestCommandsInDocs runs each command of the pages and of the helps in a folder of its
// page, and compares what the page shows of its output.
func TestCommandsInDocs(t *testing.T) {
	pages := map[string][]command{}
	for _, page := range docPages(t) {
		lines := readPage(t, page)
		for _, b := range blocksOf(page, lines) {
			pages[page] = append(pages[page], b.commands()...)
		}
		if page == "README.md" {
			for _, c := range spansOf(page, lines) {
				if strings.Contains(c.text, " -") || strings.Contains(c.text, "*") {
					pages[page] = append(pages[page], c)
				}
			}
		}
	}
	for _, b := range examplesOf((&app{}).rootCommand()) {
		pages[b.page] = append(pages[b.page], b.commands()...)
	}
	fixtures := docsPages()
	for name := range fixtures {
		if len(pages[name]) == 0 {
			t.Errorf("docs_pages_test.go prepares %s, which gives no command", name)
		}
	}
	names := make([]string, 0, len(pages))
	for name := range pages {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if len(pages[name]) > 0 {
			t.Run(name, func(t *testing.T) { runPage(t, fixtures[name], pages[name]) })
		}
	}
}

func runPage(t *testing.T, page *docPage, commands []command) {
	if page == nil {
		page = &docPage{}
	}
	s := newSandbox(t)
	prepared := false
	used, times := map[string]bool{}, map[string]int{}
	for _, c := range commands {
		times[c.text]++
		key, step := page.step(c.text, times[c.text])
		used[key] = true
		c.text = strings.NewReplacer(page.replace...).Replace(c.text)
		if step.not == "" {
			if !prepared && page.prepare != nil {
				page.prepare(s)
			}
			prepared = true
			if step.before != nil {
				step.before(s)
			}
		}
		pipelines, err := c.parse(s)
		if err != nil {
			t.Errorf("%s:%d: %s: %v", c.page, c.line, c.text, err)
			continue
		}
		if step.not == "" {
			begun := time.Now()
			c.run(s, pipelines, page.asShown(s), step)
			t.Logf("%s:%d: %s  %v", c.page, c.line, c.text, time.Since(begun).Round(time.Millisecond))
		}
	}
	for key := range page.steps {
		if !used[key] {
			t.Errorf("docs_pages_test.go speaks of a command that this page does not give: %s", key)
		}
	}
}

// asShown puts what stands on the page in the place of what was taken here.
func (p *docPage) asShown(s *docHost) *strings.Replacer {
	var pairs []string
	for i := 0; i+1 < len(p.replace); i += 2 {
		pairs = append(pairs, filepath.Join(s.dir, p.replace[i+1]), p.replace[i], p.replace[i+1], p.replace[i])
	}
	return strings.NewReplacer(pairs...)
}

// step is what docs_pages_test.go says of a command: the longest key that it begins
// with, and of the nth one of the same words rather the key with its number.
func (p *docPage) step(text string, n int) (string, docStep) {
	found := ""
	for key := range p.steps {
		words, number, numbered := strings.Cut(key, " #")
		if numbered && (number != fmt.Sprint(n) || words != text) {
			continue
		}
		if strings.HasPrefix(text, words) && len(key) > len(found) {
			found = key
		}
	}
	return found, p.steps[found]
}

// parse takes a command apart and looks at each program in it: verbs and flags of
// gpuaudit have to be there, and other programs in the list.
func (c *command) parse(s *docHost) ([][]part, error) {
	pipelines, err := parseLine(c.text, func(name string) string { return s.env[name] })
	if errors.Is(err, errShell) {
		if strings.Contains(c.text, "gpuaudit ") {
			return nil, errors.New("gpuaudit within a loop or a substitution: write it as a command of its own")
		}
		return nil, nil
	}
	for i, parts := range pipelines {
		for j, p := range parts {
			p = p.plain()
			pipelines[i][j] = p
			switch {
			case len(p.words) == 0:
				return nil, errors.New("a command without a program")
			case p.words[0] == "gpuaudit":
				if err := understood(p.words[1:], true); err != nil {
					return nil, err
				}
			case p.words[0] == "gpuaudit-sign":
				if err := understoodBySign(p.words[1:]); err != nil {
					return nil, err
				}
			default:
				if _, ok := otherPrograms[p.words[0]]; !ok {
					return nil, fmt.Errorf("%s is not in otherPrograms of docs_commands_test.go: say there whether it is run", p.words[0])
				}
			}
		}
	}
	return pipelines, nil
}

// understood holds a command line to the commands: verb, flags and, of a whole one,
// the number of arguments.
func understood(args []string, whole bool) error {
	cmd, rest, err := (&app{}).rootCommand().Find(args)
	if err != nil {
		return err
	}
	folder := cmd.Name() == "baseline" // it takes one, and has verbs, too
	if cmd.HasSubCommands() && !folder && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return fmt.Errorf("%s has no verb %s", cmd.CommandPath(), rest[0])
	}
	cmd.InheritedFlags() // those of the root are known then, too
	if err := cmd.ParseFlags(rest); err != nil {
		return fmt.Errorf("%s: %w", cmd.CommandPath(), err)
	}
	if whole {
		if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
			return fmt.Errorf("%s: %w", cmd.CommandPath(), err)
		}
	}
	return nil
}

// understoodBySign holds a command line to the flags that gpuaudit-sign defines, as its
// source has them: it is a program of its own.
func understoodBySign(args []string) error {
	files, err := filepath.Glob(filepath.Join(repository, "cmd/gpuaudit-sign/*.go"))
	if err != nil {
		return err
	}
	var source strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		source.Write(text)
	}
	for _, a := range args {
		if name, ok := strings.CutPrefix(a, "--"); ok && !strings.Contains(source.String(), `"`+name+`"`) {
			return fmt.Errorf("gpuaudit-sign: no flag %s", a)
		}
	}
	return nil
}

// run runs a command and compares its exit code and what the page shows of it.
func (c *command) run(s *docHost, pipelines [][]part, asShown *strings.Replacer, step docStep) {
	s.t.Helper()
	advice := "say in docs_pages_test.go what " + c.page + " has before it, which exit code it gives, or why it is not run"
	if pipelines == nil {
		printed, err := s.shell(c.text)
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 127 { // a program that is not there
			s.t.Skipf("%s:%d: from here on the page is not run: %v", c.page, c.line, err)
		}
		if err != nil {
			s.t.Errorf("%s:%d: %v\n%s", c.page, c.line, err, advice)
		}
		c.compare(s, printed)
		return
	}
	all, code := "", 0
	for _, parts := range pipelines {
		if name, why := missing(parts); name != "" {
			if why == notInstalled && step.without == nil {
				s.t.Skipf("%s:%d: %s is not installed: from here on the page is not run", c.page, c.line, name)
			}
			s.t.Logf("%s:%d: %s is not run: %s", c.page, c.line, name, why)
			if step.without != nil {
				step.without(s)
			}
			continue
		}
		printed, got, err := s.pipe(parts)
		all += printed
		if err != nil {
			s.t.Errorf("%s:%d: %s: %v\n%s", c.page, c.line, c.text, err, advice)
			return
		}
		if code = got; code != 0 {
			break
		}
	}
	if code != step.code {
		s.t.Errorf("%s:%d: %s: exit code %d, want %d\n%s\n%s", c.page, c.line, c.text, code, step.code, ending(all), advice)
		return
	}
	c.compare(s, asShown.Replace(all))
}

// ending is the end of an output: there a report has its verdict.
func ending(printed string) string {
	lines := strings.Split(strings.TrimSpace(printed), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

const notInstalled = "it is not installed"

// missing names a program of a pipeline that is not run, or is not installed.
func missing(parts []part) (name, why string) {
	for _, p := range parts {
		name = p.words[0]
		if name == "gpuaudit" {
			continue
		}
		if why := otherPrograms[name]; why != "" {
			return name, why
		}
		if _, err := exec.LookPath(name); err != nil {
			return name, notInstalled
		}
	}
	return "", ""
}

func (c *command) compare(s *docHost, printed string) {
	s.t.Helper()
	if c.shown == nil {
		return
	}
	if err := shows(c.shown, printed); err != nil {
		s.t.Errorf("%s:%d: %s: %v\nprinted:\n%s", c.page, c.line, c.text, err, printed)
	}
}

// random are parts of an output that differ from run to run: digests of keys and of
// signatures, and the time of the day.
var (
	randomHex  = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	progress   = regexp.MustCompile(`(?m)^gpuaudit: [a-z ]+ …\n`) // it comes where a scan takes its time
	timeOfDay  = regexp.MustCompile(`T\d\d:\d\d:\d\dZ`)
	fixedLines = func(text string) []string {
		text = timeOfDay.ReplaceAllString(randomHex.ReplaceAllString(progress.ReplaceAllString(text, ""), "<digest>"), "T<time>Z")
		lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
		for i, line := range lines {
			lines[i] = strings.TrimRight(line, " ")
		}
		return lines
	}
)

// shows says whether a page shows an output. A line that is "..." stands for any
// number of lines, and "…" within a line for any text.
func shows(shown []string, printed string) error {
	want, have := fixedLines(strings.Join(shown, "\n")), fixedLines(printed)
	open := false // lines may come in between
	for i := 0; i < len(want); i++ {
		if strings.TrimSpace(want[i]) == "..." {
			open = true
			continue
		}
		at := 0
		if open {
			at = slices.IndexFunc(have, func(line string) bool { return sameLine(want[i], line) })
		}
		if at < 0 || at >= len(have) || !sameLine(want[i], have[at]) {
			return fmt.Errorf("the page shows a line that is not printed there: %q", want[i])
		}
		have, open = have[at+1:], false
	}
	if !open && len(have) > 0 {
		return fmt.Errorf("more is printed than the page shows: %q; where it leaves lines out it says so by a line ...", have[0])
	}
	return nil
}

func sameLine(shown, printed string) bool {
	if !strings.Contains(shown, "…") {
		return shown == printed
	}
	pattern := strings.ReplaceAll(regexp.QuoteMeta(shown), "…", ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(printed)
}

// flagOf is a flag of gpuaudit within a sentence.
var flagOf = regexp.MustCompile("^--[a-z][a-z-]*")

// foreignFlags are flags of other programs that pages name.
var foreignFlags = []string{"--claims-file", "--json", "--data-binary", "--insecure-ignore-tlog", "--showrasinfo", "--query-gpu", "--format"}

// TestSpansInDocs: the commands and flags that stand within sentences are there.
func TestSpansInDocs(t *testing.T) {
	known := map[string]bool{}
	var collect func(c *cobra.Command)
	collect = func(c *cobra.Command) {
		for _, line := range strings.Fields(c.UsageString()) {
			if m := flagOf.FindString(line); m != "" {
				known[m] = true
			}
		}
		for _, sub := range c.Commands() {
			collect(sub)
		}
	}
	collect((&app{}).rootCommand())
	for _, page := range append(docPages(t), "docs/rules.md", "CHANGELOG.md") {
		lines := readPage(t, page)
		for _, c := range spansOf(page, lines) {
			pipelines, err := parseLine(c.text, func(string) string { return "" })
			if err == nil {
				err = understood(pipelines[0][0].words[1:], false)
			}
			if err != nil {
				t.Errorf("%s:%d: `%s`: %v", c.page, c.line, c.text, err)
			}
		}
		for i, line := range lines {
			for _, m := range span.FindAllStringSubmatch(line, -1) {
				f := flagOf.FindString(m[1])
				if f != "" && !known[f] && !slices.Contains(foreignFlags, f) && understoodBySign([]string{f}) != nil {
					t.Errorf("%s:%d: `%s`: no command has this flag", page, i+1, m[1])
				}
			}
		}
	}
}
