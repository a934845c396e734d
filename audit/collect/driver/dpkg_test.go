package driver

import (
	"bytes"
	"compress/gzip"
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

const apkSeed = "P:musl\nV:1.2.5-r0\nF:lib\nR:libc.so\nZ:Q1qvTGHdzF6KLavt4PO0gs2a6pQ00=\n\nP:linux\nV:6.6\nF:lib/modules\nM:0:0:755\nR:x.ko\na:0:0:644\nZ:Q1qvTGHdzF6KLavt4PO0gs2a6pQ00=\n\n"

func TestAPK(t *testing.T) {
	for name, tc := range map[string]struct{ text, raw, want string }{
		"digest agrees":  {apkSeed, "hello", "linux 6.6 match"},
		"digest differs": {apkSeed, "other", "linux 6.6 mismatch"},
		"no digest":      {strings.ReplaceAll(apkSeed, "Z:", "z:"), "hello", "linux 6.6 -"},
		"digest short":   {strings.ReplaceAll(apkSeed, "Q1qv", "Q1"), "hello", "linux 6.6 -"},
		"no last line":   {strings.TrimRight(apkSeed, "\n"), "hello", "linux 6.6 match"},
		"other folder":   {strings.ReplaceAll(apkSeed, "F:lib/modules", "F:lib"), "hello", "none"},
	} {
		got := "none"
		pkg, err := searchAPK(t.Context(), strings.NewReader(tc.text), installed{names: []string{"lib/modules/x.ko"}, raw: []byte(tc.raw)})
		if err != nil {
			t.Fatal(err)
		}
		if pkg != nil {
			got = pkg.Name + " " + *pkg.Version + " -"
			if pkg.Digest != nil {
				got = pkg.Name + " " + *pkg.Version + " " + *pkg.Digest
			}
		}
		if got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// FuzzAPK: a package that is found is named in the text.
func FuzzAPK(f *testing.F) {
	f.Add(apkSeed, "lib/modules/x.ko")
	f.Add("P:a\nF:\nR:b\n", "b")
	f.Fuzz(func(t *testing.T, text, name string) {
		pkg, err := searchAPK(t.Context(), strings.NewReader(text), installed{names: []string{name}})
		if err == nil && pkg != nil && !strings.Contains(text, pkg.Name) {
			t.Fatalf("package %q", pkg.Name)
		}
	})
}

// FuzzPacman: neither a description nor a list of digests brings the reader down, and
// a digest that agrees is in the list.
func FuzzPacman(f *testing.F) {
	const mtree = "#mtree\n/set type=file\n./usr/lib/a\\040b time=1.0 sha256digest=2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n"
	f.Add("%NAME%\nlinux\n\n%VERSION%\n6.1-1\n\n", mtree, "usr/lib/a b")
	f.Fuzz(func(t *testing.T, desc, list, name string) {
		if v := pacmanField([]byte(desc), "VERSION"); !strings.Contains(desc, v) {
			t.Fatalf("version %q", v)
		}
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		if _, err := w.Write([]byte(list)); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		file := installed{names: []string{name}, raw: []byte("hello")}
		digest, err := pacmanDigest(t.Context(), z.Bytes(), file)
		if sum, _ := file.digest("sha256"); err == nil && digest != nil && *digest == "match" && !strings.Contains(strings.ToLower(list), sum) && !strings.Contains(list, "md5") {
			t.Fatal("a digest agrees with one that is not there")
		}
		_, _ = pacmanDigest(t.Context(), []byte(list), file)
	})
}
