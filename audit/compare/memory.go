package compare

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// memory compares every claim of memory with the sizes that are stated.
// Drivers report up to 2 % less than the nominal size, never more.
func (c *comparison) memory() Verdict {
	states := func(p manifest.Predicate) bool { return len(p.MemoryMiB) > 0 }
	by := c.speaking(states)
	if len(by) == 0 {
		return c.notCovered("memory", states)
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
