package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/baseline"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// labelWidth is that of the labels of what a baseline says.
const labelWidth = 12

// row prints a line beside a label. What is longer than the screen goes on below.
func (a *app) row(label, format string, args ...any) {
	width := a.columns()
	if width == 0 {
		width = 100
	}
	text := report.Clean(a.words.Note(fmt.Sprintf(format, args...)))
	if text == "" {
		return
	}
	label = a.words.Note(label)
	for _, line := range report.Wrap(text, max(60, width)-labelWidth) {
		fmt.Fprintf(a.Stdout, "%-*s%s\n", labelWidth, label, line)
		label = ""
	}
}

// command prints a command beside a label, on one line: it is there to be copied.
func (a *app) command(label, format string, args ...any) {
	fmt.Fprintf(a.Stdout, "%-*s%s\n", labelWidth, a.words.Note(label), report.Clean(a.words.Note(fmt.Sprintf(format, args...))))
}

// printBaseline says what a baseline states and what it does not, and what a scan says now.
func (a *app) printBaseline(b *baselineWork, s *baseline.Stated, tried []*report.Report) {
	a.row("baseline", "%s, signed by %q (%s)", b.folder.Dir, b.signer.Name, b.key.place())
	for _, st := range s.Statements {
		a.row("states", "%s%s %s", strings.Join(st.Cards, ", "), a.words.Term(":"), a.list(st.Aspects()))
	}
	a.row("", "unchanged since %s, by %q: nobody says that it is the maker's", b.terms.Now.Format(time.DateOnly), b.signer.Name)
	for _, open := range s.Unstated {
		a.row("not stated", "%s", open)
	}
	for _, line := range baseline.Accepted(tried) {
		a.row("accepted", "%s", line)
	}
	a.printTried(b, tried)
	measured := slices.ContainsFunc(s.Statements, func(st baseline.Statement) bool { return len(st.Measurements) > 0 })
	for _, next := range b.next(measured) {
		a.command(next[0], "%s", next[1])
	}
	a.command("", "before %s: %s", b.terms.Now.AddDate(0, 0, b.terms.Days).Format(time.DateOnly), b.again("renew"))
}

// again is the command line of another verb on this baseline, with this key and of these
// machines.
func (b *baselineWork) again(verb string) string {
	words := []string{"gpuaudit", "baseline", verb}
	if b.live() {
		words = append([]string{"sudo"}, words...)
	}
	if b.folder.Dir != baselineFolder {
		words = append(words, b.folder.Dir)
	}
	for _, name := range b.given.from {
		words = append(words, "--from", name)
	}
	if b.given.root != "" {
		words = append(words, "--root", b.given.root)
	}
	words = append(words, strings.Fields(b.given.beside())...)
	if !b.key.inTPM {
		words = append(words, "--key", b.key.file)
	}
	return strings.Join(words, " ")
}

// live says that it is of the machine on which this runs.
func (b *baselineWork) live() bool { return b.given.root == "" && len(b.given.from) == 0 }

// printTried says what a scan says now of each machine, and what keeps it from passing.
func (a *app) printTried(b *baselineWork, tried []*report.Report) {
	var open []string
	tongue := a.tongue()
	for i, r := range tried {
		r = r.In(tongue)
		name := ""
		if len(tried) > 1 {
			name = b.names[i] + ": "
		}
		a.row("scan now", "%s%s (exit code %d): %s", name, tongue.Of(message.Word("status.", string(r.Verdict.Status))), r.Verdict.ExitCode, strings.Join(r.Verdict.Reasons, "; "))
		for _, o := range r.Obstacles() {
			label := "not known"
			if o.Failed {
				label = "fails"
			}
			a.row(label, "%s%s: %s", name, strings.Join(o.Devices, ", "), strings.TrimSuffix(strings.Join(o.What, "; "), "."))
			a.row("", "decides: %s", strings.Join(o.IDs, ", "))
			a.row("", "%s", o.Do)
			open = append(open, o.IDs...)
		}
	}
	if len(open) > 0 {
		a.row("", "Mend what you can. What you cannot, take upon you, each check by itself (--accept may be repeated):")
		a.command("", "%s --accept %s=REASON", b.again("renew"), open[0])
	}
}

// next are the commands that come next, each with its label; measured says that a scan has
// to ask the GPUs, too.
func (b *baselineWork) next(measured bool) [][2]string {
	dir := b.folder.Dir
	files := fmt.Sprintf("--trust %s --manifests %s", filepath.Join(dir, baseline.TrustName), filepath.Join(dir, baseline.Manifests))
	if b.folder.Waives() || len(b.terms.Accept) > 0 {
		files += fmt.Sprintf(" --waivers %s --waivers-signed", filepath.Join(dir, baseline.WaiversName))
	}
	ask := ""
	if measured {
		ask = " --attest gpu"
	}
	switch {
	case b.given.root != "":
		return [][2]string{{"next", "gpuaudit scan --root " + b.given.root + b.given.beside() + " " + files + ask}}
	case !b.live(): // the machines are elsewhere
		return [][2]string{{"next", "copy " + dir + " to " + baselineFolder + " of each machine, and there: sudo gpuaudit scan" + ask},
			{"", "here: gpuaudit policy check " + files + " CAPTURE"}}
	case dir == baselineFolder:
		return [][2]string{{"next", "sudo gpuaudit scan" + b.given.beside() + ask}}
	}
	return [][2]string{{"next", "sudo gpuaudit scan --full" + b.given.beside() + " " + files + ask}}
}

// beside are the recordings that a scan needs, too, as flags.
func (f *machineFlags) beside() string {
	text := ""
	if f.nvml != "" {
		text += " --nvml " + f.nvml
	}
	for _, name := range f.witnesses {
		text += " --witness " + name
	}
	return text
}
