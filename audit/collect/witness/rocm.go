package witness

import (
	"strconv"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// rocmLine is a line of rocm-smi and of hy-smi, which is made from it: a card's
// number, a name and a value. Partitions follow the number.
var rocmLine = lazyregexp.New(`^(GPU|DCU|HCU)\[(\d{1,4})\](?: XCP\[\d{1,4}\])?\s*: *(.*)$`)

// rasRow is a row of the table of errors: the block, whether it is protected, and
// the errors that were and were not corrected.
var rasRow = lazyregexp.New(`^([A-Z0-9_]{1,16})\s+([A-Z ]{1,24}?)(?:\s+(\d{1,18})\s+(\d{1,18}))?$`)

// readROCm reads the text of rocm-smi -a, and the tables of --showrasinfo.
func (s *Statement) readROCm(text string) error {
	s.Name = rocmSMI
	a := &amd{s: s}
	ras := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		m := rocmLine.FindStringSubmatch(line)
		if m == nil {
			if ras != "" && a.errors(ras, line) {
				continue
			}
			if strings.Trim(line, "=_- ") != "" && !strings.Contains(line, "==") && !strings.HasPrefix(line, "Block ") {
				s.line(line)
			}
			continue
		}
		if m[1] != "GPU" {
			s.Name = hygonSMI
		}
		ras = ""
		if strings.TrimSpace(m[3]) == "RAS INFO" {
			ras = m[2]
			continue
		}
		key, value, ok := strings.Cut(m[3], ":")
		if !ok {
			continue
		}
		if err := a.set(m[2], key, value); err != nil {
			return err
		}
	}
	return a.end()
}

// errors takes a row of a card's table of errors.
func (a *amd) errors(number, line string) bool {
	m := rasRow.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	c, err := a.card(number)
	if err != nil {
		return false
	}
	if m[3] == "" {
		if m[2] == "ENABLED" {
			c.device.unread(inventory.MemoryUncorrected, "memory-uncorrected: "+a.s.Name+" gives no count of "+m[1])
		}
		return true
	}
	for i, kind := range []inventory.HealthKind{inventory.MemoryCorrected, inventory.MemoryUncorrected} {
		n, err := strconv.ParseUint(m[3+i], 10, 56)
		if err != nil {
			c.device.unread(kind, string(kind)+": "+a.s.Name+" gives no number")
			continue
		}
		c.device.Counts = append(c.device.Counts, Count{Kind: kind, N: n})
	}
	return true
}
