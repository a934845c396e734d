package compare

import (
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/catalogue/pciids"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

const maxOthers = 8

// Names holds the product names that a device's sources state against those of
// its id and of all others. It is nil where the ids of the device are not known.
func Names(d *inventory.Device, c *catalogue.Catalogue) []facts.Name {
	vendor, device := inventory.Text(d.PCI.VendorID), inventory.Text(d.PCI.DeviceID)
	if vendor == "" || device == "" {
		return nil
	}
	if len(d.ProductNames) == 0 {
		return []facts.Name{}
	}
	own := append(c.NamesOf(vendor, device), c.NamesOfRevisions(vendor, device)...)
	own = append(own, bracketed(inventory.Text(d.Names.Device)), bracketed(inventory.Text(d.Names.Subsystem)))
	for _, board := range pciids.Boards(vendor, device) { // drivers name boards, which lists do not have all of
		own = append(own, bracketed(board))
	}
	own = slices.DeleteFunc(own, func(n string) bool { return n == "" })
	list := []facts.Name{}
	for i, claim := range d.ProductNames {
		n := facts.Name{Claim: i, State: facts.NotCovered}
		ids := c.Named(vendor, claim.Value)
		switch {
		case familyOnly(claim.Value): // said of many products, and of none
		case slices.Contains(ids, vendor+":"+device) || slices.ContainsFunc(own, func(o string) bool { return sameProduct(claim.Value, o) }):
			n.State = facts.Match
		case len(ids) > 0 && len(own) > 0:
			n.State, n.Others = facts.Mismatch, ids[:min(len(ids), maxOthers)]
		}
		list = append(list, n)
	}
	return list
}

// bracketed is the product of a name of the PCI id list: "AD102 [GeForce RTX 4090]".
func bracketed(name string) string {
	_, product, found := strings.Cut(name, "[")
	if !found {
		return name
	}
	product, _, _ = strings.Cut(product, "]")
	return product
}

// aside matches the words that lists and drivers add to a name at will: sizes,
// forms, kinds of memory, code names of chips. "Laptop", "Ti", "Super" and "D"
// are no such words: they tell products apart.
var aside = lazyregexp.New(`^([0-9]+gb|gpu|lite|hash|rate|lhr|mobile|with|max|q|design|pcie|sxm[0-9]?|hbm[0-9]?e?|gddr[0-9]?x?|oem|edition|rev\.?|g[abdfhkmp][0-9]{3}[a-z]*|[at][du][0-9]{3}[a-z]*|tesla|graphics|vf|hf)$`)

// family matches the words that drivers use for all products of a line, or for those
// that they have no name of: "AMD Radeon Graphics", "Radeon R5 Graphics".
var family = lazyregexp.New(`^(radeon|instinct|firepro|geforce|quadro|tesla|arc|iris|uhd|hd|xe|rx|rtx|gtx|pro|vega|r[2-9]|custom|graphics|gpu|device|series|family)$`)

// familyOnly says that a name is that of a line of products.
func familyOnly(name string) bool {
	return !slices.ContainsFunc(catalogue.Words(name), func(w string) bool { return !family.MatchString(w) })
}

// sameProduct says that a name which a driver states may be a name of a list.
func sameProduct(claim, own string) bool {
	plain := func(name string) []string {
		return slices.DeleteFunc(catalogue.Words(strings.ReplaceAll(name, "/", " ")), aside.MatchString)
	}
	said, listed := plain(claim), plain(own)
	if len(said) == 0 { // a chip's code name and sizes: "GH200 480GB"
		return false
	}
	if strings.Contains(own, "/") { // several products: every word has to be one of theirs
		return !slices.ContainsFunc(said, func(w string) bool { return !slices.Contains(listed, w) })
	}
	slices.Sort(said)
	slices.Sort(listed)
	return slices.Equal(slices.Compact(said), slices.Compact(listed))
}
