package pack_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/rules"
)

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := fs.ReadFile(rules.Packs(), name+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestNewer: each pack that ships may come again as it is and stricter, and in no way
// weaker, older or under another name.
func TestNewer(t *testing.T) {
	for _, name := range pack.Names() {
		if err := pack.Newer(name, []byte(text(t, name))); err != nil {
			t.Errorf("%s as it ships: %v", name, err)
		}
	}
	for _, tc := range []struct{ name, pack, old, new, want string }{
		{"a later day", "strict", `date: "2026-11-30"`, `date: "2027-01-01"`, ""},
		{"an earlier day", "strict", `date: "2026-11-30"`, `date: "2026-11-29"`, "older"},
		{"stricter", "strict", "fail_on: medium", "fail_on: low", ""},
		{"fail_on", "strict", "fail_on: medium", "fail_on: high", "fail_on"},
		{"unknown_from", "strict", "unknown_from: low", "unknown_from: medium", "unknown_from"},
		{"unknown_from left out", "strict", "unknown_from: low\n", "", "unknown_from"},
		{"another profile", "strict", "profile: company", "profile: private", "question"},
		{"a manifest less", "strict", "require:\n  manifest: any\n", "", "require manifest"},
		{"a vendor's manifest", "strict", "manifest: any", "manifest: vendor", ""},
		{"a rule less", "strict", "GA-BD-009: {severity: high", "GA-BD-009: {severity: low", "rule GA-BD-009"},
		{"a rule disabled", "strict", "GA-BD-009: {severity: high", "GA-BD-009: {disabled: true", "rule GA-BD-009"},
		{"a requirement less", "strict", "required: true, ", "", "rule GA-BD-017"},
		{"a further rule disabled", "strict", "rules:\n", "rules:\n  GA-BD-001: {disabled: true, reason: x}\n", "rule GA-BD-001"},
		{"a further rule made small", "strict", "rules:\n", "rules:\n  GA-BD-001: {severity: low, reason: x}\n", "rule GA-BD-001"},
		{"a further rule required", "strict", "rules:\n", "rules:\n  GA-BD-001: {required: true, reason: x}\n", ""},
		{"older data", "strict", "max_age_days: 240", "max_age_days: 241", "data restrictions"},
		{"fresher data", "strict", "max_age_days: 240", "max_age_days: 30", ""},
		{"no demand on data", "strict", "  restrictions: {max_age_days: 240}\n", "", "data restrictions"},
		{"longer waivers", "strict", "max_days: 90", "max_days: 91", "waivers"},
		{"one person's waivers", "strict", "two_person: true", "two_person: false", "waivers"},
		{"managed settings", "strict", "waivers:", "managed: {never: [waivers]}\nwaivers:", "managed"},
		{"another name", "strict", "name: strict", "name: homelab", "its name is homelab"},
		{"none that ships", "acme", "", "", "no pack of the name"},
		{"no pack", "strict", "version: 1", "version: 9", "invalid pack"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			yaml := text(t, "strict")
			if !strings.Contains(yaml, tc.old) {
				t.Fatalf("the pack has no %q", tc.old)
			}
			err := pack.Newer(tc.pack, []byte(strings.Replace(yaml, tc.old, tc.new, 1)))
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
			if older := tc.want == "older"; older != errors.Is(err, rules.ErrOlder) {
				t.Errorf("older: %v", err)
			}
		})
	}
}

// TestShippedByItsBytes: a file under the name of a pack is the user's own.
func TestShippedByItsBytes(t *testing.T) {
	yaml := []byte(text(t, "strict"))
	if !pack.Shipped(&input.File{Name: "strict", Data: yaml}) || pack.Shipped(&input.File{Name: "./strict", Data: yaml}) ||
		pack.Shipped(&input.File{Name: "strict", Data: append(yaml, '\n')}) {
		t.Error("what ships is told by name and bytes")
	}
}
