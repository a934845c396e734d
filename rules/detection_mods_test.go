package rules_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/firmware/efitest"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// mod is one way to change a ROM. Apply says whether the ROM has what it changes.
type mod struct {
	id, what string
	apply    func(e *edit) bool
	// blind is why nobody could see it without a reference where a rule does not; "" for
	// one that is to be seen on every ROM.
	blind string
}

// Why a modification cannot be seen without a reference.
const (
	unsignedLegacy = "nothing signs the legacy images of NVIDIA and AMD, and a sum can be mended"
	words          = "texts, versions and dates in a legacy image are not signed, and nothing else states them"
	genuine        = "every part of it is the maker's own, signed as on other cards of his"
	plainFlash     = "outside the images flash holds plain data of its maker's; plain code is no denser"
	noLimits       = "no list here has clocks and power of this part: its makers set them"
	hardwareKeys   = "only the chip has the key to this signature"
	blank          = "padding is no content"
	pspKeys        = "what AMD encrypts only the chip can hold against its signature"
	older          = "a card from before 2014, or of which the launch is not known, may have no driver"
	sameIDs        = "the ROM and the bus agree, and no list tells all boards of a chip"
)

// mods are all of them, by the names of docs/detection.md.
func mods() []mod {
	return slices.Concat(legacyMods(), identityMods(), tableMods(), driverMods(), addedDriverMods(), structureMods(), flashMods(), headerMods(), signatureMods())
}

func legacyMods() []mod {
	flip := func(mend bool) func(*edit) bool {
		return func(e *edit) bool {
			im := e.image("00")
			if im == nil {
				return false
			}
			at := im.Offset + im.Bytes/2
			for e.b[at] == 0 || e.b[at] == 0xff {
				at--
			}
			e.b[at] ^= 0x5a
			if mend {
				e.mend(im)
			}
			return im.SumRequired
		}
	}
	return []mod{
		{"L01", "a byte of legacy code flipped, sum mended", flip(true), unsignedLegacy},
		{"L02", "a byte of legacy code flipped", flip(false), ""},
		{"L03", "the legacy entry leads to code put into padding, sum mended", func(e *edit) bool {
			im := e.image("00")
			if im == nil {
				return false
			}
			at := e.hole(im, 200)
			if at < 0 {
				return false
			}
			copy(e.b[at:], e.code(200))
			e.b[im.Offset+3] = 0xe9
			binary.LittleEndian.PutUint16(e.b[im.Offset+4:], uint16(at-im.Offset-6))
			e.mend(im)
			return true
		}, unsignedLegacy},
		{"L04", "the legacy image replaced by a program that shows the card's ids", func(e *edit) bool {
			im := e.image("00")
			if im == nil {
				return false
			}
			return e.replace(im, e.stranger(e.ids.Vendor, e.ids.Device, im.Last))
		}, ""},
		{"L05", "a second legacy image, of another vendor, appended", func(e *edit) bool {
			return e.chain(e.stranger("8086", "100e", true))
		}, ""},
	}
}

// stranger is a legacy image that is no video BIOS.
func (e *edit) stranger(vendor, device string, last bool) []byte {
	return hosttest.ROM(hosttest.Image{Vendor: uint16(number(vendor)), Device: uint16(number(device)), Blocks: 48, Code: e.code(48*block - 0x50), Last: last})
}

// changeText replaces a text of the ROM by another of the same length.
func (e *edit) changeText(name string, change func(string) string) bool {
	for _, t := range e.rom.Texts {
		if t.Name != name || len(t.Text) < 4 {
			continue
		}
		at := bytes.Index(e.b[t.Offset:min(len(e.b), t.Offset+256)], []byte(t.Text[:4]))
		if at < 0 {
			return false
		}
		at += t.Offset
		with := []byte(change(t.Text))
		with = with[:min(len(with), len(t.Text))]
		if bytes.Equal(with, e.b[at:at+len(with)]) {
			return false
		}
		copy(e.b[at:], with)
		if im := e.owner(at); im != nil {
			e.mend(im)
		}
		return true
	}
	return false
}

// changeVersion changes the version that the ROM states: its last digit or byte.
func (e *edit) changeVersion() bool {
	if t := e.table("bit.i"); t != nil {
		return e.set(t.Offset+1, e.b[t.Offset+1]+1)
	}
	if e.maker() == "1002" {
		return e.changeText("version", func(s string) string {
			b := []byte(s)
			i := max(strings.LastIndexByte(s, '.')-1, 0)
			b[i] = '0' + (b[i]-'0'+1)%10
			return string(b)
		})
	}
	return false
}

// setIDs writes other ids into every image of the chain that states the card's.
func (e *edit) setIDs(device string) bool {
	done := false
	for i := range e.rom.Images {
		im := &e.rom.Images[i]
		if im.VendorID != e.ids.Vendor || im.DeviceID != e.ids.Device {
			continue
		}
		binary.LittleEndian.PutUint16(e.b[e.pcir(im)+6:], uint16(number(device)))
		e.mend(im)
		done = true
	}
	return done
}

// better are ids of dearer cards of each maker, of another generation than those at
// hand where there is one.
var better = map[string]string{"10de": "2684", "1002": "744c", "8086": "e20b"}

func (e *edit) setSubsystem() bool {
	for _, s := range e.rom.Subsystems {
		if im := e.owner(s.Offset); im != nil || s.Place == "nvgi" {
			binary.LittleEndian.PutUint16(e.b[s.Offset+2:], 0x1234)
			if im != nil {
				e.mend(im)
			}
		}
	}
	return len(e.rom.Subsystems) > 0
}

func identityMods() []mod {
	return []mod{
		{"I01", "device id changed in the ROM alone", func(e *edit) bool { return e.setIDs(better[e.maker()]) }, ""},
		{"I02", "a fake: ROM and bus both show a dearer card's id", func(e *edit) bool {
			ok := e.setIDs(better[e.maker()])
			e.ids.Device = better[e.maker()]
			return ok
		}, ""},
		{"I03", "subsystem ids changed in the ROM alone", (*edit).setSubsystem, ""},
		{"I04", "subsystem ids changed in ROM and on the bus", func(e *edit) bool {
			ok := e.setSubsystem()
			e.ids.SubsystemDevice = "1234"
			return ok
		}, sameIDs},
		{"I05", "version changed in the ROM, the driver tells the old one", func(e *edit) bool {
			e.told = inventory.Text(e.rom.Version)
			return e.maker() == "10de" && e.changeVersion()
		}, ""},
		{"I06", "version changed in the ROM, the driver agrees", (*edit).changeVersion, words},
		{"I07", "the banner or board text names another model", func(e *edit) bool {
			return e.changeText("banner", func(string) string { return "AD102 PG139 SKU 330 VGA BIOS" }) ||
				e.changeText("chip", func(string) string { return "NAVI31" })
		}, words},
		{"I08", "build date moved to this year", func(e *edit) bool {
			return e.changeText("build date", func(s string) string { return s[:6] + "26" + s[8:] })
		}, words},
		{"I09", "part number changed", func(e *edit) bool {
			return e.changeText("part", func(s string) string { return s[:len(s)-2] + "ZZ" })
		}, words},
	}
}

func tableMods() []mod {
	inTable := func(back int, names ...string) func(*edit) bool {
		return func(e *edit) bool {
			for _, name := range names {
				if t := e.table(name); t != nil && t.Bytes > 2*back {
					return e.set(t.Offset+t.Bytes-back, e.b[t.Offset+t.Bytes-back]+5)
				}
			}
			return false
		}
	}
	return []mod{
		{"T01", "memory timings changed", inTable(60, "bit.P.timing", "atom.VRAM_Info"), unsignedLegacy},
		{"T02", "maker or size in the memory table changed", func(e *edit) bool {
			if len(e.rom.Memory) == 0 {
				return false
			}
			m := e.rom.Memory[len(e.rom.Memory)-1]
			if m.Place == "bit.M" {
				return e.set(m.Offset+1, e.b[m.Offset+1]^0x50)
			}
			return e.set(m.Offset+0x1c, e.b[m.Offset+0x1c]^7)
		}, unsignedLegacy},
		{"T03", "clock and power table changed", inTable(40, "bit.P.perf", "atom.PowerPlayInfo"), unsignedLegacy},
		{"T04", "power limit raised by half", func(e *edit) bool { return e.raisePower(150) }, "makers of boards allow up to twice what a part is specified for"},
		{"T05", "a byte of an initialisation script changed", func(e *edit) bool {
			if t := e.table("bit.I"); t != nil {
				im := e.image("00")
				scripts := im.Offset + e.u16(t.Offset)
				if scripts+2 > len(e.b) {
					return false
				}
				at := im.Offset + e.u16(scripts) + 4
				return at < im.Offset+im.Bytes && e.set(at, e.b[at]+1)
			}
			if t := e.table("atom.command[0]"); t != nil {
				return e.set(t.Offset+t.Bytes/2, e.b[t.Offset+t.Bytes/2]+1)
			}
			return false
		}, unsignedLegacy},
		{"T06", "video BIOS table changed", func(e *edit) bool {
			return e.rom.VBT != nil && e.set(e.rom.VBT.Offset+e.rom.VBT.Bytes/2, e.b[e.rom.VBT.Offset+e.rom.VBT.Bytes/2]+1)
		}, ""},
		{"T07", "mining timings: the timings of a slow memory clock put under the fast ones", (*edit).copyTimings, ""},
		{"T08", "power limit raised threefold", func(e *edit) bool { return e.raisePower(300) }, noLimits},
		{"T09", "memory clock raised by a fifth", (*edit).raiseMemory, noLimits},
	}
}

// driverMods change the EFI driver of the card.
func driverMods() []mod {
	with := func(change func(e *edit, pe []byte) []byte) func(*edit) bool {
		return func(e *edit) bool {
			pe := e.payload(e.image("03"))
			if pe == nil {
				return false
			}
			if pe = change(e, pe); pe == nil {
				return false
			}
			return e.program(pe)
		}
	}
	return []mod{
		{"G01", "a byte of the driver patched, certificates kept", with(func(_ *edit, pe []byte) []byte { return patched(pe) }), ""},
		{"G02", "driver patched, certificates taken off", with(func(_ *edit, pe []byte) []byte { return stripped(patched(pe)) }), ""},
		{"G03", "driver replaced by another one, not signed", with(func(e *edit, _ []byte) []byte { return hosttest.UEFIDriver(e.code(400)) }), ""},
		{"G04", "driver patched and signed with a key of one's own", with(func(e *edit, pe []byte) []byte { return e.signed(patched(pe), "Example GPU", "Example Root") }), ""},
		{"G05", "driver patched and signed under Microsoft's names", with(func(e *edit, pe []byte) []byte {
			return e.signed(patched(pe), "Microsoft Windows UEFI Driver Publisher", "Microsoft Corporation UEFI CA 2011")
		}), ""},
		{"G06", "driver replaced by another maker's, signed by Microsoft", func(e *edit) bool { return e.donated(false) }, ""},
		{"G07", "driver replaced by that of another generation of this maker's", func(e *edit) bool { return e.donated(true) }, genuine},
		{"G08", "the driver's program says that it is an application, signed with a key of one's own", with(func(e *edit, pe []byte) []byte {
			pe = stripped(pe)
			pe[binary.LittleEndian.Uint32(pe[0x3c:])+24+68] = 10
			return e.signed(pe, "Example GPU", "Example Root")
		}), ""},
		{"G09", "the ROM header says runtime driver", func(e *edit) bool {
			im := e.image("03")
			return im != nil && e.poke(im, im.Offset+8, 12)
		}, ""},
		{"G10", "the program says runtime driver, not signed, and the header does not", with(func(_ *edit, pe []byte) []byte {
			pe = stripped(pe)
			pe[binary.LittleEndian.Uint32(pe[0x3c:])+24+68] = 12
			return pe
		}), ""},
		{"G11", "8 KiB behind the certificates", with(func(e *edit, pe []byte) []byte { return append(pe, e.random(8192)...) }), ""},
		{"G12", "8 KiB within the certificate table, signature valid", with(func(e *edit, pe []byte) []byte {
			at, n := certificates(pe)
			if at == 0 {
				return nil
			}
			pe = append(pe[:at+n], e.random(8192)...)
			binary.LittleEndian.PutUint32(pe[at:], uint32(n+8192))
			binary.LittleEndian.PutUint32(pe[efitest.CertificateEntry(pe)+4:], uint32(n+8192))
			return pe
		}), ""},
		{"G13", "certificates of another driver", with(func(e *edit, pe []byte) []byte {
			other := e.donor(func(d *dump) bool { return d.rom.SHA256 != e.rom.SHA256 })
			if other == nil {
				return nil
			}
			at, n := certificates(other)
			if at == 0 {
				return nil
			}
			return efitest.WithCertificates(stripped(pe), other[at+8:at+n])
		}), ""},
		{"G14", "the checksum field of the program changed, which no signature covers", with(func(_ *edit, pe []byte) []byte {
			pe[binary.LittleEndian.Uint32(pe[0x3c:])+24+64] ^= 0x5a
			return pe
		}), genuine},
		{"G15", "4 KiB of noise behind the driver in its image", func(e *edit) bool { return e.behindDriver(e.random(4096)) }, ""},
		{"G16", "x86 code behind the driver in its image", func(e *edit) bool { return e.behindDriver(e.code(4096)) }, ""},
		{"G25", "driver replaced by an old one that is not signed", with(func(e *edit, pe []byte) []byte { return stripped(pe) }), ""},
		{"G26", "driver removed, the legacy image is the last", func(e *edit) bool {
			legacy, im := e.image("00"), e.image("03")
			if im == nil || legacy == nil || legacy.Offset > im.Offset {
				return false
			}
			for i := range e.rom.Images {
				if x := &e.rom.Images[i]; x.Chain == 0 && x.Offset > legacy.Offset {
					for at := x.Offset; at < min(len(e.b), x.Offset+x.Bytes); at++ {
						e.b[at] = 0xff
					}
				}
			}
			return e.poke(legacy, e.pcir(legacy)+0x15, 0x80)
		}, older},
	}
}

// behindDriver puts bytes behind the driver within its image.
func (e *edit) behindDriver(more []byte) bool {
	im := e.image("03")
	if im == nil {
		return false
	}
	return e.replace(im, append(slices.Clone(e.b[im.Offset:im.Offset+im.Bytes]), more...))
}

// donor is the program of another ROM at hand.
func (e *edit) donor(fits func(d *dump) bool) []byte {
	for i := range e.donors {
		d := &e.donors[i]
		if !fits(d) {
			continue
		}
		other := edit{b: d.b, rom: d.rom}
		if pe := other.payload(other.image("03")); pe != nil {
			return pe
		}
	}
	return nil
}

// donated puts the driver of another ROM into this one.
func (e *edit) donated(sameMaker bool) bool {
	im := e.image("03")
	if im == nil || im.EFI == nil || im.EFI.AuthenticodeSHA256 == nil {
		return false
	}
	pe := e.donor(func(d *dump) bool {
		return (d.ids.Vendor == e.ids.Vendor) == sameMaker && d.generation != e.generation()
	})
	return pe != nil && e.program(pe)
}

func (e *edit) generation() string { return generation(e.rom) }

// generation is what tells generations of drivers apart: NVIDIA's first byte of the
// version, AMD's chip.
func generation(rom *inventory.ROM) string {
	if rom.ChipText != nil {
		return strings.TrimRight(*rom.ChipText, "0123456789")
	}
	v, _, _ := strings.Cut(inventory.Text(rom.Version), ".")
	return v
}

// addedDriverMods add a driver.
func addedDriverMods() []mod {
	appended := func(pe func(e *edit) []byte) func(*edit) bool {
		return func(e *edit) bool { return e.chain(e.efi(pe(e))) }
	}
	plain := func(e *edit) []byte { return hosttest.UEFIDriver(e.code(400)) }
	return []mod{
		{"G17", "a second driver appended, not signed", appended(plain), ""},
		{"G18", "a driver put in front of the card's, not signed", func(e *edit) bool {
			im := e.image("03")
			if im == nil {
				return false
			}
			first := blocks(e.efi(plain(e)))
			first[int(first[0x18])+0x15] = 0
			e.b = slices.Insert(e.b, im.Offset, first...)
			return true
		}, ""},
		{"G19", "a second driver appended, signed with a key of one's own", appended(func(e *edit) []byte { return e.signed(plain(e), "Example GPU", "Example Root") }), ""},
		{"G20", "another maker's driver appended, signed by Microsoft", func(e *edit) bool {
			pe := e.donor(func(d *dump) bool { return d.ids.Vendor != e.ids.Vendor })
			return pe != nil && e.chain(e.efi(pe))
		}, ""},
		{"G21", "a driver behind the last image, not signed", func(e *edit) bool {
			last := e.last()
			if last == nil {
				return false
			}
			im := blocks(e.efi(plain(e)))
			e.room(last.Offset+last.Bytes, len(im))
			copy(e.b[last.Offset+last.Bytes:], im)
			return true
		}, ""},
		{"G22", "a driver hidden under the code type of legacy images", func(e *edit) bool { return e.disguised(0) }, ""},
		{"G23", "a driver hidden under a code type of the vendor's", func(e *edit) bool { return e.disguised(0xe0) }, ""},
		{"G24", "a second driver for another machine, not signed", func(e *edit) bool {
			pe := plain(e)
			binary.LittleEndian.PutUint16(pe[binary.LittleEndian.Uint32(pe[0x3c:])+4:], 0xaa64)
			im := e.efi(pe)
			binary.LittleEndian.PutUint16(im[0x0a:], 0xaa64)
			return e.chain(im)
		}, ""},
		{"G27", "a TE program appended", func(e *edit) bool {
			te := append([]byte("VZ\x64\x86\x00\x0b\x28\x00"), make([]byte, 0x20)...)
			return e.chain(e.efi(append(te, e.code(400)...)))
		}, ""},
	}
}

func (e *edit) disguised(kind byte) bool {
	im := e.efi(hosttest.UEFIDriver(e.code(400)))
	im[int(im[0x18])+0x14] = kind
	return e.chain(im)
}

// structureMods change what lies around and between images.
func structureMods() []mod {
	behind := func(content func(e *edit) []byte) func(*edit) bool {
		return func(e *edit) bool {
			return e.behind(content(e))
		}
	}
	driver := func(e *edit) []byte { return hosttest.UEFIDriver(e.code(500)) }
	return []mod{
		{"S01", "16 KiB of noise behind all", behind(func(e *edit) []byte { return e.random(16384) }), ""},
		{"S02", "a PE program behind all", behind(driver), ""},
		{"S03", "8 KiB of x86 code behind all", behind(func(e *edit) []byte { return e.code(8192) }), plainFlash},
		{"S04", "16 KiB of base64 behind all", behind(func(e *edit) []byte { return []byte(base64.StdEncoding.EncodeToString(e.random(12288))) }), plainFlash},
		{"S05", "a PE program behind all, its first two bytes XORed", behind(func(e *edit) []byte {
			pe := driver(e)
			pe[0], pe[1] = pe[0]^0x5a, pe[1]^0x5a
			return pe
		}), plainFlash},
		{"S06", "3 KiB of noise behind all", behind(func(e *edit) []byte { return e.random(3072) }), ""},
		{"S07", "payload in padding of the legacy image, sum mended", func(e *edit) bool {
			im := e.image("00")
			if im == nil {
				return false
			}
			at := e.hole(im, 200)
			return at >= 0 && e.poke(im, at, e.random(200)...)
		}, unsignedLegacy},
		{"S08", "legacy image longer by 8 KiB of noise, sum mended", func(e *edit) bool {
			im := e.image("00")
			if im == nil {
				return false
			}
			return e.replace(im, append(slices.Clone(e.b[im.Offset:im.Offset+im.Bytes]), e.random(8192)...))
		}, unsignedLegacy},
		{"S09", "order of the first two images swapped", func(e *edit) bool {
			a, b := e.image("00"), e.image("03")
			if a == nil || b == nil || b.Offset != a.Offset+a.Bytes || !b.Last {
				return false
			}
			x, y := slices.Clone(e.b[a.Offset:b.Offset]), slices.Clone(e.b[b.Offset:b.Offset+b.Bytes])
			x[e.pcir(a)-a.Offset+0x15] |= 0x80
			y[e.pcir(b)-b.Offset+0x15] &^= 0x80
			copy(e.b[a.Offset:], y)
			copy(e.b[a.Offset+len(y):], x)
			e.sum(a.Offset+len(y), len(x))
			if b.SumRequired {
				e.sum(a.Offset, len(y))
			}
			return true
		}, genuine},
		{"S10", "the last image is not marked as the last", func(e *edit) bool {
			last := e.last()
			return last != nil && e.poke(last, e.pcir(last)+0x15, 0)
		}, ""},
		{"S11", "the first image is marked as the last, and hides the driver", func(e *edit) bool {
			im := e.image("00")
			return im != nil && !im.Last && e.poke(im, e.pcir(im)+0x15, 0x80)
		}, older},
		{"S12", "cut within the last image", func(e *edit) bool {
			last := e.last()
			if last == nil {
				return false
			}
			e.b = e.b[:last.Offset+last.Bytes/2]
			return true
		}, ""},
		{"S13", "cut behind the legacy image", func(e *edit) bool {
			im := e.image("00")
			if im == nil || im.Last {
				return false
			}
			e.b = e.b[:im.Offset+im.Bytes]
			return true
		}, ""},
		{"S14", "the sum byte alone", func(e *edit) bool {
			im := e.image("00")
			if im == nil || !im.SumRequired {
				return false
			}
			e.b[im.Offset+im.Bytes-1] ^= 0x5a
			return true
		}, ""},
		{"S15", "64 KiB of blank padding behind all", behind(func(*edit) []byte { return bytes.Repeat([]byte{0xff}, 65536) }), blank},
		{"S16", "class code of a network card", func(e *edit) bool {
			im := e.image("00")
			if im == nil {
				im = e.image("03")
			}
			return im != nil && e.poke(im, e.pcir(im)+0x0d, 0, 0, 2)
		}, ""},
		{"S17", "a changed copy of the legacy image behind all", func(e *edit) bool {
			im := e.image("00")
			if im == nil {
				return false
			}
			second := slices.Clone(e.b[im.Offset : im.Offset+im.Bytes])
			second[len(second)/2] ^= 0x5a
			return behind(func(*edit) []byte { return second })(e)
		}, ""},
	}
}

// flashMods change what only a dump of the flash has, and what its maker signs.
func flashMods() []mod {
	at := func(where func(e *edit) int) func(*edit) bool {
		return func(e *edit) bool {
			i := where(e)
			return i >= 0 && i < len(e.b) && e.set(i, e.b[i]+0x5a)
		}
	}
	psp := func(change func(e *edit, p *inventory.PSPEntry)) func(*edit) bool {
		return func(e *edit) bool {
			for i := range e.rom.PSP {
				if p := &e.rom.PSP[i]; p.Read && p.Signed != nil && *p.Signed && p.Bytes > 0x400 {
					change(e, p)
					return true
				}
			}
			return false
		}
	}
	partition := func(kind string, delta int) func(*edit) bool {
		return at(func(e *edit) int {
			for _, p := range e.rom.Partitions {
				if e.rom.Images[p.Image].CodeType == kind {
					return p.Offset + delta
				}
			}
			return -1
		})
	}
	return []mod{
		{"V01", "a byte of the init-from-ROM block changed", at(func(e *edit) int {
			if len(e.rom.IFR) == 0 {
				return -1
			}
			return e.rom.IFR[0].Offset + e.rom.IFR[0].Bytes/2
		}), "the block that the chip reads before any code is not signed"},
		{"V02", "64 KiB of noise in the lead of the flash", func(e *edit) bool {
			if e.rom.LeadBytes < 0x1200 {
				return false
			}
			copy(e.b[0x1000:], e.random(min(65536, e.rom.LeadBytes-0x1200)))
			return true
		}, "the lead of NVIDIA's flash holds programs of the maker's that are encrypted"},
		{"V03", "a byte of a program for NVIDIA's Falcon changed", at(func(e *edit) int {
			for _, m := range e.rom.Microcode {
				if m.Bytes != nil {
					return m.Offset + *m.Bytes/2
				}
			}
			return -1
		}), hardwareKeys},
		{"V04", "a byte of a private image changed", at(func(e *edit) int {
			for _, p := range e.rom.Private {
				return p.Offset + p.Bytes/2
			}
			return -1
		}), hardwareKeys},
		{"V05", "a byte of a program for AMD's PSP changed", psp(func(e *edit, p *inventory.PSPEntry) { e.b[p.Offset+0x200] ^= 0x5a }), pspKeys},
		{"V06", "a program for AMD's PSP replaced by noise", psp(func(e *edit, p *inventory.PSPEntry) {
			copy(e.b[p.Offset+0x100:p.Offset+p.Bytes], e.random(p.Bytes-0x100))
		}), ""},
		{"V07", "a byte of Intel's signed manifest changed", partition("f1", 0x200), ""},
		{"V08", "a byte of Intel's configuration changed", partition("f0", 0x900), ""},
		{"V09", "an editor's name put into the banner", func(e *edit) bool {
			tag := func(s string) string { return "mod by xx" + s[min(9, len(s)):] }
			return e.changeText("banner", tag) || e.changeText("board", tag)
		}, ""},
		{"V10", "a byte of the second copy in flash changed", func(e *edit) bool {
			for i := range e.rom.Images {
				if im := &e.rom.Images[i]; im.Chain > 0 && im.CodeType == "00" {
					e.b[im.Offset+im.Bytes/2] ^= 0x5a
					e.mend(im)
					return true
				}
			}
			return false
		}, ""},
	}
}

// name is a modification of a dump in words.
func (m *mod) name(d *dump) string { return fmt.Sprintf("%s of %s", m.id, d.name) }
