package driver

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// apkFiles are where apk keeps what is installed: until version 2, and since 3 on
// systems whose lib is usr/lib.
func apkFiles() []string { return []string{"lib/apk/db/installed", "usr/lib/apk/db/installed"} }

func apkOwner(ctx context.Context, fsys fs.FS, file installed) (*inventory.Package, []inventory.Gap, error) {
	for _, name := range apkFiles() {
		f, err := fsys.Open(name)
		if collect.Absent(err) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		defer f.Close()
		pkg, err := searchAPK(ctx, limited(f, statusLimit), file)
		return pkg, nil, err
	}
	return nil, nil, errNoDatabase
}

// searchAPK reads the records of packages (apk-package(5)): a letter, a colon and
// the value; P: name, V: version, F: folder, R: file in it, Z: its digest. A record
// ends with an empty line.
func searchAPK(ctx context.Context, r io.Reader, file installed) (*inventory.Package, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), lineLimit)
	var name, version, folder string
	var found *inventory.Package
	packages := 0
	for here := false; lines.Scan(); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch {
		case key == "" && found != nil:
			return found, nil
		case key == "":
			name, version, folder, here = "", "", "", false
		case key == "P":
			name = value
			packages++
		case key == "V":
			version = value
		case key == "F":
			folder, here = value, false
		case key == "R":
			if here = slices.Contains(file.names, path.Join(folder, value)) && found == nil; here {
				found = &inventory.Package{Manager: "apk"}
			}
		case key == "Z" && here:
			found.Digest = file.compare(apkDigest(value))
		}
		if found != nil {
			found.Name, found.Version = name, inventory.Fact(version)
		}
	}
	switch err := lines.Err(); {
	case found != nil:
		return found, nil
	case err != nil:
		return nil, fmt.Errorf("%w: %w", collect.ErrMalformed, err)
	case packages == 0:
		return nil, errNoDatabase
	}
	return nil, nil
}

// apkDigest reads a digest: Q1 and SHA-1 in base64, Q2 and SHA-256, or MD5 in
// hexadecimal.
func apkDigest(s string) (algorithm, digest string) {
	for prefix, algorithm := range map[string]string{"Q1": "sha1", "Q2": "sha256"} {
		if b, ok := strings.CutPrefix(s, prefix); ok {
			sum, err := base64.StdEncoding.DecodeString(b)
			if err != nil {
				return "", ""
			}
			return algorithm, hex.EncodeToString(sum)
		}
	}
	if len(s) == 32 {
		return "md5", strings.ToLower(s)
	}
	return "", ""
}
