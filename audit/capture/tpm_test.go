package capture_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

// TestTPMEvidenceIsCarried: the evidence, or why there is none, comes out of a
// capture as it went in; a redacted one holds none.
func TestTPMEvidenceIsCarried(t *testing.T) {
	for _, tc := range []struct {
		name   string
		attach func(r *capture.Recorder)
		redact bool
		asked  bool
		want   string
		is     error
	}{
		{"evidence", func(r *capture.Recorder) { r.AttachTPM([]byte("{}"), nil) }, false, true, "{}", nil},
		{"no TPM", func(r *capture.Recorder) { r.AttachTPM(nil, &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}) }, false, true, "", fs.ErrNotExist},
		{"not asked", func(*capture.Recorder) {}, false, false, "", nil},
		{"redacted", func(r *capture.Recorder) { r.AttachTPM([]byte("{}"), nil) }, true, false, "", nil},
		{"too large", func(r *capture.Recorder) { r.AttachTPM(make([]byte, 33<<20), nil) }, false, true, "", collect.ErrLimit},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := capture.NewRecorder(&collect.Env{FS: fstest.MapFS{}, Now: time.Unix(1e9, 0)})
			tc.attach(r)
			var out bytes.Buffer
			if err := r.Write(&out, capture.Options{Redact: tc.redact}); err != nil {
				t.Fatal(err)
			}
			archive, err := capture.Open("c", &out, capture.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			b, asked, err := archive.TPM()
			if string(b) != tc.want || asked != tc.asked || !errors.Is(err, tc.is) || (err == nil) != (tc.is == nil) {
				t.Errorf("%q, asked %v, %v", b, asked, err)
			}
		})
	}
}

// recording is a capture of a host, and the digest that was taken of it before.
func recording(t *testing.T, name string, evidence []byte) (packed []byte, digest []byte) {
	t.Helper()
	h, err := hosttest.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	env := h.Env()
	r := capture.NewRecorder(env)
	_, _ = r.Env().ROM(t.Context(), "0000:03:00.0")
	_, _ = r.Env().Derive(context.Background(), "module", "lib/modules/x.ko", func() ([]byte, error) { return []byte("{}"), nil })
	_, _ = fs.ReadFile(r.Env().FS, "proc/cmdline")
	_, _ = fs.ReadFile(r.Env().FS, "proc/nothing")
	if digest, err = r.Digest(capture.Options{Tool: "1"}); err != nil {
		t.Fatal(err)
	}
	if evidence != nil {
		r.AttachTPM(evidence, nil)
	}
	var out bytes.Buffer
	if err := r.Write(&out, capture.Options{Tool: "1"}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), digest
}

// TestDigestIsThatOfTheArchive, with and without the evidence that covers it, and
// that of a shell script, the one of docs/capture-format.md.
func TestDigestIsThatOfTheArchive(t *testing.T) {
	packed, digest := recording(t, "good", []byte(`{"quote": 1}`))
	archive, err := capture.Open("c", bytes.NewReader(packed), capture.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(archive.Digest(), digest) {
		t.Errorf("the archive's digest is %x, the recording's was %x", archive.Digest(), digest)
	}
	if _, other := recording(t, "bad-checksum", nil); bytes.Equal(other, digest) {
		t.Error("two machines have one digest")
	}
	if cut, err := capture.Open("c", bytes.NewReader(packed[:len(packed)/2]), capture.DefaultLimits()); err == nil || cut != nil && cut.Digest() != nil {
		t.Errorf("an archive that was cut short has a digest (%v)", err)
	}
	for _, tool := range []string{"bash", "tar", "find", "sort", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not on this machine", tool)
		}
	}
	dir := t.TempDir()
	untar := exec.Command("tar", "-xzp", "-C", dir)
	untar.Stdin = bytes.NewReader(packed)
	if out, err := untar.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	script := exec.Command("bash", "-c", shellDigest)
	script.Dir = dir
	out, err := script.Output()
	if got, _, _ := strings.Cut(string(out), " "); err != nil || got != hex.EncodeToString(digest) {
		t.Errorf("the shell says %s (%v), we say %x", got, err, digest)
	}
	_ = exec.Command("chmod", "-R", "u+w", dir).Run() // so that it can be removed
}

const shellDigest = `find . -mindepth 1 ! -path ./tpm-evidence.json -printf '%P\0' | LC_ALL=C sort -z | while IFS= read -rd '' f; do
  if [ -L "$f" ]; then printf 'l\0%s\0%s\0%s\0' 777 "$f" "$(readlink "$f")"
  elif [ -d "$f" ]; then printf 'd\0%s\0%s\0' "$(stat -c %a "$f")" "$f"
  else printf -- '-\0%s\0%s\0%s\0' "$(stat -c %a "$f")" "$(sha256sum <"$f" | cut -d' ' -f1)" "$f"; fi
done | sha256sum`
