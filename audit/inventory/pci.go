package inventory

// PCI is what the PCI bus says of a function.
type PCI struct {
	VendorID          *string `json:"vendor_id,omitempty"`
	DeviceID          *string `json:"device_id,omitempty"`
	SubsystemVendorID *string `json:"subsystem_vendor_id,omitempty"`
	SubsystemDeviceID *string `json:"subsystem_device_id,omitempty"`
	RevisionID        *string `json:"revision_id,omitempty"`
	ClassCode         *string `json:"class_code,omitempty"`
	BARs              []BAR   `json:"bars,omitempty"`
	Link              *Link   `json:"link,omitempty"`
	NUMANode          *int    `json:"numa_node,omitempty"`
	// IOMMUGroup is nil when the device is in no group: see Gaps and Host.IOMMU.
	IOMMUGroup *IOMMUGroup `json:"iommu_group,omitempty"`
	SRIOV      *SRIOV      `json:"sriov,omitempty"`
	PowerState *string     `json:"power_state,omitempty"` // "D0", "D3cold", as the kernel prints it
	Config     *Config     `json:"config,omitempty"`
	// DRMNodes are the DRM nodes of the function ("card0", "renderD128"). An
	// empty non-nil list means that it was looked for and there is none.
	DRMNodes []string `json:"drm_nodes"`
	// BootVGA says that firmware used this function as the boot display.
	BootVGA *bool `json:"boot_vga,omitempty"`
}

// BAR is one base address register's window (sysfs `resource`).
type BAR struct {
	Index        int    `json:"index"` // 0 to 5; 6 is the expansion ROM
	Bytes        uint64 `json:"bytes"`
	Kind         string `json:"kind"` // "memory", "io", "rom"
	Prefetchable bool   `json:"prefetchable"`
	Is64Bit      bool   `json:"is_64bit"`
}

// Link is the PCI Express link, now and at most. Speeds are GT/s per lane.
type Link struct {
	CurrentSpeedGTs *float64 `json:"current_speed_gts,omitempty"`
	MaxSpeedGTs     *float64 `json:"max_speed_gts,omitempty"`
	CurrentWidth    *int     `json:"current_width,omitempty"`
	MaxWidth        *int     `json:"max_width,omitempty"`
}

// IOMMUGroup is the isolation group of a function.
type IOMMUGroup struct {
	ID string `json:"id"`
	// Type is the translation mode ("DMA", "DMA-FQ", "identity", "blocked").
	Type *string `json:"type,omitempty"`
	// Members are the addresses of the other devices in the group.
	Members []string `json:"members,omitempty"`
}

// SRIOV is the single-root I/O virtualisation state of a function.
type SRIOV struct {
	TotalVFs *int `json:"total_vfs,omitempty"`
	NumVFs   *int `json:"num_vfs,omitempty"`
	// PhysicalFunction is the address of the physical function when this one
	// is virtual.
	PhysicalFunction *string `json:"physical_function,omitempty"`
}

// Config is the configuration space as far as it could be read.
type Config struct {
	// BytesRead is 64 without CAP_SYS_ADMIN, else 256 or 4096.
	BytesRead int `json:"bytes_read"`
	// Size is the size the kernel gives the file, nil when unknown.
	Size *int `json:"size,omitempty"`
	// Capabilities were walked only when BytesRead covers them; a truncated
	// read leaves a Gap at /pci/config/capabilities.
	Capabilities []Capability  `json:"capabilities,omitempty"`
	Extended     []Capability  `json:"extended_capabilities,omitempty"`
	Faults       []ConfigFault `json:"faults,omitempty"`
	// ACS, ATS and the like, from the extended capabilities; nil if not read.
	ATSEnabled *bool `json:"ats_enabled,omitempty"`
	// Resizable are the windows whose size the machine chooses.
	Resizable []ResizableBAR `json:"resizable,omitempty"`
}

// ResizableBAR is a window that the function offers in several sizes.
type ResizableBAR struct {
	Index int      `json:"index"` // of the base address register, 0 to 5
	Bytes []uint64 `json:"bytes"` // the sizes, the smallest first
}

// Capability is one entry of a capability list.
type Capability struct {
	ID     string `json:"id"` // two hex digits (PCI), four (PCI Express extended)
	Name   string `json:"name"`
	Offset int    `json:"offset"`
	// Version is set for extended capabilities.
	Version *int `json:"version,omitempty"`
}

// ConfigFault is a defect of a capability list.
type ConfigFault struct {
	Kind   string `json:"kind"` // "loop", "out-of-range", "misaligned", "too-many", "id-mismatch"
	Offset int    `json:"offset"`
	Detail string `json:"detail"`
}

// Function is another PCI function: of the same slot, a bridge, or a sibling.
type Function struct {
	Address           string  `json:"address"`
	VendorID          *string `json:"vendor_id,omitempty"`
	DeviceID          *string `json:"device_id,omitempty"`
	SubsystemVendorID *string `json:"subsystem_vendor_id,omitempty"`
	SubsystemDeviceID *string `json:"subsystem_device_id,omitempty"`
	ClassCode         *string `json:"class_code,omitempty"`
	Name              *string `json:"name,omitempty"`
	Driver            *string `json:"driver,omitempty"`
	// Link is the link of a bridge: below a port, above the inner side of a switch.
	Link *Link `json:"link,omitempty"`
	// ACSEnabled says whether a bridge has Access Control Services switched on
	// for source validation and peer redirection; nil if not read.
	ACSEnabled *bool `json:"acs_enabled,omitempty"`
}

// Slot is a slot of the mainboard, as the machine's firmware describes it.
type Slot struct {
	// Designation is what is printed beside the slot ("PCIEX16_1"); nil where the
	// firmware gives no name.
	Designation *string `json:"designation,omitempty"`
	// Address is the PCI address that the firmware gives to the slot.
	Address string `json:"address"`
	// Bridge is the bridge above the device at which the slot begins.
	Bridge string `json:"bridge"`
}

// Neighbour is a device behind the same port of the machine.
type Neighbour struct {
	Function
	// Behind is the innermost of the device's bridges that leads to the neighbour,
	// too.
	Behind string `json:"behind"`
}
