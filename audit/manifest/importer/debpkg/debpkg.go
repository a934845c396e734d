// Package debpkg makes statements of Debian packages: the kernel modules and the
// firmware files inside, by the digest of their decompressed content. A package
// carries no signature of its own; the chain from the archive's signed Release
// file over the package index to the package stands for it.
package debpkg

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/decompress"
	"github.com/gpuaudit/gpuaudit/audit/kmod"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/fwfiles"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/pgp"
)

// Format is the name of the format in provenance.
const Format = "debian"

// Caps on a package, on what it unpacks to, on its control archive and on one
// module.
const (
	Limit        = 1 << 30
	dataLimit    = 8 << 30
	controlLimit = 64 << 20
	// A module is held in memory as it is packed and as it is unpacked.
	packedLimit = 40 << 20
	moduleLimit = 96 << 20
	// sumsLimit caps the digests of modules that a package states.
	sumsLimit = 20_000
)

const firmwareDir = "lib/firmware/"

// Options say what to take of a package and what to verify it with.
type Options struct {
	Modules  []string // kernel modules by name
	Firmware []string // patterns of firmware files, or folders of them
	// InRelease and Packages are the archive's signed Release file and package
	// index, the latter as it is or compressed.
	InRelease, Packages []byte
	Keyring             *pgp.Keyring // nil verifies nothing
	Now                 time.Time
}

// debian is a package that is being read.
type debian struct {
	sum     string
	size    int64
	control map[string]string
	md5sums map[string]string
	files   fwfiles.Set
	read    map[string]bool // paths of the modules that were read
	seen    []string        // modules of graphics drivers, to help who asks for another
	result  *importer.Result
}

// Import reads a package.
func Import(ctx context.Context, deb *io.SectionReader, name string, o Options) (*importer.Result, error) {
	if o.Keyring != nil && (len(o.InRelease) == 0 || len(o.Packages) == 0) {
		return nil, errors.New("a keyring verifies a package by way of the archive's InRelease and Packages files: give both")
	}
	if len(o.Modules)+len(o.Firmware) == 0 {
		return nil, errors.New("say which modules or firmware files of the package to state")
	}
	control, data, err := parts(deb)
	if err != nil {
		return nil, err
	}
	sum, err := importer.DigestOf(deb)
	if err != nil {
		return nil, err
	}
	p := &debian{sum: sum, size: deb.Size(), read: map[string]bool{}, result: importer.NewOf(Format, name, sum)}
	if err := p.readControl(ctx, control); err != nil {
		return nil, err
	}
	if err := p.readData(data, func(h *tar.Header, r io.Reader) error { return p.entry(ctx, &o, h, r) }); err != nil {
		return nil, err
	}
	p.firmware(&o)
	if err := p.missing(&o); err != nil {
		return nil, err
	}
	p.result.SignedBy(p.chain(ctx, &o))
	return p.result, nil
}

// readControl reads the package's name and version and its list of MD5 digests.
func (p *debian) readControl(ctx context.Context, m member) error {
	content, err := decompress.Open(decompress.DetectAt(m.data), m.data)
	if err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	defer content.Close()
	p.control, p.md5sums = map[string]string{}, map[string]string{}
	limited := &io.LimitedReader{R: decompress.Patient(ctx, content), N: controlLimit}
	for t := tar.NewReader(limited); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) && limited.N > 0 {
			break
		}
		if err == nil {
			name := path.Clean(h.Name)
			if name == "control" || name == "md5sums" {
				err = p.readLines(name, t)
			}
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case limited.N <= 0:
			return fmt.Errorf("%s: %w: more than %d bytes", m.name, importer.ErrMalformed, int64(controlLimit))
		case err != nil:
			return fmt.Errorf("%s: %w: %w", m.name, importer.ErrMalformed, err)
		}
	}
	if p.control["package"] == "" || p.control["version"] == "" {
		return fmt.Errorf("%s: %w: no package name or version", m.name, importer.ErrMalformed)
	}
	return nil
}

// fields are those of the control file that are read.
var fields = map[string]bool{"package": true, "version": true, "architecture": true}

// readLines takes what is needed of the control file, or of the digests.
func (p *debian) readLines(name string, r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, lineLimit)
	for lines.Scan() {
		line := lines.Text()
		if key, value, ok := strings.Cut(line, ":"); ok && name == "control" && fields[strings.ToLower(key)] {
			p.control[strings.ToLower(key)] = strings.TrimSpace(value)
		}
		if sum, file, ok := strings.Cut(line, "  "); ok && name == "md5sums" {
			if _, _, module := moduleName(strings.TrimPrefix(file, "usr/")); !module {
				continue
			}
			if p.md5sums[file] = sum; len(p.md5sums) > sumsLimit {
				return fmt.Errorf("digests of more than %d modules", sumsLimit)
			}
		}
	}
	return lines.Err()
}

// readData walks the archive of the package's files.
func (p *debian) readData(m member, visit func(*tar.Header, io.Reader) error) error {
	r, err := decompress.Open(decompress.DetectAt(m.data), m.data)
	if err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	defer r.Close()
	limited := &io.LimitedReader{R: r, N: dataLimit}
	for t := tar.NewReader(limited); ; {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF) && limited.N > 0:
			return nil
		case limited.N <= 0:
			return fmt.Errorf("%s: %w: more than %d bytes", m.name, importer.ErrMalformed, int64(dataLimit))
		case err != nil:
			return fmt.Errorf("%s: %w: %w", m.name, importer.ErrMalformed, err)
		}
		if err := visit(h, t); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
}

// entry takes a module or a firmware file.
func (p *debian) entry(ctx context.Context, o *Options, h *tar.Header, r io.Reader) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
	below := strings.TrimPrefix(name, "usr/")
	if file, ok := strings.CutPrefix(below, firmwareDir); ok && len(o.Firmware) > 0 {
		if h.Typeflag == tar.TypeLink { // its target is named from the top of the archive
			target := strings.TrimPrefix(path.Clean("/"+h.Linkname), "/")
			p.files.Link(file, strings.TrimPrefix(strings.TrimPrefix(target, "usr/"), firmwareDir))
			return nil
		}
		return p.files.Add(ctx, file, h, r)
	}
	module, compression, ok := moduleName(below)
	switch {
	case !ok || h.Typeflag != tar.TypeReg:
		return nil
	case !slices.ContainsFunc(o.Modules, func(m string) bool { return strings.ReplaceAll(m, "-", "_") == module }):
		if strings.Contains(below, "/gpu/drm/") && len(p.seen) < 200 {
			p.seen = append(p.seen, module)
		}
		return nil
	}
	return p.module(ctx, module, compression, name, h.Size, r)
}

// moduleName is the name of the module that a file of a package holds: the
// kernel takes a dash in it for an underscore.
func moduleName(name string) (module, compression string, ok bool) {
	if !strings.HasPrefix(name, "lib/modules/") {
		return "", "", false
	}
	base := path.Base(name)
	for _, suffix := range [...]string{"", ".xz", ".zst", ".gz"} {
		if module, ok := strings.CutSuffix(base, ".ko"+suffix); ok {
			return strings.ReplaceAll(module, "-", "_"), strings.TrimPrefix(suffix, "."), true
		}
	}
	return "", "", false
}

// module states a module's digest as a scan takes it: of the decompressed file,
// with the signature at its end.
func (p *debian) module(ctx context.Context, module, compression, name string, size int64, r io.Reader) error {
	limit := int64(moduleLimit)
	if compression != "" {
		limit = packedLimit
	}
	if size > limit || p.read[name] {
		return fmt.Errorf("%w: %.200s comes twice, or has more than %d bytes", importer.ErrMalformed, name, limit)
	}
	p.read[name] = true
	raw := make([]byte, size)
	if _, err := io.ReadFull(r, raw); err != nil {
		return fmt.Errorf("%.200s: %w: %w", name, importer.ErrMalformed, err)
	}
	sum := md5.Sum(raw)
	if recorded, ok := p.md5sums[name]; ok && recorded != hex.EncodeToString(sum[:]) {
		return fmt.Errorf("%w: %.200s is not what the package's md5sums say", importer.ErrMalformed, name)
	}
	content, err := decompress.All(ctx, compression, raw, moduleLimit)
	if err != nil {
		return fmt.Errorf("%.200s: %w", name, err)
	}
	version := p.control["version"]
	if info, err := kmod.Modinfo(content); err != nil {
		return fmt.Errorf("%.200s: %w", name, err)
	} else if info.Version != nil {
		version = *info.Version
	}
	p.result.Drivers = append(p.result.Drivers, manifest.Driver{Module: importer.Text(module), Version: importer.Text(version), SHA256: importer.Digest(content)})
	return nil
}

// firmware states the files that were asked for, also under the names of links.
func (p *debian) firmware(o *Options) {
	for _, name := range p.files.Names(o.Firmware) {
		sum, ok := p.files.Sum(name)
		if !ok {
			p.result.Leave("firmware %s: a link to a file that is in another package", name)
			continue
		}
		p.result.File(name, p.control["version"], sum)
	}
}

// missing says what was asked for and is not there.
func (p *debian) missing(o *Options) error {
	for _, m := range o.Modules {
		want := strings.ReplaceAll(m, "-", "_")
		if !slices.ContainsFunc(p.result.Drivers, func(d manifest.Driver) bool { return d.Module == want }) {
			return fmt.Errorf("%w: no module %.60q in %s %s; its graphics modules are %v", importer.ErrNothing, m, p.control["package"], p.control["version"], p.seen[:min(len(p.seen), 20)])
		}
	}
	if len(o.Firmware) > 0 && len(p.result.Firmware) == 0 {
		return fmt.Errorf("%w: no firmware file in %s %s that %v names", importer.ErrNothing, p.control["package"], p.control["version"], o.Firmware)
	}
	return nil
}
