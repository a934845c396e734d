package html

import (
	"fmt"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// maxParts is how many parts of a ROM the map has; more are counted.
const maxParts = 200

// mapWidth is the width of the map, in units of its view box.
const mapWidth = 760

// romView is a map of a ROM to scale, with what of it is signed by whom.
type romView struct {
	ID, Caption, Title, SHA256, Left string
	Height                           int
	Lanes                            []lane
	Ticks                            []tick
	TickY, TickEnd, TickText         int
	Legend                           []link
	Rows                             []romRow
}

type lane struct {
	Name  string
	TextY int
	Parts []drawn
}

type drawn struct {
	X, Y, W     float64
	Class, Hint string
	Mark        *mark
}

type mark struct {
	X, Y        float64
	Class, Text string
}

type tick struct {
	X            float64
	Anchor, Text string
}

type romRow struct {
	N, Bytes             int
	Offset, What, Signed string
	Class                string
}

// romPart is a range of a ROM.
type romPart struct {
	lane, offset, bytes int
	class, what, signed string
}

func (c *cards) rom(rom *inventory.ROM) romView {
	parts := c.images(rom)
	parts = append(parts, c.private(rom)...)
	parts = slices.DeleteFunc(parts, func(p romPart) bool { return p.bytes <= 0 || p.offset < 0 || p.offset >= rom.Bytes })
	slices.SortStableFunc(parts, func(a, b romPart) int { return a.offset - b.offset })
	v := romView{ID: c.id("f"), SHA256: clean(rom.SHA256)}
	v.Caption = c.words.of("rom.caption", "source", clean(rom.Source), "bytes", rom.Bytes)
	if rom.Version != nil {
		v.Caption += ", " + c.words.of("rom.version", "version", clean(*rom.Version))
	}
	v.Title = c.words.of("rom.title", "n", len(parts))
	if len(parts) > maxParts {
		v.Left = c.words.of("rom.left", "n", len(parts)-maxParts)
		parts = parts[:maxParts]
	}
	scale := float64(mapWidth) / float64(max(1, rom.Bytes))
	names := [...]string{c.words.of("rom.lane.host"), c.words.of("rom.lane.device")}
	y, places := 0, [len(names)]int{-1, -1}
	for i, p := range parts {
		if places[p.lane] < 0 {
			places[p.lane] = len(v.Lanes)
			v.Lanes = append(v.Lanes, lane{Name: names[p.lane]})
		}
		l := &v.Lanes[places[p.lane]]
		bytes := min(p.bytes, rom.Bytes-p.offset)
		d := drawn{X: float64(p.offset) * scale, W: max(1, float64(bytes)*scale), Class: p.class, Hint: fmt.Sprintf("%d: %s, %s", i+1, p.what, p.signed)}
		if d.W >= 22 {
			d.Mark = &mark{X: d.X + d.W/2, Class: p.class, Text: fmt.Sprint(i + 1)}
		}
		l.Parts = append(l.Parts, d)
		v.Rows = append(v.Rows, romRow{N: i + 1, Offset: fmt.Sprintf("0x%06x", p.offset), Bytes: p.bytes, What: p.what, Signed: p.signed, Class: textClass(p.class)})
	}
	for i := range v.Lanes {
		l := &v.Lanes[i]
		l.TextY = y + 12
		for j := range l.Parts {
			l.Parts[j].Y = float64(y + 18)
			if m := l.Parts[j].Mark; m != nil {
				m.Y = float64(y + 35)
			}
		}
		y += 52
	}
	v.TickY, v.TickEnd, v.TickText, v.Height = y, y+6, y+18, y+24
	for i, anchor := range [...]string{"start", "middle", "middle", "middle", "end"} {
		v.Ticks = append(v.Ticks, tick{X: float64(mapWidth) * float64(i) / 4, Anchor: anchor, Text: fmt.Sprintf("0x%x", rom.Bytes*i/4)})
	}
	for _, class := range [...]string{"good", "bad", "open", "note", "blank"} {
		if slices.ContainsFunc(parts, func(p romPart) bool { return p.class == class }) {
			v.Legend = append(v.Legend, link{Class: class, Text: c.words.of("rom.legend." + class)})
		}
	}
	return v
}

// textClass is the colour of words beside a part: those of data and of padding have none.
func textClass(class string) string {
	switch class {
	case "good", "bad", "open":
		return class
	}
	return ""
}

// images are the parts that the machine's processor may run, and what lies between them.
func (c *cards) images(rom *inventory.ROM) []romPart {
	var parts []romPart
	for i := range rom.Images {
		image := &rom.Images[i]
		class, signed := c.imageSigned(rom, image)
		what := c.words.or("rom.image."+image.CodeType, c.words.of("rom.image", "type", image.CodeType))
		if image.EFI != nil {
			what += " (" + clean(image.EFI.Machine) + ", " + clean(image.EFI.Subsystem) + ")"
		}
		parts = append(parts, romPart{0, image.Offset, image.Bytes, class, what, signed})
	}
	for _, region := range rom.Regions {
		class, signed := "note", c.words.of("rom.signed.data")
		if region.NonBlank == 0 {
			class, signed = "blank", c.words.of("rom.signed.blank")
		}
		parts = append(parts, romPart{0, region.Offset, region.Bytes, class, c.words.or("rom.region."+region.Kind, region.Kind), signed})
	}
	return parts
}

// imageSigned is who signed an image, and the colour of that.
func (c *cards) imageSigned(rom *inventory.ROM, image *inventory.ROMImage) (class, text string) {
	if p := image.Partition; p != nil && *p >= 0 && *p < len(rom.Partitions) {
		return c.partitionSigned(&rom.Partitions[*p])
	}
	efi := image.EFI
	switch {
	case efi == nil:
		return "note", c.words.of("rom.signed.none")
	case efi.Signed == nil:
		return "open", c.words.of("rom.signed.unread")
	case !*efi.Signed:
		return "open", c.words.of("rom.signed.unsigned")
	case efi.DigestMatches != nil && !*efi.DigestMatches, efi.SignatureValid != nil && !*efi.SignatureValid:
		return "bad", c.words.of("rom.signed.broken", "signer", clean(inventory.TextOr(efi.Signer, "?")))
	case efi.DigestMatches == nil || efi.SignatureValid == nil:
		return "open", c.words.of("rom.signed.unchecked", "signer", clean(inventory.TextOr(efi.Signer, "?")))
	case efi.Chain != nil && efi.Chain.Anchor != nil:
		return "good", c.words.of("rom.signed.by", "signer", clean(inventory.TextOr(efi.Signer, "?")), "anchor", clean(*efi.Chain.Anchor))
	}
	return "open", c.words.of("rom.signed.no-anchor", "signer", clean(inventory.TextOr(efi.Signer, "?")))
}

func (c *cards) partitionSigned(p *inventory.ROMPartition) (class, text string) {
	key := clean(inventory.TextOr(p.Key, "?"))
	switch p.State {
	case inventory.PartitionAuthentic:
		return "good", c.words.of("rom.partition.authentic", "key", key)
	case inventory.PartitionChanged:
		return "bad", c.words.of("rom.partition.changed", "key", key)
	}
	return "open", c.words.or("rom.partition."+p.State, p.State)
}

// private are the parts that the card's own processors run or read.
func (c *cards) private(rom *inventory.ROM) []romPart {
	var parts []romPart
	add := func(offset, bytes int, class, what, signed string) {
		parts = append(parts, romPart{1, offset, bytes, class, what, signed})
	}
	for _, p := range rom.Private {
		add(p.Offset, p.Bytes, "note", c.words.of("rom.private", "type", clean(p.CodeType)), c.words.of("rom.signed.hardware"))
	}
	for _, p := range rom.IFR {
		add(p.Offset, p.Bytes, "note", c.words.of("rom.ifr", "version", p.Version), c.words.of("rom.signed.data"))
	}
	for _, p := range rom.Microcode {
		if p.Bytes != nil {
			signed := c.words.of("rom.signed.data")
			if p.Signatures != nil && *p.Signatures > 0 {
				signed = c.words.of("rom.signed.rsa", "n", *p.Signatures)
			}
			add(p.Offset, *p.Bytes, "note", c.words.of("rom.microcode", "application", clean(p.Application)), signed)
		}
	}
	for _, p := range rom.PSP {
		signed := c.words.of("rom.signed.data")
		if p.Signed != nil && *p.Signed {
			signed = c.words.of("rom.signed.psp", "key", clean(inventory.TextOr(p.Key, "?")))
		}
		add(p.Offset, p.Bytes, "note", c.words.of("rom.psp", "type", clean(p.Type)), signed)
	}
	for i := range rom.Partitions {
		p := &rom.Partitions[i]
		bytes := 0
		if p.Bytes != nil {
			bytes = *p.Bytes
		}
		class, signed := c.partitionSigned(p)
		add(p.Offset, bytes, class, c.words.of("rom.partition", "name", clean(p.Name)), signed)
	}
	return parts
}
