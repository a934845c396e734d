package advisory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Target is what a product's versions are compared with.
type Target struct {
	// Driver: NVIDIA's Linux driver, by branch.
	Driver bool
	// Module is a kernel module by its name, Packages are those of a distribution.
	Module   string
	Packages []string
}

var targetName = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9.+_-]{0,79}$`)

// ParseTarget reads nvidia-driver, module:NAME or package:NAME[,NAME].
func ParseTarget(s string) (Target, error) {
	kind, names, _ := strings.Cut(s, ":")
	list := strings.Split(names, ",")
	bad := slices.ContainsFunc(list, func(n string) bool { return !targetName.MatchString(n) })
	switch {
	case s == "nvidia-driver":
		return Target{Driver: true}, nil
	case kind == "module" && !bad && len(list) == 1:
		return Target{Module: names}, nil
	case kind == "package" && !bad && len(list) <= 16:
		return Target{Packages: list}, nil
	}
	return Target{}, fmt.Errorf("%.60q: use nvidia-driver, module:NAME or package:NAME[,NAME]", s)
}

// data are those that rules judge by, as far as they are changed here. Members that are not
// read here stay as they are.
type data struct {
	members   map[string]json.RawMessage
	bulletins map[string]string
	nvidia    map[string]*entry
	packages  map[string]*entry
	modules   map[string]*entry
}

// entry is a branch, a product of packages, or a module: its fixes, and what else it has.
type entry struct {
	members map[string]json.RawMessage
	fixes   []fix
}

type fix struct {
	ID          string   `json:"id"`
	Bulletin    string   `json:"bulletin"`
	From        []int    `json:"from,omitempty"`
	Fixed       []int    `json:"fixed"`
	Score       *float64 `json:"score,omitempty"`
	CertainFrom []int    `json:"certain_from,omitempty"`
	OnlyIn      string   `json:"only_in,omitempty"`
	Exploited   bool     `json:"exploited,omitempty"`
}

func (e *entry) MarshalJSON() ([]byte, error) {
	all := map[string]any{"fixes": e.fixes}
	for name, v := range e.members {
		all[name] = v
	}
	return json.Marshal(all)
}

func (e *entry) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, &e.members); err != nil {
		return err
	}
	err := json.Unmarshal(e.members["fixes"], &e.fixes)
	delete(e.members, "fixes")
	return err
}

// makers says what makers call, in documents of theirs, the products whose installed versions
// are judged (rules/sources/advisories/products.csv).
var makers = map[string]map[string]Target{
	"https://www.nvidia.com/security": {
		"GeForce":                         {Driver: true},
		"GeForce, NVIDIA RTX/Quadro, NVS": {Driver: true},
		"NVIDIA RTX PRO, RTX, Quadro":     {Driver: true},
		"NVIDIA RTX, Quadro, NVS":         {Driver: true},
		"NVIDIA RTX/Quadro, NVS":          {Driver: true},
		"NVIDIA RTX/ Quadro, NVS":         {Driver: true},
		"Tesla":                           {Driver: true},
		"DCGM":                            {Packages: []string{"datacenter-gpu-manager", "datacenter-gpu-manager-4-core"}},
		"NVIDIA Container Toolkit":        {Packages: []string{"nvidia-container-toolkit", "nvidia-container-toolkit-base", "libnvidia-container-tools", "libnvidia-container1"}},
	},
}

// Result is what came of adding advisories.
type Result struct {
	// Data are the new ones, as the rules read them.
	Data []byte
	// Taken counts fixed versions that were added, Known those that the data had.
	Taken, Known int
	// Exploited counts the fixed versions whose vulnerability is marked as used in attacks.
	Exploited int
	// Notes say what was not taken, and why.
	Notes []string
}

// Add adds what advisories say of products to data that rules judge by: embedded ones of
// this program, or those of a channel. A product is what the targets say of its name; a
// distribution's package is known by its own. The day is that of the new data, no earlier
// than that of the old.
//
// It leaves alone which bulletin is the newest, and which branches that one speaks of: an
// advisory says what is faulty, and not that the rest is sound.
func Add(base []byte, list []*Advisory, targets map[string]Target, date string) (*Result, error) {
	d, err := readData(base)
	if err != nil {
		return nil, fmt.Errorf("read the data to add to: %w", err)
	}
	if was := text(d.members["date"]); !isDay(date) || date < was {
		return nil, fmt.Errorf("the day of the data, %.20q, is none, or before that of the data to add to, %s", date, was)
	}
	r := &Result{}
	for _, a := range list {
		r.Notes = append(r.Notes, a.Notes...)
		for i := range a.Fixes {
			if err := r.add(d, a, &a.Fixes[i], targets); err != nil {
				return nil, err
			}
		}
	}
	r.mark(d, list)
	d.members["date"], _ = json.Marshal(date)
	r.Data, err = d.write()
	return r, err
}

func text(raw json.RawMessage) (s string) {
	_ = json.Unmarshal(raw, &s) // "" where it is no text
	return s
}

func readData(base []byte) (*data, error) {
	d := &data{}
	if err := json.Unmarshal(base, &d.members); err != nil {
		return nil, err
	}
	for name, part := range map[string]any{"bulletins": &d.bulletins, "nvidia": &d.nvidia, "packages": &d.packages, "modules": &d.modules} {
		if err := json.Unmarshal(d.members[name], part); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return d, nil
}

func (d *data) write() ([]byte, error) {
	for name, part := range map[string]any{"bulletins": d.bulletins, "nvidia": d.nvidia, "packages": d.packages, "modules": d.modules} {
		raw, err := json.Marshal(part)
		if err != nil {
			return nil, err
		}
		d.members[name] = raw
	}
	out, err := json.MarshalIndent(d.members, "", " ")
	return append(out, '\n'), err
}

// add puts a fix where the installed version is compared with it.
func (r *Result) add(d *data, a *Advisory, f *Fix, targets map[string]Target) error {
	target, given := targets[f.Product]
	if !given {
		target, given = makers[a.publisher][f.Product]
	}
	if !given && f.Package != "" && targetName.MatchString(f.Package) {
		target, given = Target{Packages: []string{f.Package}}, true
	}
	if !given {
		r.note("%s: %.80q: nothing says what its version is compared with (--map)", f.ID, f.Product)
		return nil
	}
	n := fix{ID: f.ID, Bulletin: a.ID, Fixed: f.Fixed[:], Score: f.Score}
	if f.From != nil {
		n.From = f.From[:]
	}
	var e *entry
	switch {
	case target.Driver:
		branch := fmt.Sprintf("R%d", f.Fixed[0])
		if e = d.nvidia[branch]; e == nil {
			r.note("%s: %s is a version of %s, a branch that the data do not have", f.ID, f.Fixed, branch)
			return nil
		}
		if f.Fixed[3] != 0 {
			r.note("%s: %s is no version of NVIDIA's driver", f.ID, f.Fixed)
			return nil
		}
		n.From, n.Fixed = nil, n.Fixed[:3]
	case target.Module != "":
		e = made(d.modules, target.Module, nil)
	default:
		e = d.product(target.Packages)
		if published := text(e.members["newest_published"]); a.Published > published {
			e.members["newest_published"], _ = json.Marshal(a.Published)
			e.members["newest_bulletin"], _ = json.Marshal(a.ID)
		}
	}
	if slices.ContainsFunc(e.fixes, func(o fix) bool {
		return o.ID == n.ID && slices.Equal(o.Fixed, n.Fixed) && slices.Equal(o.From, n.From)
	}) {
		r.Known++
		return nil
	}
	switch was, stands := d.bulletins[a.ID]; {
	case stands && was != a.URL:
		return fmt.Errorf("two advisories are called %s: one at %.200s, one at %.200s", a.ID, was, a.URL)
	case !stands:
		d.bulletins[a.ID] = a.URL
	}
	r.Taken++
	e.fixes = append(e.fixes, n)
	slices.SortFunc(e.fixes, func(x, y fix) int {
		return cmp.Or(slices.Compare(x.Fixed, y.Fixed), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Bulletin, y.Bulletin))
	})
	return nil
}

func (r *Result) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); len(r.Notes) < maxNotes && !slices.Contains(r.Notes, n) {
		r.Notes = append(r.Notes, n)
	}
}

func made(all map[string]*entry, name string, members map[string]any) *entry {
	if all[name] == nil {
		e := &entry{members: map[string]json.RawMessage{}, fixes: []fix{}}
		for field, v := range members {
			e.members[field], _ = json.Marshal(v)
		}
		all[name] = e
	}
	return all[name]
}

// product is the one that has a package of the names, or a new one called like the first.
func (d *data) product(names []string) *entry {
	for _, e := range d.packages {
		var have []string
		if json.Unmarshal(e.members["packages"], &have) == nil && slices.ContainsFunc(have, func(n string) bool { return slices.Contains(names, n) }) {
			return e
		}
	}
	return made(d.packages, "package:"+names[0], map[string]any{"maker": "", "packages": names, "newest_bulletin": "", "newest_published": ""})
}

// mark marks what is known to be used in attacks, in all of the data.
func (r *Result) mark(d *data, list []*Advisory) {
	known := map[string]bool{}
	for _, a := range list {
		for _, id := range a.Exploited {
			known[id] = true
		}
	}
	for _, part := range []map[string]*entry{d.nvidia, d.packages, d.modules} {
		for _, e := range part {
			for i := range e.fixes {
				if known[e.fixes[i].ID] {
					e.fixes[i].Exploited = true
					r.Exploited++
				}
			}
		}
	}
}
