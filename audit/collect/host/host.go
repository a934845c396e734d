// Package host reads the machine around the devices: DMI, kernel, operating
// system, boot, IOMMU, TPM and the firmware's event log.
//
// A copy of a machine often holds only a part of it: a ghw snapshot has a
// sys/class, yet nothing of the IOMMU in it. So a missing source is a gap here,
// never a "no"; only a folder that is there and empty says that nothing is in it.
package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Collector reads the facts of the host.
func Collector() collect.Collector {
	return collect.Collector{
		Name: "host",
		Requires: []collect.Requirement{
			{Path: "sys/class/dmi/id", Decides: "maker, model and firmware version of the machine"},
			{Path: "sys/class/dmi/id/product_serial", Privilege: "root", Decides: "which machine this is"},
			{Path: cpuinfo, Decides: "whether this is a virtual machine, whose displays are virtual"},
			{Path: "proc/cmdline", Decides: "switches that weaken the kernel or the IOMMU"},
			{Path: "proc/sys/kernel/tainted", Decides: "whether foreign or unsigned code runs in the kernel"},
			{Path: "sys/module", Decides: "which modules are foreign or unsigned"},
			{Path: "sys/kernel/security/lockdown", Decides: "whether root can change the kernel"},
			{Path: "etc/os-release", Instead: []string{"usr/lib/os-release"}, Decides: "which distribution this is"},
			{Path: "sys/firmware/efi/efivars", Decides: "whether Secure Boot is on, whom it trusts and what it revokes"},
			{Path: "sys/class/iommu", Decides: "whether devices are kept from memory that is not theirs"},
			{Path: "sys/kernel/iommu_groups", Decides: "how devices are isolated from each other"},
			{Path: "sys/class/tpm", Decides: "whether the machine can attest its boot"},
			{Path: eventLog, Privilege: "root", Decides: "which firmware ran at boot"},
		},
		Host: host,
	}
}

func host(_ context.Context, env *collect.Env, h *inventory.Host) error {
	r := &reader{fsys: ahead(env.FS), host: h}
	h.DMI = r.dmi()
	h.Virtual = r.virtual()
	h.Kernel = r.kernel()
	h.OS = r.os()
	h.Boot = r.boot()
	h.IOMMU = r.iommu()
	h.TPM = r.tpm()
	h.EventLog = r.eventLog()
	return nil
}

// ahead reads what every host has, or most.
func ahead(fsys fs.FS) fs.FS {
	files := []string{cpuinfo, "proc/sys/kernel/osrelease", "proc/version", "proc/cmdline", "proc/sys/kernel/tainted", lockdown, "etc/os-release"}
	for _, name := range [...]string{"sys_vendor", "product_name", "product_serial", "product_uuid", "board_vendor", "board_name", "bios_vendor", "bios_version", "bios_date", "chassis_type"} {
		files = append(files, dmiDir+"/"+name)
	}
	return collect.Ahead(fsys, files, nil, []string{iommuClass, iommuGroups, tpmClass}, []string{dmiDir, "sys/firmware/efi", "sys/firmware/acpi"})
}

// reader reads one host and leaves what it misses with it.
type reader struct {
	fsys fs.FS
	host *inventory.Host
}

func (r *reader) gap(fact, source string, err error) {
	r.host.Gaps = append(r.host.Gaps, collect.GapFor(fact, source, err))
}

// because records a gap whose reason is not an error of a read.
func (r *reader) because(fact, source string, reason inventory.Reason, detail string) {
	r.host.Gaps = append(r.host.Gaps, inventory.Gap{Fact: fact, Source: source, Reason: reason, Detail: detail})
}

// attr reads one text attribute; an empty one states nothing.
func (r *reader) attr(fact, name string) *string {
	s, err := collect.Attr(r.fsys, name)
	switch {
	case err != nil:
		r.gap(fact, name, err)
	case s == "":
		r.because(fact, name, inventory.ReasonNotPresent, "empty")
	default:
		return &s
	}
	return nil
}

const (
	eventLog = "sys/kernel/security/tpm0/binary_bios_measurements"
	// eventLogLimit is many times what firmware writes (some 100 KiB).
	eventLogLimit = 4 << 20
)

// eventLog digests the firmware's boot event log; only root may read it.
func (r *reader) eventLog() *inventory.FileDigest {
	b, err := collect.Read(r.fsys, eventLog, eventLogLimit)
	if err != nil {
		r.gap("/event_log", eventLog, err)
		return nil
	}
	sum := sha256.Sum256(b)
	return &inventory.FileDigest{Path: eventLog, Bytes: uint64(len(b)), SHA256: hex.EncodeToString(sum[:])}
}
