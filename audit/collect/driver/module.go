package driver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/decompress"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/kmod"
)

// Caps on a file as it is on the disk, on one that is compressed, and on the content of
// a compressed module: they are held in memory. The largest known are NVIDIA's module
// and GSP firmware, below 128 MiB as they are, and below 30 compressed.
const (
	fileLimit    = 144 << 20
	packedLimit  = 40 << 20
	contentLimit = 96 << 20
	// firmwareLimit caps the content of a firmware file, which is not held.
	firmwareLimit = 256 << 20
)

// moduleFacts is what a module's file says. A capture carries it in place of
// the file, with what could not be read.
type moduleFacts struct {
	File *inventory.ModuleFile `json:"file,omitempty"`
	// Firmware are the declared firmware files, as declared.
	Firmware []string        `json:"firmware,omitempty"`
	Gaps     []inventory.Gap `json:"gaps,omitempty"`
}

// readModule gathers all facts of a module's file. The error is the reader's
// own end of time; everything else is a gap, so that it can be recorded.
func readModule(ctx context.Context, fsys fs.FS, name string) (moduleFacts, error) {
	var facts moduleFacts
	missing := func(fact string, err error) {
		facts.Gaps = append(facts.Gaps, collect.GapFor(fact, name, err))
	}
	_, compression := splitCompression(name)
	limit := int64(fileLimit)
	if compression != "" {
		limit = packedLimit
	}
	raw, err := readFile(ctx, fsys, name, limit)
	if ctx.Err() != nil {
		return facts, ctx.Err()
	}
	if err != nil {
		missing("/driver/module/file", err)
		return facts, nil
	}
	content := raw
	if compression != "" {
		content, err = inflate(ctx, compression, raw)
	}
	if ctx.Err() != nil {
		return facts, ctx.Err()
	}
	f := &inventory.ModuleFile{Path: name, Bytes: uint64(len(raw)), SHA256: digest(raw), Compression: inventory.Fact(compression)}
	facts.File = f
	if err != nil {
		for _, fact := range [...]string{"/driver/module/file/content_sha256", "/driver/module/file/signature", "/driver/module/file/version"} {
			missing(fact, err)
		}
	} else {
		facts.describe(content, missing)
	}
	facts.own(ctx, fsys, raw)
	return facts, ctx.Err()
}

// describe adds what the decompressed module says of itself.
func (m *moduleFacts) describe(content []byte, missing func(string, error)) {
	f := m.File
	f.ContentSHA256 = f.SHA256
	if f.Compression != nil {
		f.ContentSHA256 = digest(content)
	}
	if sig, err := readSignature(content); err != nil {
		f.Signature = &sig
		missing("/driver/module/file/signature/signer", err)
	} else {
		f.Signature = &sig
	}
	if id, err := kmod.BuildID(content); err != nil {
		missing("/driver/module/file/build_id", named(err))
	} else {
		f.BuildID = inventory.Fact(id)
	}
	info, err := readModinfo(content)
	if err != nil {
		missing("/driver/module/file/version", err)
		return
	}
	f.Version, f.SrcVersion, f.License, f.VerMagic = info.Version, info.SrcVersion, info.License, info.VerMagic
	f.InTree = &info.InTree
	m.Firmware = info.Firmware
}

// readFile reads a file of at most limit bytes and stops when time is up.
func readFile(ctx context.Context, fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := openFile(fsys, name, limit)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := bounded.Read(patient{f, decompress.Patient(ctx, f)}, limit)
	if errors.Is(err, bounded.ErrLimit) {
		return nil, fmt.Errorf("%w of %d bytes", collect.ErrLimit, limit)
	}
	return b, err
}

// patient is a file that is read until the caller's time is up.
type patient struct {
	fs.File
	r io.Reader
}

func (p patient) Read(b []byte) (int, error) { return p.r.Read(b) }

// openFile opens a plain file of at most limit bytes.
func openFile(fsys fs.FS, name string, limit int64) (fs.File, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	switch {
	case err != nil:
	case !st.Mode().IsRegular():
		err = fmt.Errorf("%w: not a regular file", collect.ErrMalformed)
	case st.Size() > limit:
		err = fmt.Errorf("%w of %d bytes", collect.ErrLimit, limit)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func inflate(ctx context.Context, compression string, raw []byte) ([]byte, error) {
	b, err := decompress.All(ctx, compression, raw, contentLimit)
	return b, named(err)
}

// unpack is decompress.Copy with the collectors' names for what went wrong.
func unpack(ctx context.Context, w io.Writer, compression string, data []byte, limit int64) (int64, error) {
	n, err := decompress.Copy(ctx, w, compression, data, limit)
	return n, named(err)
}

// readModinfo is kmod.Modinfo with the collectors' names for what went wrong.
func readModinfo(content []byte) (kmod.Info, error) {
	info, err := kmod.Modinfo(content)
	return info, named(err)
}

func named(err error) error {
	switch {
	case errors.Is(err, decompress.ErrLimit) || errors.Is(err, kmod.ErrLimit):
		return fmt.Errorf("%w: %w", collect.ErrLimit, err)
	case errors.Is(err, decompress.ErrMalformed) || errors.Is(err, kmod.ErrMalformed):
		return fmt.Errorf("%w: %w", collect.ErrMalformed, err)
	}
	return err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
