// Package whence makes statements of a release of linux-firmware: the files that
// its WHENCE lists for a driver, by digest. WHENCE has no digests of its own; the
// signature of a release (linux-firmware-*.tar.sign) is over the whole archive,
// decompressed, and so covers both.
package whence

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/decompress"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/fwfiles"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/pgp"
)

// Format is the name of the format in provenance.
const Format = "linux-firmware"

// Caps on an archive and on what it unpacks to; releases have 0.5 and 1.5 GiB.
const (
	Limit          = 2 << 30
	SignatureLimit = 1 << 20
	dataLimit      = 8 << 30
)

// Options say what to take of a release and what to verify it with.
type Options struct {
	Drivers   []string // sections of WHENCE, by driver; none takes all
	Files     []string // patterns of files, or folders of them; none takes all
	Signature []byte   // detached, over the decompressed archive
	Keyring   *pgp.Keyring
	Now       time.Time
}

// Import reads a release.
func Import(ctx context.Context, archive *io.SectionReader, name string, o Options) (*importer.Result, error) {
	if len(o.Drivers)+len(o.Files) == 0 {
		return nil, errors.New("say which driver's files to state: --driver amdgpu, or --firmware amdgpu/navi23_*")
	}
	sum, err := importer.DigestOf(archive)
	if err != nil {
		return nil, err
	}
	r := importer.NewOf(Format, name, sum)
	var files fwfiles.Set
	text, err := read(ctx, archive, &files)
	if err != nil {
		return nil, err
	}
	entries, err := parseWhence(text)
	if err != nil {
		return nil, err
	}
	state(r, &files, entries, &o)
	if len(r.Firmware) == 0 {
		return nil, fmt.Errorf("%w: WHENCE lists no file of driver %v that %v names", importer.ErrNothing, o.Drivers, o.Files)
	}
	r.SignedBy(evidence(archive, &o))
	return r, nil
}

// read walks the archive: it returns the text of WHENCE and takes the digests of
// all other files, by their names below the release's folder.
func read(ctx context.Context, archive *io.SectionReader, files *fwfiles.Set) (string, error) {
	content, err := decompress.Open(decompress.DetectAt(archive), archive)
	if err != nil {
		return "", err
	}
	defer content.Close()
	limited, text := &io.LimitedReader{R: content, N: dataLimit}, ""
	for t := tar.NewReader(limited); ; {
		h, err := t.Next()
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case errors.Is(err, io.EOF) && text != "":
			return text, nil
		case errors.Is(err, io.EOF):
			return "", fmt.Errorf("%w: no WHENCE in its top folder", importer.ErrMalformed)
		case limited.N <= 0:
			return "", fmt.Errorf("%w: more than %d bytes", importer.ErrMalformed, int64(dataLimit))
		case err != nil:
			return "", fmt.Errorf("%w: %w", importer.ErrMalformed, err)
		}
		folder, name, ok := strings.Cut(strings.TrimPrefix(path.Clean("/"+h.Name), "/"), "/")
		switch {
		case !ok || folder == "":
		case name == "WHENCE" && text == "":
			b, err := bounded.Read(t, whenceLimit)
			if err != nil {
				return "", fmt.Errorf("WHENCE: %w: %w", importer.ErrMalformed, err)
			}
			text = string(b)
		default:
			if err := files.Add(ctx, name, h, t); err != nil {
				return "", err
			}
		}
	}
}

// state takes the entries that were asked for. A link has the version of the
// file that it leads to.
func state(r *importer.Result, files *fwfiles.Set, entries []entry, o *Options) {
	versions := map[string]string{}
	for _, e := range entries {
		if e.target == "" {
			versions[e.name] = e.version
		} else {
			files.Link(e.name, e.target)
		}
	}
	seen := map[string]bool{}
	for _, e := range entries {
		if len(o.Drivers) > 0 && !slices.Contains(o.Drivers, e.driver) || len(o.Files) > 0 && !fwfiles.Matches(o.Files, e.name) || seen[e.name] {
			continue
		}
		seen[e.name] = true
		sum, ok := files.Sum(e.name)
		if !ok {
			r.Leave("%s: WHENCE lists it, and it is not in the archive", e.name)
			continue
		}
		r.File(e.name, cmp.Or(versions[e.name], versions[e.target]), sum)
	}
}

// evidence verifies the release's signature over the archive, decompressed.
func evidence(archive *io.SectionReader, o *Options) importer.Evidence {
	e := importer.Evidence{Anchored: o.Keyring != nil, Signed: len(o.Signature) > 0, Detail: "the signature is over the whole archive, decompressed"}
	if !e.Anchored || !e.Signed {
		return e
	}
	content, err := decompress.Open(decompress.DetectAt(archive), archive)
	if err != nil {
		e.Err = err
		return e
	}
	defer content.Close()
	e.Signer, e.Err = pgp.Detached(io.LimitReader(content, dataLimit), bytes.Clone(o.Signature), o.Keyring, o.Now)
	return e
}
