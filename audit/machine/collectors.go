package machine

import (
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/amd"
	"github.com/gpuaudit/gpuaudit/audit/collect/driver"
	"github.com/gpuaudit/gpuaudit/audit/collect/ghwitness"
	"github.com/gpuaudit/gpuaudit/audit/collect/host"
	"github.com/gpuaudit/gpuaudit/audit/collect/intel"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvidia"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/collect/pci"
	"github.com/gpuaudit/gpuaudit/audit/collect/rom"
	"github.com/gpuaudit/gpuaudit/audit/collect/software"
)

// Collectors is every collector, in the order in which they run: later ones may read
// what earlier ones found.
func Collectors() []collect.Collector {
	return []collect.Collector{
		host.Collector(),
		pci.Collector(),
		driver.Collector(),
		software.Collector(),
		ghwitness.Collector(),
		rom.Collector(),
		amd.Collector(),
		intel.Collector(),
		nvidia.Collector(),
		nvml.Collector(),
	}
}

// Enumerator finds GPUs and accelerators: by their class, and those that a catalogue
// knows.
func Enumerator(c *catalogue.Catalogue) collect.Enumerator { return pci.Enumerator(c.KnownAccelerator) }
