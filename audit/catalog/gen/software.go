package main

import (
	"encoding/json"
	"fmt"
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
	Families []struct {
		ID     string      `yaml:"id"`
		Label  string      `yaml:"label"`
		Match  familyMatch `yaml:"match"`
		Driver struct {
			Name     string `yaml:"name"`
			Mainline string `yaml:"mainline"`
		} `yaml:"kernel_driver"`
		Compute struct {
			Name string `yaml:"name"`
		} `yaml:"compute_stack"`
		Frameworks map[string]struct {
			Status string `yaml:"status"`
			Source string `yaml:"source"`
		} `yaml:"frameworks"`
		Level string `yaml:"level"`
	} `yaml:"families"`
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
	ID         string            `json:"id"`
	Label      string            `json:"label"`
	Matches    []familyKey       `json:"matches"`
	Driver     string            `json:"driver,omitempty"`
	Mainline   string            `json:"mainline,omitempty"`
	Stack      string            `json:"stack,omitempty"`
	Frameworks map[string]string `json:"frameworks"`
	Level      string            `json:"level"`
	Sources    []string          `json:"sources"`
}

type familyKey struct {
	Vendor        string      `json:"vendor"`
	IDs           []string    `json:"ids"`
	Ranges        [][2]string `json:"ranges"` // inclusive, four lower-case hex digits
	Architectures []string    `json:"architectures"`
}

func convertSoftware(in, out string) error {
	text, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	var s support
	if err := yaml.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("read %s: %w", in, err)
	}
	var families []family
	for _, f := range s.Families {
		made := family{ID: f.ID, Label: f.Label, Driver: f.Driver.Name, Mainline: f.Driver.Mainline, Stack: f.Compute.Name,
			Frameworks: map[string]string{}, Level: f.Level, Sources: []string{}}
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
			made.Frameworks[name] = fw.Status
			if ref := s.Sources[fw.Source].Ref; ref != "" {
				made.Sources = append(made.Sources, ref)
			}
		}
		slices.Sort(made.Sources)
		made.Sources = slices.Compact(made.Sources)
		if len(made.Matches) > 0 {
			families = append(families, made)
		}
	}
	document, err := json.MarshalIndent(map[string]any{"schema": "gpuaudit.software_support/v1", "date": s.Generated, "families": families}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(document, '\n'), 0o644)
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
