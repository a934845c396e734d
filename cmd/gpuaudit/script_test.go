package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/rules"
)

// TestScripts runs the manual: each script under testdata/script is a page of
// user-visible behaviour.
func TestScripts(t *testing.T) {
	shared, err := filepath.Abs("../../../shared")
	if err != nil {
		t.Fatal(err)
	}
	evidence, err := filepath.Abs("../../attest/tpm/testdata")
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := filepath.Abs(boots)
	if err != nil {
		t.Fatal(err)
	}
	corim, err := filepath.Abs("../../audit/manifest/importer/corim/testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SHARED", shared)
			env.Setenv("EVIDENCE", evidence)
			env.Setenv("CORIM", corim)
			env.Setenv("BOOTS", recorded)
			env.Setenv("BOOT_NONCE", bootNonce)
			env.Setenv("AK", enrolledKey(t, evidence))
			env.Setenv("NONCE", strings.Repeat("11", 32))
			env.Setenv("OTHER", strings.Repeat("22", 32))
			env.Setenv("LATER", "2026-12-01T00:00:00Z") // the recorded certificates begin on 24 November
			env.Setenv("NOW", "2026-11-24T00:00:00Z")
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "shared":
				_, err := os.Stat(shared)
				return err == nil, nil
			case "root":
				return os.Geteuid() == 0, nil
			case "shipped": // each line is a process of the program as it is shipped
				return os.Getenv("GPUAUDIT_PROGRAM") != "", nil
			}
			return false, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"gpuaudit": newRunners(t).run,
			"gpu":      layOutGPU,
			"host":     layOutHost,
			"keygen":   makeKey,
			"damage":   damageFile,
			"large":    largeFile,
			"serve":    serveFolder,
			"keyless":  signKeyless,
			"apt":      signPackage,
			"waitfor":  waitForFile,
			"alike":    reportsAlike,
			"data":     otherData,
		},
	})
}

// enrolledKey is the name of the recorded TPM's attestation key.
func enrolledKey(t *testing.T, evidence string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(evidence, "good.json"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := tpm.ParseEvidence(b)
	if err != nil {
		t.Fatal(err)
	}
	return e.AK.Name
}

// layOutHost is the script command `host NAME DIR`: a synthetic machine of
// package hosttest as a root directory. What NVIDIA's library says of it is beside it,
// in DIR.nvml.json.
func layOutHost(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: host NAME DIR")
	}
	h, err := hosttest.Named(args[0])
	ts.Check(err)
	dir := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(h.WriteTo(dir))
	if h.NVML != "" {
		ts.Check(os.WriteFile(dir+".nvml.json", []byte(h.NVML), 0o644))
	}
}

// makeKey is the script command `keygen TYPE NAME`: NAME.key, NAME.pub, and
// NAME.trust, a trust file in which the key may speak as vendor for AMD's ids.
func makeKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keygen p256|ed25519 NAME")
	}
	var key crypto.Signer
	var err error
	switch args[0] {
	case "p256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		ts.Fatalf("unknown key type %s", args[0])
	}
	ts.Check(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	ts.Check(err)
	pub := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	put := func(ext string, b []byte) { ts.Check(os.WriteFile(ts.MkAbs(args[1]+ext), b, 0o600)) }
	put(".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	put(".pub", pub)
	put(".trust", []byte(`version: 1
keys:
  - name: `+args[1]+`
    kind: vendor
    pci_vendors: ["1002"]
    not_before: 2026-01-01T00:00:00Z
    not_after: 2027-01-01T00:00:00Z
    public_key: |
      `+strings.ReplaceAll(strings.TrimSpace(string(pub)), "\n", "\n      ")+"\n"))
}

// otherData is the script command `data NAME.json DATE [OLD NEW]`: a body of data of this
// program under another day, and with a text in the place of another.
func otherData(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 && len(args) != 4 {
		ts.Fatalf("usage: data NAME.json DATE [OLD NEW]")
	}
	text, err := fs.ReadFile(rules.FS(), "data/"+args[0])
	ts.Check(err)
	day := regexp.MustCompile(`\n "date": "[0-9-]+"`)
	if len(day.FindAll(text, -1)) != 1 {
		ts.Fatalf("%s does not state one day", args[0])
	}
	text = day.ReplaceAll(text, []byte("\n \"date\": \""+args[1]+"\""))
	if len(args) == 4 {
		if !bytes.Contains(text, []byte(args[2])) {
			ts.Fatalf("%s has no %q", args[0], args[2])
		}
		text = bytes.Replace(text, []byte(args[2]), []byte(args[3]), 1)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o600))
}

// largeFile is the script command `large FILE`: 5 MiB of text.
func largeFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: large FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Repeat("text\n", 1<<20)), 0o600))
}

// serveFolder is the script command `serve DIR VARIABLE [CERTIFICATE]`: a web server for a
// folder, whose URL goes into the variable; over TLS where there is a file for its
// certificate.
func serveFolder(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: serve DIR VARIABLE [CERTIFICATE]")
	}
	server := httptest.NewUnstartedServer(http.FileServer(http.Dir(ts.MkAbs(args[0]))))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that refuse it
	if len(args) == 3 {
		server.StartTLS()
		ts.Check(os.WriteFile(ts.MkAbs(args[2]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	} else {
		server.Start()
	}
	ts.Defer(server.Close)
	ts.Setenv(args[1], server.URL)
}

// damageFile is the script command `damage flip|cut OFFSET FILE OUTPUT`.
func damageFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: damage flip|cut OFFSET FILE OUTPUT")
	}
	offset, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := []byte(ts.ReadFile(args[2]))
	switch args[0] {
	case "flip":
		b[offset] ^= 1
	case "cut":
		b = b[:offset]
	default:
		ts.Fatalf("unknown damage %s", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), b, 0o600))
}

// reportsAlike is the script command `alike REPORT REPORT`: they differ in nothing but the
// capture that one of them names.
func reportsAlike(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: alike REPORT REPORT")
	}
	var texts [2]string
	for i, name := range args {
		var r map[string]any
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(name)), &r))
		inputs, _ := r["inputs"].([]any)
		inputs = slices.DeleteFunc(inputs, func(in any) bool { return in.(map[string]any)["kind"] == "capture" })
		if r["inputs"] = inputs; len(inputs) == 0 {
			delete(r, "inputs")
		}
		text, err := json.MarshalIndent(r, "", " ")
		ts.Check(err)
		texts[i] = string(text)
	}
	if texts[0] != texts[1] {
		ts.Fatalf("%s and %s differ:\n%s", args[0], args[1], cmp.Diff(texts[0], texts[1]))
	}
}

// waitForFile is the script command `waitfor FILE`: a program in the background
// makes it.
func waitForFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor FILE")
	}
	for range 500 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("%s did not appear in ten seconds", args[0])
}
