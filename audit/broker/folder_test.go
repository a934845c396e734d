package broker

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fill writes files of a new folder.
func fill(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestFilesBeside: of a folder, what matches a pattern and what a file mentions, and
// nothing else of it.
func TestFilesBeside(t *testing.T) {
	dir := fill(t, map[string]string{
		"trust.yaml": "keys:\n- {public_key_file: us.pub}\n- public_key_file: \"others/them.pub\"\nroot: key\nours.key\n../outside /etc/hostname .. .",
		"us.pub":     "x", "others/them.pub": "x", "them.pub": "x", "others/us.pub": "x", "pub": "x", "us.pub.old": "x", "key": "x",
		"ours.key": "-----BEGIN PRIVATE KEY-----\nx", "w.yaml.k.sigstore.json": "text\n-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nx",
		"w.yaml": "x", "w.yaml.sigstore.json": "x", "w.yaml.a.sigstore.json": "x", "w.yaml.key": "x", "v.yaml.sigstore.json": "x", "sub/w.yaml.sigstore.json": "x",
	})
	if err := os.Symlink("w.yaml.key", filepath.Join(dir, "w.yaml.link.sigstore.json")); err != nil {
		t.Fatal(err)
	}
	grants := []Grant{{ReadFile, dir + "/trust.yaml"}, {ReadMentioned, dir + "/trust.yaml"}, {ReadMatching, dir + "/w.yaml.sigstore.json"}, {ReadMatching, dir + "/w.yaml.*.sigstore.json"}}
	c, _ := serve(t, grants, Rights{}, DefaultLimits())
	for name, want := range map[string]bool{
		"trust.yaml": true, "us.pub": true, "others/them.pub": true, "key": true, "them.pub": false, "others/us.pub": false, "pub": false, "us.pub.old": false, "others": false,
		"w.yaml": false, "w.yaml.sigstore.json": true, "w.yaml.a.sigstore.json": true, "w.yaml.key": false, "v.yaml.sigstore.json": false,
		"sub/w.yaml.sigstore.json": false, "sub": false, "w.yaml.link.sigstore.json": false, "../outside": false, "ours.key": false, "w.yaml.k.sigstore.json": false, "..": false, "others/../us.pub": true,
	} {
		f, err := c.Open(dir + "/" + name)
		if (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			f.Close()
		}
	}
	list, err := c.ReadDir(dir)
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); err != nil || got != "others sub w.yaml.a.sigstore.json w.yaml.k.sigstore.json w.yaml.link.sigstore.json w.yaml.sigstore.json" {
		t.Errorf("%s %v", got, err)
	}
	only, _ := serve(t, grants[:2], Rights{}, DefaultLimits())
	if list, err := only.ReadDir(dir); err == nil {
		t.Errorf("the folder of a file that mentions others was listed: %v", list)
	}
	files, closer, err := only.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	if b, err := fs.ReadFile(files, "us.pub"); err != nil || string(b) != "x" {
		t.Errorf("%q %v", b, err)
	}
}

func TestMentions(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "us.pub": true, "'us.pub'": true, "file: us.pub\n": true, "{a: us.pub}": true, "[us.pub,x]": true, "bus.pub us.pub2 x/us.pub us.pub/x": false, "bus.pub us.pub": true, "\xc3\xa9us.pub": false,
	} {
		if mentions(text, "us.pub") != want {
			t.Errorf("%q", text)
		}
	}
}

// TestWrittenFolder: a judge makes what it is to make in a folder that was named, and
// leaves it by no name and no link.
func TestWrittenFolder(t *testing.T) {
	top := fill(t, map[string]string{"secret": "secret", "dir/old": "old"})
	dir := filepath.Join(top, "dir")
	if err := errors.Join(os.Symlink("../secret", dir+"/out"), os.Symlink("..", dir+"/up")); err != nil {
		t.Fatal(err)
	}
	c, done := serve(t, []Grant{{WriteFolder, dir}, {WriteFolder, top + "/new/deep"}}, Rights{}, DefaultLimits())
	if _, err := c.Written(top, FolderThere); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a folder that was not named: %v", err)
	}
	if _, err := c.Written(dir, FolderNew); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a folder that is there, as new: %v", err)
	}
	made, err := c.Written(top+"/new/deep", FolderMade)
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Mkdir("x", 0o755); err != nil {
		t.Error(err)
	}
	w, err := c.Written(dir, FolderThere)
	if err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte("manifest "), 10_000)
	f, err := w.Create("a", 0o644)
	if err != nil {
		t.Fatal(err)
	}
	n, err := f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close(), w.Rename("a", "old"), w.Sync("."), w.Sync("old"), w.Chmod("old", 0o600)); err != nil || n != len(text) {
		t.Fatal(n, err)
	}
	if b, err := fs.ReadFile(w.FS(), "old"); err != nil || !bytes.Equal(b, text) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if i, err := w.Lstat("out"); err != nil || i.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("%v %v", i, err)
	}
	if i, err := w.Stat("old"); err != nil || i.Mode().Perm() != 0o600 || int(i.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
		t.Errorf("%v %v", i, err)
	}
	for what, err := range map[string]error{
		"over another": second(w.Create("old", 0o644)), "by a link": second(w.Create("out", 0o644)), "above": second(w.Create("../x", 0o644)), "absolute": second(w.Create("/x", 0o644)),
		"below a link": second(w.Create("up/x", 0o644)), "a folder above": w.Mkdir("../x", 0o755), "from above": w.Rename("../secret", "x"), "to above": w.Rename("old", "../x"),
		"by a link that leads out": w.Rename("old", "up/x"), "all": w.Remove("."), "the one above": w.Remove(".."), "a mode of what is outside": w.Chmod("out", 0o755), "what is outside": w.Remove("up/secret"),
	} {
		if err == nil {
			t.Errorf("%s: it was done", what)
		}
	}
	unlock, err := w.Lock("lock")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Lock("lock"); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Errorf("locked twice: %v", err)
	}
	unlock()
	if err := w.Remove("up"); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(top + "/secret"); err != nil || string(b) != "secret" {
		t.Errorf("%q %v", b, err)
	}
	c.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestPartOfAFolder: where only some names of a folder are granted, the rest of it can be
// neither read nor changed.
func TestPartOfAFolder(t *testing.T) {
	dir := fill(t, map[string]string{"state.json": "state", "channels/a": "a", "other": "other", "channels.old/x": "x"})
	c, _ := serve(t, []Grant{{WriteFolder, dir}}, Rights{Only: map[string][]string{dir: {"state.json", "state.json.*", "channels"}}}, DefaultLimits())
	w, err := c.Written(dir, FolderThere)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"state.json": true, "channels/a": true, "other": false, "channels.old/x": false} {
		if _, err := fs.ReadFile(w.FS(), name); (err == nil) != want {
			t.Errorf("read %s: %v", name, err)
		}
	}
	if list, err := fs.ReadDir(w.FS(), "."); err != nil || len(list) != 2 {
		t.Errorf("%v %v", list, err)
	}
	if list, err := fs.ReadDir(w.FS(), "channels"); err != nil || len(list) != 1 {
		t.Errorf("%v %v", list, err)
	}
	if f, err := w.Create("state.json.new", 0o644); err != nil {
		t.Error(err)
	} else if err := errors.Join(f.Close(), w.Rename("state.json.new", "state.json"), w.Sync("."), w.Mkdir("channels/b", 0o755)); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"create": second(w.Create("new", 0o644)), "folder": w.Mkdir("folder", 0o755), "rename from": w.Rename("other", "channels/x"), "rename to": w.Rename("state.json", "other"),
		"remove": w.Remove("other"), "mode": w.Chmod("other", 0o755), "lock": second(w.Lock("lock")),
	} {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestNewFolder: a folder that has to be new is no way into one that is there.
func TestNewFolder(t *testing.T) {
	top := fill(t, map[string]string{"there/file": "file"})
	c, _ := serve(t, []Grant{{NewFolder, top + "/there"}, {NewFolder, top + "/new"}}, Rights{}, DefaultLimits())
	for _, how := range []uint8{FolderThere, FolderMade} {
		for _, name := range []string{"/there", "/new"} {
			if _, err := c.Written(top+name, how); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s %d: %v", name, how, err)
			}
		}
	}
	if _, err := c.Written(top+"/there", FolderNew); !errors.Is(err, fs.ErrExist) {
		t.Errorf("it is there: %v", err)
	}
	w, err := c.Written(top+"/new", FolderNew)
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.Create("file", 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Open(top + "/there/file"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("read what is there: %v", err)
	}
}

// TestModesOfFolders: nothing is made that others may write.
func TestModesOfFolders(t *testing.T) {
	for what, do := range map[string]func(*Written) error{
		"folder": func(w *Written) error { return w.Mkdir("a", 0o775) }, "file": func(w *Written) error { return second(w.Create("a", 0o666)) }, "mode": func(w *Written) error { return w.Chmod(".", 0o777) },
	} {
		dir := t.TempDir()
		c, done := serve(t, []Grant{{WriteFolder, dir}}, Rights{}, DefaultLimits())
		w, err := c.Written(dir, FolderMade)
		if err != nil {
			t.Fatal(err)
		}
		if err := do(w); err == nil {
			t.Errorf("%s: it was done", what)
		}
		if err := <-done; !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: the server ended with %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestCapsOfFolders: more files or bytes than a folder may get end the connection.
func TestCapsOfFolders(t *testing.T) {
	for what, fill := range map[string]func(*Written) error{
		"files": func(w *Written) error {
			for _, name := range []string{"a", "b", "c"} {
				f, err := w.Create(name, 0o644)
				if err != nil {
					return err
				}
				f.Close()
			}
			return nil
		},
		"folders": func(w *Written) error {
			return errors.Join(w.Mkdir("a", 0o755), w.Mkdir("b", 0o755), w.Mkdir("c", 0o755))
		},
		"bytes": func(w *Written) error {
			f, err := w.Create("a", 0o644)
			if err == nil {
				_, err = f.Write(make([]byte, 5000))
			}
			return err
		},
	} {
		dir := t.TempDir()
		limits := DefaultLimits()
		limits.Made, limits.MadeBytes = 2, 4999
		c, done := serve(t, []Grant{{WriteFolder, dir}}, Rights{}, limits)
		w, err := c.Written(dir, FolderThere)
		if err != nil {
			t.Fatal(err)
		}
		if err := fill(w); err == nil {
			t.Errorf("%s: no end", what)
		}
		if err := <-done; !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: the server ended with %v", what, err)
		}
	}
}
