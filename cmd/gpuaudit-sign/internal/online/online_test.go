package online_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/attest/seal/sealtest"
	"github.com/gpuaudit/gpuaudit/cmd/gpuaudit-sign/internal/online"
)

const (
	predicateType = "https://example.org/test/v1"
	subject       = "https://ci.example.org/build"
	issuer        = "https://issuer.example.org"
)

// token is an identity token; the services of the test look at its content.
var token = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"`+issuer+`","sub":"`+subject+`"}`)) + ".c2ln"

// services are Fulcio, Rekor and a timestamping authority on this machine, which
// speak their real interfaces.
type services struct {
	t   *testing.T
	lab *sealtest.Lab
	*httptest.Server
}

func newServices(t *testing.T) *services {
	t.Helper()
	lab, err := sealtest.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &services{t: t, lab: lab}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v2/signingCert", s.certify)
	mux.HandleFunc("POST /api/v1/log/entries", s.record)
	mux.HandleFunc("POST /tsa", s.stamp)
	mux.HandleFunc("POST /elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/tsa", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("POST /broken", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("no timestamp")) })
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// certify is Fulcio's API v2: it proves that the key is the holder's, and issues
// a certificate for the token's subject.
func (s *services) certify(w http.ResponseWriter, r *http.Request) {
	var q struct {
		PublicKeyRequest struct {
			PublicKey         struct{ Content string }
			ProofOfPossession []byte
		}
	}
	claims := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	var who struct{ Iss, Sub string }
	text, err := base64.RawURLEncoding.DecodeString(claims[1])
	if err == nil {
		err = json.Unmarshal(text, &who)
	}
	if err == nil {
		err = json.NewDecoder(r.Body).Decode(&q)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	block, _ := pem.Decode([]byte(q.PublicKeyRequest.PublicKey.Content))
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	digest := sha256.Sum256([]byte(who.Sub))
	if err != nil || !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), digest[:], q.PublicKeyRequest.ProofOfPossession) {
		http.Error(w, "no proof of possession", http.StatusBadRequest)
		return
	}
	leaf, ca, err := s.lab.Certify(who.Sub, who.Iss, public)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var answer struct {
		SignedCertificateEmbeddedSct struct {
			Chain struct {
				Certificates []string `json:"certificates"`
			} `json:"chain"`
		} `json:"signedCertificateEmbeddedSct"`
	}
	for _, c := range []*x509.Certificate{leaf, ca} {
		answer.SignedCertificateEmbeddedSct.Chain.Certificates = append(answer.SignedCertificateEmbeddedSct.Chain.Certificates,
			string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// record is Rekor's API v1: an entry of kind dsse.
func (s *services) record(w http.ResponseWriter, r *http.Request) {
	proposed, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	body, err := sealtest.Canonical(proposed)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e, err := s.lab.Record(body, time.Now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	id := strings.Repeat("0", 64)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("ETag", id)
	w.Header().Set("Location", "/api/v1/log/entries/"+id)
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{id: map[string]any{
		"body": e.CanonicalizedBody, "integratedTime": e.IntegratedTime, "logID": hex.EncodeToString(e.LogId.KeyId), "logIndex": e.LogIndex,
		"verification": map[string]any{
			"signedEntryTimestamp": e.InclusionPromise.SignedEntryTimestamp,
			"inclusionProof": map[string]any{"checkpoint": e.InclusionProof.Checkpoint.Envelope, "hashes": []string{}, "logIndex": e.InclusionProof.LogIndex,
				"rootHash": hex.EncodeToString(e.InclusionProof.RootHash), "treeSize": e.InclusionProof.TreeSize},
		}}})
}

func (s *services) stamp(w http.ResponseWriter, r *http.Request) {
	request, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	answer, err := s.lab.Answer(request)
	if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "no request", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(answer)
}

func (s *services) policy() seal.Policy {
	s.t.Helper()
	text, err := s.lab.Root(sealtest.Parts{Certificates: true, Timestamps: true, Log: true})
	if err != nil {
		s.t.Fatal(err)
	}
	root, err := seal.ParseRoot(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return seal.Policy{Root: root, PredicateType: predicateType, Now: time.Now()}
}

func statement(t *testing.T) []byte {
	t.Helper()
	s, err := seal.NewStatement([]seal.Subject{{Name: "a", Digest: map[string]string{"sha256": strings.Repeat("0", 64)}}}, predicateType, map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func verify(t *testing.T, bundle []byte, p seal.Policy) *seal.Verified {
	t.Helper()
	v, err := seal.NewVerifier(p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Verify(bundle)
	if err != nil {
		t.Fatalf("%v\n%s", err, bundle)
	}
	return got
}

// TestKeyless signs with an identity token through the services' real
// interfaces, and verifies offline.
func TestKeyless(t *testing.T) {
	s := newServices(t)
	for _, tc := range []struct {
		name string
		ask  online.Services
		need seal.Witness
	}{
		{"log and timestamp", online.Services{Fulcio: s.URL, Token: token, Rekor: s.URL, RekorVersion: 1, Timestamp: s.URL + "/tsa"}, seal.Log | seal.Timestamp},
		{"log", online.Services{Fulcio: s.URL, Token: token, Rekor: s.URL, RekorVersion: 1}, seal.Log},
		{"timestamp", online.Services{Fulcio: s.URL, Token: token, Timestamp: s.URL + "/tsa"}, seal.Timestamp},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bundle, err := online.Sign(t.Context(), statement(t), nil, tc.ask)
			if err != nil {
				t.Fatal(err)
			}
			p := s.policy()
			p.Identities = []seal.Identity{{Name: "ci", Subject: subject, Issuer: issuer, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), Witness: tc.need}}
			if got := verify(t, bundle, p); got.Signer != "ci" || time.Since(got.Seen).Abs() > time.Minute {
				t.Errorf("verified %+v", got)
			}
		})
	}
}

// TestKey signs with a key, and has log and authority witness it.
func TestKey(t *testing.T) {
	s := newServices(t)
	signer, public := newSigner(t)
	bundle, err := online.Sign(t.Context(), statement(t), signer, online.Services{Rekor: s.URL, RekorVersion: 1, Timestamp: s.URL + "/tsa"})
	if err != nil {
		t.Fatal(err)
	}
	p := s.policy()
	key := seal.GivenKey(public)
	key.Witness = seal.Log | seal.Timestamp
	p.Keys = []seal.Key{key}
	verify(t, bundle, p)
}

func TestServicesThatAreNamedBadly(t *testing.T) {
	s := newServices(t)
	signer, _ := newSigner(t)
	for _, tc := range []struct {
		name   string
		signer *seal.Signer
		ask    online.Services
		want   string
	}{
		{"no key and no token", nil, online.Services{Timestamp: s.URL}, "give a key"},
		{"key and token", signer, online.Services{Fulcio: s.URL, Token: token, Timestamp: s.URL}, "one of them"},
		{"no token", nil, online.Services{Fulcio: s.URL}, "both"},
		{"nobody to witness", nil, online.Services{Fulcio: s.URL, Token: token}, "nobody can verify later"},
		{"a log without times alone", nil, online.Services{Fulcio: s.URL, Token: token, Rekor: s.URL, RekorVersion: 2}, "signs no times"},
		{"Rekor of no version", signer, online.Services{Rekor: s.URL}, "Rekor 0"},
		{"token in the clear", nil, online.Services{Fulcio: "http://fulcio.example.org", Token: token, Timestamp: s.URL}, "https only"},
		{"no address", signer, online.Services{Timestamp: "file:///etc/passwd"}, "no http or https address"},
		{"password in the address", signer, online.Services{Timestamp: "https://a:b@tsa.example.org"}, "no http or https address"},
		{"an authority that sends elsewhere", signer, online.Services{Timestamp: s.URL + "/elsewhere"}, "sends elsewhere"},
		{"an authority that is none", signer, online.Services{Timestamp: s.URL + "/broken"}, "the timestamp is not good"},
		{"an address that is not there", signer, online.Services{Timestamp: s.URL + "/nothing"}, "404"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := online.Sign(t.Context(), statement(t), tc.signer, tc.ask)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !errors.Is(err, online.ErrService) && !errors.Is(err, seal.ErrTimestamp) {
				t.Errorf("error is %v, want %q in it", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), token) {
				t.Error("the message holds the token")
			}
		})
	}
}
