package main

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/attest/strictyaml"
	"github.com/gpuaudit/gpuaudit/audit/bounded"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// Exit codes: those of a verdict, and that of wrong usage (docs/exit-codes.md).
const (
	exitFailed     = report.ExitFailed
	exitUsage      = 2
	exitIncomplete = report.ExitIncomplete
	exitSignature  = report.ExitSignature
)

// outcome is the exit code of a verb that has said what there was to say: a verdict, a
// difference. It is no error.
type outcome struct{ code int }

func (o outcome) Error() string { return fmt.Sprintf("exit code %d: see what was printed", o.code) }

// answered ends a verb with this exit code and no message.
func answered(code int) error { return outcome{code} }

func isOutcome(err error) bool {
	_, ok := errors.AsType[outcome](err)
	return ok
}

// exitCode is what an error makes the program exit with. It is the one place where
// kinds of errors become exit codes.
func exitCode(err error) int {
	if o, ok := errors.AsType[outcome](err); ok {
		return o.code
	}
	// One rule for every verb and every kind of file: what is larger than it may be was not
	// looked at, and nothing was decided of it.
	if tooLarge(err) || exhausted(err) {
		return exitIncomplete
	}
	switch fault.Of(err) {
	case fault.Signature:
		return exitSignature
	case fault.Incomplete:
		return exitIncomplete
	}
	return exitUsage
}

// exhausted says that the system has no more of something, or that it is broken, or that a
// reader went away: no mistake of who asked.
func exhausted(err error) bool {
	return slices.ContainsFunc([]error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EIO, syscall.EPIPE, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EAGAIN},
		func(e error) bool { return errors.Is(err, e) })
}

// tooLarge says that a file has more bytes, or more in it, than its kind may have.
func tooLarge(err error) bool {
	return errors.Is(err, input.ErrTooLarge) || errors.Is(err, bounded.ErrLimit) || errors.Is(err, strictjson.ErrBudget) || errors.Is(err, strictyaml.ErrBudget)
}
