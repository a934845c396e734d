package reference_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// folder holds a trust file with a key beside it.
func folder(t *testing.T) (dir, trust string) {
	t.Helper()
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	put(t, filepath.Join(dir, "us.pub"), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	trust = filepath.Join(dir, "trust.yaml")
	put(t, trust, `version: 1
keys:
  - {name: us, kind: operator, public_key_file: us.pub, pci_vendors: ["1002"], not_before: 2026-01-01T00:00:00Z, not_after: 2028-01-01T00:00:00Z}
`)
	return dir, trust
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTrust: the files that a trust file names belong to it, and to its digest.
func TestTrust(t *testing.T) {
	dir, name := folder(t)
	one, err := reference.ReadTrust(name, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Parse(); err != nil || len(one.Beside) != 1 {
		t.Errorf("%d files, %v", len(one.Beside), err)
	}
	put(t, filepath.Join(dir, "us.pub"), "no key")
	two, err := reference.ReadTrust(name, "")
	if err != nil || one.SHA256() == two.SHA256() || one.File.SHA256() != two.File.SHA256() {
		t.Errorf("another key, one digest: %v", err)
	}
	if _, err := two.Parse(); err == nil || !strings.Contains(err.Error(), `public_key_file "us.pub"`) {
		t.Errorf("no key: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "us.pub")); err != nil {
		t.Fatal(err)
	}
	three, err := reference.ReadTrust(name, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := three.Parse(); err == nil || !strings.Contains(err.Error(), "us.pub: no such file") {
		t.Errorf("no file: %v", err)
	}
	put(t, filepath.Join(dir, "root.json"), "{}")
	four, err := reference.ReadTrust(name, filepath.Join(dir, "root.json"))
	if err != nil || four.SHA256() == three.SHA256() {
		t.Errorf("another root, one digest: %v", err)
	}
	if got, err := reference.ReadTrust("", "root.json"); got != nil || err != nil {
		t.Errorf("no trust file: %v %v", got, err)
	}
}

// TestTrustStaysInItsFolder: a trust file can name no file outside of its folder.
func TestTrustStaysInItsFolder(t *testing.T) {
	dir, name := folder(t)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "link.pub")); err != nil {
		t.Fatal(err)
	}
	for _, outside := range []string{"../us.pub", "/etc/hostname", "link.pub"} {
		put(t, name, strings.Replace(string(text), "us.pub", outside, 1))
		trust, err := reference.ReadTrust(name, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := trust.Parse(); err == nil || len(trust.Beside) != 0 {
			t.Errorf("%s: %v, %d files were read", outside, err, len(trust.Beside))
		}
	}
}

func TestReadManifests(t *testing.T) {
	dir := t.TempDir()
	if _, err := reference.ReadManifests([]string{dir}); err == nil || !strings.Contains(err.Error(), "no manifest (*.json) is in this folder") {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := reference.ReadManifests([]string{dir}); err == nil || !strings.Contains(err.Error(), "are not searched") {
		t.Errorf("folders only: %v", err)
	}
	put(t, filepath.Join(dir, "a.json"), "{}")
	put(t, filepath.Join(dir, "notes.txt"), "{}")
	list, err := reference.ReadManifests([]string{dir})
	if err != nil || len(list) != 1 || list[0].Base() != "a.json" || list[0].Unread != "" {
		t.Errorf("%+v %v", list, err)
	}
	if _, err := reference.ReadManifests([]string{filepath.Join(dir, "none.json")}); err == nil {
		t.Error("a manifest that is not there was read")
	}
}

// TestLoad: what does not verify is a problem of the report, and is named as rejected;
// nothing of it counts.
func TestLoad(t *testing.T) {
	_, name := folder(t)
	trust, err := reference.ReadTrust(name, "")
	if err != nil {
		t.Fatal(err)
	}
	file := &input.File{Name: "dir/m.json", Data: []byte("{}")}
	r, err := reference.Load(t.Context(), &reference.Given{Trust: trust, Manifests: []reference.Manifest{{File: file}, {File: &input.File{Name: "n.json"}, Unread: "permission denied"}}}, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Problems) != 2 || len(r.Rejected) != 2 || len(r.Listed()) != 0 || r.Problems[0].Kind != report.ProblemSignature || r.Problems[1].Cause != "permission denied" {
		t.Errorf("%+v, %d rejected", r.Problems, len(r.Rejected))
	}
	if of := r.Of(&inventory.Host{}, &inventory.Device{Address: "0000:01:00.0"}); of.Firmware.State == facts.Match {
		t.Errorf("%+v", of.Firmware)
	}
	bad := &reference.Given{Trust: trust, Catalogues: []*input.File{{Name: "rows.json", Data: []byte("{}")}}}
	if _, err := reference.Load(t.Context(), bad, now); fault.Of(err) != fault.Signature || !strings.Contains(err.Error(), "catalogue rows.json: ") {
		t.Errorf("a catalogue that does not verify: %v", err)
	}
	for want, g := range map[string]reference.Given{
		"--manifests needs --trust": {Manifests: []reference.Manifest{{File: file}}},
		"--catalogue needs --trust": {Catalogues: []*input.File{file}},
		"--channels needs --trust":  {Channels: &reference.Channels{}},
	} {
		if _, err := reference.Load(t.Context(), &g, now); err == nil || fault.Of(err) != fault.Usage || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestOpenChannels(t *testing.T) {
	for want, dir := range map[string]string{"or say where with --state": filepath.Join(t.TempDir(), "none"), "subscribe to one with channel update": t.TempDir()} {
		if _, err := reference.OpenChannels(dir, ""); err == nil || fault.Of(err) != fault.Usage || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
