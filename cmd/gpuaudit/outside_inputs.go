package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
)

// overwritten refuses an output over a file that the verb reads without being given its
// name: a signature beside waivers, settings, the state of channels. Names that are given
// are compared before (guardInputs). A judge cannot tell, and a baseline renews what it
// reads.
func (p *plan) overwritten() error {
	if p.verb.baseline {
		return nil
	}
	for _, out := range p.grants {
		if out.Kind != broker.WriteFile || out.Name == "-" {
			continue
		}
		if info, err := os.Stat(out.Name); err != nil || !info.Mode().IsRegular() {
			continue
		}
		for _, in := range p.grants {
			if p.reads(in, out.Name) {
				return fmt.Errorf("%s: an input is not overwritten: this command reads this file", out.Name)
			}
		}
	}
	return nil
}

// reads says that a grant lets a verb read the file of a name.
func (p *plan) reads(in broker.Grant, name string) bool {
	switch in.Kind {
	case broker.ReadFile:
		return sameFile(in.Name, name)
	case broker.ReadMatching:
		files, err := filepath.Glob(in.Name)
		return err == nil && slices.ContainsFunc(files, func(file string) bool { return sameFile(file, name) })
	case broker.ReadFolder, broker.WriteFolder:
		if in.Name != p.errand.State {
			return false
		}
		below, ok := under(in.Name, name)
		first, _, _ := strings.Cut(below, "/")
		return ok && slices.Contains(append(state.InFolder(), state.PlacesName), first)
	}
	return false
}

// under is the name of a file below a folder, links of both followed.
func under(folder, name string) (string, bool) {
	folder, err := realPath(folder)
	if err != nil {
		return "", false
	}
	if name, err = realPath(name); err != nil {
		return "", false
	}
	below, err := filepath.Rel(folder, name)
	return below, err == nil && filepath.IsLocal(below)
}

func realPath(name string) (string, error) {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(name)
}
