package fleet_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/fleet"
)

// TestTexts: each text comes back as it was, whoever packs it and whatever was first; and
// those that are alike take little.
func TestTexts(t *testing.T) {
	long := strings.Repeat("a machine of the fleet; ", 1000)
	for _, first := range []string{"", "x", long, strings.Repeat(long, 10)} {
		var texts fleet.Texts
		if _, err := texts.Pack([]byte(first)); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 50 {
					text := fmt.Appendf(nil, "%s%d.%d%s", long[:100*j], i, j, long[:j])
					packed, err := texts.Pack(text)
					if err != nil {
						t.Error(err)
						return
					}
					if got, err := texts.Unpack(packed); err != nil || !bytes.Equal(got, text) {
						t.Errorf("%d bytes come back as %d: %v", len(text), len(got), err)
					}
				}
			})
		}
		wg.Wait()
	}
	var texts fleet.Texts
	for i := range 3 {
		packed, err := texts.Pack(fmt.Appendf(nil, "%s%d", long, i))
		if err != nil || i > 0 && len(packed) > 64 {
			t.Errorf("text %d takes %d bytes: %v", i, len(packed), err)
		}
	}
}
