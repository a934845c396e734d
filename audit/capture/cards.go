package capture

import (
	"path"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// What a capture may hold more for each display and each accelerator, beside what every
// machine may: an archive that claims none has the limits of [DefaultLimits]. A card with
// its bridge and its sound function has some 190 names, 60 entries and 40 KiB.
const (
	cardNames   = 320
	cardEntries = 128
	cardHeld    = 64 << 10
	// cardTotal is of the archive, in which an entry has a header and ends at a block.
	cardTotal = cardEntries<<10 + cardHeld/2
)

// cards are the functions of which a class was seen that says display or accelerator, by
// their addresses. At most [inventory.MaxDevices] count, as many as an audit takes.
type cards map[string]bool

// found says that a file below the root is the class of another card.
func (c cards) found(name string, data []byte) bool {
	dir, base := path.Split(name)
	dir = path.Clean(dir)
	address := path.Base(dir)
	if base != "class" || len(c) >= inventory.MaxDevices || c[address] || !strings.HasPrefix(dir, "sys/devices/") || !inventory.ValidAddress(address) {
		return false
	}
	if class := string(data[:min(len(data), 4)]); class != "0x03" && class != "0x12" {
		return false
	}
	c[address] = true
	return true
}

// more raises the limits of a tree in which a file was placed that is the class of a card.
// The card has to be in the list of the bus, which comes before it: what is judged is.
func (t *tree) more(name string, data []byte) {
	below, ok := strings.CutPrefix(name, rootName+"/")
	if !ok || path.Base(below) != "class" {
		return
	}
	dir := path.Dir(below)
	bus := "sys/bus/pci/devices"
	link := t.nodes[path.Join(rootName, bus, path.Base(dir))]
	if link != nil && link.target != "" && path.Join(bus, link.target) == dir && t.cards.found(below, data) {
		t.limits.Entries += cardEntries
		t.limits.HeldBytes += cardHeld
	}
}
