package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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
	{"What it is held against", []string{"manifests", "manifest-trust", "trust", "trusted-root", "catalogue", "channels", "channel-data", "state", "key", "max-age"}},
	{"How it is judged", []string{"pack", "fail-on", "policy", "policy-key", "policy-scope", "policy-host", "engine", "waivers", "waivers-key", "waivers-signed", "fleet", "now"}},
	{"May it be used", []string{"jurisdiction", "profile", "origin"}},
	{"What was bought", []string{"sold-as", "purchase"}},
	{"What the TPM proves", []string{"attest", "tpm", "nonce", "enrolled", "ak", "ek-roots", "ek-chain"}},
	{"What the GPU proves", []string{"rim", "ocsp", "collateral", "collateral-key", "chain", "device-roots", "rim-roots", "accept-expired"}},
	{"What is written", []string{"output", "lang", "unknown", "ear", "claims", "claims-version", "details", "all", "explain", "sign-key", "passphrase-fd"}},
}

// manyFlags is from how many on flags are shown in groups.
const manyFlags = 12

// printHelp is the text of a command, then its usage.
func printHelp(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	fmt.Fprintf(w, "%s\n\n", reflow(text))
	_ = usageTo(w, cmd) // there is nobody to tell
}

func printUsage(cmd *cobra.Command) error { return usageTo(cmd.OutOrStderr(), cmd) }

func usageTo(w io.Writer, cmd *cobra.Command) error {
	var b strings.Builder
	b.WriteString("Usage:\n" + breakCommand("  "+cmd.UseLine()))
	if cmd.HasExample() {
		b.WriteString("\nExamples:\n")
		for _, line := range strings.Split(cmd.Example, "\n") {
			b.WriteString(breakCommand(line))
		}
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				hanging(&b, fmt.Sprintf("  %-*s ", sub.NamePadding(), sub.Name()), sub.Short)
			}
		}
	}
	for _, g := range groupsOf(cmd.LocalFlags()) {
		fmt.Fprintf(&b, "\n%s:\n%s", g.title, g.set.FlagUsagesWrapped(helpWidth))
	}
	if cmd.HasAvailableInheritedFlags() {
		fmt.Fprintf(&b, "\nFor every command:\n%s", cmd.InheritedFlags().FlagUsagesWrapped(helpWidth))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n%s COMMAND --help says more of one.\n", cmd.CommandPath())
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
	pad := strings.Repeat(" ", len(label))
	for _, line := range report.Wrap(text, helpWidth-len(label)) {
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
