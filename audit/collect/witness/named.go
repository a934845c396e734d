package witness

import (
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// others are outputs that people have and that hold too little: what they are,
// and what to give instead.
func others() []other {
	return []other{
		{lazyregexp.New(`NVIDIA-SMI has failed|Failed to initialize NVML`), "nvidia-smi did not reach NVIDIA's driver: load the driver, or reboot where library and driver have different versions, and record again"},
		{lazyregexp.New(`^No devices were found`), "nvidia-smi found no GPU: record it where NVIDIA's driver runs the GPU, or give lspci -Dnnvv"},
		{lazyregexp.New(`NVIDIA-SMI`), "the table that nvidia-smi prints has no ids: " + want},
		{lazyregexp.New(`^GPU \d+: .+\(UUID: `), "the list that nvidia-smi -L prints has no addresses: " + want},
		{lazyregexp.New(`npu-smi`), "it is the output of npu-smi (Huawei Ascend), which states no ids: give lspci -Dnnvv of the same machine instead"},
		{lazyregexp.New(`mthreads-gmi`), "it is the output of mthreads-gmi (Moore Threads), which states no ids: give lspci -Dnnvv of the same machine instead"},
		{lazyregexp.New(`(?i)\b(cnmon|ixsmi|ix-smi|mx-smi|xpu-smi|xpu_smi|efsmi|brsmi|ppu-smi|hl-smi)\b`), "it is the output of a maker's program that this version does not read: give lspci -Dnnvv of the same machine instead"},
		{lazyregexp.New(`(?i)ROCm System Management Interface|System Management Interface of [DH]CU|hy-smi|rocm-smi`), "the table that rocm-smi and hy-smi print has no addresses: give rocm-smi -a --json (hy-smi -a --json)"},
		{lazyregexp.New(`(?i)AMD-SMI|amd-smi`), "the table that amd-smi prints has no ids: give amd-smi static --json"},
		{lazyregexp.New(`^\s*\d+, (?:NVIDIA|Tesla|GeForce|Quadro|GRID)`), "it is CSV of nvidia-smi without its first line, so that no column has a name: leave noheader out, or " + want},
	}
}

type other struct {
	sign *lazyregexp.Regexp
	is   string
}

// named tells what a text is that is no recording of a form that is read. A
// warning alone is one: it may be all that nvidia-smi had to say.
func (s *Statement) named(text string) error {
	known := others()
	first, n := "", 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if n++; line == "" || n > maxLead {
			continue
		}
		if s.warning(line) {
			continue
		}
		for _, o := range known {
			if o.sign.MatchString(line) {
				return malformed("%s", o.is)
			}
		}
		if first == "" {
			first = line
		}
	}
	switch {
	case len(s.Devices) > 0:
		s.Name = nvidiaSMI
		return nil
	case first == "" && len(s.Notes) > 0:
		return malformed("%s: %s", s.Notes[0], want)
	}
	return malformed("begins with %.60q: %s", first, want)
}
