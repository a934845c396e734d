package witness

import (
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// The warnings that nvidia-smi prints around what it was asked for. The GPU's
// number may stand before its address, and a colon and a space between.
var (
	inforomWarning = lazyregexp.New(`(?i)^WARNING:\s*infoROM is corrupted at gpu\s*([0-9a-f:.]+)\s*$`)
	lostWarning    = lazyregexp.New(`(?i)^Unable to determine the device handle for (?:gpu|device)\s*(?:\d{1,3}:\s*)?([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\s*:\s*([ -~]{1,100})$`)
	lostSomewhere  = lazyregexp.New(`(?i)^Unable to determine the device handle for `)
)

// around takes the lines before and behind a recording: warnings are facts, the
// rest is left aside.
func (s *Statement) around(text string) {
	for line := range strings.Lines(text) {
		s.line(strings.TrimSpace(line))
	}
}

// line takes one line that is not part of the recording's form. It says whether
// it was a warning.
func (s *Statement) line(line string) bool {
	if line == "" || strings.HasPrefix(line, "==") { // the frame of rocm-smi's text
		return true
	}
	if s.warning(line) {
		return true
	}
	s.note("left aside: %.60q", line)
	return false
}

// warning takes a warning of nvidia-smi.
func (s *Statement) warning(line string) bool {
	if m := inforomWarning.FindStringSubmatch(line); m != nil {
		return s.mention(m[1], inventory.InfoROMCorrupt, "")
	}
	if m := lostWarning.FindStringSubmatch(line); m != nil {
		return s.mention(m[1], inventory.OffBus, strings.TrimRight(m[2], ". "))
	}
	if lostSomewhere.MatchString(line) {
		s.note("%.100q names no address, so that nothing shows which GPU it means", line)
		return true
	}
	return false
}

// mention notes a fault of the GPU at an address.
func (s *Statement) mention(address string, kind inventory.HealthKind, detail string) bool {
	at, ok := normal(address)
	if !ok {
		return false
	}
	d := s.find(at)
	if d == nil {
		var err error
		if d, err = s.device(at); err != nil {
			return false
		}
		d.Mentioned = true
	}
	d.sign(kind, detail)
	return true
}

// sign notes a fault that is there or is not, once.
func (d *Device) sign(kind inventory.HealthKind, detail string) {
	for i := range d.Counts {
		if d.Counts[i].Kind == kind && d.Counts[i].N > 0 {
			return
		}
	}
	d.Counts = append(d.Counts, Count{Kind: kind, N: 1, Detail: detail})
}
