package network

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRouteTo(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"} {
		t.Setenv(name, "")
	}
	for place, want := range map[string]Route{
		"https://example.org/x":     {Address: "example.org:443", TLS: true},
		"http://example.org:8080/x": {Address: "example.org:8080"},
		"http://[::1]/":             {Address: "[::1]:80"},
	} {
		if got, err := RouteTo(place); err != nil || got != want {
			t.Errorf("%s: %+v, %v", place, got, err)
		}
	}
	for _, place := range []string{"", "example.org", "ftp://example.org/", "https:///x", "http://a b/", "file:///etc/passwd"} {
		if got, err := RouteTo(place); err == nil || !strings.Contains(err.Error(), "is no http or https URL") {
			t.Errorf("%q: %+v, %v", place, got, err)
		}
	}
}

func TestCertificates(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		file, dirs string
		want       string
		folders    []string
	}{
		"a file": {file, "", file, nil}, "folders, too": {file, "/a:/b", file, []string{"/a", "/b"}},
		"a file that is not there": {file + "x", "", "", []string{"/etc/ssl/certs", "/etc/pki/tls/certs"}}, "a folder for a file": {dir, "/a", "", []string{"/a"}},
	} {
		t.Setenv("SSL_CERT_FILE", tc.file)
		t.Setenv("SSL_CERT_DIR", tc.dirs)
		if got, folders := Certificates(); got != tc.want || !slices.Equal(folders, tc.folders) {
			t.Errorf("%s: %q %q", name, got, folders)
		}
	}
}

// TestPool: certificates of files and of folders; what is none is passed over in a folder.
func TestPool(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	cert := server.Certificate()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	dir := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "a.pem"), text, 0o600), os.WriteFile(filepath.Join(dir, "README"), []byte("none"), 0o600), os.Mkdir(filepath.Join(dir, "sub"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, names := range [][]string{{dir}, {filepath.Join(dir, "a.pem")}, {filepath.Join(dir, "none"), dir}} {
		pool, err := Pool(names)
		if err != nil {
			t.Fatal(err)
		}
		if added := pool.Clone(); added.AppendCertsFromPEM(text) && !added.Equal(pool) {
			t.Errorf("%v: the certificate is not there", names)
		}
	}
	if pool, err := Pool([]string{dir + "/none"}); err != nil || pool.AppendCertsFromPEM([]byte("x")) {
		t.Errorf("nothing there: %v", err)
	}
}
