package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// firmware compares every reading of the ROM with the versions that are stated.
// All of them must match: a dump that matches does not excuse a device that
// answers otherwise.
func (c *comparison) firmware() facts.Verdict {
	states := func(p manifest.Predicate) bool { return len(p.OfKind(manifest.OptionROM)) > 0 }
	roms, withdrawn := c.d.Firmware.ROMs, c.with(manifest.Revoked, states)
	for i := range roms {
		if found := find(withdrawn, &roms[i]); found.by != nil {
			return revoked(found.by, "firmware", fact(i), roms[i].SHA256, found.entry.Version)
		}
	}
	by := c.speaking(states)
	switch {
	case len(by)+len(withdrawn) == 0:
		return c.notCovered("firmware", states)
	case len(roms) == 0:
		return c.unread("firmware", "/firmware/roms", append(slices.Clone(withdrawn), by...))
	case len(by) == 0:
		return c.notCovered("firmware", states)
	}
	return compareROMs(by, roms)
}

func compareROMs(by []*manifest.Manifest, roms []inventory.ROM) facts.Verdict {
	weakest, open := finding{how: byWhole}, ""
	var named []facts.Voucher
	for i := range roms {
		rom := &roms[i]
		found := find(by, rom)
		switch {
		case found.by == nil && limited(by, rom):
			open = "this reading of the ROM states no part number, and who speaks of it is trusted for some only"
			continue
		case found.by == nil && incomparable(by, rom):
			open = "the manifest states a stable digest, which cannot be taken of this reading of the ROM"
			continue
		case found.by == nil && hostsPart(by, rom):
			open = "this reading of the ROM holds the images that a host runs, each as the manifest states it, and not those of the chip's own processors in front of them"
			continue
		case found.by == nil:
			return mismatch(by, i, rom)
		case found.how < byWhole && wholeStated(found.entry):
			a := outside(found.entry, i, rom)
			if v, differs := a.verdict(found, i, rom); differs {
				return v
			}
			if a.more != nil {
				open = fmt.Sprintf("this reading of the ROM holds bytes that the manifest does not speak of: %s; all that it states is right", a.more)
				continue
			}
			if a.within != nil {
				open = fmt.Sprintf("this reading of the ROM ends within an image that the manifest states: %s; all that it holds whole is right", a.within)
				continue
			}
			found.cut = true
		}
		if found.how < weakest.how {
			weakest = found
		}
		named = append(named, vouchers([]*manifest.Manifest{found.by}, found.entry.Version)...)
	}
	if open != "" {
		return facts.Verdict{State: facts.Unknown, Vouchers: vouchers(by, ""), Reason: open}
	}
	v := facts.Verdict{State: facts.Match, Reason: reasons[weakest.how], Vouchers: slices.Compact(named)}
	if weakest.cut {
		v.Reason += "; the reading is shorter than the ROM that the manifest states, or padded"
	}
	if !slices.ContainsFunc(roms, func(r inventory.ROM) bool { return r.Source != "file" && r.Source != "flash" }) {
		v.Reason += "; it was compared in a dump that was given, not read from the device"
	}
	return v
}

func wholeStated(e manifest.Firmware) bool { return e.SHA256 != "" || e.SHA384 != "" }

// verdict is the mismatch of a ROM whose images are what an entry names and whose
// other bytes are not. The kernel gives no byte behind the last image: more of them
// in a reading through it were put there.
func (a *around) verdict(f finding, i int, rom *inventory.ROM) (facts.Verdict, bool) {
	if len(a.changed) == 0 && a.more != nil && rom.Source == "sysfs" && a.more.Offset > 0 {
		a.changed = append(a.changed, facts.Difference{Fact: place(i, rom, a.more), Expected: "nothing behind what the manifest states", Actual: a.more.String() + " " + a.more.SHA256})
	}
	if len(a.changed) == 0 {
		return facts.Verdict{}, false
	}
	const most = 16
	names := make([]string, 0, len(a.changed))
	for _, d := range a.changed {
		names = append(names, partName(d))
	}
	return facts.Verdict{State: facts.Mismatch, Vouchers: vouchers([]*manifest.Manifest{f.by}, f.entry.Version), Differences: a.changed[:min(len(a.changed), most)],
		Reason: "all images that a host runs are what the manifest names, and the whole ROM is not: " + oneOf(names) + " differs"}, true
}

// partName is the name of the part that differs, without its digest.
func partName(d facts.Difference) string {
	for _, s := range []string{d.Actual, d.Expected} {
		if name, _, ok := strings.Cut(s, " (+"); ok {
			return name
		}
	}
	return "a part that has no name"
}

// coverage is how much of a ROM a digest that agrees covers.
//
//   - byImages: every image, in order, none more and none fewer. That is all
//     code that a host can run from the ROM; bytes before, between and behind
//     the images differ from card to card (NVIDIA's flash) and are not covered.
//   - byStable: the stable digest, taken over the same bytes by definition
//     (audit/firmware), and over the images' lengths.
//   - byWhole: every byte that was read.
//
// Where the whole is stated and is another, the first two do not stand for it: see
// [around].
type coverage int

const (
	none coverage = iota
	byImages
	byStable
	byWhole
)

// reasons are indexed by coverage; never written to.
var reasons = [...]string{
	byImages: "every image of the ROM is what the manifest names; bytes outside the images are not covered",
	byStable: "the stable digest of the ROM is what the manifest names; bytes outside the images are not covered",
	byWhole:  "the whole ROM is what the manifest names",
}

// finding is the entry that names a ROM, and how much of it. by is nil if none
// does. cut says that the reading is not all of what the entry names.
type finding struct {
	by    *manifest.Manifest
	entry manifest.Firmware
	how   coverage
	cut   bool
}

// find looks for the entry that covers most of a ROM. Of those that cover as much,
// one that states no more than it covers, or that the bytes around the images do
// not contradict, goes before one that they do: it names this ROM, the other is of
// another card or reading.
func find(by []*manifest.Manifest, rom *inventory.ROM) finding {
	var best finding
	rank := 0
	for _, m := range by {
		for _, e := range roms(m) {
			how := names(e, rom)
			if how == none || active(m) && m.PartsOnly() && !states(e, rom) {
				continue
			}
			if r := int(how) + standing(e, rom, how); r > rank {
				best, rank = finding{by: m, entry: e, how: how}, r
			}
		}
	}
	return best
}

// states says that a ROM states the part number of an entry itself: the manifest's
// word for it binds nobody.
func states(e manifest.Firmware, rom *inventory.ROM) bool {
	return e.Part != "" && e.Part == manifest.Printable(inventory.Text(rom.Part))
}

// limited says that an entry names a ROM, and that its issuer may speak for some part
// numbers only while this reading states none.
func limited(by []*manifest.Manifest, rom *inventory.ROM) bool {
	if inventory.Text(rom.Part) != "" {
		return false
	}
	names := func(m *manifest.Manifest) bool {
		return m.PartsOnly() && slices.ContainsFunc(roms(m), func(e manifest.Firmware) bool { return names(e, rom) != none })
	}
	unlimited := func(m *manifest.Manifest) bool { return !m.PartsOnly() }
	return slices.ContainsFunc(by, names) || !slices.ContainsFunc(by, unlimited)
}

// standing puts an entry that is contradicted below all that are not.
func standing(e manifest.Firmware, rom *inventory.ROM, how coverage) int {
	const sound, open = 2 * int(byWhole), int(byWhole)
	if how == byWhole || !wholeStated(e) {
		return sound
	}
	switch a := outside(e, 0, rom); {
	case len(a.changed) > 0:
		return 0
	case a.more != nil:
		return open
	}
	return sound
}

// roms are the option ROMs that a manifest states.
func roms(m *manifest.Manifest) []manifest.Firmware {
	p := m.Predicate()
	return p.OfKind(manifest.OptionROM)
}

// names says how much of a ROM an entry names by digests that agree. A digest that
// is not stated and one that could not be taken agree with nothing; two digests of
// the same bytes that disagree make the entry one of another ROM.
func names(e manifest.Firmware, rom *inventory.ROM) coverage {
	whole := agree(e.SHA256, rom.SHA256) || e.SHA256 == "" && agree(e.SHA384, rom.SHA384)
	switch {
	case whole && e.SHA384 != "" && e.SHA384 != rom.SHA384:
		return none
	case whole:
		return byWhole
	case rom.StableSHA256 != nil && agree(e.StableSHA256, *rom.StableSHA256):
		return byStable
	case len(e.Images) == 0 || len(e.Images) != len(rom.Images):
		return none
	}
	for i, im := range rom.Images {
		want := e.Images[i]
		if !agree(want.SHA256, im.SHA256) || want.CodeType != im.CodeType || want.SHA384 != "" && want.SHA384 != im.SHA384 {
			return none
		}
	}
	return byImages
}

func agree(stated, read string) bool { return stated != "" && stated == read }

// incomparable says that an entry states the stable digest alone, and that a
// part of the ROM is missing in this reading so that it has none. A ROM without
// any image is no reading of what the entry names.
func incomparable(by []*manifest.Manifest, rom *inventory.ROM) bool {
	return rom.StableSHA256 == nil && len(rom.Images) > 0 && slices.ContainsFunc(by, func(m *manifest.Manifest) bool {
		return slices.ContainsFunc(roms(m), func(e manifest.Firmware) bool {
			return e.SHA256 == "" && e.SHA384 == "" && len(e.Images) == 0
		})
	})
}

// hostsPart says that the images of a reading stand in an entry one behind the other, one of
// them marked as the last, and that the entry has none in front of them that a host
// runs: what a window may show of a flash whose chain begins with programs of the chip's own
// (NVIDIA, from Blackwell on).
func hostsPart(by []*manifest.Manifest, rom *inventory.ROM) bool {
	n := len(rom.Images)
	if !slices.ContainsFunc(rom.Images, func(im inventory.ROMImage) bool { return im.Chain == 0 && im.Last }) {
		return false
	}
	hosts := func(im manifest.Image) bool { return slices.Contains([]string{"00", "01", "02", "03"}, im.CodeType) }
	return slices.ContainsFunc(by, func(m *manifest.Manifest) bool {
		return slices.ContainsFunc(roms(m), func(e manifest.Firmware) bool {
			front := slices.IndexFunc(e.Images, hosts)
			if front < 1 || front+n > len(e.Images) {
				return false
			}
			return names(manifest.Firmware{Images: e.Images[front : front+n]}, rom) == byImages
		})
	})
}

// tableWords names a table and what it does.
func tableWords(name string) string {
	if use := inventory.TableUse(name); use != "" {
		return name + " (" + use + ")"
	}
	return name
}

// mismatch lists what differs: the ROM, and the images that no entry names.
func mismatch(by []*manifest.Manifest, i int, rom *inventory.ROM) facts.Verdict {
	v := facts.Verdict{State: facts.Mismatch, Reason: "the firmware is none of the versions that the manifest names", Vouchers: vouchers(by, "")}
	var versions []string
	images, tables := map[string]bool{}, map[string]bool{}
	for _, m := range by {
		for _, e := range roms(m) {
			versions = append(versions, "version "+e.Version)
			for _, im := range e.Images {
				images[im.SHA256] = true
			}
			for _, p := range e.Parts {
				tables[p.SHA256] = true
			}
		}
	}
	v.Differences = append(v.Differences, facts.Difference{Fact: fact(i), Expected: oneOf(versions), Actual: rom.SHA256})
	for j, im := range rom.Images {
		if len(images) > 0 && !images[im.SHA256] {
			v.Differences = append(v.Differences, facts.Difference{
				Fact: fmt.Sprintf("/firmware/roms/%d/images/%d/sha256", i, j), Expected: "an image that the manifest names", Actual: im.SHA256})
		}
	}
	for j := range rom.Tables {
		if t := &rom.Tables[j]; len(tables) > 0 && !tables[t.SHA256] {
			v.Differences = append(v.Differences, facts.Difference{
				Fact: fmt.Sprintf("/firmware/roms/%d/tables/%d/sha256", i, j), Expected: "the table " + tableWords(t.Name) + " that the manifest names", Actual: t.SHA256})
		}
	}
	return v
}
