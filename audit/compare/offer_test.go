package compare

import (
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/offer"
)

// card is a card by its ids, its memory in MiB, the maker of its board, and what its
// driver calls it.
func card(ids string, mib uint64, board, called string) *inventory.Device {
	d := &inventory.Device{Address: "0000:01:00.0"}
	d.PCI.VendorID, d.PCI.DeviceID = new(ids[:4]), new(ids[5:9])
	if board != "" {
		d.PCI.SubsystemVendorID = new(board)
	}
	if mib > 0 {
		d.Memory = []inventory.MemoryClaim{{Source: "driver", Bytes: mib << 20}}
	}
	if called != "" {
		d.ProductNames = []inventory.NameClaim{{Source: "nvidia-smi", Value: called}}
	}
	return d
}

// revised is a card with this revision.
func revised(d *inventory.Device, revision string) *inventory.Device {
	other := *d
	other.PCI.RevisionID = &revision
	return &other
}

// offered writes the state of each part by its first letter: match, other (mismatch),
// unknown, or nothing said.
func offered(o *facts.Offer) string {
	letters := map[facts.State]string{facts.Match: "m", facts.Mismatch: "X", facts.Unknown: "?", facts.NotCovered: "-"}
	return letters[o.Name.State] + letters[o.Memory.State] + letters[o.Maker.State] + letters[o.Condition.State]
}

// TestOffers holds words of sellers against cards: name, memory, maker, condition.
func TestOffers(t *testing.T) {
	c := catalogue.Load()
	index := offer.NewIndex(c.Names())
	rtx4090, fake, d4090 := card("10de:2684", 49140, "1043", ""), card("10de:1281", 1024, "", ""), card("10de:2685", 49140, "", "")
	laptop, mi50, ti2080 := card("10de:2757", 16376, "", ""), card("1002:66a1", 32752, "1002", ""), card("10de:1e07", 22528, "1458", "")
	rtx3090, h100, ada6000 := card("10de:2204", 24576, "1462", ""), card("10de:2331", 81559, "10de", ""), card("10de:26b1", 49140, "10de", "")
	rx580, xtx, t4 := card("1002:67df", 8192, "1da2", ""), card("1002:744c", 24560, "148c", ""), card("10de:1eb8", 15360, "10de", "")
	mobile3070, revA := card("10de:249d", 8192, "", ""), card("10de:1e07", 22528, "", "")
	revA.Names.Device = new("TU102 [GeForce RTX 2080 Ti Rev. A]")
	quadro8000 := card("10de:1e30", 49152, "10de", "Quadro RTX 8000")
	sxm, slot, v100 := card("10de:20b2", 81920, "10de", "NVIDIA A100-SXM4-80GB"), card("10de:20b5", 81920, "10de", ""), card("10de:1db5", 32768, "10de", "")
	pro6000, a6000, maxq := card("10de:2bb1", 97887, "10de", ""), card("10de:2230", 49140, "10de", ""), card("10de:2bb4", 97887, "10de", "")
	for _, tc := range []struct {
		words string
		card  *inventory.Device
		want  string
	}{
		// The name, however it is written.
		{"RTX 4090 48GB", rtx4090, "mm--"}, {"rtx4090 48g", rtx4090, "mm--"}, {"NVIDIA GeForce RTX-4090-48G", rtx4090, "mm--"}, {"4090 48 GB", rtx4090, "mm--"},
		{"GeForce RTX™ 4090 48 Go neuve", rtx4090, "mm-?"}, {"ＲＴＸ４０９０ ４８ＧＢ", rtx4090, "mm--"}, {"全新 RTX4090魔改48G显存", rtx4090, "mm-?"}, {"Видеокарта RTX 4090 48ГБ", rtx4090, "mm--"},
		{"ASUS ROG Strix GeForce RTX 4090 OC 48GB GDDR6X", rtx4090, "mmm-"}, {"MSI RTX 4090", rtx4090, "m-X-"}, {"RTX 4090 49152MB", rtx4090, "mm--"},
		{"Grafikkarte GeForce RTX 4090, 48 GB, gebraucht", rtx4090, "mm--"}, {"RTX 4090 48GB like new", rtx4090, "mm--"}, {"RTX 4090 $4090 48gb", rtx4090, "mm--"},
		{"RTX 4090 24GB", rtx4090, "mX--"}, {"RTX 4090 48GB GDDR6X 384bit PCIe 4.0 x16", rtx4090, "mm--"},
		{"4090D 48G", d4090, "mm--"}, {"RTX 4090 D 48GB", d4090, "mm--"}, {"RTX 4090 48GB", d4090, "Xm--"}, {"RTX 4090D", rtx4090, "X---"},
		{"RTX 4090 Laptop GPU 16GB", laptop, "mm--"}, {"RTX 4090 mobile", laptop, "m---"}, {"RTX 4090 16GB", laptop, "Xm--"}, {"laptop RTX 4090", rtx4090, "?---"},
		{"Radeon Instinct MI50 32GB", mi50, "?m--"}, {"MI100 32G", mi50, "Xm--"},
		{"RTX 2080 Ti 22GB", ti2080, "mm--"}, {"RTX2080Ti 22g", ti2080, "mm--"}, {"2080ti 22G", ti2080, "mm--"}, {"RTX 2080 22GB", ti2080, "Xm--"}, {"Gigabyte Aorus 2080 Ti", ti2080, "m-m-"},
		// Spaces of French and of Japanese, sellers' short forms, and words between the parts.
		{"Carte graphique RTX 4090 48 Go", rtx4090, "mm--"}, {"ＲＴＸ４０９０　４８ＧＢ　未使用", rtx4090, "mm-?"}, {"RTX 4090 48 Go scellée, jamais servie", rtx4090, "mm-?"}, {"RTX 4090 48 Go très bon état", rtx4090, "mm--"},
		{"RTX 4090 48 Go, garantie jusqu'en 2027", rtx4090, "mm--"}, {"RTX 4090 jusqu'à 48 Go", rtx4090, "m?--"}, {"RTX 4090, up to 48GB", rtx4090, "m?--"}, {"RTX 4090 48GB, up to 450 W", rtx4090, "mm--"},
		{"4080S 32G Turbo", rtx4090, "?X--"}, {"RTX 4090s 48GB", rtx4090, "?m--"}, {"RTX 3070M 8GB", mobile3070, "mm--"}, {"3070M 8G", mobile3070, "mm--"}, {"RTX 3070 8GB", mobile3070, "Xm--"},
		{"Gigabyte RTX 2080 Ti 22 GB", ti2080, "mmm-"}, {"RTX 2080 Ti 22 gigabyte", ti2080, "mm--"}, {"华硕 RTX4090 48G", rtx4090, "mmm-"}, {"2080Ti 22G", revA, "mm--"},
		{"RTX 3090 Ti 24GB", rtx3090, "Xm--"}, {"RTX 3090 24GB", rtx3090, "mm--"}, {"RTX3080 20GB", rtx3090, "XX--"},
		{"A100 80GB", h100, "Xm--"}, {"NVIDIA H100 PCIe 80GB", h100, "mm--"}, {"H100", h100, "m---"}, {"Tesla T4 16GB", t4, "mm--"}, {"T4", rtx4090, "X---"},
		{"GTX 1050 Ti 4GB", fake, "XX--"}, {"GT 710 1GB", fake, "mm--"}, {"GT 710", rtx4090, "X---"},
		// One id of several products, and what the driver says of it.
		{"RX 580 8GB", rx580, "?m--"}, {"Sapphire RX 580 Nitro+", rx580, "?-m-"}, {"RX 7900 XTX 24GB", xtx, "?m--"}, {"RX 6800 XT", xtx, "X---"},
		// The maker's list says what the revision is.
		{"RX 7900 XTX 24GB", revised(xtx, "c8"), "mm--"}, {"RX 7900 XT 20GB", revised(xtx, "c8"), "XX--"}, {"7900 XTX", revised(xtx, "cc"), "X---"}, {"RX 7900 XTX", revised(xtx, "77"), "?---"},
		{"RX 580 8GB", revised(rx580, "e7"), "mm--"}, {"RX 580 8GB", revised(rx580, "ef"), "Xm--"}, {"RX 570", revised(rx580, "ef"), "m---"}, {"MI60 32GB", mi50, "?m--"}, {"MI60 32GB", revised(mi50, "02"), "?m--"}, {"MI60", revised(mi50, "06"), "X---"}, {"RX 7650 GRE", revised(card("1002:7480", 8176, "", ""), "c2"), "m---"},
		{"Quadro RTX 8000 48GB", quadro8000, "mm--"}, {"Quadro RTX 6000", quadro8000, "X---"},
		{"RTX 6000 48GB", ada6000, "?m--"}, {"RTX 6000 Ada 48GB", ada6000, "mm--"}, {"RTX A6000", ada6000, "X---"},
		// A module in an adapter is no card for a slot, where its name says what it is.
		{"A100 80GB SXM to PCIe", sxm, "mm--"}, {"A100-SXM4-80GB with PCIe adapter", sxm, "mm--"}, {"A100 SXM4 80GB", sxm, "mm--"}, {"A100 80GB", sxm, "mm--"},
		{"NVIDIA A100 80GB PCIe", sxm, "Xm--"}, {"Tesla A100 80GB PCIE 4.0", slot, "mm--"}, {"A100 SXM4 80GB", slot, "Xm--"}, {"H100 SXM5 80GB", h100, "Xm--"},
		{"V100 32GB PCI-E", v100, "Xm--"}, {"Tesla V100 SXM2 32GB", v100, "mm--"}, {"RTX 4090 24GB PCIe 4.0 x16", rtx4090, "mX--"},
		// Names that are shorter than the maker's.
		{"RTX PRO 6000 96GB", pro6000, "mm--"}, {"RTX PRO 6000 Blackwell", pro6000, "m---"}, {"RTX 6000 Pro Blackwell 96GB", pro6000, "mm--"}, {"RTX PRO 6000", a6000, "X---"},
		{"RTX PRO 6000 Max-Q", pro6000, "?---"}, {"RTX PRO 6000 Blackwell 96GB", maxq, "mm--"}, {"RTX PRO 5000", pro6000, "X---"},
		{"A6000 48GB", a6000, "mm--"}, {"Quadro A6000", a6000, "m---"}, {"A6000", ada6000, "X---"}, {"6000 Ada 48GB", ada6000, "mm--"},
		// Words that say two things say nothing.
		{"RTX 4090 / RTX 4080 48GB", rtx4090, "?m--"}, {"RTX 4090, 4080", rtx4090, "?---"}, {"better than RTX 3090", rtx4090, "?---"}, {"RTX 4090 Ti 48GB", rtx4090, "?m--"},
		{"2 x RTX 4090 48GB", rtx4090, "m?--"}, {"RTX 4090 2x24GB", rtx4090, "m?--"}, {"RTX 4090 24GB 64GB RAM", rtx4090, "m?--"}, {"RTX 4090 up to 48GB", rtx4090, "m?--"},
		{"new RTX 4090, used once", rtx4090, "m--?"}, {"ASUS or MSI RTX 4090", rtx4090, "m-?-"}, {"RTX 4070 12GB Super", rtx3090, "XX--"},
		{"a 100 watt card", h100, "----"}, {"graphics card 48GB for AI", rtx4090, "-m--"}, {"6000", ada6000, "----"},
		// What cannot be read.
		{"RTX 4090 48GB", card("10de:2684", 0, "", ""), "m?--"}, {"RTX 4090", card("10de:ffff", 0, "", ""), "?---"}, {"ASUS RTX 4090", card("10de:2684", 0, "10de", ""), "m-?-"},
		{"RTX 4090 24GB", card("10de:2684", 12288, "", "GRID RTX4090-12Q"), "m?--"},
	} {
		o := offerOf(tc.words, tc.card, c, index)
		if got := offered(o); got != tc.want {
			t.Errorf("%q on %s: %s, want %s: name %+v; memory %+v", tc.words, inventory.Text(tc.card.PCI.DeviceID), got, tc.want, o.Name, o.Memory)
		}
	}
}

// TestOfferAmongCards: what was offered is one of the cards of a machine, and graphics
// of a processor are none.
func TestOfferAmongCards(t *testing.T) {
	c := catalogue.Load()
	bought, old := card("10de:2684", 24564, "", ""), card("10de:1c03", 6144, "", "")
	old.Address = "0000:02:00.0"
	inside := card("8086:a780", 0, "", "")
	inside.Address = "0000:00:02.0"
	list := Offers("RTX 4090", []*inventory.Device{old, bought, inside}, c)
	for address, want := range map[string]facts.State{bought.Address: facts.Match, old.Address: facts.Unknown, inside.Address: facts.NotCovered} {
		if got := list[address].Name.State; got != want {
			t.Errorf("%s: %s, want %s: %s", address, got, want, list[address].Name.Reason)
		}
	}
	list = Offers("RTX 4090", []*inventory.Device{old, inside}, c)
	if got := list[old.Address].Name.State; got != facts.Mismatch {
		t.Errorf("no card is what was offered, and the other one is %s", got)
	}
}

// TestOwnNameIsNoFalseOffer: a card that is sold under a name of its own id is what was
// offered, or nobody can tell.
func TestOwnNameIsNoFalseOffer(t *testing.T) {
	c := catalogue.Load()
	index, same, all := offer.NewIndex(c.Names()), 0, 0
	for id, name := range c.Names() {
		if strings.Contains(name, "/") {
			continue // no seller's words: it names several
		}
		o := offerOf(name, card(id, 0, "", ""), c, index)
		all++
		switch o.Name.State {
		case facts.Mismatch:
			t.Errorf("%s %q was understood as %s: %s", id, name, o.Name.Claim, o.Name.Reason)
		case facts.Match:
			same++
		}
	}
	if same*10 < all*6 { // of an id of several products, a name without the revision is not told
		t.Errorf("of %d names only %d were understood", all, same)
	}
}

// FuzzOffer: whatever a seller writes, a part that is unclear or unsaid claims nothing,
// and the reading ends.
func FuzzOffer(f *testing.F) {
	c := catalogue.Load()
	index := offer.NewIndex(c.Names())
	for _, words := range []string{"RTX 4090 48GB", "全新 RTX4090魔改48G显存", "2x24GB", "x x x", "4090 4090", "a 100", "ＲＴＸ"} {
		f.Add(words)
	}
	d := card("10de:2684", 24564, "1043", "")
	f.Fuzz(func(t *testing.T, words string) {
		if !offer.Readable(words) {
			return
		}
		o := offerOf(words, d, c, index)
		for _, p := range []facts.OfferPart{o.Name, o.Memory, o.Maker, o.Condition} {
			if (p.State == facts.Match || p.State == facts.Mismatch) && p.Claim == "" || p.Reason == "" {
				t.Errorf("%q: %+v", words, p)
			}
		}
	})
}

// TestOfferOfABoardOfSeveralGPUs: what is offered is in the board, and no program has it.
func TestOfferOfABoardOfSeveralGPUs(t *testing.T) {
	c := catalogue.Load()
	for words, divided := range map[string]bool{"Tesla K80 24GB": true, "Tesla K80 48GB": false} {
		k80 := card("10de:102d", 11441, "10de", "")
		got := Offers(words, []*inventory.Device{k80}, c)[k80.Address].Memory
		if got.State != facts.Mismatch || strings.Contains(got.Reason, "the board has as much in all") != divided {
			t.Errorf("%s: %+v", words, got)
		}
	}
}

// TestOfferedNamesHaveNoSize: what was offered is not called by the size of another product.
func TestOfferedNamesHaveNoSize(t *testing.T) {
	c := catalogue.Load()
	cmp := card("10de:1e09", 10240, "10de", "")
	if got := Offers("RTX 2080 Ti 11GB", []*inventory.Device{cmp}, c)[cmp.Address].Name; got.Claim != "GeForce RTX 2080 Ti" {
		t.Errorf("%+v", got)
	}
}
