package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/landlock-lsm/go-landlock/landlock"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/collect/pci"
	"github.com/gpuaudit/gpuaudit/audit/collect/rom"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/tempdir"
)

// romLimit caps a ROM dump given by the user; the largest expansion ROM BAR is
// 16 MiB.
const romLimit = 16 << 20

// sourceFlags say which machine is meant.
type sourceFlags struct {
	root, capture string
	readROM       bool
	roms          []string
	nvml          string
	noNVML        bool
}

func (f *sourceFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.root, "root", "", "read this directory instead of / (a mounted or unpacked machine)")
	flags.StringVar(&f.capture, "capture", "", "read this capture (gpuaudit capture, or a ghw snapshot) instead of this machine")
	flags.BoolVar(&f.readROM, "read-rom", false, "enable each expansion ROM for the time of reading it (needs root)")
	f.registerFiles(flags, "")
	flags.BoolVar(&f.noNVML, "no-nvml", false, "leave the answers of NVIDIA's library in a capture aside")
}

// registerFiles adds the files that speak of the machine's devices; of is what the
// usage texts begin with.
func (f *sourceFlags) registerFiles(flags *pflag.FlagSet, of string) {
	flags.StringArrayVar(&f.roms, "rom", nil, of+"BDF=FILE: a ROM dump of the device at this PCI address (repeatable)")
	flags.StringVar(&f.nvml, "nvml", "", of+"what NVIDIA's library says of the GPUs, recorded by gpuaudit-nvml")
}

// machine is an opened source.
type machine struct {
	env      *collect.Env
	problems []report.Problem
	// rights are what the collectors need: to read the sources, and where ROMs are
	// read, to change something.
	rights []landlock.Rule
	close  func()
	// evidence is that of the machine's TPM, nil where nobody asked for it, and
	// recording the digest of what the facts are read from, which it may cover.
	evidence  func() ([]byte, error)
	recording func() ([]byte, error)
}

// open opens the machine that the flags mean.
func (a *app) open(ctx context.Context, f *sourceFlags, now time.Time) (*machine, error) {
	if f.root != "" && f.capture != "" {
		return nil, errors.New("--root and --capture exclude each other")
	}
	if f.readROM && (f.root != "" || f.capture != "") {
		return nil, errors.New("--read-rom works on the running machine only, not with --root or --capture")
	}
	roms, err := readROMFiles(f.roms)
	if err != nil {
		return nil, err
	}
	answers, err := readNVML(f)
	if err != nil {
		return nil, err
	}
	var m *machine
	switch {
	case f.capture != "":
		m, err = a.openCapture(f.capture, now)
	case f.root != "":
		m, err = a.openRoot(f.root, now)
	default:
		m, err = openLive(f.readROM, now)
	}
	if err != nil {
		return nil, err
	}
	m.env.ROMFiles = roms
	if answers != nil || f.noNVML {
		m.env.NVML = answers
	}
	return m, ctx.Err()
}

func openLive(readROM bool, now time.Time) (*machine, error) {
	root, err := os.OpenRoot("/")
	if err != nil {
		return nil, incomplete(fmt.Errorf("open this machine: %w", err))
	}
	env := &collect.Env{FS: root.FS(), Now: now, Derive: collect.Memo(), PCITree: "/", ByRoot: new(os.Geteuid() == 0)}
	env.ROM = notRequested(env.FS)
	m := &machine{env: env, rights: liveReads(collectors()), close: func() { root.Close() }}
	if readROM {
		env.ROM = rom.Live(root)
		m.rights = append(m.rights, changeable("/sys/devices", "/sys/bus/pci"))
	}
	return m, nil
}

// notRequested refuses to read ROMs that exist: reading one switches its
// decoder on, and nobody asked for that.
func notRequested(fsys fs.FS) func(context.Context, string) ([]byte, error) {
	return func(_ context.Context, address string) ([]byte, error) {
		if _, err := fs.Stat(fsys, romPath(address)); err != nil {
			return nil, err
		}
		return nil, collect.ErrNotRequested
	}
}

func (a *app) openRoot(dir string, now time.Time) (*machine, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("--root: %w", err)
	}
	fsys := root.FS()
	env := &collect.Env{FS: fsys, Now: now, Derive: collect.Memo(), ROM: readPlain(fsys)}
	cleanup, err := a.givePCITree(env)
	if err != nil {
		root.Close()
		return nil, err
	}
	rights := []landlock.Rule{readable(dir, env.PCITree), changeable(scratch())}
	return &machine{env: env, rights: rights, close: func() { cleanup(); root.Close() }}, nil
}

// readPlain reads a ROM where it is an ordinary file.
func readPlain(fsys fs.FS) func(context.Context, string) ([]byte, error) {
	return func(_ context.Context, address string) ([]byte, error) {
		return collect.Read(fsys, romPath(address), romLimit)
	}
}

func romPath(address string) string { return "sys/bus/pci/devices/" + address + "/rom" }

func (a *app) openCapture(name string, now time.Time) (*machine, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--capture: %w", err)
	}
	defer file.Close()
	return a.readCapture(name, file, now)
}

// readCapture reads the capture that was opened under a name.
func (a *app) readCapture(name string, r io.Reader, now time.Time) (*machine, error) {
	archive, err := capture.Open(filepath.Base(name), r, capture.DefaultLimits())
	if err != nil && archive == nil {
		return nil, incomplete(err)
	}
	m := &machine{env: archive.Env(now)}
	if text, asked, cause := archive.TPM(); asked {
		m.evidence = func() ([]byte, error) { return text, cause }
	}
	m.recording = func() ([]byte, error) { return archive.Digest(), nil }
	if err != nil {
		m.problems = append(m.problems, report.Problem{Kind: report.ProblemInput, Input: filepath.Base(name), Cause: err.Error()})
	}
	m.close, err = a.givePCITree(m.env)
	m.rights = []landlock.Rule{readable(m.env.PCITree), changeable(scratch())}
	return m, err
}

// givePCITree lays the PCI tree out in a private directory for ghw, which
// reads real directories only. Without one the scan goes on: ghw is a second
// opinion, and its absence is recorded.
func (a *app) givePCITree(env *collect.Env) (cleanup func(), err error) {
	// What processes left that were killed. Versions before locked nothing, and took
	// less than this.
	_, _ = tempdir.Sweep(scratch(), pciTrees, a.Now().Add(-10*time.Minute))
	dir, err := tempdir.Make(scratch(), pciTrees)
	if err != nil {
		return func() {}, nil
	}
	cleanup = a.left.behind(dir.Remove)
	if err := capture.MaterializePCI(env.FS, dir.Path); err == nil {
		env.PCITree = dir.Path
	}
	return cleanup, nil
}

// pciTrees begins the names of the directories that givePCITree makes.
const pciTrees = "gpuaudit-pci-"

func readROMFiles(specs []string) (map[string]collect.ROMFile, error) {
	roms := map[string]collect.ROMFile{}
	for _, spec := range specs {
		address, name, ok := strings.Cut(spec, "=")
		if !ok || !pci.ValidAddress(address) || name == "" {
			return nil, fmt.Errorf("--rom %s: want BDF=FILE, such as 0000:01:00.0=card.rom", spec)
		}
		if _, dup := roms[address]; dup {
			return nil, fmt.Errorf("--rom %s: a second file for the same device", spec)
		}
		dir, base := filepath.Split(name)
		if dir == "" {
			dir = "."
		}
		data, err := collect.Read(os.DirFS(dir), base, romLimit)
		if err != nil {
			return nil, fmt.Errorf("--rom %s: %w", address, err)
		}
		roms[address] = collect.ROMFile{Name: base, Data: data}
	}
	return roms, nil
}

// readNVML reads the answers that were given. They go on in canonical form, so
// that what a capture redacts cannot hide in another spelling.
func readNVML(f *sourceFlags) (func(context.Context) ([]byte, error), error) {
	if f.nvml == "" {
		return nil, nil
	}
	if f.noNVML {
		return nil, errors.New("--nvml and --no-nvml exclude each other")
	}
	text, err := readFile(f.nvml, nvml.Limit)
	if err != nil {
		return nil, fmt.Errorf("--nvml: %w", err)
	}
	answers, err := nvml.Decode(text)
	if err == nil {
		text, err = answers.Encode()
	}
	if err != nil {
		return nil, fmt.Errorf("--nvml %s: %w", f.nvml, err)
	}
	return func(context.Context) ([]byte, error) { return text, nil }, nil
}

// scratch is where temporary files go: in memory where that is to be had.
func scratch() string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		return memory
	}
	return os.TempDir()
}
