package rules_test

import (
	"context"
	"testing"

	"github.com/gpuaudit/gpuaudit/policy"
)

// BenchmarkLoad is the share of the policy in the start of the program.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := policy.Load(context.Background(), source()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEvaluate is one device.
func BenchmarkEvaluate(b *testing.B) {
	e := load(b)
	facts := honest()
	for b.Loop() {
		if _, err := e.Evaluate(context.Background(), facts); err != nil {
			b.Fatal(err)
		}
	}
}
