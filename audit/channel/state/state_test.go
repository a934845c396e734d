package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/channeltest"
)

func open(t testing.TB, dir string) *Dir {
	t.Helper()
	d, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func request(v *channeltest.Vendor) Request {
	return Request{Name: "vendor", Source: v.Source(), Root: v.Root(), From: v.Dir, Now: channeltest.Now}
}

func mustUpdate(t testing.TB, d *Dir, req Request) *Result {
	t.Helper()
	res, err := d.Update(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestUpdateAndLoad(t *testing.T) {
	v, d := channeltest.NewVendor(t, 2), open(t, t.TempDir())
	first := request(v)
	mustUpdate(t, d, first)
	v.Publish(1)
	res := mustUpdate(t, d, Request{Name: "vendor", Source: v.Source(), Now: channeltest.Now.Add(time.Hour)})
	if *res.Before != (channel.Versions{Root: 1, Timestamp: 2, Snapshot: 2, Targets: 2}) || res.Generation != 2 || res.From != v.Dir {
		t.Errorf("%+v", res.Pointer)
	}
	c, err := d.Load(t.Context(), "vendor")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Manifests) != 3 || c.Versions.Timestamp != 3 || c.SHA256() != res.SHA256() || !c.Checked.Equal(channeltest.Now.Add(time.Hour)) {
		t.Errorf("%+v", c)
	}
	// The same state again makes no generation, and is newer by its clock only.
	again := mustUpdate(t, d, Request{Name: "vendor", Source: v.Source(), Now: channeltest.Now.Add(2 * time.Hour)})
	if again.Generation != 2 || !again.Checked.Equal(channeltest.Now.Add(2*time.Hour)) {
		t.Errorf("%+v", again.Pointer)
	}
	// A clock that was set back does not set back when the channel was looked at.
	back := mustUpdate(t, d, Request{Name: "vendor", Source: v.Source(), Now: channeltest.Now})
	if !back.Checked.Equal(again.Checked) {
		t.Errorf("time went back to %s", back.Checked)
	}
	names, err := d.Names()
	if err != nil || len(names) != 1 || names[0] != "vendor" {
		t.Error(names, err)
	}
	if _, err := d.Load(t.Context(), "other"); !errors.Is(err, ErrNoChannel) {
		t.Error(err)
	}
}

// TestOldGenerations: the last two are kept, for readers that began before.
func TestOldGenerations(t *testing.T) {
	v, dir := channeltest.NewVendor(t, 1), t.TempDir()
	d := open(t, dir)
	for range 4 {
		mustUpdate(t, d, request(v))
		v.Publish(1)
	}
	have, err := filepath.Glob(filepath.Join(dir, "channels/vendor/gen-*"))
	if err != nil || len(have) != 2 || filepath.Base(have[0]) != "gen-3" || filepath.Base(have[1]) != "gen-4" {
		t.Error(have, err)
	}
}

// inMemory is a directory where waiting for the medium takes no time, if there is
// one.
func inMemory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "state-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// errCut is what a disk says that is gone.
var errCut = errors.New("cut off")

// cutAfter makes every act from the nth on fail, as if the process had ended
// there; it counts the acts.
func cutAfter(n int) (step func(string) error, acts func() []string) {
	var done []string
	return func(act string) error {
		done = append(done, act)
		if len(done) > n {
			return fmt.Errorf("%s: %w", act, errCut)
		}
		return nil
	}, func() []string { return done }
}

// TestCutOff: an update is cut off at each act in turn, that of a first
// subscription, too. Whatever happens the old state, or already the new one, is
// there and verifies, and the next update succeeds.
func TestCutOff(t *testing.T) {
	v := channeltest.NewVendor(t, 2)
	old := request(v)
	v.Publish(1)
	next := request(v)
	for _, subscribed := range []bool{false, true} {
		total := 1
		for n := 0; n < total; n++ {
			dir := inMemory(t)
			d := open(t, dir)
			if subscribed {
				mustUpdate(t, d, old)
				v2 := old
				v2.Now = v2.Now.Add(time.Hour) // another generation's worth of leftovers
				mustUpdate(t, d, v2)
			}
			step, acts := cutAfter(n)
			d.disk.step = step
			_, err := d.Update(t.Context(), next)
			if n == 0 && err == nil {
				t.Fatal("nothing was cut off")
			}
			if err != nil && !errors.Is(err, errCut) {
				t.Fatalf("act %d: %v", n, err)
			}
			if err != nil {
				total = n + 2
			}
			after := open(t, dir)
			at := fmt.Sprintf("subscribed %v, cut off at act %d of %q", subscribed, n, acts())
			c, lerr := after.Load(t.Context(), "vendor")
			switch {
			case lerr != nil && !subscribed && errors.Is(lerr, ErrNoChannel):
			case lerr != nil:
				t.Fatalf("%s: %v", at, lerr)
			case len(c.Manifests) != 3 && !(subscribed && len(c.Manifests) == 2):
				t.Fatalf("%s: %d manifests", at, len(c.Manifests))
			case err == nil && len(c.Manifests) != 3:
				t.Fatalf("%s: it says that it succeeded", at)
			}
			res, err := after.Update(t.Context(), next)
			if err != nil || len(res.Manifests) != 3 {
				t.Fatalf("%s: the next update: %v", at, err)
			}
			if res.Repaired != "" {
				t.Fatalf("%s: the state had to be repaired: %s", at, res.Repaired)
			}
		}
		t.Logf("subscribed %v: cut off at each of %d acts", subscribed, total-1)
		if total < 15 {
			t.Errorf("only %d acts: does the test see them?", total-1)
		}
	}
}

// TestKilled is the same with a process that is killed (SIGKILL) at each act.
func TestKilled(t *testing.T) {
	if n, err := strconv.Atoi(os.Getenv("STATE_KILL_AT")); err == nil {
		killedUpdate(t, n)
		return
	}
	v := channeltest.NewVendor(t, 2)
	old := request(v)
	public := filepath.Join(t.TempDir(), "public")
	v.Publish(1)
	if err := os.CopyFS(public, v.FS()); err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		dir := inMemory(t)
		mustUpdate(t, open(t, dir), old)
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), "STATE_KILL_AT="+strconv.Itoa(n), "STATE_DIR="+dir, "STATE_FROM="+public)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		killed := errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
		if err != nil && !killed {
			t.Fatalf("act %d: %v\n%s", n, err, out)
		}
		after := open(t, dir)
		c, err := after.Load(t.Context(), "vendor")
		if err != nil || len(c.Manifests) != 2 && len(c.Manifests) != 3 {
			t.Fatalf("killed at act %d: %v", n, err)
		}
		if res, err := after.Update(t.Context(), request(v)); err != nil || len(res.Manifests) != 3 {
			t.Fatalf("killed at act %d: the next update: %v", n, err)
		}
		if !killed {
			if n < 10 {
				t.Errorf("only %d acts", n)
			}
			t.Logf("killed at each of %d acts", n)
			return
		}
	}
}

// killedUpdate runs in a process of its own.
func killedUpdate(t *testing.T, n int) {
	d := open(t, os.Getenv("STATE_DIR"))
	d.disk.step = func(string) error {
		if n == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		n--
		return nil
	}
	mustUpdate(t, d, Request{Name: "vendor", Source: channel.Directory{FS: os.DirFS(os.Getenv("STATE_FROM"))}, Now: channeltest.Now})
}

// TestRefusedUpdateChangesNothing, to the byte.
func TestRefusedUpdateChangesNothing(t *testing.T) {
	v, dir := channeltest.NewVendor(t, 1), t.TempDir()
	d := open(t, dir)
	old := request(v)
	v.Publish(1)
	mustUpdate(t, d, request(v))
	before := tree(t, dir)
	for name, req := range map[string]Request{
		"rollback":     old,
		"expired":      {Name: "vendor", Source: v.Source(), Now: channeltest.Now.AddDate(1, 0, 0)},
		"other root":   {Name: "vendor", Source: v.Source(), Root: []byte("{}"), Now: channeltest.Now},
		"nothing":      {Name: "vendor", Source: channel.Files{}, Now: channeltest.Now},
		"no such name": {Name: "../vendor", Source: v.Source(), Root: v.Root(), Now: channeltest.Now},
	} {
		if _, err := d.Update(t.Context(), req); err == nil {
			t.Errorf("%s goes through", name)
		}
		if after := tree(t, dir); after != before {
			t.Errorf("%s has changed the state:\n%s\n%s", name, before, after)
		}
	}
}

func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		fmt.Fprintf(&b, "%s %s\n", name, sum(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestTampering: what somebody deletes or puts back is noticed, and comes back no
// older than it was.
func TestTampering(t *testing.T) {
	remove := func(parts ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(append([]string{dir}, parts...)...)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, tamper := range map[string]func(t *testing.T, dir string){
		"the channel deleted":        remove("channels", "vendor"),
		"all channels deleted":       remove("channels"),
		"the pointer deleted":        remove("channels", "vendor", "channel.json"),
		"the generation deleted":     remove("channels", "vendor", "gen-2"),
		"the first root deleted":     remove("channels", "vendor", "gen-2", "first.root.json"),
		"the timestamp deleted":      remove("channels", "vendor", "gen-2", "timestamp.json"),
		"the manifests deleted":      remove("channels", "vendor", "gen-2", "targets"),
		"the pointer to the old one": replace("channels/vendor/channel.json", `"generation": 2`, `"generation": 1`),
		"the old one, with its versions": func(t *testing.T, dir string) {
			replace("channels/vendor/channel.json", `"generation": 2`, `"generation": 1`)(t, dir)
			for _, role := range []string{"timestamp", "snapshot", "targets"} {
				replace("channels/vendor/channel.json", `"`+role+`": 3`, `"`+role+`": 2`)(t, dir)
			}
		},
		"another first root": func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "channels/vendor/gen-2/first.root.json"), channeltest.NewVendor(t, 1).Root(), 0o644); err != nil {
				t.Fatal(err)
			}
		},
		"a pointer that is cut":     func(t *testing.T, dir string) { cut(t, filepath.Join(dir, "channels/vendor/channel.json")) },
		"a timestamp that is cut":   func(t *testing.T, dir string) { cut(t, filepath.Join(dir, "channels/vendor/gen-2/timestamp.json")) },
		"a link out of the folder":  link("/etc/passwd"),
		"a link to a file far away": link("../../../../../../etc/passwd"),
	} {
		t.Run(name, func(t *testing.T) {
			v, dir := channeltest.NewVendor(t, 1), t.TempDir()
			d := open(t, dir)
			old := request(v)
			mustUpdate(t, d, old)
			v.Publish(1)
			mustUpdate(t, d, request(v))
			tamper(t, dir)
			_, err := d.Load(t.Context(), "vendor")
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("it is not noticed: %v", err)
			}
			t.Log(err)
			if names, err := d.Names(); err != nil || len(names) != 1 {
				t.Errorf("the channel is forgotten: %v, %v", names, err)
			}
			rootless := request(v)
			rootless.Root = nil
			if _, err := d.Update(t.Context(), rootless); err == nil {
				t.Error("it comes back without the root")
			}
			if _, err := d.Update(t.Context(), old); !errors.Is(err, channel.ErrRollback) {
				t.Errorf("it comes back older: %v", err)
			}
			res, err := d.Update(t.Context(), request(v))
			if err != nil || res.Repaired == "" {
				t.Fatalf("it does not come back: %v", err)
			}
			if _, err := d.Load(t.Context(), "vendor"); err != nil {
				t.Error(err)
			}
		})
	}
}

func replace(name, old, with string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		file := filepath.Join(dir, name)
		b, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(b, []byte(old)) {
			t.Fatalf("%s has no %s: %v", name, old, err)
		}
		if err := os.WriteFile(file, bytes.ReplaceAll(b, []byte(old), []byte(with)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func cut(t *testing.T, file string) {
	t.Helper()
	if err := os.Truncate(file, 20); err != nil {
		t.Fatal(err)
	}
}

func link(to string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		name := filepath.Join(dir, "channels/vendor/gen-2/timestamp.json")
		if err := errors.Join(os.Remove(name), os.Symlink(to, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRegisterDeleted: the pointer has the versions, too.
func TestRegisterDeleted(t *testing.T) {
	v, dir := channeltest.NewVendor(t, 1), t.TempDir()
	d := open(t, dir)
	old := request(v)
	v.Publish(1)
	mustUpdate(t, d, request(v))
	if err := os.Remove(filepath.Join(dir, "register.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Load(t.Context(), "vendor"); err != nil {
		t.Error(err)
	}
	if _, err := d.Update(t.Context(), old); !errors.Is(err, channel.ErrRollback) {
		t.Error(err)
	}
	mustUpdate(t, d, request(v))
	cut(t, filepath.Join(dir, "register.json"))
	if _, err := d.Load(t.Context(), "vendor"); !errors.Is(err, ErrDamaged) {
		t.Errorf("a register that is cut: %v", err)
	}
}

// slow holds an update up until it is told to go on.
type slow struct {
	channel.Source
	begun, goOn chan struct{}
	once        *sync.Once
}

func (s slow) Get(ctx context.Context, name string, limit int64) ([]byte, error) {
	s.once.Do(func() { close(s.begun); <-s.goOn })
	return s.Source.Get(ctx, name, limit)
}

// TestConcurrentUpdates: one writes, and the other is told.
func TestConcurrentUpdates(t *testing.T) {
	v, dir := channeltest.NewVendor(t, 1), t.TempDir()
	one, two := open(t, dir), open(t, dir)
	s := slow{v.Source(), make(chan struct{}), make(chan struct{}), &sync.Once{}}
	req := request(v)
	req.Source = s
	done := make(chan error, 1)
	go func() { _, err := one.Update(t.Context(), req); done <- err }()
	<-s.begun
	if _, err := two.Update(t.Context(), request(v)); !errors.Is(err, ErrLocked) {
		t.Errorf("the second update: %v", err)
	}
	if err := two.Forget("vendor"); !errors.Is(err, ErrLocked) {
		t.Errorf("forget beside an update: %v", err)
	}
	close(s.goOn)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	mustUpdate(t, two, request(v))
}

// TestLoadBesideUpdates: a reader needs no lock.
func TestLoadBesideUpdates(t *testing.T) {
	v, dir := channeltest.NewVendor(t, 1), inMemory(t)
	d := open(t, dir)
	mustUpdate(t, d, request(v))
	var later []Request
	for range 12 {
		v.Publish(1)
		later = append(later, request(v))
	}
	done := make(chan error, 1)
	go func() {
		var err error
		for _, req := range later {
			_, e := d.Update(context.Background(), req)
			err = errors.Join(err, e)
		}
		done <- err
	}()
	reader, last := open(t, dir), 0
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
		c, err := reader.Load(t.Context(), "vendor")
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Manifests) < last || len(c.Manifests) == 0 {
			t.Fatalf("%d manifests after %d", len(c.Manifests), last)
		}
		last = len(c.Manifests)
	}
}

func TestPermissions(t *testing.T) {
	v, dir := channeltest.NewVendor(t, 1), t.TempDir()
	mustUpdate(t, open(t, dir), request(v))
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, _ fs.DirEntry, err error) error {
		if name != "." && name != "lock" {
			names = append(names, name)
		}
		return err
	})
	if err != nil || len(names) < 12 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		full := filepath.Join(dir, name)
		info, err := os.Stat(full)
		if err != nil {
			t.Fatal(err)
		}
		for _, mode := range []fs.FileMode{info.Mode().Perm() | 0o002, info.Mode().Perm() | 0o020} {
			if err := os.Chmod(full, mode); err != nil {
				t.Fatal(err)
			}
			if _, err := open(t, dir).Load(t.Context(), "vendor"); !errors.Is(err, ErrPermissions) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := open(t, dir).Update(t.Context(), request(v)); !errors.Is(err, ErrPermissions) {
				t.Errorf("update over %s: %v", name, err)
			}
		}
		if err := os.Chmod(full, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o775); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrPermissions) {
		t.Error(err)
	}
}

func TestUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	v, dir := channeltest.NewVendor(t, 1), filepath.Join(t.TempDir(), "state")
	mustUpdate(t, open(t, dir), request(v))
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && e.Name() != "lock" && info.Mode().Perm()&0o044 != 0o044 {
			t.Errorf("%s is %s: others cannot scan with it", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestForget(t *testing.T) {
	v, dir := channeltest.NewVendor(t, 1), t.TempDir()
	d := open(t, dir)
	mustUpdate(t, d, request(v))
	if err := d.Forget("other"); !errors.Is(err, ErrNoChannel) {
		t.Error(err)
	}
	if err := d.Forget("../x"); !errors.Is(err, ErrNoChannel) {
		t.Error(err)
	}
	if err := d.Forget("vendor"); err != nil {
		t.Fatal(err)
	}
	if names, err := d.Names(); err != nil || len(names) != 0 {
		t.Error(names, err)
	}
	other := channeltest.NewVendor(t, 1)
	mustUpdate(t, d, request(other))
}

// TestRefusedUpdateIsRemembered on the disk: what a half published state showed
// is the least that is accepted later, and the state of before goes on to be used.
func TestRefusedUpdateIsRemembered(t *testing.T) {
	v, dir := channeltest.NewVendor(t, 1), t.TempDir()
	d := open(t, dir)
	kept := mustUpdate(t, d, request(v))
	v.Publish(1)
	between := v.Source()
	v.Publish(1)
	half := channel.Files{}
	for _, f := range v.Source() {
		if f.Name != fmt.Sprintf("%d.targets.json", kept.Versions.Targets+2) {
			half = append(half, f)
		}
	}
	update := func(src channel.Source) error {
		_, err := d.Update(t.Context(), Request{Name: "vendor", Source: src, Now: channeltest.Now})
		return err
	}
	for range 2 { // the second time nothing is new
		if err := update(half); !errors.Is(err, channel.ErrMismatch) {
			t.Fatal(err)
		}
	}
	d = open(t, dir)
	if c, err := d.Load(t.Context(), "vendor"); err != nil || c.Versions != kept.Versions {
		t.Fatalf("the state of before: %+v, %v", c, err)
	}
	if err := update(between); !errors.Is(err, channel.ErrRollback) {
		t.Errorf("an older timestamp than was seen: %v", err)
	}
	if err := update(v.Source()); err != nil {
		t.Error(err)
	}
	if reg, err := d.register(); err != nil || len(reg.Refused) != 0 {
		t.Errorf("after a good update the register remembers %v, %v", reg.Refused, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, newer("vendor"))); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the newer roots are still there")
	}
	// A subscription that is refused is remembered, too, and can be forgotten.
	w, other := channeltest.NewVendor(t, 1), open(t, t.TempDir())
	old := request(w)
	w.Publish(1)
	req := request(w)
	req.Source = slices.DeleteFunc(w.Source(), func(f channel.File) bool { return strings.HasSuffix(f.Name, ".targets.json") })
	if _, err := other.Update(t.Context(), req); !errors.Is(err, channel.ErrMismatch) {
		t.Fatal(err)
	}
	if names, err := other.Names(); err != nil || len(names) != 0 {
		t.Error(names, err)
	}
	if _, err := other.Update(t.Context(), old); !errors.Is(err, channel.ErrRollback) {
		t.Errorf("an older channel at the next try: %v", err)
	}
	if err := other.Forget("vendor"); err != nil {
		t.Error(err)
	}
	mustUpdate(t, other, old)
}
