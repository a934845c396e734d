package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// block is a block of code on a page: fenced, or indented by four spaces.
type block struct {
	page  string
	line  int    // of its first line
	lang  string // what the fence says; "" for none and for indented blocks
	lines []string
}

// command is a command line that a page gives, and what the page shows of its output.
type command struct {
	page  string
	line  int
	text  string   // in one line
	shown []string // nil where the page shows nothing
}

// docPages are the pages on which commands are run, without the generated ones: the
// reference is held to the commands by TestReference, and their examples are read from
// the commands themselves.
func docPages(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d pages: %v", len(names), err)
	}
	names = append(names, "../../README.md", "../../CONTRIBUTING.md")
	for i, name := range names {
		names[i] = strings.TrimPrefix(name, "../../")
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "docs/rules.md" })
}

func readPage(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

var fence = regexp.MustCompile("^( *)```([a-z]*)$")

// blocksOf takes the blocks of code out of a page.
func blocksOf(page string, lines []string) []block {
	var blocks []block
	for i := 0; i < len(lines); i++ {
		if m := fence.FindStringSubmatch(lines[i]); m != nil {
			b := block{page: page, line: i + 2, lang: m[2]}
			for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
				b.lines = append(b.lines, strings.TrimPrefix(lines[i], m[1]))
			}
			blocks = append(blocks, b)
			continue
		}
		if strings.HasPrefix(lines[i], "    ") && (i == 0 || lines[i-1] == "") {
			b := block{page: page, line: i + 1}
			for ; i < len(lines) && (strings.HasPrefix(lines[i], "    ") || lines[i] == ""); i++ {
				if lines[i] == "" {
					break
				}
				b.lines = append(b.lines, lines[i][4:])
			}
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// prompt begins a command of a session, and program one in a block that shows no
// session.
var (
	prompt  = regexp.MustCompile(`^[$#] (.*)$`)
	program = regexp.MustCompile(`^(sudo |SIGSTORE_ID_TOKEN=\S+ )?(gpuaudit|gpuaudit-nvml|gpuaudit-sign|openssl|cosign|nvidia-smi|lspci|go|make|find|curl|opa)( |$)`)
)

// commands takes the command lines out of a block; none where the block shows data
// or an output alone.
func (b *block) commands() []command {
	switch {
	case b.lang == "sh", b.lang == "" && program.MatchString(b.lines[0]):
		return b.script()
	case b.lang == "console", b.lang == "" && strings.HasPrefix(b.lines[0], "$ "):
		return b.session()
	}
	return nil
}

// script is a block in which each line is a command.
func (b *block) script() []command {
	var list []command
	for i := 0; i < len(b.lines); i++ {
		c := command{page: b.page, line: b.line + i}
		c.text, i = joined(b.lines, i, b.lines[i])
		list = append(list, c)
	}
	return list
}

// session is a block of commands behind a prompt, each with what it prints.
func (b *block) session() []command {
	var list []command
	for i := 0; i < len(b.lines); i++ {
		if m := prompt.FindStringSubmatch(b.lines[i]); m != nil {
			c := command{page: b.page, line: b.line + i}
			c.text, i = joined(b.lines, i, m[1])
			list = append(list, c)
		} else if n := len(list); n > 0 {
			list[n-1].shown = append(list[n-1].shown, b.lines[i])
		}
	}
	return list
}

// joined is a command with the lines that go on with it, and the number of its last
// line: behind a backslash, a pipe or a "do", and in front of a "done".
func joined(lines []string, i int, first string) (string, int) {
	text := first
	for i+1 < len(lines) {
		next := strings.TrimSpace(lines[i+1])
		switch {
		case strings.HasSuffix(text, `\`):
			text = strings.TrimSuffix(text, `\`) + next
		case strings.HasSuffix(text, "|"), strings.HasSuffix(text, " do"):
			text += " " + next
		case strings.HasPrefix(next, "elif "), strings.HasPrefix(next, "else "), strings.HasPrefix(next, "done"):
			text += "\n" + next
		default:
			return text, i
		}
		i++
	}
	return text, i
}

var span = regexp.MustCompile("`([^`]+)`")

// spansOf are the commands that stand within the sentences and tables of a page.
func spansOf(page string, lines []string) []command {
	var list []command
	inBlock := false
	for i, line := range lines {
		if fence.MatchString(line) || inBlock && strings.TrimSpace(line) == "```" {
			inBlock = !inBlock
			continue
		}
		if inBlock || strings.HasPrefix(line, "    ") {
			continue
		}
		for _, m := range span.FindAllStringSubmatch(line, -1) {
			if strings.HasPrefix(m[1], "gpuaudit ") {
				list = append(list, command{page: page, line: i + 1, text: m[1]})
			}
		}
	}
	return list
}

// examplesOf are the examples in the helps of all commands, a page for each.
func examplesOf(c *cobra.Command) []block {
	var blocks []block
	if c.Example != "" {
		b := block{page: c.CommandPath() + " --help", line: 1, lang: "sh"}
		for _, line := range strings.Split(c.Example, "\n") {
			b.lines = append(b.lines, strings.TrimPrefix(line, "  "))
		}
		blocks = append(blocks, b)
	}
	for _, sub := range c.Commands() {
		blocks = append(blocks, examplesOf(sub)...)
	}
	return blocks
}
