package witness

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// Count is one number of errors or of wear, or a state that is there (1) or not.
type Count struct {
	Kind inventory.HealthKind
	N    uint64
	// Total says that the program added the parts itself.
	Total bool
	// Recent says that it counts since the driver was loaded, and not over the
	// life of the card.
	Recent bool
	Detail string
}

// Unread is a count that the card has and that cannot be told.
type Unread struct {
	Kind inventory.HealthKind // "" where it is not known what is counted
	Why  string
}

// counted are the facts of nvidia-smi that tell of errors, of wear and of faults,
// by their path in lower case: XML and text name most of them alike, and drivers
// changed names. Those below ecc_errors are in eccCount.
var counted = map[string]Count{
	"pci/replay_counter":      {Kind: inventory.PCIeReplays},
	"pci/replays_since_reset": {Kind: inventory.PCIeReplays},

	"ecc_errors/channel_repair_pending": {Kind: inventory.RepairPending},
	"ecc_errors/tpc_repair_pending":     {Kind: inventory.RepairPending},
	"ecc_errors/unrepairable_memory":    {Kind: inventory.MemoryUnrepairable},

	"retired_pages/multiple_single_bit_retirement/retired_count": {Kind: inventory.PagesRetired},
	"retired_pages/single_bit_ecc":                               {Kind: inventory.PagesRetired},
	"retired_pages/double_bit_retirement/retired_count":          {Kind: inventory.PagesRetired},
	"retired_pages/double_bit_ecc":                               {Kind: inventory.PagesRetired},
	"retired_pages/pending":                                      {Kind: inventory.RetirementPending},
	"retired_pages/pending_retirement":                           {Kind: inventory.RetirementPending},
	"retired_pages/pending_blacklist":                            {Kind: inventory.RetirementPending},
	"retired_pages/pending_page_blacklist":                       {Kind: inventory.RetirementPending},

	"remapped_rows/remapped_row_corr":          {Kind: inventory.RowsRemapped},
	"remapped_rows/remapped_row_corr_inactive": {Kind: inventory.RetirementPending},
	"remapped_rows/remapped_row_unc":           {Kind: inventory.RowsRemapped},
	"remapped_rows/remapped_row_unc_inactive":  {Kind: inventory.RetirementPending},
	"remapped_rows/remapped_row_pending":       {Kind: inventory.RetirementPending},
	"remapped_rows/remapped_row_failure":       {Kind: inventory.RemappingFailed},
	"remapped_rows/correctable_error":          {Kind: inventory.RowsRemapped},
	"remapped_rows/uncorrectable_error":        {Kind: inventory.RowsRemapped},
	// Drivers since 595 have the rows that wait for a reset on lines of their own.
	"remapped_rows/correctable_error_inactive":   {Kind: inventory.RetirementPending},
	"remapped_rows/inactive_correctable_error":   {Kind: inventory.RetirementPending},
	"remapped_rows/uncorrectable_error_inactive": {Kind: inventory.RetirementPending},
	"remapped_rows/inactive_uncorrectable_error": {Kind: inventory.RetirementPending},
	"remapped_rows/pending":                      {Kind: inventory.RetirementPending},
	"remapped_rows/remapping_failure_occurred":   {Kind: inventory.RemappingFailed},
}

// eccParts are the names below volatile and aggregate. Drivers up to 4xx name the
// structures of Kepler to Volta below single_bit and double_bit, later ones SRAM
// and DRAM; the driver 515 has sram_uncorrectable, which 545 and later ones
// split.
var eccParts = map[string]inventory.HealthKind{
	"sram_correctable": inventory.MemoryCorrected, "dram_correctable": inventory.MemoryCorrected,
	"sram_uncorrectable": inventory.MemoryUncorrected, "dram_uncorrectable": inventory.MemoryUncorrected,
	"sram_uncorrectable_parity": inventory.MemoryUncorrected, "sram_uncorrectable_secded": inventory.MemoryUncorrected,
	"sram_threshold_exceeded": inventory.MemoryThreshold,
}

var eccBits = map[string]inventory.HealthKind{"single_bit": inventory.MemoryCorrected, "double_bit": inventory.MemoryUncorrected}

// structures are those that single-bit and double-bit errors are counted of.
var structures = []string{"device_memory", "register_file", "l1_cache", "l2_cache", "texture_memory", "texture_shm", "texture_shared", "cbu"}

// eccCount is what a path below ecc_errors counts.
func eccCount(path string) (Count, bool) {
	scope, name, below := strings.Cut(path, "/")
	if !below || scope != "volatile" && scope != "aggregate" {
		return Count{}, false
	}
	c := Count{Recent: scope == "volatile"}
	bits, part, nested := strings.Cut(name, "/")
	if !nested {
		c.Kind = eccParts[name]
		return c, c.Kind != ""
	}
	c.Kind, c.Total = eccBits[bits], part == "total"
	return c, c.Kind != "" && (c.Total || slices.Contains(structures, part))
}

// countOf is what a path counts. wear says that it lies where counts are: there,
// a name that is not known is a count that cannot be told.
func countOf(path string) (c Count, known, wear bool) {
	if c, known = counted[path]; known {
		return c, true, true
	}
	if below, ok := strings.CutPrefix(path, "ecc_errors/"); ok {
		c, known = eccCount(below)
		return c, known, !strings.HasPrefix(below, "aggregate_uncorrectable_sram_sources/") && !strings.HasPrefix(below, "volatile_uncorrectable_sram_sources/")
	}
	in := strings.HasPrefix(path, "retired_pages/") || strings.HasPrefix(path, "remapped_rows/")
	return Count{}, false, in && !detailOnly.MatchString(path)
}

// detailOnly are lists of addresses and of spare rows.
var detailOnly = lazyregexp.New(`histogram|retired_page_?list|address|timestamp|cause`)

// count takes a number, or Yes and No.
func (d *Device) count(c Count, value string) bool {
	n, err := strconv.ParseUint(value, 10, 56) // a few of them do not overflow
	switch value {
	case "Yes":
		n, err = 1, nil
	case "No":
		n, err = 0, nil
	}
	if err == nil {
		c.N = n
		d.Counts = append(d.Counts, c)
	}
	return err == nil
}

func (d *Device) unread(kind inventory.HealthKind, why string) {
	if u := (Unread{kind, why}); len(d.Unread) < maxUnread && !slices.Contains(d.Unread, u) {
		d.Unread = append(d.Unread, u)
	}
}

// maxUnread caps what is said of counts that were not read.
const maxUnread = 32

// sum adds what counts the same. A total that the program states counts for its
// parts, unless they are more. What was counted since the driver was loaded is
// part of the life's count: it counts where it is more, or is all there is and
// not zero.
type sum struct {
	kind                                 inventory.HealthKind
	life, lifeTotal, recent, recentTotal uint64
	lived                                bool
	detail                               string
}

func (s *sum) add(c Count) {
	to := map[[2]bool]*uint64{{false, false}: &s.life, {false, true}: &s.lifeTotal, {true, false}: &s.recent, {true, true}: &s.recentTotal}
	*to[[2]bool{c.Recent, c.Total}] += c.N
	s.lived = s.lived || !c.Recent
	if s.detail == "" {
		s.detail = c.Detail
	}
}

func (s *sum) total() uint64 { return max(s.life, s.lifeTotal, s.recent, s.recentTotal) }

// sums are the counts in the order in which the kinds were first stated.
func (d *Device) sums() []sum {
	var list []sum
	for _, c := range d.Counts {
		i := slices.IndexFunc(list, func(s sum) bool { return s.kind == c.Kind })
		if i < 0 {
			list = append(list, sum{kind: c.Kind})
			i = len(list) - 1
		}
		list[i].add(c)
	}
	return list
}

// states are kinds that are there or not: two signs of one are still one.
var states = []inventory.HealthKind{
	inventory.RecoveryNeeded, inventory.InfoROMCorrupt, inventory.OffBus, inventory.NoAnswer,
	inventory.MemoryThreshold, inventory.MemoryUnrepairable, inventory.RepairPending, inventory.RemappingFailed,
}

// tellHealth puts the counts with the device. Of a kind that was not given whole
// there is no total, unless what was given is enough to know.
func (d *Device) tellHealth(ours *inventory.Device, name, file string) {
	for _, s := range d.sums() {
		n := s.total()
		if slices.Contains(states, s.kind) {
			n = min(n, 1)
		}
		whole := s.lived && !slices.ContainsFunc(d.Unread, func(u Unread) bool { return u.Kind == s.kind })
		if whole || n > 0 {
			ours.Health = append(ours.Health, inventory.HealthClaim{Kind: s.kind, Source: name, Count: n, Detail: s.detail})
		}
	}
	for _, u := range d.Unread {
		ours.Gaps = append(ours.Gaps, inventory.Gap{Fact: factOf(u.Kind), Source: file, Reason: inventory.ReasonIOError, Detail: u.Why})
	}
}

// factOf is where a kind has its gap.
func factOf(kind inventory.HealthKind) string {
	switch kind {
	case inventory.PCIeReplays:
		return "/health/pcie"
	case inventory.RecoveryNeeded:
		return "/health/recovery"
	case inventory.InfoROMCorrupt:
		return "/health/inforom"
	}
	return "/health/memory"
}
