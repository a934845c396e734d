package compare

import (
	"fmt"
	"slices"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// runtime compares the installed firmware files of the driver with those of the
// same name that are stated. A driver for many chips installs files that no
// manifest of one chip names: those are not covered, and the reason counts them.
// A stated file that is not installed cannot be given to the device.
func (c *comparison) runtime() facts.Verdict {
	states := func(p manifest.Predicate) bool { return len(p.OfKind(manifest.RuntimeFile)) > 0 }
	files, withdrawn, by := c.d.Firmware.Runtime, c.with(manifest.Revoked, states), c.speaking(states)
	for i, f := range files {
		if m, e := holding(withdrawn, f); m != nil {
			return revoked(m, "run-time firmware", fileFact(i), *f.SHA256, e.Version)
		}
	}
	if len(by)+len(withdrawn) == 0 {
		return c.notCovered("run-time firmware", states)
	}
	v, named := compareFiles(by, files)
	unread := c.gap("/firmware/runtime") != nil || slices.ContainsFunc(files, func(f inventory.RuntimeFile) bool { return f.Path != nil && f.SHA256 == nil })
	switch {
	case v.State == facts.Mismatch:
		return v
	case unread:
		return c.unread("run-time firmware, or a part of it", "/firmware/runtime", append(slices.Clone(withdrawn), by...))
	case len(by) == 0:
		return c.notCovered("run-time firmware", states)
	case named == 0:
		return facts.Verdict{State: facts.NotCovered, Reason: "none of the firmware files that the manifest names is installed"}
	}
	return v
}

func fileFact(i int) string { return fmt.Sprintf("/firmware/runtime/%d/sha256", i) }

// holding finds the manifest and the entry that state a file's content, under
// any name: what is revoked stays so when it is renamed.
func holding(by []*manifest.Manifest, f inventory.RuntimeFile) (*manifest.Manifest, manifest.Firmware) {
	for _, m := range by {
		p := m.Predicate()
		for _, e := range p.OfKind(manifest.RuntimeFile) {
			if f.SHA256 != nil && e.SHA256 == *f.SHA256 {
				return m, e
			}
		}
	}
	return nil, manifest.Firmware{}
}

// compareFiles compares the files that have a stated name, and counts them.
func compareFiles(by []*manifest.Manifest, files []inventory.RuntimeFile) (v facts.Verdict, named int) {
	v = facts.Verdict{State: facts.Match, Vouchers: vouchers(by, "")}
	good, installed := byName(by), 0
	for i, f := range files {
		if f.SHA256 == nil {
			continue
		}
		installed++
		digests, ok := good[f.Name]
		if !ok {
			continue
		}
		named++
		if !slices.Contains(digests, *f.SHA256) {
			v.Differences = append(v.Differences, facts.Difference{Fact: fileFact(i), Expected: f.Name + " " + oneOf(digests), Actual: *f.SHA256})
		}
	}
	v.Reason = fmt.Sprintf("the installed firmware files are what the manifest names (%d)", named)
	if others := installed - named; others > 0 {
		v.Reason += fmt.Sprintf("; others of the driver are not covered (%d)", others)
	}
	if len(v.Differences) > 0 {
		v.State, v.Reason = facts.Mismatch, "installed firmware files are none of those that the manifest names"
	}
	return v, named
}

// byName are the stated digests of each file name.
func byName(by []*manifest.Manifest) map[string][]string {
	good := map[string][]string{}
	for _, m := range by {
		p := m.Predicate()
		for _, e := range p.OfKind(manifest.RuntimeFile) {
			good[e.File] = append(good[e.File], e.SHA256)
		}
	}
	return good
}
