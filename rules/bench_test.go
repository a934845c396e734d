package rules_test

import (
	"context"
	"testing"
	"time"

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

// BenchmarkEvaluateModel is one device of a model that was not seen before.
func BenchmarkEvaluateModel(b *testing.B) {
	e := load(b)
	facts := honest()
	for b.Loop() {
		facts.Now = facts.Now.Add(time.Second)
		if _, err := e.Evaluate(context.Background(), facts); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEvaluate is one more device of a model.
func BenchmarkEvaluate(b *testing.B) {
	e := load(b)
	facts := honest()
	for b.Loop() {
		if _, err := e.Evaluate(context.Background(), facts); err != nil {
			b.Fatal(err)
		}
	}
}
