package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

// recheck judges the capture of a report again, with the rules and data of this
// program, to the report's own question. Manifests are verified by the trust file of
// the report, where no other one is named.
func (a *app) recheck(ctx context.Context, v *signed.Verified, f *inputFlags, t *reportTrust, capture string) error {
	again := *f
	again.now = clockFlag(v.Report.Now.Format(time.RFC3339Nano))
	if again.reference.trust == "" {
		again.reference.trust = t.trust
	}
	again.reference.root = t.root
	in, err := again.read(ctx, a)
	if err != nil {
		return err
	}
	defer in.Close()
	in.Program.File = a.ownFile()
	audited, err := audit.New(ctx, in)
	if err != nil {
		return err
	}
	m, err := a.open(ctx, machine.Source{Capture: capture}, in.Question.Now)
	if err != nil {
		return err
	}
	defer m.Close()
	err = audited.Repeat(ctx, v, m)
	if fault.Of(err) == fault.Signature {
		return fmt.Errorf("%s: %w", filepath.Base(capture), err)
	}
	return err
}
