package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
)

// acceleratorColumns are all that a row can have.
var acceleratorColumns = catalogue.Accelerators().Columns()

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

// accelerator converts one row, without its share-alike cells and with those of
// the project's own tables.
func (b *builder) accelerator(r record) ([][]string, error) {
	cells := record{}
	for _, c := range acceleratorColumns {
		cells[c] = r[c]
	}
	cells["memory_mib"] = r["memory_mib_options"]
	cells["memory_complete"] = map[string]string{"yes": "true", "no": "false"}[r["memory_list_complete"]]
	cells["pcie_gen"] = strings.TrimSuffix(r["pcie_gen"], ".0")
	cells["market"] = marketOf(r["name"])
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
	if die, err := strconv.ParseFloat(cells["die_mm2"], 64); err == nil && die > reticle {
		blank(cells, "die_mm2")
		sources = append(sources, "die_mm2 left out: the figure is of a package of several dies")
	}
	return b.finish(cells, sources)
}

// finish adds the cells of the project's own tables and what follows from them.
func (b *builder) finish(cells record, sources []string) ([][]string, error) {
	sources = append(sources, b.fixes.apply(cells)...)
	cells["source"] = strings.Join(append(sources, b.details.apply(cells)...), "; ")
	if cells["memory_mib"] == "" {
		cells["memory_complete"] = ""
	}
	if err := factor(cells); err != nil {
		return nil, err
	}
	row := make([]string, len(acceleratorColumns))
	for i, c := range acceleratorColumns {
		row[i] = cells[c]
	}
	return [][]string{row}, nil
}

func blank(cells record, columns ...string) {
	for _, c := range columns {
		cells[c] = ""
	}
}

// factor takes the two factors of a published TPP from its basis, and the
// product where there is none yet.
func factor(cells record) error {
	m := published.FindStringSubmatch(cells["tpp_basis"])
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
	cells["dense_tops"], cells["bit_length"] = strconv.FormatFloat(dense, 'f', -1, 64), m[3]
	cells["tpp"] = strconv.FormatFloat(dense*float64(bits), 'f', -1, 64)
	return nil
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
