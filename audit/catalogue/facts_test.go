package catalogue

import (
	"bufio"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// named is what the PCI id list calls an id, and the boards of it.
type named struct {
	name   string
	boards []string
}

// idList reads the embedded PCI id list by "vendor:device".
func idList(t *testing.T) map[string]*named {
	t.Helper()
	f, err := os.Open("pciids/pci.ids.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, vendor := map[string]*named{}, ""
	var device *named
	for lines := bufio.NewScanner(f); lines.Scan(); {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "C ") || vendor == "C 00": // classes come last
			vendor = "C 00"
		case strings.HasPrefix(line, "\t\t"):
			device.boards = append(device.boards, line[13:])
		case strings.HasPrefix(line, "\t"):
			device = &named{name: line[7:]}
			list[pair(vendor, line[1:5])] = device
		default:
			vendor = line[:min(4, len(line))]
		}
	}
	if len(list) < 15000 {
		t.Fatalf("only %d ids were read", len(list))
	}
	return list
}

var gigabytes = regexp.MustCompile(`(?:^|[^\w.])(\d{1,3}) ?(?:GB|GiB|G)\b`)

// sizesIn are the sizes in MiB that a name states. A longer number is that of a
// model: "E5-575G".
func sizesIn(name string) []int {
	var list []int
	for _, m := range gigabytes.FindAllStringSubmatch(name, -1) {
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 && n <= 512 {
			list = append(list, n<<10)
		}
	}
	return list
}

// hostMemory are ids whose name states the size of the CPU's memory.
var hostMemory = map[string]bool{"10de:2342": true}

// unreleased are boards of NVIDIA's own that were never sold: a card of the market
// that shows their size is modified, so it is none that the factory gives.
var unreleased = map[string]int{"10de:2206": 20480, "10de:2484": 16384}

// TestSizesOfTheIDList: a size that the embedded list names for an id or for a
// board of it is a factory size of the id, and one in a row's own name, too.
func TestSizesOfTheIDList(t *testing.T) {
	list, found := idList(t), 0
	for key, a := range load(t).tables().accelerators {
		if hostMemory[key] {
			continue
		}
		names := []string{a.Name}
		if n := list[key]; n != nil {
			names = append(append(names, n.name), n.boards...)
		}
		for _, name := range names {
			for _, mib := range sizesIn(name) {
				found++
				if !slices.Contains(a.MemoryMiB, mib) && unreleased[key] != mib {
					t.Errorf("%s %s: %q names %d MiB, the row has %v", key, a.Name, name, mib, a.MemoryMiB)
				}
			}
		}
	}
	if found < 150 {
		t.Errorf("only %d sizes were found in names", found)
	}
}

func TestSizesIn(t *testing.T) {
	for name, want := range map[string][]int{
		"GA104M [GeForce RTX 3080 Mobile / Max-Q 8GB/16GB]": {8192, 16384}, "VG1000-32G": {32768}, "Acer Aspire E5-575G": nil,
		"GeForce GTX 1050 3 GB Max-Q": {3072}, "RTX A6000": nil, "JMN100 16G": {16384}, "GM200GL [Tesla M40]": nil,
	} {
		if got := sizesIn(name); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestChipsOfTheIDList: a part of NVIDIA has the chip that the list names. What
// is known of a chip, its lanes and its firmware, hangs on it.
func TestChipsOfTheIDList(t *testing.T) {
	chip := regexp.MustCompile(`^(?:G[A-Z]\d{2,3}|TU\d{3}|AD\d{3})`)
	list, seen := idList(t), 0
	for key, a := range load(t).tables().accelerators {
		n := list[key]
		if n == nil || a.Chip == nil || a.VendorID != "10de" {
			continue
		}
		if c := chip.FindString(n.name); c != "" {
			if seen++; !strings.HasPrefix(*a.Chip, c) {
				t.Errorf("%s %s: chip %s, and the list says %s", key, a.Name, *a.Chip, n.name)
			}
		}
	}
	if seen < 300 {
		t.Errorf("only %d chips were compared", seen)
	}
}

func is(s *string, want string) bool { return s != nil && *s == want }

// TestLanes: a laptop has no more lanes than the cards of its chip. A mining
// board is wired to less than its chip has, and is no measure.
func TestLanes(t *testing.T) {
	c := load(t)
	cards := map[string]int{}
	for _, a := range c.tables().accelerators {
		if a.Chip != nil && a.PCIeLanes != nil && a.Form == nil {
			key := a.VendorID + " " + *a.Chip
			cards[key] = max(cards[key], *a.PCIeLanes)
		}
	}
	compared := 0
	for key, a := range c.tables().accelerators {
		if !is(a.Form, "laptop") || a.Chip == nil || a.PCIeLanes == nil {
			continue
		}
		if most := cards[a.VendorID+" "+*a.Chip]; most > 0 {
			if compared++; *a.PCIeLanes > most {
				t.Errorf("%s %s: %d lanes, and the cards of %s have %d", key, a.Name, *a.PCIeLanes, *a.Chip, most)
			}
		}
	}
	if compared < 60 {
		t.Errorf("only %d laptop parts were compared", compared)
	}
}

// TestWholeLists: a list that claims to be whole says why, does not rest on
// republished databases, and no other source here knows of another size.
func TestWholeLists(t *testing.T) {
	c, whole := load(t), 0
	for key, a := range c.tables().accelerators {
		if a.MemoryComplete == nil || !*a.MemoryComplete {
			continue
		}
		whole++
		if !strings.Contains(a.Source, "whole list: ") {
			t.Errorf("%s %s: nobody says why the list is whole: %s", key, a.Name, a.Source)
		}
		for _, m := range c.tables().mods[key] {
			if g := m.GenuineMemoryMiB; g != nil && !slices.Contains(a.MemoryMiB, *g) {
				t.Errorf("%s %s: %v, and the case %s says that %d is genuine", key, a.Name, a.MemoryMiB, m.ID, *g)
			}
		}
	}
	if whole < 90 {
		t.Errorf("only %d whole lists", whole)
	}
	for _, board := range boardNames(t) {
		a := c.tables().accelerators[board[0]]
		for _, mib := range sizesIn(board[1]) {
			if a.MemoryComplete != nil && *a.MemoryComplete && !hostMemory[board[0]] && !slices.Contains(a.MemoryMiB, mib) {
				t.Errorf("%s: the maker lists the board %s, and the whole list is %v", board[0], board[1], a.MemoryMiB)
			}
		}
	}
}

// boardNames are the boards that NVIDIA lists, each with its id.
func boardNames(t *testing.T) [][2]string {
	t.Helper()
	var list [][2]string
	for line := range strings.Lines(boardsFile) {
		if cells := strings.Split(strings.TrimSpace(line), "\t"); len(cells) == 5 && isID(cells[0]) {
			list = append(list, [2]string{pair(cells[0], cells[1]), cells[4]})
		}
	}
	return list
}

// TestModsAreNoFactorySizes: a size that gives a modification away is not one
// that the factory fits.
func TestModsAreNoFactorySizes(t *testing.T) {
	c := load(t)
	for key, mods := range c.tables().mods {
		for _, m := range mods {
			if m.SuspectMinMiB == nil {
				continue
			}
			for _, mib := range c.tables().accelerators[key].MemoryMiB {
				if mib >= *m.SuspectMinMiB && mib <= *m.SuspectMaxMiB {
					t.Errorf("%s: the case %s accuses cards of %d MiB, which the factory makes", key, m.ID, mib)
				}
			}
		}
	}
}

// TestFraudsAreKnown: sizes of cards that were sold modified are those of a
// published case, or are more than a whole list has.
func TestFraudsAreKnown(t *testing.T) {
	c := load(t)
	for _, fraud := range []struct {
		device string
		mib    int
	}{
		{"20c2", 65536}, {"20c2", 32768}, {"2082", 40960}, {"1e09", 20480}, {"1e09", 40960}, {"2684", 49140}, {"2684", 49152}, {"2684", 36864}, {"2684", 98304},
		{"2685", 49140}, {"2685", 98304}, {"2204", 49152}, {"2204", 98304}, {"2206", 20480}, {"2216", 20480}, {"2484", 16384}, {"2488", 16384}, {"1e04", 22528},
		{"1e07", 22528}, {"1e07", 45056}, {"1e07", 90112}, {"2b85", 98304}, {"2b85", 131072}, {"2b85", 65536}, {"2702", 32760}, {"2703", 32768}, {"2704", 32760},
		{"1b38", 49152}, {"1b87", 8192}, {"1b07", 10240}, {"1b07", 11264}, {"1b06", 5120}, {"1b06", 10240}, {"2231", 49152}, {"20f1", 81920}, {"1eb8", 32768},
	} {
		a := c.tables().accelerators[pair("10de", fraud.device)]
		known := a.MemoryComplete != nil && *a.MemoryComplete && fraud.mib > slices.Max(a.MemoryMiB)
		for _, m := range c.tables().mods[pair("10de", fraud.device)] {
			known = known || m.SuspectMinMiB != nil && fraud.mib >= *m.SuspectMinMiB && fraud.mib <= *m.SuspectMaxMiB
		}
		if !known {
			t.Errorf("%s with %d MiB: neither a published case nor beyond a whole list", a.Name, fraud.mib)
		}
	}
}

// TestHonestSizes: what honest cards state is in the list of their id.
func TestHonestSizes(t *testing.T) {
	c := load(t)
	for _, card := range []struct {
		vendor, device string
		mib            int
	}{
		{"1002", "66a1", 32768}, {"10de", "1e30", 49152}, {"10de", "17fd", 24576}, {"10de", "1401", 4096}, {"10de", "2184", 6144}, {"10de", "1b38", 24576},
		{"1002", "7408", 65536}, {"1002", "740c", 65536}, {"1002", "74a0", 131072}, {"1002", "7448", 49152}, {"1002", "7449", 49152}, {"10de", "2bb3", 73728},
		{"10de", "24bb", 12288}, {"10de", "25a7", 4096}, {"10de", "20b6", 98304}, {"10de", "1cbd", 4096}, {"10de", "1cbd", 2048}, {"10de", "20c2", 8192},
		{"10de", "2082", 10240}, {"10de", "249c", 16384}, {"10de", "24dc", 16384}, {"10de", "2901", 184320}, {"10de", "3182", 275040}, {"1ae0", "0062", 97280},
	} {
		if a := c.tables().accelerators[pair(card.vendor, card.device)]; !slices.Contains(a.MemoryMiB, card.mib) {
			t.Errorf("%s:%s %s: %v lacks %d", card.vendor, card.device, a.Name, a.MemoryMiB, card.mib)
		}
	}
	for device, wrong := range map[string]int{"20c2": 10240, "2082": 8192, "24bb": 6144, "25a7": 2048, "20b6": 24576, "2bbc": 98304} {
		if a := c.tables().accelerators[pair("10de", device)]; slices.Contains(a.MemoryMiB, wrong) {
			t.Errorf("%s: %v has the size of another part", a.Name, a.MemoryMiB)
		}
	}
	for device, wrong := range map[string]int{"7408": 131072, "740c": 131072, "74a0": 196608} {
		if a := c.tables().accelerators[pair("1002", device)]; slices.Contains(a.MemoryMiB, wrong) {
			t.Errorf("%s: %v has the size of a package or of another part", a.Name, a.MemoryMiB)
		}
	}
}

// TestForms: parts that are sold as cards are no laptop's, and parts of one form
// have no functions of a desktop card.
func TestForms(t *testing.T) {
	card := regexp.MustCompile(`Workstation Edition|Embedded|Server Edition|Tesla|^(HGX|A100|H100|L4|L40)`)
	forms := map[string]int{}
	for key, a := range load(t).tables().accelerators {
		if a.Form == nil {
			continue
		}
		forms[*a.Form]++
		if is(a.Form, "laptop") && (card.MatchString(a.Name) || is(a.Market, "data-centre")) {
			t.Errorf("%s %s is a laptop's", key, a.Name)
		}
		if a.Functions != nil {
			t.Errorf("%s %s is a part for %s and has the functions %v of a card", key, a.Name, *a.Form, a.Functions)
		}
	}
	if forms["laptop"] < 250 || forms["mining"] < 15 {
		t.Errorf("forms: %v", forms)
	}
}

// TestPerformance: figures that were derived as if a cut part were whole.
func TestPerformance(t *testing.T) {
	c := load(t)
	for device, want := range map[string]float64{"26b7": 1912, "26ba": 1912, "2e12": 2000} {
		if a := c.tables().accelerators[pair("10de", device)]; a.TPP == nil || *a.TPP != want || !strings.HasPrefix(*a.TPPBasis, "published: ") {
			t.Errorf("%s: TPP is not the published %v", a.Name, want)
		}
	}
	for _, device := range []string{"26b8", "26f5"} {
		if a := c.tables().accelerators[pair("10de", device)]; a.TPP != nil || a.TPPBasis != nil {
			t.Errorf("%s: TPP %v without a published rate", a.Name, *a.TPP)
		}
	}
	l20 := c.tables().accelerators["10de:26b7"]
	if density := *l20.TPP / *l20.DieMM2; density < 3.13 || density > 3.15 {
		t.Errorf("density of the L20: %v", density)
	}
}

// oneIDTwoChips are sizes of parts whose id is that of another chip as well, which the
// row's bus is of. libdrm 2.4.134 names the RX 6750 GRE 10GB under the id of Navi 23.
var oneIDTwoChips = map[string]int{"1002:73ff": 10240}

// TestMemoryFitsTheBus: memory is a number of like chips of 32 lines, or of like stacks
// of 1,024, and chips and stacks come in few sizes (JEDEC JESD212, JESD250, JESD235,
// JESD238). A driver may keep a little of a stack back (H200: 141 of 144 GiB). Bus and
// size of a row come from different sources, so that either may be of another part.
func TestMemoryFitsTheBus(t *testing.T) {
	chips := []int{64, 128, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144}
	stacks := []int{1024, 2048, 4096, 8192, 12288, 16384, 24576, 32768, 36864}
	checked := 0
	for key, a := range load(t).tables().accelerators {
		if a.BusWidth == nil || a.MemoryType == nil || a.MemoryUnified != nil && *a.MemoryUnified {
			continue
		}
		for _, mib := range a.MemoryMiB {
			lines, sizes := 32, chips
			if strings.HasPrefix(*a.MemoryType, "HBM") {
				lines, sizes = 1024, stacks
			}
			each := float64(mib) * float64(lines) / float64(*a.BusWidth)
			fits := slices.ContainsFunc(sizes, func(size int) bool {
				return each == float64(size) || lines == 1024 && each < float64(size) && each >= float64(size)*0.975
			})
			if checked++; !fits && oneIDTwoChips[key] != mib {
				t.Errorf("%s %s: %d MiB on %d bits is %g MiB for each %d bits: no such %s", key, a.Name, mib, *a.BusWidth, each, lines, *a.MemoryType)
			}
		}
	}
	if checked < 450 {
		t.Errorf("only %d sizes were held against a bus", checked)
	}
}

// sourceForm is how a source is named: a key of sources.tsv; an address; a repository,
// perhaps with a revision, a file, an issue or a page; a public file of unknown address,
// which supports another source; or the words of a reason.
var sourceForm = regexp.MustCompile(`^(?:[a-z0-9.-]+\.[a-z]{2,}(?:/\S*)?|[\w.-]+/[\w.-]+(?:[@# ].*)?|[\w.-]+#\d+.*|a log in a public file|.* .*)$`)

// TestSourcesAreKnown: what a source of a size is called stands in sources.tsv, and
// every source has a form that a reader can follow.
func TestSourcesAreKnown(t *testing.T) {
	c := load(t)
	var keys []string
	for _, s := range c.Sources() {
		keys = append(keys, s.Key)
	}
	for key, a := range c.tables().accelerators {
		for part := range strings.SplitSeq(a.Source, "; ") {
			column, of, found := strings.Cut(part, ":")
			if !found || strings.Contains(column, " ") {
				of = part
			}
			if strings.Contains(of, "whole list: ") {
				continue // a reason, which TestWholeLists asks for
			}
			for name := range strings.SplitSeq(of, ", ") {
				name, _, _ = strings.Cut(strings.TrimSpace(name), ":")
				if base, _, _ := strings.Cut(name, "@"); !slices.Contains(keys, name) && !slices.Contains(keys, base) && !sourceForm.MatchString(name) {
					t.Errorf("%s: the source %q in %q has no known form", key, name, part)
				}
			}
			if form, ok := strings.CutPrefix(part, "form: "); ok && !slices.Contains(keys, form) {
				t.Errorf("%s: the source %q has no entry", key, form)
			}
		}
	}
	for _, key := range []string{"nvnames", "amdspecs", "migparted", "akash", "observed"} {
		if !slices.Contains(keys, key) {
			t.Errorf("no source %s", key)
		}
	}
}
