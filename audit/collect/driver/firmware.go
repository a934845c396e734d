package driver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/decompress"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	firmwareDir = "lib/firmware"
	// declaredLimit caps the files that a module may declare; amdgpu has 650.
	declaredLimit = 1024
	// fewDeclared is up to how many declared files the missing ones are listed
	// too. A driver for many chips declares hundreds, of which a distribution
	// installs a part: there only what is installed is listed.
	fewDeclared = 64
	// customPath is the firmware_class parameter that the kernel searches first.
	customPath = "sys/module/firmware_class/parameters/path"
)

// firmwareFacts are the firmware files of one module, sorted by name.
type firmwareFacts struct {
	Files []inventory.RuntimeFile `json:"files,omitempty"`
	Gaps  []inventory.Gap         `json:"gaps,omitempty"`
}

// readFirmware looks the declared files up as the kernel would (kernel
// drivers/base/firmware_loader/main.c). It says what the kernel would load
// now; what it loaded at boot, perhaps from the initial ramdisk, left no trace.
func readFirmware(ctx context.Context, fsys fs.FS, release string, declared []string) (firmwareFacts, error) {
	var facts firmwareFacts
	dirs, gaps := searchPath(fsys, release)
	facts.Gaps = gaps
	names := slices.Compact(slices.Sorted(slices.Values(declared)))
	if len(names) > declaredLimit {
		facts.Gaps = append(facts.Gaps, collect.GapFor("/firmware/runtime", firmwareDir,
			fmt.Errorf("%w: %d files declared, the first %d were looked for", collect.ErrLimit, len(names), declaredLimit)))
		names = names[:declaredLimit]
	}
	var unread []inventory.Gap
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return firmwareFacts{}, err
		}
		file, err := firmwareFile(ctx, fsys, dirs, name)
		switch {
		case err == nil:
			facts.Files = append(facts.Files, file)
		case !errors.Is(err, errNone):
			unread = append(unread, collect.GapFor("/firmware/runtime", path.Join(firmwareDir, name), err))
		case len(names) <= fewDeclared && len(dirs) > 0:
			facts.Files = append(facts.Files, inventory.RuntimeFile{Name: name})
		}
	}
	if ctx.Err() != nil {
		return firmwareFacts{}, ctx.Err()
	}
	if len(dirs) == 0 {
		facts.Gaps = append(facts.Gaps, collect.GapFor("/firmware/runtime", firmwareDir, fs.ErrNotExist))
	}
	facts.Gaps = append(facts.Gaps, limitGaps(unread, "/firmware/runtime", firmwareDir)...)
	return facts, nil
}

// digestFirmware digests the content of a file, and says how long it is. A compressed one
// is held in memory, as its reader needs.
func digestFirmware(ctx context.Context, h io.Writer, fsys fs.FS, name, compression string) (int64, error) {
	if compression != "" {
		raw, err := readFile(ctx, fsys, name, packedLimit)
		if err != nil {
			return 0, err
		}
		return unpack(ctx, h, compression, raw, firmwareLimit)
	}
	f, err := openFile(fsys, name, firmwareLimit)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n, err := io.Copy(h, io.LimitReader(decompress.Patient(ctx, f), firmwareLimit+1))
	if err == nil && n > firmwareLimit {
		err = fmt.Errorf("%w of %d bytes", collect.ErrLimit, int64(firmwareLimit))
	}
	return n, err
}

// searchPath lists the firmware folders that exist, in the kernel's order.
func searchPath(fsys fs.FS, release string) ([]string, []inventory.Gap) {
	var gaps []inventory.Gap
	dirs := []string{
		path.Join(firmwareDir, "updates", release), path.Join(firmwareDir, "updates"),
		path.Join(firmwareDir, release), firmwareDir,
	}
	custom, err := collect.Attr(fsys, customPath)
	switch {
	case err != nil && !collect.Absent(err):
		gaps = append(gaps, collect.GapFor("/firmware/runtime", customPath, err))
	case custom != "":
		custom = path.Clean(strings.TrimLeft(custom, "/"))
		if fs.ValidPath(custom) {
			dirs = append([]string{custom}, dirs...)
		} else {
			gaps = append(gaps, collect.GapFor("/firmware/runtime", customPath, fmt.Errorf("%w: %.80q leaves the root", collect.ErrMalformed, custom)))
		}
	}
	return slices.DeleteFunc(dirs, func(dir string) bool {
		_, err := fs.Stat(fsys, dir)
		return err != nil
	}), gaps
}

// firmwareFile finds one file, plain before compressed, and digests its content.
func firmwareFile(ctx context.Context, fsys fs.FS, dirs []string, name string) (inventory.RuntimeFile, error) {
	file := inventory.RuntimeFile{Name: name}
	if !fs.ValidPath(name) || name == "." {
		return file, fmt.Errorf("%w: declared name %.80q leaves the folder", collect.ErrMalformed, name)
	}
	for _, compression := range [...]string{"", "zst", "xz"} {
		for _, dir := range dirs {
			at := path.Join(dir, name)
			if compression != "" {
				at += "." + compression
			}
			h := sha256.New()
			n, err := digestFirmware(ctx, h, fsys, at, compression)
			if collect.Absent(err) {
				continue
			}
			if err != nil {
				return file, err
			}
			file.Path, file.Compression = &at, inventory.Fact(compression)
			file.Bytes, file.SHA256 = new(uint64(n)), new(hex.EncodeToString(h.Sum(nil)))
			return file, nil
		}
	}
	return file, fmt.Errorf("firmware %s: %w", name, errNone)
}
