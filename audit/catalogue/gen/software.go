package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// support is software_support.yaml as far as it is used: facts and their sources,
// without the collection's sentences.
type support struct {
	Generated string `yaml:"generated"`
	Sources   map[string]struct {
		Ref string `yaml:"ref"`
	} `yaml:"sources"`
	Families []supported `yaml:"families"`
}

type supported struct {
	ID     string      `yaml:"id"`
	Label  string      `yaml:"label"`
	Match  familyMatch `yaml:"match"`
	Driver struct {
		Name     string `yaml:"name"`
		Mainline string `yaml:"mainline"`
		Source   string `yaml:"source"`
		AsOf     string `yaml:"as_of"`
	} `yaml:"kernel_driver"`
	Compute struct {
		Name       string `yaml:"name"`
		MinVersion string `yaml:"min_version"`
		MaxVersion string `yaml:"max_version"`
		LastBranch string `yaml:"last_driver_branch"`
		Official   string `yaml:"official_now"`
		Source     string `yaml:"source"`
		AsOf       string `yaml:"as_of"`
	} `yaml:"compute_stack"`
	Frameworks map[string]struct {
		Status string `yaml:"status"`
		Source string `yaml:"source"`
		AsOf   string `yaml:"as_of"`
	} `yaml:"frameworks"`
	Level string `yaml:"level"`
}

type familyMatch struct {
	Vendor        string        `yaml:"pci_vendor"`
	Architectures []string      `yaml:"architectures"`
	IDs           []string      `yaml:"device_ids"`
	Ranges        []string      `yaml:"device_ranges"`
	Any           []familyMatch `yaml:"any"`
}

// family is what the rules get. IDs, ranges and architectures are all under the
// vendor; the most specific that fits wins. A vendor id
// alone says too little: the same maker has older and newer families.
type family struct {
	ID         string               `json:"id"`
	Label      string               `json:"label"`
	Matches    []familyKey          `json:"matches"`
	Driver     stated               `json:"driver"`
	Stack      stated               `json:"stack"`
	Frameworks map[string]framework `json:"frameworks"`
	Level      string               `json:"level"`
}

// stated is a driver or a compute stack, and who says so. What is not known is
// left out.
type stated struct {
	Name string `json:"name"`
	// Mainline says whether a driver is in Linux: "yes", "no", "partial".
	Mainline string `json:"mainline,omitempty"`
	// MinVersion and MaxVersion are the first and the last release of a stack for
	// the family, LastBranch the last branch of the driver; Official whether the
	// maker's own list has it now.
	MinVersion string `json:"min_version,omitempty"`
	MaxVersion string `json:"max_version,omitempty"`
	LastBranch string `json:"last_driver_branch,omitempty"`
	Official   string `json:"official,omitempty"`
	// Source is a key of the document's sources.
	Source string `json:"source,omitempty"`
	AsOf   string `json:"as_of,omitempty"`
}

// framework is what the documents of one say of a family.
type framework struct {
	Status string `json:"status"`
	Source string `json:"source,omitempty"`
	AsOf   string `json:"as_of,omitempty"`
}

type familyKey struct {
	Vendor        string      `json:"vendor"`
	IDs           []string    `json:"ids"`
	Ranges        [][2]string `json:"ranges"` // inclusive, four lower-case hex digits
	Architectures []string    `json:"architectures"`
}

// convertSoftware writes the collected table, with what the project's own says beside it.
// The date is that of the collected one, which is the older.
func convertSoftware(in, own, out string) error {
	s, err := readSupport(in)
	if err != nil {
		return err
	}
	more, err := readSupport(own)
	if err != nil {
		return err
	}
	s.add(more)
	var families []family
	for _, f := range s.Families {
		c := f.Compute
		made := family{ID: f.ID, Label: f.Label, Frameworks: map[string]framework{}, Level: f.Level,
			Driver: stated{Name: f.Driver.Name, Mainline: f.Driver.Mainline, Source: f.Driver.Source, AsOf: f.Driver.AsOf},
			Stack: stated{Name: c.Name, MinVersion: c.MinVersion, MaxVersion: c.MaxVersion, LastBranch: c.LastBranch, Official: c.Official,
				Source: c.Source, AsOf: c.AsOf}}
		for _, m := range append([]familyMatch{f.Match}, f.Match.Any...) {
			key, err := m.key()
			if err != nil {
				return fmt.Errorf("%s: family %s: %w", in, f.ID, err)
			}
			if key != nil {
				made.Matches = append(made.Matches, *key)
			}
		}
		for name, fw := range f.Frameworks {
			made.Frameworks[name] = framework{Status: fw.Status, Source: fw.Source, AsOf: fw.AsOf}
		}
		if len(made.Matches) > 0 {
			families = append(families, made)
		}
	}
	sources := map[string]string{}
	for key, source := range s.Sources {
		sources[key] = source.Ref
	}
	for _, f := range families {
		for name, fw := range f.Frameworks {
			if fw.Source != "" && sources[fw.Source] == "" {
				return fmt.Errorf("family %s: %s has the source %q, which no table names", f.ID, name, fw.Source)
			}
		}
	}
	document, err := json.MarshalIndent(map[string]any{"schema": "gpuaudit.software_support/v1", "date": s.Generated, "families": families, "sources": sources}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(document, '\n'), 0o644)
}

func readSupport(name string) (*support, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var s support
	if err := yaml.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return &s, nil
}

// add puts what another table says in the place of what is said here: new families as
// they are, of known ones the frameworks, and the ids beside those that are there.
func (s *support) add(more *support) {
	maps.Copy(s.Sources, more.Sources)
	for _, f := range more.Families {
		i := slices.IndexFunc(s.Families, func(have supported) bool { return have.ID == f.ID })
		if i < 0 {
			s.Families = append(s.Families, f)
			continue
		}
		maps.Copy(s.Families[i].Frameworks, f.Frameworks)
		if len(f.Match.IDs) > 0 {
			s.Families[i].Match.Any = append(s.Families[i].Match.Any, f.Match)
		}
	}
}

// key is nil for a match without any of these.
func (m familyMatch) key() (*familyKey, error) {
	if m.Vendor == "" || len(m.IDs)+len(m.Ranges)+len(m.Architectures) == 0 {
		return nil, nil
	}
	k := &familyKey{Vendor: m.Vendor, IDs: append([]string{}, m.IDs...), Ranges: [][2]string{}, Architectures: append([]string{}, m.Architectures...)}
	for _, r := range m.Ranges {
		low, high, ok := strings.Cut(r, "-")
		if !ok || len(low) != 4 || len(high) != 4 || low > high {
			return nil, fmt.Errorf("range %q", r)
		}
		k.Ranges = append(k.Ranges, [2]string{low, high})
	}
	return k, nil
}
