package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
)

// accelerators is the table, which knows all that a row can have.
var accelerators = catalogue.Accelerators()

// specColumns are the cells that a "specs:" source vouches for.
var specColumns = []string{"architecture", "memory_mib", "memory_complete", "memory_type", "bus_width", "die_mm2", "pcie_gen", "pcie_lanes", "launch_date", "fab_country"}

var (
	sourcePart = regexp.MustCompile(`;(id|name|specs|tpp|memory|die blanked)([:(])`)
	shareAlike = regexp.MustCompile(`evokernel|CC-BY-SA`)
	// published reads "published: FP8 sparse 1466 / 2 x 8"; a sparse rate is
	// twice the dense one.
	published = regexp.MustCompile(`^published: [A-Z0-9/]+ (?:dense |sparse )?([0-9.]+)( / 2)? x ([0-9]+)`)

	consumer     = regexp.MustCompile(`^(GeForce |Radeon RX |Arc [AB][0-9]+M?$)`)
	dataCentre   = regexp.MustCompile(`^(HGX |Tesla |Instinct |Data Center GPU |Gaudi[23] |(A2|A10|A16|A30|A40|A100|A800|B100|B200|B300|GB200|GB300|GH200|H20|H100|H200|H800|L2|L4|L16|L20|L30|L40|L40G|L40S)\b)`)
	professional = regexp.MustCompile(`(?i)\bpro\b`)
)

// reticle is the largest die that lithography can expose, in mm2. A larger
// figure is of a package, which is no basis for performance density.
const reticle = 858

// builder makes the rows of accelerators.
type builder struct {
	fixes   fixes
	details *details
	makers  map[string]record
}

// accelerator makes a row of one of the collection, without its share-alike cells and with
// those of the project's own tables.
func (b *builder) accelerator(r record) ([]catalogue.Accelerator, error) {
	cells := record{}
	for _, c := range accelerators.Columns() {
		cells[c] = r[c]
	}
	cells["memory_mib"] = r["memory_mib_options"]
	cells["memory_complete"] = map[string]string{"yes": "true", "no": "false"}[r["memory_list_complete"]]
	cells["pcie_gen"] = strings.TrimSuffix(r["pcie_gen"], ".0")
	var sources []string
	for _, part := range strings.Split(sourcePart.ReplaceAllString(r["source"], "\x00$1$2"), "\x00") {
		kind, basis, _ := strings.Cut(part, ":")
		switch {
		case shareAlike.MatchString(part) && kind == "specs":
			blank(cells, specColumns...)
		case shareAlike.MatchString(part) && kind == "memory":
			blank(cells, "memory_mib", "memory_complete")
		case shareAlike.MatchString(part) && kind == "tpp":
			blank(cells, "tpp")
		case kind == "tpp":
			cells["tpp_basis"] = basis
		default:
			sources = append(sources, abbreviate(part))
		}
	}
	a, err := accelerators.Decode(cells)
	if err != nil {
		return nil, err
	}
	a.Market = known(marketOf(a.Name))
	if a.DieMM2 != nil && *a.DieMM2 > reticle {
		a.DieMM2 = nil
		sources = append(sources, "die_mm2 left out: the figure is of a package of several dies")
	}
	return b.finish(a, sources)
}

// blank leaves cells out before anything is made of them.
func blank(cells record, columns ...string) {
	for _, c := range columns {
		cells[c] = ""
	}
}

// finish adds what the project's own tables say, and what follows from that.
func (b *builder) finish(a catalogue.Accelerator, sources []string) ([]catalogue.Accelerator, error) {
	more, err := b.fixes.apply(&a)
	if err != nil {
		return nil, err
	}
	sources = append(sources, more...)
	a.Source = strings.Join(append(sources, b.details.apply(&a)...), "; ")
	if len(a.MemoryMiB) == 0 {
		a.MemoryComplete = nil
	}
	if err := factor(&a); err != nil {
		return nil, err
	}
	return []catalogue.Accelerator{a}, nil
}

// factor takes the two factors of a published TPP from its basis, and the
// product where there is none yet.
func factor(a *catalogue.Accelerator) error {
	if a.TPPBasis == nil {
		return nil
	}
	m := published.FindStringSubmatch(*a.TPPBasis)
	if m == nil {
		return nil
	}
	dense, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return fmt.Errorf("published rate: %w", err)
	}
	if m[2] != "" {
		dense /= 2
	}
	bits, err := strconv.Atoi(m[3])
	if err != nil {
		return fmt.Errorf("bit length: %w", err)
	}
	a.DenseTOPS, a.BitLength, a.TPP = &dense, &bits, new(dense*float64(bits))
	return nil
}

// byID orders rows by their ids.
func byID(rows []catalogue.Accelerator) []catalogue.Accelerator {
	slices.SortStableFunc(rows, func(x, y catalogue.Accelerator) int {
		return cmp.Or(cmp.Compare(x.VendorID, y.VendorID), cmp.Compare(x.DeviceID, y.DeviceID))
	})
	return rows
}

// marketOf is what the product line's name says, and "" where a line is sold
// for desks and for data centres.
func marketOf(name string) string {
	switch {
	case dataCentre.MatchString(name):
		return "data-centre"
	case consumer.MatchString(name) && !professional.MatchString(name):
		return "consumer"
	}
	return ""
}

var abbreviations = strings.NewReplacer(
	"pciids@c1c12547", "pciids",
	"open-gpu-kernel-modules@df1c9a3d README", "nvreadme",
	"rightnow-gpu-db@77fae385(Apache-2.0; TechPowerUp-derived)", "rightnow",
	"hahnyuan/LLM-Viewer hardware_params.py", "llmviewer",
)

func abbreviate(s string) string { return abbreviations.Replace(s) }
