package report

// Protection is what kept the process in that parsed what devices and files say, as the
// kernel told it. It is part of how a report was made, not of what it says of a machine:
// the same audit under another kernel is the same audit.
type Protection struct {
	// User is the user id of that process, in its own user namespace where it has one.
	User int `json:"user"`
	// NoNewPrivileges, NoCapabilities, Seccomp and EmptyRoot (a root directory with
	// nothing in it) say what was in force.
	NoNewPrivileges bool `json:"no_new_privileges"`
	NoCapabilities  bool `json:"no_capabilities"`
	Seccomp         bool `json:"seccomp"`
	EmptyRoot       bool `json:"empty_root"`
	// LandlockABI is the version of Landlock's interface; 0 where there was none.
	LandlockABI int `json:"landlock_abi"`
	// Namespaces are those that it had for itself, such as net and pid.
	Namespaces []string `json:"namespaces,omitempty"`
	// Memory that may be written, bytes; CPU time, seconds.
	MemoryBytes uint64 `json:"memory_bytes,omitempty"`
	CPUSeconds  uint64 `json:"cpu_seconds,omitempty"`
	// Missing is what was not in force, each with why.
	Missing []string `json:"missing,omitempty"`
}
