package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mended is a version from which on a vulnerability is mended.
type mended struct {
	ID       string   `json:"id"`
	Bulletin string   `json:"bulletin"`
	Fixed    []int    `json:"fixed"`
	Score    *float64 `json:"score,omitempty"`
	// CertainFrom is the version from which on everybody is affected: below it only who
	// uses what OnlyIn names.
	CertainFrom []int  `json:"certain_from,omitempty"`
	OnlyIn      string `json:"only_in,omitempty"`
	// Exploited says that it is known to be used in attacks.
	Exploited bool `json:"exploited,omitempty"`
}

// driverBranch is a branch of NVIDIA's driver, with its end where a source states it.
type driverBranch struct {
	Type  string `json:"type,omitempty"`
	EOL   string `json:"eol,omitempty"` // YYYY-MM: the last month of support
	Ended bool   `json:"ended"`         // a source says so, without a date
	// LastFor are architectures that no later branch supports.
	LastFor  []string `json:"last_for,omitempty"`
	Source   string   `json:"source,omitempty"`
	Fixes    []mended `json:"fixes"`
	Complete bool     `json:"complete"` // the newest bulletin speaks of the branch
}

// software is a product that a package of a distribution carries.
type software struct {
	Maker     string   `json:"maker"`
	Packages  []string `json:"packages"`
	Fixes     []mended `json:"fixes"`
	Newest    string   `json:"newest_bulletin"`
	Published string   `json:"newest_published"`
}

type bulletin struct{ maker, published, url string }

var (
	branchName  = regexp.MustCompile(`^R[0-9]{3}$`)
	month       = regexp.MustCompile(`^20[0-9]{2}-(0[1-9]|1[0-2])$`)
	productName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+$`)
	cvss        = regexp.MustCompile(`^CVSS:(3\.[01]|4\.0)/[A-Za-z:/]+$`)
)

// advisories makes driver_advisories.json: what the makers' bulletins say of versions that
// a scan reads.
func advisories(from string) (any, error) {
	from = filepath.Join(from, "advisories")
	published, err := os.ReadFile(filepath.Join(from, "date"))
	date := strings.TrimSpace(string(published))
	if err != nil || !day(date) {
		return nil, fmt.Errorf("no day in advisories/date: %w", errors.Join(err, os.ErrInvalid))
	}
	m := &advisoryMaker{branches: map[string]*driverBranch{}, packages: map[string]*software{}, urls: map[string]string{}}
	for _, step := range []func(string) error{m.readBulletins, m.readBranches, m.readProducts, m.readFixes} {
		if err := step(from); err != nil {
			return nil, err
		}
	}
	newest := m.finish()
	if at := m.bulletins[newest].published; at > date {
		return nil, fmt.Errorf("%s is of %s, after the day of the data, %s", newest, at, date)
	}
	return map[string]any{"schema": "gpuaudit.driver_advisories/v1", "date": date, "newest_bulletin": newest,
		"newest_published": m.bulletins[newest].published, "bulletins": m.urls, "nvidia": m.branches, "packages": m.packages,
		"modules": map[string]any{}}, nil
}

type advisoryMaker struct {
	bulletins map[string]bulletin
	branches  map[string]*driverBranch
	packages  map[string]*software
	judged    map[string]string // how, by product
	used      map[string]bool   // bulletins
	urls      map[string]string
}

func (m *advisoryMaker) readBulletins(from string) error {
	name := filepath.Join(from, "bulletins.csv")
	rows, err := table(name, []string{"bulletin", "maker", "published", "url", "read_from"})
	if err != nil {
		return err
	}
	m.bulletins, m.used = map[string]bulletin{}, map[string]bool{}
	for i, row := range rows {
		id := row["bulletin"]
		if _, twice := m.bulletins[id]; twice || id == "" || !day(row["published"]) || !strings.HasPrefix(row["url"], "https://") || row["maker"] == "" || row["read_from"] == "" {
			return fmt.Errorf("%s row %d: it stands twice, or lacks a maker, a day, an address that a reader can open, or where it was read", name, i+2)
		}
		m.bulletins[id] = bulletin{row["maker"], row["published"], row["url"]}
	}
	return nil
}

func (m *advisoryMaker) readBranches(from string) error {
	name := filepath.Join(from, "branches.csv")
	rows, err := table(name, []string{"branch", "type", "end", "ended", "last_for", "source", "note"})
	if err != nil {
		return err
	}
	for i, row := range rows {
		if m.branches[row["branch"]] != nil || !branchName.MatchString(row["branch"]) || row["end"] != "" && !month.MatchString(row["end"]) ||
			row["ended"] != "" && row["ended"] != "yes" || !strings.HasPrefix(row["source"], "https://") {
			return fmt.Errorf("%s row %d: it is no branch, stands twice, has an end that is no month, or no source that a reader can open", name, i+2)
		}
		m.branches[row["branch"]] = &driverBranch{Type: row["type"], EOL: row["end"], Ended: row["ended"] == "yes",
			LastFor: strings.Fields(row["last_for"]), Source: row["source"], Fixes: []mended{}}
	}
	return nil
}

// readProducts reads which products are judged, and how. Those that are not stand there
// with the reason, so that nobody looks for them in vain.
func (m *advisoryMaker) readProducts(from string) error {
	name := filepath.Join(from, "products.csv")
	rows, err := table(name, []string{"product", "maker", "judged", "packages", "why_not"})
	if err != nil {
		return err
	}
	m.judged = map[string]string{}
	for i, row := range rows {
		product, how := row["product"], row["judged"]
		_, twice := m.judged[product]
		switch packages := strings.Fields(row["packages"]); {
		case twice || !productName.MatchString(product) || row["maker"] == "":
			return fmt.Errorf("%s row %d: it is no product, stands twice or has no maker", name, i+2)
		case how == "package" && len(packages) > 0 && !slices.ContainsFunc(packages, func(p string) bool { return !packageName.MatchString(p) }):
			m.packages[product] = &software{Maker: row["maker"], Packages: packages, Fixes: []mended{}}
		case how == "driver" && len(packages) == 0, how == "no" && len(packages) == 0 && row["why_not"] != "":
		default:
			return fmt.Errorf("%s row %d: judged by driver, by the names of packages, or not, for a reason", name, i+2)
		}
		m.judged[product] = how
	}
	return nil
}

func (m *advisoryMaker) readFixes(from string) error {
	name := filepath.Join(from, "fixes.csv")
	rows, err := table(name, []string{"product", "branch", "id", "bulletin", "fixed", "cvss", "vector", "certain_from", "below_only_in", "exploited"})
	if err != nil {
		return err
	}
	for i, row := range rows {
		if err := m.fix(row); err != nil {
			return fmt.Errorf("%s row %d: %w", name, i+2, err)
		}
	}
	for id, b := range m.bulletins {
		if !m.used[id] {
			return fmt.Errorf("bulletins.csv: no row of fixes.csv is of %s", id)
		}
		m.urls[id] = b.url
	}
	return nil
}

func (m *advisoryMaker) fix(row map[string]string) error {
	b, known := m.bulletins[row["bulletin"]]
	if !known || row["id"] == "" {
		return fmt.Errorf("no bulletin %q", row["bulletin"])
	}
	f := mended{ID: row["id"], Bulletin: row["bulletin"], OnlyIn: row["below_only_in"], Exploited: row["exploited"] == "yes"}
	width := 4
	if row["branch"] != "" {
		width = 3
	}
	var err error
	if f.Fixed, err = dotted(row["fixed"], width); err != nil {
		return err
	}
	if row["certain_from"] != "" {
		if f.CertainFrom, err = dotted(row["certain_from"], width); err != nil {
			return err
		}
	}
	if (f.CertainFrom == nil) != (f.OnlyIn == "") || f.Exploited != (row["exploited"] != "") {
		return errors.New("certain_from and below_only_in belong together, and exploited is yes or nothing")
	}
	if row["cvss"] != "" {
		score, err := strconv.ParseFloat(row["cvss"], 64)
		if err != nil || score < 0 || score > 10 || row["vector"] != "" && !cvss.MatchString(row["vector"]) {
			return fmt.Errorf("%q is no score, or %q no vector", row["cvss"], row["vector"])
		}
		f.Score = &score
	}
	m.used[row["bulletin"]] = true
	switch product, branch := row["product"], row["branch"]; {
	case m.judged[product] == "driver" && m.branches[branch] != nil && strconv.Itoa(f.Fixed[0]) == branch[1:]:
		m.branches[branch].Fixes = append(m.branches[branch].Fixes, f)
	case m.judged[product] == "package" && branch == "":
		p := m.packages[product]
		p.Fixes = append(p.Fixes, f)
		if b.published > p.Published {
			p.Newest, p.Published = row["bulletin"], b.published
		}
	default:
		return fmt.Errorf("nothing judges %s %s %s", product, branch, row["fixed"])
	}
	return nil
}

// finish orders the fixes and returns the newest bulletin on the driver.
func (m *advisoryMaker) finish() string {
	newest := ""
	for _, b := range m.branches {
		order(b.Fixes)
		for _, f := range b.Fixes {
			if m.bulletins[f.Bulletin].published > m.bulletins[newest].published {
				newest = f.Bulletin
			}
		}
	}
	for _, b := range m.branches {
		b.Complete = slices.ContainsFunc(b.Fixes, func(f mended) bool { return f.Bulletin == newest })
	}
	for _, p := range m.packages {
		order(p.Fixes)
	}
	return newest
}

func order(fixes []mended) {
	slices.SortFunc(fixes, func(x, y mended) int {
		return cmp.Or(slices.Compare(x.Fixed, y.Fixed), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Bulletin, y.Bulletin))
	})
}

// dotted reads a version of at most width numbers; missing ones are 0.
func dotted(s string, width int) ([]int, error) {
	parts := strings.Split(s, ".")
	if len(parts) > width {
		return nil, fmt.Errorf("version %q has more than %d numbers", s, width)
	}
	v := make([]int, width)
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 30)
		if err != nil {
			return nil, fmt.Errorf("version %q is no dotted version", s)
		}
		v[i] = int(n)
	}
	return v, nil
}
