// Package library asks NVIDIA's management library (libnvidia-ml.so.1) through
// purego. A program that links purego is no longer static, and Landlock before
// ABI 8 does not confine it (syscall.AllThreadsSyscall is refused), so only
// gpuaudit-nvml imports this package, and the audit itself never does.
package library

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

const fileName = "libnvidia-ml.so.1"

// directories are where distributions and NVIDIA's installer put the library.
// The environment has no say.
func directories() []string {
	triplet := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[runtime.GOARCH]
	return []string{"/usr/lib/" + triplet, "/usr/lib64", "/usr/lib", "/usr/lib/wsl/lib", "/run/opengl-driver/lib"}
}

// Find returns the path of the library, links resolved. An error wraps
// [fs.ErrNotExist] where there is none, and [fs.ErrPermission] where somebody
// else than root could have put it there.
func Find() (string, error) { return find(fileName, directories(), 0) }

func find(fileName string, dirs []string, owner uint32) (string, error) {
	for _, dir := range dirs {
		real, err := filepath.EvalSymlinks(filepath.Join(dir, fileName))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = trusted(real, owner)
		}
		if err != nil {
			return "", fmt.Errorf("find %s in %s: %w", fileName, dir, err)
		}
		return real, nil
	}
	return "", fmt.Errorf("find %s in %s: %w", fileName, strings.Join(dirs, ", "), fs.ErrNotExist)
}

// trusted asks that nobody but root (or owner) could have replaced the file: of
// it and of each directory above it. In a directory with the sticky bit only
// the owner of a file can replace it.
func trusted(name string, owner uint32) error {
	for at := name; ; at = filepath.Dir(at) {
		info, err := os.Lstat(at)
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok || stat.Uid != 0 && stat.Uid != owner {
			return fmt.Errorf("%s is not owned by root: %w", at, fs.ErrPermission)
		}
		if info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
			return fmt.Errorf("%s can be written by others than its owner: %w", at, fs.ErrPermission)
		}
		if at == name && !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no regular file: %w", at, fs.ErrInvalid)
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}
