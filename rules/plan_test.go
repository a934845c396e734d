package rules_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/rules"
)

// TestPlan: the embedded plan is what these rules, data and schema give today.
func TestPlan(t *testing.T) {
	want, err := policy.Plan(context.Background(), source())
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

func planned() policy.Source {
	src := source()
	src.Plan = rules.Plan()
	return src
}

// BenchmarkLoadPlan is what the rules add to the start of the program.
func BenchmarkLoadPlan(b *testing.B) {
	for b.Loop() {
		if _, err := policy.Load(context.Background(), planned()); err != nil {
			b.Fatal(err)
		}
	}
}
