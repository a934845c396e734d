package kms_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/cmd/gpuaudit-sign/internal/kms"
)

// vault is the transit engine of HashiCorp Vault's and OpenBao's HTTP interface,
// as far as signing goes, with one key.
func vault(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	answer := func(w http.ResponseWriter, data any) { _ = json.NewEncoder(w).Encode(map[string]any{"data": data}) }
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/transit/keys/lab", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"latest_version": 1, "keys": map[string]any{"1": map[string]any{"public_key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}}})
	})
	mux.HandleFunc("/v1/transit/sign/lab/{hash}", func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Input     []byte
			Prehashed bool
		}
		if json.NewDecoder(r.Body).Decode(&q) != nil || !q.Prehashed {
			http.Error(w, `{"errors":["bad request"]}`, http.StatusBadRequest)
			return
		}
		want := map[string]int{"sha2-256": 32, "sha2-384": 48}[r.PathValue("hash")]
		if want != len(q.Input) {
			http.Error(w, `{"errors":["bad digest"]}`, http.StatusBadRequest)
			return
		}
		sig, err := ecdsa.SignASN1(rand.Reader, key, q.Input)
		if err != nil {
			return
		}
		answer(w, map[string]any{"signature": "vault:v1:" + base64.StdEncoding.EncodeToString(sig)})
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Vault-Token") != "secret" {
			http.Error(w, `{"errors":["permission denied"]}`, http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestVault(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("VAULT_ADDR", vault(t, key))
		t.Setenv("VAULT_TOKEN", "secret")
		got, err := kms.Open(t.Context(), "hashivault://lab")
		if err != nil {
			t.Fatal(err)
		}
		if !key.PublicKey.Equal(got.Public()) {
			t.Fatal("another key")
		}
		small, large := sha256.Sum256([]byte("statement")), sha512.Sum384([]byte("statement"))
		digest, hash := small[:], crypto.SHA256
		if curve == elliptic.P384() {
			digest, hash = large[:], crypto.SHA384
		}
		sig, err := got.Sign(rand.Reader, digest, hash)
		if err != nil || !ecdsa.VerifyASN1(&key.PublicKey, digest, sig) {
			t.Errorf("%s: the signature does not verify: %v", curve.Params().Name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAULT_ADDR", vault(t, key))
	t.Setenv("VAULT_TOKEN", "guess")
	if _, err := kms.Open(t.Context(), "hashivault://lab"); !errors.Is(err, kms.ErrKey) || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("another token: %v", err)
	}
	t.Setenv("VAULT_TOKEN", "secret")
	if _, err := kms.Open(t.Context(), "hashivault://other"); !errors.Is(err, kms.ErrKey) {
		t.Errorf("no such key: %v", err)
	}
	// sigstore would run a program named after a scheme that it does not know.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sigstore-kms-evil"), []byte("#!/bin/sh\ntouch "+dir+"/ran\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	if _, err := kms.Open(t.Context(), "evil://key"); !errors.Is(err, kms.ErrKey) {
		t.Errorf("unknown scheme: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("a program was run")
	}
}
