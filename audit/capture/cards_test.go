package capture_test

import (
	"fmt"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// recorded is a machine of n cards, each behind two bridges of its own, and what its capture
// takes.
func recorded(t *testing.T, n int, card func(address string) hosttest.Card) (*capture.Recorder, capture.Size) {
	t.Helper()
	c := catalogue.Load()
	h := hosttest.New()
	for i := range n {
		g := card(fmt.Sprintf("0000:%02x:00.0", 3+i))
		g.Bridges = nil
		for level := range 2 {
			g.Bridges = append(g.Bridges, hosttest.Bridge{Address: fmt.Sprintf("00%02x:%02x:00.%d", level, 0x80+i/8, i%8), Vendor: "1022", Device: "1634"})
		}
		h.Add(g)
	}
	for _, f := range h.FS {
		if f.Mode.IsRegular() {
			f.Mode |= 0o200 // as of files that are no entries of an archive: what is said of them has to be kept
		}
	}
	r := capture.NewRecorder(h.Env())
	if _, err := collect.Run(t.Context(), r.Env(), machine.Enumerator(c), machine.Collectors()); err != nil {
		t.Fatal(err)
	}
	size, err := capture.SizeOf(r)
	if err != nil || r.Dropped() != 0 || size.Cards != n {
		t.Fatalf("%d cards: %+v, %d dropped, %v", n, size, r.Dropped(), err)
	}
	return r, size
}

// TestAsManyCardsAsAnAuditTakes: what a card adds to a capture is below what the limits allow
// for it, so that as many as an audit takes find room.
func TestAsManyCardsAsAnAuditTakes(t *testing.T) {
	for maker, card := range map[string]func(string) hosttest.Card{"AMD": hosttest.GoodCard, "NVIDIA": hosttest.NVIDIACard} {
		const few, many = 2, 10
		_, a := recorded(t, few, card)
		r, b := recorded(t, many, card)
		for _, x := range []struct {
			what      string
			adds, may int
		}{
			{"names", b.Names - a.Names, capture.CardNames}, {"bytes", b.Bytes - a.Bytes, capture.CardBytes},
			{"entries", b.Entries - a.Entries, capture.CardEntries}, {"bytes in memory", b.Held - a.Held, capture.CardHeld},
			{"bytes of the archive", 1024*(b.Entries-a.Entries) + b.Bytes - a.Bytes, capture.CardTotal},
		} {
			adds := x.adds / (many - few)
			t.Logf("%s: a card adds %d %s of %d", maker, adds, x.what, x.may)
			if adds > x.may {
				t.Errorf("%s: a card adds %d %s, more than %d", maker, adds, x.what, x.may)
			}
		}
		if err := capture.DecodeIndex(r, inventory.MaxDevices/many); err != nil {
			t.Errorf("%s: the index of %d cards: %v", maker, inventory.MaxDevices, err)
		}
	}
}
