package network

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/input"
)

// Route is how this process reaches a URL.
type Route struct {
	// Address is the host and port to connect to: its own, or that of its proxy.
	Address string
	// Proxy is the URL of that, "" for none.
	Proxy string
	// TLS says that certificates are needed, by which the host is known.
	TLS bool
}

// RouteTo says how an http or https URL is reached.
func RouteTo(place string) (Route, error) {
	u, err := url.Parse(place)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return Route{}, fmt.Errorf("%q is no http or https URL", place)
	}
	proxy, err := Proxy(u)
	if err != nil {
		return Route{}, err
	}
	r := Route{TLS: u.Scheme == "https" || proxy != nil && proxy.Scheme == "https"}
	if proxy != nil {
		r.Proxy = proxy.String()
		u = proxy
	}
	port := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	if u.Port() != "" {
		port = u.Port()
	}
	if u.Hostname() == "" || port == "" {
		return r, fmt.Errorf("%s: no host to connect to", u.Redacted())
	}
	r.Address = net.JoinHostPort(u.Hostname(), port)
	return r, nil
}

// certificates are where distributions keep those of the authorities by which hosts are
// known, the first that is there (as in Go's crypto/x509, root_linux.go).
var certificates = []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem"}

// Certificates are the file, "" for none, and the folders of certificates by which this
// process knows hosts.
func Certificates() (file string, folders []string) {
	files, folders := certificates, []string{"/etc/ssl/certs", "/etc/pki/tls/certs"}
	if name := os.Getenv("SSL_CERT_FILE"); name != "" {
		files = []string{name}
	}
	file = isFile(files)
	if list := os.Getenv("SSL_CERT_DIR"); list != "" {
		folders = filepath.SplitList(list)
	} else if file != "" {
		folders = nil
	}
	return file, folders
}

// isFile is the first of some names that is there.
func isFile(names []string) string {
	for _, name := range names {
		if i, err := os.Stat(name); err == nil && i.Mode().IsRegular() {
			return name
		}
	}
	return ""
}

// rootsLimit is the largest file of certificates, in bytes.
const rootsLimit = 16 << 20

// Pool reads the certificates in files, and in the files of folders. A name that is not
// there adds none.
func Pool(names []string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, name := range names {
		if err := addRoots(pool, name); err != nil {
			return nil, fmt.Errorf("certificates by which hosts are known: %w", err)
		}
	}
	return pool, nil
}

// addRoots adds the certificates in a file, or in the files of a folder.
func addRoots(pool *x509.CertPool, name string) error {
	info, err := input.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	names := []string{name}
	if info.IsDir() {
		entries, err := input.ReadDir(name)
		if err != nil {
			return err
		}
		names = nil
		for _, e := range entries {
			names = append(names, path.Join(name, e.Name()))
		}
	}
	for _, file := range names {
		text, err := readAll(file)
		if err != nil && !info.IsDir() {
			return err
		}
		pool.AppendCertsFromPEM(text)
	}
	return nil
}

func readAll(name string) ([]byte, error) {
	f, err := input.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if i, err := f.Stat(); err != nil || !i.Mode().IsRegular() {
		return nil, errors.Join(err, io.EOF)
	}
	return bounded.Read(f, rootsLimit)
}
