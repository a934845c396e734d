// Package sandbox starts this program a second time without rights, and takes them from
// it. What is started parses what a hostile card or file says; what starts it opens files
// for it and parses nothing. Whoever takes the second one over has no path, no network,
// no other process and no capability to go on with: what it may ask of the first one is
// fixed before it begins.
//
// A kernel, or a container, may offer less. What is missing is said with its cause, and
// the rest stays.
package sandbox

import (
	"fmt"
	"os"
	"strings"
)

// ID is the user and group that a judge runs as, where root starts it: a number that
// nothing else uses. It lies above the ranges that systemd hands out, to containers
// (524288 to 1879048191) and to services (61184 to 65519), and below 2^31, from where on
// programs disagree about signs. It is not nobody, whom other services share.
const ID = 1_904_771_000

// Mechanisms, by the names that reports use.
const (
	MechanismID         = "own user id"
	MechanismPrivileges = "no new privileges"
	MechanismCaps       = "no capabilities"
	MechanismSeccomp    = "seccomp"
	MechanismLandlock   = "landlock"
	MechanismNamespaces = "namespaces"
	MechanismRoot       = "empty root directory"
	MechanismLimits     = "limits"
	MechanismThreads    = "all threads"
)

// Protection is what keeps a judge in, as it read it back from the kernel.
type Protection struct {
	// UID and GID are those that the kernel knows the judge by.
	UID int `json:"uid"`
	GID int `json:"gid"`
	// NoNewPrivileges, NoCapabilities and Seccomp are in force for every thread.
	NoNewPrivileges bool `json:"no_new_privileges"`
	NoCapabilities  bool `json:"no_capabilities"`
	Seccomp         bool `json:"seccomp"`
	// Landlock is the version of its interface that denies every path and all TCP; 0
	// where it is missing.
	Landlock int `json:"landlock"`
	// Namespaces are those that the judge has for itself.
	Namespaces []string `json:"namespaces"`
	// EmptyRoot says that the judge's root directory is a folder in memory, of its own.
	EmptyRoot bool   `json:"empty_root"`
	Limits    Limits `json:"limits"`
	// Missing is what the kernel did not give, and why.
	Missing []Missing `json:"missing,omitempty"`
}

// Missing is a mechanism that is not in force.
type Missing struct {
	Mechanism string `json:"mechanism"`
	Cause     string `json:"cause"`
}

// Limits are those of a judge's resources (setrlimit).
type Limits struct {
	// Data is memory that may be written, bytes; CPU seconds; Files open files; FileSize
	// the largest file that may be written, bytes.
	Data     uint64 `json:"data_bytes"`
	CPU      uint64 `json:"cpu_seconds"`
	Files    uint64 `json:"files"`
	FileSize uint64 `json:"file_bytes"`
}

// DefaultLimits are for one verb: 4,096 devices take some 1.6 GiB.
func DefaultLimits() Limits {
	return Limits{Data: 4 << 30, CPU: 3600, Files: 4096, FileSize: 4 << 30}
}

// Whole says that nothing is missing.
func (p *Protection) Whole() bool { return len(p.Missing) == 0 }

// Lacks says that a mechanism is not in force.
func (p *Protection) Lacks(mechanism string) bool {
	for _, m := range p.Missing {
		if m.Mechanism == mechanism {
			return true
		}
	}
	return false
}

func (p *Protection) miss(mechanism string, err error) {
	if err != nil && !p.Lacks(mechanism) {
		p.Missing = append(p.Missing, Missing{mechanism, err.Error()})
	}
}

// String is one line for a person.
func (p *Protection) String() string {
	var on []string
	if p.UID != 0 {
		on = append(on, fmt.Sprintf("user %d", p.UID))
	}
	for _, m := range []struct {
		in   bool
		name string
	}{{p.NoCapabilities, MechanismCaps}, {p.NoNewPrivileges, MechanismPrivileges}, {p.Seccomp, MechanismSeccomp}, {p.EmptyRoot, MechanismRoot}} {
		if m.in {
			on = append(on, m.name)
		}
	}
	if p.Landlock > 0 {
		on = append(on, fmt.Sprintf("landlock %d", p.Landlock))
	}
	if len(p.Namespaces) > 0 {
		on = append(on, "namespaces "+strings.Join(p.Namespaces, " "))
	}
	return strings.Join(on, ", ")
}

// Environment of a judge: which of its own namespaces it was given, in which user
// namespace, and what refused more.
const (
	variable   = "GPUAUDIT_JUDGE"
	controlFD  = 3
	programFD  = 4
	firstSpare = 5
)

// Inside says that this process is a judge that has not entered yet.
func Inside() bool { return os.Getenv(variable) != "" }
