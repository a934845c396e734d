package compare_test

import (
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
)

func installed(name, sum string) inventory.RuntimeFile {
	return inventory.RuntimeFile{Name: name, Path: new("lib/firmware/" + name), SHA256: &sum}
}

func statesFiles(entries ...manifest.Firmware) manifest.Predicate {
	p := predicate()
	p.Firmware, p.Drivers, p.Functions, p.MemoryMiB = entries, nil, nil, nil
	return p
}

func file(name, sum string) manifest.Firmware {
	return manifest.Firmware{Kind: manifest.RuntimeFile, Version: "20.1", File: name, SHA256: sum}
}

func TestRuntimeFirmware(t *testing.T) {
	const sos, vcn = "amdgpu/dimgrey_cavefish_sos.bin", "amdgpu/dimgrey_cavefish_vcn.bin"
	gap := inventory.Gap{Fact: "/firmware/runtime", Source: "lib/firmware/" + vcn, Reason: inventory.ReasonPermission}
	good := statesFiles(file(sos, digest("a")), file(sos, digest("b")), file(vcn, digest("c")))
	for _, tc := range []struct {
		name  string
		files []inventory.RuntimeFile
		gaps  []inventory.Gap
		p     manifest.Predicate
		want  facts.State
		text  string // in the reason
	}{
		{"all are named", []inventory.RuntimeFile{installed(sos, digest("a")), installed(vcn, digest("c"))}, nil, good, match, "manifest names (2)"},
		{"another stated version", []inventory.RuntimeFile{installed(sos, digest("b"))}, nil, good, match, "manifest names (1)"},
		{"one that is not named", []inventory.RuntimeFile{installed(sos, digest("a")), installed("x/y.bin", digest("0"))}, nil, good, match, "; others of the driver are not covered (1)"},
		{"changed", []inventory.RuntimeFile{installed(sos, digest("a")), installed(vcn, digest("0"))}, nil, good, mismatch, "none of those"},
		{"the content of another file", []inventory.RuntimeFile{installed(sos, digest("c"))}, nil, good, mismatch, "none of those"},
		{"changed, and another one unread", []inventory.RuntimeFile{installed(sos, digest("0"))}, []inventory.Gap{gap}, good, mismatch, "none of those"},
		{"one unread", []inventory.RuntimeFile{installed(sos, digest("a"))}, []inventory.Gap{gap}, good, unknown, "was refused (lib/firmware/" + vcn},
		{"one without a digest", []inventory.RuntimeFile{installed(sos, digest("a")), {Name: vcn, Path: new("lib/firmware/" + vcn)}}, nil, good, unknown, "could not be read"},
		{"declared and not installed", []inventory.RuntimeFile{{Name: sos}, installed(vcn, digest("c"))}, nil, good, match, "manifest names (1)"},
		{"none installed", []inventory.RuntimeFile{{Name: sos}}, nil, good, none, "none of the firmware files"},
		{"nothing read", nil, []inventory.Gap{gap}, good, unknown, "was refused"},
		{"a manifest of the ROM", []inventory.RuntimeFile{installed(sos, digest("a"))}, nil, predicate(), none, "no trusted manifest"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := device()
			d.Firmware.Runtime, d.Gaps = tc.files, tc.gaps
			v := compare.Compare(d, verified(t, []manifest.Kind{manifest.Vendor}, tc.p)).Runtime
			if v.State != tc.want || !strings.Contains(v.Reason, tc.text) || (v.State == mismatch) != (len(v.Differences) > 0) {
				t.Errorf("verdict is %+v, want %s", v, tc.want)
			}
		})
	}
}

// TestRuntimeFirmwareIsRevokedUnderAnyName, by whoever may speak for the device,
// and whatever a graver role states.
func TestRuntimeFirmwareIsRevokedUnderAnyName(t *testing.T) {
	withdrawn := statesFiles(file("amdgpu/old.bin", digest("a")))
	withdrawn.Status = manifest.Revoked
	d := device()
	d.Firmware.Runtime = []inventory.RuntimeFile{installed("amdgpu/renamed.bin", digest("a"))}
	for _, set := range []manifest.Set{
		verified(t, []manifest.Kind{manifest.Operator}, withdrawn),
		verified(t, []manifest.Kind{manifest.Operator, manifest.Vendor}, withdrawn, statesFiles(file("amdgpu/renamed.bin", digest("a")))),
	} {
		v := compare.Compare(d, set).Runtime
		if v.State != mismatch || v.Reason != "operator k0 has revoked this run-time firmware" {
			t.Errorf("verdict is %+v", v)
		}
	}
}

// TestKindsAreApart: a manifest of run-time files says nothing of the ROM, and
// the digest of one is never that of the other.
func TestKindsAreApart(t *testing.T) {
	d := device()
	d.Firmware.Runtime = []inventory.RuntimeFile{installed("a.bin", digest("a"))}
	r := compare.Compare(d, verified(t, []manifest.Kind{manifest.Vendor}, statesFiles(file("a.bin", digest("a")))))
	if r.Firmware.State != none || r.Runtime.State != match {
		t.Errorf("firmware %+v, runtime %+v", r.Firmware, r.Runtime)
	}
	p := statesFiles(manifest.Firmware{Kind: manifest.OptionROM, Version: "1", SHA256: digest("a")})
	r = compare.Compare(d, verified(t, []manifest.Kind{manifest.Vendor}, p))
	if r.Firmware.State != match || r.Runtime.State != none {
		t.Errorf("firmware %+v, runtime %+v", r.Firmware, r.Runtime)
	}
}

// TestAVoucherSaysWhatItWasMadeFrom: the verdict on the original goes with the
// word of whoever signed the manifest.
func TestAVoucherSaysWhatItWasMadeFrom(t *testing.T) {
	p := predicate()
	for range 6 {
		p.Imported = append(p.Imported, manifest.Import{Format: "debian", File: "x.deb", SHA256: digest("a"), Signature: manifest.SignatureUnsigned})
	}
	v := compare.Compare(device(), verified(t, []manifest.Kind{manifest.Operator}, p)).Driver
	want := strings.Repeat("debian x.deb, signature unsigned; ", 4) + "and 2 more"
	if v.State != match || len(v.Vouchers) != 1 || v.Vouchers[0].From != want {
		t.Errorf("%+v", v)
	}
	if v := compare.Compare(device(), verified(t, []manifest.Kind{manifest.Operator}, predicate())).Driver; v.Vouchers[0].From != "" {
		t.Errorf("%+v", v)
	}
}
