package rules_test

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/firmware/efitest"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const block = 512

// edit is a ROM, and what the card around it shows, while somebody changes it.
type edit struct {
	b   []byte
	rom *inventory.ROM // as it was
	ids inventory.IDs  // on the bus
	// told is the version that the driver tells, "" for that of the ROM.
	told string
	// donors are the other ROMs that whoever changes it has at hand.
	donors []dump
	noise  *rand.Rand
}

// image is the first image of a code type that a host runs.
func (e *edit) image(kind string) *inventory.ROMImage {
	for i := range e.rom.Images {
		if im := &e.rom.Images[i]; im.Chain == 0 && im.CodeType == kind {
			return im
		}
	}
	return nil
}

// last is the last image of the chain.
func (e *edit) last() *inventory.ROMImage {
	for i := range e.rom.Images {
		if im := &e.rom.Images[i]; im.Chain == 0 && im.Last {
			return im
		}
	}
	return nil
}

// maker is whose card it is.
func (e *edit) maker() string { return e.ids.Vendor }

func (e *edit) u16(at int) int { return int(binary.LittleEndian.Uint16(e.b[at:])) }
func (e *edit) u32(at int) int { return int(binary.LittleEndian.Uint32(e.b[at:])) }

// pcir is where the PCI data structure of an image lies.
func (e *edit) pcir(im *inventory.ROMImage) int { return im.Offset + e.u16(im.Offset+0x18) }

// sum makes an image sum to zero, as every editor does: by the byte that AMD has for
// it, or the last one.
func (e *edit) sum(at, size int) {
	byteAt := at + size - 1
	if e.maker() == "1002" && e.b[e.u16(at+0x18)+at+0x14] == 0 {
		byteAt = at + 0x21
	}
	e.b[byteAt] = 0
	var total byte
	for _, v := range e.b[at : at+size] {
		total += v
	}
	e.b[byteAt] = -total
}

// mend makes the sum of an image right where the stock one's was.
func (e *edit) mend(im *inventory.ROMImage) {
	if im.SumRequired && im.Sum == 0 {
		e.sum(im.Offset, im.Bytes)
	}
}

// poke changes bytes of an image and mends its sum.
func (e *edit) poke(im *inventory.ROMImage, at int, with ...byte) bool {
	copy(e.b[at:], with)
	e.mend(im)
	return true
}

// room makes n bytes in front of an offset: blank ones that lie there are taken.
func (e *edit) room(at, n int) {
	blank := 0
	for at+blank < len(e.b) && blank < n && (e.b[at+blank] == 0xff || e.b[at+blank] == 0) {
		blank++
	}
	e.b = slices.Insert(e.b, at, make([]byte, n-blank)...)
}

// blocks is b, padded to whole blocks.
func blocks(b []byte) []byte {
	return append(slices.Clip(b), make([]byte, -len(b)&(block-1))...)
}

// resize writes the length of an image into its headers.
func resize(image []byte) {
	n := len(image) / block
	pcir := int(binary.LittleEndian.Uint16(image[0x18:]))
	binary.LittleEndian.PutUint16(image[pcir+0x10:], uint16(n))
	if image[pcir+0x14] == 3 {
		binary.LittleEndian.PutUint16(image[2:], uint16(n))
	} else if n < 256 {
		image[2] = byte(n)
	}
	npde := (pcir + int(binary.LittleEndian.Uint16(image[pcir+10:])) + 15) &^ 15
	if string(image[npde:npde+4]) == "NPDE" {
		binary.LittleEndian.PutUint16(image[npde+8:], uint16(n))
	}
}

// replace puts other bytes in the place of an image, without a change of its headers'
// ids and flags.
func (e *edit) replace(im *inventory.ROMImage, with []byte) bool {
	with = blocks(with)
	resize(with)
	if more := len(with) - im.Bytes; more > 0 {
		e.room(im.Offset+im.Bytes, more)
	} else if im.Chain == 0 && !im.Last {
		e.b = slices.Delete(e.b, im.Offset+len(with), im.Offset+im.Bytes)
	} else {
		for i := im.Offset + len(with); i < im.Offset+im.Bytes; i++ {
			e.b[i] = 0xff
		}
	}
	copy(e.b[im.Offset:], with)
	if im.SumRequired && im.Sum == 0 {
		e.sum(im.Offset, len(with))
	}
	return true
}

// chain appends images behind the last one, which is no more the last.
func (e *edit) chain(images ...[]byte) bool {
	last := e.last()
	if last == nil {
		return false
	}
	e.b[e.pcir(last)+0x15] &^= 0x80
	e.mend(last)
	at := last.Offset + last.Bytes
	for i, im := range images {
		im = blocks(im)
		pcir := int(binary.LittleEndian.Uint16(im[0x18:]))
		im[pcir+0x15] &^= 0x80
		if i == len(images)-1 {
			im[pcir+0x15] |= 0x80
		}
		e.room(at, len(im))
		copy(e.b[at:], im)
		if im[pcir+0x14] == 0 || e.maker() == "10de" {
			e.b[at+len(im)-1] = 0
			var total byte
			for _, v := range e.b[at : at+len(im)] {
				total += v
			}
			e.b[at+len(im)-1] = -total
		}
		at += len(im)
	}
	return true
}

// payload is the program of an EFI image, nil where there is none.
func (e *edit) payload(im *inventory.ROMImage) []byte {
	if im == nil || im.EFI == nil || im.EFI.Format == nil {
		return nil
	}
	p, err := firmware.Payload(e.b, im)
	if err != nil {
		return nil
	}
	return slices.Clone(p)
}

// program puts another program into the first EFI image, compressed as the one before.
func (e *edit) program(pe []byte) bool {
	im := e.image("03")
	if im == nil {
		return false
	}
	head := slices.Clone(e.b[im.Offset : im.Offset+e.u16(im.Offset+0x16)])
	if im.EFI.Compression == 1 {
		pe = efitest.Compress(pe)
	}
	return e.replace(im, append(head, pe...))
}

// efi wraps a program as an EFI image with the card's ids.
func (e *edit) efi(pe []byte) []byte {
	vendor, device := number(e.ids.Vendor), number(e.ids.Device)
	return hosttest.EFIROM(uint16(vendor), uint16(device), pe)
}

func number(digits string) int {
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != 2 {
		return 0
	}
	return int(binary.BigEndian.Uint16(b))
}

// stripped is a PE image without its certificates.
func stripped(pe []byte) []byte {
	entry := efitest.CertificateEntry(pe)
	if at := binary.LittleEndian.Uint32(pe[entry:]); at > 0 && int(at) <= len(pe) {
		pe = slices.Clone(pe[:at])
		clear(pe[entry : entry+8])
	}
	return pe
}

// patched is a PE image with one byte of code changed.
func patched(pe []byte) []byte {
	pe = slices.Clone(pe)
	pe[0x600] ^= 0x5a
	return pe
}

// signed is a PE image signed anew, with a key of one's own.
func (e *edit) signed(pe []byte, subject, issuer string) []byte {
	pe = stripped(pe)
	rom := firmware.Parse(e.efi(pe))
	if len(rom.Images) == 0 || rom.Images[0].EFI == nil || rom.Images[0].EFI.AuthenticodeSHA256 == nil {
		return nil
	}
	digest, err := hex.DecodeString(*rom.Images[0].EFI.AuthenticodeSHA256)
	if err != nil {
		return nil
	}
	out, err := efitest.Sign(pe, digest, subject, issuer)
	if err != nil {
		return nil
	}
	return out
}

// certificates is the certificate table's range in a PE image.
func certificates(pe []byte) (at, n int) {
	entry := efitest.CertificateEntry(pe)
	return int(binary.LittleEndian.Uint32(pe[entry:])), int(binary.LittleEndian.Uint32(pe[entry+4:]))
}

// random are bytes without any structure.
func (e *edit) random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(e.noise.IntN(256))
	}
	return b
}

// code is n bytes that look like a compiler's for x86-64: common instructions with
// small operands.
func (e *edit) code(n int) []byte {
	forms := [][]byte{{0x48, 0x89}, {0x48, 0x8b}, {0x8b, 0x45}, {0x89, 0x45}, {0xe8}, {0x74}, {0x75}, {0x0f, 0xb6}, {0x48, 0x8d}, {0x31, 0xc0}, {0x55}, {0x5d}, {0xc3}, {0x83, 0xf8}, {0xeb}, {0x85, 0xc0}}
	var b []byte
	for len(b) < n {
		f := forms[e.noise.IntN(len(forms))]
		b = append(b, f...)
		switch len(f) {
		case 1:
			if f[0] == 0xe8 {
				b = append(b, byte(e.noise.IntN(256)), byte(e.noise.IntN(16)), 0, 0)
			} else if f[0] != 0x55 && f[0] != 0x5d && f[0] != 0xc3 {
				b = append(b, byte(e.noise.IntN(64)))
			}
		case 2:
			if f[1] != 0xc0 {
				b = append(b, []byte{0x45, 0x4d, 0xf8, 0xe8, 0x24, 0x08, 0xc1, 0xd8}[e.noise.IntN(8)], byte(e.noise.IntN(40)*8))
			}
		}
	}
	return b[:n]
}

// hole finds n bytes of one value in an image, away from its ends, and says where.
func (e *edit) hole(im *inventory.ROMImage, n int) int {
	run := 0
	for at := im.Offset + 0x200; at < im.Offset+im.Bytes-1; at++ {
		if v := e.b[at]; (v == 0 || v == 0xff) && v == e.b[at-1] {
			if run++; run == n+16 {
				return at - n - 8
			}
			continue
		}
		run = 0
	}
	return -1
}

// behind puts bytes into blank flash behind the images, or behind all where there is no
// room.
func (e *edit) behind(content []byte) bool {
	last := e.last()
	for i := range e.rom.Regions {
		r := &e.rom.Regions[i]
		if last == nil || r.Offset < last.Offset {
			continue
		}
		at := (r.Offset + r.ContentBytes + block - 1) &^ (block - 1)
		if at+len(content) <= r.Offset+r.Bytes {
			copy(e.b[at:], content)
			return true
		}
	}
	e.b = slices.Concat(e.b, make([]byte, -len(e.b)&(block-1)), content)
	return true
}

// table is a table of the ROM by name, nil where it has none.
func (e *edit) table(name string) *inventory.ROMTable {
	for i := range e.rom.Tables {
		if t := &e.rom.Tables[i]; t.Name == name && t.Bytes > 8 {
			return t
		}
	}
	return nil
}

// owner is the image that holds an offset.
func (e *edit) owner(at int) *inventory.ROMImage {
	for i := range e.rom.Images {
		if im := &e.rom.Images[i]; at >= im.Offset && at < im.Offset+im.Bytes {
			return im
		}
	}
	return nil
}

// set changes a byte wherever it lies, and mends the image that it lies in.
func (e *edit) set(at int, v byte) bool {
	if e.b[at] == v {
		v ^= 1
	}
	e.b[at] = v
	if im := e.owner(at); im != nil {
		e.mend(im)
	}
	return true
}

// raisePower raises the limit of power to so many percent.
func (e *edit) raisePower(percent int) bool {
	p := e.rom.Power
	if p == nil {
		return false
	}
	if p.Place == "bit.P.power" {
		for _, at := range [...]int{p.Offset + 6, p.Offset + 10} {
			binary.LittleEndian.PutUint32(e.b[at:], uint32(e.u32(at)/100*percent))
		}
	} else { // AMD's tables have it in watts
		for at := p.Offset; at < p.Offset+32; at++ {
			if e.u16(at) == p.Default/1000 {
				binary.LittleEndian.PutUint16(e.b[at:], uint16(p.Default/1000*percent/100))
			}
		}
	}
	if im := e.owner(p.Offset); im != nil {
		e.mend(im)
	}
	return true
}

// raiseMemory raises the fastest clock of the memory by a fifth, wherever the table of
// clocks has it: in MHz in two bytes with flags above them, or in units of 10 kHz or of
// MHz in four.
func (e *edit) raiseMemory() bool {
	for _, c := range e.rom.Clocks {
		table := e.table(c.Place)
		if c.Of != "memory" || table == nil {
			continue
		}
		top, b, done := slices.Max(c.MHz), e.b[table.Offset:table.Offset+table.Bytes], false
		for at := 0; at+4 <= len(b); at++ {
			v := binary.LittleEndian.Uint32(b[at:])
			switch {
			case c.Place == "bit.P.perf" && table.Revision == "7.0" && int(uint16(v)) == top:
				binary.LittleEndian.PutUint16(b[at:], uint16(top*6/5))
			case c.Place == "bit.P.perf" && int(v&0x3fff) == top && top*6/5 <= 0x3fff:
				binary.LittleEndian.PutUint16(b[at:], uint16(v)&0xc000|uint16(top*6/5))
			case c.Place != "bit.P.perf" && int(v) == top*100:
				binary.LittleEndian.PutUint32(b[at:], v*6/5)
			case c.Place != "bit.P.perf" && int(v) == top && table.Revision == "18.0":
				binary.LittleEndian.PutUint32(b[at:], v*6/5)
			default:
				continue
			}
			done = true
		}
		if im := e.owner(table.Offset); done && im != nil {
			e.mend(im)
		}
		return done
	}
	return false
}

// copyTimings puts the timings of a clock under the two faster ones behind it.
func (e *edit) copyTimings() bool {
	list := e.rom.Timings
	for i := 0; i+2 < len(list); i++ {
		if size := list[i+1].Offset - list[i].Offset; list[i].MHz >= 1500 && list[i+2].Module == list[i].Module && list[i+2].Offset-list[i+1].Offset == size {
			set := slices.Clone(e.b[list[i].Offset+4 : list[i].Offset+size])
			copy(e.b[list[i+1].Offset+4:], set)
			copy(e.b[list[i+2].Offset+4:], set)
			e.mend(e.image("00"))
			return true
		}
	}
	return false
}
