package fwfiles_test

import (
	"archive/tar"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/manifest/importer/fwfiles"
)

func TestLinks(t *testing.T) {
	var s fwfiles.Set
	content := "x"
	if err := s.Add(t.Context(), "a/x.bin", &tar.Header{Typeflag: tar.TypeReg, Size: 1}, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"a/y.bin": "x.bin", "b/z.bin.xz": "../a/y.bin.xz", "loop": "loop", "out": "../../etc/shadow", "absolute": "/etc/shadow"} {
		if err := s.Add(t.Context(), name, &tar.Header{Typeflag: tar.TypeSymlink, Linkname: target}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{"a/x.bin": true, "a/y.bin": true, "b/z.bin": true, "loop": false, "out": false, "absolute": false, "none": false} {
		if _, ok := s.Sum(name); ok != want {
			t.Errorf("%s leads to a file: %v, want %v", name, ok, want)
		}
	}
	if got := s.Names([]string{"a", "b/*"}); !slices.Equal(got, []string{"a/x.bin", "a/y.bin", "b/z.bin"}) {
		t.Errorf("names are %v", got)
	}
	for _, name := range []string{"../x", "/x", ".", ""} {
		if err := s.Add(t.Context(), name, &tar.Header{Typeflag: tar.TypeReg}, strings.NewReader("")); !errors.Is(err, fwfiles.ErrMalformed) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, tc := range []struct {
		pattern, name string
		want          bool
	}{
		{"amdgpu", "amdgpu/x.bin", true}, {"amdgpu/", "amdgpu/y/x.bin", true}, {"amdgpu", "amdgpu2/x.bin", false},
		{"amdgpu/navi23_*", "amdgpu/navi23_sos.bin", true}, {"amdgpu/*", "amdgpu/y/x.bin", false}, {"[", "[", false}, {"x.bin", "x.bin", true},
	} {
		if got := fwfiles.Matches([]string{tc.pattern}, tc.name); got != tc.want {
			t.Errorf("%s matches %s: %v, want %v", tc.pattern, tc.name, got, tc.want)
		}
	}
}
