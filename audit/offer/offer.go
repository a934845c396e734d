// Package offer reads a seller's words: which product, how much memory, which board
// maker, new or used. It takes a word for what it says or for nothing: words that can
// be read in two ways are unclear, and nothing follows from them.
package offer

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Limit caps an offer, in characters.
const Limit = 300

// Offer is what the words of a seller say.
type Offer struct {
	// MemoryMiB is the size that is named; 0 where none is, or more than one.
	MemoryMiB int
	// Maker is the board maker that is named, Boards the subsystem vendor ids under
	// which its boards and those of its group are sold; "" and nil for none or several.
	Maker  string
	Boards []string
	// Condition is "new" or "used"; "" where neither or both are said.
	Condition string
	// Form is "pcie" or "sxm" where one of both is said, and nothing of an adapter.
	Form string
	// Unclear says of a part ("memory", "maker", "condition") why it cannot be read
	// though something is said of it.
	Unclear map[string]string

	tokens []string
}

// Readable says that a text can be an offer: printable, not empty, not too long.
func Readable(text string) bool {
	return strings.TrimSpace(text) != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= Limit &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && r != '\t' && !unicode.Is(unicode.Zs, r) }) // spaces of French and of Japanese
}

// Parse reads an offer.
func Parse(text string) *Offer {
	o := &Offer{Unclear: map[string]string{}, tokens: tokens(text)}
	o.memory(nil)
	o.maker()
	o.condition()
	o.form()
	return o
}

// FormOf is the form that a product's name states: "pcie", "sxm" or "".
func FormOf(name string) string {
	for _, t := range tokens(name) {
		switch {
		case strings.HasPrefix(t, "sxm"):
			return "sxm"
		case t == "pcie" || t == "nvl":
			return "pcie"
		}
	}
	return ""
}

// form reads whether a card for a slot or a module is offered. A module in an adapter is
// offered as both.
func (o *Offer) form() {
	pcie := o.says("pcie") || o.phrase("pci", "e") || o.phrase("pci", "express")
	sxm := slices.ContainsFunc(o.tokens, func(t string) bool { return strings.HasPrefix(t, "sxm") })
	adapted := o.says("adapter", "adapters", "adaptor", "adaptateur", "carrier", "converted", "conversion", "转接", "转接卡", "转接板", "转")
	switch {
	case adapted || pcie == sxm:
	case pcie:
		o.Form = "pcie"
	default:
		o.Form = "sxm"
	}
}

// tokens are the words of a text in lower case: letters with digits, a number with its
// decimals, a sign of money, and a cross. Scripts that write without spaces end a word
// of another script.
func tokens(text string) []string {
	var list []string
	var word []rune
	end := func() {
		if w := strings.Trim(string(word), ".,"); w != "" {
			list = append(list, w)
		}
		word = word[:0]
	}
	runes := []rune(strings.ToLower(strings.Map(narrow, text)))
	for i, r := range runes {
		point := (r == '.' || r == ',') && i > 0 && i+1 < len(runes) && unicode.IsDigit(runes[i-1]) && unicode.IsDigit(runes[i+1])
		switch {
		case ideographic(r):
			if len(word) > 0 && !ideographic(word[len(word)-1]) {
				end()
			}
			word = append(word, r)
		case unicode.IsLetter(r) || unicode.IsDigit(r) || point:
			if len(word) > 0 && ideographic(word[len(word)-1]) {
				end()
			}
			word = append(word, r)
		case r == '×' || r == '*':
			end()
			list = append(list, "x")
		case unicode.Is(unicode.Sc, r):
			end()
			list = append(list, "$")
		default:
			end()
		}
	}
	end()
	return list
}

// narrow is the ordinary form of a wide character (Unicode, block Halfwidth and
// Fullwidth Forms).
func narrow(r rune) rune {
	if r >= 0xff01 && r <= 0xff5e {
		return r - 0xff01 + '!'
	}
	return r
}

func ideographic(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

var (
	// Units of 2^30 bytes as sellers write them, Go (French) and ГБ (Russian) among them.
	gigabytes = lazyregexp.New(`^([0-9]{1,3})(?:g|gb|gib|go|гб|г|gig|gigs|gbyte|gbytes|gigabytes?|гигабайта?)(?:vram|d[0-9]x?|gddr[0-9]x?|hbm[0-9]?e?)?$`)
	megabytes = lazyregexp.New(`^([0-9]{3,6})(?:mb|mib|mo|мб)$`)
	unit      = lazyregexp.New(`^(?:g|gb|gib|go|гб|гигабайта?|gigs?|gbytes?|gigabytes?)$`)
	number    = lazyregexp.New(`^[0-9]{1,3}$`)
	times     = lazyregexp.New(`^(?:[0-9]{1,3}(?:g|gb|gib|go)x[0-9]{1,2}|[0-9]{1,2}x[0-9]{1,3}(?:g|gb|gib|go))$`)
)

// memory reads the size. name says which tokens are words of a product's name.
func (o *Offer) memory(name func(int) bool) {
	o.MemoryMiB = 0
	delete(o.Unclear, "memory")
	var sizes []int
	add := func(text string, factor int) {
		if n, err := strconv.Atoi(text); err == nil && n > 0 && !slices.Contains(sizes, n*factor) {
			sizes = append(sizes, n*factor)
		}
	}
	several, reached := false, o.says("upgradable", "upgradeable", "expandable")
	for i, t := range o.tokens {
		if name != nil && name(i) {
			continue
		}
		next := o.at(i + 1)
		switch {
		case times.MatchString(t):
			several = true
		case t == "x" && (number.MatchString(o.at(i-1)) || number.MatchString(next) || gigabytes.MatchString(o.at(i-1))):
			several = true
		case gigabytes.MatchString(t):
			reached = reached || o.reached(i)
			add(gigabytes.FindStringSubmatch(t)[1], 1024)
		case megabytes.MatchString(t):
			reached = reached || o.reached(i)
			add(megabytes.FindStringSubmatch(t)[1], 1)
		case number.MatchString(t) && unit.MatchString(next):
			reached = reached || o.reached(i)
			add(t, 1024)
		}
	}
	switch {
	case len(sizes) == 0 && !several:
	case several:
		o.Unclear["memory"] = "a size is named times a number: of one card, or of several"
	case len(sizes) > 1:
		o.Unclear["memory"] = "more than one size is named"
	case reached:
		o.Unclear["memory"] = "a size is named that can be reached, not one that is there"
	default:
		o.MemoryMiB = sizes[0]
	}
}

// reached says that a size is one up to which something goes: "jusqu'à 24 Go".
func (o *Offer) reached(i int) bool {
	before, first := o.at(i-1), o.at(i-2)
	return before == "upto" || before == "jusqu" || first == "up" && before == "to" || first == "bis" && before == "zu" || first == "jusqu" && slices.Contains([]string{"à", "a"}, before)
}

func (o *Offer) at(i int) string {
	if i < 0 || i >= len(o.tokens) {
		return ""
	}
	return o.tokens[i]
}

func (o *Offer) says(words ...string) bool {
	return slices.ContainsFunc(o.tokens, func(t string) bool { return slices.Contains(words, t) })
}

func (o *Offer) phrase(first, second string) bool {
	for i, t := range o.tokens {
		if t == first && o.at(i+1) == second {
			return true
		}
	}
	return false
}

// maker reads the board maker.
func (o *Offer) maker() {
	for _, m := range boardMakers {
		if !o.says(m.words...) && !(m.name == "Gigabyte" && o.gigabyte()) {
			continue
		}
		if o.Maker != "" && !slices.Equal(o.Boards, m.boards) {
			o.Maker, o.Boards = "", nil
			o.Unclear["maker"] = "more than one board maker is named"
			return
		}
		o.Maker, o.Boards = m.name, m.boards
	}
}

// gigabyte says that the maker is named, and not a unit: no number is before it.
func (o *Offer) gigabyte() bool {
	for i, t := range o.tokens {
		if t == "gigabyte" && !number.MatchString(o.at(i-1)) {
			return true
		}
	}
	return false
}

// condition reads whether the card is new. "Like new" is said of what is not.
func (o *Offer) condition() {
	isNew, used := false, false
	for i, t := range o.tokens {
		before := o.at(i - 1)
		switch {
		case slices.Contains(newWords, t):
			if slices.Contains([]string{"like", "as", "almost", "nearly", "comme", "wie", "come", "como", "quasi", "fast"}, before) {
				used = true
			} else {
				isNew = true
			}
		case slices.Contains(usedWords, t):
			if slices.Contains([]string{"not", "never", "non", "nicht", "jamais"}, before) {
				isNew = true
			} else {
				used = true
			}
		}
	}
	used = used || o.phrase("second", "hand") || o.phrase("seconde", "main") || o.phrase("б", "у") || o.phrase("pre", "owned") || o.phrase("bon", "état")
	switch {
	case isNew && used:
		o.Unclear["condition"] = "both new and used are said"
	case isNew:
		o.Condition = "new"
	case used:
		o.Condition = "used"
	}
}

var (
	newWords  = []string{"new", "bnib", "sealed", "unused", "neu", "neuf", "neuve", "nuevo", "nueva", "nuovo", "nuova", "novo", "nova", "nowy", "nowa", "новый", "новая", "全新", "新品", "新品未開封", "未使用", "未使用品", "scellé", "scellée"}
	usedWords = []string{"used", "refurb", "refurbished", "renewed", "preowned", "secondhand", "gebraucht", "occasion", "reconditionné", "reconditionnée", "usado", "usada", "usato", "usata", "używana", "бу", "二手", "拆机", "中古", "中古品", "servi", "servie"}
)

// boardMakers are words that name a board maker, and the ids of the PCI ID list under
// which its boards are sold, with those of its group: Palit and Gainward share theirs,
// and so do the brands of PC Partner.
var boardMakers = []struct {
	name          string
	words, boards []string
}{
	{"ASUS", []string{"asus", "华硕"}, []string{"1043"}},
	{"MSI", []string{"msi", "微星"}, []string{"1462"}},
	{"Gigabyte", []string{"aorus", "技嘉"}, []string{"1458"}},
	{"Colorful", []string{"colorful", "igame", "七彩虹"}, []string{"7377"}},
	{"GALAX", []string{"galax", "kfa2", "影驰"}, []string{"1b4c"}},
	{"ZOTAC", []string{"zotac", "索泰"}, []string{"19da", "174b", "1771"}},
	{"Inno3D", []string{"inno3d", "映众"}, []string{"19da", "174b", "1771"}},
	{"Palit", []string{"palit"}, []string{"1569", "10b0"}},
	{"Gainward", []string{"gainward", "耕升"}, []string{"1569", "10b0"}},
	{"PNY", []string{"pny"}, []string{"196e"}},
	{"Sapphire", []string{"sapphire", "蓝宝石"}, []string{"1da2", "174b"}},
	{"PowerColor", []string{"powercolor", "撼讯"}, []string{"148c"}},
	{"XFX", []string{"xfx", "讯景"}, []string{"1682", "1eae"}},
	{"EVGA", []string{"evga"}, []string{"3842"}},
	{"ASRock", []string{"asrock"}, []string{"1849"}},
	{"Biostar", []string{"biostar"}, []string{"1565"}},
}

// IsBoardMaker says that an id is one under which a named brand sells boards.
func IsBoardMaker(id string) bool {
	for _, m := range boardMakers {
		if slices.Contains(m.boards, id) {
			return true
		}
	}
	return false
}
