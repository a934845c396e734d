// Package formats makes statements of documents in any format that an importer knows. All
// files that a format needs are read first, so that a process can give up its rights before
// the first of them is parsed.
package formats

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/corim"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/cyclonedx"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/debpkg"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/lvfs"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/ocpsafe"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/whence"
)

// Options say which part of a document is meant, and what its signature is held against.
// A format knows some of them (see [Format]).
type Options struct {
	// Devices are those that the statement is about.
	Devices []manifest.Device
	// Modules, Drivers and Firmware name what to state of packages and releases.
	Modules, Drivers, Firmware []string
	// InRelease and Packages are files of an archive of packages, Signature is one on a
	// release, and Keyring and CA are files of keys whose signature counts.
	InRelease, Packages, Signature, Keyring, CA string
	// As is what bare digests are of, Model whose values they are, and Keys are files of
	// keys whose signature on them counts.
	As, Model string
	Keys      []string
}

// Format is one that can be imported.
type Format struct {
	Name string
	// Knows are the options that not all formats know, by the names of their flags.
	Knows []string
	limit int64 // of all documents together
	load  func(o *Options, now time.Time) (parse, error)
}

// parse parses a document; all that it needs beside that was read when it was made.
type parse func(ctx context.Context, document *input.Large, name string) (*importer.Result, error)

// All are all formats, in the order of docs/import.md.
func All() []Format {
	return []Format{
		{Name: debpkg.Format, Knows: []string{"module", "firmware", "in-release", "packages", "keyring"}, limit: debpkg.Limit, load: loadDebian},
		{Name: whence.Format, Knows: []string{"driver", "firmware", "signature", "keyring"}, limit: whence.Limit, load: loadWhence},
		{Name: corim.Format, Knows: []string{"as", "model", "key"}, limit: corim.Limit, load: loadCoRIM},
		{Name: lvfs.Format, Knows: []string{"as", "ca", "keyring"}, limit: lvfs.Limit, load: loadLVFS},
		{Name: ocpsafe.Format, Knows: []string{"as", "key"}, limit: ocpsafe.Limit, load: loadOCPSafe},
		{Name: cyclonedx.Format, Knows: []string{"as", "model"}, limit: cyclonedx.Limit, load: loadCycloneDX},
	}
}

// Named is the format of a name; nil where there is none.
func Named(name string) *Format {
	all := All()
	if i := slices.IndexFunc(all, func(f Format) bool { return f.Name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

// Documents are files of one format, which are read and not parsed yet.
type Documents struct {
	parse   parse
	names   []string
	list    []*input.Large
	devices []manifest.Device
}

// Open reads the documents, and all files that the options name.
func (f *Format) Open(names []string, o *Options, now time.Time) (*Documents, error) {
	parse, err := f.load(o, now)
	if err != nil {
		return nil, err
	}
	d := &Documents{parse: parse, names: names, devices: o.Devices}
	left := f.limit
	for _, name := range names {
		document, err := input.ReadLarge(name, left)
		if err != nil {
			d.Close()
			return nil, err
		}
		d.list = append(d.list, document)
		left -= document.Size()
	}
	return d, nil
}

// Close lets go of the documents.
func (d *Documents) Close() {
	for _, document := range d.list {
		document.Close()
	}
}

// State makes an unsigned statement of the documents. One whose signature does not verify is
// refused, unless keepFailed takes it; the provenance says so then. Of each, reading is
// told before it is parsed.
func (d *Documents) State(ctx context.Context, b manifest.Baseline, keepFailed bool, reading func(name string, size int64)) (*manifest.Predicate, error) {
	var results []*importer.Result
	for n, document := range d.list {
		name := filepath.Base(d.names[n])
		reading(name, document.Size())
		r, err := d.parse(ctx, document, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.names[n], err)
		}
		if p := r.Provenance; p.Signature == manifest.SignatureFailed && !keepFailed {
			return nil, fault.AsSignature(fmt.Errorf("%s: %s; nothing was written (--keep-failed takes it as one whose signature failed)", d.names[n], p.Detail))
		}
		results = append(results, r)
	}
	return importer.Predicate(results, b, d.devices)
}

var pciForm = lazyregexp.New(`^([0-9a-f]{4}):([0-9a-f]{4})(?::([0-9a-f]{4}):([0-9a-f]{4}))?$`)

// ParseDevice reads a device by its ids, VENDOR:DEVICE or VENDOR:DEVICE:SUBVENDOR:SUBDEVICE
// in hexadecimal.
func ParseDevice(s string) (manifest.Device, error) {
	m := pciForm.FindStringSubmatch(strings.ToLower(s))
	if m == nil {
		return manifest.Device{}, fmt.Errorf("%.40q: want VENDOR:DEVICE or VENDOR:DEVICE:SUBVENDOR:SUBDEVICE, such as 1002:73ff", s)
	}
	return manifest.Device{VendorID: m[1], DeviceID: m[2], SubsystemVendorID: m[3], SubsystemDeviceID: m[4]}, nil
}
