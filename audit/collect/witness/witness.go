// Package witness reads what other programs recorded of the same machine
// (nvidia-smi -q, lspci) and notes every fact on which they differ from our own
// reading. A recording is a file that somebody hands over: it proves nothing,
// and it is of the time at which it was made. It is no source of facts, with one
// exception: counts of errors and of wear, which NVIDIA's driver alone can tell.
package witness

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Limit caps a recording, in bytes: nvidia-smi -q -x of eight GPUs is 212 kB.
const Limit = 4 << 20

// maxDevices caps the functions of one recording.
const maxDevices = 4096

// Names of witnesses.
const (
	nvidiaSMI = "nvidia-smi"
	lspci     = "lspci"
)

// Statement is what one recording says. It was parsed, and not verified.
type Statement struct {
	Name string // "nvidia-smi", "lspci"
	File string // base name of the recording
	// Complete says that a device which is not listed was not there, and not
	// merely left out of a part of a listing.
	Complete bool
	// Driver is the version of NVIDIA's driver, "" where it is not stated.
	Driver  string
	Devices []Device
}

// Device is what a recording says of one PCI function. A fact that it does not
// state is "" or 0. Ids are lower-case hexadecimal without a prefix.
type Device struct {
	Address                             string // as sysfs writes it
	Vendor, Model, Subvendor, Subsystem string // four digits each
	Class                               string // four digits, or six with the programming interface
	Revision                            string // two digits
	DriverName, VBIOS, Serial, UUID     string
	MemoryMiB                           uint64
	Health                              []inventory.HealthClaim
	// Unread are the counts that the card has and that were not given.
	Unread []inventory.HealthKind
}

const want = "give the output of nvidia-smi -q -x, of nvidia-smi -q, or of lspci -Dnnvv (or -Dmmnn)"

// Parse reads a recording and tells from its content what wrote it. An error
// wraps [collect.ErrMalformed] or [collect.ErrLimit].
func Parse(file string, text []byte) (*Statement, error) {
	s := &Statement{File: file}
	if err := s.parse(text); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

func (s *Statement) parse(text []byte) error {
	switch {
	case len(text) > Limit:
		return fmt.Errorf("%w of %d bytes", collect.ErrLimit, Limit)
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return malformed("it is not text: %s", want)
	}
	body := strings.TrimLeft(string(text), "\r\n")
	first, _, _ := strings.Cut(body, "\n")
	first = strings.TrimRight(first, " \r")
	switch {
	case strings.HasPrefix(first, "<"):
		return s.readXML(text)
	case first == logHeader:
		return s.readLog(body)
	case strings.HasPrefix(first, "Slot:"), functionLine.MatchString(first):
		return s.readLspci(body)
	case strings.HasPrefix(first, "+--"), strings.Contains(first, "NVIDIA-SMI"):
		return malformed("the table that nvidia-smi prints has no ids: %s", want)
	}
	return malformed("begins with %.60q: %s", first, want)
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{collect.ErrMalformed}, args...)...)
}

// add begins a new device.
func (s *Statement) add(address string) (*Device, error) {
	at, ok := normal(address)
	if !ok {
		return nil, malformed("%.40q is no PCI address", address)
	}
	if len(s.Devices) == maxDevices {
		return nil, fmt.Errorf("%w of %d devices", collect.ErrLimit, maxDevices)
	}
	for i := range s.Devices {
		if s.Devices[i].Address == at {
			return nil, malformed("%s is there twice; give one recording per file", at)
		}
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

// GPUs are the addresses of the GPUs and accelerators that the recording lists:
// all devices of nvidia-smi, and base classes 03 and 12 of lspci.
func (s *Statement) GPUs() []string {
	var list []string
	for _, d := range s.Devices {
		if s.Name == nvidiaSMI || strings.HasPrefix(d.Class, "03") || strings.HasPrefix(d.Class, "12") {
			list = append(list, d.Address)
		}
	}
	return list
}

var addressForm = regexp.MustCompile(`^(?:([0-9a-fA-F]{4,8}):)?([0-9a-fA-F]{2}):([0-9a-fA-F]{2})\.([0-7])$`)

// normal writes an address as sysfs does. nvidia-smi gives the domain eight
// digits, lspci leaves it out where all are zero, sysfs has at least four.
func normal(address string) (string, bool) {
	m := addressForm.FindStringSubmatch(address)
	if m == nil {
		return "", false
	}
	domain := uint64(0)
	if m[1] != "" {
		domain, _ = strconv.ParseUint(m[1], 16, 32) // the pattern has the digits
	}
	return fmt.Sprintf("%04x:%s:%s.%s", domain, strings.ToLower(m[2]), strings.ToLower(m[3]), m[4]), true
}
