package inventory

// Use is a sign that a PCI function works as a GPU or as an accelerator, whatever
// its class says. The kernel states it, and not the card.
type Use struct {
	Kind UseKind `json:"kind"`
	// Source is the path that shows it, without a leading slash.
	Source string `json:"source"`
	// Name is the driver, or the node: "nvidia", "card0".
	Name string `json:"name"`
}

// UseKind says what a function is used as.
type UseKind string

const (
	UseDriver UseKind = "driver"        // a driver of GPUs or accelerators runs it
	UseDRM    UseKind = "drm"           // it has a node of the kernel's graphics, Linux drivers/gpu/drm
	UseAccel  UseKind = "accel"         // it has a node of an accelerator, drivers/accel or a maker's own class
	UseKFD    UseKind = "kfd"           // AMD's compute driver lists it
	UseNVIDIA UseKind = "nvidia-procfs" // NVIDIA's driver lists it
)

// Unaudited is something that was seen and that no audit looked into: a GPU or
// accelerator outside the PCI bus, one that a host lends, or a sign that the list
// of PCI functions is not whole.
type Unaudited struct {
	Kind UnauditedKind `json:"kind"`
	// Name is what the machine calls it: "17000000.gpu", "1-2", "0000:01:00.0".
	Name string `json:"name"`
	// Source is the path that shows it, without a leading slash.
	Source string `json:"source"`
	Driver string `json:"driver,omitempty"`
	Detail string `json:"detail"`
}

// UnauditedKind says why something was not audited.
type UnauditedKind string

const (
	UnauditedPlatform UnauditedKind = "platform" // part of a system on chip, or on another bus than PCI and USB
	UnauditedUSB      UnauditedKind = "usb"      // behind USB
	UnauditedLent     UnauditedKind = "lent"     // a virtual machine's host lends it
	// The others say that the list of PCI functions is not to be relied on.
	UnauditedUnlisted  UnauditedKind = "unlisted"   // another source lists it, the list of PCI functions does not
	UnauditedMalformed UnauditedKind = "malformed"  // an entry of a list that is no address
	UnauditedUnread    UnauditedKind = "unreadable" // a list that could not be read
)

// Doubts says that a kind casts doubt on the list of devices itself, so that it
// counts even where somebody asked for one device.
func (k UnauditedKind) Doubts() bool {
	switch k {
	case UnauditedPlatform, UnauditedUSB, UnauditedLent:
		return false
	default:
		return true
	}
}
