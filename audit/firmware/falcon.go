package firmware

import (
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// The Falcon data of NVIDIA's ROMs: BIT token p of version 2 points at a table
// of programs, each with a descriptor in front (Linux, drivers/gpu/nova-core/
// vbios.rs and firmware.rs; open-gpu-kernel-modules, kernel_gsp_fwsec.c).
// Descriptors of version 1, 2 and 3 are proven on real dumps.
const (
	falconHeader    = 4
	falconEntry     = 6
	maxPrograms     = 64
	falconStored    = 0x04
	falconEngines   = 0x24
	falconID        = 0x26
	falconCount     = 0x27
	falconVersions  = 0x28
	falconV3        = 0x2c
	falconSignature = 384 // RSA-3072
)

// codeExtended is NVIDIA's code type for what did not fit in the legacy image.
const codeExtended = 0xe0

// far turns a long pointer of the BIT into an offset of the ROM. Pointers count
// from the legacy image (by NVIDIA's own length) and run on into the first
// extended image behind it, as if nothing lay between.
func (l *legacy) far(pointer uint32) (int, bool) {
	if int(pointer) < l.bytes {
		return l.base + int(pointer), true
	}
	if l.extended == 0 {
		return 0, false
	}
	at := l.extended + int(pointer) - l.bytes
	return at, at < len(l.p.b)
}

// extend finds where long pointers go on: in a PCI image or a private one.
func (l *legacy) extend(img *inventory.ROMImage) {
	l.bytes = img.Bytes
	if img.NPDE != nil && img.NPDE.Bytes != 0 {
		l.bytes = min(img.Bytes, img.NPDE.Bytes)
	}
	found := func(offset int, code string) {
		if code == hexBytes(codeExtended) && offset > l.base && (l.extended == 0 || offset < l.extended) {
			l.extended = offset
		}
	}
	for i := range l.p.rom.Images {
		found(l.p.rom.Images[i].Offset, l.p.rom.Images[i].CodeType)
	}
	for i := range l.p.rom.Private {
		found(l.p.rom.Private[i].Offset, l.p.rom.Private[i].CodeType)
	}
}

// tokenFalcon lists the programs. A ROM without the extended image, such as the
// kernel gives for a running card, cannot list them, and is not at fault.
func (l *legacy) tokenFalcon(at int) {
	b := l.p.b
	table, ok := l.far(l.p.u32(l.base + at))
	if !ok {
		return
	}
	if table+falconHeader > len(b) || b[table] != 1 || b[table+1] < falconHeader || b[table+2] < falconEntry {
		l.p.fault(faultVendorStructure, table, "no table of Falcon programs where BIT token p points")
		return
	}
	header, size, count := int(b[table+1]), int(b[table+2]), int(b[table+3])
	for i := range min(count, maxPrograms) {
		entry := table + header + i*size
		if entry+falconEntry > len(b) {
			return
		}
		pointer := l.p.u32(entry + 2)
		if at, ok := l.far(pointer); ok && pointer != 0 {
			program := inventory.ROMMicrocode{Offset: at, Application: hexBytes(b[entry]), Target: hexBytes(b[entry+1])}
			l.p.descriptor(&program)
			l.p.rom.Microcode = append(l.p.rom.Microcode, program)
		}
	}
}

// descriptor reads what a descriptor states. The first form has no version:
// bit 0 is clear, and the first field is the stored size.
func (p *parser) descriptor(m *inventory.ROMMicrocode) {
	first := p.u32(m.Offset)
	if first&1 == 0 {
		m.Descriptor, m.Bytes = 1, new(int(first))
		return
	}
	m.Descriptor = int(first >> 8 & 0xff)
	size := int(first >> 16)
	if m.Descriptor == 2 || m.Descriptor == 3 {
		m.Bytes = new(int(p.u32(m.Offset + falconStored)))
	}
	if d := m.Offset; m.Descriptor == 3 && size >= falconV3 && d+falconV3 <= len(p.b) {
		m.EngineMask = new(fmt.Sprintf("%04x", p.u32(d+falconEngines)&0xffff))
		m.ID, m.Signatures = new(int(p.b[d+falconID])), new(int(p.b[d+falconCount]))
		m.SignatureVersions = new(fmt.Sprintf("%04x", p.u32(d+falconVersions)&0xffff))
		if want := falconV3 + falconSignature**m.Signatures; want != size {
			p.fault(faultVendorStructure, d, "Falcon descriptor of %d bytes, %d signatures take %d", size, *m.Signatures, want)
		}
	}
}
