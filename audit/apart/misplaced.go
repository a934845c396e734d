package apart

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
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// Misplaced refuses an output over a file that the verb reads without being given its
// name (a signature beside waivers, settings, the state of channels), and one in a place
// from which this verb, or the next one like it, would read it as an input: a folder of
// manifests, a name that a trust file mentions. A judge cannot tell. It is not for a verb
// that renews what it reads.
func (p *Plan) Misplaced() error {
	for _, out := range p.Grants {
		if out.Kind != broker.WriteFile && out.Kind != broker.NewFolder || out.Name == "-" {
			continue
		}
		to := outfile.PlaceOf(out.Name)
		if to == "" {
			continue // nothing is put there
		}
		for _, in := range p.Grants {
			switch from := p.reads(in, to); {
			case from == "":
			case from == to || outfile.Same(from, to):
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

// reads is the file, or the folder, of a grant that lets a verb read the file at a place;
// "" where it does not.
func (p *Plan) reads(in broker.Grant, at string) string {
	switch in.Kind {
	case broker.ReadFile, broker.CopyFile:
		if to := outfile.PlaceOf(in.Name); to == at || to != "" && outfile.Same(to, at) {
			return at
		}
	case broker.ReadMatching:
		below, ok := outfile.Below(filepath.Dir(in.Name), at)
		if match, err := path.Match(filepath.Base(in.Name), below); !ok || err != nil || !match {
			return ""
		}
		return orFolder(at, filepath.Dir(in.Name))
	case broker.ReadMentioned:
		below, ok := outfile.Below(filepath.Dir(in.Name), at)
		if ok && broker.Mentioned(in.Name, below) {
			return orFolder(at, filepath.Dir(in.Name))
		}
	case broker.ReadFolder, broker.WriteFolder:
		below, ok := outfile.Below(in.Name, at)
		first, _, _ := strings.Cut(below, "/")
		if !ok || !p.holds(in.Name, first) {
			return ""
		}
		return orFolder(at, in.Name)
	}
	return ""
}

// holds says that a name in a granted folder is read.
func (p *Plan) holds(folder, name string) bool {
	patterns, narrow := p.Only[folder]
	if folder == p.Errand.State && folder != "" {
		patterns = append(slices.Clone(patterns), state.PlacesName)
	}
	return !narrow || slices.ContainsFunc(patterns, func(pattern string) bool {
		match, err := path.Match(pattern, name)
		return err == nil && match
	})
}

// machineReads is the folder of the audited machine from which the file at a place would
// be read; "" for none.
func (p *Plan) machineReads(at string) string {
	if p.Machine == nil {
		return ""
	}
	below, ok := outfile.Below(p.Machine.Root, at)
	if !ok {
		return ""
	}
	for _, declared := range machine.Declared() {
		if below == declared || strings.HasPrefix(below, declared+"/") {
			return filepath.Join(p.Machine.Root, declared)
		}
	}
	return ""
}

// orFolder is a file that is there, or else its folder.
func orFolder(name, folder string) string {
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return folder
	}
	return name
}
