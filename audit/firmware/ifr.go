package firmware

import (
	"encoding/binary"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// The init-from-ROM block of NVIDIA's flash, as the drivers read it to find the
// images behind it (open-gpu-kernel-modules, kernel_gsp_vbios_tu102.c; Linux,
// drivers/gpu/nova-core/vbios.rs). Versions 1 to 3 are proven on real flash
// dumps; offsets count from the block, those in the ROM directory from the
// first of the blocks that share it.
const (
	ifrMark       = "NVGI"
	ifrHeader     = 12
	ifrImagesAt   = 4 // behind the fixed part, versions 1 and 2
	ifrStatus     = 4096
	ifrDirectory  = "RFRD"
	ifrDirImages  = 8
	maxInitBlocks = 16
)

// initBlocks reads the blocks outside the images: the first, its backup, and
// those of a second copy of the firmware. They lie on the boundaries on which images do.
func (p *parser) initBlocks() {
	odd := max(0, p.start()) % blockBytes
	for _, r := range p.rom.Regions {
		end := r.Offset + r.Bytes
		first := (max(0, r.Offset-odd)+blockBytes-1)&^(blockBytes-1) + odd
		for at := first; at < end && len(p.rom.IFR) < maxInitBlocks; at += blockBytes {
			if hasMark(p.b, at, ifrMark) && at+ifrHeader <= len(p.b) {
				p.rom.IFR = append(p.rom.IFR, p.initBlock(at))
			}
		}
	}
}

func (p *parser) initBlock(at int) inventory.ROMInit {
	fixed, total := p.u32(at+4), p.u32(at+8)
	block := inventory.ROMInit{
		Offset: at, Version: int(fixed >> 8 & 0xff), FixedBytes: int(fixed >> 16 & 0x7fff), Bytes: int(total & 0xfffff),
	}
	switch block.Version {
	case 1, 2:
		block.Images = p.within(at, at+block.FixedBytes+ifrImagesAt)
	case 3:
		if status := p.within(at, at+block.Bytes); status != nil && hasMark(p.b, *status+ifrStatus, ifrDirectory) {
			block.Directory = new(*status + ifrStatus)
			block.Images = p.within(p.firstBlock(*block.Directory, at), *block.Directory+ifrDirImages)
		}
	}
	return block
}

// firstBlock is where the first block that has this directory begins; at is
// that of the one being read.
func (p *parser) firstBlock(directory, at int) int {
	for _, b := range p.rom.IFR {
		if b.Directory != nil && *b.Directory == directory {
			return b.Offset
		}
	}
	return at
}

// within follows a pointer that counts from base; nil where it leads outside.
func (p *parser) within(base, at int) *int {
	n := int(p.u32(at))
	if n == 0 || base+n >= len(p.b) {
		return nil
	}
	return new(base + n)
}

// u32 reads at an offset of the ROM; 0 where there is nothing.
func (p *parser) u32(at int) uint32 {
	if at < 0 || at+4 > len(p.b) {
		return 0
	}
	return binary.LittleEndian.Uint32(p.b[at:])
}
