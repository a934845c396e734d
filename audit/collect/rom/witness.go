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
	switch {
	case partial(ours) || partial(theirs):
		list = append(list, imageDifferences(index, ours, theirs)...)
	case ours.StableSHA256 != nil && theirs.StableSHA256 != nil:
		compare("stable_sha256", ours.StableSHA256, theirs.StableSHA256)
	default:
		compare("sha256", &ours.SHA256, &theirs.SHA256)
	}
	compare("version", ours.Version, theirs.Version)
	compare("part", ours.Part, theirs.Part)
	compare("build_date", ours.BuildDate, theirs.BuildDate)
	compare("subsystem_vendor_id", ours.SubsystemVendorID, theirs.SubsystemVendorID)
	compare("subsystem_device_id", ours.SubsystemDeviceID, theirs.SubsystemDeviceID)
	if partial(ours) || partial(theirs) {
		return list
	}
	for i := range min(len(ours.Images), len(theirs.Images)) {
		a, b := &ours.Images[i], &theirs.Images[i]
		compare(fmt.Sprintf("images/%d/vendor_id", i), &a.VendorID, &b.VendorID)
		compare(fmt.Sprintf("images/%d/device_id", i), &a.DeviceID, &b.DeviceID)
	}
	return list
}

// partial says that a source holds the images that its maker had a use for, and
// not always all that the card brings.
func partial(r *inventory.ROM) bool { return r.Source == sourceVFCT || r.Source == sourceDebugfs }

// imageDifferences compares images of one code type, first with first, second
// with second. One that a partial source lacks is no difference.
func imageDifferences(index int, ours, theirs *inventory.ROM) []inventory.Disagreement {
	var list []inventory.Disagreement
	seen := map[string]int{}
	for _, b := range theirs.Images {
		nth := seen[b.CodeType]
		seen[b.CodeType]++
		for i, a := range ours.Images {
			if a.CodeType != b.CodeType {
				continue
			}
			if nth > 0 {
				nth--
				continue
			}
			if a.SHA256 != b.SHA256 {
				list = append(list, inventory.Disagreement{Fact: fmt.Sprintf("/firmware/roms/%d/images/%d/sha256", index, i), Ours: a.SHA256, Theirs: b.SHA256})
			}
			break
		}
	}
	return list
}
