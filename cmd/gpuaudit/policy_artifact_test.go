package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/policy"
)

// ownRule is a rule with its tests, as a folder of a user.
var ownRule = map[string]string{
	"stock/rule.rego": `# METADATA
# title: There is a card
# description: For a test of how rules travel.
# custom:
#   id: ACME-PR-001
#   severity: low
#   scope: device
#   remediation: Nothing.
package gpuaudit.rules.provenance.acme

import data.gpuaudit.lib
import data.gpuaudit.verdict

decision := verdict.pass("It is there.", ["/device/pci/vendor_id"]) if {
	input.device.pci.vendor_id
} else := lib.device_lacks("The card", ["/pci/vendor_id"])
`,
}

// made is a signed bundle of ownRule and the keys' files.
func madeBundle(t *testing.T, dir string) (bundle []byte, public string) {
	t.Helper()
	for name, text := range ownRule {
		name = filepath.Join(dir, "ours", name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	private, pub := newPolicyKey(t)
	signer, err := policy.NewBundleSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := policy.WriteBundle(&b, audit.PolicySource(os.DirFS(filepath.Join(dir, "ours"))), signer); err != nil {
		t.Fatal(err)
	}
	public = filepath.Join(dir, "policy.pub")
	if err := os.WriteFile(public, pub, 0o600); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), public
}

// blobs are the content of an artifact by digest, the manifest's among them.
func blobs(t *testing.T, bundle []byte) (content map[string][]byte, manifest string) {
	t.Helper()
	content = map[string][]byte{}
	add := func(text []byte) string {
		sum := sha256.Sum256(text)
		digest := "sha256:" + hex.EncodeToString(sum[:])
		content[digest] = text
		return digest
	}
	config, layer := add([]byte("{}")), add(bundle)
	text, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": map[string]any{"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2},
		"layers": []any{map[string]any{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": layer, "size": len(bundle)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return content, add(text)
}

// TestRulesFromArtifacts: rules out of a layout and out of a registry, pinned or
// signed, judge; without either they are refused.
func TestRulesFromArtifacts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bundle, public := madeBundle(t, dir)
	_, stranger := newPolicyKey(t)
	other := filepath.Join(dir, "other.pub")
	content, manifest := blobs(t, bundle)
	layout := filepath.Join(dir, "layout")
	write := func(name string, text []byte) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(other, stranger)
	write(filepath.Join(layout, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`))
	write(filepath.Join(layout, "index.json"), fmt.Appendf(nil, `{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":%d}]}`, manifest, len(content[manifest])))
	server := httptest.NewServer(registry.New())
	defer server.Close()
	for digest, text := range content {
		write(filepath.Join(layout, "blobs/sha256", strings.TrimPrefix(digest, "sha256:")), text)
		put(t, http.MethodPost, server.URL+"/v2/rules/ours/blobs/uploads/?digest="+digest, "application/octet-stream", text)
	}
	put(t, http.MethodPut, server.URL+"/v2/rules/ours/manifests/v1", "application/vnd.oci.image.manifest.v1+json", content[manifest])
	remote := "oci+http://" + strings.TrimPrefix(server.URL, "http://") + "/rules/ours"
	zeros := "@sha256:" + strings.Repeat("0", 64)

	for _, tc := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"layout, signed", []string{layout, public}, 0, "ACME-PR-001"},
		{"layout, pinned", []string{layout + "@" + manifest}, 0, "ACME-PR-001"},
		{"layout, neither", []string{layout}, exitUsage, "pin the artifact"},
		{"layout, another key", []string{layout + "@" + manifest, other}, exitSignature, "does not verify"},
		{"layout, another digest", []string{layout + zeros}, exitSignature, "it holds no manifest"},
		{"registry, pinned", []string{remote + "@" + manifest}, 0, "ACME-PR-001"},
		{"registry, tag, signed", []string{remote + ":v1", public}, 0, "ACME-PR-001"},
		{"registry, tag alone", []string{remote + ":v1"}, exitUsage, "pin the artifact"},
		{"registry, another key", []string{remote + ":v1", other}, exitSignature, "does not verify"},
		{"registry, not there", []string{remote + zeros}, exitUsage, "ask the registry"},
		{"a digest that is none", []string{remote + "@sha256:12"}, exitUsage, "is no digest"},
		{"a folder with a digest", []string{filepath.Join(dir, "ours") + "@" + manifest}, exitUsage, "is a directory"},
	} {
		var out, errs bytes.Buffer
		a := &app{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now, Getenv: func(string) string { return "" }, unconfined: true, own: ownInTests}
		args := []string{"policy", "list", "--policy", tc.args[0]}
		if len(tc.args) > 1 {
			args = append(args, "--policy-key", tc.args[1])
		}
		if code := a.main(t.Context(), args); code != tc.code || !strings.Contains(out.String()+errs.String(), tc.want) {
			t.Errorf("%s: exit code %d, want %d; %q not in %s", tc.name, code, tc.code, tc.want, errs.String())
		}
		// And the same in a process without rights, and without a network of its own.
		if tc.want != "is no digest" { // a wrong command line is not judged at all
			args = append(args, "--require-confinement")
		}
		apart := exec.Command("gpuaudit", args...)
		text, err := apart.CombinedOutput()
		if apart.ProcessState == nil {
			t.Fatal(err)
		}
		if code := apart.ProcessState.ExitCode(); code != tc.code || !strings.Contains(string(text), tc.want) {
			t.Errorf("%s: judged apart: exit code %d, want %d; %q not in %s", tc.name, code, tc.code, tc.want, text)
		}
	}
}

func put(t *testing.T, method, url, kind string, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("%s %s: %s", method, url, res.Status)
	}
}

func newPolicyKey(t *testing.T) (private, public []byte) {
	t.Helper()
	private, signer, err := seal.NewKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	public, err = signer.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	return private, public
}
