package rules_test

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/firmware/efitest"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

// More reasons why a modification cannot be seen without a reference.
const (
	passedOver = "firmware passes over what leads to no authority that it trusts, and runs what was signed"
	noWord     = "no other place states it"
)

// headerMods change what stands in headers, and what follows from them.
func headerMods() []mod {
	return []mod{
		{"L06", "a changed copy of the card's own legacy image chained behind the last", func(e *edit) bool {
			im := e.image("00")
			if im == nil {
				return false
			}
			second := slices.Clone(e.b[im.Offset : im.Offset+im.Bytes])
			second[len(second)/2] ^= 0x5a
			return e.chain(second)
		}, ""},
		{"L07", "the entry of the legacy image made a return: no display until a driver runs", func(e *edit) bool {
			im := e.image("00")
			return im != nil && e.poke(im, im.Offset+3, 0xcb)
		}, unsignedLegacy},
		{"I10", "vendor id changed in the PCI structure of the ROM alone", func(e *edit) bool {
			return e.everyPCIR(func(d []byte) { binary.LittleEndian.PutUint16(d[4:], 0x1d17) })
		}, ""},
		{"I11", "device list of the PCI structure led to other ids", func(e *edit) bool {
			im := e.image("00")
			if im == nil || len(im.DeviceIDs) == 0 {
				return false
			}
			at := e.pcir(im) + e.u16(e.pcir(im)+8)
			return e.poke(im, at, 0x84, 0x26)
		}, noWord},
		{"I12", "NVIDIA's extension of the PCI structure says that more follows", func(e *edit) bool {
			im := e.image("03")
			if im == nil || im.NPDE == nil {
				return false
			}
			return e.poke(im, im.NPDE.Offset+10, e.b[im.NPDE.Offset+10]^0x80)
		}, noWord},
		{"I13", "subsystem ids of NVIDIA's extension changed alone", func(e *edit) bool {
			for _, s := range e.rom.Subsystems {
				if s.Place == "npde" {
					return e.poke(e.owner(s.Offset), s.Offset+2, 0x34, 0x12)
				}
			}
			return false
		}, ""},
		{"I14", "straps in the legacy header changed", func(e *edit) bool {
			im := e.image("00")
			if im == nil || e.maker() != "10de" {
				return false
			}
			return e.poke(im, im.Offset+0x58, e.b[im.Offset+0x58]^0x10)
		}, unsignedLegacy},
		{"I15", "code revision of the PCI structure changed", func(e *edit) bool {
			return e.everyPCIR(func(d []byte) { d[0x12]++ })
		}, noWord},
		{"S18", "the first image is the last, and another driver lies hidden behind", func(e *edit) bool {
			im, old := e.image("00"), e.image("03")
			if im == nil || old == nil || old.Offset < im.Offset || im.Last {
				return false
			}
			e.poke(im, e.pcir(im)+0x15, 0x80)
			hidden := blocks(e.efi(hosttest.UEFIDriver(e.code(400))))
			if len(hidden) > old.Bytes {
				return false
			}
			copy(e.b[old.Offset:], hidden)
			return true
		}, older},
		{"S19", "the driver's image is shorter than its driver", func(e *edit) bool {
			im := e.image("03")
			if im == nil || im.Bytes < 8*block {
				return false
			}
			binary.LittleEndian.PutUint16(e.b[e.pcir(im)+0x10:], uint16(im.Bytes/block-4))
			return true
		}, ""},
		{"T10", "a byte of a command table of AMD's changed, not the first", func(e *edit) bool {
			for _, t := range slices.Backward(e.rom.Tables) {
				if len(t.Name) > 13 && t.Name[:13] == "atom.command[" && t.Bytes > 40 {
					return e.set(t.Offset+t.Bytes/2, e.b[t.Offset+t.Bytes/2]+1)
				}
			}
			return false
		}, unsignedLegacy},
		{"T11", "power limit lowered by a third, as for mining", func(e *edit) bool { return e.raisePower(67) }, "makers sell chips with less than half of what the strongest board of an id is specified for"},
		{"T12", "all kinds of memory in the table made another maker's", func(e *edit) bool {
			done := false
			for _, m := range e.rom.Memory {
				if m.Place == "bit.M" {
					done = e.set(m.Offset+1, e.b[m.Offset+1]^0x50)
				}
			}
			return done
		}, unsignedLegacy},
	}
}

// everyPCIR changes the PCI structure of each image of the chain that states the card's ids.
func (e *edit) everyPCIR(change func(d []byte)) bool {
	done := false
	for i := range e.rom.Images {
		im := &e.rom.Images[i]
		if im.Chain != 0 || im.VendorID != e.ids.Vendor || im.DeviceID != e.ids.Device {
			continue
		}
		change(e.b[e.pcir(im):])
		e.mend(im)
		done = true
	}
	return done
}

// signatureMods change what lies around the signature of the driver.
func signatureMods() []mod {
	entries := func(change func(e *edit, own, genuine []byte) []byte) func(*edit) bool {
		return func(e *edit) bool {
			pe := e.payload(e.image("03"))
			if pe == nil {
				return false
			}
			at, n := certificates(pe)
			if at == 0 || at+n != len(pe) {
				return false
			}
			own := e.signed(pe, "Example GPU", "Example Root")
			ownAt, ownBytes := certificates(own)
			if ownAt == 0 {
				return false
			}
			table := change(e, own[ownAt:ownAt+ownBytes], pe[at:at+n])
			out := slices.Concat(pe[:at], table)
			binary.LittleEndian.PutUint32(out[efitest.CertificateEntry(out)+4:], uint32(len(table)))
			return e.program(out)
		}
	}
	aligned := func(b []byte) []byte { return append(slices.Clip(b), make([]byte, -len(b)&7)...) }
	return []mod{
		{"G28", "a second signature, with a key of one's own, behind the maker's", entries(func(_ *edit, own, genuine []byte) []byte { return slices.Concat(aligned(genuine), own) }), passedOver},
		{"G29", "a second signature, with a key of one's own, in front of the maker's", entries(func(_ *edit, own, genuine []byte) []byte { return slices.Concat(aligned(own), genuine) }), passedOver},
		{"G30", "certificate entry of a kind that nobody reads, 4 KiB", entries(func(e *edit, _, genuine []byte) []byte {
			entry := append([]byte{8, 16, 0, 0, 0, 2, 0xf0, 0x0e}, e.random(4096)...)
			return slices.Concat(aligned(genuine), entry)
		}), ""},
		{"G31", "bytes behind the end of the compressed stream, its size raised", func(e *edit) bool {
			im := e.image("03")
			if im == nil || im.EFI == nil || im.EFI.Compression != 1 {
				return false
			}
			at := e.u16(im.Offset + 0x16)
			stream := slices.Clone(e.b[im.Offset+at : im.Offset+im.Bytes])
			size := int(binary.LittleEndian.Uint32(stream))
			if size+8 > len(stream) {
				return false
			}
			with := slices.Concat(e.b[im.Offset:im.Offset+at], stream[:8+size], e.random(2048))
			binary.LittleEndian.PutUint32(with[at:], uint32(size+2048))
			return e.replace(im, with)
		}, ""},
		{"G32", "text of the driver's DOS header changed, certificates kept", func(e *edit) bool {
			pe := e.payload(e.image("03"))
			if pe == nil || bytes.Equal(pe[0x20:0x24], []byte("Evil")) {
				return false
			}
			copy(pe[0x20:], "Evil")
			return e.program(pe)
		}, ""},
	}
}
