package main

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
	"strings"

	"github.com/spf13/cobra"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/network"
)

// update adds the places that channels are fetched from: the one that the command line
// names, or those that the state remembers. The judge reaches their hosts and no others.
func (p *plan) update(cmd *cobra.Command) error {
	if !p.verb.updates {
		return nil
	}
	places, err := p.places(cmd)
	if err != nil {
		return err
	}
	for _, place := range places {
		if !strings.Contains(place, "://") {
			p.part(broker.ReadFolder, place, channel.InDirectory())
			continue
		}
		if err := p.reach(place); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) places(cmd *cobra.Command) ([]string, error) {
	if from, _ := cmd.Flags().GetString("channel"); from != "" {
		var err error
		p.errand.Channel, err = (&app{}).whereFrom(from)
		return []string{p.errand.Channel}, err
	}
	// The state is this program's own, and nobody else's but root's: that is checked. A judge
	// writes it, but for the places that somebody named.
	d, err := state.Open(p.errand.State)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoChannel
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Names()
	if err != nil {
		return nil, err
	}
	named, err := d.Places()
	if err != nil {
		// Nothing counts as named. Without a plan the verb would ask every place, and with
		// the rights of its user.
		p.unreadPlaces = err
	}
	if name, _ := cmd.Flags().GetString("name"); name != "" {
		names = []string{name}
	}
	var places []string
	for _, name := range names {
		from, err := d.From(name)
		switch {
		case err != nil || from == "":
		case state.Named(named, from):
			places = append(places, from)
		default:
			p.unnamed = append(p.unnamed, fmt.Sprintf("%s, of channel %s", from, name))
		}
	}
	return places, nil
}

// reach lets the judge reach the host of a URL, or its proxy.
func (p *plan) reach(place string) error {
	u, err := url.Parse(place)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return fmt.Errorf("%q is no http or https URL", place)
	}
	proxy, err := network.Proxy(u)
	if err != nil {
		return err
	}
	if u.Scheme == "https" || proxy != nil && proxy.Scheme == "https" {
		p.roots()
	}
	if proxy != nil {
		if p.errand.Proxies == nil {
			p.errand.Proxies = map[string]string{}
		}
		p.errand.Proxies[place] = proxy.String()
		u = proxy
	}
	port := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	if u.Port() != "" {
		port = u.Port()
	}
	if u.Hostname() == "" || port == "" {
		return fmt.Errorf("%s: no host to connect to", u.Redacted())
	}
	p.grant(broker.Dial, net.JoinHostPort(u.Hostname(), port))
	return nil
}

// certificates are where distributions keep those of the authorities by which hosts are
// known, the first that is there (as in Go's crypto/x509, root_linux.go).
var certificates = []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem"}

// roots lets the judge read the certificates by which hosts are known.
func (p *plan) roots() {
	if len(p.errand.Roots) > 0 {
		return
	}
	files, folders := certificates, []string{"/etc/ssl/certs", "/etc/pki/tls/certs"}
	if name := os.Getenv("SSL_CERT_FILE"); name != "" {
		files = []string{name}
	}
	if list := os.Getenv("SSL_CERT_DIR"); list != "" {
		folders = filepath.SplitList(list)
	} else if isFile(files) != "" {
		folders = nil
	}
	if file := isFile(files); file != "" {
		p.errand.Roots = append(p.errand.Roots, file)
		p.read(file)
	}
	for _, folder := range folders {
		p.errand.Roots = append(p.errand.Roots, folder)
		p.grant(broker.ReadFolder, folder)
	}
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

// networkOf is how a judge fetches: over connections that the process outside opens.
func networkOf(client *broker.Client, e *errand) *network.Network {
	return &network.Network{
		Dial: client.DialContext,
		Roots: func() (*x509.CertPool, error) {
			pool := x509.NewCertPool()
			for _, name := range e.Roots {
				if err := addRoots(pool, name); err != nil {
					return nil, fmt.Errorf("certificates by which hosts are known: %w", err)
				}
			}
			return pool, nil
		},
		Proxy: func(base string) (*url.URL, error) {
			if proxy := e.Proxies[base]; proxy != "" {
				return url.Parse(proxy)
			}
			return nil, nil
		},
	}
}

// rootsLimit is the largest file of certificates, in bytes.
const rootsLimit = 16 << 20

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
