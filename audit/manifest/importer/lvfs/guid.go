package lvfs

import (
	"crypto/sha1"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// fwupd names a PCI device by UUIDs of version 5 (RFC 9562, section 5.5) over its
// instance ids, in the name space for DNS.
var dnsSpace = [16]byte{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

func guid(instance string) string {
	sum := sha1.Sum(append(dnsSpace[:], instance...))
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// guids are those under which fwupd knows a device.
func guids(d manifest.Device) []string {
	base := strings.ToUpper(fmt.Sprintf(`PCI\VEN_%s&DEV_%s`, d.VendorID, d.DeviceID))
	list := []string{guid(base)}
	if d.SubsystemVendorID != "" && d.SubsystemDeviceID != "" {
		list = append(list, guid(base+strings.ToUpper("&SUBSYS_"+d.SubsystemVendorID+d.SubsystemDeviceID)))
	}
	return list
}

// forDevices says whether one of the archive's GUIDs is one of a device's.
func forDevices(provides []string, d manifest.Device) bool {
	known := guids(d)
	return slices.ContainsFunc(provides, func(g string) bool { return slices.Contains(known, strings.ToLower(strings.TrimSpace(g))) })
}
