package advisory

import (
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// osv is what is read of a document of the OSV schema (ossf.github.io/osv-schema).
type osv struct {
	ID        string        `json:"id"`
	Aliases   []string      `json:"aliases"`
	Modified  string        `json:"modified"`
	Published string        `json:"published"`
	Withdrawn string        `json:"withdrawn"`
	Severity  []osvSeverity `json:"severity"`
	Affected  []struct {
		Package *struct {
			Ecosystem string `json:"ecosystem"`
			Name      string `json:"name"`
			PURL      string `json:"purl"`
		} `json:"package"`
		Severity []osvSeverity `json:"severity"`
		Ranges   []struct {
			Type   string              `json:"type"`
			Events []map[string]string `json:"events"`
		} `json:"ranges"`
	} `json:"affected"`
	References []struct {
		Type string `json:"type"`
		URL  string `json:"url"`
	} `json:"references"`
}

type osvSeverity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

func readOSV(document []byte) (*Advisory, error) {
	var d osv
	if err := strictjson.Decode(document, strictjson.Limits{Bytes: Limit, Unknown: true}, &d); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	a := &Advisory{Format: "osv", ID: d.ID, Published: day(d.Published)}
	if a.Published == "" {
		a.Published = day(d.Modified)
	}
	if !idForm.MatchString(d.ID) || a.Published == "" {
		return nil, fmt.Errorf("%w: its id is none, or it has no day", ErrMalformed)
	}
	for _, r := range d.References {
		if strings.HasPrefix(r.URL, "https://") && (a.URL == "" || r.Type == "ADVISORY") {
			a.URL = r.URL
		}
	}
	if a.URL == "" {
		a.URL = "https://osv.dev/vulnerability/" + d.ID
	}
	if d.Withdrawn != "" {
		a.note("%s was withdrawn on %.10s", d.ID, d.Withdrawn)
		return a, nil
	}
	// The CVE is what several publishers have in common.
	id := d.ID
	for _, alias := range d.Aliases {
		if strings.HasPrefix(alias, "CVE-") && idForm.MatchString(alias) {
			id = alias
			break
		}
	}
	for _, affected := range d.Affected {
		if affected.Package == nil || affected.Package.Name == "" {
			a.note("%s: a range of no package", d.ID)
			continue
		}
		f := Fix{ID: id, Product: affected.Package.Name, Package: packageOf(affected.Package.PURL)}
		if f.Package == "" && distribution(affected.Package.Ecosystem) {
			f.Package = affected.Package.Name
		}
		if f.Score = osvScore(affected.Severity); f.Score == nil {
			f.Score = osvScore(d.Severity)
		}
		for _, r := range affected.Ranges {
			if r.Type != "ECOSYSTEM" && r.Type != "SEMVER" {
				a.note("%s: %.60q: a range of type %.20q", d.ID, f.Product, r.Type)
				continue
			}
			if err := a.events(f, r.Events); err != nil {
				return nil, err
			}
		}
	}
	return a, nil
}

// events takes the fixed versions of a range: each with the version before it at which the
// vulnerability came in.
func (a *Advisory) events(f Fix, events []map[string]string) error {
	f.From = nil
	for _, e := range events {
		if s, is := e["introduced"]; is {
			f.From = nil
			if s == "0" {
				continue
			}
			v, err := ParseVersion(s)
			if err != nil { // taken as every version: what is not known makes nothing pass
				a.note("%s: %.60q: introduced in %s", f.ID, f.Product, err)
				continue
			}
			f.From = v
		}
		if s, is := e["fixed"]; is {
			v, err := ParseVersion(s)
			if err != nil {
				a.note("%s: %.60q: fixed in %s", f.ID, f.Product, err)
				continue
			}
			f.Fixed = v
			if err := a.add(f); err != nil {
				return err
			}
		}
		if s, is := e["last_affected"]; is {
			a.note("%s: %.60q: affected up to %.40s, and no version is said to mend it", f.ID, f.Product, s)
		}
	}
	return nil
}

func osvScore(list []osvSeverity) *float64 {
	for _, s := range list {
		if s.Type == "CVSS_V3" {
			return BaseScore(s.Score)
		}
	}
	return nil
}

// distribution says that an ecosystem's names are those of packages that a host installs.
func distribution(ecosystem string) bool {
	name, _, _ := strings.Cut(ecosystem, ":")
	switch name {
	case "Debian", "Ubuntu", "Red Hat", "Rocky Linux", "AlmaLinux", "SUSE", "openSUSE", "Alpine", "Mageia", "openEuler", "Azure Linux":
		return true
	}
	return false
}

// packageOf is the name in a package URL of a distribution's package: pkg:deb/debian/NAME@1.
func packageOf(purl string) string {
	rest, is := strings.CutPrefix(purl, "pkg:")
	if !is {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "@")
	parts := strings.Split(rest, "/")
	switch parts[0] {
	case "deb", "rpm", "alpm", "apk":
		return parts[len(parts)-1]
	}
	return ""
}
