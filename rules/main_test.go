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

// Each is made once for all tests: the plan of the rules as they lie here, which
// [TestPlan] holds against the one that ships; the rules run by it, as the program runs
// them; the same rules run by OPA, which is the oracle of the plan; and the judge of the
// tests that take facts away.
var (
	plan        = sync.OnceValues(func() ([]byte, error) { return policy.Plan(context.Background(), source()) })
	byPlan      = sync.OnceValues(func() (*policy.Engine, error) { return loadPlan() })
	byOPA       = sync.OnceValues(func() (*policy.Engine, error) { return policy.Load(context.Background(), source()) })
	sharedJudge = sync.OnceValues(func() (*judge, error) {
		e, err := byPlan()
		if err != nil {
			return nil, err
		}
		return newJudge(e), nil
	})
)

// loadPlan makes an engine of its own, which knows nothing yet.
func loadPlan() (*policy.Engine, error) {
	src := source()
	var err error
	if src.Plan, err = plan(); err != nil {
		return nil, err
	}
	return policy.Load(context.Background(), src)
}

func load(t testing.TB) *policy.Engine {
	t.Helper()
	e, err := byPlan()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func loadOPA(t testing.TB) *policy.Engine {
	t.Helper()
	e, err := byOPA()
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
