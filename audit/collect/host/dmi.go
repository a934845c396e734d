package host

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const dmiDir = "sys/class/dmi/id"

// dmi reads the SMBIOS strings that the kernel publishes. Serial and UUID are
// for root only; the kernel makes no file for a string that firmware left out.
func (r *reader) dmi() inventory.DMI {
	if _, err := fs.Stat(r.fsys, dmiDir); err != nil {
		r.gap("/dmi", dmiDir, err)
		return inventory.DMI{}
	}
	attr := func(fact, file string) *string { return r.attr("/dmi/"+fact, path.Join(dmiDir, file)) }
	return inventory.DMI{
		SystemVendor:  attr("system_vendor", "sys_vendor"),
		ProductName:   attr("product_name", "product_name"),
		ProductSerial: attr("product_serial", "product_serial"),
		ProductUUID:   attr("product_uuid", "product_uuid"),
		BoardVendor:   attr("board_vendor", "board_vendor"),
		BoardName:     attr("board_name", "board_name"),
		BIOSVendor:    attr("bios_vendor", "bios_vendor"),
		BIOSVersion:   attr("bios_version", "bios_version"),
		BIOSDate:      attr("bios_date", "bios_date"),
		ChassisType:   r.chassis(attr("chassis_type", "chassis_type")),
	}
}

func (r *reader) chassis(s *string) *int {
	if s == nil {
		return nil
	}
	n, err := strconv.ParseUint(*s, 10, 8)
	if err != nil {
		r.gap("/dmi/chassis_type", path.Join(dmiDir, "chassis_type"), fmt.Errorf("%w: %.40q is no chassis type", collect.ErrMalformed, *s))
		return nil
	}
	return new(int(n))
}
