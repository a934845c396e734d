// Package online signs with the help of services on the network: a certificate
// authority (Fulcio), transparency logs (Rekor) and timestamping authorities
// (RFC 3161). What it makes is verified offline, by package seal.
package online

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/sigstore/sigstore-go/pkg/sign"

	"github.com/gpuaudit/gpuaudit/attest/seal"
)

// Services are those to ask; an empty address asks none.
type Services struct {
	// Fulcio issues a certificate for the holder of Token, an OpenID Connect
	// identity token: then the key lives for this one signature.
	Fulcio, Token string
	// Rekor records the signature. RekorVersion is 1 or 2.
	Rekor        string
	RekorVersion uint32
	// Timestamp says when the signature was made.
	Timestamp string
}

const (
	patience = 30 * time.Second
	retries  = 2
)

// ErrService says that a service was not named well, or did not do its part.
var ErrService = errors.New("signing service")

// Sign signs a statement. The signer is nil exactly when Fulcio is asked.
func Sign(ctx context.Context, statement []byte, signer *seal.Signer, s Services) ([]byte, error) {
	if err := s.validate(signer); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrService, err)
	}
	options := sign.BundleOptions{Context: ctx}
	if s.Fulcio != "" {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err == nil {
			signer, err = seal.NewSigner(key)
		}
		if err != nil {
			return nil, err
		}
		options.CertificateProvider = sign.NewFulcio(&sign.FulcioOptions{BaseURL: s.Fulcio, Timeout: patience, Retries: retries, Transport: direct()})
		options.CertificateProviderOptions = &sign.CertificateProviderOptions{IDToken: s.Token}
	}
	if s.Rekor != "" {
		options.TransparencyLogs = []sign.Transparency{sign.NewRekor(&sign.RekorOptions{BaseURL: s.Rekor, Version: s.RekorVersion, Timeout: patience, Retries: retries})}
	}
	bundle, err := seal.SignWith(statement, signer, options)
	if err != nil || s.Timestamp == "" {
		return bundle, err
	}
	return stamp(ctx, bundle, s.Timestamp)
}

func (s *Services) validate(signer *seal.Signer) error {
	switch {
	case (s.Fulcio == "") != (s.Token == ""):
		return errors.New("a certificate takes Fulcio's address and an identity token, both")
	case (signer == nil) != (s.Fulcio != ""):
		return errors.New("give a key, or an identity token for a certificate, one of them")
	case s.Fulcio != "" && s.Rekor == "" && s.Timestamp == "":
		return errors.New("a certificate is valid for minutes: name a log or a timestamping authority, or nobody can verify later")
	case s.Rekor != "" && s.RekorVersion != 1 && s.RekorVersion != 2:
		return fmt.Errorf("a log of kind Rekor %d is not known: 1 or 2", s.RekorVersion)
	case s.RekorVersion == 2 && s.Fulcio != "" && s.Timestamp == "":
		return errors.New("a log of kind Rekor 2 signs no times: name a timestamping authority, too")
	}
	// A token is as good as a password while it lasts; what goes to the others
	// is public and what comes back is signed.
	return errors.Join(address("Fulcio", s.Fulcio, true), address("Rekor", s.Rekor, false), address("timestamping authority", s.Timestamp, false))
}

func address(name, text string, secret bool) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil:
		return fmt.Errorf("%s: %.100q is no http or https address", name, text)
	case secret && u.Scheme != "https" && !loopback(u.Hostname()):
		return fmt.Errorf("%s: %.100q: a token goes over https only", name, text)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// direct follows no redirection: a token would go along.
func direct() http.RoundTripper { return refuser{http.DefaultTransport} }

type refuser struct{ http.RoundTripper }

func (r refuser) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.RoundTripper.RoundTrip(request)
	if err == nil && response.StatusCode >= 300 && response.StatusCode < 400 {
		response.Body.Close()
		return nil, fmt.Errorf("%w: %s sends elsewhere (%s)", ErrService, request.URL.Host, response.Status)
	}
	return response, err
}

// stamp asks a timestamping authority (RFC 3161, section 3.4).
func stamp(ctx context.Context, bundle []byte, address string) ([]byte, error) {
	query, err := seal.TimestampRequest(bundle)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/timestamp-query")
	client := &http.Client{Timeout: patience, Transport: direct()}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrService, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, seal.TimestampLimit+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrService, address, err)
	}
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
		return nil, fmt.Errorf("%w: %s answers %s", ErrService, address, response.Status)
	}
	stamped, err := seal.AttachTimestamp(bundle, answer)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return stamped, nil
}
