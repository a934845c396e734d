// Package network is how channels and rules are fetched over HTTP: by connections of this
// process, or by those that another one opens for it.
package network

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Waiting times. The whole of a fetch has the deadline of its context, which is what ends
// a server that sends a byte a minute.
const (
	connectTimeout = 15 * time.Second
	answerTimeout  = 30 * time.Second
)

// Network is how connections are opened, where this process may not itself.
type Network struct {
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are the certificates by which hosts are known.
	Roots func() (*x509.CertPool, error)
	// Proxy is that of what is fetched from a URL, nil for none.
	Proxy func(base string) (*url.URL, error)
}

// through is that of this process; nil where it opens connections itself.
var through *Network

// Through has connections opened by another process from now on. It is called once,
// before anything is fetched.
func Through(n *Network) { through = n }

// Proxy is the proxy by which the variables of this process reach a URL; nil for none.
func Proxy(u *url.URL) (*url.URL, error) { return http.ProxyFromEnvironment(&http.Request{URL: u}) }

// Transport is how things are fetched from a URL, as it was given, and from where that
// sends on to.
func Transport(base string) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		ResponseHeaderTimeout:  answerTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		// A body is as long as it is: nothing is unpacked on the way.
		DisableCompression: true,
		ForceAttemptHTTP2:  true,
	}
	if through != nil {
		return t, through.use(t, base)
	}
	return t, nil
}

func (n *Network) use(t *http.Transport, base string) error {
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		return n.Dial(ctx, network, address)
	}
	proxy, err := n.Proxy(base)
	if err != nil {
		return err
	}
	t.Proxy = http.ProxyURL(proxy)
	roots, err := n.Roots()
	if err != nil {
		return err
	}
	t.TLSClientConfig = &tls.Config{RootCAs: roots}
	return nil
}
