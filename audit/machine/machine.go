// Package machine opens the machine that is audited: this one, a directory, or a
// capture. It says what may be read of it, lays out what collectors need, and brings
// files that speak of it. Collectors cannot tell one from another.
package machine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/go-tpm/tpm2/transport"

	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/rom"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/inroot"
	"github.com/gpuaudit/gpuaudit/audit/tempdir"
)

// Source says which machine is meant: a root directory, a capture, or this machine.
type Source struct {
	Root, Capture string
	// ReadROM enables each expansion ROM for the time of reading it.
	ReadROM bool
	// TPM lets this machine's TPM prove how it was started; nil where nobody asked.
	TPM *TPM
}

// Elsewhere says that another machine than this one is meant.
func (s *Source) Elsewhere() bool { return s.Root != "" || s.Capture != "" }

// Machine is an opened source.
type Machine struct {
	Env *collect.Env
	// Problems are faults of the source that leave something of it to be read.
	Problems []Problem
	// Capture is the capture that is read as a machine; nil where it is none.
	Capture *Archive

	rights []Right
	close  []func()
	// evidence gives that of the machine's TPM, nil where nobody asked for it, and
	// recording the digest of what the facts are read from, which it may cover.
	evidence  func() ([]byte, error)
	recording func() ([]byte, error)
	asks      bool // this machine's own TPM is asked
	frozen    bool // it is a capture
}

// Archive is a file that holds a machine: its name without the folder, and its digest.
type Archive struct{ Name, SHA256 string }

// Problem is a source that could not be read whole.
type Problem struct{ Input, Cause string }

// Options are what a machine is opened with.
type Options struct {
	// Now is the time of collection, where the source does not state one.
	Now time.Time
	// Behind notes how to take scratch files away if the program is ended; what it
	// returns does so at once. It may be nil.
	Behind func(take func()) (now func())
	// Access is how this process reaches the machine where it has no right of its own;
	// nil where it has.
	Access *Access
}

// Access is how a process without rights reaches the machine: another one, with rights,
// opens what it asks for.
type Access struct {
	// FS is the machine that is audited, or the root directory that is read as one.
	FS fs.FS
	// ROM reads an expansion ROM; nil where nobody asked for it.
	ROM func(ctx context.Context, address string) ([]byte, error)
	// TPM opens the machine's TPM.
	TPM func() (transport.TPMCloser, error)
	// ByRoot says that the other process is root's.
	ByRoot bool
	// Full is how that process would read all of this machine; nil where nobody asked for
	// that.
	Full *Full
	// NVML asks NVIDIA's library through it, as NVMLPlan says, with a nonce for the GPUs.
	NVML     func(ctx context.Context, nonce []byte) ([]byte, error)
	NVMLPlan NVMLPlan
	// Scratch is a folder of this process alone, "" where there is none.
	Scratch string
}

// ErrAttestElsewhere says that only the running machine can be asked for proofs.
var ErrAttestElsewhere = errors.New("--attest works on the running machine only; a capture that was made with --attest brings its evidence, and --evidence names a file of a TPM's")

// Open opens the machine that is meant.
func Open(ctx context.Context, s Source, o Options) (*Machine, error) {
	switch {
	case s.Root != "" && s.Capture != "":
		return nil, errors.New("--root and --capture exclude each other")
	case s.ReadROM && s.Elsewhere():
		return nil, errors.New("--read-rom works on the running machine only, not with --root or --capture")
	case s.TPM != nil && s.Elsewhere():
		return nil, ErrAttestElsewhere
	}
	m, err := open(s, o)
	if err != nil {
		return nil, err
	}
	if s.TPM != nil {
		m.prove(s.TPM, o.Access)
	}
	if ctx.Err() != nil {
		m.Close()
		return nil, ctx.Err()
	}
	return m, nil
}

func open(s Source, o Options) (*Machine, error) {
	switch {
	case s.Capture != "":
		return openCapture(s.Capture, o)
	case s.Root != "":
		return openRoot(s.Root, o)
	}
	return openLive(s.ReadROM, o)
}

// Close lets go of the machine, and takes scratch files away.
func (m *Machine) Close() {
	for _, f := range m.close {
		f()
	}
	m.close = nil
}

// Rights are what collectors need: to read the source, and where ROMs are read, to
// change something.
func (m *Machine) Rights() []Right { return m.rights }

func openLive(readROM bool, o Options) (*Machine, error) {
	if o.Access != nil {
		return o.Access.live(readROM, o)
	}
	root, err := os.OpenRoot("/")
	if err != nil {
		return nil, fault.AsIncomplete(fmt.Errorf("open this machine: %w", err))
	}
	env := &collect.Env{FS: inroot.New(root), Now: o.Now, Derive: collect.Memo(), PCITree: "/", ByRoot: new(os.Geteuid() == 0)}
	env.ROM = notRequested(env.FS)
	m := &Machine{Env: env, rights: LiveRights(), close: []func(){func() { root.Close() }}}
	if readROM {
		env.ROM = rom.Live(root)
		m.rights = append(m.rights, Changeable("/sys/devices", "/sys/bus/pci"))
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

// live is the running machine, as another process shows it.
func (a *Access) live(readROM bool, o Options) (*Machine, error) {
	m := &Machine{Env: &collect.Env{FS: a.FS, Now: o.Now, Derive: collect.Memo(), ByRoot: &a.ByRoot}}
	m.Env.ROM = notRequested(a.FS)
	if readROM {
		m.Env.ROM = a.ROM
	}
	m.givePCITree(o)
	return m, nil
}

// root is a directory that is read as a machine, as another process shows it.
func (a *Access) root(dir string, o Options) (*Machine, error) {
	if _, err := fs.Stat(a.FS, "."); err != nil {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			pe.Path = dir
		}
		return nil, fmt.Errorf("--root: %w", err)
	}
	m := &Machine{Env: &collect.Env{FS: a.FS, Now: o.Now, Derive: collect.Memo(), ROM: readPlain(a.FS)}}
	m.givePCITree(o)
	return m, nil
}

func openRoot(dir string, o Options) (*Machine, error) {
	if o.Access != nil {
		return o.Access.root(dir, o)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("--root: %w", err)
	}
	fsys := inroot.New(root)
	m := &Machine{Env: &collect.Env{FS: fsys, Now: o.Now, Derive: collect.Memo(), ROM: readPlain(fsys)}, close: []func(){func() { root.Close() }}}
	m.givePCITree(o)
	m.rights = []Right{Readable(dir, m.Env.PCITree), Changeable(scratch())}
	return m, nil
}

// readPlain reads a ROM where it is an ordinary file.
func readPlain(fsys fs.FS) func(context.Context, string) ([]byte, error) {
	return func(_ context.Context, address string) ([]byte, error) {
		return collect.Read(fsys, romPath(address), romLimit)
	}
}

func romPath(address string) string { return "sys/bus/pci/devices/" + address + "/rom" }

func openCapture(name string, o Options) (*Machine, error) {
	file, err := input.Open(name)
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	defer file.Close()
	return ReadCapture(name, file, o)
}

// ReadCapture reads the capture that was opened under a name.
func ReadCapture(name string, r io.Reader, o Options) (*Machine, error) {
	sum := sha256.New()
	r = io.TeeReader(r, sum)
	archive, err := capture.Open(filepath.Base(name), r, capture.DefaultLimits())
	if err != nil && archive == nil {
		return nil, NoCapture(name, err)
	}
	if err != nil { // what comes behind the damage was not read
		if _, err := io.CopyN(io.Discard, r, capture.DefaultLimits().TotalBytes); !errors.Is(err, io.EOF) {
			return nil, fault.AsIncomplete(fmt.Errorf("%s: it cannot be read to its end", filepath.Base(name)))
		}
	}
	m := &Machine{Env: archive.Env(o.Now), frozen: true, Capture: &Archive{filepath.Base(name), hex.EncodeToString(sum.Sum(nil))}}
	if text, asked, cause := archive.TPM(); asked {
		m.evidence = func() ([]byte, error) { return text, cause }
	}
	m.recording = func() ([]byte, error) { return archive.Digest(), nil }
	if err != nil {
		m.Problems = append(m.Problems, Problem{Input: filepath.Base(name), Cause: err.Error()})
	}
	m.givePCITree(o)
	m.rights = []Right{Readable(m.Env.PCITree), Changeable(scratch())}
	return m, nil
}

// NoCapture says why a file gave no capture. Another kind of file in its place is a
// mistake of who named it; a capture that is damaged may be somebody's doing.
func NoCapture(name string, err error) error {
	switch {
	case errors.Is(err, syscall.EISDIR):
		return fmt.Errorf("read capture %s: it is a folder: gpuaudit capture writes a file, and --root reads a folder as a machine", name)
	case errors.Is(err, capture.NotArchive):
		return fmt.Errorf("read capture %s: %w: gpuaudit capture makes one", name, notAnArchive(err))
	}
	return fault.AsIncomplete(err)
}

// notAnArchive is what is wrong without the offset, which says nothing here.
func notAnArchive(err error) error {
	if e, ok := errors.AsType[*capture.Error](err); ok && e.Err != nil {
		return fmt.Errorf("%w: %w", e.Kind, e.Err)
	}
	return capture.NotArchive
}

// givePCITree lays the PCI tree out in a private directory for ghw, which
// reads real directories only. Without one the scan goes on: ghw is a second
// opinion, and its absence is recorded.
func (m *Machine) givePCITree(o Options) {
	if o.Access != nil {
		m.layOut(o.Access.Scratch)
		return
	}
	sweep()
	dir, err := tempdir.Make(scratch(), pciTrees)
	if err != nil {
		return
	}
	remove := dir.Remove
	if o.Behind != nil {
		remove = o.Behind(remove)
	}
	m.close = append([]func(){remove}, m.close...)
	if err := capture.MaterializePCI(m.Env.FS, dir.Path); err == nil {
		m.Env.PCITree = dir.Path
	}
}

// layOut does so in a folder that is this process's own, and gone with it.
func (m *Machine) layOut(scratch string) {
	if scratch == "" {
		return
	}
	dir, err := os.MkdirTemp(scratch, pciTrees)
	if err != nil {
		return
	}
	m.close = append([]func(){func() { _ = os.RemoveAll(dir) }}, m.close...)
	if err := capture.MaterializePCI(m.Env.FS, dir); err == nil {
		m.Env.PCITree = dir
	}
}

// sweep removes what processes left that were killed. Versions before locked nothing, and
// took less than this.
func sweep() { _, _ = tempdir.Sweep(scratch(), pciTrees, time.Now().Add(-10*time.Minute)) }

// pciTrees begins the names of the directories that givePCITree makes.
const pciTrees = "gpuaudit-pci-"

// scratch is where temporary files go: in memory where that is to be had.
func scratch() string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		return memory
	}
	return os.TempDir()
}
