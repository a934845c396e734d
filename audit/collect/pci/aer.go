package pci

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// errors reads what the kernel counted of advanced error reporting (Linux
// Documentation/ABI/testing/sysfs-bus-pci-devices-aer_stats). The files are
// there where the device has the capability and the kernel looks at it.
func (r *reader) errors() {
	for _, f := range []struct {
		name, total string
		kind        inventory.HealthKind
	}{
		{"aer_dev_correctable", "TOTAL_ERR_COR", inventory.PCIeCorrectable},
		{"aer_dev_nonfatal", "TOTAL_ERR_NONFATAL", inventory.PCIeNonFatal},
		{"aer_dev_fatal", "TOTAL_ERR_FATAL", inventory.PCIeFatal},
	} {
		text, err := collect.Attr(r.fsys, r.dir+f.name)
		var n uint64
		if err == nil {
			n, err = parseAER(text, f.total)
		}
		if err != nil {
			r.gapUnlessAbsent("/health/pcie", f.name, err)
			return
		}
		r.d.Health = append(r.d.Health, inventory.HealthClaim{Kind: f.kind, Source: r.dir + f.name, Count: n})
	}
}

// parseAER adds the counts of a file, "Name N" on each line, up to the kernel's
// own total, which it must come to. Unsupported requests are left out of what is
// returned.
func parseAER(text, totalName string) (uint64, error) {
	var sum, unsupported uint64
	for line := range strings.Lines(text) {
		name, number, ok := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 63)
		switch {
		case !ok || err != nil:
			return 0, fmt.Errorf("%w: line %.40q", collect.ErrMalformed, line)
		case name == totalName:
			return max(sum, n) - unsupported, nil
		case name == "UnsupReq":
			unsupported = n
		}
		if sum += n; sum < n || sum > 1<<63 {
			return 0, fmt.Errorf("%w: the counts overflow", collect.ErrMalformed)
		}
	}
	return 0, fmt.Errorf("%w: no line %s", collect.ErrMalformed, totalName)
}
