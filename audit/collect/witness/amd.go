package witness

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// amd takes the values of rocm-smi, hy-smi and amd-smi. The programs number the
// cards, and say somewhere among the values where a card is: values are kept by
// number until then.
type amd struct {
	s     *Statement
	cards []amdCard
}

type amdCard struct {
	number  string
	address string
	device  Device
	said    map[string]string // the fields that were taken, and their values
}

// maxCards caps the numbers of one recording.
const maxCards = 1024

func (a *amd) card(number string) (*amdCard, error) {
	for i := range a.cards {
		if a.cards[i].number == number {
			return &a.cards[i], nil
		}
	}
	if len(a.cards) == maxCards || len(number) > 16 {
		return nil, malformed("its cards are more than %d, or their numbers too long", maxCards)
	}
	a.cards = append(a.cards, amdCard{number: number, said: map[string]string{}})
	return &a.cards[len(a.cards)-1], nil
}

// amdFields are the facts by the programs' names for them, in lower case: those
// of rocm-smi (rocm_smi.py) as they stand, those of amd-smi (amdsmi_commands.py)
// with the names of the sections before them.
var amdFields = map[string]func(*Device, string) bool{
	"gpu id":        func(d *Device, v string) bool { return hexID(&d.Model, v, 4) },
	"device id":     func(d *Device, v string) bool { return hexID(&d.Model, v, 4) },
	"device rev":    func(d *Device, v string) bool { return hexID(&d.Revision, v, 2) },
	"subsystem id":  func(d *Device, v string) bool { return hexID(&d.Subsystem, v, 4) },
	"unique id":     unique,
	"serial number": func(d *Device, v string) bool { return word(&d.Serial, v) },
	"vbios version": func(d *Device, v string) bool { return word(&d.VBIOS, v) },
	"card series":   func(d *Device, v string) bool { return product(d, v) },
	"device name":   func(d *Device, v string) bool { return product(d, v) },
	"card vendor":   vendorName,

	"vram total memory (b)":   func(d *Device, v string) bool { return size(d, v, 20) },
	"vram total memory (mib)": func(d *Device, v string) bool { return size(d, v, 0) },
	"pcie replay count":       func(d *Device, v string) bool { return d.count(Count{Kind: inventory.PCIeReplays}, v) },

	"asic/market_name":     func(d *Device, v string) bool { return product(d, v) },
	"asic/vendor_id":       func(d *Device, v string) bool { return hexID(&d.Vendor, v, 4) },
	"asic/subvendor_id":    func(d *Device, v string) bool { return hexID(&d.Subvendor, v, 4) },
	"asic/device_id":       func(d *Device, v string) bool { return hexID(&d.Model, v, 4) },
	"asic/subsystem_id":    func(d *Device, v string) bool { return hexID(&d.Subsystem, v, 4) },
	"asic/rev_id":          func(d *Device, v string) bool { return hexID(&d.Revision, v, 2) },
	"asic/asic_serial":     unique,
	"board/product_serial": func(d *Device, v string) bool { return word(&d.Serial, v) },
	"vbios/part_number":    func(d *Device, v string) bool { return word(&d.VBIOS, v) },
	"ifwi/part_number":     func(d *Device, v string) bool { return word(&d.VBIOS, v) },
	"driver/name":          func(d *Device, v string) bool { return word(&d.DriverName, v) },
	"vram/size":            megabytes,
	"mem_usage/total_vram": megabytes,
	"pcie/replay_count":    func(d *Device, v string) bool { return d.count(Count{Kind: inventory.PCIeReplays}, v) },
	"ecc/total_correctable_count": func(d *Device, v string) bool {
		return d.count(Count{Kind: inventory.MemoryCorrected}, v)
	},
	"ecc/total_uncorrectable_count": func(d *Device, v string) bool {
		return d.count(Count{Kind: inventory.MemoryUncorrected}, v)
	},
	// A deferred error could not be corrected, and nothing has used the data yet.
	"ecc/total_deferred_count": func(d *Device, v string) bool {
		return d.count(Count{Kind: inventory.MemoryUncorrected}, v)
	},
}

// Names of the place of a card.
var amdPlaces = map[string]bool{"pci bus": true, "bus/bdf": true, "bdf": true}

// amdParts are parts of the totals, and no counts of their own.
var amdParts = map[string]bool{"ecc/cache_correctable_count": true, "ecc/cache_uncorrectable_count": true}

// kindsOfAMD are what a field counts where it is a count.
var kindsOfAMD = map[string]inventory.HealthKind{
	"pcie replay count": inventory.PCIeReplays, "pcie/replay_count": inventory.PCIeReplays,
	"ecc/total_correctable_count": inventory.MemoryCorrected, "ecc/total_uncorrectable_count": inventory.MemoryUncorrected,
	"ecc/total_deferred_count": inventory.MemoryUncorrected,
}

// set takes a value of a card.
func (a *amd) set(number, key, value string) error {
	c, err := a.card(number)
	if err != nil {
		return err
	}
	// Up to ROCm 6.0 the model is the subsystem's id; later it is the device's.
	if key == "Card model" || key == "Card Model" && a.s.Name == hygonSMI {
		key = "Subsystem ID"
	}
	key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
	said := strings.Trim(value, "[]")
	switch {
	case amdPlaces[key]:
		return a.place(c, value)
	case strings.HasPrefix(key, "ecc/") && amdFields[key] == nil && !amdParts[key] && !lacking[said]:
		c.device.unread("", "this version does not know what "+clip(key)+" counts")
		return nil
	case amdFields[key] == nil, lacking[said], strings.EqualFold(said, "unknown"):
		return nil
	case c.said[key] == value: // the sections of rocm-smi repeat some
		return nil
	case c.said[key] != "":
		return malformed("card %s: %s is %.40q and %.40q: give one recording per file", number, key, c.said[key], value)
	}
	c.said[key] = value
	switch {
	case hidden(value) || !amdFields[key](&c.device, value):
		if kind := kindsOfAMD[key]; kind != "" {
			c.device.unread(kind, string(kind)+": "+a.s.Name+" gives no number")
		}
		a.s.note("card %s: %s is %.40q, and was left aside", number, key, value)
	}
	return nil
}

func (a *amd) place(c *amdCard, value string) error {
	at, ok := normal(value)
	switch {
	case !ok:
		a.s.note("card %s is at %.40q, which is no PCI address", c.number, value)
	case c.address != "" && c.address != at:
		return malformed("card %s is at %s and at %s: give one recording per file", c.number, c.address, at)
	default:
		c.address = at
	}
	return nil
}

// end puts the cards among the devices. Partitions of one card share its address;
// the first has the card's facts.
func (a *amd) end() error {
	for i := range a.cards {
		c := &a.cards[i]
		if c.address == "" {
			a.s.note("nothing says where card %s is: what is said of it was left aside", c.number)
			continue
		}
		if a.s.find(c.address) != nil || a.partition(c.address) {
			a.s.note("card %s is at the address of another, as parts of a card are: what is said of it was left aside", c.number)
			continue
		}
		d, err := a.s.add(c.address)
		if err != nil {
			return err
		}
		c.device.Address = d.Address
		*d = c.device
	}
	if len(a.s.Devices) > 0 {
		return nil
	}
	if a.s.Name == amdSMI {
		return malformed("no card in it has a bus address: record amd-smi static --json, and amd-smi metric --json behind it in the same file")
	}
	return malformed("no card in it has a bus address: record %s -a --json", a.s.Name)
}

// partition says that an address is that of a part of a card: the programs number
// the parts as if they were functions, which the bus does not have.
func (a *amd) partition(address string) bool {
	slot := address[:len(address)-1]
	return address != slot+"0" && slices.ContainsFunc(a.cards, func(c amdCard) bool { return c.address == slot+"0" })
}

// hexID takes a hexadecimal id and fills it with zeros in front: the programs
// leave them out.
func hexID(to *string, value string, digits int) bool {
	hex, ok := strings.CutPrefix(strings.ToLower(value), "0x")
	if !ok || hex == "" || len(hex) > digits || strings.Trim(hex, "0123456789abcdef") != "" {
		return false
	}
	*to = strings.Repeat("0", digits-len(hex)) + hex
	return true
}

// unique takes the chip's own number.
func unique(d *Device, value string) bool {
	hex := strings.TrimLeft(strings.TrimPrefix(strings.ToLower(value), "0x"), "0")
	if len(hex) > 16 || strings.Trim(hex, "0123456789abcdef") != "" {
		return false
	}
	d.UniqueID = hex
	return true
}

// product takes a name; a number in its place is none.
func product(d *Device, value string) bool {
	if strings.HasPrefix(value, "0x") || d.Product != "" {
		return true
	}
	return name(&d.Product, value)
}

func vendorName(d *Device, value string) bool {
	switch {
	case strings.Contains(value, "Advanced Micro Devices"):
		d.Vendor = "1002"
	case strings.Contains(value, "Hygon"):
		d.Vendor = "1d94"
	}
	return true
}

// size takes bytes, or mebibytes with a shift of 0.
func size(d *Device, value string, shift uint) bool {
	n, err := strconv.ParseUint(value, 10, 60)
	if err != nil {
		return false
	}
	d.MemoryMiB = n >> shift
	return true
}

// megabytes takes "32752 MB", which amd-smi counts in units of 2^20.
func megabytes(d *Device, value string) bool {
	number, found := strings.CutSuffix(value, " MB")
	return found && size(d, number, 0)
}
