package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// misplaced refuses an output over a file that the verb reads without being given its
// name (a signature beside waivers, settings, the state of channels), and one in a place
// from which this verb, or the next one like it, would read it as an input: a folder of
// manifests, a name that a trust file mentions. Names that are given are compared before
// (guardInputs). A judge cannot tell, and a baseline renews what it reads.
func (p *plan) misplaced() error {
	if p.verb.baseline {
		return nil
	}
	for _, out := range p.grants {
		if out.Kind != broker.WriteFile && out.Kind != broker.NewFolder || out.Name == "-" {
			continue
		}
		to := placeOf(out.Name)
		if to == "" {
			continue // nothing is put there
		}
		for _, in := range p.grants {
			switch from := p.reads(in, to); {
			case from == "":
			case from == to || sameFile(from, to):
				return fmt.Errorf("%s: an input is not overwritten: this command reads this file", out.Name)
			default:
				return fmt.Errorf("%s: it would lie among the inputs of this command, in %s: write it elsewhere", out.Name, from)
			}
		}
		if at := p.machineReads(to); at != "" {
			return fmt.Errorf("%s: it would lie among what is audited, in %s: write it elsewhere", out.Name, at)
		}
	}
	return nil
}

// placeOf is where an output of a name would lie, links followed; "" where no file is put,
// as in that of a device.
func placeOf(name string) string {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return ""
	} else if err == nil {
		if name, err = realPath(name); err == nil {
			return name
		}
		return ""
	}
	folder, err := realPath(filepath.Dir(name))
	if err != nil {
		return "" // which opening it says
	}
	return filepath.Join(folder, filepath.Base(name))
}

// sameOutput says that two names are of one file, there or not.
func sameOutput(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) || sameFile(a, b) {
		return true
	}
	one, two := placeOf(a), placeOf(b)
	return one != "" && one == two
}

// reads is the file, or the folder, of a grant that lets a verb read the file at a place;
// "" where it does not.
func (p *plan) reads(in broker.Grant, at string) string {
	switch in.Kind {
	case broker.ReadFile, broker.CopyFile:
		if to := placeOf(in.Name); to == at || to != "" && sameFile(to, at) {
			return at
		}
	case broker.ReadMatching:
		below, ok := under(filepath.Dir(in.Name), at)
		if match, err := path.Match(filepath.Base(in.Name), below); !ok || err != nil || !match {
			return ""
		}
		return orFolder(at, filepath.Dir(in.Name))
	case broker.ReadMentioned:
		below, ok := under(filepath.Dir(in.Name), at)
		if ok && broker.Mentioned(in.Name, below) {
			return orFolder(at, filepath.Dir(in.Name))
		}
	case broker.ReadFolder, broker.WriteFolder:
		below, ok := under(in.Name, at)
		first, _, _ := strings.Cut(below, "/")
		if !ok || !p.holds(in.Name, first) {
			return ""
		}
		return orFolder(at, in.Name)
	}
	return ""
}

// holds says that a name in a granted folder is read.
func (p *plan) holds(folder, name string) bool {
	patterns, narrow := p.only[folder]
	if folder == p.errand.State && folder != "" {
		patterns = append(slices.Clone(patterns), state.PlacesName)
	}
	return !narrow || slices.ContainsFunc(patterns, func(pattern string) bool {
		match, err := path.Match(pattern, name)
		return err == nil && match
	})
}

// machineReads is the folder of the audited machine from which the file at a place would
// be read; "" for none.
func (p *plan) machineReads(at string) string {
	if p.tree == nil {
		return ""
	}
	below, ok := under(p.tree.Root, at)
	if !ok {
		return ""
	}
	for _, declared := range machine.Declared() {
		if below == declared || strings.HasPrefix(below, declared+"/") {
			return filepath.Join(p.tree.Root, declared)
		}
	}
	return ""
}

// under is the name of a place below a folder, links of the folder followed.
func under(folder, at string) (string, bool) {
	folder, err := realPath(folder)
	if err != nil {
		return "", false
	}
	below, err := filepath.Rel(folder, at)
	return below, err == nil && filepath.IsLocal(below)
}

func realPath(name string) (string, error) {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(name)
}

// orFolder is a file that is there, or else its folder.
func orFolder(name, folder string) string {
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return folder
	}
	return name
}
