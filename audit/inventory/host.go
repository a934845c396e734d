package inventory

import "time"

// Host is the machine around the devices.
type Host struct {
	DMI DMI `json:"dmi"`
	// Virtual says whether a hypervisor runs the kernel, as x86 processors tell it.
	Virtual *bool  `json:"virtual,omitempty"`
	Kernel  Kernel `json:"kernel"`
	OS      *OS    `json:"os,omitempty"`
	Boot    Boot   `json:"boot"`
	IOMMU   IOMMU  `json:"iommu"`
	TPM     TPM    `json:"tpm"`
	// FunctionsSeen counts the PCI functions of the machine; nil where they could not
	// be listed.
	FunctionsSeen *int `json:"functions_seen,omitempty"`
	// FunctionPaths are those functions as paths: the bridges from the root bus on,
	// then the function, by their addresses. A boot log names functions so. It is
	// read anew from the same sources and no fact of a report: what a judgement
	// makes of it is.
	FunctionPaths [][]string `json:"-"`
	// Programmable are those of them that could be a tool for attacks by DMA: by
	// their ids chips that take any design, or ids that could not be read.
	Programmable []Function `json:"programmable,omitempty"`
	// EventLog is the firmware's boot event log, digested, not parsed.
	EventLog *FileDigest `json:"event_log,omitempty"`
	// Software are files of the makers' software beside the driver's module, sorted by
	// path; nil where they could not be looked for, which a gap says.
	Software []SoftwareFile `json:"software,omitzero"`
	// ReadByRoot says whether it was root who was refused, where a gap of the host
	// or of a device says that something was; nil where nothing was, or where who
	// read is not known.
	ReadByRoot *bool `json:"read_by_root,omitempty"`
	Gaps       []Gap `json:"gaps,omitempty"`
}

// FileDigest is a file that is carried by digest only.
type FileDigest struct {
	Path   string `json:"path"`
	Bytes  uint64 `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// SoftwareFile is a file that a maker of accelerators has installed, by its name.
type SoftwareFile struct {
	Path string       `json:"path"`
	Role SoftwareRole `json:"role"`
	// Root says that what the file starts runs as root: a service without another user,
	// a program that is set to root, a rule of udev or modprobe that runs a command, a
	// hook of containers.
	Root bool `json:"root"`
	// SHA256 is nil for a file of more than 32 MiB.
	SHA256 *string `json:"sha256,omitempty"`
	// PackageOwned says whether a package of the distribution lists the file; nil where
	// that could not be told.
	PackageOwned *bool    `json:"package_owned,omitempty"`
	Package      *Package `json:"package,omitempty"`
}

// SoftwareRole is what a file of the makers' software does.
type SoftwareRole string

const (
	SoftwareLibrary  SoftwareRole = "library"  // programs that compute load it
	SoftwareService  SoftwareRole = "service"  // systemd starts it
	SoftwareSetuid   SoftwareRole = "setuid"   // anybody may start it, and it is root
	SoftwareUdev     SoftwareRole = "udev"     // acts when a device appears
	SoftwareModprobe SoftwareRole = "modprobe" // says how modules are loaded
	SoftwareHook     SoftwareRole = "hook"     // runs when a container starts, or says what it gets
)

// DMI is the SMBIOS identity (sysfs class/dmi/id).
type DMI struct {
	SystemVendor  *string `json:"system_vendor,omitempty"`
	ProductName   *string `json:"product_name,omitempty"`
	ProductSerial *string `json:"product_serial,omitempty"`
	ProductUUID   *string `json:"product_uuid,omitempty"`
	BoardVendor   *string `json:"board_vendor,omitempty"`
	BoardName     *string `json:"board_name,omitempty"`
	BIOSVendor    *string `json:"bios_vendor,omitempty"`
	BIOSVersion   *string `json:"bios_version,omitempty"`
	BIOSDate      *string `json:"bios_date,omitempty"`
	// ChassisType is the SMBIOS chassis type number (DSP0134, 7.4.1).
	ChassisType *int `json:"chassis_type,omitempty"`
}

// TaintedModule is a loaded module and the letters of its marks.
type TaintedModule struct {
	Name  string `json:"name"`
	Flags string `json:"flags"`
}

// Kernel is the running kernel.
type Kernel struct {
	Release *string `json:"release,omitempty"`
	Version *string `json:"version,omitempty"`
	// Switches are the words of the command line, in order.
	Switches []Switch `json:"switches,omitempty"`
	// Tainted is /proc/sys/kernel/tainted; TaintFlags its letters.
	Tainted    *uint64 `json:"tainted,omitempty"`
	TaintFlags *string `json:"taint_flags,omitempty"`
	// TaintedModules are the loaded modules that the kernel marked, by name. They
	// are read where the kernel as a whole has such a mark; nil where it has none,
	// or where they could not be read and a Gap says so.
	TaintedModules []TaintedModule `json:"tainted_modules,omitempty"`
	// Lockdown is the active mode: "none", "integrity", "confidentiality".
	Lockdown *string `json:"lockdown,omitempty"`
}

// Switch is one word of the kernel command line.
type Switch struct {
	Name  string  `json:"name"`
	Value *string `json:"value,omitempty"`
}

// OS is the distribution (os-release).
type OS struct {
	ID        *string `json:"id,omitempty"`
	VersionID *string `json:"version_id,omitempty"`
	Name      *string `json:"name,omitempty"`
}

// Boot is how firmware started the kernel.
type Boot struct {
	Mode       *string `json:"mode,omitempty"` // "uefi" or "bios"
	SecureBoot *bool   `json:"secure_boot,omitempty"`
	SetupMode  *bool   `json:"setup_mode,omitempty"`
	// DB and DBX are the Secure Boot databases: who may sign what runs before
	// the operating system, and what is revoked.
	DB  *SignatureDatabase `json:"db,omitempty"`
	DBX *SignatureDatabase `json:"dbx,omitempty"`
}

// SignatureDatabase is what a Secure Boot database holds.
type SignatureDatabase struct {
	Certificates []DatabaseCertificate `json:"certificates,omitempty"`
	// Digests counts images listed by their SHA-256, CertificateDigests
	// certificates listed by theirs.
	Digests            int `json:"digests"`
	CertificateDigests int `json:"certificate_digests,omitempty"`
	// Unread counts entries of types that are not judged.
	Unread int `json:"unread,omitempty"`
}

// DatabaseCertificate is a certificate of a Secure Boot database.
type DatabaseCertificate struct {
	Subject  string    `json:"subject"`
	SHA256   string    `json:"sha256"` // of the DER bytes
	NotAfter time.Time `json:"not_after"`
}

// IOMMU is the state of DMA remapping.
type IOMMU struct {
	// Enabled says that the kernel registered an IOMMU and built groups.
	Enabled *bool    `json:"enabled,omitempty"`
	Units   []string `json:"units,omitempty"` // class/iommu entries ("dmar0", "ivhd0")
	Groups  *int     `json:"groups,omitempty"`
	// DefaultDomain is the translation mode that most groups have.
	DefaultDomain *string `json:"default_domain,omitempty"`
}

// TPM is the presence of a TPM.
type TPM struct {
	Present *bool   `json:"present,omitempty"`
	Version *string `json:"version,omitempty"` // "2.0", "1.2"
}
