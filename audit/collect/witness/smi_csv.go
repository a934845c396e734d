package witness

import (
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// columns are those of nvidia-smi --query-gpu that are read, and the paths by
// which nvidia-smi -q has the same facts.
var columns = map[string]string{
	"name": "product_name", "gpu_name": "product_name",
	"serial": "serial", "gpu_serial": "serial",
	"uuid": "uuid", "gpu_uuid": "uuid",
	"pci.bus_id": busColumn, "gpu_bus_id": busColumn,
	"pci.device_id": "pci/pci_device_id", "pci.sub_device_id": "pci/pci_sub_system_id",
	"vbios_version": "vbios_version", "memory.total": "fb_memory_usage/total",
	"gpu_recovery_action": "gpu_recovery_action", "inforom.checksum_validation": "inforom_checksum_validation",
	"ecc.errors.corrected.volatile.total":                     "ecc_errors/volatile/single_bit/total",
	"ecc.errors.corrected.aggregate.total":                    "ecc_errors/aggregate/single_bit/total",
	"ecc.errors.uncorrected.volatile.total":                   "ecc_errors/volatile/double_bit/total",
	"ecc.errors.uncorrected.aggregate.total":                  "ecc_errors/aggregate/double_bit/total",
	"ecc.errors.uncorrected.aggregate.sram.thresholdexceeded": "ecc_errors/aggregate/sram_threshold_exceeded",
	"retired_pages.single_bit_ecc.count":                      "retired_pages/single_bit_ecc", "retired_pages.sbe": "retired_pages/single_bit_ecc",
	"retired_pages.double_bit.count": "retired_pages/double_bit_ecc", "retired_pages.dbe": "retired_pages/double_bit_ecc",
	"retired_pages.pending":     "retired_pages/pending",
	"remapped_rows.correctable": "remapped_rows/remapped_row_corr", "remapped_rows.sbe": "remapped_rows/remapped_row_corr",
	"remapped_rows.correctable_inactive": "remapped_rows/remapped_row_corr_inactive",
	"remapped_rows.uncorrectable":        "remapped_rows/remapped_row_unc", "remapped_rows.dbe": "remapped_rows/remapped_row_unc",
	"remapped_rows.uncorrectable_inactive": "remapped_rows/remapped_row_unc_inactive",
	"remapped_rows.pending":                "remapped_rows/remapped_row_pending",
	"remapped_rows.failure":                "remapped_rows/remapped_row_failure",
	"driver_version":                       driverColumn, "count": countColumn,
}

// Columns that are no facts of one GPU.
const (
	busColumn    = "bus"
	driverColumn = "driver_version"
	countColumn  = "attached_gpus"
)

// maxColumns caps those of a recording: nvidia-smi knows about 200.
const maxColumns = 512

// isCSVHeader: two columns and more that nvidia-smi has, by their names.
func isCSVHeader(line string) bool {
	if strings.Contains(line, "--") {
		return false // the command that asked for it
	}
	n := 0
	for _, c := range splitCSV(line) {
		if name, _ := column(c); columns[name] != "" {
			n++
		}
	}
	return n >= 2
}

// splitCSV takes a line apart. nvidia-smi quotes nothing.
func splitCSV(line string) []string { return strings.SplitN(line, ",", maxColumns+1) }

// column is the name of a column, and the unit of its values where it has one.
func column(text string) (name, unit string) {
	name, unit, _ = strings.Cut(strings.TrimSpace(text), " [")
	return strings.ToLower(name), strings.TrimSuffix(unit, "]")
}

// readCSV reads nvidia-smi --query-gpu=… --format=csv, with or without nounits.
func (s *Statement) readCSV(text string) error {
	header, rows, _ := strings.Cut(text, "\n")
	cells := splitCSV(strings.TrimRight(header, "\r"))
	if len(cells) > maxColumns {
		return malformed("it has more than %d columns", maxColumns)
	}
	b := newSMI(s)
	place := map[string]int{}
	for i, c := range cells {
		name, _ := column(c)
		if p := columns[name]; p != "" {
			place[p] = i
		}
	}
	bus, ok := place[busColumn]
	if !ok {
		return malformed("it is CSV of nvidia-smi without the column pci.bus_id, so that nothing shows which GPU is meant: %s", want)
	}
	for line := range strings.Lines(rows) {
		line = strings.TrimSpace(line)
		values := splitCSV(line)
		if len(values) != len(cells) {
			s.line(line)
			continue
		}
		if err := b.row(cells, values, bus, place); err != nil {
			return err
		}
	}
	return b.end()
}

func (b *smi) row(cells, values []string, bus int, place map[string]int) error {
	first := !b.began
	head := b.seen
	if err := b.begin(strings.TrimSpace(values[bus])); err != nil {
		return err
	}
	if b.at < 0 {
		return nil
	}
	for i, c := range cells {
		name, unit := column(c)
		value := strings.TrimSpace(values[i])
		p := columns[name]
		switch {
		case p == "" && strings.HasPrefix(name, "ecc.errors."):
			b.part(name, value, place)
		case p == "", p == busColumn:
		case p == driverColumn, p == countColumn:
			if first {
				gpu := b.seen
				b.seen = head
				err := b.head(p, value)
				b.seen = gpu
				if err != nil {
					return err
				}
			}
		default:
			if unit != "" && strings.Trim(value, "0123456789") == "" {
				value += " " + unit // nounits leaves it to the header
			}
			if err := b.set(p, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// part is a count that is part of a total: without the total it tells nothing but
// that the card counts.
func (b *smi) part(name, value string, place map[string]int) {
	said := strings.Trim(value, "[]")
	bits, kind := "single_bit", inventory.MemoryCorrected
	if strings.HasPrefix(name, "ecc.errors.uncorrected.") {
		bits, kind = "double_bit", inventory.MemoryUncorrected
	}
	if _, ok := place["ecc_errors/aggregate/"+bits+"/total"]; !ok && !lacking[said] {
		b.gpu().unread(kind, string(kind)+": the recording has a part of the count and not the total")
	}
}
