package amd

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Limits of the folder ras: there are about twenty blocks, and a card whose
// memory has more bad pages than this is refused by its own driver.
const (
	blocksLimit   = 64
	badPagesBytes = 256 << 10
)

// health reads what amdgpu counts of reliability (Linux
// Documentation/gpu/amdgpu/ras.rst): errors of each block since the driver was
// loaded, and pages of memory that were taken out of use for good. Cards without
// such protection have no folder ras.
func (r *reader) health() {
	folder := r.path("ras")
	entries, err := fs.ReadDir(r.fsys, folder)
	if err == nil && len(entries) > blocksLimit {
		err = fmt.Errorf("%w of %d files", collect.ErrLimit, blocksLimit)
	}
	if err != nil {
		if !collect.Absent(err) {
			r.gap("/health/memory", folder, err)
		}
		return
	}
	var uncorrected, corrected uint64
	counted := false
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "_err_count") {
			continue
		}
		source := path.Join(folder, e.Name())
		text, err := collect.Attr(r.fsys, source)
		var ue, ce uint64
		if err == nil {
			ue, ce, err = parseErrors(text)
		}
		if err != nil {
			r.gap("/health/memory", source, err)
			continue
		}
		counted, uncorrected, corrected = true, uncorrected+ue, corrected+ce
	}
	if counted {
		r.count(inventory.MemoryUncorrected, folder, uncorrected)
		r.count(inventory.MemoryCorrected, folder, corrected)
	}
	r.badPages(path.Join(folder, "gpu_vram_bad_pages"))
}

func (r *reader) count(kind inventory.HealthKind, source string, n uint64) {
	r.device.Health = append(r.device.Health, inventory.HealthClaim{Kind: kind, Source: source, Count: n})
}

// parseErrors reads "ue: 0" and "ce: 0"; newer kernels add "de", errors that
// were found and put off, which a later one may or may not turn into the former.
func parseErrors(text string) (uncorrected, corrected uint64, err error) {
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		name, number, _ := strings.Cut(strings.TrimSpace(line), ":")
		n, perr := strconv.ParseUint(strings.TrimSpace(number), 10, 56) // 64 of them do not overflow
		if perr != nil || seen[name] {
			return 0, 0, fmt.Errorf("%w: line %.40q", collect.ErrMalformed, line)
		}
		seen[name] = true
		switch name {
		case "ue":
			uncorrected = n
		case "ce":
			corrected = n
		}
	}
	if !seen["ue"] || !seen["ce"] {
		return 0, 0, fmt.Errorf("%w: it does not state ue and ce", collect.ErrMalformed)
	}
	return uncorrected, corrected, nil
}

// badPages counts the pages of a list, "0x00000001 : 0x00001000 : R" on each
// line: retired (R), to be retired with the next reset (P), or not retired
// because something holds them (F).
func (r *reader) badPages(source string) {
	text, err := collect.Read(r.fsys, source, badPagesBytes)
	if collect.Absent(err) {
		return // the card has no place to remember them in
	}
	var retired, pending uint64
	if err == nil {
		retired, pending, err = parseBadPages(string(text))
	}
	if err != nil {
		r.gap("/health/memory", source, err)
		return
	}
	r.count(inventory.PagesRetired, source, retired)
	r.count(inventory.RetirementPending, source, min(pending, 1))
}

func parseBadPages(text string) (retired, pending uint64, err error) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		fields := strings.Split(line, " : ")
		if len(fields) != 3 || !strings.HasPrefix(fields[0], "0x") {
			return 0, 0, fmt.Errorf("%w: line %.40q", collect.ErrMalformed, line)
		}
		switch fields[2] {
		case "R":
			retired++
		case "P", "F":
			pending++
		default:
			return 0, 0, fmt.Errorf("%w: line %.40q", collect.ErrMalformed, line)
		}
	}
	return retired, pending, nil
}
