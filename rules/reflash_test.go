package rules_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/finding"
)

// TestReflashedIsAnotherFinding: what a rule finds in firmware is of that firmware.
// With other digests everywhere, and nothing else changed, no finding whose pointers
// lead into ROMs, or to what firmware ran, keeps its fingerprint: a waiver for one
// ROM does not cover the next.
func TestReflashedIsAnotherFinding(t *testing.T) {
	e := load(t)
	tried := map[string]bool{}
	for name, facts := range inputs() {
		input := document(t, facts)
		if input["device"] == nil {
			continue
		}
		before, err := e.Evaluate(context.Background(), input)
		if err != nil {
			t.Error(err)
		}
		flash(input)
		after, err := e.Evaluate(context.Background(), input)
		if err != nil {
			t.Error(err)
		}
		prints := map[string]finding.Finding{}
		for _, f := range after {
			prints[f.ID] = f
		}
		for _, f := range before {
			now := prints[f.ID]
			if !slices.ContainsFunc(slices.Concat(f.Evidence, f.Missing), ofFirmware) || f.Status != now.Status ||
				f.Status != finding.Fail && f.Status != finding.Unknown || !hasROM(input) {
				continue
			}
			if tried[f.ID] = true; now.Fingerprint == f.Fingerprint {
				t.Errorf("%s: %s %s at %v keeps its fingerprint when the card is flashed", name, f.ID, f.Status, slices.Concat(f.Evidence, f.Missing))
			}
		}
	}
	if len(tried) < 15 {
		t.Errorf("only %d rules were tried: %v", len(tried), tried)
	}
}

func ofFirmware(pointer string) bool {
	return strings.HasPrefix(pointer+"/", "/device/firmware/roms/") || strings.HasPrefix(pointer, "/attestation/boot/drivers/")
}

func hasROM(input map[string]any) bool {
	roms, _ := input["device"].(map[string]any)["firmware"].(map[string]any)["roms"].([]any)
	return len(roms) > 0
}

// flash gives everything below other digests.
func flash(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if s, ok := value.(string); ok && (strings.HasSuffix(key, "sha256") || key == "digest") {
				sum := sha256.Sum256([]byte(s))
				v[key] = hex.EncodeToString(sum[:])
				continue
			}
			flash(value)
		}
	case []any:
		for _, value := range v {
			flash(value)
		}
	}
}
