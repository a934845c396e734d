package finding_test

import (
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/finding"
)

// TestFingerprintIsWhatSHA256SumGives: the form is stable, for others store it.
//
//	printf '23:gpuaudit.fingerprint/v1;9:GA-BD-001;4:card;1:k;' | sha256sum
func TestFingerprintIsWhatSHA256SumGives(t *testing.T) {
	const want = "9023c4c7e93cf9518c79be75627ec66a68172bc95933af9550f14f6c6e375620"
	if got := finding.Fingerprint("GA-BD-001", "card", "k"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestFingerprintTellsItsPartsApart: no part can be moved into the next one.
func TestFingerprintTellsItsPartsApart(t *testing.T) {
	long := strings.Repeat("serial=", 100)
	seen := map[string][3]string{}
	for _, parts := range [][3]string{{"a", "b", "c"}, {"ab", "", "c"}, {"a", "bc", ""}, {"", "", ""}, {"a", "1:b;1:c", ""}, {"a", long, "c"}, {"a", long + "c", ""}} {
		print := finding.Fingerprint(parts[0], parts[1], parts[2])
		if other, same := seen[print]; same {
			t.Errorf("%.40q and %.40q have the fingerprint %s", parts, other, print)
		}
		seen[print] = parts
	}
}
