package policy

import (
	"errors"
	"fmt"
)

// ErrCompile says that rules or their data cannot be used: they do not parse,
// do not compile, break the shape that every rule must have, or contradict
// each other. It is a fault of configuration.
var ErrCompile = errors.New("rules do not compile")

// Faults of one evaluation. A rule that has one is reported as unknown.
var (
	ErrUndefined = errors.New("rule gave no decision")
	ErrShape     = errors.New("decision has the wrong shape")
	ErrTooLarge  = errors.New("larger than the limit")
	ErrSteps     = errors.New("rule takes more steps than it may")
	// ErrRoom: one step of it would make more than there is room for.
	ErrRoom = errors.New("rule makes more than it may")
)

// RuleError is the fault of one rule.
type RuleError struct {
	ID  string
	Err error
}

func (e *RuleError) Error() string { return fmt.Sprintf("evaluate rule %s: %v", e.ID, e.Err) }

// Unwrap returns the fault itself.
func (e *RuleError) Unwrap() error { return e.Err }

// compileError places a fault of the rules; where is a file, or file:line.
func compileError(where, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %w", ErrCompile, where, fmt.Errorf(format, args...))
}
