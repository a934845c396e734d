package catalogue

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Named are the ids ("10de:2684") of a vendor's accelerators that bear exactly
// this product name, in the catalogue or in the vendor's list of boards. What a
// vendor writes before the name, case and hyphens do not count.
func (c *Catalogue) Named(vendor, name string) []string {
	words := Words(name)
	if len(words) == 0 {
		return nil
	}
	c.named.once.Do(func() { c.named.ids = c.byName() })
	return slices.Clone(c.named.ids[vendor+" "+strings.Join(words, " ")])
}

// names are the ids of products, found once for a catalogue: a scan asks for each name of
// each card.
type names struct {
	once sync.Once
	ids  map[string][]string // by "10de geforce rtx 4090"
}

func (c *Catalogue) byName() map[string][]string {
	named := map[string][]string{}
	add := func(vendor, name, id string) {
		key := vendor + " " + name
		named[key] = append(named[key], id)
	}
	for key, a := range c.accelerators {
		for _, name := range products(a.Name) {
			add(a.VendorID, name, key)
		}
	}
	for key, b := range c.boards {
		vendor, _, _ := strings.Cut(key, ":")
		for _, name := range b.names {
			add(vendor, strings.Join(Words(name), " "), key)
		}
	}
	for key, ids := range named {
		slices.Sort(ids)
		named[key] = slices.Compact(ids)
	}
	return named
}

// NamesOf are the names that the catalogue and the vendor's list of boards have
// for an id.
func (c *Catalogue) NamesOf(vendor, device string) []string {
	var names []string
	if a := c.accelerators[pair(vendor, device)]; a != nil {
		names = append(names, a.Name)
	}
	if b := c.boards[pair(vendor, device)]; b != nil {
		names = append(names, b.names...)
	}
	return names
}

// NamesOfBoard are the names that a card with these ids may bear: the one that the vendor
// lists its board by, or else those of the id that go with no board.
func (c *Catalogue) NamesOfBoard(ids inventory.IDs) []string {
	key := pair(ids.Vendor, ids.Device)
	var names []string
	if a := c.accelerators[key]; a != nil {
		names = append(names, a.Name)
	}
	if b := c.boards[key]; b != nil {
		if name := b.of[pair(ids.SubsystemVendor, ids.SubsystemDevice)]; name != "" {
			return []string{name}
		}
		names = append(names, b.general...)
	}
	return names
}

// NameOfRevision is what the maker calls the product with this revision, "" where it does
// not tell products of the id apart.
func (c *Catalogue) NameOfRevision(vendor, device, revision string) string {
	if r := c.revisions[pair(pair(vendor, device), revision)]; r != nil {
		return r.Name
	}
	return ""
}

// NamesOfRevisions are what the maker calls the products of an id, each once, in order.
func (c *Catalogue) NamesOfRevisions(vendor, device string) []string {
	var names []string
	for key, r := range c.revisions {
		if strings.HasPrefix(key, pair(vendor, device)+":") {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// marks are what does not belong to the words of a name.
var marks = strings.NewReplacer("(r)", " ", "(tm)", " ", "-", " ", "[", " ", "]", " ", "(", " ", ")", " ", ",", " ")

// Words are those of a product name by which it can be compared: in lower case,
// without the vendor's own name and marks.
func Words(name string) []string {
	return slices.DeleteFunc(strings.Fields(marks.Replace(strings.ToLower(name))), func(w string) bool {
		return w == "nvidia" || w == "amd" || w == "ati" || w == "intel"
	})
}

// products takes a row's name apart where it is that of several products: "Quadro
// RTX 6000/8000" is "Quadro RTX 6000" and "Quadro RTX 8000", and "Radeon RX 7900
// XT/7900 XTX" is "Radeon RX 7900 XT" and "Radeon RX 7900 XTX".
func products(name string) []string {
	parts := strings.Split(name, "/")
	first := Words(parts[0])
	line := slices.IndexFunc(first, numbered)
	var list []string
	for i, part := range parts {
		words := Words(part)
		if i > 0 && len(words) > 0 && line > 0 && numbered(words[0]) {
			words = append(slices.Clone(first[:line]), words...)
		}
		list = append(list, strings.Join(words, " "))
	}
	return list
}

// numbered says that a word begins with a digit, as numbers of models do.
func numbered(word string) bool { return word != "" && word[0] >= '0' && word[0] <= '9' }

// Names goes through the names of all accelerators, boards and revisions, each with its id
// ("10de:2684"), in the order of the ids.
func (c *Catalogue) Names() iter.Seq2[string, string] {
	return func(yield func(id, name string) bool) {
		for _, key := range slices.Sorted(maps.Keys(c.accelerators)) {
			if !yield(key, c.accelerators[key].Name) {
				return
			}
		}
		for _, key := range slices.Sorted(maps.Keys(c.boards)) {
			for _, name := range c.boards[key].names {
				if !yield(key, name) {
					return
				}
			}
		}
		for _, key := range slices.Sorted(maps.Keys(c.revisions)) {
			if !yield(key[:len("1002:744c")], c.revisions[key].Name) {
				return
			}
		}
	}
}
