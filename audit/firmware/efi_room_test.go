package firmware

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// rooms are what an EFI image has beside its driver: bytes, and those not blank.
func rooms(e *inventory.EFIImage) string {
	text := func(r *inventory.EFIRoom) string {
		if r == nil {
			return "-"
		}
		return fmt.Sprintf("%d/%d", r.Bytes, r.NonBlank)
	}
	return fmt.Sprintf("front %s slack %s overlay %s certificate %s", text(e.Front), text(e.Slack), text(e.Overlay), text(e.Certificate))
}

// padCertificate puts bytes behind the DER of a signed image's certificate, the
// way tools do that hide data in a signed program: the digest leaves the table out.
func padCertificate(b, data []byte) []byte {
	const entry = 0x40 + 24 + peDirectories + peCertificate*8
	b = append(bytes.Clone(b), data...)
	at := binary.LittleEndian.Uint32(b[entry:])
	size := binary.LittleEndian.Uint32(b[entry+4:]) + uint32(len(data))
	binary.LittleEndian.PutUint32(b[entry+4:], size)
	binary.LittleEndian.PutUint32(b[at:], size)
	return b
}

// holed moves the only section 16 bytes on and writes into what comes free.
func holed(b []byte) []byte {
	const headers, pointer = 0x200, 0x40 + 24 + 240 + 20
	b = append(append(bytes.Clone(b[:headers]), bytes.Repeat([]byte{0xcc}, 16)...), b[headers:]...)
	binary.LittleEndian.PutUint32(b[pointer:], headers+16)
	return b
}

// TestRooms: what hides beside a driver is counted, wherever no signature looks,
// and an honest image has nothing there.
func TestRooms(t *testing.T) {
	signed := signPE(t, unsignedPE(bytes.Repeat([]byte{0x90}, 1000)))
	payload := bytes.Repeat([]byte{0xa5}, 8192)
	second := append(padCertificate(signed, append([]byte{32, 0, 0, 0, 0, 2, 9, 0}, bytes.Repeat([]byte{7}, 24)...)), []byte{}...)
	entry := second[binary.LittleEndian.Uint32(second[0x40+24+peDirectories+peCertificate*8:]):]
	binary.LittleEndian.PutUint32(entry, binary.LittleEndian.Uint32(entry)-32) // the first ends before the second
	for _, tt := range []struct {
		name         string
		pe           []byte
		stored, open string // compressed and not, less front
	}{
		{"honest", signed, "overlay 0/0 certificate 0/0", "overlay 0/0 certificate 0/0"},
		{"unsigned", unsignedPE([]byte("code")), "overlay 0/0 certificate -", "overlay 0/0 certificate -"},
		{"behind the certificates", append(bytes.Clone(signed), payload...), "overlay 8192/8192 certificate 0/0", "overlay 0/0 certificate 0/0"},
		{"behind an unsigned image", append(unsignedPE([]byte("code")), payload...), "overlay 8192/8192 certificate -", "overlay 0/0 certificate -"},
		{"in the certificate", padCertificate(signed, payload), "overlay 0/0 certificate 8192/8192", "overlay 0/0 certificate 8192/8192"},
		{"a certificate of another type", second, "overlay 0/0 certificate 24/24", "overlay 0/0 certificate 24/24"},
		{"between headers and section", signPE(t, holed(unsignedPE([]byte("code")))), "overlay 16/16 certificate 0/0", "overlay 16/16 certificate 0/0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for compression, want := range []string{1: tt.stored, 0: tt.open} {
				e, fault := parseEFI(t, efiROM(tt.pe, byte(compression)))
				if got := rooms(e); fault != "" || !bytes.HasSuffix([]byte(got), []byte(want)) {
					t.Errorf("compression %d: %s, fault %q; want %s", compression, got, fault, want)
				}
				if e.Signed != nil && *e.Signed && verdicts(e) != "yes yes" {
					t.Errorf("compression %d: the signature does not hold: %s", compression, verdicts(e))
				}
			}
		})
	}
	open, _ := parseEFI(t, efiROM(append(bytes.Clone(signed), payload...), 0))
	if open.Slack == nil || open.Slack.NonBlank != len(payload) {
		t.Errorf("behind an uncompressed driver: %s", rooms(open))
	}
}

// TestSlack: what the ROM image has in front of the driver and behind it.
func TestSlack(t *testing.T) {
	const at = 0x40
	pe := unsignedPE(bytes.Repeat([]byte{0x90}, 1000))
	packed := store(pe, uefiBits)
	rom := efiROM(pe, 1)
	end := at + len(packed)
	if e, _ := parseEFI(t, rom); e.Slack == nil || e.Slack.NonBlank != 0 || e.Front == nil || e.Front.NonBlank != 0 || e.Slack.Offset > end || e.Slack.Bytes < len(rom)-end {
		t.Errorf("honest: %s", rooms(e))
	}
	if e, _ := parseEFI(t, fix(bytes.Clone(rom))); e.Slack.NonBlank > 1 {
		t.Errorf("with a byte for the sum: %s", rooms(e))
	}
	hidden := append(bytes.Clone(rom), bytes.Repeat([]byte{0x5a}, 4096)...)
	blocks := len(hidden) / blockBytes
	hidden[2] = byte(blocks)
	hidden[0x1c+0x10] = byte(blocks)
	if e, fault := parseEFI(t, hidden); fault != "" || e.Slack.NonBlank != 4096 {
		t.Errorf("behind the driver: %s, fault %q", rooms(e), fault)
	}
	// The data may announce more than they use.
	inside := bytes.Clone(hidden)
	binary.LittleEndian.PutUint32(inside[at:], uint32(len(inside)-at-sizesBytes))
	if e, fault := parseEFI(t, inside); fault != "" || e.Slack.NonBlank != 4096 {
		t.Errorf("within what the compressed data announce: %s, fault %q", rooms(e), fault)
	}
	const moved = 0x400
	front := append(append(bytes.Clone(rom[:at]), bytes.Repeat([]byte{0x5a}, moved-at)...), rom[at:]...)
	front = append(front, make([]byte, (blockBytes-len(front)%blockBytes)%blockBytes)...)
	binary.LittleEndian.PutUint16(front[0x16:], moved)
	front[2] = byte(len(front) / blockBytes)
	front[0x1c+0x10] = front[2]
	if e, fault := parseEFI(t, front); fault != "" || e.Front.NonBlank != moved-at || inventory.Text(e.Format) != "pe" {
		t.Errorf("in front of the driver: %s, fault %q", rooms(e), fault)
	}
	// The length that the data structure claims does not make it all a header.
	binary.LittleEndian.PutUint16(front[0x1c+0x0a:], moved-0x1c)
	if e, _ := parseEFI(t, front); e.Front.NonBlank != moved-at {
		t.Errorf("with a long data structure: %s", rooms(e))
	}
}

// TestPEOfItself: what a PE or TE image says of itself is read beside what the
// ROM's header says.
func TestPEOfItself(t *testing.T) {
	pe := unsignedPE([]byte("code"))
	te := make([]byte, 0x28+peSectionBytes+8)
	copy(te, "VZ\x64\xaa\x01\x0c")
	binary.LittleEndian.PutUint16(te[6:], 0x1a0)
	binary.LittleEndian.PutUint32(te[0x28+16:], 8)
	binary.LittleEndian.PutUint32(te[0x28+20:], uint32(0x1a0+peSectionBytes))
	for _, tt := range []struct {
		name               string
		payload            []byte
		subsystem, machine string
	}{
		{"driver", pe, "boot-service-driver", "x64"},
		{"program", with(pe, 0x40+24+peSubsystem, 10), "application", "x64"},
		{"runtime driver", with(pe, 0x40+24+peSubsystem, 12), "runtime-driver", "x64"},
		{"of another system", with(pe, 0x40+24+peSubsystem, 3), "0003", "x64"},
		{"of another machine", with(pe, 0x40+4, 0x64, 0xaa), "boot-service-driver", "aarch64"},
		{"TE", te, "runtime-driver", "aarch64"},
		{"TE cut short", te[:0x20], "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := parseEFI(t, efiROM(tt.payload, 1))
			if inventory.Text(e.PESubsystem) != tt.subsystem || inventory.Text(e.PEMachine) != tt.machine || e.Subsystem != "boot-service-driver" || e.Machine != "x64" {
				t.Errorf("%q, %q; the header says %q, %q", inventory.Text(e.PESubsystem), inventory.Text(e.PEMachine), e.Subsystem, e.Machine)
			}
		})
	}
	e, _ := parseEFI(t, efiROM(append(te, "hidden"...), 1))
	if e.Overlay == nil || e.Overlay.NonBlank != len("hidden") {
		t.Errorf("behind a TE image: %s", rooms(e))
	}
}

// TestEFIOfAnyType: an EFI image is read whatever it says that it is, and nothing
// else is taken for one.
func TestEFIOfAnyType(t *testing.T) {
	driver := efiROM(unsignedPE([]byte("code of a driver")), 1)
	for _, code := range []byte{codeLegacy, 1, 0x70, codeExtended, 0xf0, 0xf1, 0xff} {
		hidden := with(driver, 0x1c+0x14, code)
		rom := Parse(append(image(codeLegacy, 0x1002, 0x73ff, 4, false), hidden...))
		if len(rom.Images) != 2 || rom.Images[0].EFI != nil || rom.Images[1].EFI == nil {
			t.Fatalf("%02x: %+v", code, rom.Images)
		}
		if e := rom.Images[1].EFI; e.AuthenticodeSHA256 == nil || e.Signed == nil || *e.Signed || rom.Images[1].CodeType != hexBytes(code) {
			t.Errorf("%02x: %+v", code, e)
		}
		if payload, err := Payload(append(image(codeLegacy, 0x1002, 0x73ff, 4, false), hidden...), &rom.Images[1]); err != nil || !hasMark(payload, 0, "MZ") {
			t.Errorf("%02x: payload: %v", code, err)
		}
		for name, other := range map[string][]byte{"without the signature": with(hidden, 4, 0), "with an offset that leads nowhere": with(hidden, 0x16, 0xff, 0xff)} {
			if rom := Parse(other); len(rom.Images) != 1 || rom.Images[0].EFI != nil {
				t.Errorf("%02x %s: %+v", code, name, rom.Images)
			}
		}
	}
}

// TestDirectories: the vendor's own table of tables is looked for in every whole
// legacy image of NVIDIA and AMD.
func TestDirectories(t *testing.T) {
	const marks = 0x60
	atom := atomROM("113-1")
	ati := image(codeLegacy, vendorAMD, 0x4150, 4, true)
	copy(ati[0x80:], ati[0x1c:0x1c+pcir3MinBytes]) // the text stands where others have it
	ati[pcirPointer] = 0x80
	copy(ati[atiAt:], atiMark)
	for _, tt := range []struct {
		name, want string
		rom        []byte
	}{
		{"BIT", "bit", bitROM()},
		{"ATOM", "atom", atom},
		{"ATOM, its bytes swapped", "atom", with(atom, 0x104, []byte("MOTA")...)},
		{"BMP", "bmp", with(image(codeLegacy, vendorNVIDIA, 0x0110, 4, true), marks, []byte(bmpMark)...)},
		{"ATI", "ati", ati},
		{"somebody's code with NVIDIA's ids", "none", image(codeLegacy, vendorNVIDIA, 0x2684, 4, true)},
		{"somebody's code with AMD's ids", "none", image(codeLegacy, vendorAMD, 0x73ff, 4, true)},
		{"Intel", "", image(codeLegacy, vendorIntel, 0x56a0, 4, true)},
		{"EFI", "", efiROM(unsignedPE([]byte("code")), 0)},
		{"cut short", "", bitROM()[:0x500]},
	} {
		rom := Parse(tt.rom)
		if got := inventory.Text(rom.Images[0].Directory); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestRoomsOfDumps: no dump has anything beside its drivers but a byte for the
// sum, and each driver says of itself what its header says.
func TestRoomsOfDumps(t *testing.T) {
	drivers := 0
	for name, b := range dumps(t) {
		for _, img := range Parse(b).Images {
			e := img.EFI
			if e == nil || e.Format == nil {
				continue
			}
			drivers++
			if inventory.Text(e.PESubsystem) != e.Subsystem || inventory.Text(e.PEMachine) != e.Machine {
				t.Errorf("%s image %d: %s for %s, the header says %s for %s", name, img.Index, inventory.Text(e.PESubsystem), inventory.Text(e.PEMachine), e.Subsystem, e.Machine)
			}
			if e.Slack.NonBlank > 1 || e.Overlay.Bytes > 0 || e.Front.NonBlank > 512 || e.Certificate != nil && e.Certificate.Bytes > 0 {
				t.Errorf("%s image %d: %s", name, img.Index, rooms(e))
			}
		}
	}
	if drivers < 20 {
		t.Errorf("only %d drivers", drivers)
	}
}

// TestAttacksOnDumps puts what an attacker would into the driver of every dump,
// and behind its images, and asks whether it shows.
func TestAttacksOnDumps(t *testing.T) {
	hidden := make([]byte, 8192)
	if _, err := rand.Read(hidden); err != nil {
		t.Fatal(err)
	}
	attacked := 0
	for name, b := range dumps(t) {
		for _, img := range Parse(b).Images {
			e := img.EFI
			if e == nil || e.Signed == nil || !*e.Signed || img.Chain != 0 {
				continue
			}
			payload, err := Payload(b, &img)
			if err != nil {
				t.Fatal(err)
			}
			pe, err := parsePE(payload)
			if err != nil {
				t.Fatal(err)
			}
			attacked++
			at := pe.checksum + peSubsystem - peChecksum
			long := bytes.Clone(append(bytes.Clone(pe.b), hidden...))
			for _, size := range []int{pe.directory + 4, pe.certs.start} {
				binary.LittleEndian.PutUint32(long[size:], uint32(pe.certs.end-pe.certs.start+len(hidden)))
			}
			behind := efiROM(payload, 1)
			blocks := len(behind)/blockBytes + len(hidden)/blockBytes
			binary.LittleEndian.PutUint16(behind[2:], uint16(blocks))
			binary.LittleEndian.PutUint16(behind[0x1c+0x10:], uint16(blocks))
			for what, tt := range map[string]struct {
				rom   []byte
				shows func(e *inventory.EFIImage) bool
			}{
				"a program":      {efiROM(with(payload, at, 10), 1), func(e *inventory.EFIImage) bool { return inventory.Text(e.PESubsystem) == "application" }},
				"another driver": {with(efiROM(payload, 1), 0x0a, 0xbc, 0x0e), func(e *inventory.EFIImage) bool { return inventory.Text(e.PEMachine) != e.Machine }},
				"overlay":        {efiROM(append(bytes.Clone(pe.b), hidden...), 1), func(e *inventory.EFIImage) bool { return e.Overlay.NonBlank > 8000 && *e.SignatureValid }},
				"certificate":    {efiROM(long, 1), func(e *inventory.EFIImage) bool { return e.Certificate.NonBlank > 8000 && *e.SignatureValid }},
				"slack":          {append(behind, hidden...), func(e *inventory.EFIImage) bool { return e.Slack.NonBlank > 8000 }},
				"legacy":         {with(efiROM(payload, 1), 0x1c+0x14, codeLegacy), func(e *inventory.EFIImage) bool { return e.AuthenticodeSHA256 != nil }},
			} {
				rom := Parse(append(bytes.Clone(b[:img.Offset]), tt.rom...))
				got := rom.Images[len(rom.Images)-1].EFI
				if got == nil || !tt.shows(got) {
					t.Errorf("%s image %d: %s does not show: %+v", name, img.Index, what, got)
				}
			}
		}
		if rom := Parse(append(bytes.Clone(b), hidden...)); rom.Regions[len(rom.Regions)-1].DenseBytes < len(hidden) && len(rom.IFR) == 0 {
			t.Errorf("%s: random bytes behind it do not show", name)
		}
	}
	if attacked < 15 {
		t.Errorf("only %d drivers", attacked)
	}
}
