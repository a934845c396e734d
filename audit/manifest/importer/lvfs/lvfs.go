// Package lvfs makes statements of firmware archives as the Linux Vendor Firmware
// Service publishes them: a cabinet with payloads, AppStream metadata and a Jcat
// file of signatures. A payload that is an option ROM is stated as a scan reads
// it from a card: whole, by its stable digest and by its images.
package lvfs

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/pgp"
)

// Format is the name of the format in provenance.
const Format = "lvfs"

// Limit caps an archive.
const Limit = 64 << 20

// Options say what to verify an archive with, and what payloads are that are no
// option ROM.
type Options struct {
	Kind    string            // "" leaves them out: importer.ParseKind
	Devices []manifest.Device // what the statement is about
	CA      *x509.CertPool
	Keyring *pgp.Keyring
	Now     time.Time
}

// Import reads an archive.
func Import(cabinet []byte, name string, o Options) (*importer.Result, error) {
	files, err := readCabinet(cabinet)
	if err != nil {
		return nil, err
	}
	r := importer.New(Format, name, cabinet)
	signatures := &jcat{}
	var metas []string
	for _, file := range slices.Sorted(maps.Keys(files)) {
		switch {
		case strings.HasSuffix(file, ".metainfo.xml"):
			metas = append(metas, file)
		case strings.HasSuffix(file, ".jcat"):
			more, err := parseJcat(files[file])
			if err != nil {
				return nil, err
			}
			signatures.Items = append(signatures.Items, more.Items...)
		}
	}
	if len(metas) == 0 {
		return nil, fmt.Errorf("%w: no .metainfo.xml in the archive", importer.ErrMalformed)
	}
	a := archive{files: files, jcat: signatures, o: &o, result: r}
	for _, meta := range metas {
		if err := a.component(meta); err != nil {
			return nil, err
		}
	}
	if len(r.Firmware) == 0 {
		return nil, fmt.Errorf("%w: %s", importer.ErrNothing, strings.Join(r.Provenance.Unmapped, "; "))
	}
	r.SignedBy(a.evidence())
	return r, nil
}

// archive is a cabinet that is being read.
type archive struct {
	files  map[string][]byte
	jcat   *jcat
	o      *Options
	result *importer.Result
	used   []string // files that something was taken from
}

// component states the payloads of one component.
func (a *archive) component(meta string) error {
	m, err := parseMetainfo(a.files[meta])
	if err != nil {
		return fmt.Errorf("%.80q: %w", meta, err)
	}
	for _, p := range m.payloads(a.files) {
		content := a.files[p.name]
		for _, sum := range p.sha256 {
			if sum != importer.Digest(content) {
				return fmt.Errorf("%.80q: %w: %.80q is not what the metainfo's checksum says", meta, importer.ErrMalformed, p.name)
			}
		}
		for _, name := range []string{meta, p.name} {
			if err := a.jcat.digests(name, a.files[name]); err != nil {
				return err
			}
		}
		if a.state(p, content) {
			a.used = append(a.used, meta, p.name)
		}
	}
	for _, d := range a.o.Devices {
		if !forDevices(m.Provides, d) {
			a.result.Leave("%s:%s is none of the devices that %s is for by its GUIDs: %s", d.VendorID, d.DeviceID, m.ID, strings.Join(m.Provides[:min(len(m.Provides), 2)], ", "))
		}
	}
	return nil
}

// state takes a payload, and says whether there was anything to take.
func (a *archive) state(p payload, content []byte) bool {
	version := cmp.Or(importer.Text(p.version), "unknown")
	rom := firmware.Parse(content)
	switch {
	case len(rom.Images) > 0:
		f := manifest.FromROM(rom)
		f.Version = version
		a.result.Firmware = append(a.result.Firmware, f)
	case a.o.Kind == manifest.OptionROM:
		a.result.Firmware = append(a.result.Firmware, manifest.Firmware{Kind: manifest.OptionROM, Version: version, SHA256: rom.SHA256, SHA384: rom.SHA384})
	case a.o.Kind == manifest.RuntimeFile:
		a.result.File(p.name, version, rom.SHA256)
	default:
		a.result.Leave("%s %s is no option ROM: say with --as what it is of the device", p.name, p.version)
		return false
	}
	return true
}

// evidence verifies a signature over each file that something was taken from.
func (a *archive) evidence() importer.Evidence {
	e := importer.Evidence{Anchored: a.o.CA != nil || a.o.Keyring != nil, Signed: true, Detail: "Jcat signatures over payload and metainfo"}
	var signers []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(a.used))) {
		e.Signed = e.Signed && a.jcat.signed(name)
		if !e.Anchored {
			continue
		}
		signer, err := a.jcat.verify(name, a.files[name], a.o.CA, a.o.Keyring, a.o.Now)
		if err != nil && e.Err == nil {
			e.Err = err
		}
		signers = append(signers, signer)
	}
	e.Signer = strings.Join(slices.Compact(slices.Sorted(slices.Values(signers))), ", ")
	return e
}
