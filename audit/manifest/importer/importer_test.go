package importer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
)

// TestNothingIsUpgraded: of all that can be said of a signature, only a named
// signer under a given key and without an error is verified.
func TestNothingIsUpgraded(t *testing.T) {
	for _, anchored := range []bool{false, true} {
		for _, signed := range []bool{false, true} {
			for _, signer := range []string{"", "somebody"} {
				for _, err := range []error{nil, errors.New("broken")} {
					r := importer.New("x", "f", nil)
					r.SignedBy(importer.Evidence{Anchored: anchored, Signed: signed, Signer: signer, Err: err, Detail: "rests on this"})
					want := manifest.SignatureFailed
					switch {
					case anchored && signed && signer != "" && err == nil:
						want = manifest.SignatureVerified
					case !anchored && signed:
						want = manifest.SignatureUnverified
					case !anchored:
						want = manifest.SignatureUnsigned
					}
					if p := r.Provenance; p.Signature != want || (p.Signer != "") != (want == manifest.SignatureVerified) {
						t.Errorf("anchored %v, signed %v, signer %q, %v: %+v", anchored, signed, signer, err, p)
					}
				}
			}
		}
	}
}

// TestWhatANameMayHold: a document's texts are made fit for a manifest, and its
// notes are bounded.
func TestWhatANameMayHold(t *testing.T) {
	r := importer.New("x", "a\x1b[2J\nb", nil)
	for range 1000 {
		r.Leave("%s", strings.Repeat("n", 500))
	}
	for i := range 1000 {
		r.Leave("note %d", i)
	}
	for _, name := range []string{"amdgpu/a.bin", "../a.bin", "/a.bin", "a\nb", strings.Repeat("a", 201), "", "."} {
		r.File(name, "", strings.Repeat("a", 64))
	}
	b := manifest.Baseline{Name: "n", Vendor: "v", Sequence: 1, Issued: time.Unix(1, 0), Expires: time.Unix(2, 0)}
	p, err := importer.Predicate([]*importer.Result{r, r}, b, []manifest.Device{{VendorID: "1002", DeviceID: "73ff"}})
	if err != nil || len(p.Firmware) != 1 || p.Firmware[0].Version != "unknown" || len(p.Imported) != 2 || len(p.Imported[0].Unmapped) != 64 {
		t.Errorf("%+v, %v", p, err)
	}
	if p.Imported[0].File != "a [2J b" {
		t.Errorf("file is %q", p.Imported[0].File)
	}
	if _, err := importer.Predicate([]*importer.Result{r}, b, nil); !errors.Is(err, importer.ErrNothing) {
		t.Errorf("a manifest about no device: %v", err)
	}
	if _, err := importer.Predicate([]*importer.Result{importer.New("x", "f", nil)}, b, p.Devices); !errors.Is(err, importer.ErrNothing) {
		t.Errorf("a manifest about nothing: %v", err)
	}
}

// TestKeys: public keys and certificates, and nothing that is secret.
func TestKeys(t *testing.T) {
	public := "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
	list, err := importer.ParseKeys([]byte(public+public), "a.pub")
	if err != nil || len(list) != 2 || !strings.HasPrefix(list[0].Name, "key a.pub (SHA-256 of its PKIX form ") {
		t.Errorf("%+v, %v", list, err)
	}
	for _, bad := range []string{"", "text", strings.ReplaceAll(public, "PUBLIC", "PRIVATE"), strings.Replace(public, "MCow", "MCox", 1)} {
		if list, err := importer.ParseKeys([]byte(bad), "x"); err == nil {
			t.Errorf("%q gives %+v", bad, list)
		}
	}
}

func TestDigests(t *testing.T) {
	var d importer.Digests
	for _, algorithm := range []string{"sha-256", "sha-384", "sha-512"} {
		for _, n := range []int{0, 16, 32, 48, 64} {
			if err := d.Add(algorithm, make([]byte, n)); (err == nil) != (algorithm == map[int]string{32: "sha-256", 48: "sha-384", 64: "sha-512"}[n]) {
				t.Errorf("%s of %d bytes: %v", algorithm, n, err)
			}
		}
	}
	if err := d.Add("sha-1", make([]byte, 3)); err != nil || len(d.SHA256) != 64 || len(d.SHA384) != 96 {
		t.Errorf("%+v, %v", d, err)
	}
}
