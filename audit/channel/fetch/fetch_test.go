package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/channeltest"
	"github.com/gpuaudit/gpuaudit/audit/channel/fetch"
)

func source(t *testing.T, url string) *fetch.Source {
	t.Helper()
	s, err := fetch.New(url, "gpuaudit/test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestUpdate follows a channel over HTTP, below a path, and over HTTPS with a
// certificate that nobody vouches for.
func TestUpdate(t *testing.T) {
	v := channeltest.NewVendor(t, 3)
	files := http.StripPrefix("/gpu/channel", http.FileServerFS(v.FS()))
	plain := httptest.NewServer(files)
	defer plain.Close()
	for _, path := range []string{"/gpu/channel", "/gpu/channel/"} {
		got, err := channel.Update(t.Context(), source(t, plain.URL+path), channel.Known{Root: v.Root()}, channeltest.Now)
		if err != nil || len(got.Manifests) != 3 {
			t.Errorf("%s: %v", path, err)
		}
	}
	secure := httptest.NewTLSServer(files)
	defer secure.Close()
	if _, err := channel.Update(t.Context(), source(t, secure.URL), channel.Known{Root: v.Root()}, channeltest.Now); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody signed: %v", err)
	}
}

func TestAnswers(t *testing.T) {
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	defer elsewhere.Close()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   error
		text   string
	}{
		"not found":  {http.NotFound, fs.ErrNotExist, "404 Not Found"},
		"forbidden":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, fs.ErrNotExist, "403"},
		"broken":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, nil, "503 Service Unavailable"},
		"no content": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, nil, "204"},
		"length too large": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000000000")
		}, channel.ErrTooLarge, "1000000000000 bytes"},
		"without end": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := fmt.Fprint(w, strings.Repeat("x", 4096)); err != nil {
					return
				}
			}
		}, channel.ErrTooLarge, "more than 100 bytes"},
		"ends early": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "50")
			fmt.Fprint(w, "short")
		}, nil, "unexpected EOF"},
		"sent elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/latest/meta-data/", http.StatusFound)
		}, nil, "sends on to another one"},
		"sent in circles": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}, nil, "more than 5 redirects"},
		"compressed": {func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "" {
				w.WriteHeader(500)
			}
		}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(tc.answer)
			defer server.Close()
			b, err := source(t, server.URL).Get(t.Context(), "timestamp.json", 100)
			switch {
			case tc.text == "" && err != nil:
				t.Error(err)
			case tc.text == "":
			case err == nil:
				t.Fatalf("it is taken: %q", b)
			case tc.want != nil && !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text):
				t.Error(err)
			case tc.want == nil && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, channel.ErrTooLarge)):
				t.Errorf("it is taken for another failure: %v", err)
			}
		})
	}
}

// TestRedirectWithin: a server may send on within itself.
func TestRedirectWithin(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a" {
			http.Redirect(w, r, "/b", http.StatusMovedPermanently)
			return
		}
		fmt.Fprint(w, r.URL.Path+" "+r.UserAgent())
	}))
	defer server.Close()
	b, err := source(t, server.URL).Get(t.Context(), "a", 100)
	if err != nil || string(b) != "/b gpuaudit/test" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestSlow: a server that sends a byte now and then is left when the time is up.
func TestSlow(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			fmt.Fprint(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := source(t, server.URL).Get(ctx, "timestamp.json", 1<<20); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestNew(t *testing.T) {
	for _, base := range []string{"", "file:///etc", "ftp://example.org/", "https://", "https://user:secret@example.org/", "https://example.org/?a=b", "https://example.org/#x", "http://[::1"} {
		if _, err := fetch.New(base, ""); err == nil {
			t.Errorf("%q is taken", base)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("a password is repeated: %v", err)
		}
	}
}
