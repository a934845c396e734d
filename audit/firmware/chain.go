package firmware

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// structure finds all images: the chain that a host follows, what lies behind
// it, NVIDIA's private images, and the ranges that belong to none.
func (p *parser) structure() {
	if p.blank() {
		return
	}
	start := p.start()
	if start < 0 {
		p.rom.LeadBytes = 0
		why := whyNoImage(p.b)
		if why != "" {
			why = "; " + why
		}
		p.fault(faultNoImage, 0, "no image header with a PCI data structure in %d bytes%s", len(p.b), why)
		p.regions()
		return
	}
	p.rom.LeadBytes = start
	if hasMark(p.b, 0, "NVGI") {
		p.rom.Wrapper = new("nvgi")
	}
	end := p.mainChain(start)
	p.behind(end)
	p.nested()
	p.checkLengths()
	p.regions()
}

// blank notes a ROM that holds nothing: an unpowered device reads as ff, and a
// driver that blanks its shadow copy leaves 00.
func (p *parser) blank() bool {
	if len(p.b) == 0 {
		p.fault(faultEmpty, 0, "no bytes")
		return true
	}
	first := p.b[0]
	if first != 0 && first != 0xff || bytes.Count(p.b, []byte{first}) != len(p.b) {
		return false
	}
	p.fault(faultBlank, 0, "all %d bytes are %02x", len(p.b), first)
	p.regions()
	return true
}

// start is firstImage, once.
func (p *parser) start() int {
	if p.first == nil {
		p.first = new(p.firstImage())
	}
	return *p.first
}

// firstImage finds where the chain begins. Image headers lie on 512-byte
// boundaries, counted from the start of the chip or, in a dump with something
// odd in front, from the first image. A mark without a structure is data that
// looks like one, save at offset 0, where the host looks.
func (p *parser) firstImage() int {
	if hasMark(p.b, 0, sigPCI.header) {
		if _, kind := readHeader(p.b, 0, sigPCI); kind != "" {
			p.fault(kind, 0, "%s", whyHeader(p.b, 0, kind))
		}
	}
	for off := 0; off < len(p.b); off += blockBytes {
		if p.usable(off) {
			return off
		}
	}
	for off := 0; off < len(p.b); off++ {
		i := bytes.Index(p.b[off:], []byte(sigPCI.header))
		if i < 0 {
			break
		}
		if off += i; p.usable(off) {
			return off
		}
	}
	return -1
}

func (p *parser) usable(off int) bool {
	if !hasMark(p.b, off, sigPCI.header) {
		return false
	}
	_, kind := readHeader(p.b, off, sigPCI)
	return kind == ""
}

// mainChain follows the chain by the PCIR lengths up to its last image, and
// returns where it ends.
func (p *parser) mainChain(off int) int {
	for {
		h, kind := readHeader(p.b, off, sigPCI)
		if kind != "" {
			if hasMark(p.b, off, sigPCI.header) {
				p.fault(kind, off, "%s", whyHeader(p.b, off, kind))
			}
			p.fault(faultChainNoLast, off, "the image before is not marked as the last, and no image follows")
			return off
		}
		end := p.add(h, 0)
		switch {
		case h.last:
			return end
		case end >= len(p.b) || len(p.headers) >= maxImages:
			p.fault(faultChainNoLast, end, "the ROM ends and no image is marked as the last")
			return end
		}
		off = end
	}
}

// behind looks on after the end of the chain: a host stops there, but a flash
// chip holds more.
func (p *parser) behind(off int) {
	chain, expected, ended := 0, -1, true
	for off < len(p.b) {
		if len(p.headers)+len(p.rom.Private) >= maxImages {
			p.fault(faultTooManyImages, off, "more than %d images; the rest was not read", maxImages)
			return
		}
		if h, ok := readPrivate(p.b, off); ok {
			p.addPrivate(h, len(p.b))
			adjacent := off == expected
			off = min(len(p.b), off+h.bytes)
			if adjacent {
				expected = off
			}
			continue
		}
		if !hasMark(p.b, off, sigPCI.header) {
			off += blockBytes
			continue
		}
		h, kind := readHeader(p.b, off, sigPCI)
		if kind != "" {
			off += blockBytes
			continue
		}
		if ended || off != expected {
			chain++
		}
		off = p.add(h, chain)
		expected, ended = off, h.last
	}
}

// readPrivate reads the header of an image of NVIDIA's own chain.
func readPrivate(b []byte, off int) (header, bool) {
	for _, sig := range sigPrivate {
		if !hasMark(b, off, sig.header) {
			continue
		}
		if h, kind := readHeader(b, off, sig); kind == "" {
			return h, true
		}
	}
	return header{}, false
}

// nested finds private images inside PCI images: where NVIDIA's structure
// gives a shorter length than the PCIR, the rest is its private chain.
func (p *parser) nested() {
	for i := range p.rom.Images {
		img := &p.rom.Images[i]
		if img.NPDE == nil || img.NPDE.Bytes == 0 || img.NPDE.Bytes >= img.Bytes {
			continue
		}
		image := p.b[:img.Offset+img.Bytes]
		for off := img.Offset + img.NPDE.Bytes; off < len(image) && len(p.rom.Private) < maxImages; {
			h, ok := readPrivate(image, off)
			if !ok {
				break
			}
			p.addPrivate(h, len(image))
			off += h.bytes
		}
	}
	slices.SortFunc(p.rom.Private, func(a, b inventory.PrivateImage) int { return a.Offset - b.Offset })
}

// add records an image and returns where it ends.
func (p *parser) add(h header, chain int) int {
	end := h.offset + h.bytes
	truncated := end > len(p.b)
	if truncated {
		p.fault(faultTruncated, h.offset, "the image has %d bytes, of which %d were read", h.bytes, len(p.b)-h.offset)
		end = len(p.b)
	}
	image := p.b[h.offset:end]
	img := inventory.ROMImage{
		Index: len(p.rom.Images), Offset: h.offset, Bytes: len(image), Chain: chain,
		PCIRRevision: int(h.revision), CodeType: hexBytes(h.code), VendorID: hex16(h.vendor), DeviceID: hex16(h.device),
		ClassCode: hexBytes(h.class[:]...), Last: h.last, Sum: sum8(image),
		NPDE: readNPDE(image, h.pcir-h.offset, h.pcirLen),
	}
	if h.list != 0 {
		img.DeviceIDs = deviceList(image, h.pcir-h.offset+h.list)
	}
	if h.runtime != 0 {
		img.RuntimeBytes = new(h.runtime)
	}
	if img.NPDE != nil {
		img.NPDE.Offset += h.offset
	}
	img.SumRequired = !truncated && p.sumRequired(h)
	p.rom.Images, p.headers = append(p.rom.Images, img), append(p.headers, h)
	return end
}

// addPrivate records a private image, cut at end.
func (p *parser) addPrivate(h header, end int) {
	image := p.b[h.offset:min(end, h.offset+h.bytes)]
	p.rom.Private = append(p.rom.Private, inventory.PrivateImage{
		Offset: h.offset, Bytes: len(image), CodeType: hexBytes(h.code), VendorID: hex16(h.vendor),
		DeviceID: hex16(h.device), Last: h.last, Sum: sum8(image),
	})
}

// sumRequired: legacy images sum to zero by the specification (section 5.1.1),
// NVIDIA's EFI images do so in every stock ROM, also where their ids are
// 0000:0000; the EFI images of AMD and Intel do not, and are not at fault.
func (p *parser) sumRequired(h header) bool {
	nvidia := h.vendor == vendorNVIDIA
	if h.vendor == 0 && len(p.headers) > 0 {
		nvidia = p.headers[0].vendor == vendorNVIDIA
	}
	return h.code == codeLegacy || h.code == codeEFI && nvidia
}

// checkLengths compares what each image says of itself in two places.
func (p *parser) checkLengths() {
	for i, h := range p.headers {
		img := &p.rom.Images[i]
		if end := h.pcir + max(h.pcirLen, pcirMinBytes); end > h.offset+h.bytes {
			p.fault(faultPCIROutside, h.pcir, "the PCI data structure ends at %#x, behind its image", end)
		}
		switch {
		case h.size > h.bytes:
			p.fault(faultOverlap, h.offset, "the header says %d bytes and the PCI data structure %d: the rest belongs to what follows", h.size, h.bytes)
		case h.size != 0 && h.size < h.bytes:
			p.fault(faultHeaderLength, h.offset, "the header says %d bytes and the PCI data structure %d", h.size, h.bytes)
		}
		if img.SumRequired && img.Sum != 0 {
			p.fault(faultSum, h.offset, "the bytes sum to %02x, not 00", img.Sum)
		}
	}
}

func sortFaults(faults []inventory.ROMFault) {
	slices.SortStableFunc(faults, func(a, b inventory.ROMFault) int {
		if a.Offset != b.Offset {
			return a.Offset - b.Offset
		}
		return strings.Compare(a.Kind, b.Kind)
	})
}
