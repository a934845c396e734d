package eventlog

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Image is a UEFI_IMAGE_LOAD_EVENT (PFP 1.06, section 10.2.3). It is what the
// log says of the image; only the event's digest reaches the TPM.
type Image struct {
	Address, Bytes, LinkAddress uint64
	Path                        DevicePath
}

// DevicePath is a UEFI device path (UEFI 2.10, section 10.3) as far as it leads
// to a ROM. Text is the whole path.
type DevicePath struct {
	// Root is the UID of the ACPI root bridge (PNP0A03, PNP0A08) that the path
	// begins with; nil if it begins otherwise.
	Root *uint32
	// PCI are the device and function numbers below it, the outermost first.
	PCI []PCINode
	// Range is the part of the ROM, nil when the path gives none.
	Range *OffsetRange
	// More says that the path leads on to something else: a disk behind a
	// controller, say. Then the PCI nodes do not name what was loaded.
	More bool
	// Firmware says that the path is of a file in a volume of firmware, and of
	// nothing else.
	Firmware bool
	Text     string
}

// PCINode is one PCI node of a path (UEFI 2.10, section 10.3.2.1).
type PCINode struct{ Device, Function int }

// OffsetRange is a range inside a ROM, both ends included (UEFI 2.10, section
// 10.3.5.8).
type OffsetRange struct{ Start, End uint64 }

// Image decodes the data of an event that measures an EFI image.
func (e *Event) Image() (*Image, error) {
	r := &reader{b: e.Data}
	img := &Image{Address: r.u64(), Bytes: r.u64(), LinkAddress: r.u64()}
	path := r.sized(r.u64())
	if !r.done() {
		return nil, fault(codeUnknownDataForm, e.Offset, "event %d: the image's lengths do not add up to %d bytes", e.Index, len(e.Data))
	}
	var err error
	if img.Path, err = parsePath(path); err != nil {
		return nil, fault(codeUnknownDataForm, e.Offset, "event %d: %v", e.Index, err)
	}
	return img, nil
}

const maxNodes = 64

// node types of UEFI 2.10, table 10.2 and following.
const (
	nodeHardware = 0x01
	nodeACPI     = 0x02
	nodeMedia    = 0x04
	nodeEnd      = 0x7f
)

// parsePath walks the nodes. An empty path is allowed: an image loaded from
// memory has none.
func parsePath(b []byte) (DevicePath, error) {
	var p DevicePath
	var text []string
	r := &reader{b: b}
	for n := 0; !r.done(); n++ {
		at := r.at
		kind, sub, size := r.u8(), r.u8(), int(r.u16())
		body := r.take(size - 4)
		switch {
		case r.short || size < 4:
			return p, fmt.Errorf("the device path's node at %#x does not fit", at)
		case n == maxNodes:
			return p, fmt.Errorf("the device path has more than %d nodes", maxNodes)
		case kind == nodeEnd:
			if sub != 0xff || size != 4 || !r.done() {
				return p, fmt.Errorf("the device path ends at %#x and something follows", at)
			}
			p.Text = strings.Join(text, "/")
			return p, nil
		}
		text = append(text, p.node(n, kind, sub, body))
	}
	if len(b) > 0 {
		return p, fmt.Errorf("the device path has no end node")
	}
	return p, nil
}

// node takes one node into the path and returns its text (UEFI 2.10, section
// 10.6.1.5). PCI nodes count only directly below the root bridge, and a range
// only behind them: anything else is not a ROM that we can name.
func (p *DevicePath) node(n, kind, sub int, b []byte) string {
	p.Firmware = p.Firmware && kind == nodeMedia
	switch {
	case kind == nodeACPI && sub == 1 && len(b) == 8:
		hid, uid := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
		p.More = p.More || n > 0
		if hid&0xffff != 0x41d0 || hid>>16 != 0x0a03 && hid>>16 != 0x0a08 {
			return fmt.Sprintf("Acpi(%#x,%#x)", hid, uid)
		}
		if n == 0 {
			p.Root = &uid
		}
		return fmt.Sprintf("PciRoot(%#x)", uid)
	case kind == nodeHardware && sub == 1 && len(b) == 2:
		node := PCINode{Device: int(b[1]), Function: int(b[0])}
		if p.Root != nil && len(p.PCI) == n-1 {
			p.PCI = append(p.PCI, node)
		} else {
			p.More = true
		}
		return fmt.Sprintf("Pci(%#x,%#x)", node.Device, node.Function)
	case kind == nodeMedia && sub == 8 && len(b) == 20:
		p.Firmware = false
		r := OffsetRange{binary.LittleEndian.Uint64(b[4:]), binary.LittleEndian.Uint64(b[12:])}
		if p.Range == nil && len(p.PCI) > 0 && len(p.PCI) == n-1 && r.Start <= r.End {
			p.Range = &r
		} else {
			p.More = true
		}
		return fmt.Sprintf("Offset(%#x,%#x)", r.Start, r.End)
	}
	p.More = true
	// Firmware's volumes and their files (PI 1.8, volume III, section 3.2.4).
	if kind == nodeMedia && (sub == 6 || sub == 7) && len(b) == len(GUID{}) {
		p.Firmware = n == 0 || p.Firmware
		return fmt.Sprintf("%s(%s)", map[int]string{6: "FvFile", 7: "Fv"}[sub], GUID(b))
	}
	p.Firmware = false
	return fmt.Sprintf("Path(%d,%d,%x)", kind, sub, clip(b))
}

func clip(b []byte) []byte { return b[:min(len(b), 32)] }
