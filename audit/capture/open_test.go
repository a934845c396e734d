package capture

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// file, dir and link make headers for hand-made archives.
func file(name, data string) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o444, Size: int64(len(data))}, data}
}
func dir(name string) entry {
	return entry{tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}, ""}
}
func link(name, to string) entry {
	return entry{tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to, Mode: 0o777}, ""}
}
func special(flag byte, name string) entry {
	return entry{tar.Header{Typeflag: flag, Name: name, Linkname: "sys/a"}, ""}
}

type entry struct {
	header tar.Header
	data   string
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if err := w.WriteHeader(&e.header); err != nil {
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

func gzipOf(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const testMeta = `{"schema":"gpuaudit.capture/v1","collected_at":"2026-01-02T03:04:05Z","tool":"t","redacted":false}`

func TestOpenRefuses(t *testing.T) {
	deep := strings.Repeat("d/", 40) + "f"
	captured := func(entries ...entry) []entry {
		return append([]entry{file(metaName, testMeta), file(indexName, "{}")}, entries...)
	}
	tests := []struct {
		name    string
		entries []entry
		kind    Kind
	}{
		{"absolute name", []entry{file("/etc/passwd", "x")}, BadName},
		{"parent in name", []entry{file("sys/../../x", "x")}, BadName},
		{"parent alone", []entry{dir("../")}, BadName},
		{"inner dot", []entry{file("sys/./x", "x")}, BadName},
		{"double slash", []entry{file("sys//x", "x")}, BadName},
		{"backslash", []entry{file(`sys\x`, "x")}, BadName},
		{"not UTF-8", []entry{file("sys/\xff", "x")}, BadName},
		{"too deep", []entry{file(deep, "x")}, BadName},
		{"too long", []entry{file("sys/"+strings.Repeat("x", 1100), "x")}, BadName},
		{"file twice", []entry{file("sys/a", "1"), file("sys/a", "2")}, Duplicate},
		{"file twice, once with ./", []entry{file("sys/a", "1"), file("./sys/a", "2")}, Duplicate},
		{"link twice", []entry{link("sys/a", "b"), link("sys/a", "c")}, Duplicate},
		{"link over directory", []entry{file("sys/a/b", "1"), link("sys/a", "c")}, Duplicate},
		{"directory over file", []entry{file("sys/a", "1"), dir("sys/a/")}, Duplicate},
		{"hard link", []entry{file("sys/a", "1"), special(tar.TypeLink, "sys/b")}, BadType},
		{"character device", []entry{special(tar.TypeChar, "dev/null")}, BadType},
		{"block device", []entry{special(tar.TypeBlock, "dev/sda")}, BadType},
		{"fifo", []entry{special(tar.TypeFifo, "dev/p")}, BadType},
		{"unknown type", []entry{special('Z', "dev/p")}, BadType},
		{"global PAX header", []entry{{tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "g", PAXRecords: map[string]string{"path": "x"}}, ""}}, BadType},
		{"below a file", []entry{file("sys/a", "1"), file("sys/a/b", "2")}, BadParent},
		{"write through a link", []entry{link("sys/a", "b"), file("sys/a/c", "2")}, BadParent},
		{"deep write through a link", []entry{link("sys/a", "b"), file("sys/a/c/d/e", "2")}, BadParent},
		{"link out of the root", []entry{link("sys/a", "../../etc/passwd")}, BadLink},
		{"link out and in again", []entry{link("sys/a", "../../sys/b")}, BadLink},
		{"link with backslash", []entry{link("sys/a", `b\c`)}, BadLink},
		{"late meta", []entry{file("sys/a", "1"), file(metaName, testMeta)}, BadFormat},
		{"capture without index", []entry{file(metaName, testMeta)}, BadFormat},
		{"index not second", []entry{file(metaName, testMeta), dir("root/"), file(indexName, "{}")}, BadFormat},
		{"other schema", []entry{file(metaName, strings.Replace(testMeta, "v1", "v9", 1))}, BadFormat},
		{"no time", []entry{file(metaName, `{"schema":"gpuaudit.capture/v1"}`)}, BadFormat},
		{"time beyond JSON", []entry{file(metaName, strings.Replace(testMeta, "2026-01-02T03:04:05Z", "9999-12-31T23:59:59-01:00", 1))}, BadFormat},
		{"meta is no JSON", []entry{file(metaName, "{")}, BadFormat},
		{"stray entry in capture", captured(file("sys/a", "1")), BadFormat},
		{"root is a file", captured(file("root", "1")), BadFormat},
		{"link among ROMs", captured(link("roms/x", "y")), BadFormat},
		{"link among facts", captured(link("derived/x", "y")), BadFormat},
		{"link out of a capture's root", captured(link("root/a", "../index.json")), BadLink},
		{"index twice", captured(file(indexName, "{}")), Duplicate},
		{"index with unknown field", []entry{file(metaName, testMeta), file(indexName, `{"x":1}`)}, BadFormat},
		{"index with climbing path", []entry{file(metaName, testMeta), file(indexName, `{"failures":[{"op":"open","path":"../x"}]}`)}, BadFormat},
		{"index with climbing listing", []entry{file(metaName, testMeta), file(indexName, `{"listings":{"sys":{"..":"d"}}}`)}, BadFormat},
		{"index with bad mode", []entry{file(metaName, testMeta), file(indexName, `{"stats":{"sys":{"mode":"-9999","size":1}}}`)}, BadFormat},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			raw := tarOf(t, test.entries...)
			for _, data := range [][]byte{raw, gzipOf(t, raw)} {
				a, err := Open("x.tar", bytes.NewReader(data), Limits{})
				wantKind(t, err, test.kind)
				if a != nil {
					t.Error("a refused archive was returned all the same")
				}
			}
		})
	}
}

func wantKind(t *testing.T, err error, kind Kind) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != kind || !errors.Is(err, kind) || e.Archive == "" {
		t.Errorf("error is %v, want kind %q", err, kind)
	}
}

func TestOpenRefusesBytes(t *testing.T) {
	good := tarOf(t, file("sys/a", strings.Repeat("x", 700)))
	packed := gzipOf(t, good)
	flipped := bytes.Clone(packed)
	flipped[len(flipped)-6] ^= 1 // in gzip's sum
	sparse := tarOf(t, file("sys/a", "x"))
	sparse[156] = tar.TypeGNUSparse
	badSum := bytes.Clone(good)
	badSum[0] ^= 1
	nul := bytes.Clone(good)
	pax := bytes.Replace(tarOf(t, entry{tar.Header{Typeflag: tar.TypeReg, Name: "a", PAXRecords: map[string]string{"VENDOR.key.major": "1"}}, ""}),
		[]byte("VENDOR.key"), []byte("GNU.sparse"), 1)
	tests := []struct {
		name string
		data []byte
		kind Kind
	}{
		{"nothing", nil, NotArchive},
		{"text", []byte("hello, this is not an archive"), NotArchive},
		{"much text", bytes.Repeat([]byte("hello "), 500), NotArchive},
		{"zip", append([]byte("PK\x03\x04"), make([]byte, 2000)...), NotArchive},
		{"only an end", make([]byte, 1024), NotArchive},
		{"only a packed end", gzipOf(t, make([]byte, 1024)), NotArchive},
		{"packed text", gzipOf(t, bytes.Repeat([]byte("hello "), 500)), NotArchive},
		{"header sum", badSum, NotArchive},
		{"gzip sum", flipped, Corrupt},
		{"garbage after tar", append(bytes.Clone(good), 'x'), Trailing},
		{"garbage in packed tar", gzipOf(t, append(bytes.Clone(good), 'x')), Trailing},
		{"garbage after gzip", append(bytes.Clone(packed), 'x'), Trailing},
		{"second gzip member", append(bytes.Clone(packed), packed...), Trailing},
		{"second tar", append(bytes.Clone(good), good...), Trailing},
		{"no end marker", nul[:len(nul)-1024], Truncated},
		{"half an end marker", nul[:len(nul)-512], Truncated},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, err := Open("x", bytes.NewReader(test.data), Limits{})
			wantKind(t, err, test.kind)
			if (a != nil) != (test.kind == Truncated) {
				t.Errorf("archive returned: %v", a != nil)
			}
		})
	}
	for name, data := range map[string][]byte{"old sparse": fixSum(sparse), "PAX sparse": pax} {
		if a, err := Open(name, bytes.NewReader(data), Limits{}); err == nil || a != nil {
			t.Errorf("%s was not refused", name)
		}
	}
}

// fixSum writes the first header's checksum anew.
func fixSum(data []byte) []byte {
	copy(data[148:156], "        ")
	sum := 0
	for _, b := range data[:512] {
		sum += int(b)
	}
	copy(data[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return data
}

// TestOpenPackedFolder: a machine that was packed with its folder is read as one without.
func TestOpenPackedFolder(t *testing.T) {
	for name, tc := range map[string]struct {
		entries []entry
		want    bool
	}{
		"the machine itself": {[]entry{dir("sys"), file("sys/a", "a"), link("sys/b", "a")}, true},
		"its folder":         {[]entry{dir("host"), dir("host/sys"), file("host/sys/a", "a"), link("host/sys/b", "a")}, true},
		"a folder in one":    {[]entry{file("x/y/sys/a", "a"), link("x/y/sys/b", "../sys/a"), file("x/y/proc/c", "c")}, true},
		"two machines":       {[]entry{file("one/sys/a", "a"), file("two/sys/a", "a")}, false},
		"something beside":   {[]entry{file("host/sys/a", "a"), file("read.me", "")}, false},
		"a file":             {[]entry{file("sys", "a")}, false},
	} {
		a, err := Open(name, bytes.NewReader(tarOf(t, tc.entries...)), Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, f := range []string{"sys/a", "sys/b"} {
			b, err := fs.ReadFile(a.view, f)
			if got := err == nil && string(b) == "a"; got != tc.want {
				t.Errorf("%s: %s is %q, %v", name, f, b, err)
			}
		}
	}
}

func TestOpenLimits(t *testing.T) {
	var many []entry
	for i := range 50 {
		many = append(many, file(fmt.Sprintf("sys/%d/a/b", i), "x"))
	}
	bomb := tarOf(t, file("sys/bomb", strings.Repeat("\x00", 4<<20)))
	tests := []struct {
		name   string
		data   []byte
		limits Limits
		kind   Kind
	}{
		{"entries with what they imply", tarOf(t, many...), Limits{Entries: 100}, TooLarge},
		{"one file", tarOf(t, file("a", strings.Repeat("x", 101))), Limits{FileBytes: 100}, TooLarge},
		{"total", tarOf(t, many...), Limits{TotalBytes: 10_000}, TooLarge},
		{"total by padding", append(tarOf(t, file("a", "b")), make([]byte, 1<<20)...), Limits{TotalBytes: 100_000}, TooLarge},
		{"ratio", gzipOf(t, bomb), Limits{RatioGrace: 1 << 20}, TooDense},
		{"ratio of padding", gzipOf(t, append(tarOf(t, file("a", "b")), make([]byte, 4<<20)...)), Limits{RatioGrace: 1 << 20}, TooDense},
		{"memory", tarOf(t, file("a", strings.Repeat("x", 20_000)), file("b", strings.Repeat("y", 20_000))), Limits{HeldBytes: 40_000}, TooLarge},
		{"memory of entries", tarOf(t, many...), Limits{HeldBytes: 5_000}, TooLarge},
		{"name", tarOf(t, file("abcdef", "")), Limits{NameBytes: 5}, BadName},
		{"target", tarOf(t, link("a", "abcdef")), Limits{NameBytes: 5}, BadLink},
		{"depth", tarOf(t, file("a/b/c", "")), Limits{Depth: 2}, BadName},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, err := Open("x", bytes.NewReader(test.data), test.limits)
			wantKind(t, err, test.kind)
			if a != nil {
				t.Error("archive was returned")
			}
		})
	}
	same := tarOf(t, file("a", strings.Repeat("x", 20_000)), file("b", strings.Repeat("x", 20_000)))
	if _, err := Open("x", bytes.NewReader(same), Limits{HeldBytes: 22_000}); err != nil {
		t.Errorf("the same content twice: %v", err)
	}
	if _, err := Open("x", bytes.NewReader(gzipOf(t, bomb)), Limits{}); err != nil {
		t.Errorf("below the grace: %v", err)
	}
}

// A header may promise more than there is: the promise allocates nothing.
func TestOpenPromisedSize(t *testing.T) {
	data := tarOf(t, file("sys/a", ""))
	copy(data[124:136], "00177777777\x00") // 31 MiB and a bit
	_, err := Open("x", bytes.NewReader(fixSum(data)), Limits{})
	wantKind(t, err, Truncated)
}

func TestOpenReadError(t *testing.T) {
	good := gzipOf(t, tarOf(t, file("sys/a", "x")))
	broken := errors.New("disk on fire")
	_, err := Open("x", io.MultiReader(bytes.NewReader(good[:30]), &failing{broken}), Limits{})
	wantKind(t, err, Unreadable)
	if !errors.Is(err, broken) {
		t.Errorf("%v does not hold its cause", err)
	}
	if _, err := OpenFile(filepath.Join(t.TempDir(), "none"), Limits{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there gives %v", err)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func TestSnapshotLinks(t *testing.T) {
	_, err := Open("x", bytes.NewReader(tarOf(t,
		dir("./"), file("./sys/devices/a/vendor", "0x10de\n"), dir("sys/devices/a/"),
		link("sys/bus/dev", "../devices/a"), link("sys/up", "devices/a/../a"), link("sys/dangling", "nowhere/x"),
		link("sys/loop", "loop"), link("etc/mtab", "/proc/self/mounts"), link("top", "."),
		link("sys/hop", "bus/dev/../../../../x"),
	)), Limits{})
	if err == nil {
		t.Fatal("sys/hop leaves the root and was accepted")
	}
	a, err := Open("x", bytes.NewReader(tarOf(t,
		dir("./"), file("./sys/devices/a/vendor", "0x10de\n"), dir("sys/devices/a/"),
		link("sys/bus/dev", "../devices/a"), link("sys/up", "devices/a/../a"), link("sys/dangling", "nowhere/x"),
		link("sys/loop", "loop"), link("etc/mtab", "/proc/self/mounts"), link("top", "."), link("sys/x/deep", "../../sys/bus"),
		// Lexically inside, but its first step is a link to the top.
		link("sys/chained", "../top/../sys/up"),
	)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sys/devices/a/vendor", "sys/bus/dev/vendor", "sys/up/vendor", "top/sys/up/vendor", "sys/x/deep/dev/vendor"} {
		if b, err := fs.ReadFile(a.view, name); err != nil || string(b) != "0x10de\n" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for _, name := range []string{"sys/dangling", "sys/loop", "etc/mtab", "sys/loop/x", "etc/mtab/x", "sys/chained/vendor", "proc"} {
		if _, err := fs.ReadFile(a.view, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want fs.ErrNotExist", name, err)
		}
		if _, err := fs.Stat(a.view, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("stat %s: %v, want fs.ErrNotExist", name, err)
		}
	}
	if to, err := fs.ReadLink(a.view, "etc/mtab"); err != nil || to != "/proc/self/mounts" {
		t.Errorf("an absolute link reads as %q, %v", to, err)
	}
	if _, err := a.view.Open("../x"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a climbing name gives %v", err)
	}
}

// Every cut of an archive is told, and what came before it stays readable.
func TestOpenTruncated(t *testing.T) {
	for name, whole := range map[string][]byte{"capture": smallCapture(t), "snapshot": gzipOf(t, tarOf(t, file("sys/a", "x"), dir("sys/b/"), file("sys/c", "y")))} {
		z, err := gzip.NewReader(bytes.NewReader(whole))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		for form, data := range map[string][]byte{"gz": whole, "tar": plain} {
			step := 1
			if form == "tar" {
				step = 61
			}
			archives := 0
			for cut := 1; cut < len(data); cut += step {
				if form == "tar" && len(bytes.Trim(data[cut:], "\x00")) == 0 && len(data)-cut < 512 {
					continue // part of the padding after the end marker
				}
				a, err := Open(name, bytes.NewReader(data[:cut]), Limits{})
				if !errors.Is(err, Truncated) && (a != nil || !errors.Is(err, NotArchive)) {
					t.Fatalf("%s.%s cut at %d of %d: %v", name, form, cut, len(data), err)
				}
				if a == nil {
					continue
				}
				archives++
				if _, err := fs.Stat(a.view, "var/never"); !errors.Is(err, Truncated) {
					t.Fatalf("cut at %d: an unknown name gives %v", cut, err)
				}
				if e, ok := errors.AsType[*Error](err); !ok || e.Offset <= 0 {
					t.Fatalf("cut at %d: no offset in %v", cut, err)
				}
			}
			if archives == 0 {
				t.Errorf("%s.%s: no cut left anything to read", name, form)
			}
		}
	}
}

// The snapshots of real hosts that come with ghw, and those that are shared.
func snapshots(t testing.TB) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/jaypipes/ghw").Output()
	if err != nil {
		t.Skipf("the ghw module is not at hand: %v", err)
	}
	names, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "testdata/snapshots/*.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	shared, err := filepath.Glob("../../../shared/snapshots/*.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	rootfs, err := filepath.Glob("../../../shared/captures/*.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	names = slices.DeleteFunc(append(append(names, shared...), rootfs...), func(name string) bool {
		again := have[filepath.Base(name)]
		have[filepath.Base(name)] = true
		return again
	})
	if len(names) == 0 {
		t.Skip("no snapshots at hand")
	}
	return names
}

func TestOpenSnapshots(t *testing.T) {
	for _, name := range snapshots(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			a, err := OpenFile(name, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if a.meta != nil {
				t.Error("a snapshot passes for a capture")
			}
			var files int
			if err := fs.WalkDir(a.view, ".", func(_ string, d fs.DirEntry, err error) error {
				files++
				return err
			}); err != nil {
				t.Error(err)
			}
			if files < 100 {
				t.Errorf("only %d files", files)
			}
		})
	}
}

func TestSnapshotIsAFileSystem(t *testing.T) {
	for _, name := range snapshots(t) {
		if !strings.HasSuffix(name, "linux-amd64-accel.tar.gz") {
			continue
		}
		a, err := OpenFile(name, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := fstest.TestFS(a.view, "sys/bus/pci/devices", "proc/cpuinfo"); err != nil {
			t.Error(err)
		}
		return
	}
	t.Skip("the snapshot is not at hand")
}

func FuzzOpen(f *testing.F) {
	f.Add(smallCapture(f))
	f.Add(gzipOf(f, tarOf(f, file("sys/a", "x"), link("sys/b", "a"), dir("sys/c"))))
	f.Add(tarOf(f, file("sys/a", "x"), link("sys/b", "../etc")))
	f.Add(tarOf(f, file(metaName, testMeta), file(indexName, `{"failures":[{"op":"open","path":"sys/x","is":"EIO"}],"listings":{"sys":{"x":"-"}}}`), link("root/sys/y", "x")))
	for _, name := range snapshots(f) {
		if b, err := os.ReadFile(name); err == nil && len(b) < 8<<10 {
			f.Add(b)
		}
	}
	limits := Limits{Entries: 5000, TotalBytes: 8 << 20, FileBytes: 1 << 20, RatioGrace: 1 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Open("fuzz", bytes.NewReader(data), limits)
		if e, ok := errors.AsType[*Error](err); err != nil && (!ok || a != nil && e.Kind != Truncated) {
			t.Fatalf("archive %v with error %v", a != nil, err)
		}
		if a == nil {
			return
		}
		_ = fs.WalkDir(a.view, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || !fs.ValidPath(name) {
				return nil
			}
			_, _ = fs.ReadLink(a.view, name)
			_, _ = fs.ReadFile(a.view, name)
			_, _ = fs.Stat(a.view, name)
			return nil
		})
		_, _ = readPCITree(a.view, pciAttrs)
	})
}
