package compare

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// memory compares every claim of memory with the sizes that are stated.
func (c *comparison) memory() facts.Verdict {
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
		if !slices.ContainsFunc(sizes, func(s int) bool { return mayReport(inventory.Text(c.d.PCI.VendorID), mib, s) }) {
			expected := make([]string, len(sizes))
			for j, s := range sizes {
				expected[j] = strconv.Itoa(s) + " MiB"
			}
			return facts.Verdict{State: facts.Mismatch, Reason: "the card has another memory size than the manifest states", Vouchers: vouchers(by, ""),
				Differences: []facts.Difference{{Fact: fmt.Sprintf("/memory/%d", i), Expected: oneOf(expected), Actual: fmt.Sprintf("%d MiB", mib)}}}
		}
	}
	return facts.Verdict{State: facts.Match, Reason: "the memory size is one that the manifest states", Vouchers: vouchers(by, "")}
}

// mayReport says that a driver may report a size, in MiB, of a card that is stated to
// have another. It reports less than the nominal size, never more: NVIDIA's drivers
// before R510 up to 5 %. A card with ECC switched on keeps a sixteenth, so a size that
// was stated of a card with ECC on is that of one with ECC off, too, and the other way
// round.
func mayReport(vendor string, mib, stated int) bool {
	within := func(of int) bool { return mib <= of && mib*100 >= of*98 }
	return within(stated) || vendor == nvidia && mib <= stated && mib*100 >= stated*95 || within(stated*15/16) || mib > stated && within(stated*16/15*102/100)
}
