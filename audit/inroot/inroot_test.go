package inroot_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/inroot"
)

// layOut makes a tree as distributions do, and a file beside it that no link reaches.
func layOut(t *testing.T) (dir string, root *os.Root) {
	t.Helper()
	top := t.TempDir()
	dir = filepath.Join(top, "root")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(filepath.Join(top, "secret"), []byte("secret"), 0o600))
	for name, text := range map[string]string{"etc/nvidia/m.conf": "options", "opt/rocm-6.3/lib/libamdhip64.so": "hip", "etc/secret": "inside"} {
		must(os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		must(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	must(os.MkdirAll(filepath.Join(dir, "etc/alternatives"), 0o755))
	must(os.MkdirAll(filepath.Join(dir, "etc/modprobe.d"), 0o755))
	for name, target := range map[string]string{
		"etc/alternatives/glx": "/etc/nvidia/m.conf", "etc/modprobe.d/nvidia.conf": "/etc/alternatives/glx",
		"etc/alternatives/rocm": "/opt/rocm-6.3", "opt/rocm": "/etc/alternatives/rocm",
		"masked": "/dev/null", "up": "../secret", "far-up": "/../../secret", "top": "/", "loop": "/loop", "one": "/two", "two": "one",
		"inside": "etc/secret", "opt/mixed": "../../../opt/rocm/lib", "through": "/etc/nvidia/m.conf/below",
	} {
		must(os.Symlink(target, filepath.Join(dir, name)))
	}
	root, err := os.OpenRoot(dir)
	must(err)
	t.Cleanup(func() { root.Close() })
	return dir, root
}

func TestLinks(t *testing.T) {
	_, root := layOut(t)
	f := inroot.New(root)
	for name, want := range map[string]string{
		"etc/nvidia/m.conf": "options", "etc/modprobe.d/nvidia.conf": "options", "opt/rocm/lib/libamdhip64.so": "hip",
		"opt/mixed/libamdhip64.so": "hip", "inside": "inside", "top/opt/rocm/lib/libamdhip64.so": "hip",
	} {
		if b, err := fs.ReadFile(f, name); err != nil || string(b) != want {
			t.Errorf("%s: %q %v, want %q", name, b, err, want)
		}
		if i, err := fs.Stat(f, name); err != nil || i.Size() != int64(len(want)) {
			t.Errorf("%s: %v %v", name, i, err)
		}
	}
	for name, want := range map[string]error{
		"masked": fs.ErrNotExist, "far-up": fs.ErrNotExist, "loop": syscall.ELOOP, "one": syscall.ELOOP, "none": fs.ErrNotExist,
		"../secret": fs.ErrInvalid, "/etc": fs.ErrInvalid, "through": syscall.ENOTDIR, "opt/rocm/none": fs.ErrNotExist,
	} {
		if b, err := fs.ReadFile(f, name); !errors.Is(err, want) && !(want == syscall.ELOOP && err != nil) {
			t.Errorf("%s: %q %v, want %v", name, b, err, want)
		}
	}
	if b, err := fs.ReadFile(f, "up"); string(b) == "secret" {
		t.Errorf("a link left the tree: %q %v", b, err)
	}
	list, err := fs.ReadDir(f, "opt/rocm/lib")
	if err != nil || len(list) != 1 || list[0].Name() != "libamdhip64.so" {
		t.Errorf("%v %v", list, err)
	}
	if to, err := fs.ReadLink(f, "opt/rocm"); err != nil || to != "/etc/alternatives/rocm" {
		t.Errorf("%q %v", to, err)
	}
	if i, err := fs.Lstat(f, "top/opt/rocm"); err != nil || i.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("%v %v", i, err)
	}
	if _, err := fs.Stat(f, "etc/modprobe.d/none/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestKernel: a name leads where openat2 with RESOLVE_IN_ROOT says, and reads the same.
func TestKernel(t *testing.T) {
	dir, root := layOut(t)
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	var names []string
	_ = filepath.WalkDir(dir, func(at string, _ fs.DirEntry, _ error) error {
		rel, _ := filepath.Rel(dir, at)
		names = append(names, rel, filepath.Join(rel, "none"), filepath.Join(rel, "lib/libamdhip64.so"))
		return nil
	})
	for _, name := range names {
		file, kernel := unix.Openat2(fd, name, &unix.OpenHow{Flags: unix.O_PATH, Resolve: unix.RESOLVE_IN_ROOT})
		if errors.Is(kernel, unix.ENOSYS) {
			t.Skip("this kernel has no openat2")
		}
		info, err := inroot.Stat(root, name)
		if (kernel == nil) != (err == nil) || kernel != nil && !errors.Is(err, kernel) && !strings.HasPrefix(name, "up") && kernel != unix.ELOOP {
			t.Errorf("%s: %v, the kernel says %v", name, err, kernel)
		}
		if kernel == nil {
			var s unix.Stat_t
			if err := unix.Fstat(file, &s); err != nil || info != nil && info.Sys().(*syscall.Stat_t).Ino != s.Ino {
				t.Errorf("%s is another file than the kernel's: %v", name, err)
			}
			unix.Close(file)
		}
	}
}

func TestFS(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.MkdirAll(dir+"/a/b", 0o755), os.WriteFile(dir+"/a/b/c", []byte("c"), 0o600), os.Symlink("/a", dir+"/link")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := fstest.TestFS(inroot.New(root), "a/b/c", "link"); err != nil {
		t.Error(err)
	}
}
