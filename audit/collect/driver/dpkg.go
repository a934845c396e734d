package driver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	dpkgInfo   = "var/lib/dpkg/info"
	dpkgStatus = "var/lib/dpkg/status"
	// listLimit caps one package's list of files; 8 MiB is the most seen.
	listLimit = 64 << 20
	// listsLimit caps the number of packages.
	listsLimit = 100_000
)

// errNoDatabase says that there is no dpkg database to ask.
var errNoDatabase = errors.New("no dpkg database")

func noDatabase(err error) inventory.Gap {
	g := collect.GapFor("/driver/module/file/package", dpkgInfo, err)
	if errors.Is(err, errNoDatabase) {
		g.Reason = inventory.ReasonNotSupported
	}
	return g
}

// owner finds the package that lists a file, and compares the file's MD5 with
// the one that the package recorded. MD5 is what dpkg records: a match says
// that the file was not damaged or replaced carelessly, not more. A nil package
// with a nil error means that every list was read and none has the file.
func owner(ctx context.Context, fsys fs.FS, name, md5 string) (*inventory.Package, []inventory.Gap, error) {
	lists, err := packageLists(fsys)
	if err != nil {
		return nil, nil, err
	}
	names := aliases(fsys, name)
	var buf bytes.Buffer
	var unread error
	for _, list := range lists {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		err := readInto(&buf, fsys, path.Join(dpkgInfo, list), listLimit)
		if err != nil {
			unread = errors.Join(unread, fmt.Errorf("%s: %w", list, err))
			continue
		}
		if slices.ContainsFunc(names, func(n string) bool { return hasLine(buf.Bytes(), "/"+n) }) {
			pkg, gaps := describePackage(fsys, strings.TrimSuffix(list, ".list"), names, md5)
			return pkg, gaps, nil
		}
	}
	return nil, nil, unread
}

// packageLists returns the names of the lists, those of kernels and drivers
// first: what is found early need not be looked for in thousands of others.
func packageLists(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, dpkgInfo)
	if collect.Absent(err) {
		return nil, errNoDatabase
	}
	if err != nil {
		return nil, err
	}
	var likely, others []string
	for _, e := range entries {
		switch n := e.Name(); {
		case !strings.HasSuffix(n, ".list"):
		case strings.HasPrefix(n, "linux-") || strings.Contains(n, "nvidia") || strings.Contains(n, "amdgpu"):
			likely = append(likely, n)
		default:
			others = append(others, n)
		}
	}
	lists := append(likely, others...)
	switch {
	case len(lists) == 0:
		return nil, errNoDatabase
	case len(lists) > listsLimit:
		return nil, fmt.Errorf("%w of %d packages", collect.ErrLimit, listsLimit)
	}
	return lists, nil
}

// aliases are the names under which a package may list a file: where lib is a
// link to usr/lib, packages built before that still say lib.
func aliases(fsys fs.FS, name string) []string {
	names := []string{name}
	target, err := fs.ReadLink(fsys, "lib")
	if err != nil || path.Clean(strings.TrimPrefix(target, "/")) != "usr/lib" {
		return names
	}
	if rest, ok := strings.CutPrefix(name, "usr/lib/"); ok {
		return append(names, "lib/"+rest)
	}
	if strings.HasPrefix(name, "lib/") {
		return append(names, "usr/"+name)
	}
	return names
}

func readInto(buf *bytes.Buffer, fsys fs.FS, name string, limit int64) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	buf.Reset()
	n, err := buf.ReadFrom(limited(f, limit))
	if err == nil && n > limit {
		err = fmt.Errorf("%w of %d bytes", collect.ErrLimit, limit)
	}
	return err
}

// hasLine says that one of the lines of text is exactly this.
func hasLine(text []byte, line string) bool {
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(line))
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(line)
		if (start == 0 || text[start-1] == '\n') && (end == len(text) || text[end] == '\n') {
			return true
		}
		at = end
	}
}

// describePackage adds version and digest to the owner, whose list is named
// after the package, with its architecture where several may be installed.
func describePackage(fsys fs.FS, listed string, names []string, md5 string) (*inventory.Package, []inventory.Gap) {
	var gaps []inventory.Gap
	missing := func(fact, source string, err error) {
		gaps = append(gaps, collect.GapFor("/driver/module/file/package/"+fact, source, err))
	}
	name, arch, _ := strings.Cut(listed, ":")
	pkg := &inventory.Package{Manager: "dpkg", Name: name}
	version, err := packageVersion(fsys, name, arch)
	if err != nil {
		missing("version", dpkgStatus, err)
	} else {
		pkg.Version = &version
	}
	sums := path.Join(dpkgInfo, listed+".md5sums")
	switch recorded, err := recordedMD5(fsys, sums, names); {
	case err == nil && recorded == md5:
		pkg.Digest = new("match")
	case err == nil && recorded != "":
		pkg.Digest = new("mismatch")
	case err != nil && !collect.Absent(err):
		missing("digest", sums, err)
	}
	return pkg, gaps
}

// recordedMD5 looks a file up in a package's md5sums: 32 hexadecimal digits,
// two spaces and the path without leading slash. It is empty if not recorded.
func recordedMD5(fsys fs.FS, sums string, names []string) (string, error) {
	b, err := collect.Read(fsys, sums, listLimit)
	if err != nil {
		return "", err
	}
	for line := range bytes.Lines(b) {
		sum, name, found := strings.Cut(strings.TrimSuffix(string(line), "\n"), "  ")
		if found && slices.Contains(names, name) {
			return strings.ToLower(sum), nil
		}
	}
	return "", nil
}
