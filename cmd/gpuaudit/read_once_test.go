package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestReadOnce: each file that a verb names is opened once. What is read a second time
// may be another file by then, and what is a FIFO holds nothing any more.
func TestReadOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	oddFiles(t)
	fileOf(t, "accepted.yaml", []byte(`version: 1
waivers:
  - finding: GA-PR-001
    scope: {model: "1002:73ff"}
    reason: the maker publishes no manifests
    owner: lab
    approver: head of lab
    issued: 2026-11-01
    expires: 2026-12-31
`))
	fileOf(t, "t.yaml", []byte("version: 1\nkeys:\n  - name: lab\n    kind: operator\n    pci_vendors: [\"1002\"]\n    not_before: 2026-01-01T00:00:00Z\n    not_after: 2027-01-01T00:00:00Z\n    public_key_file: k.pub\n"))
	says(t, 0, "", "waivers", "sign", "accepted.yaml", "--key", "k.key")
	for _, tt := range []struct {
		args, fifos, want string
	}{
		{"waivers verify accepted.yaml --key k.pub --now NOW", "accepted.yaml k.pub", "verified"},
		{"waivers verify accepted.yaml --trust t.yaml --now NOW", "accepted.yaml t.yaml", "signed by lab"},
		{"waivers sign accepted.yaml --key k.key --output o.json", "accepted.yaml k.key", ""},
		{"report verify b.json --key k.pub --now NOW", "b.json k.pub", "verified"},
		{"report verify b.json --trust t.yaml --now NOW", "b.json t.yaml", "verified"},
		{"report show b.json --key k.pub --now NOW", "b.json k.pub", "verified"},
		{"report diff b.json b2.json --key k.pub --now NOW", "b.json b2.json k.pub", "nothing changed"},
		{"report sign r.json --key k.key --output o.json --summary o2.json", "r.json k.key", ""},
		{"report statement r.json --output o.json", "r.json", ""},
		{"timestamp request b.json --output o.tsq", "b.json", ""},
		{"policy check b.json b2.json --trust t.yaml --signed --now NOW", "b.json b2.json t.yaml", `"verified: lab (operator)"`},
		{"policy check b.json --waivers accepted.yaml --waivers-key k.pub --now NOW", "b.json accepted.yaml k.pub", `"status":"passed"`},
	} {
		fileOf(t, "b2.json", contentOf(t, "b.json"))
		fifos := strings.Fields(tt.fifos)
		for _, name := range fifos {
			pipeOnce(t, name)
		}
		t.Logf("gpuaudit %s", tt.args)
		says(t, 0, tt.want, strings.Fields(strings.ReplaceAll(tt.args, "NOW", oddNow))...)
		for _, name := range fifos {
			noError(t, os.Rename(name+".kept", name))
		}
	}
}

// pipeOnce puts a FIFO in the place of a file, which gives its content once. A second
// reader would wait for ever: the test ends by its time limit then.
func pipeOnce(t *testing.T, name string) {
	t.Helper()
	text := contentOf(t, name)
	noError(t, os.Rename(name, name+".kept"))
	noError(t, syscall.Mkfifo(name, 0o600))
	go func() {
		if f, err := os.OpenFile(name, os.O_WRONLY, 0); err == nil {
			_, _ = f.Write(text)
			f.Close()
		}
	}()
}
