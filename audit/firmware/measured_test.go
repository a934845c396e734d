package firmware

import (
	"crypto/sha256"
	"os"
	"testing"
)

// TestMeasuredAsTheLaboratoryDid holds the digest to what OVMF extended into
// PCR 2 for the drivers of two ROMs (../shared/lab): with the padding behind
// the image, which Authenticode leaves out.
func TestMeasuredAsTheLaboratoryDid(t *testing.T) {
	for name, lab := range map[string]struct{ file, measured string }{
		"efi-virtio.rom": {"f4413b7e780ee458643af59c92c98854a4232107a04abc2e8c10f3e661ba22da", "b6b9cf6db3efeaba1d6c5bba1359b69fd6e3b2032a9b179ff620a33b570e3997"},
		"efi-e1000e.rom": {"9c8039ba9b667ace2dc2888f856b0ba8b872154ce597e5340852a4ea983cbfd2", "5fdd42d1b9ce2aa779d6732619d7dd6b306c4f2f480546c66497e712cc44cced"},
	} {
		b, err := os.ReadFile("/usr/lib/ipxe/qemu/" + name)
		if err != nil {
			t.Skip("the Debian package ipxe-qemu is not on this machine")
		}
		if sum := sha256.Sum256(b); hexBytes(sum[:]...) != lab.file {
			t.Skipf("%s is of another version of ipxe-qemu than the laboratory's", name)
		}
		var got []string
		for _, img := range Parse(b).Images {
			if img.EFI != nil && img.EFI.MeasuredSHA256 != nil {
				got = append(got, *img.EFI.MeasuredSHA256)
			}
		}
		if len(got) != 1 || got[0] != lab.measured {
			t.Errorf("%s: %v, firmware measured %s", name, got, lab.measured)
		}
	}
}
