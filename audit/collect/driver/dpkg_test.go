package driver

import (
	"errors"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

const status = `Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9
Description: text
 Version: 9
 .
 Package: other

Package: libc6
Status: install ok installed
Architecture: i386
Version: 2.36-8

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: half
Status: install ok unpacked
Version: 3
`

func TestFindVersion(t *testing.T) {
	for _, tc := range []struct{ name, arch, want string }{
		{"libc6", "", "2.36-9"}, {"libc6", "amd64", "2.36-9"}, {"libc6", "i386", "2.36-8"}, {"half", "", "3"},
		{"gone", "", ""}, {"other", "", ""}, {"libc", "", ""}, {"", "", ""},
	} {
		got, err := findVersion(strings.NewReader(status), tc.name, tc.arch)
		if got != tc.want || (err == nil) != (tc.want != "") || err != nil && !errors.Is(err, collect.ErrMalformed) {
			t.Errorf("%s:%s is %q, %v; want %q", tc.name, tc.arch, got, err, tc.want)
		}
	}
	if _, err := findVersion(strings.NewReader(strings.Repeat("x", lineLimit+1)), "x", ""); !errors.Is(err, collect.ErrMalformed) {
		t.Errorf("a line without end gives %v", err)
	}
}

func TestHasLine(t *testing.T) {
	for text, want := range map[string]bool{"": false, "/a": true, "/a\n": true, "/b\n/a": true, "/a/b\n": false, "x/a\n": false, "/a/a\n": false, "/ab\n/a\n/c": true} {
		if got := hasLine([]byte(text), "/a"); got != want {
			t.Errorf("hasLine(%q) = %v", text, got)
		}
	}
}

// FuzzStatus: a version that is found is a line of the file.
func FuzzStatus(f *testing.F) {
	f.Add(status, "libc6", "i386")
	f.Add("Package: a\nVersion: 1\n\n", "a", "")
	f.Fuzz(func(t *testing.T, text, name, arch string) {
		if v, err := findVersion(strings.NewReader(text), name, arch); err == nil && (v == "" || !strings.Contains(text, v)) {
			t.Fatalf("version %q", v)
		}
	})
}
