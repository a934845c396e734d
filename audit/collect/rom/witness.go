package rom

import (
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// differences says on which facts two readings of one ROM disagree. A dump made
// with a vendor's tool holds more of the flash chip than a host sees, so the
// digests of the whole are compared only where no stable digest can be.
func differences(index int, ours, theirs *inventory.ROM) []inventory.Disagreement {
	var list []inventory.Disagreement
	compare := func(fact string, a, b *string) {
		if a != nil && b != nil && *a != *b {
			list = append(list, inventory.Disagreement{Fact: fmt.Sprintf("/firmware/roms/%d/%s", index, fact), Ours: *a, Theirs: *b})
		}
	}
	if ours.StableSHA256 != nil && theirs.StableSHA256 != nil {
		compare("stable_sha256", ours.StableSHA256, theirs.StableSHA256)
	} else {
		compare("sha256", &ours.SHA256, &theirs.SHA256)
	}
	compare("version", ours.Version, theirs.Version)
	compare("part", ours.Part, theirs.Part)
	compare("build_date", ours.BuildDate, theirs.BuildDate)
	compare("subsystem_vendor_id", ours.SubsystemVendorID, theirs.SubsystemVendorID)
	compare("subsystem_device_id", ours.SubsystemDeviceID, theirs.SubsystemDeviceID)
	for i := range min(len(ours.Images), len(theirs.Images)) {
		a, b := &ours.Images[i], &theirs.Images[i]
		compare(fmt.Sprintf("images/%d/vendor_id", i), &a.VendorID, &b.VendorID)
		compare(fmt.Sprintf("images/%d/device_id", i), &a.DeviceID, &b.DeviceID)
	}
	return list
}
