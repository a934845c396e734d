package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/country"
	"github.com/gpuaudit/gpuaudit/audit/message"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/forms"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
)

// outputFlags say in which forms a report is written, and where to.
type outputFlags struct {
	specs   []string
	signKey string
	unknown string
	lang    string
	screen  screenFlags
}

func (f *outputFlags) register(flags *pflag.FlagSet, formats string) {
	f.registerForms(flags, []string{"table"}, formats)
	f.screen.register(flags)
}

// registerForms adds the flags for what is written without those for the screen.
func (f *outputFlags) registerForms(flags *pflag.FlagSet, usual []string, formats string) {
	flags.StringArrayVarP(&f.specs, "output", "o", usual, "FORMAT[=FILE]: "+formats+" (repeatable)")
	flags.StringVar(&f.lang, "lang", "", "language of what people read (table, html, markdown, junit): "+orList(forms.Languages())+"; default by LC_ALL, LC_MESSAGES or LANG, else en")
	flags.StringVar(&f.unknown, "unknown", "skipped", "what a check that lacks its facts and would decide is called where a format knows passed, failed and skipped alone: skipped or failed")
}

// outputs are the opened outputs of a report.
type outputs struct {
	list []output
	// unknownFails says what forms of others call what lacks its facts.
	unknownFails bool
	// language is that of what people read; nil is English.
	language *message.Language
	seal     sealer
	screen   *screenFlags
	// facts is what rules saw, a line of JSON for each device and the host.
	facts bytes.Buffer
}

type output struct {
	format, file string
	// opened is nil for standard output.
	opened *outfile.File
}

// openOutputs loads the key for bundles and opens what the report will be written to,
// before anything is read: a scan whose result has no place to go does not begin, and
// it gives up its right to read the key.
func (a *app) openOutputs(f *outputFlags) (*outputs, error) {
	o := &outputs{screen: &f.screen, unknownFails: f.unknown == "failed"}
	if f.unknown != "skipped" && f.unknown != "failed" {
		return nil, fmt.Errorf("--unknown %s: it is called skipped or failed%s", f.unknown, suggest.Meant(f.unknown, []string{"skipped", "failed"}))
	}
	var err error
	if o.language, err = a.language(f.lang); err != nil {
		return nil, err
	}
	if o.list, err = parseOutputs(f.specs); err != nil {
		return nil, err
	}
	bundles := slices.ContainsFunc(o.list, func(o output) bool { return o.format == "bundle" })
	switch {
	case bundles && f.signKey == "":
		return nil, errors.New("-o bundle needs --sign-key")
	case f.signKey != "" && !bundles:
		return nil, errors.New("--sign-key needs -o bundle=FILE for what it signs")
	case bundles:
		if o.seal, err = a.sealer(f.signKey); err != nil {
			return nil, err
		}
	}
	for i := range o.list {
		if o.list[i].file == "-" {
			continue
		}
		if o.list[i].opened, err = a.openOut(o.list[i].file, outfile.Public); err != nil {
			o.abort()
			return nil, fmt.Errorf("-o %s: %w", o.list[i].format, err)
		}
	}
	return o, nil
}

// language is the one that a flag asks for, or the environment as POSIX has it; English
// where the program speaks none of these.
func (a *app) language(flag string) (*message.Language, error) {
	known := forms.Languages()
	if flag != "" {
		if !slices.Contains(known, flag) {
			return nil, fmt.Errorf("--lang %.20s: it is %s%s", flag, orList(known), suggest.Meant(flag, known))
		}
		return audit.Language(flag)
	}
	if code, _ := country.Locale(a.Getenv); slices.Contains(known, code) {
		return audit.Language(code)
	}
	return nil, nil
}

// tongue is the language of help and errors, for what a report says within another answer;
// nil for English.
func (a *app) tongue() *message.Language {
	l, _ := audit.Language(a.spoken) // which has no other than those of [app.speak]
	return l
}

// reportFormats are the forms of what a scan gives.
var reportFormats = slices.Concat([]string{"table", "json"}, forms.Names(), []string{"bundle", "facts"})

func parseOutputs(specs []string) ([]output, error) {
	list := make([]output, 0, len(specs))
	stdout := 0
	for _, spec := range specs {
		format, file, named := strings.Cut(spec, "=")
		if format == "text" {
			format = "table"
		}
		if !slices.Contains(reportFormats, format) {
			return nil, fmt.Errorf("-o %s: unknown format %q: use %s%s", spec, format, orList(reportFormats), suggest.Meant(format, reportFormats))
		}
		if named && file == "" {
			return nil, fmt.Errorf("-o %s: the file name is missing", spec)
		}
		if !named || file == "-" {
			file = "-"
			stdout++
		}
		list = append(list, output{format: format, file: file})
	}
	for i, o := range list {
		for _, other := range list[:i] {
			if o.file != "-" && (o.file == other.file || outfile.Same(o.file, other.file)) {
				return nil, fmt.Errorf("-o: %s and %s are to be written to one file, %s", other.format, o.format, o.file)
			}
		}
	}
	if stdout > 1 {
		return nil, fmt.Errorf("-o: %d reports on standard output; give all but one a file (-o json=report.json)", stdout)
	}
	return list, nil
}

// abort takes back what was not committed.
func (o *outputs) abort() {
	for i := range o.list {
		o.list[i].opened.Abort()
	}
}

// observed says that somebody asked for what rules see.
func (o *outputs) observed() bool {
	return slices.ContainsFunc(o.list, func(o output) bool { return o.format == "facts" })
}

// named says that a report is written which names the program by its digest: the
// table does not.
func (o *outputs) named() bool {
	return slices.ContainsFunc(o.list, func(o output) bool { return o.format != "table" })
}

// folders are the directories in which reports will be put in their place.
func (o *outputs) folders() []string {
	var dirs []string
	for _, o := range o.list {
		if o.opened != nil && o.opened.Folder() != "" {
			dirs = append(dirs, o.opened.Folder())
		}
	}
	return dirs
}

func (a *app) writeReport(ctx context.Context, r *report.Report, out *outputs) error {
	r.Tool.Protection = a.stated()
	var bundle []byte // signed once, however often it is written
	return a.writeOutputs(out, func(w io.Writer, o output) error {
		switch o.format {
		case "json":
			n := &counter{w: w}
			err := report.JSON(n, r)
			if err == nil && n.bytes > signed.Limit {
				a.warn("this report has %d bytes, and verbs that read reports take at most %d: audit fewer devices at once, with --device", n.bytes, int64(signed.Limit))
			}
			return err
		case "facts":
			_, err := out.facts.WriteTo(w)
			return err
		case "bundle":
			if bundle == nil {
				statement, err := signed.Statement(r)
				if err != nil {
					return err
				}
				if bundle, err = out.seal(ctx, statement); err != nil {
					return err
				}
			}
			_, err := w.Write(bundle)
			return err
		}
		if form := forms.Named(o.format); form != nil {
			return a.writeForm(w, form, out, []report.Named{{Report: r}})
		}
		return a.table(w, r, out, o.file == "-")
	})
}

// counter counts what is written.
type counter struct {
	w     io.Writer
	bytes int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.bytes += int64(n)
	return n, err
}

// writeOutputs writes each output in its form.
func (a *app) writeOutputs(out *outputs, write func(io.Writer, output) error) error {
	for _, o := range out.list {
		if o.file == "-" {
			if err := write(a.Stdout, o); err != nil {
				return fmt.Errorf("write report: %w", err)
			}
			continue
		}
		if err := write(o.opened, o); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		if err := o.opened.Commit(); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return nil
}

// orList joins names as a sentence does.
func orList(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// writeForm writes reports in a form of others, and says what it cannot say of them.
func (a *app) writeForm(w io.Writer, f *forms.Form, out *outputs, list []report.Named) error {
	if !slices.ContainsFunc(list, func(r report.Named) bool { return r.Judged() > 0 }) {
		a.remark("-o %s: no device was audited: %s", f.Name, f.Nothing)
	}
	return f.Encode(w, &report.Set{Reports: list, UnknownFails: out.unknownFails, Language: out.language})
}
