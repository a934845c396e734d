package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
)

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// verdicts are what is known of dumps by their content, by the SHA-256 of the dump.
// The collection's own label goes by words in file names, which name makers of
// memory, tools and virtual machines as often as modifications, and is not used.
type verdicts map[string]*verdictOnDump

type verdictOnDump struct {
	modified bool // otherwise nobody knows, and the dump is left out
	used     bool
}

func readVerdicts(name string) (verdicts, error) {
	records, err := readCSV(name)
	if err != nil {
		return nil, err
	}
	v := verdicts{}
	for i, r := range records {
		known := r["verdict"] == "modified" || r["verdict"] == "unknown"
		if !digestForm.MatchString(r["dump_sha256"]) || !known || r["reason"] == "" || v[r["dump_sha256"]] != nil {
			return nil, fmt.Errorf("%s row %d: a verdict is of one dump, modified or unknown, and has a reason", name, i+2)
		}
		v[r["dump_sha256"]] = &verdictOnDump{modified: r["verdict"] == "modified"}
	}
	return v, nil
}

// unused names a verdict on a dump that no row is of.
func (v verdicts) unused() error {
	for dump, d := range v {
		if !d.used {
			return fmt.Errorf("verdict on the dump %s: no sighting is of it", dump)
		}
	}
	return nil
}

// sighting keeps what tells an image again and where it was seen. Ids and sizes
// are left out: the digest stands for them.
func (v verdicts) sighting(r record) ([]catalogue.SightingRow, error) {
	if !digestForm.MatchString(r["image_sha256"]) || r["gop_authenticode_sha256"] != "" && !digestForm.MatchString(r["gop_authenticode_sha256"]) {
		return nil, fmt.Errorf("%q is no digest", r["image_sha256"])
	}
	if !digestForm.MatchString(r["dump_sha256"]) {
		return nil, fmt.Errorf("dump %q is no digest", r["dump_sha256"])
	}
	if !strings.Contains(r["source"], "@") {
		return nil, fmt.Errorf("source %q names no revision", r["source"])
	}
	modified := false
	if d := v[r["dump_sha256"]]; d != nil {
		d.used = true
		if !d.modified {
			return nil, nil
		}
		modified = true
	}
	return []catalogue.SightingRow{{Image: r["image_sha256"], Driver: known(r["gop_authenticode_sha256"]), Modified: &modified,
		Version: known(r["version"]), Part: known(r["part"]), Place: r["source"]}}, nil
}
