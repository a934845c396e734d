package report

import (
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/message"
)

// sourceWords names a source for a reader who does not know the kernel's paths. The
// details of a report name the path itself.
func sourceWords(source string) message.Said {
	for _, s := range [...]struct{ has, id string }{
		{"/rom", "source.rom"},
		{"vbios", "source.rom"},
		{"/iommu", "source.iommu"},
		{"class/iommu", "source.iommu"},
		{"lib/modules/", "source.driver_file"},
		{"/module", "source.driver_module"},
		{"var/lib/", "source.packages"},
		{"etc/systemd/system", "source.software"},
		{"mem_info_vram", "source.memory"},
		{"/config", "source.config"},
		{"/resource", "source.windows"},
		{"efivars", "source.secure_boot"},
		{"proc/cmdline", "source.command_line"},
		{"kernel/tainted", "source.tainted"},
		{"lockdown", "source.lockdown"},
		{"_link_", "source.link"},
		{"power_state", "source.power"},
		{"driver/nvidia/", "source.nvidia"},
		{"/driver", "source.driver"},
	} {
		if strings.Contains(source, s.has) {
			return message.Say(s.id, nil)
		}
	}
	return message.Plain(source)
}
