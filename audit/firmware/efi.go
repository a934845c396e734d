package firmware

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// EFI ROM header, UEFI Specification 2.10, table 14.6.
const (
	efiSignature   = 0x0ef1
	efiHeaderBytes = 0x18
)

// efiJob is the reading of one EFI image. It runs beside the digests, so its
// faults are kept apart until all jobs are done.
type efiJob struct {
	image  []byte
	offset int
	heads  []extent // of the headers, within the image
	efi    *inventory.EFIImage
	faults []inventory.ROMFault
}

// efiJobs prepares the reading of every EFI image: those that say so by their
// code type, and those of another type that have an EFI header all the same.
func (p *parser) efiJobs() []*efiJob {
	var jobs []*efiJob
	for i := range p.rom.Images {
		img, h := &p.rom.Images[i], &p.headers[i]
		image := p.b[img.Offset : img.Offset+img.Bytes]
		if h.code != codeEFI && !hidesEFI(image) {
			continue
		}
		img.EFI = new(inventory.EFIImage)
		jobs = append(jobs, &efiJob{image: image, offset: img.Offset, heads: h.heads(img), efi: img.EFI})
	}
	return jobs
}

// hidesEFI says that an image has an EFI header whose payload lies inside it:
// four bytes and an offset that no code of another type has by chance.
func hidesEFI(b []byte) bool {
	return len(b) >= efiHeaderBytes && binary.LittleEndian.Uint32(b[4:]) == efiSignature && payloadAt(b) > 0
}

// payloadAt is where the driver begins in an image with an EFI header, 0 where
// the header points nowhere.
func payloadAt(b []byte) int {
	at := int(binary.LittleEndian.Uint16(b[0x16:]))
	if at < efiHeaderBytes || at >= len(b) {
		return 0
	}
	return at
}

func (j *efiJob) fault(kind string, format string, args ...any) {
	j.faults = append(j.faults, inventory.ROMFault{Kind: kind, Offset: j.offset, Detail: fmt.Sprintf(format, args...)})
}

// run reads header, payload and signature, as far as each can be read.
func (j *efiJob) run() {
	payload, ok := j.header()
	if !ok {
		return
	}
	at := payloadAt(j.image)
	j.efi.Front = j.room(without(extent{0, at}, j.heads)...)
	if j.efi.Compression == 1 {
		out, variant, used, err := unpack(payload)
		if err != nil {
			j.fault(faultEFICompression, "%v", err)
			return
		}
		j.efi.Slack = j.room(extent{at + used, len(j.image)})
		payload, j.efi.Variant = out, new(variant)
	}
	if hasMark(payload, 0, "VZ") {
		j.te(payload)
	} else {
		j.pe(payload)
	}
}

// te reads a TE image: a PE image with a shorter header (UEFI PI Specification
// 1.7, volume 1, section 15).
func (j *efiJob) te(payload []byte) {
	const headerBytes = 0x28
	j.efi.Format, j.efi.PayloadBytes = new("te"), new(len(payload))
	j.efi.Signed = new(false) // a TE image has no place for a signature
	if len(payload) < headerBytes {
		return
	}
	j.efi.PEMachine = new(efiMachine(binary.LittleEndian.Uint16(payload[2:])))
	j.efi.PESubsystem = new(efiSubsystem(uint16(payload[5])))
	table := headerBytes + int(payload[4])*peSectionBytes
	if table > len(payload) {
		return
	}
	// Offsets count as they did before the headers were cut.
	stripped := int(binary.LittleEndian.Uint16(payload[6:])) - headerBytes
	named := []extent{{0, table}}
	for s := payload[headerBytes:table]; len(s) > 0; s = s[peSectionBytes:] {
		size, start := int(binary.LittleEndian.Uint32(s[16:])), int(binary.LittleEndian.Uint32(s[20:]))-stripped
		if start >= 0 && size <= len(payload) && start <= len(payload)-size {
			named = append(named, extent{start, start + size})
		}
	}
	j.overlay(payload, named)
}

// overlay tells what of a payload is the image: the ranges that are named. What
// an uncompressed one has behind its end is slack of the image in the ROM.
func (j *efiJob) overlay(payload []byte, named []extent) {
	end := 0
	for _, n := range named {
		end = max(end, n.end)
	}
	holes := without(extent{0, end}, named)
	if j.efi.Compression == 0 {
		at := len(j.image) - len(payload)
		j.efi.Slack = j.room(extent{at + end, len(j.image)})
	} else {
		holes = append(holes, extent{end, len(payload)})
	}
	j.efi.Overlay = roomOf(payload, holes...)
}

// room is room in the image, with its offset in the ROM.
func (j *efiJob) room(ranges ...extent) *inventory.EFIRoom {
	r := roomOf(j.image, ranges...)
	r.Offset += j.offset
	return r
}

// roomOf adds ranges up. Those without bytes give a room of none.
func roomOf(b []byte, ranges ...extent) *inventory.EFIRoom {
	r := new(inventory.EFIRoom)
	for _, e := range ranges {
		if e.start >= e.end {
			continue
		}
		if r.Bytes == 0 {
			r.Offset = e.start
		}
		r.Bytes += e.end - e.start
		r.NonBlank += nonBlank(b[e.start:e.end])
	}
	return r
}

func nonBlank(b []byte) int { return len(b) - bytes.Count(b, []byte{0}) - bytes.Count(b, []byte{0xff}) }

// header reads the EFI ROM header and returns the payload.
func (j *efiJob) header() ([]byte, bool) {
	b := j.image
	if len(b) < efiHeaderBytes || binary.LittleEndian.Uint32(b[4:]) != efiSignature {
		j.fault(faultEFIHeader, "no EFI signature 0ef1 in an image of code type 03")
		return nil, false
	}
	j.efi.Subsystem = efiSubsystem(binary.LittleEndian.Uint16(b[8:]))
	j.efi.Machine = efiMachine(binary.LittleEndian.Uint16(b[0x0a:]))
	j.efi.Compression = int(binary.LittleEndian.Uint16(b[0x0c:]))
	at := payloadAt(b)
	if at == 0 {
		j.fault(faultEFIHeader, "the payload offset %#x is out of range", binary.LittleEndian.Uint16(b[0x16:]))
		return nil, false
	}
	if j.efi.Compression > 1 {
		j.fault(faultEFICompression, "compression type %d is not defined", j.efi.Compression)
		return nil, false
	}
	return b[at:], true
}

// pe reads the PE image, its digest and its signature.
func (j *efiJob) pe(payload []byte) {
	pe, err := parsePE(payload)
	if err != nil {
		j.fault(faultEFIPayload, "%v", err)
		return
	}
	j.efi.PESubsystem, j.efi.PEMachine = new(efiSubsystem(pe.subsystem)), new(efiMachine(pe.machine))
	j.efi.Format, j.efi.PayloadBytes = new("pe"), new(len(pe.b))
	j.efi.Signed = new(pe.signed())
	j.efi.AuthenticodeSHA256 = new(hexBytes(pe.digest(newSHA256())...))
	if len(payload) > len(pe.b) {
		j.efi.MeasuredSHA256 = new(hexBytes(pe.measured(payload, newSHA256())...))
	}
	j.overlay(payload, pe.named())
	j.efi.Display, j.efi.SBAT = pe.displayDriver(), pe.sbat()
	if !pe.signed() {
		return
	}
	sig, err := pe.signature()
	if err != nil {
		j.fault(faultEFISignature, "%v", err)
		return
	}
	j.efi.Certificate = roomOf(pe.b, pe.spare()...)
	sig.report(pe, j.efi)
}

// efiMachine names the machine types of the PE format that UEFI uses.
func efiMachine(v uint16) string {
	switch v {
	case 0x014c:
		return "ia32"
	case 0x8664:
		return "x64"
	case 0xaa64:
		return "aarch64"
	case 0x01c2:
		return "arm"
	case 0x5064:
		return "riscv64"
	case 0x6264:
		return "loongarch64"
	case 0x0ebc:
		return "ebc"
	default:
		return hex16(v)
	}
}

func efiSubsystem(v uint16) string {
	switch v {
	case 10:
		return "application"
	case 11:
		return "boot-service-driver"
	case 12:
		return "runtime-driver"
	default:
		return hex16(v)
	}
}
