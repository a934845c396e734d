// Package fetch reads a channel over HTTP. The update of a channel and rules out
// of a registry (policy/artifact) are the only acts of gpuaudit that open network
// connections. What it reads is believed by nobody until package channel has verified
// it, so plain HTTP (a mirror in one's own network) does as well as HTTPS.
package fetch

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/network"
)

// redirects is how many are followed.
const redirects = 5

// Source is a repository at a URL.
type Source struct {
	base   *url.URL
	agent  string
	client *http.Client
}

// New makes a source of the repository at an http or https URL.
func New(base, agent string) (*Source, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, err
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, fmt.Errorf("%q is no http or https URL", base)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q: no user, query or fragment can be given", u.Redacted())
	}
	given := base
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	s := &Source{base: u, agent: agent}
	transport, err := network.Transport(given)
	if err != nil {
		return nil, err
	}
	s.client = &http.Client{CheckRedirect: s.redirect, Transport: transport}
	return s, nil
}

// redirect follows a server within itself only: what else it could make this
// machine ask for, inside of its network, is none of its business.
func (s *Source) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > redirects {
		return fmt.Errorf("more than %d redirects", redirects)
	}
	if req.URL.Scheme != s.base.Scheme || req.URL.Host != s.base.Host {
		return fmt.Errorf("the server sends on to another one, %s://%s: give that one if you mean it", req.URL.Scheme, req.URL.Host)
	}
	return nil
}

// Get implements [channel.Source].
func (s *Source) Get(ctx context.Context, name string, limit int64) ([]byte, error) {
	u := s.base.JoinPath(name)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", s.agent)
	res, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	defer res.Body.Close()
	switch {
	// Object stores say "forbidden" of what they do not have.
	case res.StatusCode == http.StatusNotFound, res.StatusCode == http.StatusForbidden:
		return nil, fmt.Errorf("read %s: the server answers %s: %w", u, status(res), fs.ErrNotExist)
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("read %s: the server answers %s", u, status(res))
	case res.ContentLength > limit:
		return nil, fmt.Errorf("%w: %s has %d bytes, at most %d are allowed", channel.ErrTooLarge, name, res.ContentLength, limit)
	}
	return channel.Read(res.Body, name, limit)
}

// status is the code in the program's own words, not in the server's.
func status(res *http.Response) string {
	return fmt.Sprintf("%d %s", res.StatusCode, http.StatusText(res.StatusCode))
}
