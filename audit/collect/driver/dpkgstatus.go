package driver

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

const (
	statusLimit = 64 << 20 // the whole file; 10 MiB on a large desktop
	lineLimit   = 1 << 20  // one line of it
)

// packageVersion looks an installed package up in dpkg's status file.
func packageVersion(fsys fs.FS, name, arch string) (string, error) {
	f, err := fsys.Open(dpkgStatus)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return findVersion(limited(f, statusLimit), name, arch)
}

// findVersion reads the stanzas of a status file (deb822(5)) up to the one of
// the package. arch is empty where only one architecture can be installed.
func findVersion(r io.Reader, name, arch string) (string, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), lineLimit)
	var s stanza
	for lines.Scan() {
		line := lines.Text()
		if line != "" {
			s.add(line)
			continue
		}
		if s.is(name, arch) {
			break
		}
		s = stanza{}
	}
	if err := lines.Err(); err != nil {
		return "", fmt.Errorf("%w: %w", collect.ErrMalformed, err)
	}
	if !s.is(name, arch) || s.version == "" {
		return "", fmt.Errorf("%w: no installed package %s", collect.ErrMalformed, name)
	}
	return s.version, nil
}

// stanza holds the fields that matter of one package.
type stanza struct{ name, arch, status, version string }

func (s *stanza) add(line string) {
	key, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	switch key {
	case "Package":
		s.name = value
	case "Architecture":
		s.arch = value
	case "Status":
		s.status = value
	case "Version":
		s.version = value
	}
}

// is matches a package whose files are on the disk: any state but these two.
func (s *stanza) is(name, arch string) bool {
	gone := strings.HasSuffix(s.status, " not-installed") || strings.HasSuffix(s.status, " config-files")
	return s.name == name && !gone && (arch == "" || s.arch == arch)
}

// limited ends one byte after the limit, so that its excess can be seen.
func limited(r io.Reader, limit int64) io.Reader { return io.LimitReader(r, limit+1) }
