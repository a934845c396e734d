// Package artifact takes policy bundles out of OCI artifacts: out of an image
// layout in a folder or in an archive (OCI Image Format Specification v1.1,
// image-layout.md), or from a registry (OCI Distribution Specification v1.1). An
// artifact is what OPA's own downloader takes: a manifest with one layer of type
// application/vnd.oci.image.layer.v1.tar+gzip, which is the bundle.
//
// What it returns is as its digests say, and nothing more: who signed it is for
// package policy to find out, or the user pins the digest of the manifest.
package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Why an artifact is not taken.
var (
	// ErrReference: the name of an artifact cannot be understood.
	ErrReference = errors.New("invalid reference to an artifact")
	// ErrArtifact: it is no artifact with a policy bundle.
	ErrArtifact = errors.New("invalid policy artifact")
	// ErrDigest: the content is not what its digest says.
	ErrDigest = errors.New("the content is not that of its digest")
)

// Caps on what is read.
const (
	manifestLimit = 4 << 20 // the distribution specification's own advice
	layerLimit    = 16 << 20
	archiveLimit  = 64 << 20
	archiveFiles  = 1000
)

// Bundle is a policy bundle and the digest of the manifest that names it.
type Bundle struct {
	Text     []byte
	Manifest string // "sha256:…"
}

var pinForm = lazyregexp.New(`^sha256:[0-9a-f]{64}$`)

// Pin splits a name from the digest that it is pinned to: NAME@sha256:HEX. The
// digest is "" where there is none.
func Pin(name string) (bare, digest string, err error) {
	i := strings.LastIndex(name, "@sha256:")
	if i < 0 {
		return name, "", nil
	}
	if digest = name[i+1:]; !pinForm.MatchString(digest) {
		return "", "", fmt.Errorf("%w: %.80q is no digest: sha256: and 64 lower-case hexadecimal digits", ErrReference, digest)
	}
	return name[:i], digest, nil
}

// store gives the content of a descriptor: a blob of a layout, or of a registry.
type store interface {
	blob(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error)
}

// bundle follows a manifest to the one layer that is a bundle.
func bundle(ctx context.Context, s store, d ocispec.Descriptor) (*Bundle, error) {
	text, err := read(ctx, s, d, manifestLimit)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	var m ocispec.Manifest
	if err := strictjson.Decode(text, strictjson.Limits{Bytes: manifestLimit, Unknown: true}, &m); err != nil {
		return nil, fmt.Errorf("%w: manifest %s: %w", ErrArtifact, d.Digest, err)
	}
	if m.MediaType == ocispec.MediaTypeImageIndex || len(m.Layers) != 1 || m.Layers[0].MediaType != ocispec.MediaTypeImageLayerGzip {
		return nil, fmt.Errorf("%w: manifest %s has not exactly one layer of type %s", ErrArtifact, d.Digest, ocispec.MediaTypeImageLayerGzip)
	}
	layer, err := read(ctx, s, m.Layers[0], layerLimit)
	if err != nil {
		return nil, fmt.Errorf("layer: %w", err)
	}
	return &Bundle{Text: layer, Manifest: d.Digest.String()}, nil
}

// read takes the content of a descriptor, which must have its size and its
// digest. No size is believed before it is within the limit.
func read(ctx context.Context, s store, d ocispec.Descriptor, limit int64) ([]byte, error) {
	switch {
	case !pinForm.MatchString(d.Digest.String()):
		return nil, fmt.Errorf("%w: %.80q is no SHA-256 digest", ErrArtifact, d.Digest)
	case d.Size < 0 || d.Size > limit:
		return nil, fmt.Errorf("%w: %s is said to have %d bytes, and at most %d are read", ErrArtifact, d.Digest, d.Size, limit)
	}
	r, err := s.blob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, d.Size+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", d.Digest, err)
	}
	sum := sha256.Sum256(text)
	if int64(len(text)) != d.Size || "sha256:"+hex.EncodeToString(sum[:]) != d.Digest.String() {
		return nil, fmt.Errorf("%w: %s", ErrDigest, d.Digest)
	}
	return text, nil
}
