package firmware

import (
	"bytes"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Bounds of what is named in [inventory.ROMInFlash].
const (
	maxDiffering = 16
	maxUnseen    = 64
)

// InFlash finds the reading of a card's ROM in a dump of its flash. The window shows the
// images of one chain from the first on, byte for byte: a flash may hold several. Of a dump
// that repeats itself the first copy counts.
func InFlash(flash []byte, rom *inventory.ROM, reading []byte) *inventory.ROMInFlash {
	f := &inventory.ROMInFlash{}
	flash = flash[:unit(flash)]
	for i := range rom.Images {
		at := rom.Images[i].Offset
		n := min(len(reading), len(flash)-at)
		changed := differing(flash[at:at+n], reading[:n])
		if !f.Found || changed+len(reading)-n < f.Changed+len(reading)-f.Bytes {
			*f = inventory.ROMInFlash{Found: true, Offset: at, Bytes: n, Changed: changed, Short: n < len(reading)}
		}
		if changed == 0 && !f.Short {
			break
		}
	}
	shown := Range{f.Offset, f.Bytes}
	for _, s := range spans(rom) {
		if s.Offset >= len(flash) {
			continue
		}
		if names := differingIn(flash, s, shown, reading); len(names) > 0 && len(f.Differing) < maxDiffering {
			f.Differing = append(f.Differing, names...)
		}
		if s.Offset >= shown.Offset && s.Offset+s.Bytes <= shown.Offset+shown.Bytes || empty(part(flash, s.Range)) {
			continue
		}
		if len(f.Unseen) < maxUnseen {
			f.Unseen = append(f.Unseen, inventory.ROMPart{Name: s.name, Offset: s.Offset, Bytes: s.Bytes})
		}
	}
	f.Differing = f.Differing[:min(len(f.Differing), maxDiffering)]
	f.UnseenBytes = filled(flash[:shown.Offset]) + filled(flash[shown.Offset+shown.Bytes:])
	return f
}

// differingIn names a part in which bytes differ, and the tables in it that do.
func differingIn(flash []byte, s span, shown Range, reading []byte) []string {
	from, to := max(s.Offset, shown.Offset), min(s.Offset+s.Bytes, shown.Offset+shown.Bytes)
	if from >= to || bytes.Equal(flash[from:to], reading[from-shown.Offset:to-shown.Offset]) {
		return nil
	}
	names := []string{s.name}
	for _, table := range s.inside {
		names = append(names, differingIn(flash, table, shown, reading)...)
	}
	return names
}

// filled counts bytes that are neither 00 nor ff.
func filled(b []byte) int { return len(b) - bytes.Count(b, []byte{0}) - bytes.Count(b, []byte{0xff}) }

func empty(b []byte) bool { return filled(b) == 0 }

// differing counts bytes; both have the same length.
func differing(a, b []byte) int {
	const step = 4096
	n := 0
	for at := 0; at < len(a); at += step {
		x, y := a[at:min(len(a), at+step)], b[at:min(len(a), at+step)]
		if bytes.Equal(x, y) {
			continue
		}
		for i := range x {
			if x[i] != y[i] {
				n++
			}
		}
	}
	return n
}
