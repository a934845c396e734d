package witness

import (
	"regexp"
	"strconv"
	"strings"
)

// smi takes the values of nvidia-smi -q, from its XML or its text: the two name
// the same facts differently, and a fact's path is its names joined by "/".
type smi struct {
	s        *Statement
	gpu      *Device         // nil before the first
	seen     map[string]bool // paths of this GPU, or of the head before it
	attached int             // how many GPUs the recording says there are, -1 for not said
}

func newSMI(s *Statement) *smi {
	s.Name = nvidiaSMI
	return &smi{s: s, seen: map[string]bool{}, attached: -1}
}

// begin starts the GPU at an address. What nvidia-smi lists, NVIDIA's driver runs.
func (b *smi) begin(address string) error {
	d, err := b.s.add(address)
	if err != nil {
		return err
	}
	d.DriverName = "nvidia"
	b.gpu, b.seen = d, map[string]bool{}
	return nil
}

// end decides whether the recording lists all GPUs: nvidia-smi -i lists one and
// still says how many are attached.
func (b *smi) end() error {
	if b.attached >= 0 && b.attached < len(b.s.Devices) {
		return malformed("it says that %d GPUs are attached and lists %d", b.attached, len(b.s.Devices))
	}
	if b.attached < 0 && len(b.s.Devices) == 0 {
		return malformed("it lists no GPU and does not say how many there are")
	}
	b.s.Complete = b.attached == len(b.s.Devices)
	return nil
}

// set takes a value. Paths that are not known are passed over; one that is
// known and comes twice makes the recording unbelievable.
func (b *smi) set(path, value string) error {
	value = strings.TrimSpace(value)
	if b.gpu == nil {
		return b.head(path, value)
	}
	take := fields[path]
	if take == nil {
		return nil
	}
	said := strings.Trim(value, "[]")
	if err := b.once(path); err != nil || unsaid[said] {
		if kind, ok := counts[path]; ok && !lacking[said] {
			b.gpu.Unread = append(b.gpu.Unread, kind)
		}
		return err
	}
	if !take(b.gpu, value) {
		return malformed("%s: %s is %.40q", b.gpu.Address, path, value)
	}
	return nil
}

func (b *smi) head(path, value string) error {
	switch path {
	case "driver_version", "Driver Version":
		if err := b.once(path); err != nil || unsaid[strings.Trim(value, "[]")] {
			return err
		}
		if !word(&b.s.Driver, value) {
			return malformed("%s is %.40q", path, value)
		}
	case "attached_gpus", "Attached GPUs":
		if err := b.once(path); err != nil {
			return err
		}
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return malformed("%s is %.40q", path, value)
		}
		b.attached = int(n)
	}
	return nil
}

func (b *smi) once(path string) error {
	if b.seen[path] {
		return malformed("%s is there twice", path)
	}
	b.seen[path] = true
	return nil
}

// unsaid are the words that nvidia-smi prints in place of a value.
var unsaid = map[string]bool{
	"": true, "N/A": true, "None": true, "Unknown": true, "Unknown Error": true, "Not Supported": true, "Not Found": true, "ERR!": true,
	"Insufficient Permissions": true, "GPU requires reset": true, "GPU is lost": true,
	"Requested functionality has been deprecated": true,
}

// lacking are those of them by which a card says that it does not have the fact.
var lacking = map[string]bool{"": true, "N/A": true, "None": true, "Not Supported": true, "Requested functionality has been deprecated": true}

// fields are the facts that are compared, by the path that XML has and the one
// that text has. A function says whether the value has the form of its fact.
var fields = byPath()

func byPath() map[string]func(*Device, string) bool {
	paths := map[string]func(*Device, string) bool{}
	for _, f := range []struct {
		xml, text string
		take      func(*Device, string) bool
	}{
		{"serial", "Serial Number", func(d *Device, v string) bool { return word(&d.Serial, v) }},
		{"uuid", "GPU UUID", func(d *Device, v string) bool { return word(&d.UUID, v) }},
		{"vbios_version", "VBIOS Version", func(d *Device, v string) bool { return word(&d.VBIOS, v) }},
		{"pci/pci_bus_id", "PCI/Bus Id", sameAddress},
		{"pci/pci_device_id", "PCI/Device Id", func(d *Device, v string) bool { return idPair(&d.Model, &d.Vendor, v) }},
		{"pci/pci_sub_system_id", "PCI/Sub System Id", func(d *Device, v string) bool { return idPair(&d.Subsystem, &d.Subvendor, v) }},
		{"fb_memory_usage/total", "FB Memory Usage/Total", mebibytes},
	} {
		paths[f.xml], paths[f.text] = f.take, f.take
	}
	for path, kind := range counts {
		paths[path] = func(d *Device, v string) bool { return d.count(kind, v) }
	}
	return paths
}

var (
	wordForm = regexp.MustCompile(`^[!-~]{1,64}$`)
	pairForm = regexp.MustCompile(`^(?:0[xX])?([0-9a-fA-F]{4})([0-9a-fA-F]{4})$`)
)

// word takes a value that is one printable word.
func word(to *string, value string) bool {
	if !wordForm.MatchString(value) {
		return false
	}
	*to = value
	return true
}

// idPair takes the eight digits of an id: the device's and then the vendor's.
func idPair(device, vendor *string, value string) bool {
	m := pairForm.FindStringSubmatch(value)
	if m == nil {
		return false
	}
	*device, *vendor = strings.ToLower(m[1]), strings.ToLower(m[2])
	return true
}

// sameAddress holds the bus id to the address that began the GPU.
func sameAddress(d *Device, value string) bool {
	at, ok := normal(value)
	return ok && at == d.Address
}

func mebibytes(d *Device, value string) bool {
	number, found := strings.CutSuffix(value, " MiB")
	n, err := strconv.ParseUint(number, 10, 40)
	d.MemoryMiB = n
	return found && err == nil
}
