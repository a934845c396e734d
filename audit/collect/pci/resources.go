package pci

import (
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"syscall"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Resource flags (Linux include/linux/ioport.h).
const (
	flagIO       = 0x0000_0100
	flagMemory   = 0x0000_0200
	flagPrefetch = 0x0000_2000
	flag64Bit    = 0x0010_0000
)

// maxLanes is the widest link (PCI Express Base Specification 5.0, 7.5.3.6).
const maxLanes = 32

// romResource is the index of the expansion ROM among a function's resources.
const romResource = 6

func (r *reader) bars() {
	text, err := collect.Attr(r.fsys, r.dir+"resource")
	if err == nil {
		r.d.PCI.BARs, err = parseResources(text)
	}
	if err != nil {
		r.gap("/pci/bars", "resource", err)
	}
}

// parseResources reads the sysfs file `resource`: a line for each resource with
// its first address, its last address and its flags. The first six are the
// base address registers, the seventh is the expansion ROM; bridge windows and
// SR-IOV BARs follow and are left out.
func parseResources(text string) ([]inventory.BAR, error) {
	var bars []inventory.BAR
	for i, line := range strings.Split(text, "\n") {
		if i > romResource {
			break
		}
		var n [3]uint64
		fields := strings.Fields(line)
		if len(fields) != len(n) {
			return nil, fmt.Errorf("%w: line %d has %d fields, not 3", collect.ErrMalformed, i+1, len(fields))
		}
		for j, field := range fields {
			v, err := strconv.ParseUint(field, 0, 64)
			if err != nil {
				return nil, fmt.Errorf("%w: line %d: %.20q is no number", collect.ErrMalformed, i+1, field)
			}
			n[j] = v
		}
		first, last, flags := n[0], n[1], n[2]
		if flags == 0 || first == 0 && last == 0 {
			continue
		}
		if last < first || last-first == math.MaxUint64 {
			return nil, fmt.Errorf("%w: line %d ends before it begins", collect.ErrMalformed, i+1)
		}
		bars = append(bars, inventory.BAR{
			Index: i, Bytes: last - first + 1, Kind: barKind(i, flags),
			Prefetchable: flags&flagPrefetch != 0, Is64Bit: flags&flag64Bit != 0,
		})
	}
	return bars, nil
}

func barKind(index int, flags uint64) string {
	switch {
	case index == romResource:
		return "rom"
	case flags&flagIO != 0:
		return "io"
	case flags&flagMemory != 0:
		return "memory"
	default:
		return "other"
	}
}

// errUnknownLink is the kernel's own "Unknown", and its width 255: virtual
// functions and devices inside the root complex have no link to speak of.
var errUnknownLink = fmt.Errorf("the kernel does not know it: %w", syscall.ENODATA)

// link reads the PCI Express link. A conventional PCI device has none of the files.
func (r *reader) link() {
	r.d.PCI.Link = readLink(r.fsys, r.dir, func(fact, name string, err error) { r.gap("/pci/link/"+fact, name, err) })
}

// readLink reads the link of the function in a directory of sysfs; nil where
// nothing of it is stated.
func readLink(fsys fs.FS, dir string, gap func(fact, name string, err error)) *inventory.Link {
	var l inventory.Link
	speed := func(to **float64, fact, name string) {
		text, err := collect.Attr(fsys, dir+name)
		if err == nil {
			*to, err = parseSpeed(text)
		}
		if err != nil {
			gap(fact, name, err)
		}
	}
	width := func(to **int, fact, name string) {
		n, err := collect.Int(fsys, dir+name)
		switch {
		case err != nil:
			gap(fact, name, err)
		case n > 0 && n <= maxLanes:
			*to = &n
		default: // 255: the kernel does not know; 0: no link
			gap(fact, name, errUnknownLink)
		}
	}
	speed(&l.CurrentSpeedGTs, "current_speed_gts", "current_link_speed")
	speed(&l.MaxSpeedGTs, "max_speed_gts", "max_link_speed")
	width(&l.CurrentWidth, "current_width", "current_link_width")
	width(&l.MaxWidth, "max_width", "max_link_width")
	if l == (inventory.Link{}) {
		return nil
	}
	return &l
}

// parseSpeed reads the kernel's text of a link speed: "16.0 GT/s PCIe",
// "2.5 GT/s", or "Unknown".
func parseSpeed(text string) (*float64, error) {
	if strings.HasPrefix(text, "Unknown") {
		return nil, errUnknownLink
	}
	number, _, ok := strings.Cut(text, " GT/s")
	v, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || v <= 0 || v > 1024 {
		return nil, fmt.Errorf("%w: %.40q is no link speed", collect.ErrMalformed, text)
	}
	return &v, nil
}
