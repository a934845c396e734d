package hosttest

import "encoding/binary"

// UEFIDriver is a boot service driver for x64 that UEFI firmware loads and runs
// (Microsoft PE and COFF Specification; UEFI 2.10, section 2.1): the code is
// called once, as its entry point. Code that only returns 0 (31 c0 c3) reports
// success and does nothing.
func UEFIDriver(code []byte) []byte {
	const lfanew, align, page = 0x40, 0x200, 0x1000
	b := make([]byte, 3*align)
	u16 := func(at int, v uint16) { binary.LittleEndian.PutUint16(b[at:], v) }
	u32 := func(at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }
	copy(b, "MZ")
	u32(0x3c, lfanew)
	copy(b[lfanew:], "PE\x00\x00\x64\x86\x02\x00") // x64, two sections
	u16(lfanew+20, 240)
	u16(lfanew+22, 0x0226) // executable, large addresses, no debug information
	const o = lfanew + 24
	u16(o, 0x20b)
	u32(o+4, align)   // code
	u32(o+16, page)   // entry point
	u32(o+20, page)   // base of code
	u32(o+32, page)   // section alignment
	u32(o+36, align)  // file alignment
	u32(o+56, 3*page) // size of the image
	u32(o+60, align)  // size of the headers
	u16(o+68, 11)     // EFI boot service driver
	u32(o+108, 16)    // directories
	u32(o+112+5*8, 2*page)
	u32(o+112+5*8+4, 12) // relocations: none, in one block
	section := func(at int, name string, va, flags uint32) {
		copy(b[at:], name)
		u32(at+8, align)
		u32(at+12, va)
		u32(at+16, align)
		u32(at+20, va/page*align)
		u32(at+36, flags)
	}
	section(o+240, ".text", page, 0x60000020)
	section(o+280, ".reloc", 2*page, 0x42000040)
	copy(b[align:2*align], code)
	u32(2*align, 2*page)
	u32(2*align+4, 12)
	return b
}

// EFIROM is an option ROM with one uncompressed UEFI driver (UEFI 2.10, section
// 14.4.2).
func EFIROM(vendor, device uint16, driver []byte) []byte {
	const at = 0x40
	rom := ROM(Image{Vendor: vendor, Device: device, CodeType: 3, Blocks: (at+len(driver))/512 + 1, Code: driver, Last: true})
	clear(rom[3:0x18])
	binary.LittleEndian.PutUint32(rom[4:], 0x0ef1)
	binary.LittleEndian.PutUint16(rom[8:], 11)
	binary.LittleEndian.PutUint16(rom[0x0a:], 0x8664)
	binary.LittleEndian.PutUint16(rom[0x16:], at)
	return rom
}
