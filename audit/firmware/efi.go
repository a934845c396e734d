package firmware

import (
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
	efi    *inventory.EFIImage
	faults []inventory.ROMFault
}

// efiJobs prepares the reading of every EFI image.
func (p *parser) efiJobs() []*efiJob {
	var jobs []*efiJob
	for i := range p.rom.Images {
		img := &p.rom.Images[i]
		if p.headers[i].code != codeEFI {
			continue
		}
		img.EFI = new(inventory.EFIImage)
		jobs = append(jobs, &efiJob{image: p.b[img.Offset : img.Offset+img.Bytes], offset: img.Offset, efi: img.EFI})
	}
	return jobs
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
	if j.efi.Compression == 1 {
		out, variant, err := decompress(payload)
		if err != nil {
			j.fault(faultEFICompression, "%v", err)
			return
		}
		payload, j.efi.Variant = out, new(variant)
	}
	switch {
	case hasMark(payload, 0, "VZ"):
		j.efi.Format, j.efi.PayloadBytes = new("te"), new(len(payload))
		j.efi.Signed = new(false) // a TE image has no place for a signature
	default:
		j.pe(payload)
	}
}

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
	at := int(binary.LittleEndian.Uint16(b[0x16:]))
	if at < efiHeaderBytes || at >= len(b) {
		j.fault(faultEFIHeader, "the payload offset %#x is out of range", at)
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
	j.efi.Format, j.efi.PayloadBytes = new("pe"), new(len(pe.b))
	j.efi.Signed = new(pe.signed())
	j.efi.AuthenticodeSHA256 = new(hexBytes(pe.digest(newSHA256())...))
	if len(payload) > len(pe.b) {
		j.efi.MeasuredSHA256 = new(hexBytes(pe.measured(payload, newSHA256())...))
	}
	if !pe.signed() {
		return
	}
	sig, err := pe.signature()
	if err != nil {
		j.fault(faultEFISignature, "%v", err)
		return
	}
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
