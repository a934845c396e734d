package importer

import (
	"encoding/hex"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// Digests are the digests that a document states of one thing, by algorithm.
// Those that a manifest cannot hold are kept to be named.
type Digests struct {
	SHA256, SHA384 string
	others         []string
}

// Add takes a digest. One of another length than its algorithm has is a fault
// of the document, as is a second one of the same algorithm.
func (d *Digests) Add(algorithm string, value []byte) error {
	lengths := map[string]int{"sha-256": 32, "sha-384": 48, "sha-512": 64}
	want, known := lengths[algorithm]
	if known && len(value) != want {
		return fmt.Errorf("%w: a %s digest of %d bits", ErrMalformed, algorithm, len(value)*8)
	}
	slot := map[string]*string{"sha-256": &d.SHA256, "sha-384": &d.SHA384}[algorithm]
	if slot == nil {
		d.others = append(d.others, algorithm)
		return nil
	}
	text := hex.EncodeToString(value)
	if *slot != "" && *slot != text {
		return fmt.Errorf("%w: two %s digests of one thing", ErrMalformed, algorithm)
	}
	*slot = text
	return nil
}

// Component states what a document says of one component, as the kind of
// firmware that the user says it is: most formats do not tell what their digests
// are of, and a digest of a part would never match the whole.
func (r *Result) Component(kind, name, version string, d Digests) {
	if version = Text(version); version == "" {
		version = "unknown"
	}
	switch {
	case d.SHA256 == "" && d.SHA384 == "":
		r.Leave("%s %s: no SHA-256 and no SHA-384 digest, but %v", name, version, d.others)
	case kind == manifest.OptionROM:
		r.Firmware = append(r.Firmware, manifest.Firmware{Kind: kind, Version: version, SHA256: d.SHA256, SHA384: d.SHA384})
	case d.SHA256 == "":
		r.Leave("%s %s: no SHA-256, by which installed files are compared", name, version)
	default:
		r.File(name, version, d.SHA256)
	}
}

// ParseKind reads what the user says that a document's digests are of.
func ParseKind(s string) (string, error) {
	switch s {
	case manifest.OptionROM, manifest.RuntimeFile:
		return s, nil
	case "":
		return "", fmt.Errorf("the document does not say what its digests are of: say --as %s if they are of the whole ROM that a scan reads, or --as %s if they are of files that the driver loads", manifest.OptionROM, manifest.RuntimeFile)
	}
	return "", fmt.Errorf("unknown kind %.40q: it is %s or %s", s, manifest.OptionROM, manifest.RuntimeFile)
}
