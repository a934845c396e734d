package debpkg_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
)

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// module is a kernel module that states no version, as those in the kernel tree.
func module(name string) []byte { return hosttest.ELF(map[string]string{"name": name, "intree": "Y"}) }

// pack compresses as the suffix of a name says.
func pack(t testing.TB, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch name[strings.LastIndex(name, ".")+1:] {
	case "gz":
		w = gzip.NewWriter(&b)
	case "xz":
		w, err = xz.NewWriter(&b)
	case "zst":
		w, err = zstd.NewWriter(&b)
	default:
		return data
	}
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// archive makes a tar archive. A value that begins with "-> " is a symlink, one
// with "=> " a hard link.
func archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{Name: "./" + name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}
		if target, ok := strings.CutPrefix(files[name], "-> "); ok {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, target, 0
		}
		if target, ok := strings.CutPrefix(files[name], "=> "); ok {
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, target, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, files[name]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// ar joins members, name and content in turn.
func ar(members ...string) []byte {
	b := bytes.NewBufferString("!<arch>\n")
	for i := 0; i < len(members); i += 2 {
		fmt.Fprintf(b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", members[i], 0, 0, 0, "100644", len(members[i+1]), members[i+1])
		if len(members[i+1])%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

const control = "Package: linux-image-test\nVersion: 6.1.1-1\nArchitecture: amd64\nDescription: a kernel\n with two lines\n"

// deb builds a package of these files, its archives compressed by the suffix.
func deb(t testing.TB, suffix string, files map[string]string) []byte {
	t.Helper()
	sums := ""
	for name, content := range files {
		if !strings.HasPrefix(content, "-> ") && !strings.HasPrefix(content, "=> ") {
			sum := md5.Sum([]byte(content))
			sums += hex.EncodeToString(sum[:]) + "  " + name + "\n"
		}
	}
	info := archive(t, map[string]string{"control": control, "md5sums": sums})
	return ar("debian-binary", "2.0\n", "control.tar"+suffix, string(pack(t, suffix, info)), "data.tar"+suffix, string(pack(t, suffix, archive(t, files))))
}

// key makes a signing key, valid for a year from the first of January.
func key(t testing.TB, name string) *openpgp.Entity {
	t.Helper()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	e, err := openpgp.NewEntity(name, "", name+"@example.org", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return at }, KeyLifetimeSecs: 365 * 86400})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func public(t testing.TB, e *openpgp.Entity) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := e.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// index is a package index with other packages around the one.
func index(deb []byte, stanza string) []byte {
	other := "Package: other\nVersion: 1\nArchitecture: all\nSize: 3\nSHA256: " + strings.Repeat("0", 64) + "\n\n"
	return []byte(other + stanza + fmt.Sprintf("Filename: pool/x.deb\nSize: %d\nSHA256: %s\n\n", len(deb), importer.Digest(deb)) + other)
}

// inRelease signs a Release file that names a package index.
func inRelease(t testing.TB, signer *openpgp.Entity, index []byte, name string) []byte {
	t.Helper()
	text := fmt.Sprintf("Origin: Example\nSuite: stable\nCodename: bookworm\nDate: Mon, 23 Nov 2026 00:00:00 UTC\nMD5Sum:\n %s 1 x\nSHA256:\n %s %d %s\n %s 0 main/other\n",
		strings.Repeat("0", 32), importer.Digest(index), len(index), name, strings.Repeat("0", 64))
	var b bytes.Buffer
	w, err := clearsign.Encode(&b, signer.PrivateKey, &packet.Config{Time: func() time.Time { return now.Add(-time.Hour) }})
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
