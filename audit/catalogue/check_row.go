package catalogue

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// cellLimit caps a text.
const cellLimit = 4096

// checkAccelerator holds a row to the schema, wherever it comes from.
func checkAccelerator(a *Accelerator) error {
	return errors.Join(
		checkID("vendor_id", a.VendorID), checkID("device_id", a.DeviceID),
		blank("name", a.Name), blank("id_confidence", a.IDConfidence), blank("source", a.Source),
		printable("architecture", a.Architecture), printable("chip", a.Chip), printable("memory_type", a.MemoryType),
		printable("tpp_basis", a.TPPBasis), printable("interconnect", a.Interconnect),
		printable("design_hq_country", a.DesignHQCountry), printable("fab_country", a.FabCountry),
		oneOf("id_confidence", &a.IDConfidence, "high", "medium", "low"),
		oneOf("market", a.Market, "consumer", "data-centre"),
		oneOf("form", a.Form, "laptop", "mining"),
		checkMemory(a), checkRates(a), checkBus(a), checkCells(a.Cells),
		each("VBIOS prefix", a.VBIOSPrefixes, vbiosPrefix.MatchString),
		each("chip text", a.ChipTexts, chipText.MatchString),
		each("class of a function", a.Functions, isID),
		each("class code", a.ClassCodes, isID),
		launch(a.LaunchDate),
	)
}

var (
	vbiosPrefix = lazyregexp.New(`^[0-9A-F]{2}\.[0-9A-F]{2}$`)
	chipText    = lazyregexp.New(`^[A-Z0-9][A-Z0-9 _]{1,31}$`)
)

// checkMemory holds sizes to what is possible, and lists that are said to be
// whole to have a size.
func checkMemory(a *Accelerator) error {
	errs := []error{whole("memory_mib", a.MemoryMiB, a.MemoryComplete)}
	for i, s := range a.MemorySizes {
		errs = append(errs, oneOf("memory_sizes: unit", &s.Unit, "card", "die", "partition"), whole("memory_sizes", s.MiB, s.Complete))
		if s.SubsystemVendorID != "" || s.SubsystemDeviceID != "" {
			errs = append(errs, checkID("memory_sizes: subsystem_vendor_id", s.SubsystemVendorID), checkID("memory_sizes: subsystem_device_id", s.SubsystemDeviceID))
		}
		same := func(o MemorySizes) bool {
			return o.Unit == s.Unit && o.SubsystemVendorID == s.SubsystemVendorID && o.SubsystemDeviceID == s.SubsystemDeviceID
		}
		if len(s.MiB) == 0 || slices.ContainsFunc(a.MemorySizes[:i], same) {
			errs = append(errs, fmt.Errorf("memory_sizes: the list of the %.20s is empty or comes twice", s.Unit))
		}
	}
	return errors.Join(errs...)
}

func whole(name string, sizes []int, complete *bool) error {
	if complete != nil && *complete && len(sizes) == 0 {
		return fmt.Errorf("%s: a whole list of memory sizes without a size", name)
	}
	if !slices.IsSorted(sizes) {
		return fmt.Errorf("%s: the sizes are out of order", name)
	}
	for _, m := range sizes {
		if m < 256 || m > 512<<10 {
			return fmt.Errorf("%s: %d MiB of memory", name, m)
		}
	}
	return nil
}

// checkRates holds figures to what is possible, and to their factors.
func checkRates(a *Accelerator) error {
	errs := []error{
		between("die_mm2", a.DieMM2, 20, 858), between("tpp", a.TPP, 5, 100000), between("dense_tops", a.DenseTOPS, 0.01, 100000),
		between("bandwidth_gbs", a.BandwidthGBs, 5, 20000), between("memory_gbps", a.MemoryGbps, 0.1, 100),
		between("interconnect_gbs", a.InterconnectGBs, 1, 20000), between("interconnect_link_gbs", a.InterconnectLinkGBs, 0.1, 20000),
		positive("bit_length", a.BitLength, 128), positive("interconnect_links", a.InterconnectLinks, 1024),
		positive("fastest_line_mbps", a.FastestLineMbps, 100000), positive("board_power_w", a.BoardPowerW, 10000),
	}
	if (a.TPP == nil) != (a.TPPBasis == nil) {
		errs = append(errs, errors.New("TPP and its basis go together"))
	}
	if (a.DenseTOPS == nil) != (a.BitLength == nil) || a.DenseTOPS != nil && (a.TPP == nil || *a.DenseTOPS*float64(*a.BitLength) != *a.TPP) {
		errs = append(errs, errors.New("the factors do not give the TPP"))
	}
	if a.MemoryGbps != nil && (a.BusWidth == nil || !about(a.BandwidthGBs, float64(*a.BusWidth)**a.MemoryGbps/8)) {
		errs = append(errs, errors.New("the factors do not give the bandwidth"))
	}
	if (a.InterconnectLinks == nil) != (a.InterconnectLinkGBs == nil) ||
		a.InterconnectLinks != nil && !about(a.InterconnectGBs, float64(*a.InterconnectLinks)**a.InterconnectLinkGBs) {
		errs = append(errs, errors.New("the factors do not give the bandwidth of the interconnect"))
	}
	return errors.Join(errs...)
}

// about says whether a figure is a product; makers round what they print.
func about(figure *float64, product float64) bool {
	return figure != nil && math.Abs(*figure-product) <= 0.01*product
}

// checkBus holds what the part shows on its bus.
func checkBus(a *Accelerator) error {
	errs := []error{positive("bus_width", a.BusWidth, 1<<16), positive("pcie_gen", a.PCIeGen, 6)}
	if a.PCIeLanes != nil && !slices.Contains([]int{1, 4, 8, 16}, *a.PCIeLanes) {
		errs = append(errs, fmt.Errorf("no such PCIe width: %d", *a.PCIeLanes))
	}
	for i, b := range a.BARs {
		if b.Index < 0 || b.Index > 6 || len(b.Bytes) == 0 || slices.ContainsFunc(a.BARs[:i], func(o BAR) bool { return o.Index == b.Index }) {
			errs = append(errs, fmt.Errorf("bars: number %d is none of 0 to 6, has no size, or comes twice", b.Index))
		}
		for j, n := range b.Bytes {
			// Powers of two from 16 bytes (PCI Express Base Specification 6.0, section
			// 7.5.1.2.1).
			if n < 16 || n&(n-1) != 0 || j > 0 && n <= b.Bytes[j-1] {
				errs = append(errs, fmt.Errorf("bars: %d bytes is no size of a window, or out of order", n))
			}
		}
	}
	return errors.Join(errs...)
}

// checkCells wants an origin to be of a field that rows have.
func checkCells(cells map[string]Origin) error {
	if len(cells) == 0 {
		return nil
	}
	var errs []error
	names := Accelerators().Columns()
	for _, name := range slices.Sorted(maps.Keys(cells)) {
		if !slices.Contains(names, name) {
			errs = append(errs, fmt.Errorf("cells: %.40q is no field", name))
		}
		o := cells[name]
		errs = append(errs, blank("cells: source", o.Source), oneOf("cells: degree", &o.Degree, "primary", "measured", "secondary", "derived"))
	}
	return errors.Join(errs...)
}

func checkMaker(m *Maker) error {
	return errors.Join(checkID("vendor_id", m.VendorID), blank("name", m.Name), printable("hq_country", m.HQCountry), blank("source", m.Source))
}

func checkBoardMaker(m *BoardMaker) error {
	return errors.Join(checkID("vendor_id", m.VendorID), blank("name", m.Name), printable("brand", m.Brand), blank("source", m.Source))
}

func checkBoard(b *Board) error {
	errs := []error{checkID("vendor_id", b.VendorID), checkID("device_id", b.DeviceID), blank("name", b.Name)}
	switch {
	case (b.SubsystemVendorID == "") != (b.SubsystemDeviceID == ""):
		errs = append(errs, errors.New("half a subsystem"))
	case b.SubsystemVendorID != "":
		errs = append(errs, checkID("subsystem_vendor_id", b.SubsystemVendorID), checkID("subsystem_device_id", b.SubsystemDeviceID))
	}
	return errors.Join(errs...)
}

var revisionID = lazyregexp.New(`^[0-9a-f]{2}$`)

func checkRevision(r *Revision) error {
	errs := []error{checkID("vendor_id", r.VendorID), checkID("device_id", r.DeviceID), blank("name", r.Name), printable("name", &r.Name)}
	if !revisionID.MatchString(r.Revision) {
		errs = append(errs, fmt.Errorf("revision: %.10q is none", r.Revision))
	}
	errs = append(errs, whole("memory_mib", r.MemoryMiB, nil))
	return errors.Join(errs...)
}

// checkOwnBoard wants the board of an operator to be one: only the maker of a
// part lists it without boards.
func checkOwnBoard(b *Board) error {
	if b.SubsystemVendorID == "" && b.SubsystemDeviceID == "" {
		return errors.New("the subsystem is missing")
	}
	return checkBoard(b)
}

func checkMod(m *Mod) error {
	errs := []error{
		checkID("vendor_id", m.VendorID), checkID("device_id", m.DeviceID), blank("id", m.ID), blank("title", m.Title),
		positive("genuine_memory_mib", m.GenuineMemoryMiB, 1<<30), positive("suspect_min_mib", m.SuspectMinMiB, 1<<30), positive("suspect_max_mib", m.SuspectMaxMiB, 1<<30),
		blank("giveaway", m.Giveaway), blank("confidence", m.Confidence), printable("source", m.Source),
	}
	if (m.SuspectMinMiB == nil) != (m.SuspectMaxMiB == nil) || m.SuspectMinMiB != nil && *m.SuspectMinMiB > *m.SuspectMaxMiB {
		errs = append(errs, fmt.Errorf("mod %.60s: the range of suspect sizes is none", m.ID))
	}
	if m.Source == nil || *m.Source == "" {
		errs = append(errs, fmt.Errorf("mod %.60s has no source", m.ID))
	}
	return errors.Join(errs...)
}

func checkSource(s *Source) error {
	return errors.Join(blank("key", s.Key), blank("text", s.Text), blank("licence", s.Licence))
}

// checkID wants a PCI id: four lower-case hex digits.
func checkID(name, s string) error {
	if !isID(s) {
		return fmt.Errorf("%s %.40q is no PCI id", name, s)
	}
	return nil
}

// IsID says that a text is a PCI id: four lower-case hex digits.
func IsID(s string) bool { return isID(s) }

// IsBoard says that a text is the ids of a board: "10de:2684:1043:889a".
func IsBoard(s string) bool {
	ids := strings.Split(s, ":")
	return len(ids) == 4 && !slices.ContainsFunc(ids, func(id string) bool { return !isID(id) })
}

// maxNameLen caps a name, in bytes.
const maxNameLen = 300

// IsName says that a text can be printed as a name.
func IsName(s string) bool {
	return s != "" && len(s) <= maxNameLen && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func isID(s string) bool {
	if len(s) != 4 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// blank refuses a text that is missing, and one that cannot be printed.
func blank(name, s string) error {
	if s == "" {
		return fmt.Errorf("%s is blank", name)
	}
	return printable(name, &s)
}

func printable(name string, s *string) error {
	if s != nil && (len(*s) > cellLimit || strings.ContainsFunc(*s, unicode.IsControl)) {
		return fmt.Errorf("%s is too long or holds control characters", name)
	}
	return nil
}

func oneOf(name string, s *string, words ...string) error {
	if s != nil && !slices.Contains(words, *s) {
		return fmt.Errorf("%s %.40q is none of %s", name, *s, strings.Join(words, ", "))
	}
	return nil
}

func between(name string, v *float64, low, high float64) error {
	if v != nil && !(*v >= low && *v <= high) {
		return fmt.Errorf("%s is %v", name, *v)
	}
	return nil
}

func positive(name string, n *int, high int) error {
	if n != nil && (*n <= 0 || *n > high) {
		return fmt.Errorf("%s is %d", name, *n)
	}
	return nil
}

// each wants every text to have the form, and to come once.
func each(name string, texts []string, form func(string) bool) error {
	for i, s := range texts {
		if !form(s) || slices.Contains(texts[:i], s) {
			return fmt.Errorf("%s %.40q is none or comes twice", name, s)
		}
	}
	return nil
}

// launch wants a year or a day.
func launch(s *string) error {
	if s == nil {
		return nil
	}
	form := "2006"
	if len(*s) > len(form) {
		form = time.DateOnly
	}
	if _, err := time.Parse(form, *s); err != nil {
		return fmt.Errorf("launch_date %.40q is neither a year nor a day", *s)
	}
	return nil
}
