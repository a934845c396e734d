package capture

import (
	"fmt"
	"maps"
)

// What the recording of one card may add, for tests of what it adds.
const (
	CardNames, CardEntries, CardHeld, CardBytes, CardTotal = cardNames, cardEntries, cardHeld, cardHeld / 2, cardTotal
)

// Size is what a recording and the capture of it hold.
type Size struct{ Names, Bytes, Entries, Held, Cards int }

// SizeOf plans a capture without writing it.
func SizeOf(r *Recorder) (Size, error) {
	p, _, err := r.plan(Options{})
	if err != nil {
		return Size{}, err
	}
	names := len(r.seen) + len(r.files) + len(r.lists) + len(r.stats) + len(r.fails) + len(r.derived) + len(r.roms) + r.listed
	return Size{names, int(r.held), len(p.tree.nodes), int(p.tree.held), len(p.tree.cards)}, nil
}

// DecodeIndex reads an index that says what this recording's does, so many times, of other
// paths each time.
func DecodeIndex(r *Recorder, times int) error {
	p, _, err := r.plan(Options{})
	if err != nil {
		return err
	}
	x := p.index
	failures, listings, stats := x.Failures, maps.Clone(x.Listings), maps.Clone(x.Stats)
	for i := range times - 1 {
		again := fmt.Sprintf("/%04x", i)
		for _, f := range failures {
			f.Path += again
			x.Failures = append(x.Failures, f)
		}
		for dir, names := range listings {
			x.Listings[dir+again] = names
		}
		for name, s := range stats {
			x.Stats[name+again] = s
		}
	}
	n, err := jsonNode(indexName, x)
	if err == nil {
		_, err = decodeIndex(n.data)
	}
	return err
}
