package catalogue

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// idsNamed: see [Catalogue.Named].
func (c *tables) idsNamed(vendor, name string) []string {
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

func (c *tables) byName() map[string][]string {
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
		for _, name := range b.names() {
			add(vendor, strings.Join(Words(name), " "), key)
		}
	}
	for key, ids := range named {
		slices.Sort(ids)
		named[key] = slices.Compact(ids)
	}
	return named
}

// namesOf: see [Catalogue.NamesOf].
func (c *tables) namesOf(vendor, device string) []string {
	var names []string
	if a := c.accelerators[pair(vendor, device)]; a != nil {
		names = append(names, a.Name)
	}
	if b := c.boards[pair(vendor, device)]; b != nil {
		names = append(names, b.names()...)
	}
	return names
}

// names are the products' names, those that have the same words once.
func (b *boards) names() []string {
	var names []string
	var seen [][]string
	for _, name := range b.all {
		words := Words(name)
		if !slices.ContainsFunc(seen, func(s []string) bool { return slices.Equal(s, words) }) {
			names, seen = append(names, name), append(seen, words)
		}
	}
	return names
}

// namesOfBoard: see [Catalogue.NamesOfBoard].
func (c *tables) namesOfBoard(ids inventory.IDs) []string {
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

// nameOfRevision: see [Catalogue.NameOfRevision].
func (c *tables) nameOfRevision(vendor, device, revision string) string {
	if r := c.revisions[pair(pair(vendor, device), revision)]; r != nil {
		return r.Name
	}
	return ""
}

// namesOfRevisions: see [Catalogue.NamesOfRevisions].
func (c *tables) namesOfRevisions(vendor, device string) []string {
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

// names: see [Catalogue.Names].
func (c *tables) names() iter.Seq2[string, string] {
	return func(yield func(id, name string) bool) {
		for _, key := range slices.Sorted(maps.Keys(c.accelerators)) {
			if !yield(key, c.accelerators[key].Name) {
				return
			}
		}
		for _, key := range slices.Sorted(maps.Keys(c.boards)) {
			for _, name := range c.boards[key].names() {
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
