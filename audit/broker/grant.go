// Package broker is the way between the two processes of gpuaudit. The one outside has
// the caller's rights and parses nothing of others; the judge inside has none and
// parses everything. What the judge needs of files, of the machine, of its TPM and of
// the network it asks for over one socket. What it may ask for is fixed by grants
// before it starts.
//
// Messages are small, binary, and whole (SOCK_SEQPACKET); descriptors come beside them.
// Both sides bound every length before they allocate, and end the connection at the
// first message that they do not know.
package broker

import (
	"context"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/fifo"
)

// Kind is what a grant allows.
type Kind uint8

// Kinds of grants, and what the Name of each is.
const (
	// ReadFile allows to read the file of this name, wherever links of it lead: the
	// person who named it meant that.
	ReadFile Kind = iota + 1
	// CopyFile is ReadFile of a file that the judge gets a copy of where it is large: it has
	// no place for one, and whoever writes to the file meanwhile changes nothing.
	CopyFile
	// ReadFolder allows to read a file or a folder, and what is below it.
	ReadFolder
	// ReadMatching allows to read the regular files of one folder whose names match the
	// last element of this one, a pattern of [path.Match], and to list them with the
	// names of the folders beside them.
	ReadMatching
	// ReadMentioned allows to read files in the folder of the file of this name, and
	// below it, whose names stand in that file, as words.
	ReadMentioned
	// WriteFile allows to write one output of this name.
	WriteFile
	// WriteFolder allows to read a folder and to make, replace and remove what is in it.
	WriteFolder
	// NewFolder allows the same of a folder that is made, and of none that is there.
	NewFolder
	// Dial allows to connect to this HOST:PORT.
	Dial
)

// Grant allows one thing of one name.
type Grant struct {
	Kind Kind
	Name string
}

// Machine is the machine that is audited, as a tree of files.
type Machine struct {
	// Root is its folder.
	Root string
	// Paths are the files and folders below Root that may be read, whole; "." is
	// everything.
	Paths []string
	// Except are folders below these of the running machine that may not be read, but for
	// the paths that patterns of But match (see [path.Match]).
	Except, But []string
	// Live says that this is the running machine: its sys and proc are the kernel's
	// own, and hold no FIFO and no device node.
	Live bool
}

// Rights are what a judge may do beside reading and writing files; each is nil where it
// may not.
type Rights struct {
	Machine *Machine
	// ROM reads the expansion ROM of the function at a PCI address.
	ROM func(ctx context.Context, address string) ([]byte, error)
	// TPM opens the TPM; Commands are the codes of the commands that it may get.
	TPM      func() (TPM, error)
	Commands []uint32
	// Sign signs a text with one of the keys of the command line, if it is one that may be
	// signed.
	Sign func(ctx context.Context, key int, text []byte) ([]byte, error)
	// Only are, by the names of granted folders, patterns of the names in them that are
	// granted (see [path.Match]); of other folders everything is.
	Only map[string][]string
	// NVML asks NVIDIA's library, with a nonce for the GPUs to sign, nil for none.
	NVML func(ctx context.Context, nonce []byte) ([]byte, error)
	// Told is what the judge is told before it begins.
	Told []byte
	// Never are files that a judge gets under no name, whatever folder they lie in: the
	// private key that signs for it.
	Never []string
	// Create opens an output. It may be nil where no grant is of the kind WriteFile.
	Create func(name string, mode fs.FileMode) (Output, error)
}

// TPM gets one command at a time.
type TPM interface {
	Send(command []byte) ([]byte, error)
	io.Closer
}

// Output is an output that was opened: Commit puts it in its place, Abort takes it back.
type Output interface {
	Descriptor() *os.File
	Commit() error
	Abort()
}

// Limits are the most that one judge may ask for.
type Limits struct {
	// Requests and Descriptors are how many in all.
	Requests, Descriptors int
	// Outputs is how many are open at a time.
	Outputs int
	// Workers is how many requests are served at a time.
	Workers int
	// Entries is how many a folder may hold.
	Entries int
	// Made is how many files and folders may be made in folders, and MadeBytes what the
	// files may hold, all together.
	Made, MadeBytes int64
	// Answer is how long a ROM, a TPM, a connection or a signature may take.
	Answer time.Duration
	// FIFO is how long the other end of a FIFO has to open it.
	FIFO time.Duration
	// Grace is how long what is under way may take to end when the judge has ended.
	Grace time.Duration
}

// DefaultLimits are enough for the largest machine: 4,096 devices of a hundred files,
// and 50,000 modules; and for the largest channel: 10,000 manifests, and 256 MiB.
func DefaultLimits() Limits {
	return Limits{Requests: 4 << 20, Descriptors: 256 << 10, Outputs: 64, Workers: 32, Entries: 1 << 20, Made: 64 << 10, MadeBytes: 1 << 30, Answer: 2 * time.Minute, FIFO: fifo.Wait, Grace: time.Second}
}
