// Package sandbox starts this program again as a judge that has no rights, and gives
// them up inside it. Whoever starts it serves what the judge asks for over one socket.
//
// Several mechanisms stand one behind the other, so that a kernel which refuses one
// leaves the rest: namespaces, an empty root, another user id, no capabilities, limits,
// Landlock and, last, a list of system calls. What is missing is said, not passed over.
package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// ID is the user and group id of the judge. Linux distributions give out ids up to
// 60000 to people and up to 64999 to packages, systemd those of 61184 to 65519 to services
// for a time; both leave 65520 to 65533 alone. 65532 is taken by images of containers
// ("nonroot"), and 65534 is nobody, which belongs to whatever is not mapped and to every
// program that knows no better. It is below 65536, so that containers with the usual
// range of ids have it.
const ID = 65530

// marker is the variable by which a process knows that Start made it.
const marker = "GPUAUDIT_JUDGE"

// The descriptors that a judge starts with, beside the standard ones.
const (
	controlFD = 3
	crashFD   = 4
	exeFD     = 5
)

// Mechanisms, as Missing names them.
const (
	Namespaces   = "namespaces"
	EmptyRoot    = "empty root"
	OwnID        = "own id"
	Capabilities = "no capabilities"
	NoNewPrivs   = "no new privileges"
	RLimits      = "limits"
	Landlock     = "Landlock"
	Seccomp      = "seccomp"
	Descriptors  = "closed descriptors"
)

// Limits are what a judge may use. One of zero is not set.
type Limits struct {
	Memory  uint64 `json:"memory"`            // bytes of data
	Scratch uint64 `json:"scratch,omitempty"` // bytes of the private folder
	CPU     uint64 `json:"cpu,omitempty"`     // seconds, of all threads together
	Files   uint64 `json:"files,omitempty"`   // open descriptors
	Output  uint64 `json:"output,omitempty"`  // bytes of one file
	Threads uint64 `json:"threads,omitempty"` // of all judges of the machine; where the id is its own
}

// DefaultLimits suffice for 4,096 devices at the published budgets.
func DefaultLimits() Limits {
	return Limits{Memory: 2 << 30, Scratch: 64 << 20, CPU: 3600, Files: 1024, Output: 1 << 30, Threads: 4096}
}

// Missing is a mechanism that does not protect this judge, and why.
type Missing struct {
	Mechanism string `json:"mechanism"`
	Cause     string `json:"cause"`
}

// Protection says what protects from a judge. All of it was read back from the kernel.
type Protection struct {
	// UID and GID are those inside. In a namespace of an ordinary user they stand for
	// that user's own, with none of its rights to files but what the rest leaves.
	UID          int       `json:"uid"`
	GID          int       `json:"gid"`
	NoNewPrivs   bool      `json:"no_new_privs"`
	Capabilities bool      `json:"capabilities_dropped"`
	Seccomp      bool      `json:"seccomp"`
	Landlock     int       `json:"landlock_abi,omitempty"`
	Namespaces   []string  `json:"namespaces,omitempty"`
	Scratch      string    `json:"-"` // a folder of its own in memory, "" where there is none
	Limits       Limits    `json:"limits"`
	Missing      []Missing `json:"missing,omitempty"`
}

// Whole says that nothing is missing.
func (p *Protection) Whole() bool { return p != nil && len(p.Missing) == 0 }

func (p *Protection) miss(mechanism string, err error) {
	if err != nil {
		p.Missing = append(p.Missing, Missing{Mechanism: mechanism, Cause: err.Error()})
	}
}

// spec is what the outside tells the judge about itself.
type spec struct {
	Limits     Limits    `json:"limits"`
	Namespaces []string  `json:"namespaces,omitempty"`
	User       bool      `json:"user,omitempty"` // the id is mapped to that of an ordinary user
	Missing    []Missing `json:"missing,omitempty"`
	Without    []string  `json:"without,omitempty"` // mechanisms that a test switched off
}

// Inside says whether this process was started by Start and has not entered yet.
func Inside() bool { return os.Getenv(marker) != "" }

var errSwitchedOff = errors.New("switched off")

func (s *spec) without(mechanism string) bool {
	for _, w := range s.Without {
		if w == mechanism {
			return true
		}
	}
	return false
}

func readSpec() (*spec, error) {
	var s spec
	if err := json.Unmarshal([]byte(os.Getenv(marker)), &s); err != nil {
		return nil, fmt.Errorf("the variable %s is set by the program for itself alone, unset it: %w", marker, err)
	}
	return &s, os.Unsetenv(marker)
}
