package manifest

import (
	"slices"
	"strings"
)

// Change is one difference between two manifests.
type Change struct {
	What string `json:"what"` // "firmware option-rom 1.0 sha256", "driver amdgpu 6.1"
	Old  string `json:"old"`  // "" for not stated
	New  string `json:"new"`
}

// Diff says what two manifests state differently of devices, in the order of
// the format. The edition is no difference: name, sequence, issue and expiry
// change with every edition.
func Diff(old, now *Predicate) []Change {
	d := differ{changes: []Change{}}
	d.add("vendor", old.Vendor, now.Vendor)
	d.add("status", old.Status, now.Status)
	same := func(s string) string { return s }
	members(&d, "supersedes", old.Supersedes, now.Supersedes, same)
	members(&d, "device", old.Devices, now.Devices, Device.String)
	entries(&d, "firmware", old.Firmware, now.Firmware, Firmware.title, Firmware.digests)
	entries(&d, "driver", old.Drivers, now.Drivers, Driver.title, Driver.fields)
	d.add("functions", listed(old), listed(now))
	members(&d, "function", functionsOf(old), functionsOf(now), Function.String)
	members(&d, "memory", old.MemoryMiB, now.MemoryMiB, mib)
	members(&d, "window", old.Windows, now.Windows, Window.String)
	members(&d, "place", old.Places, now.Places, Place.String)
	entries(&d, "measurements", old.Measurements, now.Measurements, Measurements.title, Measurements.fields)
	return d.changes
}

// listed tells a manifest that states no functions from one that says nothing
// of them.
func listed(p *Predicate) string {
	if p.Functions == nil {
		return ""
	}
	return "stated"
}

type differ struct{ changes []Change }

func (d *differ) add(what, old, now string) {
	if old != now {
		d.changes = append(d.changes, Change{what, old, now})
	}
}

// members compares lists whose entries have nothing beside their name.
func members[T any](d *differ, what string, old, now []T, text func(T) string) {
	before, after := all(old, text), all(now, text)
	for _, s := range before {
		if !slices.Contains(after, s) {
			d.add(what, s, "")
		}
	}
	for _, s := range after {
		if !slices.Contains(before, s) {
			d.add(what, "", s)
		}
	}
}

func all[T any](list []T, text func(T) string) []string {
	var out []string
	for _, entry := range list {
		if s := text(entry); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// entries compares lists whose entries have a title and fields. Entries that are
// equal are paired first, then those of one title in their order.
func entries[T any](d *differ, what string, old, now []T, title func(T) string, fields func(T) []named) {
	text := func(e T) string { return what + " " + title(e) + "\n" + join(fields(e)) }
	gone, came := without(old, now, text), without(now, old, text)
	for _, before := range gone {
		at := slices.IndexFunc(came, func(after T) bool { return title(after) == title(before) })
		if at < 0 {
			d.add(what, title(before)+", "+join(fields(before)), "")
			continue
		}
		d.fields(what+" "+title(before), fields(before), fields(came[at]))
		came = slices.Delete(came, at, at+1)
	}
	for _, after := range came {
		d.add(what, "", title(after)+", "+join(fields(after)))
	}
}

// without are the entries of a list that another does not have.
func without[T any](list, other []T, text func(T) string) []T {
	have := map[string]bool{}
	for _, e := range other {
		have[text(e)] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(e T) bool { return have[text(e)] })
}

func (d *differ) fields(what string, old, now []named) {
	value := func(list []named, name string) string {
		for _, f := range list {
			if f.name == name {
				return f.value
			}
		}
		return ""
	}
	for _, f := range old {
		d.add(what+" "+f.name, f.value, value(now, f.name))
	}
	for _, f := range now {
		if value(old, f.name) == "" {
			d.add(what+" "+f.name, "", f.value)
		}
	}
}

func join(fields []named) string {
	var out []string
	for _, f := range fields {
		out = append(out, f.name+" "+f.value)
	}
	return strings.Join(out, ", ")
}
