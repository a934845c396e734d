package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/suggest"
	"github.com/gpuaudit/gpuaudit/rules"
)

// Names are the packs that ship.
func Names() []string {
	files, err := fs.Glob(rules.Packs(), "*.yaml")
	if err != nil {
		panic("packs: " + err.Error()) // the pattern is a constant
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, ".yaml")
	}
	return files
}

// Read reads the pack that somebody names; nil means that none was. A name without a
// dot and a slash is one of those that ship.
func Read(name string) (*input.File, error) {
	switch {
	case name == "":
		return nil, nil
	case strings.ContainsAny(name, "./"):
		f, err := input.Read(name, fileLimit)
		if err != nil {
			return nil, fmt.Errorf("--pack: %w", err)
		}
		return f, nil
	}
	text, err := fs.ReadFile(rules.Packs(), name+".yaml")
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no pack %q: use %s, or a file such as ./%s.yaml%s", name, strings.Join(Names(), ", "), name, suggest.Meant(name, Names()))
	}
	if err != nil {
		return nil, fmt.Errorf("--pack: %w", err)
	}
	return &input.File{Name: name, Data: text}, nil
}

// Open reads the pack in a file; nil where there is none.
func Open(f *input.File) (*Pack, error) {
	if f == nil {
		return nil, nil
	}
	p, err := Parse(f.Data)
	if err != nil {
		return nil, fmt.Errorf("--pack %s: %w", f.Name, err)
	}
	return p, nil
}
