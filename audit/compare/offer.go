package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
	"github.com/gpuaudit/gpuaudit/audit/offer"
)

// Offers holds each device against what a seller said of one, by address. A card that
// is not what was offered is no false offer where another card of the machine is: it
// cannot be told which one was meant.
func Offers(text string, devices []*inventory.Device, c *catalogue.Catalogue) map[string]*facts.Offer {
	index := offer.NewIndex(c.Names())
	list := map[string]*facts.Offer{}
	var other string
	for _, d := range devices {
		o := offerOf(text, d, c, index)
		list[d.Address] = o
		if o.Name.State == facts.Match && other == "" {
			other = d.Address
		}
	}
	for address, o := range list {
		if o.Name.State == facts.Mismatch && other != "" && address != other {
			elsewhere := "another card, at " + other + ", is called as the offer says: which one was bought is not known"
			for _, part := range []*facts.OfferPart{&o.Name, &o.Memory, &o.Maker, &o.Condition} {
				if part.State == facts.Match || part.State == facts.Mismatch {
					part.State, part.Reason, part.Others = facts.Unknown, elsewhere, nil
				}
			}
		}
	}
	return list
}

func offerOf(text string, d *inventory.Device, c *catalogue.Catalogue, index *offer.Index) *facts.Offer {
	said := offer.Parse(text)
	known := c.Lookup(d.PCI.IDs())
	o := &facts.Offer{Text: text, Name: offeredName(d, &known, c, index, said)} // the name first: it takes numbers that are no sizes
	o.Memory, o.Maker, o.Condition = offeredMemory(d, &known, said), offeredMaker(d, said), offeredCondition(d, said)
	return o
}

// aboard says that a device is graphics in a processor, which nobody sells as a card.
func aboard(d *inventory.Device, known *catalogue.Facts) bool {
	return known.Accelerator != nil && known.Accelerator.MemoryUnified != nil && *known.Accelerator.MemoryUnified ||
		inventory.Text(d.PCI.VendorID) == "8086" && strings.HasSuffix(d.Address, ":00:02.0")
}

// offeredName holds the name of a product against those that the card bears: by its
// ids, by its board, and by what its driver calls it.
func offeredName(d *inventory.Device, known *catalogue.Facts, c *catalogue.Catalogue, index *offer.Index, said *offer.Offer) facts.OfferPart {
	names := namesOf(d, c)
	found := index.Find(said, names...)
	switch {
	case found.Unclear != "":
		return facts.OfferPart{State: facts.Unknown, Reason: found.Unclear}
	case found.Product == nil:
		return facts.OfferPart{State: facts.NotCovered, Reason: "no product that is known here is named"}
	}
	p := facts.OfferPart{Claim: found.Name, Others: found.IDs[:min(len(found.IDs), maxOthers)]}
	if p.State, p.Reason = facts.Unknown, "nothing that is known here has a name for the device id"; len(names) > 0 {
		p.State, p.Reason = named(d, c, names, found)
	}
	if form, name := formOf(d, names); p.State == facts.Match && form != "" && said.Form != "" && form != said.Form {
		p.Claim += " " + shapes[said.Form].word
		p.State, p.Reason = facts.Mismatch, "it is "+shapes[form].means+": "+name
	}
	if p.State != facts.Match && aboard(d, known) {
		return facts.OfferPart{Claim: p.Claim, State: facts.NotCovered, Reason: "the device is part of a processor, and no card"}
	}
	return p
}

// shapes are the forms of an accelerator in words.
var shapes = map[string]struct{ word, means string }{
	"pcie": {"PCIe", "a card for a slot (PCIe)"},
	"sxm":  {"SXM", "a module (SXM), which fits a slot by an adapter alone"},
}

// formOf is the form that the driver's name of a card states, or all names of its id
// that state one.
func formOf(d *inventory.Device, names []string) (form, name string) {
	for _, list := range [][]string{driverNames(d), names} {
		for _, n := range list {
			switch f := offer.FormOf(n); {
			case f == "":
			case form == "":
				form, name = f, n
			case f != form:
				return "", ""
			}
		}
		if form != "" {
			return form, name
		}
	}
	return "", ""
}

// named decides whether one of a card's names is the one that is offered.
func named(d *inventory.Device, c *catalogue.Catalogue, names []string, found offer.Found) (facts.State, string) {
	vendor, device := inventory.Text(d.PCI.VendorID), inventory.Text(d.PCI.DeviceID)
	revision := c.NameOfRevision(vendor, device, inventory.Text(d.PCI.RevisionID))
	if strings.Contains(revision, "/") { // it is that of several products, too
		revision = ""
	}
	own := cores(append(slices.Clone(names), c.NamesOfRevisions(vendor, device)...))
	// Who knows the board tells products of one id apart.
	for _, who := range []struct {
		says  string
		names []string
	}{{"the driver calls the card ", driverNames(d)}, {"the revision of the device id is that of ", []string{revision}}, {"the board's ids are those of ", []string{bracketed(inventory.Text(d.Names.Subsystem))}}} {
		for _, name := range who.names {
			for _, core := range cores([]string{name}) {
				if offer.Same(core, found.Words) == "same" {
					return facts.Match, who.says + name
				}
				if bears(own, core) && offer.Same(core, found.Words) == "other" && !strings.Contains(name, "/") && bears(own, found.Words) {
					return facts.Mismatch, who.says + name
				}
			}
		}
	}
	same := bears(own, found.Words)
	vague := slices.ContainsFunc(own, func(core []string) bool { return offer.Same(core, found.Words) == "vague" })
	ids := slices.Contains(found.IDs, vendor+":"+device)
	switch {
	case same && len(own) > 1:
		return facts.Unknown, "the device id is that of several products: " + strings.Join(names, ", ")
	case same || ids:
		return facts.Match, "the device id is that of " + names[0]
	case vague:
		return facts.Unknown, "the words fit more than one product: the card is a " + names[0]
	}
	return facts.Mismatch, "the device id is that of " + names[0]
}

// bears says that one of a card's names is that of a product.
func bears(own [][]string, words []string) bool {
	return slices.ContainsFunc(own, func(o []string) bool { return offer.Same(o, words) == "same" })
}

// namesOf are the names of a device id.
func namesOf(d *inventory.Device, c *catalogue.Catalogue) []string {
	vendor, device := inventory.Text(d.PCI.VendorID), inventory.Text(d.PCI.DeviceID)
	if vendor == "" || device == "" {
		return nil
	}
	names := c.NamesOfBoard(d.PCI.IDs())
	listed := c.Lookup(d.PCI.IDs()).BoardListed
	if inList := bracketed(inventory.Text(d.Names.Device)); inList != "" && (listed == nil || !*listed) {
		names = append(names, inList)
	}
	var each []string
	for _, name := range names {
		if !slices.ContainsFunc(each, func(n string) bool { return slices.Equal(catalogue.Words(n), catalogue.Words(name)) }) {
			each = append(each, name)
		}
	}
	return each
}

func driverNames(d *inventory.Device) []string {
	var names []string
	for _, claim := range d.ProductNames {
		names = append(names, claim.Value)
	}
	return names
}

// cores are the products of names, each once.
func cores(names []string) [][]string {
	var list [][]string
	for _, name := range names {
		for _, one := range offer.Split(name) {
			core := offer.Core(one)
			if len(core) > 0 && !bears(list, core) {
				list = append(list, core)
			}
		}
	}
	return list
}

// offeredMemory holds a size against what sources state of the card.
func offeredMemory(d *inventory.Device, known *catalogue.Facts, said *offer.Offer) facts.OfferPart {
	if why := said.Unclear["memory"]; why != "" {
		return facts.OfferPart{State: facts.Unknown, Reason: why}
	}
	if said.MemoryMiB == 0 {
		return facts.OfferPart{State: facts.NotCovered, Reason: "no size is named"}
	}
	p := facts.OfferPart{Claim: fmt.Sprintf("%d MiB", said.MemoryMiB)}
	a := known.Accelerator
	switch {
	case aboard(d, known):
		p.State, p.Reason = facts.NotCovered, "the device works in the machine's memory"
		return p
	case share(d):
		p.State, p.Reason = facts.Unknown, "a virtual machine sees a share of a card"
		return p
	case len(d.Memory) == 0:
		p.State, p.Reason = facts.Unknown, "no source states how much memory the card has"
		return p
	}
	for _, claim := range d.Memory {
		mib := int(min(claim.Bytes>>20, 1<<30))
		if !mayReport(inventory.Text(d.PCI.VendorID), mib, said.MemoryMiB) {
			p.State, p.Reason = facts.Mismatch, fmt.Sprintf("the card has %d MiB (%s)", mib, claim.Source)
			if divided(a, mib, said.MemoryMiB) {
				p.Reason = fmt.Sprintf("the board has as much in all, divided between several GPUs, and a program works in the memory of one: %d MiB (%s)", mib, claim.Source)
			}
			return p
		}
		p.State, p.Reason = facts.Match, fmt.Sprintf("the card has %d MiB (%s)", mib, claim.Source)
	}
	if a != nil && len(a.MemoryMiB) > 0 && a.MemoryComplete != nil && *a.MemoryComplete && !slices.Contains(a.MemoryMiB, said.MemoryMiB) {
		p.Reason += "; the factory does not fit that size"
	}
	return p
}

// divided says that an offered size is that of a whole board, of which a GPU has its part.
func divided(a *catalogue.Accelerator, mib, offered int) bool {
	return a != nil && slices.ContainsFunc(a.MemorySizes, func(s catalogue.MemorySizes) bool { return s.Unit == "card" && slices.Contains(s.MiB, offered) }) &&
		slices.ContainsFunc(a.MemoryMiB, func(own int) bool { return mayReport(a.VendorID, mib, own) })
}

// share says that a function is a share of a card: a virtual function, or that of a
// guest, whose driver states a VBIOS of zeros.
func share(d *inventory.Device) bool {
	return d.PCI.SRIOV != nil && d.PCI.SRIOV.PhysicalFunction != nil ||
		slices.ContainsFunc(d.Firmware.Versions, func(v inventory.VersionClaim) bool { return v.Version == "00.00.00.00.00" }) ||
		slices.ContainsFunc(d.ProductNames, func(n inventory.NameClaim) bool { return shareName.MatchString(n.Value) })
}

// shareName is as in the rules (rules/provenance/lib.rego): "GRID T4-16Q", "MIG 1g.5gb".
var shareName = lazyregexp.New(`-[0-9]{1,3}[ABCQ](ME)?$|MIG [0-9]+[cg]\.`)

// offeredMaker holds the maker of the board against the board's ids. Boards that a
// brand sells under the chip maker's ids are common among cards for workstations.
func offeredMaker(d *inventory.Device, said *offer.Offer) facts.OfferPart {
	if why := said.Unclear["maker"]; why != "" {
		return facts.OfferPart{State: facts.Unknown, Reason: why}
	}
	if said.Maker == "" {
		return facts.OfferPart{State: facts.NotCovered, Reason: "no board maker is named"}
	}
	p := facts.OfferPart{Claim: said.Maker}
	board := inventory.Text(d.PCI.SubsystemVendorID)
	name := board
	if d.Names.SubsystemVendor != nil {
		name = *d.Names.SubsystemVendor
	}
	switch {
	case board == "":
		p.State, p.Reason = facts.Unknown, "who made the board could not be read"
	case slices.Contains(said.Boards, board):
		p.State, p.Reason = facts.Match, "the board's ids are those of "+name
	case offer.IsBoardMaker(board):
		p.State, p.Reason = facts.Mismatch, "the board's ids are those of "+name
	default:
		p.State, p.Reason = facts.Unknown, "the board's ids name no maker that sells cards under its own name ("+name+")"
	}
	return p
}

// worn says that a count is of a card's whole life, and at zero in one that nobody has
// used. AMD's counts of errors begin anew with the driver.
func worn(d *inventory.Device, h *inventory.HealthClaim) bool {
	switch h.Kind {
	case inventory.RowsRemapped, inventory.PagesRetired:
		return h.Count > 0
	case inventory.MemoryUncorrected:
		return h.Count > 0 && inventory.Text(d.PCI.VendorID) == nvidia
	}
	return false
}

// offeredCondition holds "new" against counts that grow over a card's life. No source
// tells how long a card was used, so that nothing shows that one is new.
func offeredCondition(d *inventory.Device, said *offer.Offer) facts.OfferPart {
	if why := said.Unclear["condition"]; why != "" {
		return facts.OfferPart{State: facts.Unknown, Reason: why}
	}
	switch said.Condition {
	case "":
		return facts.OfferPart{State: facts.NotCovered, Reason: "neither new nor used is said"}
	case "used":
		return facts.OfferPart{Claim: "used", State: facts.NotCovered, Reason: "a card that is sold as used may be as it is"}
	}
	for i := range d.Health {
		if h := &d.Health[i]; worn(d, h) {
			return facts.OfferPart{Claim: "new", State: facts.Mismatch, Reason: fmt.Sprintf("the card has counted %d of %s (%s)", h.Count, h.Kind, h.Source)}
		}
	}
	return facts.OfferPart{Claim: "new", State: facts.Unknown, Reason: "no card tells how long it was used"}
}
