package manifest

import (
	"errors"
	"fmt"
	"slices"
)

// ErrModel says that cards of different models were to be merged.
var ErrModel = errors.New("these are not cards of one model")

// Card is one card of a model, as [FromDevice] states it.
type Card struct {
	Name      string // how a question names it: capture and address
	Start     string // the capture or the machine: cards of one were started together
	Predicate *Predicate
}

// Aspect is what cards of one model can differ in.
type Aspect string

const (
	AspectBoard Aspect = "board" // subsystem ids and revision
	// AspectROM is the digest of the whole ROM where all code in it is the same:
	// flash holds data of the single card around the images.
	AspectROM       Aspect = "rom"
	AspectFirmware  Aspect = "firmware" // the code: stable digest, images, versions
	AspectRuntime   Aspect = "runtime"  // files that the driver gives the device
	AspectDriver    Aspect = "driver"
	AspectFunctions Aspect = "functions"
	AspectMemory    Aspect = "memory"
	AspectWindows   Aspect = "windows" // sizes of memory windows, which the machine's firmware sets
)

// aspects are all of them; never written to.
var aspects = [...]Aspect{AspectBoard, AspectROM, AspectFirmware, AspectRuntime, AspectDriver, AspectFunctions, AspectMemory, AspectWindows}

// Aspects are all of them.
func Aspects() []Aspect { return slices.Clone(aspects[:]) }

// ParseAspect reads an aspect's name.
func ParseAspect(s string) (Aspect, error) {
	if !slices.Contains(aspects[:], Aspect(s)) {
		return "", fmt.Errorf("unknown aspect %.40q: it is one of %v", s, aspects)
	}
	return Aspect(s), nil
}

// Answers are what the operator says of cards that differ.
type Answers struct {
	// Differing are the aspects in which each card's value is stated as good.
	Differing []Aspect
	// StableOnly leaves the digest of the whole ROM out, and what is stated of the
	// bytes around its images: of a single card always, of several where they differ
	// in it and in no code.
	StableOnly bool
}

// Question is a difference between cards that only a person can judge: a
// normal variation, or the one card that was tampered with.
type Question struct {
	Aspect Aspect
	Stated []Stated
	// Common counts the entries that all cards state; they are left out of Stated.
	Common int
}

// Stated are entries and the cards that state them. Without entries, the card
// states nothing, or nothing beside the common ones: it was not read, or the card
// has none.
type Stated struct {
	Entries []string
	Cards   []string
}

// Merge makes one manifest of several cards of a model. What differs between
// them is a question, never a wildcard: while one is open there is no manifest.
// Everything but the devices' facts is taken from the first card. The one exception are
// measurements, which a start or a card may vary: what differs in them is left out, and
// [Remarks] names it.
func Merge(cards []Card, answers Answers) (*Predicate, []Question, error) {
	if len(cards) == 0 {
		return nil, nil, errors.New("no cards to merge")
	}
	first := cards[0].Predicate.Devices[0]
	for _, c := range cards[1:] {
		if d := c.Predicate.Devices[0]; d.VendorID != first.VendorID || d.DeviceID != first.DeviceID {
			return nil, nil, fmt.Errorf("%w: %s is %s:%s, %s is %s:%s", ErrModel, cards[0].Name, first.VendorID, first.DeviceID, c.Name, d.VendorID, d.DeviceID)
		}
	}
	m := merger{cards: cards, answers: answers}
	out := *cards[0].Predicate
	out.Devices = m.board()
	firmware, rest := m.firmware(), m.rest()
	out.Firmware = append(firmware, rest.Firmware...)
	out.Drivers, out.Functions, out.MemoryMiB, out.Windows = rest.Drivers, rest.Functions, rest.MemoryMiB, rest.Windows
	// That cards sit in different places is no difference between them.
	out.Places = union(cards, func(p *Predicate) []Place { return p.Places }, Place.String)
	out.Measurements, _ = measured(cards)
	if len(m.open) > 0 {
		return nil, m.open, nil
	}
	if err := out.Validate(); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return &out, nil, nil
}

// Remarks say in words which measurements cards state differently, of which a manifest of all
// of them states nothing, and which are of one start alone.
func Remarks(cards []Card) []string {
	var list []string
	agreed, varying := measured(cards)
	for _, v := range varying {
		list = append(list, v.String()+": left out, for they differ between cards or starts")
	}
	for i := range agreed {
		starts := map[string]bool{}
		for _, c := range cards {
			if slices.ContainsFunc(c.Predicate.Measurements, agreed[i].sameAs) {
				starts[c.Start] = true
			}
		}
		if len(starts) == 1 {
			list = append(list, "measurements "+agreed[i].title()+" are of one start alone: an index that changes from start to start would show as a difference; after the next start, state them again with both")
		}
	}
	return list
}

func measured(cards []Card) ([]Measurements, []Varying) {
	var lists [][]Measurements
	for _, c := range cards {
		lists = append(lists, c.Predicate.Measurements)
	}
	return Agreed(lists...)
}

// merger collects the questions of one merge.
type merger struct {
	cards   []Card
	answers Answers
	open    []Question
}

func (m *merger) board() []Device {
	return merged(m, AspectBoard, func(p *Predicate) []Device { return p.Devices }, Device.String)
}

// rest is everything but board and option ROM.
func (m *merger) rest() (p Predicate) {
	p.Firmware = merged(m, AspectRuntime, func(p *Predicate) []Firmware { return p.OfKind(RuntimeFile) }, Firmware.String)
	p.Drivers = merged(m, AspectDriver, func(p *Predicate) []Driver { return p.Drivers }, Driver.String)
	p.Functions = m.functions()
	p.MemoryMiB = merged(m, AspectMemory, func(p *Predicate) []int { return p.MemoryMiB }, mib)
	p.Windows = merged(m, AspectWindows, func(p *Predicate) []Window { return p.Windows }, Window.String)
	return p
}

// merged takes the entries of all cards together, each once, and asks when not
// all cards have the same ones.
func merged[T any](m *merger, aspect Aspect, of func(*Predicate) []T, text func(T) string) []T {
	m.ask(aspect, func(p *Predicate) []string { return texts(of(p), text) })
	return union(m.cards, of, text)
}

func union[T any](cards []Card, of func(*Predicate) []T, text func(T) string) []T {
	var list []T
	seen := map[string]bool{}
	for _, c := range cards {
		for _, entry := range of(c.Predicate) {
			if s := text(entry); !seen[s] {
				seen[s] = true
				list = append(list, entry)
			}
		}
	}
	return list
}

// ask opens a question if the cards' entries differ and nobody has answered.
func (m *merger) ask(aspect Aspect, entries func(*Predicate) []string) {
	groups := m.group(entries)
	if len(groups) < 2 || slices.Contains(m.answers.Differing, aspect) {
		return
	}
	all := slices.DeleteFunc(slices.Clone(groups[0].Entries), func(e string) bool {
		return slices.ContainsFunc(groups, func(s Stated) bool { return !slices.Contains(s.Entries, e) })
	})
	for i, s := range groups {
		groups[i].Entries = slices.DeleteFunc(slices.Clone(s.Entries), func(e string) bool { return slices.Contains(all, e) })
	}
	m.open = append(m.open, Question{Aspect: aspect, Stated: groups, Common: len(all)})
}

// group lists the different values, in the order of the cards.
func (m *merger) group(entries func(*Predicate) []string) []Stated {
	var list []Stated
	for _, c := range m.cards {
		v := entries(c.Predicate)
		i := slices.IndexFunc(list, func(s Stated) bool { return slices.Equal(s.Entries, v) })
		if i < 0 {
			list, i = append(list, Stated{Entries: v}), len(list)
		}
		list[i].Cards = append(list[i].Cards, c.Name)
	}
	return list
}

// firmware asks for the code first: whole ROMs are only told from their code
// where that is the same on all cards.
func (m *merger) firmware() []Firmware {
	of := func(p *Predicate) []Firmware { return p.OfKind(OptionROM) }
	code := func(p *Predicate) []string { return texts(codes(of(p)), Firmware.String) }
	if len(m.group(code)) > 1 {
		return merged(m, AspectFirmware, of, Firmware.String)
	}
	whole := func(p *Predicate) []string { return texts(of(p), Firmware.String) }
	if m.answers.StableOnly && (len(m.cards) == 1 || len(m.group(whole)) > 1) {
		return merged(m, AspectROM, func(p *Predicate) []Firmware { return codes(of(p)) }, Firmware.String)
	}
	return merged(m, AspectROM, of, Firmware.String)
}

// codes are the entries without the digest of the whole ROM, as far as they
// state the code apart from it.
func codes(list []Firmware) []Firmware {
	list = slices.Clone(list)
	for i, f := range list {
		if f.StableSHA256 != "" || len(f.Images) > 0 {
			list[i].SHA256, list[i].SHA384 = "", ""
			list[i].Bytes, list[i].LeadBytes, list[i].Parts = 0, 0, nil
		}
	}
	return list
}

// functions tells a card without another function from one whose functions
// nobody could list.
func (m *merger) functions() *[]Function {
	m.ask(AspectFunctions, func(p *Predicate) []string {
		if p.Functions != nil && len(*p.Functions) == 0 {
			return []string{"no function beside the device"}
		}
		return texts(functionsOf(p), Function.String)
	})
	if !slices.ContainsFunc(m.cards, func(c Card) bool { return c.Predicate.Functions != nil }) {
		return nil
	}
	list := []Function{}
	list = append(list, union(m.cards, functionsOf, Function.String)...)
	return &list
}

func functionsOf(p *Predicate) []Function {
	if p.Functions == nil {
		return nil
	}
	return *p.Functions
}

// texts are the entries in words, each once and sorted: their order says nothing.
func texts[T any](list []T, text func(T) string) []string {
	var out []string
	for _, entry := range list {
		out = append(out, text(entry))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
