// Package importer turns what others publish in other formats into statements of
// manifests. Each folder below is one format. What an adapter makes is unsigned:
// the signature of the original is checked where that is possible, its verdict
// is kept as provenance, and nothing of it becomes a signature of the manifest.
package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// Failures of an import. That a signature does not verify is none of them: it
// is the verdict of the provenance.
var (
	// ErrMalformed: the document is not of the format, or broken.
	ErrMalformed = errors.New("malformed document")
	// ErrNothing: the document holds nothing that a manifest can state.
	ErrNothing = errors.New("nothing in it that a manifest can state")
)

// Result is what one document states, and where that comes from.
type Result struct {
	// Devices are the PCI ids that the document itself names; most name none.
	Devices    []manifest.Device
	Firmware   []manifest.Firmware
	Drivers    []manifest.Driver
	Provenance manifest.Import
}

// maxNotes caps the notes of what was left out.
const maxNotes = 64

// NotTaken names the first of what was left out, to be added to an error; "" where
// nothing was.
func (r *Result) NotTaken() string {
	left := r.Provenance.Unmapped
	if len(left) == 0 {
		return ""
	}
	return "; not taken: " + strings.Join(left[:min(len(left), 3)], "; ")
}

// New begins the result of a document of a format.
func New(format, name string, document []byte) *Result {
	return NewOf(format, name, Digest(document))
}

// NewOf is [New] of a document that is not held in memory, by its SHA-256.
func NewOf(format, name, sum string) *Result {
	return &Result{Provenance: manifest.Import{Format: format, File: Text(name), SHA256: sum, Signature: manifest.SignatureUnsigned}}
}

// DigestOf is the SHA-256 of a document that is not held in memory.
func DigestOf(document *io.SectionReader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(document, 0, document.Size())); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// File states a run-time firmware file, unless a manifest cannot hold its name.
func (r *Result) File(name, version, sha256 string) {
	if Text(name) != name || !fs.ValidPath(name) || name == "." {
		r.Leave("file %q: its name fits in no manifest", name)
		return
	}
	if version = Text(version); version == "" {
		version = "unknown"
	}
	r.Firmware = append(r.Firmware, manifest.Firmware{Kind: manifest.RuntimeFile, Version: version, File: name, SHA256: sha256})
}

// Leave notes a part of the document that is not taken. Of many notes the first
// stay, and the last one says that there are more.
func (r *Result) Leave(format string, args ...any) {
	note := Text(fmt.Sprintf(format, args...))
	list := r.Provenance.Unmapped
	switch {
	case note == "" || slices.Contains(list, note):
	case len(list) < maxNotes-1:
		r.Provenance.Unmapped = append(list, note)
	case len(list) == maxNotes-1:
		r.Provenance.Unmapped = append(list, "and more that is not listed here")
	}
}

// Evidence is what was found of a document's signature.
type Evidence struct {
	Anchored bool   // the user named keys or certificates to verify with
	Signed   bool   // the document carries a signature
	Signer   string // who made it, if it verified
	Err      error  // why it did not
	Detail   string // what a verified or unchecked signature rests on
}

// SignedBy says what the signature of the document was found to be. Whoever names a key
// wants it verified: then a missing signature and one by another key have failed. Without
// a key nothing was verified, however good it looks.
func (r *Result) SignedBy(e Evidence) {
	p := &r.Provenance
	p.Signer, p.Detail = "", Text(e.Detail)
	switch {
	case e.Anchored && !e.Signed:
		p.Signature, p.Detail = manifest.SignatureFailed, "a key was given to verify it with, and it carries no signature"
	case e.Anchored && e.Err != nil:
		p.Signature, p.Detail = manifest.SignatureFailed, Text(e.Err.Error())
	case e.Anchored && e.Signer == "":
		p.Signature, p.Detail = manifest.SignatureFailed, "nobody is known to have signed it"
	case e.Anchored:
		p.Signature, p.Signer = manifest.SignatureVerified, Text(e.Signer)
	case e.Signed:
		p.Signature = manifest.SignatureUnverified
		if e.Err != nil {
			p.Detail = Text("and not as it should be: " + e.Err.Error())
		}
	default:
		p.Signature, p.Detail = manifest.SignatureUnsigned, ""
	}
}

// Predicate joins results into one manifest, about the given devices or, if
// there are none, those that the documents name.
func Predicate(results []*Result, b manifest.Baseline, devices []manifest.Device) (*manifest.Predicate, error) {
	p := &manifest.Predicate{Name: b.Name, Sequence: b.Sequence, Vendor: b.Vendor, Issued: b.Issued, Expires: b.Expires, Status: manifest.Active, Devices: devices}
	for _, r := range results {
		if len(devices) == 0 {
			p.Devices = union(p.Devices, r.Devices)
		}
		for _, f := range r.Firmware {
			if !slices.ContainsFunc(p.Firmware, func(have manifest.Firmware) bool { return have.String() == f.String() }) {
				p.Firmware = append(p.Firmware, f)
			}
		}
		p.Drivers = union(p.Drivers, r.Drivers)
		p.Imported = append(p.Imported, r.Provenance)
	}
	if len(p.Devices) == 0 {
		return nil, fmt.Errorf("%w about PCI devices: name them with --pci VENDOR:DEVICE", ErrNothing)
	}
	if len(p.Firmware)+len(p.Drivers) == 0 {
		return nil, ErrNothing
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", manifest.ErrInvalid, err)
	}
	return p, nil
}

func union[T comparable](list, more []T) []T {
	for _, e := range more {
		if !slices.Contains(list, e) {
			list = append(list, e)
		}
	}
	return list
}

// Text makes a text of a document fit for a manifest.
func Text(s string) string {
	words := strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	return manifest.Printable(strings.Join(words, " "))
}

// Digest is the SHA-256 of bytes in hexadecimal.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
