package rules_test

import (
	"context"
	"os"
	"runtime/debug"
	"sync"
	"testing"

	"github.com/gpuaudit/gpuaudit/policy"
)

// TestMain collects garbage as seldom as the program does: what these tests make in
// thousands of evaluations is short-lived.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// compiled are the rules that ship, compiled once for all tests, and sharedJudge is
// the judge of the tests that take facts away.
var (
	compiled    = sync.OnceValues(func() (*policy.Engine, error) { return policy.Load(context.Background(), source()) })
	sharedJudge = sync.OnceValues(func() (*judge, error) {
		e, err := compiled()
		if err != nil {
			return nil, err
		}
		return newJudge(e), nil
	})
)

func load(t testing.TB) *policy.Engine {
	t.Helper()
	e, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func loadJudge(t testing.TB) *judge {
	t.Helper()
	j, err := sharedJudge()
	if err != nil {
		t.Fatal(err)
	}
	return j
}
