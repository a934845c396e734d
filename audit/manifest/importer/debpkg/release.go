package debpkg

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/decompress"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/pgp"
)

// Caps on the documents of the chain.
const (
	ReleaseLimit  = 16 << 20
	PackagesLimit = 64 << 20  // as it is given; main has 10 MiB compressed, and 60 as it is
	packagesLimit = 512 << 20 // decompressed
	lineLimit     = 1 << 20
)

// chain follows the signed Release file to the package: Release names the digest
// of the Packages index, and that names the digest of the package (Debian
// repository format, https://wiki.debian.org/DebianRepository/Format).
func (p *debian) chain(ctx context.Context, o *Options) importer.Evidence {
	e := importer.Evidence{Anchored: o.Keyring != nil, Signed: len(o.InRelease) > 0}
	if !e.Signed {
		return e
	}
	text, signer, err := pgp.Clearsigned(o.InRelease, o.Keyring, o.Now)
	if err != nil {
		e.Err = fmt.Errorf("InRelease: %w", err)
		return e
	}
	rel, err := parseRelease(text)
	if err == nil {
		e.Err = p.follow(ctx, rel, o.Packages)
	} else {
		e.Err = err
	}
	e.Signer = signer
	e.Detail = fmt.Sprintf("%s %s of %s names the package index, and that the package", rel.fields["origin"], rel.fields["codename"], rel.fields["date"])
	if until := rel.fields["valid-until"]; until != "" {
		e.Detail += "; valid until " + until
	}
	return e
}

// release is a Release file.
type release struct {
	fields map[string]string
	files  []listed
}

// listed is an index of packages that a Release file names.
type listed struct {
	sum  string
	size int64
}

func parseRelease(text []byte) (release, error) {
	r := release{fields: map[string]string{}}
	section, some := "", false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if key, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") {
			section = strings.ToLower(key)
			if _, twice := r.fields[section]; twice {
				return r, fmt.Errorf("InRelease: %w: field %.40q comes twice", importer.ErrMalformed, key)
			}
			r.fields[section] = strings.TrimSpace(value)
			continue
		}
		words := strings.Fields(line)
		if section != "sha256" || len(words) != 3 {
			continue
		}
		size, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil {
			return r, fmt.Errorf("InRelease: %w: size %.20q", importer.ErrMalformed, words[1])
		}
		some = true
		// Of all that it lists, indexes of packages are looked for.
		if len(words[0]) == hex.EncodedLen(sha256.Size) && strings.Contains("/"+words[2], "/Packages") {
			r.files = append(r.files, listed{sum: words[0], size: size})
		}
	}
	if !some {
		return r, fmt.Errorf("InRelease: %w: it lists no files by SHA-256", importer.ErrMalformed)
	}
	return r, nil
}

var (
	errIndex   = errors.New("the Release file does not name this package index")
	errPackage = errors.New("the package index does not name this package")
)

// follow says whether the index is one that the Release file names, as it is or
// decompressed, and whether it names the package.
func (p *debian) follow(ctx context.Context, rel release, index []byte) error {
	content, err := decompress.NewReader(decompress.Detect(index), index)
	if err != nil {
		return fmt.Errorf("package index: %w", err)
	}
	defer content.Close()
	limited := &io.LimitedReader{R: decompress.Patient(ctx, content), N: packagesLimit + 1}
	h, size := sha256.New(), new(counter)
	both := io.TeeReader(limited, io.MultiWriter(h, size))
	found := p.named(both)
	if _, err = io.Copy(io.Discard, both); err == nil && limited.N <= 0 {
		err = fmt.Errorf("%w of %d bytes", decompress.ErrLimit, int64(packagesLimit))
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("package index: %w", err)
	case !rel.names(importer.Digest(index), int64(len(index))) && !rel.names(hex.EncodeToString(h.Sum(nil)), int64(*size)):
		return errIndex
	}
	return found
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func (r release) names(sum string, size int64) bool {
	for _, f := range r.files {
		if f.sum == sum && f.size == size {
			return true
		}
	}
	return false
}

// named looks for the stanza with the package's digest. It must be of this
// package, version and architecture: the control file inside is the package's
// own word.
func (p *debian) named(index io.Reader) error {
	scan := bufio.NewScanner(index)
	scan.Buffer(nil, lineLimit)
	stanza := map[string]string{}
	for more := true; more; {
		more = scan.Scan()
		if line := scan.Text(); more && line != "" {
			if key, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
				stanza[strings.ToLower(key)] = strings.TrimSpace(value)
			}
			continue
		}
		if stanza["sha256"] == p.sum && stanza["size"] == strconv.FormatInt(p.size, 10) {
			for _, key := range [...]string{"package", "version", "architecture"} {
				if stanza[key] != p.control[key] {
					return fmt.Errorf("%w under its own %s: %.60q, not %.60q", errPackage, key, stanza[key], p.control[key])
				}
			}
			return nil
		}
		clear(stanza)
	}
	if err := scan.Err(); err != nil {
		return fmt.Errorf("package index: %w", err)
	}
	return errPackage
}
