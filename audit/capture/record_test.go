package capture

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

const gpuDir = "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0"

var collected = time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)

// mapHost is a small machine with one card behind a bridge.
func mapHost() fstest.MapFS {
	host := fstest.MapFS{
		"sys/bus/pci/devices/0000:01:00.0":           {Mode: fs.ModeSymlink, Data: []byte("../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0")},
		"sys/bus/pci/devices/0000:00:01.0":           {Mode: fs.ModeSymlink, Data: []byte("../../../devices/pci0000:00/0000:00:01.0")},
		"sys/bus/pci/drivers/nvidia/module":          {Mode: fs.ModeSymlink, Data: []byte("../../../../module/nvidia")},
		"sys/module/nvidia/version":                  {Data: []byte("570.1\n")},
		"sys/devices/pci0000:00/0000:00:01.0/vendor": {Data: []byte("0x8086\n")},
		gpuDir + "/vendor":                           {Data: []byte("0x10de\n")},
		gpuDir + "/config":                           {Data: testConfig()},
		gpuDir + "/rom":                              {Data: []byte("not through the file system")},
		gpuDir + "/driver":                           {Mode: fs.ModeSymlink, Data: []byte("../../../../bus/pci/drivers/nvidia")},
		gpuDir + "/modalias":                         {Data: []byte("pci:v000010DEd00002684sv00001043sd000088E2bc03sc00i00\n")},
		gpuDir + "/absolute":                         {Mode: fs.ModeSymlink, Data: []byte("/etc/passwd")},
		gpuDir + "/outside":                          {Mode: fs.ModeSymlink, Data: []byte("../../../../../../x")},
		gpuDir + "/dangling":                         {Mode: fs.ModeSymlink, Data: []byte("../nothing")},
		gpuDir + "/back\\slash":                      {Data: []byte("odd name")},
		gpuDir + "/empty":                            {},
		"lib/modules/6.1/nvidia.ko":                  {Data: bytes.Repeat([]byte("module"), 1000)},
		"proc/cmdline":                               {Data: []byte("quiet iommu=pt\n")},
		"var/tmp/large":                              {Data: bytes.Repeat([]byte("l"), 5000)},
		eventLog:                                     {Data: []byte("boot events")},
	}
	return host
}

// faultyFS gives the errors that sysfs gives.
type faultyFS struct {
	fstest.MapFS
	open, read map[string]error
}

func (f faultyFS) Open(name string) (fs.File, error) {
	if err := f.open[path.Base(name)]; err != nil {
		return nil, &fs.PathError{Op: "openat", Path: name, Err: err}
	}
	file, err := f.MapFS.Open(name)
	if rerr := f.read[path.Base(name)]; rerr != nil && err == nil {
		return &faultyFile{file, 2, &fs.PathError{Op: "read", Path: name, Err: rerr}}, nil
	}
	return file, err
}

func (f faultyFS) ReadFile(name string) ([]byte, error) {
	return fs.ReadFile(struct{ fs.FS }{f}, name)
}

type faultyFile struct {
	fs.File
	left int
	err  error
}

func (f *faultyFile) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, f.err
	}
	n, err := f.File.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, err
}

func testHost() fs.FS {
	host := mapHost()
	for _, name := range []string{"denied", "broken", "gone", "odd", "half", "reset"} {
		host[gpuDir+"/"+name] = &fstest.MapFile{Data: []byte("0123456789")}
	}
	return faultyFS{host, map[string]error{"denied": syscall.EACCES, "broken": syscall.EIO, "gone": syscall.ENODEV,
		"odd": errors.New("an error of its own")}, map[string]error{"half": syscall.EIO, "reset": fmt.Errorf("while reset: %w", syscall.EINVAL)}}
}

// operation results, as text that must be equal on the host and on replay.
func describe(v any, err error) string {
	switch v := v.(type) {
	case fs.FileInfo:
		if err == nil {
			return fmt.Sprintf("%s %v %d", v.Name(), v.Mode(), v.Size())
		}
	case []fs.DirEntry:
		var b strings.Builder
		for _, e := range v {
			fmt.Fprintf(&b, "%s %v\n", e.Name(), e.Type())
		}
		if err == nil {
			return b.String()
		}
	case []byte:
		if err == nil {
			return fmt.Sprintf("%q", v)
		}
	case string:
		if err == nil {
			return v
		}
	}
	gap := collect.GapFor("", "", err)
	return fmt.Sprintf("%s: %s", gap.Reason, gap.Detail)
}

// operations are everything that a collector can do, on names of all sorts.
func operations(ctx context.Context, env *collect.Env) map[string]string {
	results := map[string]string{}
	link := "sys/bus/pci/devices/0000:01:00.0"
	names := []string{".", "sys", "sys/bus/pci/devices", link, link + "/driver", link + "/driver/module", link + "/driver/module/version",
		"proc/cmdline", "proc/none", "proc/cmdline/below", "nowhere/at/all", "sys/devices/pci0000:00/0000:00:01.0/vendor"}
	for _, attr := range []string{"vendor", "config", "denied", "broken", "gone", "odd", "half", "reset", "absolute", "outside", "dangling",
		"empty", "none", "none/below", "absolute/below", "dangling/below", "rom"} {
		names = append(names, link+"/"+attr)
	}
	for _, name := range names {
		record := func(op, result string) { results[op+" "+name] = result }
		b, err := collect.Read(env.FS, name, collect.AttrLimit)
		record("read", describe(b, err))
		info, err := fs.Stat(env.FS, name)
		record("stat", describe(info, err))
		info, err = fs.Lstat(env.FS, name)
		record("lstat", describe(info, err))
		to, err := fs.ReadLink(env.FS, name)
		record("readlink", describe(to, err))
		list, err := fs.ReadDir(env.FS, name)
		record("readdir", describe(list, err))
		for _, e := range list {
			info, err := e.Info()
			record("info of "+e.Name()+" in", describe(info, err))
		}
	}
	b, err := collect.Read(env.FS, "var/tmp/large", 100)
	results["limited read"] = describe(b, err)
	found, err := fs.Glob(env.FS, "sys/bus/pci/devices/*/vendor")
	results["glob"] = fmt.Sprint(found, err)
	for _, address := range []string{"0000:01:00.0", "0000:02:00.0", "0000:03:00.0", "../../etc"} {
		b, err := env.ROM(ctx, address)
		results["rom "+address] = describe(b, err)
	}
	for _, name := range []string{"lib/modules/6.1/nvidia.ko", "lib/modules/6.1/none.ko", "lib/wrapped", "lib/../odd", "a", "a.json/b"} {
		b, err := env.Derive(ctx, "module", name, func() ([]byte, error) {
			switch name {
			case "lib/wrapped":
				_, err := fs.Stat(env.FS, "lib/wrapped/none")
				return nil, fmt.Errorf("look: %w: %w", collect.ErrMalformed, err)
			case "lib/../odd", "a", "a.json/b":
				return []byte(`{}`), nil
			}
			b, err := fs.ReadFile(env.FS, name)
			return fmt.Appendf(nil, `{"size":%d}`, len(b)), err
		})
		results["derive "+name] = describe(b, err)
		if err != nil {
			results["derive error "+name] = err.Error()
		}
	}
	return results
}

func testEnv(host fs.FS) *collect.Env {
	return &collect.Env{FS: host, Now: collected, Derive: collect.Memo(), ROM: func(_ context.Context, address string) ([]byte, error) {
		switch address {
		case "0000:01:00.0":
			return []byte("\x55\xaa rom bytes"), nil
		case "0000:02:00.0":
			return nil, collect.ErrNotRequested
		case "0000:03:00.0":
			return nil, &fs.PathError{Op: "read", Path: "rom", Err: syscall.EIO}
		}
		return nil, fmt.Errorf("%q: %w", address, collect.ErrMalformed)
	}}
}

func record(t testing.TB, env *collect.Env, opts Options) []byte {
	t.Helper()
	r := NewRecorder(env)
	operations(t.Context(), r.Env())
	var b bytes.Buffer
	if err := r.Write(&b, opts); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func smallCapture(t testing.TB) []byte {
	return record(t, testEnv(testHost()), Options{Tool: "gpuaudit test"})
}

func TestRoundTrip(t *testing.T) {
	hosts := map[string]fs.FS{"map": testHost(), "directory": diskHost(t)}
	for name, host := range hosts {
		t.Run(name, func(t *testing.T) {
			want := operations(t.Context(), testEnv(host))
			r := NewRecorder(testEnv(host))
			recorded := operations(t.Context(), r.Env())
			var b bytes.Buffer
			if err := r.Write(&b, Options{Tool: "gpuaudit test"}); err != nil {
				t.Fatal(err)
			}
			a, err := Open("small.tar.gz", &b, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			env := a.Env(time.Time{})
			if !env.Now.Equal(collected) || a.meta.Tool != "gpuaudit test" || a.meta.Redacted {
				t.Errorf("meta is %+v", a.meta)
			}
			replayed := operations(t.Context(), env)
			compare(t, "recording changes", want, recorded)
			for _, name := range []string{"derive lib/../odd", "derive a.json/b", "info of back\\slash in " + "x"} {
				delete(want, name) // no archive can hold these
			}
			compare(t, "replay changes", want, replayed)
			if got := replayed["derive lib/../odd"]; !strings.HasPrefix(got, "not-requested: cannot be stored") {
				t.Errorf("facts that cannot be stored give %q", got)
			}
		})
	}
}

func compare(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	for op, w := range want {
		if g := got[op]; g != w {
			t.Errorf("%s %s:\n got %.300s\nwant %.300s", what, op, g, w)
		}
	}
}

// diskHost is mapHost in a real directory, behind an os.Root as in production.
func diskHost(t testing.TB) fs.FS { return diskFS(t, mapHost()) }

func diskFS(t testing.TB, host fstest.MapFS) fs.FS {
	t.Helper()
	dir := t.TempDir()
	for name, f := range host {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if f.Mode.Type() == fs.ModeSymlink {
			err = os.Symlink(string(f.Data), full)
		} else {
			err = os.WriteFile(full, f.Data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root.FS()
}

func TestCaptureOfCaptureIsEqual(t *testing.T) {
	first := smallCapture(t)
	a, err := Open("first", bytes.NewReader(first), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open("second", bytes.NewReader(record(t, a.Env(time.Time{}), Options{})), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "a second capture changes", operations(t.Context(), a.Env(time.Time{})), operations(t.Context(), b.Env(time.Time{})))
}

func TestWriteIsDeterministic(t *testing.T) {
	first := smallCapture(t)
	for range 5 {
		if !bytes.Equal(first, smallCapture(t)) {
			t.Fatal("equal recordings give different bytes")
		}
	}
}

// A file system that was walked whole replays as a whole file system.
func TestReplayIsAFileSystem(t *testing.T) {
	host := mapHost()
	delete(host, gpuDir+"/back\\slash")
	for _, dangling := range []string{"outside", "absolute", "dangling"} {
		delete(host, gpuDir+"/"+dangling)
	}
	delete(host, "lib/modules/6.1/nvidia.ko")
	for name := range host {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			host[dir] = &fstest.MapFile{Mode: fs.ModeDir | 0o555}
		}
	}
	r := NewRecorder(testEnv(host))
	if err := fstest.TestFS(r.Env().FS, "proc/cmdline"); err != nil {
		t.Fatalf("recording: %v", err)
	}
	var b bytes.Buffer
	if err := r.Write(&b, Options{}); err != nil {
		t.Fatal(err)
	}
	a, err := Open("x", &b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(a.view, "proc/cmdline", gpuDir+"/vendor"); err != nil {
		t.Errorf("replay: %v", err)
	}
}

// What was never asked for is not said to be absent.
func TestNotRecorded(t *testing.T) {
	a, err := Open("x", bytes.NewReader(smallCapture(t)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	env := a.Env(time.Time{})
	for _, name := range []string{"proc/version", "lib/modules/6.1/nvidia.ko", "var/tmp/other"} {
		_, err := env.FS.Open(path.Clean(name))
		if !errors.Is(err, ErrNotRecorded) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := env.Derive(t.Context(), "module", "never", nil); !errors.Is(err, ErrNotRecorded) {
		t.Errorf("facts never asked for: %v", err)
	}
	if _, err := env.ROM(t.Context(), "0000:09:00.0"); !errors.Is(err, ErrNotRecorded) {
		t.Errorf("ROM never asked for: %v", err)
	}
	// A directory that was listed has no other names.
	if _, err := env.FS.Open(gpuDir + "/never"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name that a listing lacks: %v", err)
	}
	// A file of which the beginning was read has an end that is not known.
	f, err := env.FS.Open("var/tmp/large")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(f); !errors.Is(err, ErrNotRecorded) || len(b) < 101 {
		t.Errorf("partial file: %d bytes, %v", len(b), err)
	}
}

func TestCaptureLeavesLargeFilesOut(t *testing.T) {
	if bytes.Contains(unpack(t, smallCapture(t)), []byte("modulemodule")) {
		t.Error("a kernel module's bytes are in the capture")
	}
	if !bytes.Contains(unpack(t, smallCapture(t)), []byte("boot events")) {
		t.Error("the event log is not in the capture")
	}
}

func unpack(t testing.TB, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRecorderConcurrently(t *testing.T) {
	r := NewRecorder(testEnv(testHost()))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { operations(context.Background(), r.Env()) })
	}
	wg.Wait()
	var b bytes.Buffer
	if err := r.Write(&b, Options{Tool: "gpuaudit test"}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), smallCapture(t)) {
		t.Error("eight readers at once give another capture than one")
	}
}

// A machine with more than a capture holds still gives one that can be read,
// and the reader is told.
func TestRecorderIsBounded(t *testing.T) {
	host := mapHost()
	host["proc/huge"] = &fstest.MapFile{Data: make([]byte, maxRecordedFile+10)}
	host["proc/blank1"] = &fstest.MapFile{Data: make([]byte, maxRecordedFile)}
	host["proc/blank2"] = host["proc/blank1"]
	host["proc/blank3"] = host["proc/blank1"]
	r := NewRecorder(testEnv(host))
	for _, name := range []string{"proc/huge", "proc/blank1", "proc/blank2", "proc/blank3"} {
		if _, err := fs.ReadFile(r.Env().FS, name); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := r.Write(&b, Options{}); err != nil {
		t.Fatal(err)
	}
	a, err := Open("x", &b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.ReadFile(a.view, "proc/huge"); !errors.Is(err, ErrNotRecorded) {
		t.Errorf("a file that was not kept whole reads with %v", err)
	}
}

// TestRecorderCountsWhatItDrops: names beyond the bound are counted, whichever answer they
// were part of, and a recording within it has none.
func TestRecorderCountsWhatItDrops(t *testing.T) {
	whole := NewRecorder(testEnv(testHost()))
	operations(t.Context(), whole.Env())
	if err := whole.Write(io.Discard, Options{}); err != nil || whole.Dropped() != 0 {
		t.Fatalf("a small machine: %d dropped, %v", whole.Dropped(), err)
	}
	for name, ask := range map[string]func(r *Recorder){
		"look":      func(r *Recorder) { r.look("proc") },
		"fail":      func(r *Recorder) { r.fail(opOpen, "proc/none", fs.ErrNotExist) },
		"stat":      func(r *Recorder) { r.stat("proc", fileInfo{name: "proc"}) },
		"list":      func(r *Recorder) { r.list("proc", nil) },
		"keep":      func(r *Recorder) { r.keep("proc/cmdline", nil, "") },
		"directory": func(r *Recorder) { r.directory("proc") },
	} {
		r := NewRecorder(testEnv(testHost()))
		r.names = -1
		if ask(r); r.Dropped() != 1 {
			t.Errorf("%s: %d dropped, want 1", name, r.Dropped())
		}
	}
	twice := NewRecorder(testEnv(testHost()))
	twice.names = -1
	for _, key := range []string{"proc/cmdline", "proc/cmdline", "home/of/nobody"} {
		twice.keep(key, nil, "")
		twice.stat(key, fileInfo{name: key})
	}
	if n := twice.Dropped(); n != 2 {
		t.Errorf("two files, asked for twice each: %d dropped, want 2", n)
	}
	if err := twice.Write(io.Discard, Options{Redact: true}); err != nil {
		t.Fatal(err)
	}
	if n, all := twice.Dropped(), len(twice.dropped.paths); n != all-1 {
		t.Errorf("%d of %d dropped, want all but what redaction leaves out", n, all)
	}
	r := NewRecorder(testEnv(testHost()))
	r.names = 1
	if _, err := fs.ReadDir(r.Env().FS, gpuDir); err != nil || r.Dropped() == 0 {
		t.Errorf("a listing of more names than there is room for: %d dropped, %v", r.Dropped(), err)
	}
}

// TestOnlyCardsOfTheBusRaiseLimits: a reader takes more for what an audit would judge, and
// for nothing that only looks like it.
func TestOnlyCardsOfTheBusRaiseLimits(t *testing.T) {
	const link, class = "root/sys/bus/pci/devices/0000:01:00.0", "root/sys/devices/pci0000:00/0000:01:00.0/class"
	for _, c := range []struct {
		target, name, data string
		cards              int
	}{
		{"../../../devices/pci0000:00/0000:01:00.0", class, "0x030000\n", 1},
		{"../../../devices/pci0000:00/0000:01:00.0", class, "0x120000\n", 1},
		{"../../../devices/pci0000:00/0000:01:00.0", class, "0x020000\n", 0},
		{"../../../devices/pci0000:00/0000:01:00.0", class, "", 0},
		{"../../../devices/pci0000:00/0000:02:00.0", class, "0x030000\n", 0},
		{"../../../devices/pci0000:00/0000:01:00.0", "root/sys/devices/0000:01:00.0/class", "0x030000\n", 0},
		{"../../../devices/pci0000:00/0000:01:00.0", "root/sys/devices/pci0000:00/0000:02:00.0/class", "0x030000\n", 0},
		{"../../../devices/pci0000:00/0000:01:00.0", "sys/devices/pci0000:00/0000:01:00.0/class", "0x030000\n", 0},
		{"../../../devices/pci0000:00/0000:01:00.0", class + "/class", "0x030000\n", 0},
	} {
		tree := newTree(DefaultLimits())
		if err := errors.Join(tree.add(link, &node{mode: fs.ModeSymlink, target: c.target}), tree.add(c.name, &node{data: []byte(c.data)})); err != nil {
			t.Fatal(err)
		}
		if n := len(tree.cards); n != c.cards || tree.limits.Entries != DefaultLimits().Entries+n*cardEntries {
			t.Errorf("%+v: %d cards, %d entries", c, n, tree.limits.Entries)
		}
	}
}

// TestPlanCountsWhatItCannotPlace: so are directories for which a tree has no room.
func TestPlanCountsWhatItCannotPlace(t *testing.T) {
	r := NewRecorder(testEnv(testHost()))
	r.directory("proc")
	r.directory("proc/self")
	p := newPlan(r)
	p.tree = newTree(Limits{Entries: 2, HeldBytes: 1 << 20, NameBytes: 100, Depth: 10})
	if p.place(); len(p.unplaced) != 1 {
		t.Errorf("%d directories have no place, want 1", len(p.unplaced))
	}
}

// TestUnreadableIndexIsRefused: what no reader would take is not written.
func TestUnreadableIndexIsRefused(t *testing.T) {
	r := NewRecorder(testEnv(mapHost()))
	long := strings.Repeat("n", 255)
	list := map[string]string{}
	for i := range indexLimit / 255 {
		list[fmt.Sprintf("%s%d", long, i)] = "-"
	}
	r.lists["proc"] = list
	var b bytes.Buffer
	if err := r.Write(&b, Options{}); !errors.Is(err, TooLarge) || !strings.Contains(err.Error(), indexName) {
		t.Errorf("error is %v", err)
	}
}

// TestRecorderHoldsOnce: the same content counts once against what a capture may hold in
// memory, and what differs each time.
func TestRecorderHoldsOnce(t *testing.T) {
	host := mapHost()
	same := &fstest.MapFile{Data: bytes.Repeat([]byte("x"), 20<<20)}
	var names []string
	for i := range 3 {
		data := make([]byte, 20<<20)
		data[i] = 1
		name := fmt.Sprintf("proc/other%d", i)
		host[name] = &fstest.MapFile{Data: data}
		host[fmt.Sprintf("proc/same%d", i)] = same
		names = append(names, fmt.Sprintf("proc/same%d", i), name)
	}
	r := NewRecorder(testEnv(host))
	for _, name := range names {
		if _, err := fs.ReadFile(r.Env().FS, name); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := r.Write(&b, Options{}); err != nil {
		t.Fatal(err)
	}
	a, err := Open("x", &b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		kept := strings.HasPrefix(name, "proc/same") || name < "proc/other2"
		if data, err := fs.ReadFile(a.view, name); (err == nil && len(data) == 20<<20) != kept || err != nil && !errors.Is(err, ErrNotRecorded) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
}

func TestFailureRoundTrip(t *testing.T) {
	path := &fs.PathError{Op: "openat", Path: "sys/x", Err: syscall.EACCES}
	for _, err := range []error{
		path, syscall.EIO, fs.ErrNotExist, collect.ErrNotRequested, context.DeadlineExceeded, errors.New("plain"),
		fmt.Errorf("read rom: %w", path), fmt.Errorf("x: %w: %w", collect.ErrMalformed, path), fmt.Errorf("%w of 5 bytes", collect.ErrLimit),
		ErrNotRecorded, syscall.ENOTTY,
	} {
		got := wholeFailure(err).err()
		if got.Error() != err.Error() || collect.ReasonOf(got) != collect.ReasonOf(err) {
			t.Errorf("%q (%s) becomes %q (%s)", err, collect.ReasonOf(err), got, collect.ReasonOf(got))
		}
		if g, w := collect.GapFor("", "", got), collect.GapFor("", "", err); !reflect.DeepEqual(g, w) {
			t.Errorf("gap %+v becomes %+v", w, g)
		}
	}
}
