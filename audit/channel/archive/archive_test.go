package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/archive"
	"github.com/gpuaudit/gpuaudit/audit/channel/channeltest"
)

func write(t testing.TB, files channel.Files) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := archive.Write(&b, files); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	v := channeltest.NewVendor(t, 3)
	long := channel.File{Name: "targets/manifests/" + strings.Repeat("a", 150) + "/" + strings.Repeat("b", 120), Data: []byte("x")}
	files := channel.Sorted(append(v.Source(), long))
	b := write(t, files)
	if !bytes.Equal(b, write(t, files)) {
		t.Error("the same files give other bytes")
	}
	got, err := archive.Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(files, got); diff != "" {
		t.Error(diff)
	}
	if _, err := channel.Update(t.Context(), got, channel.Known{Root: v.Root()}, channeltest.Now); err != nil {
		t.Error(err)
	}
}

// TestTruncated: an archive that ends early is refused wherever it ends.
func TestTruncated(t *testing.T) {
	b := write(t, channeltest.NewVendor(t, 1).Source())
	for n := range b {
		if _, err := archive.Read(bytes.NewReader(b[:n])); !errors.Is(err, archive.ErrArchive) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

type entry struct {
	h    tar.Header
	data string
}

func file(name, data string) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: 0o644}, data}
}

func packed(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if err := w.WriteHeader(&e.h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return z.Bytes()
}

func TestRefused(t *testing.T) {
	special := func(flag byte, link string) entry {
		return entry{tar.Header{Typeflag: flag, Name: "timestamp.json", Linkname: link, Mode: 0o644}, ""}
	}
	good := packed(t, file("1.root.json", "{}"), file("timestamp.json", "{}"))
	for name, b := range map[string][]byte{
		"symbolic link":      zipped(t, packed(t, special(tar.TypeSymlink, "/etc/passwd"))),
		"hard link":          zipped(t, packed(t, file("1.root.json", "{}"), special(tar.TypeLink, "1.root.json"))),
		"device":             zipped(t, packed(t, special(tar.TypeChar, ""))),
		"fifo":               zipped(t, packed(t, special(tar.TypeFifo, ""))),
		"directory":          zipped(t, packed(t, entry{tar.Header{Typeflag: tar.TypeDir, Name: "targets/", Mode: 0o755}, ""})),
		"twice":              zipped(t, packed(t, file("timestamp.json", "{}"), file("timestamp.json", "[]"))),
		"out of order":       zipped(t, packed(t, file("timestamp.json", "{}"), file("1.root.json", "{}"))),
		"above":              zipped(t, packed(t, file("../timestamp.json", "{}"))),
		"above, inside":      zipped(t, packed(t, file("targets/../../timestamp.json", "{}"))),
		"absolute":           zipped(t, packed(t, file("/timestamp.json", "{}"))),
		"with a dot":         zipped(t, packed(t, file("./timestamp.json", "{}"))),
		"long name":          zipped(t, packed(t, file(strings.Repeat("a", 301), "{}"))),
		"PAX record":         zipped(t, packed(t, entry{tar.Header{Typeflag: tar.TypeReg, Name: "a", Mode: 0o644, Format: tar.FormatPAX, PAXRecords: map[string]string{"GPUAUDIT.x": "1"}}, ""})),
		"data behind gzip":   append(zipped(t, good), 'x'),
		"a second member":    append(zipped(t, good), zipped(t, good)...),
		"data behind tar":    zipped(t, append(bytes.Clone(good), "more"...)),
		"not compressed":     good,
		"nothing":            nil,
		"wrong checksum":     func() []byte { b := zipped(t, good); b[len(b)-8] ^= 1; return b }(),
		"more than may be":   zipped(t, packed(t, file("a", strings.Repeat("\x00", 16<<20+1)))),
		"far more than that": bomb(t),
	} {
		t.Run(name, func(t *testing.T) {
			files, err := archive.Read(bytes.NewReader(b))
			if !errors.Is(err, archive.ErrArchive) {
				t.Fatalf("%v (%d files)", err, len(files))
			}
			t.Log(err)
		})
	}
}

// bomb is 300 MiB of zeros in 300 KiB.
func bomb(t testing.TB) []byte {
	t.Helper()
	pr, pw := io.Pipe()
	var z bytes.Buffer
	go func() {
		w := tar.NewWriter(pw)
		zeros := make([]byte, 15<<20)
		for i := range 20 {
			h := file(string(rune('a'+i)), "").h
			h.Size = int64(len(zeros))
			_ = w.WriteHeader(&h)
			_, _ = w.Write(zeros)
		}
		pw.CloseWithError(w.Close())
	}()
	g := gzip.NewWriter(&z)
	if _, err := io.Copy(g, pr); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	return z.Bytes()
}

// FuzzRead starts from the tar stream, which gzip's sum would hide from the
// fuzzer. What is read can be written, and reads the same.
func FuzzRead(f *testing.F) {
	v := channeltest.NewVendor(f, 1)
	z, err := gzip.NewReader(bytes.NewReader(write(f, v.Source())))
	if err != nil {
		f.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		f.Fatal(err)
	}
	root := v.Root()
	f.Add(plain, true)
	f.Add(packed(f, file("1.root.json", "{}"), file("timestamp.json", "{}")), true)
	f.Add(packed(f, file(strings.Repeat("long/", 50)+"x", "{}")), true)
	f.Add([]byte("\x1f\x8b\x08"), false)
	f.Fuzz(func(t *testing.T, b []byte, zip bool) {
		if zip {
			b = zipped(t, b)
		}
		files, err := archive.Read(bytes.NewReader(b))
		if err != nil {
			if files != nil {
				t.Fatal("files beside an error")
			}
			return
		}
		again, err := archive.Read(bytes.NewReader(write(t, files)))
		if err != nil || len(again) != len(files) {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		v, err := channel.Update(t.Context(), files, channel.Known{Root: root}, channeltest.Now)
		if err == nil && len(v.Manifests) != 1 {
			t.Errorf("another state verifies: %+v", v)
		}
	})
}
