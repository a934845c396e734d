// Package romtext shows what a ROM holds to a person: on one line, as a tree, or as the
// difference of two. All of it is text from the ROM, cleaned for a terminal.
package romtext

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/catalogue/pciids"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Line is a ROM on one line, without its end.
func Line(name string, rom *inventory.ROM) string {
	if len(rom.Images) == 0 {
		return report.Clean(fmt.Sprintf("%s  no image in %d bytes", name, rom.Bytes))
	}
	ids, kinds := "", []string{}
	for _, img := range rom.Images {
		if img.Chain == 0 {
			kinds = append(kinds, img.CodeType)
		}
		// Intel's first images are for all of its cards, and name none of them.
		if ids == "" || strings.HasSuffix(ids, ":0000") && img.VendorID == ids[:4] {
			ids = img.VendorID + ":" + img.DeviceID
		}
	}
	faults := []string{}
	for _, x := range rom.Faults {
		faults = append(faults, x.Kind)
	}
	slices.Sort(faults)
	line := fmt.Sprintf("%s  %s  %s  images %s  version %s  stable %.12s", name, ids, board(rom),
		strings.Join(kinds, "+"), inventory.TextOr(rom.Version, "-"), inventory.TextOr(rom.StableSHA256, "none"))
	if len(faults) > 0 {
		line += "  faults " + strings.Join(slices.Compact(faults), ",")
	}
	return report.Clean(line)
}

func board(rom *inventory.ROM) string {
	if rom.SubsystemVendorID == nil || rom.SubsystemDeviceID == nil {
		return "board -"
	}
	return "board " + *rom.SubsystemVendorID + ":" + *rom.SubsystemDeviceID
}

// Tree is a ROM: what it says of its card first, then its images and tables by offset,
// and last what only the card's own processors read.
func Tree(name string, rom *inventory.ROM) string {
	t := &tree{rom: rom}
	t.line(0, "%s  %d bytes", name, rom.Bytes)
	t.line(1, "sha256  %s", rom.SHA256)
	t.line(1, "stable  %s", inventory.TextOr(rom.StableSHA256, "none: no whole chain of images was read"))
	t.line(1, "states  version %s, part %s, built %s, %s", inventory.TextOr(rom.Version, "-"), inventory.TextOr(rom.Part, "-"), inventory.TextOr(rom.BuildDate, "-"), board(rom))
	t.names()
	t.card()
	for i := range rom.Partitions {
		t.partition(&rom.Partitions[i])
	}
	for _, f := range rom.Faults {
		t.line(1, "fault   %#08x  %s: %s", f.Offset, f.Kind, f.Detail)
	}
	t.parts()
	t.processors()
	t.outside()
	return t.b.String()
}

// names says in words what the ids stand for that the images were made for, and the board's
// (the PCI id list).
func (t *tree) names() {
	var said []string
	for _, img := range t.rom.Images {
		ids := img.VendorID + ":" + img.DeviceID
		if img.Chain != 0 || slices.Contains(said, ids) {
			continue
		}
		said = append(said, ids)
		if device, known := pciids.Device(img.VendorID, img.DeviceID); known {
			maker, _ := pciids.Vendor(img.VendorID)
			t.line(1, "for     %s: %s %s", ids, maker, device)
		}
	}
	if t.rom.SubsystemVendorID == nil {
		return
	}
	if maker, known := pciids.Vendor(*t.rom.SubsystemVendorID); known {
		t.line(1, "board   of %s", maker)
	}
}

// outside names what the stable digest leaves out, each kind once.
func (t *tree) outside() {
	var names []string
	count, bytes := map[string]int{}, map[string]int{}
	for _, s := range t.rom.StableExcludes {
		if count[s.Name] == 0 {
			names = append(names, s.Name)
		}
		count[s.Name]++
		bytes[s.Name] += s.Bytes
	}
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%d, %d bytes)", name, count[name], bytes[name])
	}
	if len(names) > 0 {
		t.line(1, "outside the stable digest: %s", strings.Join(names, ", "))
	}
}

type tree struct {
	b   strings.Builder
	rom *inventory.ROM
}

// line writes one line; texts of the ROM are cleaned of control characters.
func (t *tree) line(depth int, format string, args ...any) {
	t.b.WriteString(strings.Repeat("  ", depth) + report.Clean(fmt.Sprintf(format, args...)) + "\n")
}

// parts lists images, regions and private images in the order of their offsets.
func (t *tree) parts() {
	type part struct {
		offset int
		print  func()
	}
	var list []part
	for i := range t.rom.Images {
		img := &t.rom.Images[i]
		list = append(list, part{img.Offset, func() { t.image(img) }})
	}
	for _, r := range t.rom.Regions {
		list = append(list, part{r.Offset, func() {
			t.line(1, "%#08x +%-8d %s, %d bytes not blank, %.2f bits of entropy a byte", r.Offset, r.Bytes, r.Kind, r.NonBlank, r.EntropyBits)
		}})
	}
	for _, p := range t.rom.Private {
		list = append(list, part{p.Offset, func() {
			t.line(1, "%#08x +%-8d private image of code type %s, %s:%s", p.Offset, p.Bytes, p.CodeType, p.VendorID, p.DeviceID)
			t.tables(p.Offset, p.Bytes)
		}})
	}
	slices.SortStableFunc(list, func(a, b part) int { return a.offset - b.offset })
	for _, p := range list {
		p.print()
	}
}

func (t *tree) image(img *inventory.ROMImage) {
	sum := ""
	switch {
	case img.SumRequired && img.Sum != 0:
		sum = fmt.Sprintf(", sum %#02x is WRONG", img.Sum)
	case img.SumRequired:
		sum = ", sum ok"
	}
	t.line(1, "%#08x +%-8d %s, %s:%s, class %s%s", img.Offset, img.Bytes, firmware.ImageName(img)+intels(img), img.VendorID, img.DeviceID, img.ClassCode, sum)
	for i := range t.rom.Images[:img.Index] {
		if first := &t.rom.Images[i]; first.SHA256 == img.SHA256 {
			t.line(3, "the same bytes as the image at %#08x", first.Offset)
			return
		}
	}
	t.line(3, "sha256 %s", img.SHA256)
	if img.EFI != nil {
		t.efi(img.EFI)
	}
	t.tables(img.Offset, img.Bytes)
}

// intels says what an image of Intel's own code types is (intel/igsc, lib/igsc_oprom.h).
func intels(img *inventory.ROMImage) string {
	what := map[string]string{"f0": " (signed directory of the configuration)", "ff": " (the configuration)", "f1": " (signed directory of the code)"}
	if img.VendorID != "8086" {
		return ""
	}
	return what[img.CodeType]
}

// tables lists the vendor's tables in a range of which is known what they are for, and
// counts the others.
func (t *tree) tables(offset, bytes int) {
	code, other := 0, 0
	for _, table := range t.rom.Tables {
		if table.Offset < offset || table.Offset >= offset+bytes {
			continue
		}
		switch use := inventory.TableUse(table.Name); {
		case strings.HasPrefix(table.Name, "atom.command["):
			code++
		case strings.HasPrefix(table.Name, "psp.") && table.Name != "psp.directory": // has a line of its own
		case use == "":
			other++
		default:
			t.line(3, "%#08x +%-8d %s, revision %s: %s", table.Offset, table.Bytes, table.Name, table.Revision, use)
		}
	}
	switch {
	case code > 0:
		t.line(3, "further tables: %d of code that the driver runs, %d others (-o json lists them)", code, other)
	case other > 0:
		t.line(3, "further tables: %d (-o json lists them)", other)
	}
}

// memory is one kind of memory that the ROM was made for.
func memory(m *inventory.ROMMemory) string {
	by := inventory.TextOr(m.Vendor, "an unnamed maker")
	switch {
	case strings.HasPrefix(m.Place, "atom.") && m.Place != "atom.VRAM_Info":
		by = "the machine's own"
	case m.Vendor == nil && m.VendorCode == "0" && m.Strap == nil:
		by = "by any maker"
	default:
		by = fmt.Sprintf("by %s (code %s)", by, m.VendorCode)
	}
	line := fmt.Sprintf("memory  %#08x  %s %s", m.Offset, m.Type, by)
	if m.Strap != nil {
		line += fmt.Sprintf(", strap %d", *m.Strap)
	}
	switch {
	case m.MiB != nil && m.BusBits != nil:
		line += fmt.Sprintf(", %d MiB on %d bits", *m.MiB, *m.BusBits)
	case m.BusBits != nil:
		line += fmt.Sprintf(", on %d bits", *m.BusBits)
	}
	if m.Part != nil {
		line += ", chip " + *m.Part
	}
	return line
}

// virtual is a connector of NVIDIA's tables that no socket goes with.
const virtual = "wireless"

// card lists what the vendor's tables say of the card.
func (t *tree) card() {
	for i := range t.rom.Memory {
		t.line(1, "%s", memory(&t.rom.Memory[i]))
	}
	sockets := slices.DeleteFunc(slices.Clone(t.rom.Connectors), func(c string) bool { return c == virtual })
	if len(sockets) > 0 {
		t.line(1, "sockets %s; board id %s", strings.Join(sockets, ", "), inventory.TextOr(t.rom.BoardID, "-"))
	}
	if p := t.rom.Power; p != nil {
		t.line(1, "power   %#08x  %d W for the %s, to be set from %d to %d W", p.Offset, p.Default/1000, p.Of, p.Min/1000, p.Max/1000)
	}
	for _, c := range t.rom.Clocks {
		line := fmt.Sprintf("clocks  %#08x  of the %s: %s MHz", c.Offset, c.Of, strings.Trim(strings.Join(strings.Fields(fmt.Sprint(c.MHz)), ", "), "[]"))
		if c.LineMbps != nil {
			line += fmt.Sprintf(", at most %d Mbit/s on a line", *c.LineMbps)
		}
		t.line(1, "%s", line)
	}
	for _, s := range t.rom.Timings {
		if s.SameAsMHz != 0 {
			t.line(1, "timing  %#08x  for %d MHz and chip %d, the same as for %d MHz", s.Offset, s.MHz, s.Module, s.SameAsMHz)
		}
	}
	if v := t.rom.VBT; v != nil {
		line := fmt.Sprintf("vbt     %#08x +%d  %s, version %d, data block %d of %d blocks", v.Offset, v.Bytes, v.Product, v.Version, v.DataVersion, len(v.Blocks))
		if v.Outputs != nil {
			line += fmt.Sprintf(", %d outputs wired", *v.Outputs)
		}
		t.line(1, "%s", line)
	}
}

// named puts the name of a number behind it, where it has one.
func named(number string, names map[string]string) string {
	if name := names[number]; name != "" {
		return number + " (" + name + ")"
	}
	return number
}

// applications are programs of NVIDIA's by their number (open-gpu-kernel-modules,
// kernel_gsp_fwsec.c), and pspTypes those of AMD's that are named the same in graphics ROMs
// and in those of processors (PSPReverse/PSPTool, entry.py).
var (
	applications = map[string]string{"05": "firmware security", "45": "firmware security, debug", "85": "firmware security"}
	pspTypes     = map[string]string{"00": "AMD's key", "01": "boot loader", "03": "boot loader for recovery"}
)

// processors lists the programs of the card's own processors.
func (t *tree) processors() {
	for _, i := range t.rom.IFR {
		t.line(1, "ifr     %#08x +%d  version %d, images at %s, directory at %s", i.Offset, i.Bytes, i.Version, place(i.Images), place(i.Directory))
	}
	for _, m := range t.rom.Microcode {
		line := fmt.Sprintf("falcon  %#08x  application %s for processor %s, descriptor %d", m.Offset, named(m.Application, applications), m.Target, m.Descriptor)
		if m.Bytes != nil {
			line += fmt.Sprintf(", %d bytes", *m.Bytes)
		}
		if m.Signatures != nil {
			line += fmt.Sprintf(", %d signatures for fuse versions %s, not checked", *m.Signatures, inventory.TextOr(m.SignatureVersions, "-"))
		}
		t.line(1, "%s", line)
	}
	for _, e := range t.rom.PSP {
		line := fmt.Sprintf("psp     %#08x +%d  type %s", e.Offset, e.Bytes, named(e.Type, pspTypes))
		if e.Directory != "" && e.Directory != "$PSP" {
			line += " of " + e.Directory
		}
		if !e.Read {
			line += ", outside what was read"
		}
		if e.Signed != nil && e.Encrypted != nil {
			line += fmt.Sprintf(", says signed %t, encrypted %t, key %s; %s", *e.Signed, *e.Encrypted, inventory.TextOr(e.Key, "-"), pspState(e.State))
		}
		t.line(1, "%s", line)
	}
}

// signatures is what the state of a partition says of its signature.
var signatures = map[string]string{
	inventory.PartitionAuthentic:  "AS SIGNED by the maker",
	inventory.PartitionChanged:    "CHANGED since the maker signed it",
	inventory.PartitionUnknownKey: "signed with a key that is not known, not checked",
	inventory.PartitionUnsigned:   "not signed",
	inventory.PartitionIncomplete: "not all of it was read",
	inventory.PartitionUnreadable: "cannot be read",
}

// partition is a signed partition, with what it holds and what it is for.
func (t *tree) partition(x *inventory.ROMPartition) {
	line := fmt.Sprintf("signed  %#08x  partition %s: %s", x.Offset, x.Name, signatures[x.State])
	if x.Key != nil {
		line += ", key " + *x.Key
	}
	if len(x.Changed) > 0 {
		line += ": " + strings.Join(x.Changed, ", ")
	}
	t.line(1, "%s", line)
	if x.KeySHA256 != nil {
		t.line(3, "key sha256 %s", *x.KeySHA256)
	}
	if x.Version != nil {
		t.line(3, "version %s of %s", *x.Version, inventory.TextOr(x.Date, "-"))
	}
	for _, m := range x.Modules {
		t.line(3, "%#08x +%-8d module %s, %s", m.Offset, m.Bytes, m.Name, answer(m.Matches, "the digest matches", "the digest DIFFERS", "the digest could not be compared"))
	}
	for _, board := range x.Boards {
		chip := ""
		if board.VendorID != nil && board.DeviceID != nil {
			chip = ", chip " + *board.VendorID + ":" + *board.DeviceID
		}
		t.line(3, "for the board %s:%s%s", board.SubsystemVendorID, board.SubsystemDeviceID, chip)
	}
}

// place is an offset, or a dash where none is stated.
func place(at *int) string {
	if at == nil {
		return "-"
	}
	return fmt.Sprintf("%#x", *at)
}

func (t *tree) efi(e *inventory.EFIImage) {
	packed := "stored"
	if e.Compression != 0 {
		packed = "compressed (" + inventory.TextOr(e.Variant, "unreadable") + ")"
	}
	t.line(3, "%s for %s, %s, format %s", e.Subsystem, e.Machine, packed, inventory.TextOr(e.Format, "not readable"))
	if inventory.TextOr(e.PESubsystem, e.Subsystem) != e.Subsystem || inventory.TextOr(e.PEMachine, e.Machine) != e.Machine {
		t.line(3, "the program says %s for %s of itself: it CONTRADICTS the header", inventory.TextOr(e.PESubsystem, "-"), inventory.TextOr(e.PEMachine, "-"))
	}
	t.display(e)
	for _, r := range [...]struct {
		room  *inventory.EFIRoom
		usual int // makers have a byte for the sum behind a driver, and headers in front of it
		place string
	}{
		{e.Front, 1024, "in front of the driver, offset %#x of the ROM"}, {e.Slack, 1, "behind the driver, offset %#x of the ROM"},
		{e.Overlay, 0, "that the driver's headers do not name, offset %#x of the driver"}, {e.Certificate, 0, "beside the certificates, offset %#x of the driver"},
	} {
		if r.room != nil && r.room.NonBlank > r.usual {
			t.line(3, "%d bytes that are not blank "+r.place, r.room.NonBlank, r.room.Offset)
		}
	}
	if e.AuthenticodeSHA256 != nil {
		t.line(3, "authenticode sha256 %s", *e.AuthenticodeSHA256)
	}
	if e.Signed == nil || !*e.Signed {
		t.line(3, "%s", answer(e.Signed, "signed", "not signed", "whether it is signed could not be read"))
		return
	}
	t.line(3, "signed by %s; %s; %s", inventory.TextOr(e.Signer, "an unnamed signer"),
		answer(e.DigestMatches, "the digest matches", "the digest DIFFERS", "the digest could not be compared"),
		answer(e.SignatureValid, "the signature is sound", "the signature is BROKEN", "the signature could not be checked"))
	t.line(3, "%s", authority(e.Chain))
	for _, c := range e.Certificates {
		t.line(4, "certificate %s, until %s", c.Subject, c.NotAfter.Format("2006-01-02"))
	}
}

// display says what the program calls itself.
func (t *tree) display(e *inventory.EFIImage) {
	switch d := e.Display; {
	case d == nil:
	case d.Name == "":
		t.line(3, "names itself as no display driver of NVIDIA's, AMD's or Intel's")
	default:
		line := "calls itself " + d.Name
		for _, fact := range [...]struct {
			words string
			text  *string
		}{{"for", d.Family}, {"version", d.Version}, {"built", d.Built}} {
			if fact.text != nil {
				line += ", " + fact.words + " " + *fact.text
			}
		}
		t.line(3, "%s", line)
	}
	if len(e.SBAT) > 0 {
		t.line(3, "states the components %s (SBAT): boot loaders do", strings.Join(e.SBAT, "; "))
	}
}

// authority says where the chain behind a signature leads. Its end is a date:
// whether it matters depends on the machine.
func authority(c *inventory.SignatureChain) string {
	switch {
	case c == nil:
		return "the chain could not be read"
	case c.Anchor == nil:
		return "leads to NO known authority (" + inventory.TextOr(c.Fault, "unknown") + ")"
	case c.AnchorNotAfter == nil:
		return "leads to " + *c.Anchor
	}
	return fmt.Sprintf("leads to %s, which lasts until %s", *c.Anchor, c.AnchorNotAfter.Format(time.DateOnly))
}

func answer(b *bool, yes, no, unknown string) string {
	switch {
	case b == nil:
		return unknown
	case *b:
		return yes
	}
	return no
}

// Difference is the comparison of two ROMs.
func Difference(one, two string, c *firmware.Comparison) string {
	t := &tree{}
	switch {
	case c.Identical:
		t.line(0, "%s and %s are equal to the byte", one, two)
	case c.SameStable == nil:
		t.line(0, "%s and %s differ; whether the code is the same cannot be told: one has no whole chain of images", one, two)
	case *c.SameStable:
		t.line(0, "%s and %s differ, and the code that a host runs is the same", one, two)
	default:
		t.line(0, "%s and %s differ in the code that a host runs", one, two)
	}
	for _, s := range c.Statements {
		t.line(1, "states  %s: %q, %q", s.Name, s.A, s.B)
	}
	t.regions(1, c.Regions)
	return t.b.String()
}

func (t *tree) regions(depth int, list []firmware.RegionDifference) {
	for _, r := range list {
		name := r.Name
		first, _, _ := strings.Cut(name, " #") // the second of one name has a number
		if use := inventory.TableUse(first); use != "" {
			name += " (" + use + ")"
		}
		switch {
		case r.B == nil:
			t.line(depth, "%#08x +%-8d %s: only in the first", r.A.Offset, r.A.Bytes, name)
		case r.A == nil:
			t.line(depth, "%#08x +%-8d %s: only in the second", r.B.Offset, r.B.Bytes, name)
		default:
			t.line(depth, "%#08x +%-8d %s: %s", r.A.Offset, r.A.Bytes, name, changes(r))
			t.regions(depth+1, r.Inside)
		}
	}
}

func changes(r firmware.RegionDifference) string {
	text := "equal as far as both go"
	if r.First != nil {
		text = fmt.Sprintf("%d bytes differ, the first at %#x", r.Changed, r.A.Offset+*r.First)
	}
	if r.A.Bytes != r.B.Bytes {
		text += fmt.Sprintf("; the second has %d bytes", r.B.Bytes)
	}
	return text
}

// pspState says what a signature is worth.
func pspState(state *string) string {
	words := map[string]string{
		"": "not checked", inventory.PSPAuthentic: "AS SIGNED by AMD", inventory.PSPEncrypted: "signed by AMD, over what only the chip can read",
		inventory.PSPChanged: "CHANGED since AMD signed it", inventory.PSPOtherKey: "signed with another key, not checked", inventory.PSPUnknownKey: "the directory's key is not known here",
	}
	return words[inventory.Text(state)]
}
