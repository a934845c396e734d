// Package hosttest builds machines for tests: a root with the sysfs, procfs and
// package database of a GPU host, in the kernel's formats. It is for tests and
// for the scripts that document the command line; no shipped code imports it.
package hosttest

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

// now is the clock of every host of this package.
var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// Host is a machine under construction.
type Host struct {
	FS fstest.MapFS
	// NVML are the answers of NVIDIA's library, which stand beside the machine; "" for
	// none.
	NVML string
	// Signer signs the modules of the kernel's package; "" where nobody does.
	Signer string
	groups int
}

// New returns a server without cards: UEFI with Secure Boot, kernel lockdown,
// an IOMMU that translates, a TPM and a Debian package database.
func New() *Host {
	h := &Host{FS: fstest.MapFS{}}
	h.Dir("sys/bus/pci/devices").Dir("sys/kernel/iommu_groups").Dir("sys/class/tpm/tpm0").Dir("proc/self").Dir("usr/lib/systemd/system").Dir("usr/lib/udev/rules.d")
	for name, text := range map[string]string{
		"sys/class/dmi/id/sys_vendor":                                              "Example Systems\n",
		"sys/class/dmi/id/product_name":                                            "GPU Server 8\n",
		"sys/class/dmi/id/product_serial":                                          "SERIAL-0001\n",
		"sys/class/dmi/id/product_uuid":                                            "11111111-2222-3333-4444-555555555555\n",
		"sys/class/dmi/id/board_vendor":                                            "Example Systems\n",
		"sys/class/dmi/id/board_name":                                              "Board X\n",
		"sys/class/dmi/id/bios_vendor":                                             "Example BIOS\n",
		"sys/class/dmi/id/bios_version":                                            "1.2.3\n",
		"sys/class/dmi/id/bios_date":                                               "05/01/2026\n",
		"sys/class/dmi/id/chassis_type":                                            "23\n",
		"sys/class/tpm/tpm0/tpm_version_major":                                     "2\n",
		"sys/class/iommu/dmar0/type":                                               "intel\n",
		"sys/kernel/security/lockdown":                                             "none [integrity] confidentiality\n",
		"sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c": "\x06\x00\x00\x00\x01",
		"sys/firmware/efi/efivars/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c":  "\x06\x00\x00\x00\x00",
		"proc/cmdline":                                                             "BOOT_IMAGE=/boot/vmlinuz-6.1.0-40-amd64 root=/dev/sda1 ro quiet intel_iommu=on\n",
		"proc/version":                                                             "Linux version 6.1.0-40-amd64 (debian-kernel@lists.debian.org)\n",
		"proc/sys/kernel/osrelease":                                                "6.1.0-40-amd64\n",
		"proc/sys/kernel/tainted":                                                  "0\n",
		"etc/os-release":                                                           "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n",
		"var/lib/dpkg/status":                                                      "Package: linux-image-6.1.0-40-amd64\nStatus: install ok installed\nArchitecture: amd64\nVersion: 6.1.153-1\n\n",
		"lib/modules/6.1.0-40-amd64/modules.builtin":                               "",
		"lib/modules/6.1.0-40-amd64/modules.dep":                                   "",
	} {
		h.File(name, text)
	}
	return h
}

// File puts a file in place.
func (h *Host) File(name, text string) *Host {
	h.FS[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o444}
	return h
}

// Dir makes a directory.
func (h *Host) Dir(name string) *Host {
	h.FS[name] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	return h
}

// Link makes a symbolic link to a path under the root, relative as in sysfs.
func (h *Host) Link(name, target string) *Host {
	up := strings.Repeat("../", strings.Count(name, "/"))
	h.FS[name] = &fstest.MapFile{Data: []byte(up + target), Mode: fs.ModeSymlink | 0o777}
	return h
}

// Alternative makes a name lead to a file by two absolute links, as update-alternatives of
// Debian and Fedora does. A [fstest.MapFS] does not follow them: write the host to disk.
func (h *Host) Alternative(name, target string) *Host {
	group := "etc/alternatives/" + path.Base(name)
	h.FS[name] = &fstest.MapFile{Data: []byte("/" + group), Mode: fs.ModeSymlink | 0o777}
	h.FS[group] = &fstest.MapFile{Data: []byte("/" + target), Mode: fs.ModeSymlink | 0o777}
	return h
}

// USB plugs a device in at a port.
func (h *Host) USB(port, vendor, product string) *Host {
	return h.File("sys/bus/usb/devices/"+port+"/idVendor", vendor+"\n").File("sys/bus/usb/devices/"+port+"/idProduct", product+"\n")
}

// Remove takes files away whose name begins with prefix.
func (h *Host) Remove(prefix string) *Host {
	maps.DeleteFunc(h.FS, func(name string, _ *fstest.MapFile) bool { return strings.HasPrefix(name, prefix) })
	return h
}

// Env is the host as collectors see it. ROMs are plain files.
func (h *Host) Env() *collect.Env {
	return &collect.Env{
		FS: h.FS, Now: now, Derive: collect.Memo(),
		ROM: func(_ context.Context, address string) ([]byte, error) {
			return collect.Read(h.FS, "sys/bus/pci/devices/"+address+"/rom", 16<<20)
		},
	}
}

// WriteTo lays the host out in an empty directory.
func (h *Host) WriteTo(dir string) error {
	for _, name := range slices.Sorted(maps.Keys(h.FS)) {
		file, target := h.FS[name], filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		var err error
		switch {
		case file.Mode.IsDir():
			err = os.MkdirAll(target, 0o755)
		case file.Mode&fs.ModeSymlink != 0:
			err = os.Symlink(string(file.Data), target)
		default:
			err = os.WriteFile(target, file.Data, 0o644)
		}
		if err != nil {
			return fmt.Errorf("lay out %s: %w", name, err)
		}
	}
	return nil
}

// device links a PCI function into the bus and returns its directory.
func (h *Host) device(parents []string, address string) string {
	dir := path.Join(append([]string{"sys/devices/pci0000:00"}, append(parents, address)...)...)
	h.FS["sys/bus/pci/devices/"+address] = &fstest.MapFile{Mode: fs.ModeSymlink | 0o777, Data: []byte("../../../" + strings.TrimPrefix(dir, "sys/"))}
	return dir
}

// MergedUsr makes lib a link to usr/lib, as on Debian, Fedora, Arch and SUSE, and
// etc/os-release one to usr/lib/os-release.
func (h *Host) MergedUsr() *Host {
	for name, file := range maps.Clone(h.FS) {
		if rest, ok := strings.CutPrefix(name, "lib/"); ok {
			delete(h.FS, name)
			h.FS["usr/lib/"+rest] = file
		}
	}
	h.FS["usr/lib/os-release"] = h.FS["etc/os-release"]
	h.Link("etc/os-release", "usr/lib/os-release").Link("lib", "usr/lib")
	return h
}
