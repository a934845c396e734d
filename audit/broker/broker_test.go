package broker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/inroot"
)

var errClass = errors.New("a class of errors")

// serve starts a server over a pair, and returns the client and how the server ended.
func serve(t *testing.T, grants []Grant, rights Rights, limits Limits) (*Client, <-chan error) {
	t.Helper()
	outside, inside, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewServer(outside, grants, rights, limits, errClass)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(t.Context()) }()
	c, err := NewClient(inside, errClass)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, done
}

// layOut makes a folder of everything that a tree may hold.
func layOut(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	dir := filepath.Join(top, "root")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(dir, "sys/devices/card"), 0o755))
	must(os.MkdirAll(filepath.Join(dir, "etc"), 0o755))
	must(os.WriteFile(filepath.Join(top, "secret"), []byte("secret"), 0o600))
	must(os.WriteFile(filepath.Join(dir, "sys/devices/card/vendor"), []byte("0x10de\n"), 0o600))
	must(os.WriteFile(filepath.Join(dir, "large"), bytes.Repeat([]byte("0123456789abcdef"), 64<<10), 0o600))
	must(os.WriteFile(filepath.Join(dir, "etc/shadow"), []byte("root:x"), 0o600))
	for name, target := range map[string]string{
		"sys/link": "devices/card", "sys/up": "../etc/shadow", "out": "../secret", "sys/out": "../../secret",
		"absolute": "/large", "chain": "/sys/link", "null": "/dev/null", "inside": filepath.Join(dir, "large"), "nowhere": "none", "loop": "loop", "self": "/proc/self/fd/0",
	} {
		must(os.Symlink(target, filepath.Join(dir, name)))
	}
	must(syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	return dir
}

// TestTheTreeIsThatOfPackageOS: what is seen through the broker is what os.Root shows,
// errors with it, with the kernel's resolution and without.
func TestTheTreeIsThatOfPackageOS(t *testing.T) {
	dir := layOut(t)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, slow := range []bool{false, true} {
		c, _ := serve(t, nil, Rights{Machine: &Machine{Root: dir, Paths: []string{"."}}}, DefaultLimits())
		if slow {
			c = slowly(t, dir)
		}
		direct, brokered := inroot.New(root), c.Machine()
		names := []string{".", "sys", "sys/link", "sys/link/vendor", "sys/link/none", "sys/devices/card/vendor", "sys/devices/card/vendor/below", "large", "out", "sys/out", "sys/up",
			"absolute", "absolute/below", "chain", "chain/vendor", "chain/none", "null", "inside", "nowhere", "loop", "self", "none", "..", "/etc", "../root/large", "", "sys/../large", strings.Repeat("n", 300), strings.Repeat("n/", 2000) + "n"}
		for _, name := range names {
			for what, of := range map[string]func(fs.FS) (string, error){
				"read":  func(f fs.FS) (string, error) { b, err := fs.ReadFile(f, name); return string(b), err },
				"stat":  func(f fs.FS) (string, error) { i, err := fs.Stat(f, name); return told(i), err },
				"lstat": func(f fs.FS) (string, error) { i, err := fs.Lstat(f, name); return told(i), err },
				"link":  func(f fs.FS) (string, error) { return fs.ReadLink(f, name) },
				"list": func(f fs.FS) (string, error) {
					list, err := fs.ReadDir(f, name)
					var s strings.Builder
					for _, e := range list {
						i, _ := e.Info()
						s.WriteString(fs.FormatDirEntry(e) + " " + told(i) + "\n")
					}
					return s.String(), err
				},
			} {
				want, wantErr := of(direct)
				got, gotErr := of(brokered)
				if got != want || reason(gotErr) != reason(wantErr) {
					t.Errorf("slow %v: %s %.40q: %.80q %v, want %.80q %v", slow, what, name, got, gotErr, want, wantErr)
				}
			}
		}
		if err := fstest.TestFS(c.Machine(), "large"); err != nil && !strings.Contains(err.Error(), "fifo") && !strings.Contains(err.Error(), "escapes") {
			t.Errorf("slow %v: %v", slow, err)
		}
		if _, err := fs.ReadFile(brokered, "fifo"); err == nil || !strings.Contains(err.Error(), errSpecial.Error()) {
			t.Errorf("a FIFO below a tree: %v", err)
		}
	}
}

// slowly is a client of a server without openat2.
func slowly(t *testing.T, dir string) *Client {
	t.Helper()
	outside, inside, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	m := &Machine{Root: dir, Paths: []string{"."}}
	s, err := NewServer(outside, nil, Rights{Machine: m}, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	tree, err := s.treeOf(dir, m)
	if err != nil {
		t.Fatal(err)
	}
	tree.slow = true
	go s.Serve(t.Context())
	c, err := NewClient(inside)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func told(i fs.FileInfo) string {
	if i == nil {
		return ""
	}
	size := i.Size()
	if i.IsDir() {
		size = 0
	}
	return strings.Join([]string{i.Name(), i.Mode().String(), i.ModTime().UTC().Format(time.RFC3339Nano), string(rune('0' + size%10))}, " ")
}

// reason is an error as a report tells it.
func reason(err error) string {
	if err == nil {
		return ""
	}
	var class string
	for _, c := range []error{fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid, syscall.EISDIR, syscall.ENOTDIR, syscall.ELOOP} {
		if errors.Is(err, c) {
			class = c.Error()
		}
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err.Error() + "|" + class
	}
	return err.Error() + "|" + class
}

// TestAGrantGivesNothingBeside.
func TestAGrantGivesNothingBeside(t *testing.T) {
	dir := layOut(t)
	file := filepath.Join(filepath.Dir(dir), "secret")
	c, done := serve(t, []Grant{{ReadFile, file}, {ReadFolder, filepath.Join(dir, "sys")}}, Rights{}, DefaultLimits())
	read := func(name string) (string, error) {
		f, err := c.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		return string(b), err
	}
	for name, want := range map[string]string{file: "secret", dir + "/sys/devices/card/vendor": "0x10de\n", dir + "/sys/link/vendor": "0x10de\n"} {
		if got, err := read(name); err != nil || got != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	for _, name := range []string{
		"/etc/passwd", dir, dir + "/large", dir + "/sys/../large", dir + "/sys/out", dir + "/sys/up", dir + "/sys/../../secret", dir + "/sysx",
		"/proc/self/environ", "/proc/self/fd/0", "secret", ".", "", file + "/", file + "\x00", strings.Repeat("x", maxName+1),
	} {
		if got, err := read(name); err == nil {
			t.Errorf("%.80q was read: %q", name, got)
		}
		if i, err := c.Stat(name); err == nil && !strings.Contains(name, "/sys/") {
			t.Errorf("%.80q was looked at: %v", name, i)
		}
	}
	if _, err := c.ReadDir(file); err == nil {
		t.Error("a file was listed")
	}
	if list, err := c.ReadDir(dir + "/sys"); err != nil || len(list) != 4 {
		t.Errorf("the folder: %v %v", list, err)
	}
	for what, ask := range map[string]func() error{
		"machine": func() error { _, err := fs.ReadFile(c.Machine(), "etc/passwd"); return err },
		"rom":     func() error { _, err := c.ROM(t.Context(), "0000:01:00.0"); return err },
		"tpm":     func() error { _, err := c.OpenTPM(); return err },
		"dial":    func() error { _, err := c.DialContext(t.Context(), "tcp", "127.0.0.1:1"); return err },
		"sign":    func() error { _, err := c.Sign(t.Context(), 0, []byte("x")); return err },
		"nvml":    func() error { _, err := c.NVML(t.Context(), nil); return err },
		"write":   func() error { _, err := c.Create(file, 0o600); return err },
	} {
		if err := ask(); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v", what, err)
		}
	}
	c.Close()
	if err := <-done; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// TestOnlyWhatIsDeclared: of the machine, the declared paths, and no window into a
// device's memory.
func TestOnlyWhatIsDeclared(t *testing.T) {
	dir := layOut(t)
	for _, name := range []string{"sys/devices/card/resource", "sys/devices/card/resource0", "sys/devices/card/resource2_wc", "sys/devices/card/rom",
		"sys/devices/card/legacy_mem", "sys/devices/card/legacy_io", "sys/kernel/debug/dri/0/name", "sys/kernel/debug/dri/0/vram", "sys/kernel/debug/usb", "sys/kernel/lockdown"} {
		if err := os.MkdirAll(filepath.Join(dir, path.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, _ := serve(t, nil, Rights{Machine: &Machine{Root: dir, Paths: []string{"sys", "usr/lib/os-release"}, Live: true,
		Except: []string{"sys/kernel/debug"}, But: []string{"sys/kernel/debug", "sys/kernel/debug/dri/*/name"}}}, DefaultLimits())
	m := c.Machine()
	for name, want := range map[string]bool{
		"sys/devices/card/vendor": true, "sys/devices/card/resource": true, "sys/up": true,
		"sys/devices/card/resource0": false, "sys/devices/card/resource2_wc": false, "sys/devices/card/rom": false, "etc/shadow": false, "large": false, "sys/out": false, ".": false,
		"sys/devices/card/legacy_mem": false, "sys/devices/card/legacy_io": false, "sys/kernel/lockdown": true,
		"sys/kernel/debug/dri/0/name": true, "sys/kernel/debug/dri/0/vram": false, "sys/kernel/debug/usb": false, "sys/kernel/debug/dri/0/../../usb": false,
	} {
		if _, err := fs.ReadFile(m, name); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f, err := m.Open("sys/devices/card/rom"); err != nil {
		t.Errorf("the ROM cannot be opened: %v", err)
	} else if _, err := io.ReadAll(f); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("the ROM was read beside its own request: %v", err)
	}
	if _, err := fs.Stat(m, "usr"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the way to a declared path: %v", err)
	}
	if _, err := fs.ReadDir(m, "."); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("the root was listed: %v", err)
	}
}

// TestNamedFIFOsAndDevices: what a person named is opened, whatever it is.
func TestNamedFIFOsAndDevices(t *testing.T) {
	dir := layOut(t)
	fifo := filepath.Join(dir, "fifo")
	c, _ := serve(t, []Grant{{ReadFile, fifo}, {ReadFile, os.DevNull}, {ReadFile, dir}, {ReadFile, "/proc/self/stat"}}, Rights{}, DefaultLimits())
	go func() {
		time.Sleep(50 * time.Millisecond)
		_ = os.WriteFile(fifo, []byte("through"), 0o600)
	}()
	for name, want := range map[string]string{fifo: "through", os.DevNull: ""} {
		f, err := c.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(f); err != nil || string(b) != want {
			t.Errorf("%s: %q %v", name, b, err)
		}
		f.Close()
	}
	f, err := c.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(f); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("a folder was read: %v", err)
	}
	if _, err := f.(fs.ReadDirFile).ReadDir(-1); err == nil {
		t.Error("a folder that was named as a file was listed")
	}
}

type output struct {
	f         *os.File
	committed bool
	aborted   bool
}

func (o *output) Descriptor() *os.File { return o.f }
func (o *output) Commit() error        { o.committed = true; return o.f.Close() }
func (o *output) Abort()               { o.aborted = true; o.f.Close() }

// TestOutputs: each name once, and what is not committed is taken back.
func TestOutputs(t *testing.T) {
	dir := t.TempDir()
	var made []*output
	rights := Rights{Create: func(name string, mode fs.FileMode) (Output, error) {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, mode)
		if err != nil {
			return nil, err
		}
		made = append(made, &output{f: f})
		return made[len(made)-1], nil
	}}
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	c, done := serve(t, []Grant{{WriteFile, one}, {WriteFile, two}, {ReadFile, filepath.Join(dir, "three")}}, rights, DefaultLimits())
	first, err := c.Create(one, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Write([]byte("text")); err != nil {
		t.Error(err)
	}
	if err := first.Commit(); err != nil {
		t.Error(err)
	}
	if _, err := c.Create(two, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{one, two, filepath.Join(dir, "three"), dir + "/./one", "/dev/null"} {
		if _, err := c.Create(name, 0o600); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
	c.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(one); string(b) != "text" || !made[0].committed || made[0].aborted || !made[1].aborted {
		t.Errorf("%q, %+v %+v", b, made[0], made[1])
	}
}

// TestCaps: a judge that asks for too much is cut off.
func TestCaps(t *testing.T) {
	dir := layOut(t)
	large := filepath.Join(dir, "large")
	for name, set := range map[string]func(*Limits){"requests": func(l *Limits) { l.Requests = 5 }, "descriptors": func(l *Limits) { l.Descriptors = 5 }} {
		limits := DefaultLimits()
		set(&limits)
		c, done := serve(t, []Grant{{ReadFile, large}}, Rights{}, limits)
		for i := range 6 {
			f, err := c.Open(large)
			if (err == nil) != (i < 5) {
				t.Errorf("%s: request %d: %v", name, i+1, err)
			}
			if f != nil {
				f.Close()
			}
		}
		if err := <-done; !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: the server ended with %v", name, err)
		}
	}
	limits := DefaultLimits()
	limits.Entries = 3
	c, _ := serve(t, []Grant{{ReadFolder, dir}}, Rights{}, limits)
	if list, err := c.ReadDir(dir); err == nil {
		t.Errorf("%d entries of 3", len(list))
	}
}

// TestRightsAndErrors: bytes small and large, and errors that are told from others.
func TestRightsAndErrors(t *testing.T) {
	large := bytes.Repeat([]byte("rom "), 1<<20)
	signs := make(chan []byte, 1) // an answer through a socket orders nothing
	rights := Rights{
		ROM: func(_ context.Context, address string) ([]byte, error) {
			switch address {
			case "large":
				return large, nil
			case "class":
				return nil, errors.Join(errClass)
			case "eio":
				return nil, errors.Join(errors.New("read ROM"), &fs.PathError{Op: "read", Path: "rom", Err: syscall.EIO})
			}
			return nil, &fs.PathError{Op: "openat", Path: "rom", Err: syscall.ENOENT}
		},
		Sign:     func(_ context.Context, key int, b []byte) ([]byte, error) { signs <- b; return []byte{byte(key)}, nil },
		Told:     []byte("told"),
		TPM:      func() (TPM, error) { return echo{}, nil },
		Commands: []uint32{0x17a},
	}
	c, _ := serve(t, nil, rights, DefaultLimits())
	if b, err := c.ROM(t.Context(), "large"); err != nil || !bytes.Equal(b, large) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if _, err := c.ROM(t.Context(), "class"); !errors.Is(err, errClass) {
		t.Errorf("class: %v", err)
	}
	if _, err := c.ROM(t.Context(), "eio"); !errors.Is(err, syscall.EIO) || reason(err) != "input/output error|" || !strings.HasPrefix(err.Error(), "read ROM") {
		t.Errorf("inside: %v", err)
	}
	if _, err := c.ROM(t.Context(), "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
	b, err := c.Sign(t.Context(), 2, large[:100_000])
	if signed := <-signs; err != nil || string(b) != "\x02" || !bytes.Equal(signed, large[:100_000]) {
		t.Errorf("signed %d bytes, %q %v", len(signed), b, err)
	}
	if b, err := c.Told(); err != nil || string(b) != "told" {
		t.Errorf("told %q %v", b, err)
	}
	tpm, err := c.OpenTPM()
	if err != nil {
		t.Fatal(err)
	}
	get := []byte{0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x7a}
	if b, err := tpm.Send(get); err != nil || !bytes.Equal(b, get) {
		t.Errorf("a command: %x %v", b, err)
	}
	if _, err := tpm.Send([]byte{0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x26}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a command that is not allowed: %v", err)
	}
}

type echo struct{}

func (echo) Send(b []byte) ([]byte, error) { return bytes.Clone(b), nil }
func (echo) Close() error                  { return nil }

// TestAReadThatHangsHoldsUpNothing, and a judge that is gone ends it.
func TestAReadThatHangsHoldsUpNothing(t *testing.T) {
	ended := make(chan error, 1)
	dir := layOut(t)
	rights := Rights{ROM: func(ctx context.Context, _ string) ([]byte, error) {
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}, Machine: &Machine{Root: dir, Paths: []string{"."}}}
	c, done := serve(t, nil, rights, DefaultLimits())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.ROM(ctx, "0000:01:00.0"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if b, err := fs.ReadFile(c.Machine(), "sys/link/vendor"); err != nil || string(b) != "0x10de\n" {
		t.Errorf("%q %v", b, err)
	}
	c.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the ROM ended with %v", err)
	}
}

// TestAKeyIsGivenUnderNoName: a signing key that lies in a granted folder, behind a link,
// or in the tree of a machine stays closed, and what lies beside it does not.
func TestAKeyIsGivenUnderNoName(t *testing.T) {
	dir := layOut(t)
	key := filepath.Join(dir, "sign.key")
	if err := errors.Join(os.WriteFile(key, []byte("PRIVATE KEY"), 0o600), os.Symlink("sign.key", filepath.Join(dir, "other.name")), os.Link(key, filepath.Join(dir, "hard.link"))); err != nil {
		t.Fatal(err)
	}
	c, _ := serve(t, []Grant{{ReadFolder, dir}, {ReadFile, key}}, Rights{Machine: &Machine{Root: dir, Paths: []string{"."}}, Never: []string{key}}, DefaultLimits())
	for _, name := range []string{"sign.key", "other.name", "hard.link", "sys/../sign.key"} {
		if f, err := c.Open(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			f.Close()
			t.Errorf("%s was opened", name)
		}
		if f, err := c.Open(dir + "/" + name); err == nil {
			f.Close()
			t.Errorf("%s was opened as it is spelt", name)
		}
		if b, err := fs.ReadFile(c.Machine(), name); err == nil {
			t.Errorf("%s of the machine was read: %q", name, b)
		}
		folder, closer, err := c.Folder(dir)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := fs.ReadFile(folder, name); err == nil {
			t.Errorf("%s of the folder was read: %q", name, b)
		}
		closer.Close()
	}
	if b, err := fs.ReadFile(c.Machine(), "sys/devices/card/vendor"); err != nil || len(b) == 0 {
		t.Errorf("what lies beside: %v", err)
	}
	// Whoever renames it gets it no more than before.
	if err := os.Rename(key, filepath.Join(dir, "moved")); err != nil {
		t.Fatal(err)
	}
	if f, err := c.Open(filepath.Join(dir, "moved")); err == nil {
		f.Close()
		t.Error("it was opened under a new name")
	}
}
