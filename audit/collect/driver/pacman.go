package driver

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// pacmanLocal has a folder for each installed package, with its description, the
// list of its files and, packed, their digests (mtree(5)).
const pacmanLocal = "var/lib/pacman/local"

func pacmanOwner(ctx context.Context, fsys fs.FS, file installed) (*inventory.Package, []inventory.Gap, error) {
	folders, err := databaseEntries(fsys, pacmanLocal, fs.DirEntry.IsDir)
	if err != nil {
		return nil, nil, err
	}
	owner, err := firstThat(ctx, fsys, folders,
		func(folder string) string { return path.Join(pacmanLocal, folder, "files") },
		func(text []byte) bool {
			_, list, _ := bytes.Cut(text, []byte("%FILES%\n"))
			list, _, _ = bytes.Cut(list, []byte("\n\n")) // %BACKUP% follows
			return file.listed(list, "")
		})
	if owner == "" {
		return nil, nil, err
	}
	pkg, gaps := describePacman(ctx, fsys, owner, file)
	return pkg, gaps, nil
}

func describePacman(ctx context.Context, fsys fs.FS, folder string, file installed) (*inventory.Package, []inventory.Gap) {
	var gaps []inventory.Gap
	missing := func(fact, source string, err error) {
		gaps = append(gaps, collect.GapFor(packageFact+"/"+fact, source, err))
	}
	pkg := &inventory.Package{Manager: "pacman", Name: folder}
	desc := path.Join(pacmanLocal, folder, "desc")
	if b, err := collect.Read(fsys, desc, lineLimit); err != nil {
		missing("version", desc, err)
	} else {
		if name := pacmanField(b, "NAME"); name != "" {
			pkg.Name = name
		}
		pkg.Version = inventory.Fact(pacmanField(b, "VERSION"))
	}
	mtree := path.Join(pacmanLocal, folder, "mtree")
	raw, err := collect.Read(fsys, mtree, listLimit)
	if err == nil {
		pkg.Digest, err = pacmanDigest(ctx, raw, file)
	}
	if err != nil && !collect.Absent(err) {
		missing("digest", mtree, err)
	}
	return pkg, gaps
}

// pacmanField is the line below %NAME%.
func pacmanField(desc []byte, name string) string {
	_, rest, found := bytes.Cut(desc, []byte("%"+name+"%\n"))
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte{'\n'})
	return string(value)
}

// pacmanDigest compares the file with its line in the packed list of digests:
// "./usr/lib/modules/... size=1 sha256digest=..." with /set lines before.
func pacmanDigest(ctx context.Context, raw []byte, file installed) (*string, error) {
	if _, err := gzip.NewReader(bytes.NewReader(raw)); err != nil {
		return nil, fmt.Errorf("%w: %w", collect.ErrMalformed, err)
	}
	var list bytes.Buffer
	if _, err := unpack(ctx, &list, "gz", raw, listLimit); err != nil {
		return nil, err
	}
	for line := range bytes.Lines(list.Bytes()) {
		fields := strings.Fields(string(line))
		if len(fields) == 0 || !slices.Contains(file.names, strings.TrimPrefix(unescape(fields[0]), "./")) {
			continue
		}
		for _, algorithm := range [...]string{"sha256", "md5"} {
			for _, f := range fields[1:] {
				if sum, ok := strings.CutPrefix(f, algorithm+"digest="); ok {
					return file.compare(algorithm, sum), nil
				}
			}
		}
	}
	return nil, nil
}

// unescape undoes the octal escapes of mtree(5).
func unescape(s string) string {
	if !strings.Contains(s, "\\") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
