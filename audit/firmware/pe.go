package firmware

import (
	"cmp"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
)

// Offsets of the PE format (Microsoft PE and COFF Specification).
const (
	peChecksum      = 64 // of the optional header
	peSubsystem     = 68
	pe32Directories = 96
	peDirectories   = 112 // of PE32+
	peCertificate   = 4   // index of the certificate table
	peSectionBytes  = 40
	certHeaderBytes = 8
	certPKCS7       = 2 // WIN_CERT_TYPE_PKCS_SIGNED_DATA
	maxSBATBytes    = 4096
	maxSignatures   = 4 // of one image that are read; makers have one
)

var errNoPE = errors.New("neither a PE nor a TE image")

// peImage is a PE image with what its digest depends on.
type peImage struct {
	b         []byte // without padding behind the image
	machine   uint16
	subsystem uint16
	checksum  int // offset of the checksum field
	directory int // offset of the certificate table's entry, 0 for none
	headers   int // size of the headers
	sections  []extent
	certs     extent // of the certificate table, empty for an unsigned image
	sbatAt    extent // of the section .sbat, empty for an image without
	// sums are the digests that were taken, by their size, which tells the
	// hashes of Authenticode apart.
	sums map[int][]byte
}

// parsePE reads headers and section table. Every range it returns lies inside
// the image.
func parsePE(b []byte) (*peImage, error) {
	if !hasMark(b, 0, "MZ") || len(b) < 0x40 {
		return nil, errNoPE
	}
	at := int(binary.LittleEndian.Uint32(b[0x3c:]))
	if at < 0x40 || at > len(b)-24 || !hasMark(b, at, "PE\x00\x00") {
		return nil, fmt.Errorf("%w: no PE header where the DOS header points (%#x)", errNoPE, at)
	}
	count := int(binary.LittleEndian.Uint16(b[at+6:]))
	optional := at + 24
	table := optional + int(binary.LittleEndian.Uint16(b[at+20:]))
	if table > len(b) || table-optional < pe32Directories {
		return nil, fmt.Errorf("%w: the optional header is cut short", errNoPE)
	}
	pe := &peImage{b: b, checksum: optional + peChecksum, machine: binary.LittleEndian.Uint16(b[at+4:]), subsystem: binary.LittleEndian.Uint16(b[optional+peSubsystem:])}
	if err := pe.readOptional(optional, table); err != nil {
		return nil, err
	}
	if table+count*peSectionBytes > len(b) {
		return nil, fmt.Errorf("%d sections do not fit", count)
	}
	return pe, pe.readSections(table, count)
}

// readOptional reads the size of the headers and the certificate table.
func (pe *peImage) readOptional(optional, table int) error {
	b := pe.b
	directories := optional + peDirectories
	switch magic := binary.LittleEndian.Uint16(b[optional:]); magic {
	case 0x20b:
	case 0x10b:
		directories = optional + pe32Directories
	default:
		return fmt.Errorf("%w: optional header magic %04x", errNoPE, magic)
	}
	if directories > table {
		return fmt.Errorf("%w: the optional header is cut short", errNoPE)
	}
	pe.headers = int(binary.LittleEndian.Uint32(b[optional+60:]))
	if pe.headers < table || pe.headers > len(b) {
		return fmt.Errorf("the headers claim %d bytes", pe.headers)
	}
	entry := directories + peCertificate*8
	if n := binary.LittleEndian.Uint32(b[directories-4:]); n <= peCertificate || entry+8 > table {
		return nil
	}
	pe.directory = entry
	start, size := int(binary.LittleEndian.Uint32(b[entry:])), int(binary.LittleEndian.Uint32(b[entry+4:]))
	if size == 0 {
		return nil
	}
	if start < pe.headers || start > len(b) || size > len(b)-start {
		return fmt.Errorf("the certificate table (%d bytes at %#x) is out of range", size, start)
	}
	pe.certs = extent{start, start + size}
	return nil
}

// readSections lists the sections by file offset, and cuts off the padding
// that an image in a ROM has behind its end. Sections that overlap are refused:
// no linker makes them, and hashing them could cost any amount of time.
func (pe *peImage) readSections(table, count int) error {
	for i := range count {
		s := pe.b[table+i*peSectionBytes:]
		size, start := int(binary.LittleEndian.Uint32(s[16:])), int(binary.LittleEndian.Uint32(s[20:]))
		if size == 0 {
			continue
		}
		if start > len(pe.b) || size > len(pe.b)-start {
			return fmt.Errorf("section %d (%d bytes at %#x) is out of range", i, size, start)
		}
		pe.sections = append(pe.sections, extent{start, start + size})
		if hasMark(s, 0, ".sbat\x00") {
			pe.sbatAt = extent{start, start + min(size, maxSBATBytes)}
		}
	}
	slices.SortStableFunc(pe.sections, func(a, b extent) int { return cmp.Compare(a.start, b.start) })
	end := pe.headers
	for _, s := range pe.sections {
		if s.start < end {
			return fmt.Errorf("the section at %#x overlaps what precedes it", s.start)
		}
		end = s.end
	}
	if pe.signed() {
		if end > pe.certs.start {
			return fmt.Errorf("the certificate table at %#x lies inside a section", pe.certs.start)
		}
		end = pe.certs.end
	}
	pe.b = pe.b[:end]
	return nil
}

func (pe *peImage) signed() bool { return pe.certs.end > pe.certs.start }

// named are the ranges that the headers account for. What lies between the last
// section and the certificates is hashed with the sections, and counts as theirs.
func (pe *peImage) named() []extent {
	list := append([]extent{{0, pe.headers}}, pe.sections...)
	if pe.signed() {
		list[len(list)-1].end = pe.certs.start
		list = append(list, pe.certs)
	}
	return list
}

// spare is what the certificate table holds beside certificates: behind the DER
// of an entry more than it takes to align the next, entries of a type that nobody
// verifies, and what is no entry. Signatures do not cover any of it.
func (pe *peImage) spare() []extent {
	var list []extent
	for at := pe.certs.start; at < pe.certs.end; {
		table := pe.b[at:pe.certs.end]
		if len(table) < certHeaderBytes {
			return append(list, extent{at, pe.certs.end})
		}
		n := int(binary.LittleEndian.Uint32(table))
		if n < certHeaderBytes || n > len(table) {
			return append(list, extent{at, pe.certs.end})
		}
		next, used := min(len(table), (n+7)&^7), certHeaderBytes
		var blob asn1.RawValue
		if binary.LittleEndian.Uint16(table[6:]) == certPKCS7 {
			if _, err := asn1.Unmarshal(table[certHeaderBytes:n], &blob); err == nil {
				used = min(next, (certHeaderBytes+len(blob.FullBytes)+7)&^7)
			}
		}
		list = append(list, extent{at + used, at + next})
		at += next
	}
	return list
}

// digest is the Authenticode digest ("Windows Authenticode Portable Executable
// Signature Format", "Calculating the PE Image Hash"): the headers without
// checksum and certificate entry, the sections by offset, and what lies behind
// them up to the certificates.
func (pe *peImage) digest(h hash.Hash) []byte {
	if sum, taken := pe.sums[h.Size()]; taken {
		return sum
	}
	end := pe.body(h)
	if pe.signed() {
		h.Write(pe.b[end:pe.certs.start])
	}
	if pe.sums == nil {
		pe.sums = map[int][]byte{}
	}
	pe.sums[h.Size()] = h.Sum(nil)
	return pe.sums[h.Size()]
}

// measured is the digest that measured boot extends for an image of which the
// firmware was given whole, padding included (EDK II, DxeTpm2MeasureBootLib,
// MeasurePeImageAndExtend). It counts the bytes that it hashed, goes on from
// that offset, and leaves out as many bytes at the end as the certificates have.
func (pe *peImage) measured(whole []byte, h hash.Hash) []byte {
	pe.body(h)
	at := pe.headers
	for _, s := range pe.sections {
		at += s.end - s.start
	}
	if end := len(whole) - (pe.certs.end - pe.certs.start); end > at {
		h.Write(whole[at:end])
	}
	return h.Sum(nil)
}

// body hashes headers and sections, and returns where the last section ends.
func (pe *peImage) body(h hash.Hash) (end int) {
	b := pe.b
	h.Write(b[:pe.checksum])
	if pe.directory == 0 {
		h.Write(b[pe.checksum+4 : pe.headers])
	} else {
		h.Write(b[pe.checksum+4 : pe.directory])
		h.Write(b[pe.directory+8 : pe.headers])
	}
	end = pe.headers
	for _, s := range pe.sections {
		h.Write(b[s.start:s.end])
		end = s.end
	}
	return end
}

// pkcs7 lists the first PKCS #7 blobs of the certificate table.
func (pe *peImage) pkcs7() (blobs [][]byte, err error) {
	for table := pe.b[pe.certs.start:pe.certs.end]; len(table) >= certHeaderBytes; {
		n := int(binary.LittleEndian.Uint32(table))
		if n < certHeaderBytes || n > len(table) {
			err = fmt.Errorf("a certificate entry claims %d bytes of %d", n, len(table))
			break
		}
		if binary.LittleEndian.Uint16(table[6:]) == certPKCS7 && len(blobs) < maxSignatures {
			blobs = append(blobs, table[certHeaderBytes:n])
		}
		table = table[min(len(table), (n+7)&^7):]
	}
	switch {
	case len(blobs) > 0:
		return blobs, nil
	case err != nil:
		return nil, err
	}
	return nil, errors.New("the certificate table holds no PKCS #7 signature")
}
