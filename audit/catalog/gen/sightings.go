package main

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	sightingColumns = []string{"image_sha256", "driver_sha256", "modified", "version", "part", "place"}
	digestForm      = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// sighting keeps what tells an image again and where it was seen. Ids and sizes
// are left out: the digest stands for them.
func sighting(r record) ([][]string, error) {
	if !digestForm.MatchString(r["image_sha256"]) || r["gop_authenticode_sha256"] != "" && !digestForm.MatchString(r["gop_authenticode_sha256"]) {
		return nil, fmt.Errorf("%q is no digest", r["image_sha256"])
	}
	modified := "false"
	switch r["label"] {
	case "as published":
	case "name or chain suggests modification":
		modified = "true"
	default:
		return nil, fmt.Errorf("label %q is not known", r["label"])
	}
	if !strings.Contains(r["source"], "@") {
		return nil, fmt.Errorf("source %q names no revision", r["source"])
	}
	return [][]string{{r["image_sha256"], r["gop_authenticode_sha256"], modified, r["version"], r["part"], r["source"]}}, nil
}
