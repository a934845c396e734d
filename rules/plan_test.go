package rules_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/gpuaudit/gpuaudit/rules"
)

// TestPlan: the embedded plan is what these rules, data and schema give today.
func TestPlan(t *testing.T) {
	want, err := plan()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("plan.bin", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(want, rules.Plan()) {
		t.Error("plan.bin was made of other rules: run go generate ./rules")
	}
}

// BenchmarkLoadPlan is what the rules add to the start of the program.
func BenchmarkLoadPlan(b *testing.B) {
	for b.Loop() {
		if _, err := loadPlan(); err != nil {
			b.Fatal(err)
		}
	}
}
