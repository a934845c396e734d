package boot

import (
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot/optionrom"
	"github.com/gpuaudit/gpuaudit/audit/facts"
)

// What rules see is published and stays as it is; what attest/tpm and optionrom
// answer with is theirs to change. Their answers become facts here.

func checkFacts(c tpm.Check) facts.AttestationCheck {
	return facts.AttestationCheck{Name: c.Name, Status: string(c.Status), Code: c.Code, Detail: c.Detail, Offset: c.Offset}
}

func clockFacts(c *tpm.Clock) *facts.Clock {
	if c == nil {
		return nil
	}
	return &facts.Clock{ResetCount: c.ResetCount, RestartCount: c.RestartCount, Milliseconds: c.Milliseconds, FirmwareVersion: fmt.Sprintf("%016x", c.FirmwareVersion)}
}

func driverFacts(r optionrom.Result) facts.MeasuredDriver {
	return facts.MeasuredDriver{Device: r.Device, Verdict: string(r.Verdict), Reason: r.Reason, Event: r.Event, Path: r.Path, Digest: r.Digest, Source: r.Source}
}
