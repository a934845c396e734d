package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// Compare holds a device against the manifests that cover it.
//
// Precedence: a revoked or superseded statement that names what the device has
// beats everything. Otherwise the gravest role speaks alone: where a vendor
// covers an aspect of a device, an operator's own baseline cannot overrule it.
func Compare(d *inventory.Device, set manifest.Set) Reference {
	c := comparison{d: d}
	p := d.PCI
	for _, m := range set.All() {
		if m.Covers(text(p.VendorID), text(p.DeviceID), text(p.SubsystemVendorID), text(p.SubsystemDeviceID), text(p.RevisionID)) {
			c.covering = append(c.covering, m)
		}
	}
	return Reference{Firmware: c.firmware(), Driver: c.driver(), Functions: c.functions(), Memory: c.memory()}
}

// comparison is one device and the manifests that cover it, gravest role first.
type comparison struct {
	d        *inventory.Device
	covering []*manifest.Manifest
}

// speaking are the active manifests of the gravest role that state something
// of an aspect.
func (c *comparison) speaking(states func(manifest.Predicate) bool) []*manifest.Manifest {
	var chosen []*manifest.Manifest
	for _, m := range c.covering {
		p := m.Predicate()
		if p.Status != manifest.Active || !states(p) || len(chosen) > 0 && chosen[0].Kind() != m.Kind() {
			continue
		}
		chosen = append(chosen, m)
	}
	return chosen
}

// withdrawn are the manifests that name what must no longer be used.
func (c *comparison) withdrawn() []*manifest.Manifest {
	return slices.DeleteFunc(slices.Clone(c.covering), func(m *manifest.Manifest) bool { return m.Predicate().Status == manifest.Active })
}

func notCovered(what string) Verdict {
	return Verdict{State: NotCovered, Reason: "no trusted manifest states the " + what + " of this device"}
}

// unread is the verdict for a fact that a manifest covers and nobody could read.
func (c *comparison) unread(what, fact string, by []*manifest.Manifest) Verdict {
	v := Verdict{State: Unknown, Reason: "the " + what + " could not be read", Vouchers: vouchers(by, "")}
	for _, g := range c.d.Gaps {
		if g.Fact == fact || strings.HasPrefix(g.Fact, fact+"/") {
			v.Reason += fmt.Sprintf(": %s (%s)", g.Reason, g.Source)
			break
		}
	}
	return v
}

func vouchers(ms []*manifest.Manifest, version string) []Voucher {
	var list []Voucher
	for _, m := range ms {
		list = append(list, Voucher{Manifest: m.SHA256(), Name: m.Name(), Issuer: m.Issuer(), Kind: string(m.Kind()), Version: version})
	}
	return list
}

// driver compares the module's content with the digests that are stated, and
// its version with the oldest one that is acceptable. A version alone is a
// claim of the module: it can contradict a manifest, never match one.
func (c *comparison) driver() Verdict {
	if c.d.Driver == nil || c.d.Driver.Module == nil {
		return notCovered("driver")
	}
	m := c.d.Driver.Module
	ours := func(p manifest.Predicate) []manifest.Driver {
		return slices.DeleteFunc(slices.Clone(p.Drivers), func(d manifest.Driver) bool { return d.Module != m.Name })
	}
	for _, w := range c.withdrawn() {
		for _, e := range ours(w.Predicate()) {
			if m.File != nil && e.SHA256 != "" && e.SHA256 == m.File.ContentSHA256 {
				return withdrawnVerdict(w, "driver", "/driver/module/file/content_sha256", e.SHA256, e.Version)
			}
		}
	}
	by := c.speaking(func(p manifest.Predicate) bool { return len(ours(p)) > 0 })
	if len(by) == 0 {
		return notCovered("driver")
	}
	var expected []string
	for _, w := range by {
		for _, e := range ours(w.Predicate()) {
			if e.MinimumVersion != "" && m.Version != nil && older(*m.Version, e.MinimumVersion) {
				return Verdict{State: Mismatch, Reason: "the driver is older than the oldest acceptable version", Vouchers: vouchers(by[:1], e.MinimumVersion),
					Differences: []Difference{{Fact: "/driver/module/version", Expected: "at least " + e.MinimumVersion, Actual: *m.Version}}}
			}
			if e.SHA256 != "" {
				expected = append(expected, e.SHA256)
			}
			if m.File != nil && e.SHA256 == m.File.ContentSHA256 {
				return Verdict{State: Match, Reason: "the module's content is what the manifest names", Vouchers: vouchers([]*manifest.Manifest{w}, e.Version)}
			}
		}
	}
	switch {
	case len(expected) == 0:
		return Verdict{State: Unknown, Reason: "the manifest states an oldest version and no digest; a version is only what the module says of itself", Vouchers: vouchers(by, "")}
	case m.File == nil:
		return c.unread("driver's file", "/driver", by)
	}
	return Verdict{State: Mismatch, Reason: "the module's content is none of those that the manifest names", Vouchers: vouchers(by, ""),
		Differences: []Difference{{Fact: "/driver/module/file/content_sha256", Expected: oneOf(expected), Actual: m.File.ContentSHA256}}}
}

// functions compares the functions of the card beside the device with those
// that it may have. One that is missing is no difference: drivers and firmware
// hide functions; one too many is.
func (c *comparison) functions() Verdict {
	by := c.speaking(func(p manifest.Predicate) bool { return p.Functions != nil })
	if len(by) == 0 {
		return notCovered("functions")
	}
	var allowed []manifest.Function
	for _, m := range by {
		allowed = append(allowed, *m.Predicate().Functions...)
	}
	for i, f := range slices.Concat(c.d.Functions, c.d.Siblings) {
		if f.VendorID == nil || f.DeviceID == nil || f.ClassCode == nil {
			return Verdict{State: Unknown, Reason: "the ids of function " + f.Address + " could not be read", Vouchers: vouchers(by, "")}
		}
		if !slices.Contains(allowed, manifest.Function{VendorID: *f.VendorID, DeviceID: *f.DeviceID, ClassCode: *f.ClassCode}) {
			fact := fmt.Sprintf("/functions/%d", i)
			if i >= len(c.d.Functions) {
				fact = fmt.Sprintf("/siblings/%d", i-len(c.d.Functions))
			}
			return Verdict{State: Mismatch, Reason: "the card has a function that the manifest does not list", Vouchers: vouchers(by, ""),
				Differences: []Difference{{Fact: fact, Expected: "no such function", Actual: *f.VendorID + ":" + *f.DeviceID + " class " + *f.ClassCode}}}
		}
	}
	for _, g := range c.d.Gaps {
		if g.Fact == "/functions" {
			return c.unread("functions", "/functions", by)
		}
	}
	return Verdict{State: Match, Reason: "the card has no function that the manifest does not list", Vouchers: vouchers(by, "")}
}

// memory compares every claim of memory with the sizes that are stated.
// Drivers report up to 2 % less than the nominal size, never more.
func (c *comparison) memory() Verdict {
	by := c.speaking(func(p manifest.Predicate) bool { return len(p.MemoryMiB) > 0 })
	if len(by) == 0 {
		return notCovered("memory")
	}
	if len(c.d.Memory) == 0 {
		return c.unread("memory size", "/memory", by)
	}
	var sizes []int
	for _, m := range by {
		sizes = append(sizes, m.Predicate().MemoryMiB...)
	}
	for i, claim := range c.d.Memory {
		mib := int(min(claim.Bytes>>20, 1<<30))
		if !slices.ContainsFunc(sizes, func(s int) bool { return mib <= s && mib*100 >= s*98 }) {
			expected := make([]string, len(sizes))
			for j, s := range sizes {
				expected[j] = strconv.Itoa(s) + " MiB"
			}
			return Verdict{State: Mismatch, Reason: "the card has another memory size than the manifest states", Vouchers: vouchers(by, ""),
				Differences: []Difference{{Fact: fmt.Sprintf("/memory/%d", i), Expected: oneOf(expected), Actual: fmt.Sprintf("%d MiB", mib)}}}
		}
	}
	return Verdict{State: Match, Reason: "the memory size is one that the manifest states", Vouchers: vouchers(by, "")}
}

func withdrawnVerdict(m *manifest.Manifest, what, fact, digest, version string) Verdict {
	return Verdict{State: Mismatch, Vouchers: vouchers([]*manifest.Manifest{m}, version),
		Reason:      fmt.Sprintf("the issuer has marked this %s %s", what, m.Predicate().Status),
		Differences: []Difference{{Fact: fact, Expected: "not this " + what, Actual: digest}}}
}

// oneOf lists what was expected, shortened after three.
func oneOf(list []string) string {
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) > 3 {
		return strings.Join(list[:3], ", ") + fmt.Sprintf(" and %d more", len(list)-3)
	}
	return strings.Join(list, ", ")
}

// older compares dotted versions number by number; a part that is no number
// counts as older than any number.
func older(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if x, y := part(as, i), part(bs, i); x != y {
			return x < y
		}
	}
	return false
}

func part(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	n, err := strconv.Atoi(parts[i])
	if err != nil {
		return -1
	}
	return n
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
