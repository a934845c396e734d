package audit

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/policy/source"
)

// OwnRules reads the user's rules in a directory.
func OwnRules(ctx context.Context, dir string) (fs.FS, error) {
	rules, err := source.Read(ctx, source.Given{Path: dir})
	if err != nil {
		return nil, err
	}
	return rules.Open()
}

// TestRules loads the rules of a directory as a scan does, runs all tests, and
// returns the user's rules.
func TestRules(ctx context.Context, dir string) (*policy.TestReport, []policy.Rule, error) {
	own, err := OwnRules(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	engine, err := policy.Load(ctx, PolicySource(own))
	if err != nil {
		return nil, nil, fmt.Errorf("load rules of %s: %w", dir, err)
	}
	results, err := policy.Test(ctx, PolicySource(own))
	if err != nil {
		return nil, nil, fmt.Errorf("test rules: %w", err)
	}
	list := slices.DeleteFunc(slices.Clone(engine.Rules()), func(r policy.Rule) bool { return !policy.Users(r.File) })
	return results, list, nil
}
