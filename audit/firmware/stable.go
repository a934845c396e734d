package firmware

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// stableVersion names what the stable digest is taken over.
const stableVersion = "gpuaudit.stable/v1"

// stable takes the digest that is equal for every card of one firmware
// version and for every way of reading it. It covers the images of the chain
// that a host follows, each from its header to its PCIR length, with no byte
// inside left out: code has nowhere to hide. It leaves out what lies around
// them in flash, which differs from card to card and by the tool that read it.
//
// The digest is SHA-256 over text, so that it can be checked by hand: the line
// "gpuaudit.stable/v1", then for each image its code type, its length and the
// SHA-256 of its bytes, separated by spaces, each line ended by a newline.
func (p *parser) stable() {
	h, images := sha256.New(), 0
	fmt.Fprintf(h, "%s\n", stableVersion)
	for i, img := range p.rom.Images {
		if img.Chain != 0 {
			p.exclude(img.Offset, img.Bytes, "image behind the chain", "no host runs it; a copy, or the vendor's data")
			continue
		}
		if p.headers[i].bytes != img.Bytes {
			p.rom.StableExcludes = nil
			return // part of the image was not read
		}
		images++
		fmt.Fprintf(h, "%s %d %s\n", img.CodeType, img.Bytes, img.SHA256)
	}
	if images == 0 {
		return
	}
	for _, r := range p.rom.Regions {
		reason := "outside the image chain: flash data of one card, or padding"
		if r.Kind == regionCopy {
			reason = "the reading repeats all that precedes it"
		}
		p.exclude(r.Offset, r.Bytes, r.Kind, reason)
	}
	for _, img := range p.rom.Private {
		if !p.insideImage(img.Offset) {
			p.exclude(img.Offset, img.Bytes, "private image", "read from flash only; a host's copy of the ROM lacks it")
		}
	}
	slices.SortFunc(p.rom.StableExcludes, func(a, b inventory.StableSkip) int { return a.Offset - b.Offset })
	p.rom.StableSHA256 = new(hex.EncodeToString(h.Sum(nil)))
}

func (p *parser) exclude(offset, bytes int, name, reason string) {
	p.rom.StableExcludes = append(p.rom.StableExcludes, inventory.StableSkip{Offset: offset, Bytes: bytes, Name: name, Reason: reason})
}

func (p *parser) insideImage(offset int) bool {
	return slices.ContainsFunc(p.rom.Images, func(img inventory.ROMImage) bool {
		return offset >= img.Offset && offset < img.Offset+img.Bytes
	})
}
