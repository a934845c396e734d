// Package advisory reads what others publish of vulnerabilities, in CSAF 2.0, in OSV, and as
// CISA's list of those that are used in attacks, and adds what it says of drivers and
// packages to the data that rules compare installed versions with.
//
// Who publishes is not checked here: the data that are made count by the signature of the
// channel that carries them.
package advisory

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// Limit caps a document in bytes. CISA's list, the largest of them, has 2 MiB.
const Limit = 16 << 20

const (
	// maxFixes caps what is taken of a document, maxNotes what is said of the rest.
	maxFixes, maxNotes = 20_000, 100
	// maxProducts caps the products of a CSAF document, maxDepth its tree of them.
	maxProducts, maxDepth = 20_000, 16
)

var (
	// ErrMalformed says that a document is none of its format.
	ErrMalformed = errors.New("malformed advisory")
	// ErrFormat says that a document is of no format that is read.
	ErrFormat = errors.New("neither CSAF 2.0, OSV nor the list of known exploited vulnerabilities")
)

// Advisory is what was read of one document.
type Advisory struct {
	// Format is "csaf", "osv" or "kev".
	Format string
	// ID names it, URL is where a reader can open it, Published its day, YYYY-MM-DD. A list
	// of exploited vulnerabilities has none of them.
	ID, URL, Published string
	Fixes              []Fix
	// Exploited are ids of vulnerabilities that are known to be used in attacks.
	Exploited []string
	// Notes say what was not taken, and why.
	Notes []string
	// publisher is the namespace of whom a CSAF document is of.
	publisher string
}

// Fix is a version from which on a vulnerability is mended in a product.
type Fix struct {
	ID string
	// Product is what the document calls it, Package the name of a distribution's package,
	// where the document gives it as that.
	Product, Package string
	// From is the first version that is affected, nil where it is every one.
	From, Fixed *Version
	// Score is CVSS's of version 3; nil where there is none.
	Score *float64
}

// Read reads a document, by what it is.
func Read(document []byte) (*Advisory, error) {
	document = bytes.TrimPrefix(document, []byte("\ufeff"))
	var head struct {
		Document *struct {
			Version string `json:"csaf_version"`
		} `json:"document"`
		ID       string  `json:"id"`
		Modified string  `json:"modified"`
		Catalog  *string `json:"catalogVersion"`
	}
	if err := strictjson.Decode(document, strictjson.Limits{Bytes: Limit, Unknown: true}, &head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	switch {
	case head.Document != nil && head.Document.Version == "2.0":
		return readCSAF(document)
	case head.Document != nil:
		return nil, fmt.Errorf("%w: version %.20q of CSAF; this program reads 2.0", ErrMalformed, head.Document.Version)
	case head.Catalog != nil:
		return readKEV(document)
	case head.ID != "" && head.Modified != "":
		return readOSV(document)
	}
	return nil, ErrFormat
}

func (a *Advisory) note(format string, args ...any) {
	if len(a.Notes) < maxNotes {
		a.Notes = append(a.Notes, fmt.Sprintf(format, args...))
	}
}

// add takes a fix, within the limits.
func (a *Advisory) add(f Fix) error {
	if len(a.Fixes) == maxFixes {
		return fmt.Errorf("%w: more than %d fixed versions", ErrMalformed, maxFixes)
	}
	a.Fixes = append(a.Fixes, f)
	return nil
}

// day is the day of a time as RFC 3339 writes it; "" where it is none.
func day(s string) string {
	if len(s) < len("2026-01-02") || !isDay(s[:10]) {
		return ""
	}
	return s[:10]
}

// readKEV reads CISA's list of vulnerabilities that are known to be exploited.
func readKEV(document []byte) (*Advisory, error) {
	var list struct {
		Vulnerabilities []struct {
			ID string `json:"cveID"`
		} `json:"vulnerabilities"`
	}
	if err := strictjson.Decode(document, strictjson.Limits{Bytes: Limit, Unknown: true}, &list); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	a := &Advisory{Format: "kev"}
	for _, v := range list.Vulnerabilities {
		if !idForm.MatchString(v.ID) {
			return nil, fmt.Errorf("%w: %.40q is no id of a vulnerability", ErrMalformed, v.ID)
		}
		a.Exploited = append(a.Exploited, v.ID)
	}
	return a, nil
}
