package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/gpuaudit/gpuaudit/audit/network"
)

// Scheme begins the name of an artifact in a registry: oci://host/repository.
// PlainScheme is for one on this machine that speaks no HTTPS.
const (
	Scheme      = "oci://"
	PlainScheme = "oci+http://"
)

// InRegistry says that a name is that of an artifact in a registry.
func InRegistry(name string) bool {
	return strings.HasPrefix(name, Scheme) || strings.HasPrefix(name, PlainScheme)
}

// redirects is how many are followed.
const redirects = 5

// FromRegistry fetches the bundle of oci://HOST/REPOSITORY:TAG or
// oci://HOST/REPOSITORY with a digest. It asks the registry as nobody, and over
// HTTPS. One on this machine's own loopback is asked over plain HTTP if the name
// says so: oci+http://localhost:5000/REPOSITORY.
func FromRegistry(ctx context.Context, name, digest string) (*Bundle, error) {
	ref, plain, err := inRegistry(name, digest)
	if err != nil {
		return nil, err
	}
	c, err := client(baseOf(ref, plain))
	if err != nil {
		return nil, err
	}
	repository := &remote.Repository{Reference: ref, PlainHTTP: plain, Client: c, MaxMetadataBytes: manifestLimit}
	d, err := repository.Resolve(ctx, ref.Reference)
	if err != nil {
		return nil, fmt.Errorf("ask the registry for %s: %w", ref, unnamed(err))
	}
	if digest != "" && d.Digest.String() != digest {
		return nil, fmt.Errorf("%w: the registry answers with %s", ErrDigest, d.Digest)
	}
	return bundle(ctx, remoteStore{repository}, d)
}

// Registry is the URL of the registry of a name: the one host that is surely asked.
func Registry(name string) (string, error) {
	bare, digest, err := Pin(name)
	if err != nil {
		return "", err
	}
	ref, plain, err := inRegistry(bare, digest)
	if err != nil {
		return "", err
	}
	return baseOf(ref, plain), nil
}

func baseOf(ref registry.Reference, plain bool) string {
	if plain {
		return "http://" + ref.Host()
	}
	return "https://" + ref.Host()
}

func inRegistry(name, digest string) (ref registry.Reference, plain bool, err error) {
	text, ok := strings.CutPrefix(name, Scheme)
	if !ok {
		text, plain = strings.CutPrefix(name, PlainScheme)
	}
	if !ok && !plain {
		return ref, false, fmt.Errorf("%w: %.100q does not begin with %s", ErrReference, name, Scheme)
	}
	if digest != "" {
		text += "@" + digest
	}
	if ref, err = registry.ParseReference(text); err != nil {
		return ref, false, fmt.Errorf("%w: %w", ErrReference, err)
	}
	if ref.Reference == "" {
		return ref, false, fmt.Errorf("%w: %s names neither a tag nor a digest", ErrReference, name)
	}
	if plain && !isLoopback(ref.Host()) {
		return ref, false, fmt.Errorf("%w: %s is for a registry on this machine's loopback, and %s is none", ErrReference, PlainScheme, ref.Host())
	}
	return ref, plain, nil
}

type remoteStore struct{ repository *remote.Repository }

func (s remoteStore) blob(ctx context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
	r, err := s.repository.Fetch(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", d.Digest, unnamed(err))
	}
	return r, nil
}

// unnamed says what helps where the registry sends on to a host that nobody named.
func unnamed(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: the registry sends on to that host: name it with --policy-host if it may", err)
	}
	return err
}

func client(base string) (*auth.Client, error) {
	transport, err := network.Transport(base)
	if err != nil {
		return nil, err
	}
	c := &http.Client{CheckRedirect: redirect, Transport: transport}
	return &auth.Client{Client: c, Cache: auth.NewCache(), Header: http.Header{"User-Agent": {"gpuaudit"}}}, nil
}

// redirect lets registries send on to where they keep their blobs, which is
// another host as a rule, but never from HTTPS to less, and never into this
// machine.
func redirect(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > redirects:
		return fmt.Errorf("more than %d redirects", redirects)
	case !sameHost(req.URL, via[0].URL) && (req.URL.Scheme != "https" || isLoopback(req.URL.Host)):
		return fmt.Errorf("the registry sends on to %s://%s: not followed", req.URL.Scheme, req.URL.Host)
	}
	return nil
}

func sameHost(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
