package compare_test

import (
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

// TestRan holds drivers that firmware ran against what a maker states of them.
func TestRan(t *testing.T) {
	vendor := []manifest.Kind{manifest.Vendor}
	driver := func(p *manifest.Predicate) {
		p.Firmware[0].Images[1].AuthenticodeSHA256, p.Firmware[0].Images[1].MeasuredSHA256 = digest("8"), digest("9")
	}
	for _, tc := range []struct {
		name   string
		change func(d *inventory.Device, p *manifest.Predicate)
		ran    string
		want   facts.State
	}{
		{"as the maker states it", nil, digest("8"), match},
		{"with the padding behind it", nil, digest("9"), match},
		{"another driver", nil, digest("7"), mismatch},
		{"the image's own digest is none of a driver", nil, digest("c"), mismatch},
		{"no ROM was read", func(d *inventory.Device, _ *manifest.Predicate) { d.Firmware.ROMs = nil }, digest("8"), match},
		{"another device", func(d *inventory.Device, _ *manifest.Predicate) { d.PCI.DeviceID = new("73df") }, digest("8"), none},
		{"no driver is stated", func(_ *inventory.Device, p *manifest.Predicate) { p.Firmware[0].Images = p.Firmware[0].Images[:1] }, digest("8"), none},
		{"withdrawn", func(_ *inventory.Device, p *manifest.Predicate) { p.Status = manifest.Revoked }, digest("8"), mismatch},
		{"another one was withdrawn", func(_ *inventory.Device, p *manifest.Predicate) { p.Status = manifest.Revoked }, digest("7"), none},
		{"superseded", func(_ *inventory.Device, p *manifest.Predicate) { p.Status = manifest.Superseded }, digest("8"), none},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, p := device(), predicate()
			driver(&p)
			if tc.change != nil {
				tc.change(d, &p)
			}
			v := compare.Ran(d, verified(t, vendor, p), tc.ran)
			if v.State != tc.want || v.Reason == "" {
				t.Errorf("%+v, want %s", v, tc.want)
			}
			if (v.State == mismatch) != (len(v.Differences) > 0) || (v.State == none) != (len(v.Vouchers) == 0) {
				t.Errorf("%+v", v)
			}
		})
	}
	d, mine, theirs := device(), predicate(), predicate()
	driver(&mine)
	theirs.Name = "vendor"
	driver(&theirs)
	theirs.Firmware[0].Images[1].AuthenticodeSHA256 = digest("6")
	theirs.Firmware[0].Images[1].MeasuredSHA256 = ""
	if v := compare.Ran(d, verified(t, []manifest.Kind{manifest.Operator, manifest.Vendor}, mine, theirs), digest("8")); v.State != mismatch {
		t.Errorf("an operator overruled the vendor: %+v", v)
	}
}
