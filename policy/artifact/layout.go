package artifact

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// IsLayout says that a folder holds an OCI image layout.
func IsLayout(folder fs.FS) bool {
	_, err := fs.Stat(folder, ocispec.ImageLayoutFile)
	return err == nil
}

// FromFolder reads an image layout in a folder. digest chooses the manifest; with
// "" there must be only one.
func FromFolder(ctx context.Context, folder fs.FS, digest string) (*Bundle, error) {
	return fromLayout(ctx, layout{open: func(name string) (io.ReadCloser, error) { return folder.Open(name) }}, digest)
}

// FromArchive reads an image layout in a tar archive that is not compressed, as
// image tools save one.
func FromArchive(ctx context.Context, name, digest string) (*Bundle, error) {
	f, err := input.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	files, err := unpack(io.LimitReader(f, archiveLimit))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArtifact, err)
	}
	return fromLayout(ctx, layout{open: func(name string) (io.ReadCloser, error) {
		text, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		return io.NopCloser(bytes.NewReader(text)), nil
	}}, digest)
}

// IsArchive says that a file is a tar archive (POSIX.1-2017, pax, ustar
// interchange format: the magic in the header of the first file).
func IsArchive(name string) bool {
	f, err := input.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 262)
	_, err = io.ReadFull(f, head)
	return err == nil && string(head[257:]) == "ustar"
}

// unpack holds the plain files of an archive in memory, within the limits.
func unpack(r io.Reader) (map[string][]byte, error) {
	files := map[string][]byte{}
	archive := tar.NewReader(r)
	for {
		h, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return files, nil
		case err != nil:
			return nil, fmt.Errorf("read tar: %w", err)
		case h.Typeflag != tar.TypeReg:
			continue
		case len(files) >= archiveFiles:
			return nil, fmt.Errorf("more than %d files", archiveFiles)
		}
		name := path.Clean(strings.TrimPrefix(h.Name, "/"))
		if _, twice := files[name]; twice {
			return nil, fmt.Errorf("%.100q is there twice", name)
		}
		if files[name], err = io.ReadAll(archive); err != nil {
			return nil, fmt.Errorf("read tar: %w", err)
		}
	}
}

type layout struct {
	open func(name string) (io.ReadCloser, error)
}

func (l layout) blob(_ context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
	r, err := l.open(path.Join(ocispec.ImageBlobsDir, d.Digest.Algorithm().String(), d.Digest.Encoded()))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArtifact, err)
	}
	return r, nil
}

// fromLayout finds the manifest in the index of a layout.
func fromLayout(ctx context.Context, l layout, digest string) (*Bundle, error) {
	var version ocispec.ImageLayout
	if err := l.document(ocispec.ImageLayoutFile, &version); err != nil {
		return nil, err
	}
	if version.Version != ocispec.ImageLayoutVersion {
		return nil, fmt.Errorf("%w: layout of version %.20q, not %s", ErrArtifact, version.Version, ocispec.ImageLayoutVersion)
	}
	var index ocispec.Index
	if err := l.document(ocispec.ImageIndexFile, &index); err != nil {
		return nil, err
	}
	if digest == "" && len(index.Manifests) != 1 {
		return nil, fmt.Errorf("%w: it holds %d manifests: choose one with @sha256:…", ErrReference, len(index.Manifests))
	}
	for _, d := range index.Manifests {
		if digest == "" || d.Digest.String() == digest {
			return bundle(ctx, l, d)
		}
	}
	return nil, fmt.Errorf("%w: it holds no manifest %s", ErrDigest, digest)
}

func (l layout) document(name string, v any) error {
	r, err := l.open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrArtifact, err)
	}
	defer r.Close()
	text, err := bounded.Read(r, manifestLimit)
	if errors.Is(err, bounded.ErrLimit) {
		err = fmt.Errorf("%w of %d bytes", err, manifestLimit)
	}
	if err == nil {
		err = strictjson.Decode(text, strictjson.Limits{Bytes: manifestLimit, Unknown: true}, v)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrArtifact, name, err)
	}
	return nil
}
