package suggest

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	names := []string{"scan", "capture", "fail-on", "jurisdiction", "GA-BD-007", "GA-BD-008", "high"}
	for word, want := range map[string]string{
		"scann": "scan", "capure": "capture", "jurisdicton": "jurisdiction", "fail-on": "fail-on", "fail_on": "fail-on",
		"ga-bd-007": "GA-BD-007", "juris": "jurisdiction", "hihg": "high", "HIGH": "high", "hig": "high",
		"": "", "completely-else": "", "x": "", strings.Repeat("a", 1000): "",
	} {
		if got := Nearest(word, names); got != want {
			t.Errorf("Nearest(%.20q) = %q, want %q", word, got, want)
		}
	}
	if got := Meant("scann", names); got != "; did you mean scan?" {
		t.Errorf("Meant: %q", got)
	}
	if got := Meant("zzz", names); got != "" {
		t.Errorf("Meant of what nothing is near: %q", got)
	}
}
