package compare

import "testing"

// TestDriversSizes: what drivers report of a stated size, and what they never do.
func TestDriversSizes(t *testing.T) {
	for _, c := range []struct {
		mib, stated int
		want        bool
	}{
		{49140, 49152, true}, {49152, 49152, true}, {46068, 49152, true}, {15360, 16384, true}, {5912, 6144, true}, {1998, 2048, true},
		{49140, 46068, true}, {16384, 15360, true}, // stated with ECC on
		{49152, 24576, false}, {24564, 24576, true}, {36864, 24576, false}, {24576, 49152, false}, {16384, 12288, false}, {12288, 16384, false},
		{22528, 11264, false}, {11264, 10240, false}, {10240, 11264, false}, {20480, 10240, false}, {0, 24576, false},
	} {
		if got := mayReport(nvidia, c.mib, c.stated); got != c.want {
			t.Errorf("%d MiB of %d: %v, want %v", c.mib, c.stated, got, c.want)
		}
	}
}
