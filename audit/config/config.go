// Package config says what each setting of a scan is, and where that comes from: the
// file of the machine's administrator, that of the user, variables of the environment,
// the command line. The later counts. A managed pack holds what a gate demands, and
// nothing of these may weaken it.
package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/strictyaml"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
)

// Limit caps a file of settings.
const Limit = 256 << 10

// Setting is one that there is.
type Setting struct {
	// Name is that of the flag.
	Name string
	// Many says that it takes a list.
	Many bool
	// Rebase makes the name of a file in a value one from a folder on; nil where a value
	// names no file.
	Rebase func(folder, value string) string
}

// Value is what a setting is.
type Value struct {
	// List are its values: one, or those of a list.
	List []string
	// From says who set it: a file with its line, a variable, a flag, a pack.
	From string
	// File is the file that it was read from; nil for others.
	File *input.File
}

// Text is the value as a person reads it.
func (v Value) Text() string { return strings.Join(v.List, ", ") }

// Layer is the settings of one source.
type Layer map[string]Value

// Parse reads the settings of a file. Names of files in it are relative to its folder.
func Parse(f *input.File, folder string, settings []Setting) (Layer, error) {
	entries, err := strictyaml.Entries(f.Data, Limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	layer := Layer{}
	for _, e := range entries {
		i := slices.IndexFunc(settings, func(s Setting) bool { return s.Name == e.Name })
		if i < 0 {
			return nil, fmt.Errorf("%s: line %d: there is no setting %.40q%s (gpuaudit config show lists all)", f.Name, e.Line, e.Name, suggest.Meant(e.Name, names(settings)))
		}
		s := &settings[i]
		if e.List && !s.Many {
			return nil, fmt.Errorf("%s: line %d: %s takes one value and no list", f.Name, e.Line, e.Name)
		}
		v := Value{List: e.Values, From: fmt.Sprintf("%s:%d", f.Name, e.Line), File: f}
		if s.Rebase != nil {
			for j := range v.List {
				v.List[j] = s.Rebase(folder, v.List[j])
			}
		}
		layer[e.Name] = v
	}
	return layer, nil
}

// Prefix is what the names of variables begin with.
const Prefix = "GPUAUDIT_"

// Variable is the variable of a setting.
func Variable(setting string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

// Environment reads the settings in variables. A list has one value on each line, or
// several with commas between them.
func Environment(lookup func(string) (string, bool), settings []Setting) Layer {
	layer := Layer{}
	if lookup == nil {
		return layer
	}
	for _, s := range settings {
		name := Variable(s.Name)
		text, set := lookup(name)
		if !set {
			continue
		}
		v := Value{List: []string{text}, From: name}
		if s.Many {
			v.List = strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == ',' })
		}
		layer[s.Name] = v
	}
	return layer
}

// Resolve is what each setting is that a layer states: the last one counts. A list takes
// the place of another, whole.
func Resolve(layers ...Layer) Layer {
	all := Layer{}
	for _, l := range layers {
		for name, v := range l {
			all[name] = v
		}
	}
	return all
}

// Files are the files of which a value counts, each once, in the order of the layers.
func (l Layer) Files(order ...*input.File) []*input.File {
	var list []*input.File
	for _, f := range order {
		if f != nil && slices.ContainsFunc(l.values(), func(v Value) bool { return v.File == f }) {
			list = append(list, f)
		}
	}
	return list
}

func (l Layer) values() []Value {
	list := make([]Value, 0, len(l))
	for _, v := range l {
		list = append(list, v)
	}
	return list
}

func names(settings []Setting) []string {
	list := make([]string, len(settings))
	for i, s := range settings {
		list[i] = s.Name
	}
	return list
}
