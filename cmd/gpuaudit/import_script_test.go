package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/rogpeppe/go-internal/testscript"
)

// signPackage is the script command `apt DEB CONTROL DIR`: the archive of one
// package in DIR, with Packages, InRelease, and archive.gpg to verify it with.
func signPackage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: apt DEB CONTROL DIR")
	}
	deb, control, dir := ts.ReadFile(args[0]), ts.ReadFile(args[1]), ts.MkAbs(args[2])
	at := &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }}
	key, err := openpgp.NewEntity("Example Archive", "", "archive@example.org", at)
	ts.Check(err)
	packages := fmt.Sprintf("%sSize: %d\nSHA256: %x\n\n", control, len(deb), sha256.Sum256([]byte(deb)))
	var release, public bytes.Buffer
	w, err := clearsign.Encode(&release, key.PrivateKey, at)
	ts.Check(err)
	_, err = fmt.Fprintf(w, "Origin: Example\nCodename: bookworm\nDate: Sun, 01 Nov 2026 00:00:00 UTC\nSHA256:\n %x %d main/binary-amd64/Packages\n", sha256.Sum256([]byte(packages)), len(packages))
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(key.Serialize(&public))
	ts.Check(os.MkdirAll(dir, 0o755))
	for name, content := range map[string]io.Reader{"Packages": bytes.NewBufferString(packages), "InRelease": &release, "archive.gpg": &public} {
		b, err := io.ReadAll(content)
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
}
