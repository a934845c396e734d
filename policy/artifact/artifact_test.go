package artifact_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gpuaudit/gpuaudit/policy/artifact"
)

// image is an artifact with these layers, made by another implementation of the
// specifications than the one under test.
func image(t testing.TB, kind types.MediaType, layers ...string) (v1.Image, string) {
	t.Helper()
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, text := range layers {
		var err error
		if img, err = mutate.AppendLayers(img, static.NewLayer([]byte(text), kind)); err != nil {
			t.Fatal(err)
		}
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return img, digest.String()
}

// folder is a layout of artifacts.
func folder(t testing.TB, images ...v1.Image) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	l, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	for _, img := range images {
		if err := l.AppendImage(img); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func archived(t testing.TB, dir string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "layout.tar")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPin(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for text, want := range map[string][2]string{
		"policy":                        {"policy", ""},
		"policy@" + digest:              {"policy", digest},
		"oci://host/repo:tag@" + digest: {"oci://host/repo:tag", digest},
		"user@host":                     {"user@host", ""},
	} {
		bare, got, err := artifact.Pin(text)
		if err != nil || bare != want[0] || got != want[1] {
			t.Errorf("%s: %q %q %v", text, bare, got, err)
		}
	}
	for _, text := range []string{"policy@sha256:abc", "policy@sha256:" + strings.Repeat("A", 64)} {
		if _, _, err := artifact.Pin(text); !errors.Is(err, artifact.ErrReference) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestLayouts(t *testing.T) {
	one, first := image(t, types.OCILayer, "the bundle")
	two, second := image(t, types.OCILayer, "another bundle")
	both := folder(t, one, two)
	for _, tc := range []struct{ dir, digest, want string }{
		{folder(t, one), "", "the bundle"}, {both, first, "the bundle"}, {both, second, "another bundle"},
	} {
		for form, take := range map[string]func() (*artifact.Bundle, error){
			"folder": func() (*artifact.Bundle, error) {
				return artifact.FromFolder(context.Background(), os.DirFS(tc.dir), tc.digest)
			},
			"archive": func() (*artifact.Bundle, error) {
				return artifact.FromArchive(context.Background(), archived(t, tc.dir), tc.digest)
			},
		} {
			b, err := take()
			if err != nil || string(b.Text) != tc.want || tc.digest != "" && b.Manifest != tc.digest {
				t.Errorf("%s %s: %+v %v", form, tc.digest, b, err)
			}
		}
	}
	if !artifact.IsArchive(archived(t, both)) || artifact.IsArchive(filepath.Join(both, "index.json")) || artifact.IsArchive("missing") {
		t.Error("an archive is not told from another file")
	}
	if !artifact.IsLayout(os.DirFS(both)) || artifact.IsLayout(os.DirFS(t.TempDir())) {
		t.Error("a layout is not told from a folder")
	}
}

// TestLayoutRefusals: what is not as its digest says, not there, or no bundle.
func TestLayoutRefusals(t *testing.T) {
	one, first := image(t, types.OCILayer, "the bundle")
	two, second := image(t, types.OCILayer, "another bundle")
	none, _ := image(t, types.OCILayer)
	several, _ := image(t, types.OCILayer, "one", "two")
	docker, _ := image(t, types.DockerLayer, "the bundle")
	blob := func(dir, digest string) string {
		return filepath.Join(dir, "blobs/sha256", strings.TrimPrefix(digest, "sha256:"))
	}
	layers, err := one.Layers()
	if err != nil {
		t.Fatal(err)
	}
	layer, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(dir string) error) string {
		dir := folder(t, one)
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	write := func(name, text string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600) }
	}
	for name, tc := range map[string]struct {
		dir, digest string
		want        error
	}{
		"two manifests, none chosen": {folder(t, one, two), "", artifact.ErrReference},
		"no manifest":                {folder(t), "", artifact.ErrReference},
		"another manifest":           {folder(t, one), second, artifact.ErrDigest},
		"no layer":                   {folder(t, none), "", artifact.ErrArtifact},
		"two layers":                 {folder(t, several), "", artifact.ErrArtifact},
		"a layer of Docker's type":   {folder(t, docker), "", artifact.ErrArtifact},
		"changed layer":              {with(func(dir string) error { return os.WriteFile(blob(dir, layer.String()), []byte("the bungle"), 0o600) }), "", artifact.ErrDigest},
		"longer layer": {with(func(dir string) error {
			return os.WriteFile(blob(dir, layer.String()), []byte("the bundle and more"), 0o600)
		}), "", artifact.ErrDigest},
		"layer missing": {with(func(dir string) error { return os.Remove(blob(dir, layer.String())) }), "", artifact.ErrArtifact},
		"changed manifest": {with(func(dir string) error {
			text, err := os.ReadFile(blob(dir, first))
			return errors.Join(err, os.WriteFile(blob(dir, first), bytes.Replace(text, []byte("sha256:"), []byte("sha256;"), 1), 0o600))
		}), "", artifact.ErrDigest},
		"no index":                {with(func(dir string) error { return os.Remove(filepath.Join(dir, "index.json")) }), "", artifact.ErrArtifact},
		"index is no JSON":        {with(write("index.json", "{")), "", artifact.ErrArtifact},
		"unknown version":         {with(write("oci-layout", `{"imageLayoutVersion":"2.0.0"}`)), "", artifact.ErrArtifact},
		"a size of petabytes":     {with(write("index.json", `{"manifests":[{"digest":"`+first+`","size":1125899906842624}]}`)), "", artifact.ErrArtifact},
		"a negative size":         {with(write("index.json", `{"manifests":[{"digest":"`+first+`","size":-1}]}`)), "", artifact.ErrArtifact},
		"a digest that is a path": {with(write("index.json", `{"manifests":[{"digest":"sha256:../../index.json","size":10}]}`)), "", artifact.ErrArtifact},
		"another algorithm":       {with(write("index.json", `{"manifests":[{"digest":"sha512:`+strings.Repeat("0", 128)+`","size":10}]}`)), "", artifact.ErrArtifact},
	} {
		if _, err := artifact.FromFolder(context.Background(), os.DirFS(tc.dir), tc.digest); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	file := filepath.Join(t.TempDir(), "no.tar")
	if err := os.WriteFile(file, []byte("no tar"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := artifact.FromArchive(context.Background(), file, ""); !errors.Is(err, artifact.ErrArtifact) {
		t.Errorf("no tar: %v", err)
	}
	if _, err := artifact.FromArchive(context.Background(), filepath.Join(t.TempDir(), "missing"), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// push puts an artifact into a registry (distribution specification, pushing
// blobs monolithically and pushing manifests).
func push(t testing.TB, repository, tag string, img v1.Image) {
	t.Helper()
	send := func(method, url, kind string, body []byte) {
		req, err := http.NewRequestWithContext(context.Background(), method, url, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", kind)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusCreated {
			t.Fatalf("%s %s: %s", method, url, res.Status)
		}
	}
	blob := func(text []byte) {
		sum := sha256.Sum256(text)
		send(http.MethodPost, repository+"/blobs/uploads/?digest=sha256:"+hex.EncodeToString(sum[:]), "application/octet-stream", text)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		r, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		blob(text)
	}
	config, err := img.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	blob(config)
	manifest, err := img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	send(http.MethodPut, repository+"/manifests/"+tag, string(types.OCIManifestSchema1), manifest)
}

// TestRegistry talks with a registry over HTTP.
func TestRegistry(t *testing.T) {
	server := httptest.NewServer(registry.New())
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	img, digest := image(t, types.OCILayer, "the bundle")
	push(t, server.URL+"/v2/rules/ours", "v1", img)
	other := "sha256:" + strings.Repeat("0", 64)
	for _, tc := range []struct {
		name, digest string
		want         error
	}{
		{"oci+http://" + host + "/rules/ours", digest, nil},
		{"oci+http://" + host + "/rules/ours:v1", "", nil},
		{"oci+http://" + host + "/rules/ours", "", artifact.ErrReference},
		{"oci+http://registry.example/rules/ours:v1", "", artifact.ErrReference},
		{"https://" + host + "/rules/ours", digest, artifact.ErrReference},
		{"oci://" + host, digest, artifact.ErrReference},
	} {
		b, err := artifact.FromRegistry(context.Background(), tc.name, tc.digest)
		switch {
		case tc.want != nil && !errors.Is(err, tc.want):
			t.Errorf("%s@%s: %v, want %v", tc.name, tc.digest, err, tc.want)
		case tc.want == nil && (err != nil || string(b.Text) != "the bundle" || b.Manifest != digest):
			t.Errorf("%s@%s: %+v, %v", tc.name, tc.digest, b, err)
		}
	}
	for _, missing := range [][2]string{{"/rules/ours", other}, {"/rules/none:v1", ""}} {
		if _, err := artifact.FromRegistry(context.Background(), "oci+http://"+host+missing[0], missing[1]); err == nil {
			t.Errorf("%v was found", missing)
		}
	}
	// Without being told, this machine's own registries are asked over HTTPS, too.
	if _, err := artifact.FromRegistry(context.Background(), "oci://"+host+"/rules/ours", digest); err == nil || !strings.Contains(err.Error(), "HTTPS") {
		t.Errorf("over HTTPS: %v", err)
	}
}

// FuzzFromArchive: what is taken has the digest that its manifest states.
func FuzzFromArchive(f *testing.F) {
	one, _ := image(f, types.OCILayer, "the bundle")
	text, err := os.ReadFile(archived(f, folder(f, one)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add([]byte("no archive"))
	file := filepath.Join(f.TempDir(), "layout.tar")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := artifact.FromArchive(context.Background(), file, "")
		if err != nil {
			return
		}
		sum := sha256.Sum256(b.Text)
		for _, digest := range []string{hex.EncodeToString(sum[:]), strings.TrimPrefix(b.Manifest, "sha256:")} {
			if !bytes.Contains(text, []byte(digest)) {
				t.Errorf("the archive does not state the digest %s", digest)
			}
		}
	})
}
