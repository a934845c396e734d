package network

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"testing"
)

// TestThrough: every connection is one of another process, by the proxy and to the hosts
// that it says.
func TestThrough(t *testing.T) {
	t.Cleanup(func() { through = nil })
	pool := x509.NewCertPool()
	errDial, errRoots := errors.New("dialled"), error(nil)
	var asked string
	Through(&Network{
		Dial:  func(_ context.Context, _, address string) (net.Conn, error) { asked = address; return nil, errDial },
		Roots: func() (*x509.CertPool, error) { return pool, errRoots },
		Proxy: func(base string) (*url.URL, error) {
			if base == "http://proxied.example" {
				return &url.URL{Scheme: "http", Host: "proxy.example:3128"}, nil
			}
			return nil, nil
		},
	})
	for base, want := range map[string]string{"http://proxied.example": "proxy.example:3128", "https://example.org": "example.org:443", "http://example.org:8080": "example.org:8080"} {
		transport, err := Transport(base)
		if err != nil {
			t.Fatal(err)
		}
		if transport.TLSClientConfig.RootCAs != pool {
			t.Errorf("%s: other certificates are believed", base)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := transport.RoundTrip(req)
		if err == nil {
			res.Body.Close()
		}
		if !errors.Is(err, errDial) || asked != want {
			t.Errorf("%s: %q %v, want %q", base, asked, err, want)
		}
	}
	errRoots = errors.New("no certificates")
	if _, err := Transport("https://example.org"); !errors.Is(err, errRoots) {
		t.Errorf("without certificates: %v", err)
	}
}
