package offer

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Index finds products by the words of an offer.
type Index struct {
	// cores are products by their core written as one word: "rtx4090d".
	cores map[string]*Product
	// bare are those that their number alone tells: "4090d"; nil where several do.
	bare map[string]*Product
}

// Product is one product, under all ids that bear its name.
type Product struct {
	// Name is how the first list names it, but for sizes of memory, which tell no product.
	Name string
	// Words are what tells it apart, in order: rtx, 4090, d.
	Words []string
	// IDs are "10de:2685", each once, sorted.
	IDs []string

	lines map[string][]string // ids by word of the line: "quadro"
}

// NewIndex makes an index of names by id. A name of several products, "Quadro RTX
// 6000/8000", names each of them.
func NewIndex(names func(yield func(id, name string) bool)) *Index {
	x := &Index{cores: map[string]*Product{}, bare: map[string]*Product{}}
	for id, name := range names {
		for _, one := range Split(name) {
			x.add(id, one)
		}
	}
	x.shorten()
	x.mobile()
	for _, p := range x.cores {
		slices.Sort(p.IDs)
		if len(p.Words) < 2 || !slices.Contains(series, p.Words[0]) {
			continue
		}
		key := strings.Join(p.Words[1:], "")
		if thousands.MatchString(key) || !bareNumber.MatchString(key) {
			continue
		}
		if _, there := x.bare[key]; there {
			x.bare[key] = nil
		} else {
			x.bare[key] = p
		}
	}
	return x
}

// shorten adds the names that sellers use of products whose names are long: "RTX PRO
// 6000" and "RTX 6000 Pro" of "RTX PRO 6000 Blackwell Workstation Edition". A short name
// that is another product's own stays that product's.
func (x *Index) shorten() {
	short := map[string]*Product{}
	for _, long := range slices.Sorted(maps.Keys(x.cores)) {
		p := x.cores[long]
		for _, words := range shorter(p.Words) {
			key := strings.Join(words, "")
			if x.cores[key] != nil {
				continue
			}
			s := short[key]
			if s == nil {
				s = &Product{Name: spelled(words, p.Name), Words: words, lines: map[string][]string{}}
				short[key] = s
			}
			for _, id := range p.IDs {
				if !slices.Contains(s.IDs, id) {
					s.IDs = append(s.IDs, id)
				}
			}
		}
	}
	maps.Copy(x.cores, short)
}

// mobile adds what sellers call the parts of laptops: "RTX 3070M" is the RTX 3070 Laptop
// GPU, where no product has that name.
func (x *Index) mobile() {
	for _, key := range slices.Sorted(maps.Keys(x.cores)) {
		p := x.cores[key]
		if number, found := strings.CutSuffix(key, "laptop"); found && number != "" && unicode.IsDigit(rune(number[len(number)-1])) && x.cores[number+"m"] == nil {
			x.cores[number+"m"] = p
			if _, bare, found := strings.Cut(number, "rtx"); found {
				x.bare[bare+"m"] = p
			}
		}
	}
}

// shorter are a product's words without some of those that sellers leave out, and with
// "pro" behind the number.
func shorter(words []string) [][]string {
	if !slices.ContainsFunc(words, omitted) || len(words) > maxWords {
		return nil
	}
	list := [][]string{nil}
	for _, w := range words {
		var next [][]string
		for _, l := range list {
			next = append(next, append(slices.Clone(l), w))
			if omitted(w) {
				next = append(next, l)
			}
		}
		list = next
	}
	for _, l := range list {
		if len(l) > 2 && l[1] == "pro" {
			swapped := slices.Clone(l)
			swapped[1], swapped[2] = swapped[2], swapped[1]
			list = append(list, swapped)
		}
	}
	return list
}

// omitted are words of a name that sellers leave out where nothing else is called so.
func omitted(w string) bool {
	return w == "blackwell" || w == "workstation" || w == "server" || w == "maxq"
}

// spelled writes words as a name does that has them.
func spelled(words []string, name string) string {
	list := slices.Clone(words)
	for i, w := range list {
		for _, n := range strings.Fields(name) {
			if strings.EqualFold(n, w) {
				list[i] = n
			}
		}
	}
	return strings.Join(list, " ")
}

func (x *Index) add(id, name string) {
	core := Core(name)
	key := strings.Join(core, "")
	if !strings.ContainsAny(key, "0123456789") && !slices.Contains(core, "vii") && !slices.Contains(core, "titan") {
		return
	}
	p := x.cores[key]
	if p == nil {
		p = &Product{Name: strings.Trim(size.ReplaceAllString(name, ""), " -"), Words: core, lines: map[string][]string{}}
		x.cores[key] = p
	}
	if !slices.Contains(p.IDs, id) {
		p.IDs = append(p.IDs, id)
	}
	for _, w := range tokens(name) {
		if slices.Contains(lines, w) {
			p.lines[w] = append(p.lines[w], id)
		}
	}
}

// series are words before a number that sellers leave out.
var series = []string{"rtx", "gtx", "gt", "rx", "arc", "cmp", "pro"}

// A number of four digits, of three with letters behind it, or of Intel's and
// AMD's forms is a model's.
var bareNumber = lazyregexp.New(`^(?:[0-9]{4}[a-z]{0,6}|[0-9]{3}(?:ti|xt|xtx|super)|[ab][0-9]{3}|a[0-9]{4}|w[0-9]{4}x?)$`)

// thousands are numbers that lines of all generations have.
var thousands = lazyregexp.New(`^[0-9]000$`)

// lines are words of a product line that sellers put and leave out at will, and that
// tell two products apart where both are there.
var lines = []string{"quadro", "tesla", "instinct", "firepro", "geforce", "radeon"}

// left are words that tell no product from another.
var left = lazyregexp.New(`^(?:quadro|tesla|instinct|firepro|geforce|radeon|nvidia|amd|ati|intel|gpu|graphics|lite|hash|rate|lhr|max|q|design|pcie|sxm[0-9]?|hbm[0-9]?e?|gddr[0-9]?x?|oem|edition|rev|[0-9]{1,3}gb|gb|r|tm|accelerator|generation|series|g[abdfhkmp][0-9]{3}[a-z]*|[at][du][0-9]{3}[a-z]*)$`)

// size matches what a name says of memory and form.
var size = lazyregexp.New(`(?i)[\s-]*\b(?:[0-9]{1,3} ?GB|PCIe|SXM[0-9]?|HBM[0-9]?e?)\b`)

var forms = []string{"laptop", "mobile", "notebook"}

// Core are the words of a product's name that tell it from others. What is made for
// laptops says so in many words, and here in one.
func Core(name string) []string {
	var core []string
	laptop, words := false, tokens(name)
	for i, t := range words {
		switch {
		case i > 0 && words[i-1] == "rev" && len(t) == 1: // "Rev. A" is the same product
		case slices.Contains(forms, t), t == "q" && !slices.Contains(words, "workstation"):
			laptop = true
		case t == "q": // a card for workstations that takes less power
			core = append(core, "maxq")
		case left.MatchString(t):
		default:
			core = append(core, t)
		}
	}
	if laptop && len(core) > 0 {
		core = append(core, "laptop")
	}
	return core
}

// Split takes a name of several products apart: "Quadro RTX 6000/8000". What follows a
// stroke and begins with a digit has the words before the first number.
func Split(name string) []string {
	parts := strings.Split(name, "/")
	first := strings.Fields(parts[0])
	number := slices.IndexFunc(first, func(w string) bool { return strings.ContainsAny(w, "0123456789") })
	list := []string{strings.Join(first, " ")}
	for _, part := range parts[1:] {
		words := strings.Fields(part)
		if len(Core(part)) == 0 { // a size
			continue
		}
		if number > 0 && strings.ContainsAny(words[0][:1], "0123456789") {
			words = append(slices.Clone(first[:number]), words...)
		}
		list = append(list, strings.Join(words, " "))
	}
	return list
}

// Found is a product that an offer names.
type Found struct {
	*Product
	// Unclear says why no product can be told though one may be named.
	Unclear string
}

// qualifiers tell one product from another of the same number. Beside a name that
// does not have them they make it that of a product which is not known.
var qualifiers = []string{"ti", "super", "d", "xt", "xtx", "xl", "gre", "m", "v2", "duo", "ada", "pro", "x2", "le", "gme", "mini", "max", "blackwell", "2048sp"}

// others are words that hold one card against another.
var others = []string{"vs", "versus", "than", "equivalent", "comparable", "similar", "instead", "äquivalent", "équivalent", "clone", "replica"}

// Find says which product the words name, with more names for this search alone, such
// as those of the card at hand. A nil Product with an empty Unclear means that no
// product is named.
func (x *Index) Find(o *Offer, more ...string) Found {
	own := &Index{cores: map[string]*Product{}}
	for _, name := range more {
		for _, one := range Split(name) {
			own.add("", one)
		}
	}
	hits := x.hits(o, own)
	taken := func(i int) bool { // "RX 480 G…" has no 480 GB
		return number.MatchString(o.tokens[i]) && slices.ContainsFunc(hits, func(h hit) bool { return i >= h.from && i < h.to })
	}
	o.memory(taken)
	switch {
	case len(hits) == 0 && slices.ContainsFunc(o.tokens, x.plural):
		return Found{Unclear: "the letter S behind a number may mean SUPER, or several cards"}
	case len(hits) == 0:
		return Found{}
	case slices.ContainsFunc(hits, func(h hit) bool { return h.product == nil }):
		return Found{Unclear: "the number that is named is that of several products"}
	}
	p := hits[0].product
	for _, h := range hits {
		if h.product != p {
			return Found{Unclear: "more than one product is named"}
		}
	}
	if o.says(others...) {
		return Found{Unclear: "the words hold one card against another"}
	}
	if word := qualified(o, hits, p); word != "" {
		return Found{Unclear: "no product is known by this name with the word " + word}
	}
	return Found{Product: p.narrowed(o)}
}

// plural says that a word is the number of a product with an S behind it: "4080S".
func (x *Index) plural(word string) bool {
	number, found := strings.CutSuffix(strings.TrimPrefix(word, "rtx"), "s")
	return found && (x.bare[number] != nil || x.bare[number+"super"] != nil)
}

// hit is a place in an offer that names a product; a nil product names several.
type hit struct {
	from, to int
	product  *Product
}

const maxWords = 6

// hits are the longest places that name products, in their order.
func (x *Index) hits(o *Offer, own *Index) []hit {
	var all []hit
	for i := range o.tokens {
		for j := min(len(o.tokens), i+maxWords); j > i; j-- {
			if p := x.whole(o.tokens[i:j], own); p != nil {
				all = append(all, hit{i, j, p})
				break
			}
		}
	}
	long := longest(all)
	for i := range o.tokens {
		if slices.ContainsFunc(long, func(h hit) bool { return i >= h.from && i < h.to }) || o.money(i) || o.ofAnother(i) {
			continue
		}
		for j := min(len(o.tokens), i+3); j > i; j-- {
			p, there := x.bare[strings.Join(o.tokens[i:j], "")]
			if there {
				long = append(long, hit{i, j, p})
				break
			}
		}
	}
	return longest(long)
}

// longest leaves out the places that lie within longer ones.
func longest(all []hit) []hit {
	return slices.DeleteFunc(slices.Clone(all), func(h hit) bool {
		return slices.ContainsFunc(all, func(b hit) bool { return b.from <= h.from && h.to <= b.to && b.to-b.from > h.to-h.from })
	})
}

// whole finds the product whose name is exactly these words, which may be written
// together. One letter and a number behind it are no word: "a 100 watt card".
func (x *Index) whole(words []string, own *Index) *Product {
	first, last := words[0], words[len(words)-1]
	if left.MatchString(first) || slices.Contains(forms, first) || left.MatchString(last) && last != "q" {
		return nil
	}
	for i, w := range words[:len(words)-1] {
		if len([]rune(w)) == 1 && w[0] >= 'a' && w[0] <= 'z' && words[i+1][0] >= '0' && words[i+1][0] <= '9' {
			return nil
		}
	}
	key := strings.Join(Core(strings.Join(words, " ")), "")
	if p := x.cores[key]; p != nil {
		return p
	}
	return own.cores[key]
}

// ofAnother says that a number is behind letters that are none of a GPU's: "KX-6640".
func (o *Offer) ofAnother(i int) bool {
	before := o.at(i - 1)
	return before != "" && len(before) <= 2 && strings.Trim(before, "abcdefghijklmnopqrstuvwxyz") == "" && !slices.Contains(series, before)
}

// money says that a number is a price.
func (o *Offer) money(i int) bool {
	words := []string{"$", "usd", "eur", "euro", "euros", "gbp", "rmb", "cny", "yuan", "元", "块", "руб"}
	return slices.Contains(words, o.at(i-1)) || slices.Contains(words, o.at(i+1))
}

// qualified is a word beside a name that would make it that of another product.
func qualified(o *Offer, hits []hit, p *Product) string {
	inside := func(i int) bool {
		return slices.ContainsFunc(hits, func(h hit) bool { return i >= h.from && i < h.to })
	}
	for _, h := range hits {
		if next := o.at(h.to); slices.Contains(qualifiers, next) && !slices.Contains(p.Words, next) {
			return next
		}
	}
	for i, t := range o.tokens {
		word := t
		if slices.Contains(forms, t) {
			word = "laptop"
		}
		if slices.Contains([]string{"laptop", "ti", "super"}, word) && !inside(i) && !slices.Contains(p.Words, word) {
			return t
		}
	}
	return ""
}

// narrowed leaves of a product the ids of the line that is named.
func (p *Product) narrowed(o *Offer) *Product {
	if name, found := strings.CutPrefix(p.Name, "Quadro "); found && !o.says("quadro") {
		q := *p
		q.Name, p = name, &q
	}
	for _, line := range lines {
		ids := p.lines[line]
		if o.says(line) && len(ids) > 0 && len(ids) < len(p.IDs) {
			q := *p
			q.IDs = slices.Compact(slices.Sorted(slices.Values(ids)))
			return &q
		}
	}
	return p
}

// vague are words of a name that sellers leave out though they tell products apart.
var vague = []string{"ada", "generation", "blackwell", "workstation", "server", "nvl", "hgx", "turing", "ampere", "fhhl", "dgxs", "maxq"}

// Same says how two names of products stand to each other: "same"; "vague" where one
// leaves out words, and none that are known to make it another product; else "other".
func Same(a, b []string) string {
	only := func(x, y []string) []string {
		return slices.DeleteFunc(slices.Clone(x), func(w string) bool { return slices.Contains(y, w) })
	}
	if strings.Join(a, "") == strings.Join(b, "") {
		return "same"
	}
	less, more := only(a, b), only(b, a)
	parts := len(less) > 0 && len(more) > 0
	for _, w := range append(less, more...) {
		if !slices.Contains(vague, w) && (parts || w == "laptop" || slices.Contains(qualifiers, w)) {
			return "other"
		}
	}
	return "vague"
}
