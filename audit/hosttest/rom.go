package hosttest

import "encoding/binary"

// Image is one image of an option ROM to build (PCI Firmware Specification 3.3,
// 5.1): a header, a PCI data structure and code.
type Image struct {
	Vendor, Device uint16
	CodeType       byte // 00 legacy, 03 EFI
	Blocks         int  // length in units of 512 bytes
	Code           []byte
	Last           bool
}

// ROM chains images; each legacy image sums to zero.
func ROM(images ...Image) []byte {
	var rom []byte
	for _, im := range images {
		b := make([]byte, im.Blocks*512)
		b[0], b[1], b[2] = 0x55, 0xaa, byte(im.Blocks)
		const pcir = 0x1c
		binary.LittleEndian.PutUint16(b[0x18:], pcir)
		copy(b[pcir:], "PCIR")
		binary.LittleEndian.PutUint16(b[pcir+4:], im.Vendor)
		binary.LittleEndian.PutUint16(b[pcir+6:], im.Device)
		binary.LittleEndian.PutUint16(b[pcir+0x0a:], 0x18)
		copy(b[pcir+0x0d:], []byte{0x00, 0x00, 0x03})
		binary.LittleEndian.PutUint16(b[pcir+0x10:], uint16(im.Blocks))
		b[pcir+0x14] = im.CodeType
		if im.Last {
			b[pcir+0x15] = 0x80
		}
		copy(b[0x40:len(b)-1], im.Code)
		if im.CodeType == 0 {
			sum := byte(0)
			for _, v := range b {
				sum += v
			}
			b[len(b)-1] = -sum
		}
		rom = append(rom, b...)
	}
	return rom
}

// ATOM is the code of a legacy image with an ATOMBIOS header that states a part
// number and a board (amdgpu's atombios.h: ATOM_ROM_HEADER), for [Image].
func ATOM(part string, subvendor, subdevice uint16) []byte {
	const start, texts, header, strings, commands, data = 0x40, 0x6e, 0x100, 0x180, 0x200, 0x210
	b := make([]byte, 0x300)
	u16 := func(at int, v uint16) { binary.LittleEndian.PutUint16(b[at-start:], v) }
	u16(0x48, header)
	copy(b[0x50-start:], "06/04/21 04:41")
	u16(texts, strings)
	copy(b[strings-start:], part+"\x00NAVI23\x00PCI_EXPRESS\x00GDDR6\x00")
	u16(header, 0x24)
	copy(b[header+4-start:], "ATOM")
	u16(header+0x18, subvendor)
	u16(header+0x1a, subdevice)
	u16(header+0x1e, commands)
	u16(header+0x20, data)
	for _, table := range [...]int{commands, data} { // master tables without entries
		u16(table, 4)
		copy(b[table+2-start:], []byte{1, 1})
	}
	return b
}

// BIT is the code of a legacy image with NVIDIA's table of tables (nouveau's bit.c),
// which states a version, a build date and a board, for [Image].
func BIT(version [5]byte, banner string, subvendor, subdevice uint16) []byte {
	const start, ids, header, info, strings, text = 0x40, 0x54, 0x100, 0x180, 0x1c0, 0x200
	b := make([]byte, 0x300)
	u16 := func(at int, v uint16) { binary.LittleEndian.PutUint16(b[at-start:], v) }
	u16(ids, subvendor)
	u16(ids+2, subdevice)
	copy(b[header-start:], "\xff\xb8BIT\x00\x00\x01\x0c\x06\x02")
	var sum byte
	for _, v := range b[header-start : header-start+12] {
		sum += v
	}
	b[header-start+11] = -sum
	token := func(i int, id byte, size, at uint16) {
		entry := header + 12 + 6*i
		b[entry-start], b[entry-start+1] = id, 2
		u16(entry+2, size)
		u16(entry+4, at)
	}
	token(0, 'i', 0x20, info)
	token(1, 'S', 3, strings)
	copy(b[info-start:], []byte{version[3], version[2], version[1], version[0], version[4]})
	copy(b[info+0x0f-start:], "07/12/22")
	u16(strings, text)
	b[strings+2-start] = byte(len(banner))
	copy(b[text-start:], banner)
	return b
}
