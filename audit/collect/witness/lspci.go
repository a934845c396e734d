package witness

import (
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// The forms of lspci(8). The greedy names come from the PCI id list and may hold
// brackets of their own; the ids are the last ones before the end.
var (
	functionLine = lazyregexp.New(`^((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) (.+)$`)
	namedIDs     = lazyregexp.New(`^.*?\[([0-9a-f]{4})\]: .*\[([0-9a-f]{4}):([0-9a-f]{4})\]` + tail)
	plainIDs     = lazyregexp.New(`^([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})` + tail)
	subsystemIDs = lazyregexp.New(`^(?:.*\[)?([0-9a-f]{4}):([0-9a-f]{4})\]?$`)
	lastID       = lazyregexp.New(`^(?:.*\[)?([0-9a-f]{4})\]?$`)
	revisionForm = lazyregexp.New(`^[0-9a-f]{2}$`)
	machineWords = lazyregexp.New(`"([^"]*)"|-([rp])([0-9a-f]{2})`)
)

const tail = `(?: \(rev ([0-9a-f]{2})\))?(?: \(prog-if ([0-9a-f]{2})(?: \[[^]]*\])?\))?$`

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const noIDs = "it has names and no ids: record it with lspci -Dnnvv"

// readLspci reads lspci -nn, -n, -mm and -vmm, with or without -v and -k. Lines
// that are none of its own are left aside, with what is indented below them; a
// listing with such lines in it is no whole one.
func (s *Statement) readLspci(text string) error {
	s.Name = lspci
	at, partial := -1, false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \r\n")
		if line == "" {
			continue
		}
		var err error
		m := functionLine.FindStringSubmatch(line)
		tag, value, tagged := strings.Cut(line, ":\t")
		switch {
		case m != nil:
			at, err = s.slot(m[1])
			if err == nil && !s.Devices[at].function(m[2]) {
				s.note("%s: %s", s.Devices[at].Address, noIDs)
			}
		case tagged && tag == "Slot":
			at, err = s.slot(value)
		case tagged && at >= 0 && strings.Trim(tag, letters) == "" && tag != "":
			if !s.Devices[at].tag(tag, value) {
				s.note("%s: %s is %.60q: %s", s.Devices[at].Address, tag, value, noIDs)
			}
		case at >= 0 && (line[0] == '\t' || line[0] == ' '):
			s.Devices[at].detail(strings.TrimSpace(line))
		case line[0] == '\t' || line[0] == ' ': // below a line that was left aside
		default:
			at, partial = -1, true
			s.line(line)
		}
		if err != nil {
			return err
		}
	}
	return s.endLspci(partial)
}

// slot begins a function.
func (s *Statement) slot(address string) (int, error) {
	if _, err := s.add(address); err != nil {
		return -1, err
	}
	return len(s.Devices) - 1, nil
}

// endLspci leaves functions without ids aside. A listing with the host bridge in
// it is taken for a whole one; lspci -s and -d leave it out, and so may grep.
func (s *Statement) endLspci(partial bool) error {
	for i := range s.Devices {
		s.Devices[i].silent()
	}
	all := len(s.Devices)
	s.Devices = slices.DeleteFunc(s.Devices, func(d Device) bool { return d.Vendor == "" || d.Model == "" || d.Class == "" })
	if len(s.Devices) == 0 {
		return malformed("%s", noIDs)
	}
	if partial || len(s.Devices) < all {
		return nil
	}
	for _, d := range s.Devices {
		s.Complete = s.Complete || strings.HasPrefix(d.Class, "0600")
	}
	return nil
}

// silent: of a device that does not answer, lspci has the ids that the kernel
// remembers, and all ones for what it read itself.
func (d *Device) silent() {
	if len(d.Class) == 6 && strings.HasSuffix(d.Class, "ff") {
		d.sign(inventory.NoAnswer, "")
	}
	if len(d.Counts) > 0 {
		d.Class, d.Revision = d.Class[:min(4, len(d.Class))], ""
	}
}

// function reads the line of a function, behind its address.
func (d *Device) function(text string) bool {
	if strings.HasPrefix(text, `"`) {
		return d.machine(text)
	}
	m := namedIDs.FindStringSubmatch(text)
	if m == nil {
		m = plainIDs.FindStringSubmatch(text)
	}
	if m == nil {
		return false
	}
	d.Class, d.Vendor, d.Model, d.Revision = m[1]+m[5], m[2], m[3], m[4]
	return true
}

// machine reads the words of lspci -mm: class, vendor, device, -r and -p, and
// those of the subsystem.
func (d *Device) machine(text string) bool {
	var words []string
	interfaceDigits := ""
	for _, m := range machineWords.FindAllStringSubmatch(text, 16) {
		switch m[2] {
		case "r":
			d.Revision = m[3]
		case "p":
			interfaceDigits = m[3]
		default:
			words = append(words, m[1])
		}
	}
	for i, to := range []*string{&d.Class, &d.Vendor, &d.Model, &d.Subvendor, &d.Subsystem} {
		if i < len(words) && words[i] != "" && !id(to, words[i]) {
			return false
		}
	}
	d.Class += interfaceDigits
	return true
}

// tag reads a line of lspci -vmm.
func (d *Device) tag(tag, value string) bool {
	ok := true
	switch tag {
	case "Class":
		ok = id(&d.Class, value)
	case "Vendor":
		ok = id(&d.Vendor, value)
	case "Device":
		ok = id(&d.Model, value)
	case "SVendor":
		ok = id(&d.Subvendor, value)
	case "SDevice":
		ok = id(&d.Subsystem, value)
	case "Rev":
		ok = fits(revisionForm, &d.Revision, value)
	case "Driver":
		ok = word(&d.DriverName, value)
	}
	return ok
}

// detail reads one of the indented lines of lspci -v. A device that does not
// answer has all ones for its header's type.
func (d *Device) detail(text string) {
	if strings.HasPrefix(text, "!!! Unknown header type 7f") {
		d.sign(inventory.NoAnswer, "")
		return
	}
	tag, value, _ := strings.Cut(text, ": ")
	switch tag {
	case "Subsystem":
		if m := subsystemIDs.FindStringSubmatch(value); m != nil {
			d.Subvendor, d.Subsystem = m[1], m[2]
		}
	case "Kernel driver in use":
		word(&d.DriverName, value)
	}
}

// id takes four digits: alone (-n), or in brackets behind a name (-nn).
func id(to *string, value string) bool {
	m := lastID.FindStringSubmatch(value)
	if m == nil {
		return false
	}
	*to = m[1]
	return true
}
