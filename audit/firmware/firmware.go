// Package firmware reads the expansion ROM of a PCI device: the image chain,
// what the vendors' tables inside state, the EFI drivers with their
// signatures, and digests of it all. The bytes come from the device under
// suspicion: every length is checked before it is used, no input makes a parser
// fail as a whole, and what is wrong with a ROM is a fact about it, not an error.
//
// Nothing here judges. A digest that matches its signature says nothing of who
// signed, and a valid signature says nothing of the legacy image beside it.
package firmware

import (
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// MaxBytes is the largest ROM that is parsed: the largest size that the
// expansion ROM register can ask for (PCI Local Bus 3.0, section 6.2.5.2).
const MaxBytes = 16 << 20

// maxImages bounds the images of one ROM; real ones have fewer than ten.
const maxImages = 256

// Kinds of [inventory.ROMFault].
const (
	faultEmpty           = "empty"              // no bytes
	faultBlank           = "blank"              // nothing but 00, or nothing but ff
	faultTooLarge        = "too-large"          // more than MaxBytes; nothing was read
	faultNoImage         = "no-image"           // no valid image anywhere
	faultBadPCIR         = "bad-pcir"           // an image header without a usable PCI data structure
	faultPCIROutside     = "pcir-outside"       // the structure is not inside its image
	faultZeroLength      = "image-length-zero"  // the chain cannot be followed from here
	faultTruncated       = "truncated-image"    // the image is longer than what was read
	faultChainNoLast     = "chain-without-last" // the chain ends and no image says that it is the last
	faultHeaderLength    = "header-length"      // the header's length is below the PCIR's
	faultOverlap         = "overlap"            // the header's length reaches into what follows
	faultSum             = "sum"                // the 8-bit sum is not zero where it must be
	faultTooManyImages   = "too-many-images"    // more than maxImages; the rest was not read
	faultEFIHeader       = "efi-header"         // code type 3 without a usable EFI header
	faultEFICompression  = "efi-compression"    // the payload does not decompress
	faultEFIPayload      = "efi-payload"        // the payload is neither PE nor TE
	faultEFISignature    = "efi-signature"      // a signature is there and cannot be read
	faultVendorStructure = "vendor-structure"   // a vendor's table is there and cannot be followed
)

// Parse reads a ROM. It never fails: what is wrong is in Faults, each with its
// offset. Source is left for the caller to fill in.
func Parse(b []byte) *inventory.ROM {
	p := newParser(b)
	if len(b) > MaxBytes {
		p.fault(faultTooLarge, 0, "%d bytes, more than the %d that a ROM can have", len(b), MaxBytes)
		return p.rom
	}
	p.b = b[:unit(b)]
	p.read()
	sortFaults(p.rom.Faults)
	return p.rom
}

// parser holds a ROM while it is read.
type parser struct {
	b     []byte // what the reading has once
	whole []byte // that, and copies of it
	rom   *inventory.ROM
	// headers are those of rom.Images, index by index.
	headers []header
	// first is where the chain begins, negative where there is none; see start.
	first *int
	// keys are those under which a partition of Intel's is authentic.
	keys []partitionKey
	// pspRoots are the keys of AMD's that are known, by digest.
	pspRoots map[string]string
}

func newParser(b []byte) *parser {
	return &parser{b: b, whole: b, rom: &inventory.ROM{Bytes: len(b)}, keys: intelKeys(), pspRoots: pspRoots()}
}

func (p *parser) fault(kind string, offset int, format string, args ...any) {
	p.rom.Faults = append(p.rom.Faults, inventory.ROMFault{Kind: kind, Offset: offset, Detail: fmt.Sprintf(format, args...)})
}
