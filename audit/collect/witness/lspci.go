package witness

import (
	"regexp"
	"strings"
)

// The forms of lspci(8). The greedy names come from the PCI id list and may hold
// brackets of their own; the ids are the last ones before the end.
var (
	functionLine = regexp.MustCompile(`^((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) (.+)$`)
	namedIDs     = regexp.MustCompile(`^.*?\[([0-9a-f]{4})\]: .*\[([0-9a-f]{4}):([0-9a-f]{4})\]` + tail)
	plainIDs     = regexp.MustCompile(`^([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})` + tail)
	subsystemIDs = regexp.MustCompile(`^(?:.*\[)?([0-9a-f]{4}):([0-9a-f]{4})\]?$`)
	lastID       = regexp.MustCompile(`^(?:.*\[)?([0-9a-f]{4})\]?$`)
	revisionForm = regexp.MustCompile(`^[0-9a-f]{2}$`)
	machineWords = regexp.MustCompile(`"([^"]*)"|-([rp])([0-9a-f]{2})`)
)

const tail = `(?: \(rev ([0-9a-f]{2})\))?(?: \(prog-if ([0-9a-f]{2})(?: \[[^]]*\])?\))?$`

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const noIDs = "it has names and no ids: record it with lspci -Dnnvv"

// readLspci reads lspci -nn, -n, -mm and -vmm, with or without -v and -k.
func (s *Statement) readLspci(text string) error {
	s.Name = lspci
	var d *Device
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
			if d, err = s.add(m[1]); err == nil {
				err = d.function(m[2])
			}
		case tagged && tag == "Slot":
			d, err = s.add(value)
		case tagged && d != nil && strings.Trim(tag, letters) == "" && tag != "":
			err = d.tag(tag, value)
		case d != nil && (line[0] == '\t' || line[0] == ' '):
			err = d.detail(strings.TrimSpace(line))
		default:
			err = malformed("%.60q is no line of lspci: %s", line, want)
		}
		if err != nil {
			return err
		}
	}
	return s.endLspci()
}

// endLspci asks that every function has its ids. A listing with the host bridge
// in it is taken for a whole one; lspci -s and -d leave it out.
func (s *Statement) endLspci() error {
	for _, d := range s.Devices {
		if d.Vendor == "" || d.Model == "" || d.Class == "" {
			return malformed("%s: %s", d.Address, noIDs)
		}
		s.Complete = s.Complete || strings.HasPrefix(d.Class, "0600")
	}
	return nil
}

// function reads the line of a function, behind its address.
func (d *Device) function(text string) error {
	if strings.HasPrefix(text, `"`) {
		return d.machine(text)
	}
	m := namedIDs.FindStringSubmatch(text)
	if m == nil {
		m = plainIDs.FindStringSubmatch(text)
	}
	if m == nil {
		return malformed("%s: %s", d.Address, noIDs)
	}
	d.Class, d.Vendor, d.Model, d.Revision = m[1]+m[5], m[2], m[3], m[4]
	return nil
}

// machine reads the words of lspci -mm: class, vendor, device, -r and -p, and
// those of the subsystem.
func (d *Device) machine(text string) error {
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
			return malformed("%s: %s", d.Address, noIDs)
		}
	}
	d.Class += interfaceDigits
	return nil
}

// tag reads a line of lspci -vmm.
func (d *Device) tag(tag, value string) error {
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
		ok = revisionForm.MatchString(value)
		d.Revision = value
	case "Driver":
		ok = word(&d.DriverName, value)
	}
	if !ok {
		return malformed("%s: %s is %.60q: %s", d.Address, tag, value, noIDs)
	}
	return nil
}

// detail reads one of the indented lines of lspci -v.
func (d *Device) detail(text string) error {
	tag, value, _ := strings.Cut(text, ": ")
	switch tag {
	case "Subsystem":
		if m := subsystemIDs.FindStringSubmatch(value); m != nil {
			d.Subvendor, d.Subsystem = m[1], m[2]
		}
	case "Kernel driver in use":
		if !word(&d.DriverName, value) {
			return malformed("%s: driver is %.40q", d.Address, value)
		}
	}
	return nil
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
