package tpm

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
)

// firmwarePCRs are those that platform firmware alone extends, all of it in its
// log (PFP 1.06, section 3.3.4). The others go on after it: the kernel's
// integrity measurement in 10, the service manager in 11, and so on.
const firmwarePCRs = 8

// log checks that the event log is the one that the PCRs are made of.
func (v *verifier) log() {
	if len(v.e.EventLog) == 0 {
		v.unknown(CheckLogForm, "log-absent", "the evidence holds no event log")
		v.skipped(CheckLogReplay, CheckLogConsistent)
		return
	}
	l, err := eventlog.Parse(v.e.EventLog)
	if err != nil {
		v.logFault(CheckLogForm, err)
		v.skipped(CheckLogReplay, CheckLogConsistent)
		return
	}
	v.pass(CheckLogForm)
	v.replay(l)
	v.consistent(l)
	if v.passed(CheckLogReplay) && v.passed(CheckLogConsistent) {
		v.r.Log = l
	}
}

func (v *verifier) logFault(name string, err error) {
	f, ok := errors.AsType[*eventlog.Error](err)
	if !ok {
		v.fail(name, "log-malformed", "%v", err)
		return
	}
	v.fail(name, string(f.Code), "%s", f.Detail)
	v.at(f.Offset)
}

func (v *verifier) replay(l *eventlog.Log) {
	if !v.proven {
		v.skipped(CheckLogReplay)
		return
	}
	pcrs, err := l.Replay(v.bank)
	if err != nil {
		v.logFault(CheckLogReplay, err)
		return
	}
	touched := map[int]bool{}
	for i := range l.Events {
		touched[l.Events[i].PCR] = l.Events[i].Type != eventlog.NoAction || touched[l.Events[i].PCR]
	}
	for i := range quoted {
		if v.e.PCRs[i] == hex.EncodeToString(pcrs[i]) {
			continue
		}
		if i < firmwarePCRs {
			v.fail(CheckLogReplay, "log-pcr-mismatch", "PCR %d: the log replays to %x and the TPM holds %s", i, pcrs[i], v.e.PCRs[i])
			return
		}
		if touched[i] {
			v.note("PCR %d was extended after the log's last event for it", i)
		}
	}
	v.pass(CheckLogReplay)
}

func (v *verifier) consistent(l *eventlog.Log) {
	for _, f := range l.Check() {
		if f.Broken {
			v.fail(CheckLogConsistent, string(f.Code), "%s", f.Detail)
			v.at(f.Offset)
			return
		}
		v.note("%s: %s", f.Code, f.Detail)
	}
	v.pass(CheckLogConsistent)
}

const maxNotes = 64

func (v *verifier) note(format string, args ...any) {
	if len(v.r.Notes) < maxNotes {
		v.r.Notes = append(v.r.Notes, fmt.Sprintf(format, args...))
	}
}
