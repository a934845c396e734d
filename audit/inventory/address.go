package inventory

import (
	"fmt"
	"strconv"
	"strings"
)

// Address is the place of a PCI function.
type Address struct {
	Domain                uint32
	Bus, Device, Function uint8
}

// ParseAddress reads an address as Linux writes it, domain:bus:device.function in
// lower-case hexadecimal ("%04x:%02x:%02x.%d", drivers/pci/probe.c): the domain has
// four digits, and more only where it has to, as the domains of Intel's VMD, which
// begin at 10000. Any other way to write an address would be a second device of it,
// and is none.
func ParseAddress(s string) (Address, bool) {
	domain, rest, _ := strings.Cut(s, ":")
	// bb:dd.f
	if len(domain) < 4 || len(domain) > 8 || len(domain) > 4 && domain[0] == '0' || len(rest) != 7 || rest[2] != ':' || rest[5] != '.' {
		return Address{}, false
	}
	d, ok1 := lowerHex(domain)
	bus, ok2 := lowerHex(rest[:2])
	device, ok3 := lowerHex(rest[3:5])
	function := rest[6] - '0'
	if !ok1 || !ok2 || !ok3 || device > 0x1f || function > 7 {
		return Address{}, false
	}
	return Address{Domain: d, Bus: uint8(bus), Device: uint8(device), Function: function}, true
}

func lowerHex(s string) (uint32, bool) {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(s, 16, 32)
	return uint32(n), err == nil
}

// ValidAddress says whether s is the address of a PCI function as Linux writes it.
func ValidAddress(s string) bool {
	_, ok := ParseAddress(s)
	return ok
}

func (a Address) String() string {
	return fmt.Sprintf("%04x:%02x:%02x.%d", a.Domain, a.Bus, a.Device, a.Function)
}

// SlotOf is an address without its function.
func SlotOf(address string) string { return before(address, '.') }

// BusOf is the domain and the bus of an address.
func BusOf(address string) string { return before(address, ':') }

func before(s string, last byte) string {
	if at := strings.LastIndexByte(s, last); at >= 0 {
		return s[:at]
	}
	return s
}
