package capture

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// redacted stands for a value that was taken out.
const redacted = inventory.Redacted

const leftOutText = "left out by redaction"

// leftOut is the error of what redaction leaves out.
var leftOut = collect.ErrRedacted

// redact leaves in the plan what the table lets stay: of files, names, links, errors
// and facts. Whatever is not in the table goes.
func (p *plan) redact() {
	release := strings.TrimSpace(string(p.files["proc/sys/kernel/osrelease"].data))
	r := newRenamer(release, p.names())
	fails := map[fileKey]failure{}
	for k, f := range p.fails {
		if find(k.path) != nil {
			fails[fileKey{k.op, r.path(k.path)}] = keptFailure(f)
		}
	}
	if _, ok := fails[fileKey{opOpen, eventLog}]; !ok {
		fails[fileKey{opOpen, eventLog}] = fileFailure(leftOut)
	}
	p.redactFiles(r, fails)
	p.redactNames(r)
	p.fails = fails
	p.redactAnswers(r)
}

// redactFiles rewrites the contents. Of what is left out the place remains.
func (p *plan) redactFiles(r *renamer, fails map[fileKey]failure) {
	files := map[string]content{}
	for key, c := range p.files {
		name, row := r.path(key), find(key)
		if row != nil && row.keep != nil {
			if data, ok := row.keep(c.data); ok {
				if path.Base(key) != "config" && string(data) != string(c.data) {
					delete(p.stats, key) // its size is another one
				}
				if key == "proc/cpuinfo" {
					c.why = "" // of this file all is there that was read
				}
				files[name] = content{data, c.why}
				continue
			}
		}
		fails[fileKey{opOpen, name}] = fileFailure(leftOut)
		delete(fails, fileKey{opRead, name})
	}
	p.files = files
}

// redactNames replaces names that are not public, and drops those outside the table.
func (p *plan) redactNames(r *renamer) {
	links, dirs, lists, stats := map[string]string{}, map[string]bool{}, map[string]map[string]string{}, map[string]fileStat{}
	for key, target := range p.links {
		if find(key) != nil {
			links[r.path(key)] = r.path(target)
		}
	}
	for key := range p.dirs {
		if find(key) != nil {
			dirs[r.path(key)] = true
		}
	}
	for key, entries := range p.lists {
		if find(key) == nil {
			continue
		}
		kept := make(map[string]string, len(entries))
		for name, letter := range entries {
			kept[r.name(name)] = letter
		}
		lists[r.path(key)] = kept
	}
	for key, s := range p.stats {
		if find(key) != nil {
			stats[r.path(key)] = s
		}
	}
	p.links, p.dirs, p.lists, p.stats = links, dirs, lists, stats
}

// redactAnswers keeps of derived facts and of NVML's answers what their keepers do.
// ROMs stay whole; a TPM's evidence is of one machine, and covers what is not here.
func (p *plan) redactAnswers(r *renamer) {
	derived, kinds := map[[2]string]answer{}, r.kinds()
	for at, a := range p.derived {
		keep := kinds[at[0]]
		if keep == nil {
			continue // no collector asks for it
		}
		derived[[2]string{at[0], r.path(at[1])}] = keptAnswer(a, keep)
	}
	p.derived = derived
	p.tpm = nil
	if p.nvml != nil {
		kept := keptAnswer(*p.nvml, r.answers())
		p.nvml = &kept
	}
	roms := map[string]answer{}
	for address, a := range p.roms {
		if !inventory.ValidAddress(address) {
			continue
		}
		if a.err != nil {
			a = answer{err: keptError(a.err)}
		}
		roms[address] = a
	}
	p.roms = roms
}

func keptAnswer(a answer, keep keeper) answer {
	if a.err != nil {
		return answer{err: keptError(a.err)}
	}
	data, err := keptJSON(a.data, keep)
	if err != nil {
		return answer{err: fmt.Errorf("%w: %w", leftOut, err)}
	}
	return answer{data: data}
}

// keptError is the class of an error, without its text.
func keptError(err error) error {
	if c := classError(classOf(err)); c != nil {
		return c
	}
	return &said{text: "an error whose text was " + leftOutText}
}

// verbs are the names of operations in errors.
var verbs = []string{"open", "openat", "read", "readdirent", "readdir", "readlink", "readlinkat", "stat", "statat", "lstat", "fstatat", "fdopendir"}

// keptFailure is the same of an error that was recorded.
func keptFailure(f failure) failure {
	kept := failure{Is: f.Is, Outer: f.Outer}
	if slices.Contains(verbs, f.Verb) {
		kept.Verb = f.Verb
	}
	if f.Is == "" {
		kept.Text = "an error whose text was " + leftOutText
	}
	return kept
}

// names are all elements of all names in the plan.
func (p *plan) names() map[string]bool {
	all := map[string]bool{}
	add := func(name string) {
		for e := range strings.SplitSeq(name, "/") {
			if e != "" && e != "." && e != ".." {
				all[e] = true
			}
		}
	}
	for _, keys := range [][]string{
		slices.Collect(maps.Keys(p.files)), slices.Collect(maps.Keys(p.links)), slices.Collect(maps.Values(p.links)), slices.Collect(maps.Keys(p.dirs)),
		slices.Collect(maps.Keys(p.stats)), slices.Collect(maps.Keys(p.lists)),
	} {
		for _, k := range keys {
			add(k)
		}
	}
	for dir, entries := range p.lists {
		if find(dir) != nil {
			for name := range entries {
				add(name)
			}
		}
	}
	for k := range p.fails {
		if find(k.path) != nil {
			add(k.path)
		}
	}
	for at := range p.derived {
		add(at[1])
	}
	return all
}
