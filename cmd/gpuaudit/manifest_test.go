package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// bench is a folder, an app whose captures hold the given devices, and its
// environment.
type bench struct {
	t           *testing.T
	dir         string
	devices     []inventory.Device
	environment map[string]string
	ask         func(prompt string) ([]byte, error)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), environment: map[string]string{}}
	b.devices = []inventory.Device{{
		Address: "0000:03:00.0", PCI: inventory.PCI{VendorID: new("1002"), DeviceID: new("73ff")},
		Firmware: inventory.Firmware{ROMs: []inventory.ROM{{SHA256: strings.Repeat("a", 64), SHA384: strings.Repeat("a", 96)}}},
		Gaps:     []inventory.Gap{{Fact: "/driver", Source: "sys", Reason: inventory.ReasonPermission}},
	}}
	return b
}

// run runs a command line, in which @ stands for the folder.
func (b *bench) run(line string) (code int, out, errs string) {
	var stdout, stderr bytes.Buffer
	a := &app{
		unconfined: true,
		Stdin:      strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Now:       func() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) },
		Getenv:    func(name string) string { return b.environment[name] },
		LookupEnv: func(name string) (string, bool) { v, ok := b.environment[name]; return v, ok },
		Ask:       b.ask,
		InventoryOf: func(context.Context, string) (*inventory.Inventory, []byte, error) {
			return &inventory.Inventory{Devices: b.devices}, nil, nil
		},
	}
	code = a.main(b.t.Context(), strings.Fields(strings.ReplaceAll(line, "@", b.dir+"/")))
	return code, stdout.String(), stderr.String()
}

// must runs a command line that has to succeed.
func (b *bench) must(line string) (out, errs string) {
	b.t.Helper()
	code, out, errs := b.run(line)
	if code != 0 {
		b.t.Fatalf("%s: exit code %d: %s", line, code, errs)
	}
	return out, errs
}

func (b *bench) write(name string, text []byte) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), text, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) read(name string) []byte {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// keys makes NAME.key, NAME.locked (cosign's form) and NAME.pub.
func (b *bench) keys(name, pass string) {
	b.t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		b.t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		b.t.Fatal(err)
	}
	locked, err := encrypted.Encrypt(private, []byte(pass))
	if err != nil {
		b.t.Fatal(err)
	}
	put := func(ext, kind string, der []byte) {
		b.write(name+ext, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	put(".key", "PRIVATE KEY", private)
	put(".pub", "PUBLIC KEY", public)
	put(".locked", "ENCRYPTED SIGSTORE PRIVATE KEY", locked)
}

const trustOf = `version: 1
keys:
  - {name: us, kind: operator, public_key_file: us.pub, pci_vendors: ["VENDOR"], not_before: 2026-01-01T00:00:00Z, not_after: 2028-01-01T00:00:00Z}
`

// signedBundle is a bench with a signed manifest, two key pairs and trust files.
func signedBundle(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.keys("us", "secret")
	b.keys("them", "")
	b.write("trust.yaml", []byte(strings.Replace(trustOf, "VENDOR", "1002", 1)))
	b.write("other.yaml", []byte(strings.Replace(trustOf, "VENDOR", "10de", 1)))
	b.must("manifest create --from-capture c.tar.gz --name ours --output @s.json")
	b.must("manifest sign @s.json --key @us.key --output @b.json")
	return b
}

func TestManifestExitCodes(t *testing.T) {
	t.Parallel()
	b := signedBundle(t)
	b.write("broken.json", bytes.Replace(b.read("b.json"), []byte(`"sig":"`), []byte(`"sig":"AAAA`), 1))
	b.write("cut.json", b.read("b.json")[:100])
	b.write("empty.yaml", []byte("version: 1\n"))
	for _, tc := range []struct {
		name, line string
		code       int
		want       string // on standard output, or standard error
	}{
		{"trust", "manifest verify @b.json --trust @trust.yaml", 0, "verified  "},
		{"trust names the signer", "manifest verify @b.json --trust @trust.yaml", 0, "signed by us (operator)"},
		{"key", "manifest verify @b.json --key @us.pub", 0, "signature verified  "},
		{"key says what it leaves open", "manifest verify @b.json --key @us.pub", 0, "for which devices this key may speak was not checked"},
		{"another key", "manifest verify @b.json --key @them.pub", 4, "b.json: signed by a key that is not trusted"},
		{"scope", "manifest verify @b.json --trust @other.yaml", 4, "may not speak for this"},
		{"expired", "manifest verify @b.json --key @us.pub --now 2030-01-01T00:00:00Z", 4, "has expired"},
		{"broken signature", "manifest verify @broken.json --key @us.pub", 4, "broken.json: the signature is broken"},
		{"cut off", "manifest verify @cut.json --trust @trust.yaml", 4, "cut.json: malformed bundle"},
		{"no trust", "manifest verify @b.json", 2, "--trust or --key"},
		{"both", "manifest verify @b.json --trust @trust.yaml --key @us.pub", 2, "exclude"},
		{"missing bundle", "manifest verify @none.json --key @us.pub", 2, "none.json: no such file"},
		{"private key for public", "manifest verify @b.json --key @us.key", 2, "us.key: unusable key"},
		{"bad trust file", "manifest verify @b.json --trust @empty.yaml", 2, "empty.yaml: invalid trust file: no keys"},
		{"inspect", "manifest inspect @b.json", 0, "UNVERIFIED  ours"},
		{"inspect with key", "manifest inspect @b.json --key @us.pub", 0, "signature verified  ours"},
		{"inspect as JSON", "manifest inspect @b.json -o json", 0, `"verified": false`},
		{"inspect as JSON with key", "manifest inspect @b.json -o json --key @us.pub", 0, `"scope_checked": false`},
		{"inspect as JSON with trust", "manifest inspect @b.json -o json --trust @trust.yaml", 0, `"scope_checked": true`},
		{"inspect garbage", "manifest inspect @cut.json", 2, "cut.json: malformed bundle"},
		{"inspect with the wrong key", "manifest inspect @b.json --key @them.pub", 4, "not trusted"},
		{"inspect as XML", "manifest inspect @b.json -o xml", 2, "use table or json"},
		{"sign garbage", "manifest sign @cut.json --key @us.key --output @x.json", 2, "cut.json: malformed"},
		{"sign with a public key", "manifest sign @s.json --key @us.pub --output @x.json", 2, "us.pub: unusable key"},
		{"sign over the key", "manifest sign @s.json --key @us.key --output @us.key", 2, "overwritten"},
		{"sign over the statement", "manifest sign @s.json --key @us.key --output @s.json", 2, "overwritten"},
		{"sign nowhere", "manifest sign @s.json --key @us.key --output @none/x.json", 2, "write"},
		{"sign to standard output", "manifest sign @s.json --key @us.key --output -", 0, `{"mediaType"`},
		{"edition 0", "manifest create --from-capture c --name n --sequence 0 --output -", 2, "count from 1"},
		{"no device there", "manifest create --from-capture c --name n --device 0000:09:00.0 --output -", 2, "choose one device with --device: it holds 0000:03:00.0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errs := b.run(tc.line)
			if code != tc.code || !strings.Contains(out+errs, tc.want) {
				t.Errorf("exit code %d, want %d with %q\n%s%s", code, tc.code, tc.want, out, errs)
			}
			if code != 0 && (out != "" || strings.Count(errs, "\n") != 1) {
				t.Errorf("a failure is one line on standard error, not %q and %q", out, errs)
			}
		})
	}
	if !bytes.Contains(b.read("us.key"), []byte("PRIVATE KEY")) {
		t.Error("the key was overwritten")
	}
}

// TestPassphrase: from the environment, where it may be empty, as cosign allows;
// from the person at the terminal; and from a descriptor, which counts first.
func TestPassphrase(t *testing.T) {
	b := signedBundle(t)
	if code, _, errs := b.run("manifest sign @s.json --key @us.locked --output @x.json"); code != 2 || !strings.Contains(errs, "set GPUAUDIT_KEY_PASSWORD or give --passphrase-fd") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	b.environment["GPUAUDIT_KEY_PASSWORD"] = ""
	b.must("manifest sign @s.json --key @them.locked --output @t.json")
	b.environment["GPUAUDIT_KEY_PASSWORD"] = "secret"
	b.must("manifest sign @s.json --key @us.locked --output @x.json")
	b.must("manifest verify @x.json --trust @trust.yaml")
	if code, _, errs := b.run("manifest sign @s.json --key @them.locked --output @y.json"); code != 2 || strings.Contains(errs, "secret") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	delete(b.environment, "GPUAUDIT_KEY_PASSWORD")
	b.ask = func(prompt string) ([]byte, error) {
		if !strings.Contains(prompt, "us.locked") {
			t.Errorf("asked %q", prompt)
		}
		return []byte("secret"), nil
	}
	b.must("manifest sign @s.json --key @us.locked --output @x.json")
	b.write("us.pass", []byte("secret\n"))
	fd, err := syscall.Open(filepath.Join(b.dir, "us.pass"), syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	b.ask = func(string) ([]byte, error) { return nil, errors.New("nobody is to be asked") }
	b.must(fmt.Sprintf("manifest sign @s.json --key @us.locked --output @x.json --passphrase-fd %d", fd))
}

// TestCreateSaysWhatItLeavesOpen, on standard error, unless told to be quiet.
func TestCreateSaysWhatItLeavesOpen(t *testing.T) {
	b := newBench(t)
	out, errs := b.must("manifest create --from-capture c --name n --output -")
	if !strings.Contains(out, `"predicateType":"https://gpuaudit.github.io/manifest/v1"`) || !strings.Contains(errs, "not stated of 0000:03:00.0: driver (sys): was refused") {
		t.Errorf("%s%s", out, errs)
	}
	if _, errs := b.must("manifest create --quiet --from-capture c --name n --output -"); errs != "" {
		t.Errorf("quiet: %s", errs)
	}
	b.devices = append(b.devices, b.devices[0])
	b.devices[1].Address = "0000:04:00.0"
	if code, _, errs := b.run("manifest create --from-capture c --name n --output -"); code != 2 || !strings.Contains(errs, "0000:03:00.0, 0000:04:00.0") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	b.must("manifest create --from-capture c --name n --device 0000:04:00.0 --output -")
	b.devices = nil
	if code, _, errs := b.run("manifest create --from-capture c --name n --output -"); code != 2 || !strings.Contains(errs, "no GPU") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

// TestResultsAreReadable: files are whole, for all to read, and nothing is left
// beside them.
func TestResultsAreReadable(t *testing.T) {
	b := signedBundle(t)
	info, err := os.Stat(filepath.Join(b.dir, "b.json"))
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	left, err := filepath.Glob(filepath.Join(b.dir, ".gpuaudit-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
