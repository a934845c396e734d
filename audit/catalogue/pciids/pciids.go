// Package pciids gives names to PCI ids from an embedded copy of the PCI ID
// Project's list (https://pci-ids.ucw.cz/, used under its 3-clause BSD licence).
// A name describes an id; it says nothing of the card that claims the id.
package pciids

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"strings"
	"sync"
)

//go:generate go run ./gen -in /usr/share/misc/pci.ids -out pci.ids.txt

// list is the project's file without comments and blank lines, with a date line
// before it and a line break after it. A search for a line start over 1.6 MB
// takes less time than building any index at start-up would.
//
//go:embed pci.ids.txt
var list string

// Date is the day of the list, YYYY-MM-DD.
func Date() string {
	line, _, _ := strings.Cut(list, "\n")
	_, date, _ := strings.Cut(line, "date ")
	return date
}

// SHA256 is the digest of the embedded list.
func SHA256() string {
	sum := sha256.Sum256([]byte(list))
	return hex.EncodeToString(sum[:])
}

// found are the blocks of the list that were looked up before, by indent and id: a
// machine has few vendors and classes, and asks for them for each of its functions.
var found sync.Map

type entry struct{ name, below string }

// top is [block] of the whole list.
func top(indent, id string) (name, below string, ok bool) {
	if e, ok := found.Load(indent + id); ok {
		e := e.(entry)
		return e.name, e.below, true
	}
	if name, below, ok = block(list, indent, id); ok {
		found.Store(indent+id, entry{name, below})
	}
	return name, below, ok
}

// Vendor names a vendor id (four lower-case hexadecimal digits).
func Vendor(id string) (string, bool) {
	name, _, ok := top("", id)
	return name, ok
}

// Device names a device of a vendor.
func Device(vendor, device string) (string, bool) {
	_, devices, ok := top("", vendor)
	if !ok {
		return "", false
	}
	name, _, ok := block(devices, "\t", device)
	return name, ok
}

// Subsystem names a board: a subsystem id pair of a device.
func Subsystem(vendor, device, subvendor, subdevice string) (string, bool) {
	_, devices, ok := top("", vendor)
	if !ok {
		return "", false
	}
	_, boards, ok := block(devices, "\t", device)
	if !ok || !isID(subdevice) {
		return "", false
	}
	name, _, ok := block(boards, "\t\t", subvendor+" "+subdevice)
	return name, ok
}

// Boards are the names of all boards of a device that the list has, in its order.
func Boards(vendor, device string) []string {
	_, devices, ok := top("", vendor)
	if !ok {
		return nil
	}
	_, boards, _ := block(devices, "\t", device)
	var names []string
	for line := range strings.SplitSeq(boards, "\n") {
		if ids, name, found := strings.Cut(strings.TrimPrefix(line, "\t\t"), "  "); found && len(ids) == len("1043 889d") {
			names = append(names, name)
		}
	}
	return names
}

// Class names a class code of six hexadecimal digits: its programming
// interface, else its subclass, else its base class.
func Class(code string) (string, bool) {
	if len(code) != 6 {
		return "", false
	}
	base, subclasses, ok := top("C ", code[:2])
	if !ok {
		return "", false
	}
	sub, interfaces, ok := block(subclasses, "\t", code[2:4])
	if !ok {
		return base, true
	}
	if name, _, ok := block(interfaces, "\t\t", code[4:]); ok {
		return name, true
	}
	return sub, true
}

// block finds the line "<indent><id>  <name>" in text, and returns the name and
// the lines that are indented further below it. text begins with a line break,
// or with the list's date line.
func block(text, indent, id string) (name, below string, ok bool) {
	for _, part := range strings.Fields(id) {
		if !isID(part) {
			return "", "", false
		}
	}
	head := "\n" + indent + id + "  "
	i := strings.Index(text, head)
	if i < 0 || id == "" {
		return "", "", false
	}
	rest := text[i+len(head):]
	end := strings.IndexByte(rest, '\n')
	if end < 0 {
		return rest, "", true
	}
	name, rest = rest[:end], rest[end:]
	deeper := strings.Repeat("\t", strings.Count(indent, "\t")+1)
	for at := 0; ; {
		next := strings.IndexByte(rest[at+1:], '\n')
		if next < 0 || !strings.HasPrefix(rest[at+1:], deeper) {
			return name, rest[:at+1], true
		}
		at += next + 1
	}
}

// isID keeps anything but a hexadecimal id out of the search.
func isID(s string) bool {
	if len(s) != 2 && len(s) != 4 {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}
