package policy_test

import (
	"context"
	"testing"

	"github.com/gpuaudit/gpuaudit/policy"
)

// TestFingerprintFollowsFirmware: a finding about firmware is of that firmware. One
// about something else stays what it is when the card is flashed.
func TestFingerprintFollowsFirmware(t *testing.T) {
	image := func(sum string) map[string]any { return map[string]any{"sha256": sum} }
	facts := func(rom, stable string, images ...string) map[string]any {
		r := map[string]any{"sha256": rom}
		if stable != "" {
			r["stable_sha256"] = stable
		}
		var list []map[string]any
		for _, sum := range images {
			list = append(list, image(sum))
		}
		r["images"] = list
		return map[string]any{"name": "n", "firmware": map[string]any{"roms": []any{r}}}
	}
	base := facts("r1", "s1", "i1", "i2")
	for _, tt := range []struct {
		name, decision string
		other          map[string]any
		same           bool
	}{
		{"an image, another ROM", `verdict.fail("d", ["/device/firmware/roms/0/images/1"])`, facts("r2", "s2", "i1", "i3"), false},
		{"an image's part, another image", `verdict.fail("d", ["/device/firmware/roms/0/images/1/efi/overlay"])`, facts("r2", "s2", "i1", "i3"), false},
		{"an image, the other one changed", `verdict.fail("d", ["/device/firmware/roms/0/images/1"])`, facts("r2", "s2", "i3", "i2"), true},
		{"a ROM's fact, another ROM", `verdict.fail("d", ["/device/firmware/roms/0/build_date"])`, facts("r2", "s2", "i1", "i2"), false},
		{"a ROM's fact, what changes at run time", `verdict.fail("d", ["/device/firmware/roms/0/build_date"])`, facts("r2", "s1", "i1", "i2"), true},
		{"a ROM's fact, nothing stable known", `verdict.fail("d", ["/device/firmware/roms/0"])`, facts("r2", "", "i1", "i2"), false},
		{"all ROMs", `verdict.fail("d", ["/device/firmware/roms"])`, facts("r2", "s2", "i1", "i2"), false},
		{"unknown about an image", `verdict.unknown("d", ["/device/firmware/roms/0/images/0/efi"])`, facts("r2", "s2", "i3", "i2"), false},
		{"keyed by the image already", `{"status": "fail", "detail": "d", "evidence": ["/device/firmware/roms/0/images/0"], "key": "i1"}`, facts("r2", "s2", "i3", "i2"), false},
		{"something else", `verdict.fail("d", ["/device/name"])`, facts("r2", "s2", "i3", "i4"), true},
		{"a name that begins alike", `verdict.fail("d", ["/device/firmware/romset"])`, facts("r2", "s2", "i3", "i4"), true},
		{"a place that is not there", `verdict.fail("d", ["/device/firmware/roms/7/images/x"])`, facts("r2", "s2", "i3", "i4"), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := mustLoad(t, tree("a.rego", rule("GA-BD-001", "a", tt.decision+` if input.device.name`)), policy.Limits{})
			print := func(fields map[string]any) string {
				findings, err := e.Evaluate(context.Background(), device(fields))
				if err != nil {
					t.Fatal(err)
				}
				return findings[0].Fingerprint
			}
			if same := print(base) == print(tt.other); same != tt.same {
				t.Errorf("one fingerprint: %v", same)
			}
		})
	}
}
