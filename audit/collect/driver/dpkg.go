package driver

import (
	"bytes"
	"context"
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

// dpkgOwner finds the package that lists a file, and compares the file's MD5 with
// the one that the package recorded. MD5 is what dpkg records: a match says
// that the file was not damaged or replaced carelessly, not more.
func dpkgOwner(ctx context.Context, fsys fs.FS, file installed) (*inventory.Package, []inventory.Gap, error) {
	lists, err := databaseEntries(fsys, dpkgInfo, func(e fs.DirEntry) bool { return strings.HasSuffix(e.Name(), ".list") })
	if err != nil {
		return nil, nil, err
	}
	owner, err := firstThat(ctx, fsys, lists,
		func(list string) string { return path.Join(dpkgInfo, list) },
		func(text []byte) bool { return file.listed(text, "/") })
	if owner == "" {
		return nil, nil, err
	}
	pkg, gaps := describePackage(fsys, strings.TrimSuffix(owner, ".list"), file)
	return pkg, gaps, nil
}

// describePackage adds version and digest to the owner, whose list is named
// after the package, with its architecture where several may be installed.
func describePackage(fsys fs.FS, listed string, file installed) (*inventory.Package, []inventory.Gap) {
	var gaps []inventory.Gap
	missing := func(fact, source string, err error) {
		gaps = append(gaps, collect.GapFor(packageFact+"/"+fact, source, err))
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
	recorded, err := recordedMD5(fsys, sums, file.names)
	if err != nil && !collect.Absent(err) {
		missing("digest", sums, err)
	}
	pkg.Digest = file.compare("md5", recorded)
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
