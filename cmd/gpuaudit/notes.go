package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/report"
)

// logFormat is the form of what the program says on standard error.
type logFormat string

func (l *logFormat) String() string { return string(*l) }
func (l *logFormat) Type() string   { return "string" }

// Set implements pflag.Value.
func (l *logFormat) Set(s string) error {
	if s != "text" && s != "json" {
		return errors.New("use text or json")
	}
	*l = logFormat(s)
	return nil
}

// line is one note in JSON.
type line struct {
	Level string `json:"level"`
	Msg   string `json:"msg"`
	// AfterMS says how long a verb has been at work.
	AfterMS *int64 `json:"after_ms,omitempty"`
}

// tell writes a note to standard error: it is the one place that does so. Parts of a
// note may come from a device or an archive.
func (a *app) tell(l line) {
	l.Msg = report.Clean(l.Msg)
	if a.logFormat != "json" {
		l.Msg = a.words.Note(l.Msg)
		fmt.Fprintf(a.Stderr, "gpuaudit: %s\n", l.Msg)
		return
	}
	enc := json.NewEncoder(a.Stderr)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(l) // there is nobody left to tell
}

// remark tells the user something that decides nothing; --quiet keeps it back.
func (a *app) remark(format string, args ...any) {
	if !a.quiet {
		a.tell(line{Level: "info", Msg: fmt.Sprintf(format, args...)})
	}
}

func (a *app) remarks(list []string) {
	for _, note := range list {
		a.remark("%s", note)
	}
}

// say prints a line of an answer on standard output, in the language of its reader. What it
// begins with to stand under another one stays.
func (a *app) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	line := strings.TrimLeft(text, " ")
	fmt.Fprintln(a.Stdout, text[:len(text)-len(line)]+a.words.Note(line))
}

// mark prints a line of an answer behind the word that says what came of it.
func (a *app) mark(word, format string, args ...any) {
	fmt.Fprintf(a.Stdout, "%-8s  %s\n", a.words.Note(word), a.words.Note(fmt.Sprintf(format, args...)))
}

// list is a list of words in the language of the reader.
func (a *app) list(words []string) string {
	said := make([]string, 0, len(words))
	for _, word := range words {
		said = append(said, a.words.Note(word))
	}
	return strings.Join(said, ", ")
}

// warn tells the user what he has to know, --quiet or not.
func (a *app) warn(format string, args ...any) {
	a.tell(line{Level: "warning", Msg: fmt.Sprintf(format, args...)})
}

// fail says why a verb did not do what it was asked to.
func (a *app) fail(err error) { a.tell(line{Level: "error", Msg: oneLine(err)}) }

// detail continues a note with the lines of a text.
func (a *app) detail(text string) {
	for _, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if a.logFormat == "json" {
			a.tell(line{Level: "info", Msg: strings.TrimSpace(l)})
			continue
		}
		fmt.Fprintln(a.Stderr, report.Clean(l))
	}
}

// counting notes how many of many are done, as a stage; n counts from 1.
func counting(stage func(string), what string, total int) func(n int) {
	return func(n int) {
		if stage != nil && total > 1 {
			stage(fmt.Sprintf("%s %d of %d", what, n, total))
		}
	}
}

// progress notes the stage on standard error once the work has taken a second, and then
// at most every second.
func (a *app) progress() (stage func(string), done func()) {
	if a.quiet {
		return nil, func() {}
	}
	start := a.Now()
	stages, end := make(chan string, 8), make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		current, noted := "", ""
		note := func() {
			if current != noted {
				a.stage(current, a.Now().Sub(start))
				noted = current
			}
		}
		for {
			select {
			case current = <-stages:
				if a.verbose {
					note()
				}
			case <-tick.C:
				note()
			case <-end:
				return
			}
		}
	}()
	closed := false
	return func(s string) { stages <- s }, func() {
		if !closed {
			closed = true
			close(end)
			<-finished
		}
	}
}

func (a *app) stage(name string, after time.Duration) {
	if a.logFormat == "json" {
		a.tell(line{Level: "info", Msg: name, AfterMS: new(after.Milliseconds())})
		return
	}
	a.tell(line{Msg: a.words.Note(name) + " …"})
}
