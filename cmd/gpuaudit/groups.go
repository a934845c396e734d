package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/message/phrase"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// helpWidth is how wide a help is at most.
const helpWidth = 80

// flagGroup is flags that belong together in a help.
type flagGroup struct {
	title string
	flags []string
}

// flagGroups are those of verbs with many flags. A flag that is in none is among the
// others, at the end.
var flagGroups = []flagGroup{
	{"What is audited", []string{"root", "capture", "device", "all-devices", "read-rom", "full", "rom", "flash", "witness", "nvml", "no-nvml", "evidence", "expect", "watch", "recheck", "signed"}},
	{"What it is held against", []string{"manifests", "manifest-trust", "trust", "trusted-root", "catalogue", "channels", "channel-data", "channel-rules", "state", "key", "max-age"}},
	{"How it is judged", []string{"pack", "fail-on", "policy", "policy-key", "policy-scope", "policy-host", "engine", "waivers", "waivers-key", "waivers-signed", "fleet", "now"}},
	{"May it be used", []string{"jurisdiction", "profile", "origin"}},
	{"What was bought", []string{"sold-as", "purchase"}},
	{"What the TPM proves", []string{"attest", "tpm", "nonce", "enrolled", "ak", "ek-roots", "ek-chain"}},
	{"What the GPU proves", []string{"rim", "ocsp", "collateral", "collateral-key", "chain", "device-roots", "rim-roots", "accept-expired"}},
	{"What is written", []string{"output", "lang", "unknown", "ear", "claims", "claims-version", "details", "all", "explain", "sign-key", "passphrase-fd"}},
}

// manyFlags is from how many on flags are shown in groups.
const manyFlags = 12

// printHelp is the text of a command, then its usage, in a language.
func printHelp(cmd *cobra.Command, words *phrase.Book) {
	w := cmd.OutOrStdout()
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	fmt.Fprintf(w, "%s\n\n", reflow(words.Help(text)))
	_ = usageTo(w, cmd, words) // there is nobody to tell
}

func usageTo(w io.Writer, cmd *cobra.Command, words *phrase.Book) error {
	var b strings.Builder
	b.WriteString(heading("Usage", words) + breakCommand("  "+words.Usage(cmd.UseLine())))
	if cmd.HasExample() {
		b.WriteString("\n" + heading("Examples", words))
		for _, line := range strings.Split(cmd.Example, "\n") {
			b.WriteString(breakCommand(line))
		}
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\n" + heading("Commands", words))
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				hanging(&b, fmt.Sprintf("  %-*s ", sub.NamePadding(), sub.Name()), words.Help(sub.Short))
			}
		}
	}
	for _, g := range groupsOf(cmd.LocalFlags()) {
		b.WriteString("\n" + heading(g.title, words) + flagUsages(g.set, words))
	}
	if cmd.HasAvailableInheritedFlags() {
		b.WriteString("\n" + heading("For every command", words) + flagUsages(cmd.InheritedFlags(), words))
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\n" + words.Help(fmt.Sprintf("%s COMMAND --help says more of one.", cmd.CommandPath())) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

type shownGroup struct {
	title string
	set   *pflag.FlagSet
}

// groupsOf sorts flags into groups, where they are many.
func groupsOf(flags *pflag.FlagSet) []shownGroup {
	if !flags.HasAvailableFlags() {
		return nil
	}
	n := 0
	flags.VisitAll(func(*pflag.Flag) { n++ })
	if n < manyFlags {
		return []shownGroup{{"Flags", flags}}
	}
	var list []shownGroup
	shown := map[string]bool{}
	for _, g := range flagGroups {
		set := pflag.NewFlagSet("", pflag.ContinueOnError)
		set.SortFlags = false
		for _, name := range g.flags {
			if f := flags.Lookup(name); f != nil {
				set.AddFlag(f)
				shown[name] = true
			}
		}
		if set.HasAvailableFlags() {
			list = append(list, shownGroup{g.title, set})
		}
	}
	rest := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.VisitAll(func(f *pflag.Flag) {
		if !shown[f.Name] {
			rest.AddFlag(f)
		}
	})
	return append(list, shownGroup{"Others", rest})
}

// hanging writes a text beside a label.
func hanging(b *strings.Builder, label, text string) {
	pad := strings.Repeat(" ", utf8.RuneCountInString(label))
	for _, line := range report.Wrap(text, helpWidth-len(pad)) {
		b.WriteString(label + line + "\n")
		label = pad
	}
}

// reflow fits the paragraphs of a text into a help. Lines that begin with a space are
// left as they are.
func reflow(text string) string {
	var out, paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			out = append(out, report.Wrap(strings.Join(paragraph, " "), helpWidth)...)
			paragraph = nil
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if line == "" || strings.HasPrefix(line, " ") {
			flush()
			out = append(out, line)
			continue
		}
		paragraph = append(paragraph, line)
	}
	flush()
	return strings.Join(out, "\n")
}

// breakCommand continues a command that is wider than a help on further lines, as a
// shell reads it.
func breakCommand(line string) string {
	var b strings.Builder
	for len([]rune(line)) > helpWidth {
		cut := strings.LastIndexByte(string([]rune(line)[:helpWidth-2]), ' ')
		if cut <= 4 {
			break
		}
		b.WriteString(line[:cut] + " \\\n")
		line = "    " + line[cut+1:]
	}
	return b.String() + line + "\n"
}
