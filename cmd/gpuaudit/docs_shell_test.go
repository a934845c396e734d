package main

import (
	"errors"
	"path/filepath"
	"strings"
	"unicode"
)

// part is one program of a command line, with the files that it is given.
type part struct {
	env          []string // NAME=VALUE in front of it
	words        []string
	quoted       []bool // of each word: it is no pattern
	stdin, third string // behind < and 3<
	stdout       string // behind >
}

// errShell says that a line is more than programs, pipes and files, and is for a
// real shell.
var errShell = errors.New("a line for a shell")

// parseLine takes a command line apart: pipelines that && or ; join. It knows what the
// pages use, and nothing else: quotes, comments, variables, | && ; < > and 3<.
func parseLine(line string, variable func(string) string) ([][]part, error) {
	if strings.HasPrefix(line, "for ") || strings.Contains(line, "| while ") || strings.Contains(line, "$(") {
		return nil, errShell
	}
	pipelines := [][]part{{{}}}
	last := func() *part {
		p := pipelines[len(pipelines)-1]
		return &p[len(p)-1]
	}
	var target *string // of the redirection that was begun
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimLeft(rest, " ") {
		switch {
		case rest[0] == '#':
			rest = ""
		case strings.HasPrefix(rest, "&&"):
			pipelines, rest = append(pipelines, []part{{}}), rest[2:]
		case rest[0] == ';':
			pipelines, rest = append(pipelines, []part{{}}), rest[1:]
		case rest[0] == '|':
			n := len(pipelines) - 1
			pipelines[n], rest = append(pipelines[n], part{}), rest[1:]
		case strings.HasPrefix(rest, "3<"):
			target, rest = &last().third, rest[2:]
		case rest[0] == '<':
			target, rest = &last().stdin, rest[1:]
		case rest[0] == '>':
			target, rest = &last().stdout, rest[1:]
		default:
			var w string
			var quoted bool
			w, quoted, rest = word(rest, variable)
			if target != nil {
				*target, target = w, nil
			} else if p := last(); len(p.words) == 0 && !quoted && isAssignment(w) {
				p.env = append(p.env, w)
			} else {
				p.words, p.quoted = append(p.words, w), append(p.quoted, quoted)
			}
		}
	}
	return pipelines, nil
}

// word takes the first word of a line, without its quotes.
func word(line string, variable func(string) string) (text string, quoted bool, rest string) {
	var b strings.Builder
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == '\'' || c == '"':
			end := strings.IndexByte(line[i+1:], c)
			if end < 0 {
				return b.String() + line[i:], true, ""
			}
			b.WriteString(line[i+1 : i+1+end])
			quoted, i = true, i+end+2
		case strings.IndexByte(" |;<>&", c) >= 0:
			return b.String(), quoted, line[i:]
		case c == '$':
			end := i + 1
			for end < len(line) && (line[end] == '_' || unicode.IsUpper(rune(line[end]))) {
				end++
			}
			b.WriteString(variable(line[i+1 : end]))
			i = end
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), quoted, ""
}

func isAssignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && name != "" && strings.ToUpper(name) == name && !strings.ContainsAny(name, "-./")
}

// plain is a part without what only says where and as whom the program runs: sudo,
// and the ways to start gpuaudit out of a checkout.
func (p part) plain() part {
	drop := func(prefix ...string) {
		if len(p.words) > len(prefix) && strings.Join(p.words[:len(prefix)], " ") == strings.Join(prefix, " ") {
			p.words, p.quoted = p.words[len(prefix):], p.quoted[len(prefix):]
		}
	}
	drop("sudo", "-E")
	drop("sudo")
	if strings.HasPrefix(strings.Join(p.words, " "), "go run ./cmd/gpuaudit") {
		drop("go", "run")
	}
	if len(p.words) > 0 && (p.words[0] == "./cmd/gpuaudit" || p.words[0] == "./bin/gpuaudit") {
		p.words[0] = "gpuaudit"
	}
	return p
}

// matched are the words with patterns replaced by the names of files that fit them.
func (p part) matched(dir string) []string {
	var list []string
	for i, w := range p.words {
		names, err := filepath.Glob(filepath.Join(dir, w))
		if p.quoted[i] || err != nil || len(names) == 0 || !strings.ContainsAny(w, "*?") {
			list = append(list, w)
			continue
		}
		for _, name := range names {
			list = append(list, strings.TrimPrefix(name, dir+string(filepath.Separator)))
		}
	}
	return list
}
