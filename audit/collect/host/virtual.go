package host

import (
	"bytes"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

// cpuinfo is what Linux says of the processors. Of its text, which grows with them,
// the first processor's part is read.
const (
	cpuinfo      = "proc/cpuinfo"
	cpuinfoLimit = 16 << 10
)

// virtual says whether a hypervisor runs this kernel: on x86 it sets a bit that the
// kernel lists among the processor's flags (CPUID leaf 1, ECX bit 31). No card can set
// it. Other processors have no such flag, which leaves it unknown.
func (r *reader) virtual() *bool {
	b, err := head(r.fsys, cpuinfo, cpuinfoLimit)
	if err == nil {
		if flags, ok := processorFlags(b); ok {
			return new(slices.Contains(flags, "hypervisor"))
		}
		return nil
	}
	if !collect.Absent(err) {
		r.gap("/virtual", cpuinfo, err)
	}
	return nil
}

// head is the beginning of a file.
func head(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// processorFlags is the first whole line of that name.
func processorFlags(text []byte) ([]string, bool) {
	for line := range bytes.Lines(text) {
		name, value, ok := strings.Cut(string(line), ":")
		if ok && strings.TrimSpace(name) == "flags" && strings.HasSuffix(value, "\n") {
			return strings.Fields(value), true
		}
	}
	return nil, false
}
