// Package witness reads what other programs recorded of the same machine
// (nvidia-smi, rocm-smi, amd-smi, lspci) and notes every fact on which they
// differ from our own reading. A recording is a file that somebody hands over: it
// proves nothing, and it is of the time at which it was made. What a driver alone
// knows (the size of the memory, the product's name, counts of errors) becomes a
// claim of the device, with the program as its source, where the recording shows
// by more than the address that it speaks of this device.
package witness

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Limit caps a recording, in bytes: nvidia-smi -q -x of eight GPUs is 212 kB.
const Limit = 4 << 20

// maxDevices caps the functions of one recording.
const maxDevices = 4096

// Names of witnesses.
const (
	nvidiaSMI = "nvidia-smi"
	rocmSMI   = "rocm-smi"
	hygonSMI  = "hy-smi"
	amdSMI    = "amd-smi"
	lspci     = "lspci"
)

// Statement is what one recording says. It was parsed, and not verified.
type Statement struct {
	Name string // "nvidia-smi", "rocm-smi", "hy-smi", "amd-smi", "lspci"
	File string // base name of the recording
	// Complete says that a device which is not listed was not there, and not
	// merely left out of a part of a listing.
	Complete bool
	// Driver is the version of NVIDIA's driver, "" where it is not stated.
	Driver  string
	Devices []Device
	// Notes say what was left aside: lines around the recording, values that
	// cannot be read.
	Notes []string
	aside int // how many more there were
}

// Device is what a recording says of one PCI function. A fact that it does not
// state is "" or 0. Ids are lower-case hexadecimal without a prefix.
type Device struct {
	Address                             string // as sysfs writes it
	Vendor, Model, Subvendor, Subsystem string // four digits each
	Class                               string // four digits, or six with the programming interface
	Revision                            string // two digits
	DriverName, VBIOS, Serial, UUID     string
	// UniqueID is AMD's number of the chip, hexadecimal without leading zeros.
	UniqueID string
	// Product is what the program calls the card.
	Product   string
	MemoryMiB uint64
	Counts    []Count
	// Unread are the counts that the card has and that cannot be told.
	Unread []Unread
	// Mentioned says that only a warning names the device.
	Mentioned bool
}

const want = "give the output of nvidia-smi -q -x, of nvidia-smi -q, of amd-smi static --json, of rocm-smi -a --json, or of lspci -Dnnvv (or -Dmmnn)"

// Parse reads a recording and tells from its content what wrote it. An error
// wraps [collect.ErrMalformed] or [collect.ErrLimit].
func Parse(file string, text []byte) (*Statement, error) {
	s := &Statement{File: file}
	if err := s.parse(text); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if s.aside > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("and %d more", s.aside))
	}
	return s, nil
}

// parse looks for the line with which a recording begins: a prompt, a warning or
// the command itself may stand before it.
func (s *Statement) parse(raw []byte) error {
	if len(raw) > Limit {
		return fmt.Errorf("%w of %d bytes", collect.ErrLimit, Limit)
	}
	text, err := decode(raw)
	if err != nil {
		return err
	}
	read, at := begin(text)
	if read == nil {
		return s.named(text)
	}
	s.around(text[:at])
	return read(s, text[at:])
}

// form is one way in which programs write: a line that only it begins with, and
// its reader.
type form struct {
	begins func(line string) bool
	read   func(*Statement, string) error
}

func forms() []form {
	return []form{
		{func(l string) bool { return strings.HasPrefix(l, "<") }, (*Statement).readXML},
		{func(l string) bool { return l == logHeader }, (*Statement).readLog},
		{func(l string) bool { return strings.HasPrefix(l, "Slot:") || functionLine.MatchString(l) }, (*Statement).readLspci},
		{func(l string) bool { return strings.HasPrefix(l, "{") || l == "[" || strings.HasPrefix(l, "[{") }, (*Statement).readJSON},
		{rocmLine.MatchString, (*Statement).readROCm},
		{amdHeading.MatchString, (*Statement).readAMD},
		{isCSVHeader, (*Statement).readCSV},
	}
}

// maxLead is how many lines may stand before a recording.
const maxLead = 200

// begin finds the reader of a recording, and where in the text it begins.
func begin(text string) (func(*Statement, string) error, int) {
	at, n := 0, 0
	all := forms()
	for line := range strings.Lines(text) {
		if n++; n > maxLead {
			break
		}
		// sudo leaves its prompt in front of what follows.
		lead := len(sudoPrompt.FindString(line))
		trimmed := strings.TrimRight(line[lead:], " \t\r\n")
		for _, f := range all {
			if f.begins(trimmed) {
				return f.read, at + lead
			}
		}
		at += len(line)
	}
	return nil, 0
}

var sudoPrompt = lazyregexp.New(`^\[sudo\] [^:\n]{1,80}: ?`)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{collect.ErrMalformed}, args...)...)
}

// add begins a new device.
func (s *Statement) add(address string) (*Device, error) {
	at, ok := normal(address)
	if !ok {
		return nil, malformed("%.40q is no PCI address", address)
	}
	if s.find(at) != nil && !s.find(at).Mentioned {
		return nil, malformed("%s is there twice; give one recording per file", at)
	}
	return s.device(at)
}

// device is the one at an address as sysfs writes it, a new one where there is
// none. One that was only mentioned before is more than that now.
func (s *Statement) device(at string) (*Device, error) {
	if d := s.find(at); d != nil {
		d.Mentioned = false
		return d, nil
	}
	if len(s.Devices) == maxDevices {
		return nil, fmt.Errorf("%w of %d devices", collect.ErrLimit, maxDevices)
	}
	s.Devices = append(s.Devices, Device{Address: at})
	return &s.Devices[len(s.Devices)-1], nil
}

// find returns the device at an address as sysfs writes it.
func (s *Statement) find(address string) *Device {
	for i := range s.Devices {
		if s.Devices[i].Address == address {
			return &s.Devices[i]
		}
	}
	return nil
}

// listed counts the devices of which more than a warning speaks.
func (s *Statement) listed() int {
	n := 0
	for i := range s.Devices {
		if !s.Devices[i].Mentioned {
			n++
		}
	}
	return n
}

// GPUs are the addresses of the GPUs and accelerators that the recording lists:
// all devices of a maker's program, and base classes 03 and 12 of lspci.
func (s *Statement) GPUs() []string {
	var list []string
	for _, d := range s.Devices {
		if s.Name != lspci || strings.HasPrefix(d.Class, "03") || strings.HasPrefix(d.Class, "12") {
			list = append(list, d.Address)
		}
	}
	return list
}

// normal writes an address as sysfs does. nvidia-smi gives the domain eight
// digits, lspci leaves it out where all are zero, sysfs has at least four.
func normal(address string) (string, bool) {
	address = strings.ToLower(address)
	if len(address) == len("01:00.0") {
		address = "0000:" + address
	}
	if domain, _, _ := strings.Cut(address, ":"); len(domain) > 4 && len(domain) <= 8 {
		zeros := len(domain) - len(strings.TrimLeft(domain, "0"))
		address = address[min(zeros, len(domain)-4):]
	}
	if !inventory.ValidAddress(address) {
		return "", false
	}
	return address, true
}

// maxNotes caps the notes of one recording.
const maxNotes = 8

// note says what is left aside.
func (s *Statement) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	switch {
	case slices.Contains(s.Notes, text):
	case len(s.Notes) == maxNotes:
		s.aside++
	default:
		s.Notes = append(s.Notes, text)
	}
}

// makers are the PCI vendors whose cards a program knows of.
var makers = map[string][]string{nvidiaSMI: {"10de"}, rocmSMI: {"1002", "1d94"}, hygonSMI: {"1d94"}, amdSMI: {"1002"}}

// drivers are the kernel drivers whose cards a program lists.
var drivers = map[string][]string{nvidiaSMI: {"nvidia"}, rocmSMI: {"amdgpu", "hycu", "hydcu"}, hygonSMI: {"hycu", "hydcu", "amdgpu"}, amdSMI: {"amdgpu"}}

// knows says that the program should have listed a device.
func (s *Statement) knows(d *inventory.Device) bool {
	list, ok := drivers[s.Name]
	return !ok || d.Driver != nil && slices.Contains(list, d.Driver.Name)
}
