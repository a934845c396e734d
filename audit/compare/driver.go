package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// driver compares the module's content with the digests that are stated, and
// its version with the oldest one that is acceptable. A version alone is a
// claim of the module: it can contradict a manifest, never match one.
func (c *comparison) driver() facts.Verdict {
	m, v := c.module()
	if m == nil {
		return v
	}
	states := func(p manifest.Predicate) bool { return len(entries(p, m.Name)) > 0 }
	by, withdrawn := c.speaking(states), c.with(manifest.Revoked, states)
	read := m.File != nil && m.File.ContentSHA256 != ""
	switch {
	case len(by)+len(withdrawn) == 0:
		return c.notCovered("driver", states)
	case !read && !versionsOnly(append(slices.Clone(by), withdrawn...), m.Name):
		if v, old := tooOld(by, m); old {
			return v
		}
		return c.unread("driver's file", "/driver/module/file", append(slices.Clone(withdrawn), by...))
	}
	if w, e := naming(withdrawn, m); w != nil {
		return revoked(w, "driver", "/driver/module/file/content_sha256", e.SHA256, e.Version)
	}
	if len(by) == 0 {
		return c.notCovered("driver", states)
	}
	if v, old := tooOld(by, m); old {
		return v
	}
	return compareDigest(by, m)
}

// module is the device's driver module, or the verdict where there is none.
func (c *comparison) module() (*inventory.Module, facts.Verdict) {
	states := func(p manifest.Predicate) bool { return len(p.Drivers) > 0 }
	by := c.speaking(states)
	switch d := c.d.Driver; {
	case d != nil && d.Module != nil:
		return d.Module, facts.Verdict{}
	case len(by) == 0:
		return nil, c.notCovered("driver", states)
	case d != nil && d.BuiltIn != nil && *d.BuiltIn:
		return nil, facts.Verdict{State: facts.Unknown, Reason: "the driver is part of the kernel image: there is no module to compare", Vouchers: vouchers(by, "")}
	case d == nil && c.gap("/driver") == nil:
		return nil, facts.Verdict{State: facts.NotCovered, Reason: "no driver is bound to the device"}
	}
	return nil, c.unread("driver's module", "/driver", by)
}

// entries are the builds of a module that a manifest states.
func entries(p manifest.Predicate, module string) []manifest.Driver {
	return slices.DeleteFunc(slices.Clone(p.Drivers), func(d manifest.Driver) bool { return d.Module != module })
}

// versionsOnly says that no manifest states a digest of the module.
func versionsOnly(by []*manifest.Manifest, module string) bool {
	return !slices.ContainsFunc(by, func(m *manifest.Manifest) bool {
		return slices.ContainsFunc(entries(m.Predicate(), module), func(e manifest.Driver) bool { return e.SHA256 != "" })
	})
}

// naming finds the manifest and the entry that name the module's content.
func naming(by []*manifest.Manifest, m *inventory.Module) (*manifest.Manifest, manifest.Driver) {
	for _, w := range by {
		for _, e := range entries(w.Predicate(), m.Name) {
			if e.SHA256 != "" && m.File != nil && e.SHA256 == m.File.ContentSHA256 {
				return w, e
			}
		}
	}
	return nil, manifest.Driver{}
}

// tooOld is the mismatch of a module that states a version below the oldest
// acceptable one, whatever its digest.
func tooOld(by []*manifest.Manifest, m *inventory.Module) (facts.Verdict, bool) {
	for _, w := range by {
		for _, e := range entries(w.Predicate(), m.Name) {
			if e.MinimumVersion != "" && m.Version != nil && older(*m.Version, e.MinimumVersion) {
				return facts.Verdict{State: facts.Mismatch, Reason: "the driver is older than the oldest acceptable version", Vouchers: vouchers([]*manifest.Manifest{w}, e.MinimumVersion),
					Differences: []facts.Difference{{Fact: "/driver/module/version", Expected: "at least " + e.MinimumVersion, Actual: *m.Version}}}, true
			}
		}
	}
	return facts.Verdict{}, false
}

// compareDigest compares the content of a module that could be read, or whose
// manifests state no digest.
func compareDigest(by []*manifest.Manifest, m *inventory.Module) facts.Verdict {
	if versionsOnly(by, m.Name) {
		return facts.Verdict{State: facts.Unknown, Vouchers: vouchers(by, ""),
			Reason: "the manifest states an oldest version and no digest; a version is only what the module says of itself"}
	}
	w, e := naming(by, m)
	switch {
	case w == nil:
		return facts.Verdict{State: facts.Mismatch, Reason: "the module's content is none of those that the manifest names", Vouchers: vouchers(by, ""),
			Differences: []facts.Difference{{Fact: "/driver/module/file/content_sha256", Expected: oneOf(digests(by, m.Name)), Actual: m.File.ContentSHA256}}}
	case differ(m.Version, m.File.Version) || differ(m.SrcVersion, m.File.SrcVersion) || differ(m.BuildID, m.File.BuildID):
		return facts.Verdict{State: facts.Unknown, Vouchers: vouchers([]*manifest.Manifest{w}, e.Version),
			Reason: "the module's file is what the manifest names, but another build of the module is loaded"}
	}
	return facts.Verdict{State: facts.Match, Reason: "the module's content is what the manifest names", Vouchers: vouchers([]*manifest.Manifest{w}, e.Version)}
}

// differ says that two readings exist and are not the same.
func differ(a, b *string) bool { return a != nil && b != nil && *a != *b }

func digests(by []*manifest.Manifest, module string) []string {
	var list []string
	for _, m := range by {
		for _, e := range entries(m.Predicate(), module) {
			if e.SHA256 != "" {
				list = append(list, fmt.Sprintf("%s %s", e.SHA256, e.Version))
			}
		}
	}
	return list
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
