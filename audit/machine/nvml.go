package machine

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/sandbox"
)

// nvmlProgram is the name of the program that asks NVIDIA's library.
const nvmlProgram = "gpuaudit-nvml"

// NVMLPlan says how NVIDIA's library is asked about this machine. The zero value is that
// of a machine where there is nothing to ask.
type NVMLPlan struct {
	// Program asks it; "" where there is nothing to ask with, and Why says what is amiss.
	Program string
	Why     string
	// Refused says that there is a program, and that it is not started.
	Refused bool
}

// Programs are the folders in which programs are installed beside this one.
func Programs() []string {
	dirs := []string{"/usr/libexec/gpuaudit", "/usr/bin", "/usr/local/bin"}
	if own, err := os.Executable(); err == nil {
		dirs = append([]string{filepath.Dir(own)}, dirs...)
	}
	return dirs
}

// PlanNVML looks for cards that NVIDIA's driver runs, below a root directory, and for the
// program that asks the driver's library, in folders.
func PlanNVML(root string, folders []string) NVMLPlan {
	if cards, _ := filepath.Glob(filepath.Join(root, "sys/bus/pci/drivers/nvidia/*:*")); len(cards) == 0 {
		return NVMLPlan{}
	}
	var refused error
	for _, dir := range folders {
		name := filepath.Join(dir, nvmlProgram)
		f, err := openTrusted(name)
		if err == nil {
			f.Close()
			return NVMLPlan{Program: name}
		}
		if !errors.Is(err, fs.ErrNotExist) && refused == nil {
			refused = err
		}
	}
	if refused != nil {
		return NVMLPlan{Why: refused.Error(), Refused: true}
	}
	return NVMLPlan{Why: nvmlProgram + " is not installed; or give nvidia-smi -q -x with --witness"}
}

// openTrusted opens a program to start, or says why it is not started: one that others
// can write, or exchange, would be theirs with the rights of this process. Links are
// followed first, and what they lead to is looked at, up to the root directory.
func openTrusted(name string) (*os.File, error) {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, err
	}
	for at := real; ; at = filepath.Dir(at) {
		info, err := os.Lstat(at)
		if err != nil {
			return nil, err
		}
		if err := ownAlone(at, info); err != nil {
			return nil, fmt.Errorf("%s is not started: %w", name, err)
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	f, err := os.OpenFile(real, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Mode()&0o111 == 0) {
		err = fmt.Errorf("%s is not started: it is no program", name)
	}
	if err == nil {
		err = ownAlone(real, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// ownAlone asks that nobody but root, or the user of this process, can write a file or a
// folder. In a folder with the sticky bit only the owner of a file can exchange it.
func ownAlone(name string, info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || st.Uid != 0 && int(st.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to another user: %w", name, fs.ErrPermission)
	case info.Mode()&0o022 != 0 && (!info.IsDir() || info.Mode()&fs.ModeSticky == 0):
		return fmt.Errorf("others than its owner may write %s: %w", name, fs.ErrPermission)
	}
	return nil
}

// askTime is how long NVIDIA's driver may take to answer. The program gives up before.
const askTime = time.Minute

// nvmlReads are what the program and NVIDIA's library read of the machine: libraries, the
// driver's state, and how the machine is made.
var nvmlReads = []string{
	"/usr/lib", "/usr/lib64", "/lib", "/lib64", "/run/opengl-driver", "/nix/store", "/etc/ld.so.cache", "/etc/nvidia",
	"/sys", "/proc/self", "/proc/driver", "/proc/devices", "/proc/modules", "/proc/cpuinfo", "/proc/meminfo", "/proc/version", "/proc/sys/vm", "/proc/sys/kernel",
	"/dev/null", "/dev/zero", "/dev/urandom",
}

// loaders are the dynamic loaders of the architectures that the program is built for.
var loaders = []string{"/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib64/ld-linux-aarch64.so.1"}

// nvmlLimits hold the program. NVML takes some 50 MiB.
var nvmlLimits = sandbox.Limits{Memory: 1 << 30, CPU: 60, Files: 256, Threads: 256, Output: nvml.Limit}

// AskNVML starts the program that asks NVIDIA's library, and is what it says. With a nonce
// each GPU is asked to sign what it measured.
func AskNVML(ctx context.Context, program string, nonce []byte) (*input.File, error) {
	f, err := openTrusted(program)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	nodes, groups := nvidiaNodes("/dev")
	var args []string
	if nonce != nil {
		args = []string{"--nonce", hex.EncodeToString(nonce)}
	}
	v := sandbox.Vendor{Name: program, Args: args, Program: f, Interpreters: loaders, Read: nvmlReads, Nodes: nodes, Groups: groups, Limits: nvmlLimits}
	text, err := v.Run(ctx)
	if err != nil {
		return nil, err
	}
	return NVMLAnswers(text), nil
}

// NVMLAnswers is what the program said, as a file that was given.
func NVMLAnswers(text []byte) *input.File { return &input.File{Name: nvmlProgram, Data: text} }

// nvidiaNodes are the device nodes of NVIDIA's driver, and the groups by which they are
// opened where not everybody may. The group of root gives no access.
func nvidiaNodes(dev string) (nodes []string, groups []int) {
	for _, pattern := range []string{"nvidia*", "nvidia-caps/*"} {
		names, _ := filepath.Glob(filepath.Join(dev, pattern))
		for _, name := range names {
			info, err := os.Lstat(name)
			if err != nil || info.Mode()&fs.ModeCharDevice == 0 {
				continue
			}
			nodes = append(nodes, name)
			st, ok := info.Sys().(*syscall.Stat_t)
			if ok && st.Gid != 0 && info.Mode()&0o006 == 0 && info.Mode()&0o060 != 0 && !slices.Contains(groups, int(st.Gid)) {
				groups = append(groups, int(st.Gid))
			}
		}
	}
	return nodes, groups
}
