package capture

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/kmod"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// The forms of what a file may hold. A file of another form is left out.
var (
	hexWord       = lazyregexp.New(`^0x[0-9a-fA-F]{1,8}$`)
	number        = lazyregexp.New(`^-?[0-9]{1,19}$`)
	aliasWord     = lazyregexp.New(`^pci:v[0-9A-F]{8}d[0-9A-F]{8}sv[0-9A-F]{8}sd[0-9A-F]{8}bc[0-9A-F]{2}sc[0-9A-F]{2}i[0-9A-F]{2}$`)
	powerWord     = lazyregexp.New(`^(?:D0|D1|D2|D3hot|D3cold|unknown|error)$`)
	speedWord     = lazyregexp.New(`^(?:[0-9]{1,3}(?:\.[0-9])? GT/s(?: PCIe)?|Unknown(?: speed)?)$`)
	resourceLine  = lazyregexp.New(`^0x[0-9a-f]{1,18} 0x[0-9a-f]{1,18} 0x[0-9a-f]{1,18}$`)
	rasLine       = lazyregexp.New(`^(?:ue|ce|de): [0-9]{1,19}$`)
	usbWord       = lazyregexp.New(`^[0-9a-fA-F]{4}$`)
	channelWord   = lazyregexp.New(`(?i)^\{?(?:dde9cbc0-5060-4436-9448-ea1254a5d177|6e382d18-3336-4f4b-acc4-2b7703d4df4a)\}?$`)
	dateWord      = lazyregexp.New(`^[0-9]{2}/[0-9]{2}/[0-9]{4}$`)
	versionWord   = lazyregexp.New(`^[0-9]{1,6}(?:\.[0-9]{1,6}){0,2}$`)
	sourceWord    = lazyregexp.New(`^[0-9A-F]{16,40}$`)
	taintWord     = lazyregexp.New(`^[A-Z]{0,20}$`)
	stateWord     = lazyregexp.New(`^(?:live|coming|going)$`)
	domainWord    = lazyregexp.New(`^(?:DMA|DMA-FQ|identity|blocked|unmanaged|unknown|auto)$`)
	lockdownWord  = lazyregexp.New(`^\[?none\]? \[?integrity\]? \[?confidentiality\]?$`)
	vbiosWord     = lazyregexp.New(`^(?:[0-9]{3}-[0-9A-Z]{4,10}(?:[-.][0-9A-Z]{3,4}){1,2}|[0-9]{3}(?:\.[0-9]{3,6}){3,5})$`)
	nvidiaVBIOS   = lazyregexp.New(`^[0-9a-fA-F?]{2}(?:\.[0-9a-fA-F?]{2}){4}$`)
	driverVersion = lazyregexp.New(`^[0-9]{1,4}(?:\.[0-9]{1,4}){1,2}$`)
	pciAddress    = lazyregexp.New(`^[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]$`)
)

// form keeps a text of one form whole.
func form(of *lazyregexp.Regexp) rewrite {
	return func(data []byte) ([]byte, bool) {
		text := bytes.TrimSpace(bytes.Trim(data, "\x00"))
		return data, len(text) == 0 || of.Match(text)
	}
}

// buildNote keeps the note of a build ID as linkers make them, and nothing behind it.
func buildNote(data []byte) ([]byte, bool) {
	id, err := kmod.NoteBuildID(data)
	if err != nil || len(id) != 40 && len(id) != 32 {
		return nil, false
	}
	return data[:noteHead+len(id)/2], true
}

// noteHead is what stands before the build ID in its note, in bytes.
const noteHead = 16

// lines keeps a text of which every line has one form.
func lines(of *lazyregexp.Regexp) rewrite {
	return func(data []byte) ([]byte, bool) {
		for line := range bytes.Lines(data) {
			if line = bytes.TrimSpace(line); len(line) > 0 && !of.Match(line) {
				return nil, false
			}
		}
		return data, true
	}
}

var (
	countLine = lazyregexp.New(`^([A-Za-z_]{1,32}) ([0-9]{1,19})$`)
	// aerLine are the kernel's names of errors (Linux drivers/pci/pcie/aer.c).
	aerLine = lazyregexp.New(`^(?:RxErr|BadTLP|BadDLLP|Rollover|Timeout|NonFatalErr|CorrIntErr|HeaderOF|Undefined|DLP|SDES|TLP|FCP|CmpltTO|CmpltAbrt|` +
		`UnxCmplt|RxOF|MalfTLP|ECRC|UnsupReq|ACSViol|UncorrIntErr|BlockedTLP|AtomicOpBlocked|TLPBlockedErr|PoisonTLPBlocked|DMWrReqBlocked|IDECheck|MisIDETLP|` +
		`PCRC_CHECK|TLPXlatBlocked|TOTAL_ERR_(?:COR|FATAL|NONFATAL))$`)
)

// counts keeps lines of a name and a number; a name that is not known becomes other,
// so that the sum stays.
func counts(known *lazyregexp.Regexp, other string) rewrite {
	return func(data []byte) ([]byte, bool) {
		var out bytes.Buffer
		for line := range strings.Lines(string(data)) {
			m := countLine.FindStringSubmatch(strings.TrimSpace(line))
			if m == nil {
				return nil, false
			}
			if !known.MatchString(m[1]) {
				m[1] = other
			}
			fmt.Fprintf(&out, "%s %s\n", m[1], m[2])
		}
		return out.Bytes(), true
	}
}

// identity replaces a text that is of one machine or card. That it is empty, or
// nothing but zeros, is said.
func identity(data []byte) ([]byte, bool) {
	if text := bytes.TrimSpace(data); len(bytes.Trim(text, "0")) == 0 {
		return data, len(text) <= 64
	}
	return []byte(redacted + "\n"), true
}

// wholeROM keeps firmware as it is: it is what a capture is for.
func wholeROM(data []byte) ([]byte, bool) { return data, true }

var badPage = lazyregexp.New(`^0x[0-9a-fA-F]+ : 0x[0-9a-fA-F]+ : ([RPF])$`)

// badPages keeps how many pages of memory are out of use.
func badPages(data []byte) ([]byte, bool) {
	var out bytes.Buffer
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		m := badPage.FindStringSubmatch(line)
		if m == nil {
			return nil, false
		}
		fmt.Fprintf(&out, "0x0 : 0x1000 : %s\n", m[1])
	}
	return out.Bytes(), true
}

// kfdNames are the properties of a node that are read.
var kfdNames = []string{"simd_count", "location_id", "domain", "vendor_id", "device_id", "heap_type", "size_in_bytes"}

// kfdProperties keeps those, and that a node has a unique id.
func kfdProperties(data []byte) ([]byte, bool) {
	var out bytes.Buffer
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case name == "unique_id" && value != "0" && value != "":
			fmt.Fprintf(&out, "unique_id %s\n", redacted)
		case name == "unique_id" || slices.Contains(kfdNames, name):
			if !number.MatchString(value) {
				return nil, false
			}
			fmt.Fprintf(&out, "%s %s\n", name, value)
		}
	}
	return out.Bytes(), true
}

// drmName keeps the PCI address that debugfs gives a graphics device.
func drmName(data []byte) ([]byte, bool) {
	var kept []string
	for i, word := range strings.Fields(string(data)) {
		address, isAddress := strings.CutPrefix(word, "dev=")
		if isAddress && pciAddress.MatchString(address) || i == 0 && publicName(word) && !strings.Contains(word, "=") {
			kept = append(kept, word)
		}
	}
	return []byte(strings.Join(kept, " ") + "\n"), true
}

// memoryManager keeps the line with the size of a memory.
func memoryManager(data []byte) ([]byte, bool) {
	for line := range strings.Lines(string(data)) {
		if digits, found := strings.CutPrefix(strings.TrimSpace(line), "size:"); found && number.MatchString(strings.TrimSpace(digits)) {
			return []byte("  size: " + strings.TrimSpace(digits) + "\n"), true
		}
	}
	return nil, false
}

var localSize = lazyregexp.New(`(?s)local0:.*?\n[ \t]*(chunk_size: [0-9]{1,9}KiB, total: [0-9]{1,9}MiB)`)

// localMemory keeps of i915's regions the size of the card's own memory.
func localMemory(data []byte) ([]byte, bool) {
	m := localSize.FindSubmatch(data)
	if m == nil {
		return nil, false
	}
	return []byte("local0:\n" + string(m[1]) + "\n"), true
}

var flagsLine = lazyregexp.New(`(?m)^flags[ \t]*:([^\n]*)\n`)

// cpuFlags keeps whether the first processor says that a hypervisor runs it.
func cpuFlags(data []byte) ([]byte, bool) {
	m := flagsLine.FindSubmatch(data)
	switch {
	case m == nil:
		return nil, true
	case slices.Contains(strings.Fields(string(m[1])), "hypervisor"):
		return []byte("flags\t\t: hypervisor\n"), true
	}
	return []byte("flags\t\t: fpu\n"), true
}

// hypervisors are words in the vendor of a virtual machine, those that rules know
// (rules/provenance/lib.rego), and systems the names of makers of whole machines.
var (
	hypervisors = []string{"qemu", "kvm", "bochs", "vmware", "xen", "innotek", "virtualbox", "parallels", "openstack", "red hat", "nutanix", "google", "amazon ec2",
		"vultr", "digitalocean", "hetzner", "alibaba cloud"}
	systems = []string{"dell inc.", "hpe", "hp", "hewlett-packard", "lenovo", "supermicro", "gigabyte", "gigabyte technology co., ltd.", "asus", "asustek computer inc.",
		"asrock", "asrockrack", "tyan", "quanta cloud technology inc.", "inspur", "fujitsu", "cisco systems inc", "intel corporation", "nvidia", "micro-star international co., ltd.",
		"msi", "acer", "microsoft corporation", "apple inc.", "framework", "razer", "system76", "example systems"}
)

func systemVendor(data []byte) ([]byte, bool) {
	text := strings.ToLower(strings.TrimSpace(string(data)))
	switch {
	case text == "", slices.Contains(systems, text):
		return data, true
	}
	for _, word := range hypervisors {
		if strings.Contains(text, word) {
			return []byte(word + "\n"), true
		}
	}
	return []byte(redacted + "\n"), true
}

func productName(data []byte) ([]byte, bool) {
	if text := strings.TrimSpace(string(data)); text == "" || text == "Virtual Machine" {
		return data, true
	}
	return []byte(redacted + "\n"), true
}
