// Package collect runs the collectors: it enumerates devices, lets each
// collector add the facts it knows how to read, and records what could not be
// read. Collectors gather; they never judge.
package collect

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Env is the machine as collectors see it. The running host, a directory, a
// ghw snapshot and a gpuaudit capture all become an Env; a collector cannot
// tell them apart, so a capture gives the report that its host gave.
type Env struct {
	// FS is the machine's root: "sys/bus/pci/devices", "proc/cmdline",
	// "lib/modules/...". It never leaves its root, supports fs.ReadLinkFS, and
	// is safe for concurrent use.
	FS fs.FS
	// Now is the time of collection.
	Now time.Time
	// ROM reads the expansion ROM of the function at a PCI address. It returns
	// [ErrNotRequested] where reading it would change the device's state and
	// nobody asked for that.
	ROM func(ctx context.Context, address string) ([]byte, error)
	// ROMFiles are ROM dumps given by the user, by PCI address.
	ROMFiles map[string]ROMFile
	// FlashFiles are dumps of all of a card's flash, which no window shows.
	FlashFiles map[string]ROMFile
	// Derive returns facts (JSON) about a file that is too large to carry in a
	// capture, such as a kernel module. On a machine it calls compute and
	// remembers the answer; on a capture it returns what was recorded. kind and
	// path name the facts; compute must depend on nothing else.
	Derive func(ctx context.Context, kind, path string, compute func() ([]byte, error)) ([]byte, error)
	// NVML returns what NVIDIA's management library said (package nvml has the
	// form); nil where nobody asked it.
	NVML func(ctx context.Context) ([]byte, error)
	// ByRoot says whether root reads or read the machine; nil where that is not known,
	// as of a copy, which somebody made with rights that it does not tell.
	ByRoot *bool
	// PCITree is a directory with a sysfs PCI tree that ghw may read as its
	// root; "" where there is none.
	PCITree string
}

// ROMFile is a ROM dump that the user says belongs to a device.
type ROMFile struct {
	Name string // base name of the file
	Data []byte
}

// ErrNotRequested says that a source was left alone because reading it has side
// effects that the caller did not ask for.
var ErrNotRequested = errors.New("not requested")

// ErrRedacted says that redaction took a source out of the capture.
var ErrRedacted = errors.New("left out by redaction")

// DerivedLimit is the size of derived facts about one file; those of the largest driver
// have some hundred KiB.
const DerivedLimit = 8 << 20

// ErrLimit says that a source is larger than its cap.
var ErrLimit = bounded.ErrLimit

// ErrMalformed says that a source was read and does not parse.
var ErrMalformed = errors.New("malformed")

// ReasonOf classifies the error of a read.
func ReasonOf(err error) inventory.Reason {
	switch {
	case errors.Is(err, ErrRedacted):
		return inventory.ReasonRedacted
	case errors.Is(err, ErrNotRequested):
		return inventory.ReasonNotRequested
	case errors.Is(err, ErrLimit):
		return inventory.ReasonLimit
	case errors.Is(err, ErrMalformed):
		return inventory.ReasonMalformed
	case errors.Is(err, context.DeadlineExceeded):
		return inventory.ReasonTimeout
	case errors.Is(err, fs.ErrPermission):
		return inventory.ReasonPermission
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		return inventory.ReasonNotPresent
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENODATA):
		return inventory.ReasonNotSupported
	default:
		return inventory.ReasonIOError
	}
}

// GapFor makes the Gap of a failed read. The text of the error is kept short
// and free of the path, which Source already names.
func GapFor(fact, source string, err error) inventory.Gap {
	g := inventory.Gap{Fact: fact, Source: source, Reason: ReasonOf(err)}
	var pe *fs.PathError
	switch {
	case errors.As(err, &pe):
		g.Detail = pe.Err.Error()
	default:
		g.Detail = err.Error()
	}
	return g
}
