package eventlog

import (
	"bytes"
	"slices"
)

// startup is the signature of the event that says from which locality the TPM
// was started (PFP 1.06, section 10.4.5.3).
var startup = []byte("StartupLocality\x00")

// Replay computes what the PCRs of a bank hold after all events of the log
// (PFP 1.06, section 10.1). PCRs without an event keep their initial value:
// zeros, ones in 17 to 22.
func (l *Log) Replay(a Algorithm) ([PCRs][]byte, error) {
	var pcrs [PCRs][]byte
	if !slices.Contains(l.Algorithms, a) {
		return pcrs, fault(BankAbsent, 0, "the log has no %s bank, it has %v", a, l.Algorithms)
	}
	if _, ok := a.Hash(); !ok {
		return pcrs, fault(BankUnsupported, 0, "%s cannot be computed here", a)
	}
	for i := range pcrs {
		pcrs[i] = make([]byte, known[a].size)
		if i >= 17 && i <= 22 {
			pcrs[i] = bytes.Repeat([]byte{0xff}, known[a].size)
		}
	}
	first := true // nothing was measured into PCR 0 yet
	for i := range l.Events {
		e := &l.Events[i]
		if e.Type == NoAction {
			if err := e.locality(pcrs[0], first); err != nil {
				return pcrs, err
			}
			continue
		}
		sum := e.Digest(a)
		if sum == nil {
			return pcrs, fault(BankIncomplete, e.Offset, "event %d has no %s digest", e.Index, a)
		}
		if first = first && e.PCR != 0; e.Type == EFIHCRTM && e.PCR == 0 && isZero(pcrs[0]) {
			pcrs[0][len(pcrs[0])-1] = 4 // an H-CRTM measures from locality 4
		}
		pcrs[e.PCR] = a.sum(pcrs[e.PCR], sum)
	}
	return pcrs, nil
}

// locality sets the initial value of PCR 0. Only 0, 3 and 4 start a TPM, and
// only before anything was measured there.
func (e *Event) locality(pcr0 []byte, first bool) error {
	if !bytes.HasPrefix(e.Data, startup) {
		return nil
	}
	if len(e.Data) != len(startup)+1 || e.PCR != 0 || !first || !isZero(pcr0) {
		return fault(BadLocality, e.Offset, "event %d states a startup locality in the wrong place or form", e.Index)
	}
	v := e.Data[len(startup)]
	if v != 0 && v != 3 && v != 4 {
		return fault(BadLocality, e.Offset, "event %d: a TPM is not started from locality %d", e.Index, v)
	}
	pcr0[len(pcr0)-1] = v
	return nil
}

func isZero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}
