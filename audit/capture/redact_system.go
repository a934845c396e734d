package capture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// switches are the kernel's switches that rules ask for, with - written as _
// (rules/backdoor/dma_switches and kernel_switches), and values of a switch that say
// something of no machine.
var (
	switches = []string{"iommu", "intel_iommu", "amd_iommu", "iommu.passthrough", "iommu.strict", "intremap", "efi", "pcie_acs_override",
		"module.sig_enforce", "lockdown", "iomem", "firmware_class.path"}
	switchValues = []string{"0", "1", "y", "n", "yes", "no", "on", "off", "pt", "nopt", "force", "noforce", "soft", "strict", "lazy", "merge", "nomerge", "fullflush",
		"igfx_off", "sm_on", "sm_off", "sp_off", "tboot_noforce", "pgtbl_v1", "pgtbl_v2", "force_enable", "force_isolation", "irtcachedis", "nosid", "no_x2apic_optout", "nopost", "posted_msi",
		"no_disable_early_pci_dma", "disable_early_pci_dma", "runtime", "noruntime", "nosoftreserve", "debug", "old_map", "nochunk",
		"downstream", "multifunction", "id", "none", "integrity", "confidentiality", "relaxed"}
)

// commandLine keeps as many words as there are. What follows -- is for init, and is
// read by nobody.
func commandLine(data []byte) ([]byte, bool) {
	var out []string
	for _, s := range collect.ParseSwitches(strings.TrimSpace(strings.Trim(string(data), "\x00"))) {
		out = append(out, keptSwitch(s))
	}
	return []byte(strings.Join(out, " ") + "\n"), true
}

func keptSwitch(s inventory.Switch) string {
	if !slices.Contains(switches, strings.ReplaceAll(s.Name, "-", "_")) {
		return redacted
	}
	if s.Value == nil {
		return s.Name
	}
	values := strings.Split(*s.Value, ",")
	for i, v := range values {
		if v != "" && !slices.Contains(switchValues, strings.ToLower(v)) {
			values[i] = redacted
		}
	}
	return s.Name + "=" + strings.Join(values, ",")
}

func kernelRelease(data []byte) ([]byte, bool) {
	text := strings.TrimSpace(string(data))
	if text == "" {
		return data, true
	}
	return []byte(keptRelease(text) + "\n"), true
}

// kernelVersion keeps the first three words: Linux version 6.1.0-40-amd64.
func kernelVersion(data []byte) ([]byte, bool) {
	rest, ok := strings.CutPrefix(string(data), "Linux version ")
	if !ok {
		return nil, false
	}
	release, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return []byte("Linux version " + keptRelease(release) + "\n"), true
}

// distributions are the values of ID in os-release(5) that many machines have.
var distributions = strings.Fields(`debian ubuntu fedora rhel centos rocky almalinux ol amzn sles sled sle opensuse opensuse-leap opensuse-tumbleweed
	opensuse-microos slackware alpine arch manjaro endeavouros garuda nixos gentoo void linuxmint pop elementary zorin kali raspbian proxmox nobara bazzite
	steamos cachyos photon mariner azurelinux flatcar cos talos bottlerocket openEuler anolis alinux kylin uos deepin clear-linux-os solus mageia guix artix
	devuan mx tails qubes rhcos scos ultramarine vyos truenas unraid yocto poky`)

var (
	releaseNumber = lazyregexp.New(`^[0-9]{1,4}(?:\.[0-9]{1,2}){0,2}$`)
	assignment    = lazyregexp.New(`(?m)^[ \t]*([A-Z_]+)=["']?([^"'\n]*)["']?[ \t]*$`)
)

// osRelease keeps ID and VERSION_ID.
func osRelease(data []byte) ([]byte, bool) {
	var out strings.Builder
	for _, m := range assignment.FindAllStringSubmatch(string(data), -1) {
		switch {
		case m[1] == "ID" && slices.Contains(distributions, m[2]), m[1] == "VERSION_ID" && releaseNumber.MatchString(m[2]):
			fmt.Fprintf(&out, "%s=\"%s\"\n", m[1], m[2])
		case m[1] == "ID":
			fmt.Fprintf(&out, "ID=%s\n", redacted)
		}
	}
	return []byte(out.String()), out.Len() > 0
}

var nvidiaForm = lazyregexp.New(`^NVRM version:( NVIDIA UNIX)?( Open)?[^\n]{0,40} Kernel Module (?:for [a-z0-9_]{1,16} )?[ ]{0,4}([0-9]{1,4}(?:\.[0-9]{1,4}){1,2}) `)

// nvidiaVersion keeps the version and whether the driver is the open one.
func nvidiaVersion(data []byte) ([]byte, bool) {
	m := nvidiaForm.FindStringSubmatch(strings.SplitN(string(data), "\n", 2)[0] + " ")
	if m == nil {
		return nil, false
	}
	flavor := ""
	if strings.Contains(m[0], " Open Kernel Module") {
		flavor = " Open"
	}
	return []byte("NVRM version: NVIDIA UNIX" + flavor + " Kernel Module  " + m[3] + "\n"), true
}

// nvidiaFields are the lines of a GPU's file that are read, with the form of each.
var nvidiaFields = map[string]*lazyregexp.Regexp{
	"Video BIOS": nvidiaVBIOS, "Bus Location": pciAddress,
	"GPU Firmware": lazyregexp.New(`^(?:N/A|[0-9]{1,4}(?:\.[0-9]{1,4}){1,2})$`),
	"GPU Excluded": lazyregexp.New(`^(?:Yes|No)$`), "Blacklisted": lazyregexp.New(`^(?:Yes|No)$`),
	"GPU UUID": lazyregexp.New(`^GPU-[?-]{36}$`), "Model": nil,
}

// nvidiaInformation keeps these; a model's name if all its words are known ones, and
// of a UUID that there is one.
func nvidiaInformation(data []byte) ([]byte, bool) {
	var out strings.Builder
	seen := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		key, value, found := strings.Cut(line, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		of, read := nvidiaFields[key]
		if !found || !read {
			continue
		}
		if seen[key] {
			return nil, false // the driver says no thing twice
		}
		seen[key] = true
		if value != "" && (of != nil && !of.MatchString(value) || of == nil && !public(value)) {
			value = redacted
		}
		fmt.Fprintf(&out, "%s: %s\n", key, value)
	}
	return []byte(out.String()), true
}
