package main

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/config"
	"github.com/gpuaudit/gpuaudit/audit/country"
	"github.com/gpuaudit/gpuaudit/audit/message/phrase"
	"github.com/gpuaudit/gpuaudit/audit/report/forms"
)

// languageUsage is what --lang means for every verb; those that write reports say more.
var languageUsage = "language of help, errors and reports: " + orList(forms.Languages()) + "; default by LC_ALL, LC_MESSAGES or LANG, else en"

// hear finds the language of help and errors before a command line is read: what is wrong
// with it is said in that language, too. A command line with an unknown language is in the
// one of the environment.
func (a *app) hear(args []string) {
	code := languageIn(args)
	if code == "" {
		code = a.Getenv(config.Variable("lang"))
	}
	known := forms.Languages()
	if !slices.Contains(known, code) {
		code, _ = country.Locale(a.Getenv)
	}
	if !slices.Contains(known, code) {
		code = "en"
	}
	a.speak(code)
}

// languageIn is the last value of --lang in a command line, "" for none.
func languageIn(args []string) (code string) {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		value, is := strings.CutPrefix(arg, "--lang")
		switch {
		case !is:
		case strings.HasPrefix(value, "="):
			code = value[1:]
		case value == "" && i+1 < len(args):
			code = args[i+1]
		}
	}
	return code
}

// speak has help, errors and notes in a language; in English where there is no book of it. It
// is set before anything else runs: what ends the program at a signal speaks it, too.
func (a *app) speak(code string) {
	if code != a.spoken {
		a.words, _ = phrase.Open(code)
		a.spoken = code
	}
}

// listen takes the language that flags and settings ask for.
func (a *app) listen(cmd *cobra.Command) error {
	f := cmd.Flags().Lookup("lang")
	if f == nil || !f.Changed {
		return nil
	}
	code := f.Value.String()
	if !slices.Contains(forms.Languages(), code) {
		_, err := a.language(code)
		return err
	}
	a.speak(code)
	return nil
}

// heading begins a part of a help.
func heading(title string, words *phrase.Book) string {
	return words.Help(title) + words.Term(":") + "\n"
}

// flagUsages are the lines of flags, in a language.
func flagUsages(flags *pflag.FlagSet, words *phrase.Book) string {
	if words == nil {
		return flags.FlagUsagesWrapped(helpWidth)
	}
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SortFlags = flags.SortFlags
	flags.VisitAll(func(f *pflag.Flag) {
		shown := *f
		shown.Usage = usageMark + words.Help(f.Usage)
		if kind := f.Value.Type(); words.Term(kind) != kind {
			shown.Value = &kindOf{f.Value, words.Term(kind)}
			if slices.Contains([]string{"[]", "0s"}, f.DefValue) {
				shown.DefValue = "" // which the library knows of its own kinds alone
			}
		}
		set.AddFlag(&shown)
	})
	return hangingFlags(set.FlagUsages(), words)
}

// usageMark is what the usage of a flag begins with where its line is laid out here: the
// library counts bytes, and letters with accents have two.
const usageMark = "\x00"

// hangingFlags lays out lines of flags.
func hangingFlags(lines string, words *phrase.Book) string {
	const english = "(default "
	var labels, texts []string
	width := 0
	for line := range strings.SplitSeq(strings.TrimSuffix(lines, "\n"), "\n") {
		label, text, _ := strings.Cut(line, usageMark)
		label = strings.TrimRight(label, " ")
		if before, value, found := strings.Cut(text, english); found {
			text = before + words.Term(english) + value
		}
		labels, texts = append(labels, label), append(texts, text)
		width = max(width, utf8.RuneCountInString(label))
	}
	var b strings.Builder
	for i, label := range labels {
		hanging(&b, label+strings.Repeat(" ", width-utf8.RuneCountInString(label)+3), texts[i])
	}
	return b.String()
}

// kindOf is a value whose kind is named in a language.
type kindOf struct {
	pflag.Value
	name string
}

func (k *kindOf) Type() string { return k.name }
