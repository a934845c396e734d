package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// advisory is a record of driver_advisories.json as far as it is used.
type advisory struct {
	ID         string   `json:"id"`
	Bulletin   string   `json:"bulletin"`
	ProductKey string   `json:"product_key"`
	Branch     string   `json:"branch"`
	Fixed      string   `json:"fixed_version"`
	Score      *float64 `json:"cvss_score"`
	Published  string   `json:"published"`
	URL        string   `json:"bulletin_url"`
	Usable     bool     `json:"usable"`
}

// mended is what the rules get: the version of a branch from which on a
// vulnerability is mended.
type mended struct {
	ID       string   `json:"id"`
	Bulletin string   `json:"bulletin"`
	Fixed    []int    `json:"fixed"`
	Score    *float64 `json:"score,omitempty"`
}

// branch is a driver branch, with its end of life where a source states it.
type branch struct {
	Type     string   `json:"type,omitempty"`
	EOL      string   `json:"eol,omitempty"` // YYYY-MM: the last month of support
	Ended    bool     `json:"ended"`         // a source says so, without a date
	Source   string   `json:"source,omitempty"`
	Fixes    []mended `json:"fixes"`
	Complete bool     `json:"complete"` // the newest bulletin speaks of the branch
}

const advisoryProduct = "nvidia-display-driver-linux"

// convertAdvisories writes NVIDIA's Linux driver bulletins by branch. Other
// products are left out: nothing that is collected tells their version.
func convertAdvisories(advisories, branches, date, out string) error {
	var records []advisory
	if err := readJSON(advisories, &records); err != nil {
		return err
	}
	var lives []struct {
		Branch string  `json:"branch"`
		Type   *string `json:"type"`
		EOL    *string `json:"eol"`
		State  string  `json:"eol_state"`
		Source string  `json:"source"`
	}
	if err := readJSON(branches, &lives); err != nil {
		return err
	}
	all := map[string]*branch{}
	for _, l := range lives {
		b := &branch{Fixes: []mended{}, Source: l.Source, Ended: strings.HasPrefix(l.State, "stated")}
		if l.Type != nil {
			b.Type = *l.Type
		}
		if l.EOL != nil {
			b.EOL = *l.EOL
		}
		all[l.Branch] = b
	}
	newest := advisory{}
	urls := map[string]string{}
	for _, r := range records {
		if r.ProductKey != advisoryProduct || !r.Usable {
			continue
		}
		version, err := dotted(r.Fixed)
		if err != nil {
			return fmt.Errorf("%s: %s in %s: %w", advisories, r.ID, r.Bulletin, err)
		}
		if all[r.Branch] == nil {
			all[r.Branch] = &branch{}
		}
		all[r.Branch].Fixes = append(all[r.Branch].Fixes, mended{r.ID, r.Bulletin, version, r.Score})
		urls[r.Bulletin] = r.URL
		if r.Published > newest.Published {
			newest = r
		}
	}
	for _, b := range all {
		slices.SortFunc(b.Fixes, func(x, y mended) int {
			return cmp.Or(slices.Compare(x.Fixed, y.Fixed), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Bulletin, y.Bulletin))
		})
		b.Complete = slices.ContainsFunc(b.Fixes, func(f mended) bool { return f.Bulletin == newest.Bulletin })
	}
	text, err := json.MarshalIndent(map[string]any{
		"schema": "gpuaudit.driver_advisories/v1", "date": date, "newest_bulletin": newest.Bulletin,
		"newest_published": newest.Published, "bulletins": urls, "nvidia": all,
	}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644)
}

func readJSON(name string, v any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// dotted reads a version of one to three numbers; missing ones are 0.
func dotted(s string) ([]int, error) {
	parts := strings.Split(s, ".")
	if len(parts) > 3 {
		return nil, fmt.Errorf("version %q has more than three numbers", s)
	}
	v := make([]int, 3)
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("version %q is no dotted version", s)
		}
		v[i] = n
	}
	return v, nil
}
