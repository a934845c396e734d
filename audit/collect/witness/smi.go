package witness

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// smi takes the values of nvidia-smi -q, from its XML, its text or CSV. A fact's
// path is its names joined by "/", in lower case: the three name the same facts
// differently, and drivers changed their ways of writing.
type smi struct {
	s        *Statement
	at       int             // the GPU's place among the devices, -1 within one that has no address
	seen     map[string]bool // paths of this GPU, or of the head before it
	attached int             // how many GPUs the recording says there are, -1 for not said
	began    bool            // the head is over
	nowhere  int             // GPUs without an address
}

func newSMI(s *Statement) *smi {
	s.Name = nvidiaSMI
	return &smi{s: s, at: -1, seen: map[string]bool{}, attached: -1}
}

// gpu is the one that is being read.
func (b *smi) gpu() *Device { return &b.s.Devices[b.at] }

// begin starts the GPU at an address. What nvidia-smi lists, NVIDIA's driver
// runs. One whose address was taken out is passed over.
func (b *smi) begin(address string) error {
	b.at, b.began, b.seen = -1, true, map[string]bool{}
	if _, ok := normal(address); !ok {
		b.nowhere++
		b.s.note("a GPU is at %.40q, which is no address: what is said of it was left aside", address)
		return nil
	}
	d, err := b.s.add(address)
	if err != nil {
		return err
	}
	d.DriverName = "nvidia"
	b.at = slices.IndexFunc(b.s.Devices, func(x Device) bool { return x.Address == d.Address })
	return nil
}

// end decides whether the recording lists all GPUs: nvidia-smi -i lists one and
// still says how many are attached.
func (b *smi) end() error {
	n := b.s.listed() + b.nowhere
	switch {
	case b.attached >= 0 && b.attached < n:
		return malformed("it says that %d GPUs are attached and lists %d", b.attached, n)
	case b.s.listed() == 0 && b.nowhere > 0:
		return malformed("none of its %d GPUs is at a PCI address", b.nowhere)
	case b.attached < 0 && len(b.s.Devices) == 0:
		return malformed("it lists no GPU and does not say how many there are")
	}
	b.s.Complete = b.attached == n && b.nowhere == 0
	return nil
}

var notWord = strings.NewReplacer(" ", "_", "-", "", ".", "_")

// path writes the names of a fact in one way.
func path(names []string) string { return notWord.Replace(strings.ToLower(strings.Join(names, "/"))) }

// set takes a value. Paths that are not known are passed over, but for counts;
// one that is known and comes twice makes the recording unbelievable. A value
// that has not the form of its fact is left aside.
func (b *smi) set(path, value string) error {
	value = strings.TrimSpace(value)
	if !b.began {
		return b.head(path, value)
	}
	if b.at < 0 {
		return nil
	}
	said := strings.Trim(value, "[]")
	b.gpu().symptom(said)
	c, known, wear := countOf(path)
	switch {
	case known:
		return b.count(path, c, said)
	case wear && !lacking[said]:
		b.gpu().unread("", "this version does not know what "+clip(path)+" counts")
		return nil
	case fields[path] == nil:
		return nil
	}
	if err := b.once(path); err != nil {
		return err
	}
	if path == "gpu_recovery_action" {
		b.gpu().recovery(said)
		return nil
	}
	if unsaid[said] {
		return nil
	}
	if path == "pci/pci_bus_id" || path == "pci/bus_id" {
		if at, ok := normal(value); ok && at != b.gpu().Address {
			return malformed("%s: %s is %.40q", b.gpu().Address, path, value)
		}
	}
	if hidden(value) || !fields[path](b.gpu(), value) {
		b.s.note("%s: %s is %.40q, and was left aside", b.gpu().Address, path, value)
	}
	return nil
}

func (b *smi) count(path string, c Count, said string) error {
	if err := b.once(path); err != nil {
		return err
	}
	switch {
	case lacking[said]:
	case unsaid[said]:
		b.gpu().unread(c.Kind, string(c.Kind)+": "+nvidiaSMI+" could not read it")
	case !b.gpu().count(c, said):
		b.gpu().unread(c.Kind, string(c.Kind)+": "+clip(path)+" is no number")
		b.s.note("%s: %s is %.40q, and was left aside", b.gpu().Address, path, said)
	}
	return nil
}

func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), 80)], "") }

func (b *smi) head(path, value string) error {
	switch path {
	case "driver_version":
		if err := b.once(path); err != nil || unsaid[strings.Trim(value, "[]")] {
			return err
		}
		if hidden(value) || !word(&b.s.Driver, value) {
			b.s.note("%s is %.40q, and was left aside", path, value)
		}
	case "attached_gpus":
		if err := b.once(path); err != nil {
			return err
		}
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			b.s.note("%s is %.40q, and was left aside", path, value)
			return nil
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
	"Insufficient Permissions": true, resetWord: true, lostWord: true,
	"Requested functionality has been deprecated": true,
}

// lacking are those of them by which a card says that it does not have the fact.
var lacking = map[string]bool{"": true, "N/A": true, "None": true, "Not Supported": true, "Requested functionality has been deprecated": true}

// Two words say more than that there is no value.
const (
	resetWord = "GPU requires reset"
	lostWord  = "GPU is lost"
)

// symptom takes the words that tell of a fault, wherever they stand.
func (d *Device) symptom(said string) {
	switch said {
	case resetWord:
		d.sign(inventory.RecoveryNeeded, "reset")
	case lostWord:
		d.sign(inventory.OffBus, lostWord)
	}
}

// fields are the other facts, by their paths. A function says whether the value
// has the form of its fact.
var fields = byPath()

func byPath() map[string]func(*Device, string) bool {
	paths := map[string]func(*Device, string) bool{}
	for _, f := range []struct {
		xml, text string
		take      func(*Device, string) bool
	}{
		{"product_name", "product_name", func(d *Device, v string) bool { return name(&d.Product, v) }},
		{"serial", "serial_number", func(d *Device, v string) bool { return word(&d.Serial, v) }},
		{"uuid", "gpu_uuid", func(d *Device, v string) bool { return word(&d.UUID, v) }},
		{"vbios_version", "vbios_version", func(d *Device, v string) bool { return word(&d.VBIOS, v) }},
		{"pci/pci_bus_id", "pci/bus_id", sameAddress},
		{"pci/pci_device_id", "pci/device_id", func(d *Device, v string) bool { return idPair(&d.Model, &d.Vendor, v) }},
		{"pci/pci_sub_system_id", "pci/sub_system_id", func(d *Device, v string) bool { return idPair(&d.Subsystem, &d.Subvendor, v) }},
		{"fb_memory_usage/total", "memory_usage/total", mebibytes},                                 // the latter up to driver 319
		{"gpu_recovery_action", "gpu_recovery_action", func(*Device, string) bool { return true }}, // set takes it
		{"gpu_reset_status/reset_required", "gpu_reset_status/reset_required", asked("reset")},
		{"gpu_reset_status/drain_and_reset_recommended", "gpu_reset_status/drain_and_reset_recommended", asked("drain and reset")},
		{"inforom_checksum_validation", "inforom_version/checksum_validation", validation},
	} {
		paths[f.xml], paths[f.text] = f.take, f.take
	}
	return paths
}

var (
	wordForm   = lazyregexp.New(`^[!-~]{1,64}$`)
	nameForm   = lazyregexp.New(`^[!-~](?:[ -~]{0,78}[!-~])?$`)
	pairForm   = lazyregexp.New(`^(?:0[xX])?([0-9a-fA-F]{4})([0-9a-fA-F]{4})$`)
	actionForm = lazyregexp.New(`^[A-Za-z][A-Za-z0-9 ]{0,39}$`)
)

// word takes a value that is one printable word.
func word(to *string, value string) bool { return fits(wordForm, to, value) }

// name takes a value that may have spaces.
func name(to *string, value string) bool { return fits(nameForm, to, value) }

func fits(form *lazyregexp.Regexp, to *string, value string) bool {
	if !form.MatchString(value) {
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

// mebibytes takes a size. Old drivers write MB and mean the same.
func mebibytes(d *Device, value string) bool {
	number, found := strings.CutSuffix(value, " MiB")
	if !found {
		number, found = strings.CutSuffix(value, " MB")
	}
	n, err := strconv.ParseUint(number, 10, 40)
	if !found || err != nil {
		return false
	}
	d.MemoryMiB = n
	return true
}

// recovery takes what the driver asks for. None is an answer here.
func (d *Device) recovery(said string) {
	switch {
	case said == "None":
		d.Counts = append(d.Counts, Count{Kind: inventory.RecoveryNeeded})
	case lacking[said], said == resetWord, said == lostWord: // the latter two were noted
	case unsaid[said] || !actionForm.MatchString(said):
		d.unread(inventory.RecoveryNeeded, "what the driver asks for could not be read")
	default:
		d.sign(inventory.RecoveryNeeded, strings.ToLower(said))
	}
}

// asked takes Yes and No of what older drivers have in its place.
func asked(what string) func(*Device, string) bool {
	return func(d *Device, value string) bool {
		switch value {
		case "Yes":
			d.sign(inventory.RecoveryNeeded, what)
		case "No":
			d.Counts = append(d.Counts, Count{Kind: inventory.RecoveryNeeded})
		default:
			return false
		}
		return true
	}
}

// validation takes the result of the InfoROM's checksums.
func validation(d *Device, value string) bool {
	switch strings.ToLower(value) {
	case "valid":
		d.Counts = append(d.Counts, Count{Kind: inventory.InfoROMCorrupt})
	case "invalid", "corrupted":
		d.sign(inventory.InfoROMCorrupt, "")
	default:
		return false
	}
	return true
}
