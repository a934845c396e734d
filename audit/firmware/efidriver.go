package firmware

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Texts by which the makers' display drivers name themselves, in UTF-16 as the
// protocols of UEFI show them (UEFI 2.10, section 11.5, Component Name Protocol), and
// the block in which NVIDIA's has its build. All drivers of 119 dumps that Microsoft
// signed have one of the names, from 2014 to 2025.
const (
	gopAMD    = "AMD GOP "
	gopNVIDIA = "NVIDIA GPU UEFI Driver"
	gopIntel  = "Intel(R) GOP Driver"
	gopFamily = "nvgop-"
	gopBuild  = "NV-UEFI-BLD-INFO"

	maxGOPText  = 96
	maxGOPBuild = 256
	maxSBAT     = 16
)

// displayDriver says by its own texts whose display driver a PE image is. Of an image
// whose signature is good the texts are those that were signed.
func (pe *peImage) displayDriver() *inventory.EFIDriver {
	b := pe.b
	if pe.signed() {
		b = b[:pe.certs.start]
	}
	if name := wideText(b, gopAMD); name != "" {
		d := &inventory.EFIDriver{Maker: hex16(vendorAMD), Name: name}
		d.Version, d.Built = amdBuild(name)
		return d
	}
	if name := wideText(b, gopNVIDIA); name != "" {
		d := &inventory.EFIDriver{Maker: hex16(vendorNVIDIA), Name: gopNVIDIA}
		d.Family = inventory.Fact(strings.TrimPrefix(wideText(b, gopFamily), gopFamily))
		pe.nvidiaBuild(b, d)
		return d
	}
	if name := wideText(b, gopIntel); name != "" {
		return &inventory.EFIDriver{Maker: hex16(vendorIntel), Name: name}
	}
	return &inventory.EFIDriver{Maker: "none"}
}

// amdBuild finds number and day in "AMD GOP X64 Release Driver Rev.1.65.0.15.50.Sep 28
// 2017.15:11:11".
func amdBuild(name string) (version, built *string) {
	_, rest, found := strings.Cut(name, "Rev.")
	if !found {
		return nil, nil
	}
	rest = strings.TrimLeft(rest, " ")
	n := len(rest) - len(strings.TrimLeft(rest, "0123456789."))
	version = inventory.Fact(strings.Trim(rest[:n], "."))
	day, _, _ := strings.Cut(rest[n:], ".")
	return version, buildDay(day)
}

// nvidiaBuild reads day and version of an NVIDIA driver: texts behind a mark, each
// ended by a zero.
func (pe *peImage) nvidiaBuild(b []byte, d *inventory.EFIDriver) {
	at := bytes.Index(b, []byte(gopBuild))
	if at < 0 {
		return
	}
	for field := range bytes.SplitSeq(b[at:min(len(b), at+maxGOPBuild)], []byte{0}) {
		key, value, _ := strings.Cut(printable(string(field)), ":")
		switch {
		case key == "VER" && d.Version == nil:
			d.Version = inventory.Fact(value)
		case key == "DAT" && d.Built == nil:
			d.Built = buildDay(value)
		}
	}
}

// wideText is the UTF-16 text that begins with a word, up to its zero, "" where there
// is none.
func wideText(b []byte, word string) string {
	at := bytes.Index(b, wide(word))
	if at < 0 {
		return ""
	}
	var units []uint16
	for b = b[at:]; len(b) >= 2 && len(units) < maxGOPText && (b[0] != 0 || b[1] != 0); b = b[2:] {
		units = append(units, uint16(b[0])|uint16(b[1])<<8)
	}
	return printable(string(utf16.Decode(units)))
}

func wide(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		b = append(b, s[i], 0)
	}
	return b
}

// buildDay turns a compiler's date ("Sep  8 2017") into YYYY-MM-DD.
func buildDay(s string) *string {
	t, err := time.Parse("Jan 2 2006", strings.Join(strings.Fields(s), " "))
	if err != nil {
		return nil
	}
	return new(t.Format(time.DateOnly))
}

// sbat lists what a PE image states of its components for revocation by generation
// (rhboot/shim, SBAT.md): name and generation of each line of its section ".sbat". Boot
// loaders have one; no display driver measured here does.
func (pe *peImage) sbat() []string {
	if pe.sbatAt.end <= pe.sbatAt.start {
		return nil
	}
	var list []string
	for line := range strings.Lines(string(bytes.TrimRight(pe.b[pe.sbatAt.start:pe.sbatAt.end], "\x00"))) {
		fields := strings.SplitN(line, ",", 3)
		if len(fields) < 2 || len(list) == maxSBAT {
			break
		}
		if name := printable(fields[0]); name != "" {
			list = append(list, shortened(name, 64)+","+shortened(printable(fields[1]), 16))
		}
	}
	return list
}

func shortened(s string, n int) string { return s[:min(len(s), n)] }
