package eventlog

import (
	"bytes"
	"fmt"
	"slices"
)

// Finding is something in a log that a careful reader stumbles over.
type Finding struct {
	Code Anomaly
	// Broken says that the log cannot be a true record as it stands; the others
	// are deviations and limits that a reader should know.
	Broken bool
	Event  int // index; -1 when it is about an absence
	Offset int
	PCR    int
	Detail string
}

// Anomaly is a stable code of a Finding.
type Anomaly string

const (
	SeparatorMissing   Anomaly = "separator-missing"
	SeparatorDuplicate Anomaly = "separator-duplicate"
	SeparatorValue     Anomaly = "separator-value"  // neither 00000000 nor ffffffff (PFP 1.06, section 10.4.4)
	SeparatorHidden    Anomaly = "separator-hidden" // a separator's digest under another type
	DigestMismatch     Anomaly = "digest-mismatch"  // the data does not hash to the digest where the type says so
	DataMalformed      Anomaly = "data-malformed"   // the data is not of the form that the type defines
	NoActionDigest     Anomaly = "no-action-digest" // an event that is not extended carries a digest
	AfterSeparator     Anomaly = "after-separator"  // an event behind the separator of a PCR that it closes
	UnexpectedPCR      Anomaly = "unexpected-pcr"   // a type in a PCR where it does not belong
	UnknownType        Anomaly = "unknown-type"
	ConfigMissing      Anomaly = "config-missing" // PCR 7 lacks a variable that it must begin with
	ConfigOrder        Anomaly = "config-order"   // one is there twice, or in another place than the specification's
	ConfigLate         Anomaly = "config-late"    // one stands behind the separator
	ConfigType         Anomaly = "config-type"    // a type that has no place before PCR 7's separator
	ActionHidden       Anomaly = "action-hidden"  // the digest of an action that lowers trust, under another type
	// Faults of firmware that real machines have, and that explain themselves.
	ShimAuthority Anomaly = "shim-authority"       // an authority as old shims write it, six bytes too long
	CRTMVersionBy Anomaly = "crtm-version-digest"  // firmware digests another form of its version than it logs
	CRTMContentBy Anomaly = "crtm-contents-digest" // contents without a digest of their own: that of 00000000 stands for it
)

// separators are the values that end the phase before the boot loader, and the
// one that reports an error (PFP 1.06, section 10.4.4).
var separators = [][]byte{{0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}}

// Check looks for contradictions and deviations: in the configuration in PCR 7,
// then in the order of the events; separators that are missing come last.
func (l *Log) Check() []Finding {
	c := &checker{log: l}
	c.configuration()
	for i := range l.Events {
		e := &l.Events[i]
		c.event(e)
		if e.Type == Separator {
			c.seen[e.PCR]++
		}
	}
	for pcr := range 8 {
		if c.seen[pcr] == 0 {
			c.found = append(c.found, Finding{Code: SeparatorMissing, Broken: true, Event: -1, PCR: pcr, Detail: fmt.Sprintf("PCR %d has no separator", pcr)})
		}
	}
	return c.found
}

type checker struct {
	log   *Log
	seen  [PCRs]int
	found []Finding
}

func (c *checker) add(e *Event, code Anomaly, broken bool, format string, args ...any) {
	c.found = append(c.found, Finding{Code: code, Broken: broken, Event: e.Index, Offset: e.Offset, PCR: e.PCR,
		Detail: fmt.Sprintf("event %d (%s, PCR %d): ", e.Index, e.Type, e.PCR) + fmt.Sprintf(format, args...)})
}

func (c *checker) event(e *Event) {
	switch {
	case e.Type == NoAction:
		for _, d := range e.Digests {
			if !isZero(d.Sum) {
				c.add(e, NoActionDigest, true, "it is not extended and has a digest")
			}
		}
		return
	case !e.Type.Known():
		c.add(e, UnknownType, false, "the type is not in the specification; only its digest is used")
	case e.Type == Separator:
		c.separator(e)
	default:
		c.hidden(e)
	}
	if c.seen[e.PCR] > 0 && e.Type != Separator && closed(e) {
		c.add(e, AfterSeparator, false, "it stands behind the separator of its PCR")
	}
	if !belongs(e) {
		c.add(e, UnexpectedPCR, false, "the type does not belong there")
	}
	if err := e.form(); err != nil {
		if e.oldShim() && c.seen[7] > 0 {
			c.add(e, ShimAuthority, false, "it is six bytes longer than its structure, as old versions of shim write it (go-attestation issue 157)")
			return
		}
		c.add(e, DataMalformed, mustParse(e.Type), "%v", err)
		return
	}
	c.digests(e)
}

func (c *checker) separator(e *Event) {
	if c.seen[e.PCR] > 0 && e.PCR < 8 {
		c.add(e, SeparatorDuplicate, true, "its PCR has a separator already")
	}
	if !slices.ContainsFunc(separators, func(v []byte) bool { return bytes.Equal(v, e.Data) }) {
		c.add(e, SeparatorValue, true, "%x is no separator", clip(e.Data))
	}
}

// hidden finds a separator that was given another type: the type is not
// measured, the digest is.
func (c *checker) hidden(e *Event) {
	for _, d := range e.Digests {
		for _, v := range separators {
			if _, ok := d.Algorithm.Hash(); ok && bytes.Equal(d.Sum, d.Algorithm.sum(v)) && !bytes.Equal(e.Data, v) {
				// PCR 0 must have its separator all the same, so that none is hidden.
				if e.Type == CRTMContents && e.PCR == 0 && c.seen[0] == 0 {
					c.add(e, CRTMContentBy, false, "its digest is that of 00000000, which says nothing of the contents")
					return
				}
				c.add(e, SeparatorHidden, true, "its %s digest is that of a separator", d.Algorithm)
				return
			}
		}
	}
}

// digests recomputes every digest that the type defines over the data.
func (c *checker) digests(e *Event) {
	measured := e.measured()
	if measured == nil {
		return
	}
	for _, d := range e.Digests {
		if _, ok := d.Algorithm.Hash(); !ok {
			continue
		}
		if !slices.ContainsFunc(measured, func(b []byte) bool { return bytes.Equal(d.Sum, d.Algorithm.sum(b)) }) {
			if e.Type == CRTMVersion && e.PCR == 0 && c.seen[0] == 0 {
				// The version is text for people; what was measured counts by its digest.
				c.add(e, CRTMVersionBy, false, "its data does not hash to its %s digest: firmware measured another form of its version", d.Algorithm)
				return
			}
			c.add(e, DigestMismatch, true, "its data does not hash to its %s digest", d.Algorithm)
		}
	}
}

// shimExcess is by how much shim overstated the size of an authority before its
// commit 8a27a4809a6a: it took the size of the C structure, padding and
// placeholders included, and left one byte of it out of the digest.
const shimExcess = 6

// oldShim says that an event is an authority as old versions of shim write it.
// What it names is a boot loader's signer, without the owner that an entry of db
// has, so that it is no authority in the sense of [VerifiedROMs]. All of its
// structure is measured.
func (e *Event) oldShim() bool {
	if e.Type != EFIVariableAuthority || e.PCR != 7 || len(e.Data) < shimExcess {
		return false
	}
	inner := *e
	inner.Data = e.Data[:len(e.Data)-shimExcess]
	if _, err := inner.Variable(); err != nil {
		return false
	}
	compared := 0
	for _, d := range e.Digests {
		if _, ok := d.Algorithm.Hash(); !ok {
			continue
		}
		if compared++; !bytes.Equal(d.Sum, d.Algorithm.sum(e.Data[:len(e.Data)-1])) {
			return false
		}
	}
	return compared > 0
}

// Explained says that the type defines the digest over the data, so that a
// matching digest vouches for the data too.
func (t Type) Explained() bool {
	switch t {
	case Separator, CRTMVersion, Action, EFIAction, OmitBootDevices, EFIGPT, EFIGPT2,
		EFIVariableConfig, EFIVariableBoot, EFIVariableBoot2, EFIVariableAuthority:
		return true
	}
	return false
}

// measured are the bytes over which the digest may be taken, nil where the type
// defines none over the data (PFP 1.06, section 10.4.1). For EV_EFI_VARIABLE_BOOT
// the specification changed: the variable's value alone, then the structure.
func (e *Event) measured() [][]byte {
	if !e.Type.Explained() {
		return nil
	}
	if e.Type == EFIVariableBoot {
		if v, err := e.Variable(); err == nil {
			return [][]byte{e.Data, v.Data}
		}
	}
	return [][]byte{e.Data}
}

// form decodes the data of the types that have a structure.
func (e *Event) form() error {
	var err error
	switch e.Type {
	case EFIVariableConfig, EFIVariableBoot, EFIVariableBoot2, EFIVariableAuthority:
		_, err = e.Variable()
	case EFIBootApplication, EFIBootDriver, EFIRuntimeDriver:
		_, err = e.Image()
	case EventTag:
		r := &reader{b: e.Data}
		r.u32()
		if r.sized(uint64(r.u32())); !r.done() {
			err = fault(codeUnknownDataForm, e.Offset, "the tag's length does not add up to %d bytes", len(e.Data))
		}
	case EFIFirmwareBlob:
		if len(e.Data) != 16 {
			err = fault(codeUnknownDataForm, e.Offset, "%d bytes where 16 are defined", len(e.Data))
		}
	}
	return err
}

// mustParse are the types that this project builds a judgement on.
func mustParse(t Type) bool {
	switch t {
	case EFIVariableConfig, EFIVariableAuthority, EFIBootDriver, EFIRuntimeDriver:
		return true
	}
	return false
}

// closed says that nothing of the kind is expected behind the separator. PCR 1,
// 4, 5 and 7 go on: boot variables, the boot attempts, the partition table, and
// the authorities that verified what was booted (PFP 1.06, section 3.3.4).
func closed(e *Event) bool { return e.PCR == 0 || e.PCR == 2 || e.PCR == 3 || e.PCR == 6 }

// belongs says that a type may stand in its PCR (PFP 1.06, section 3.3.4). It
// knows the types that a retyping would use to hide something.
func belongs(e *Event) bool {
	switch e.Type {
	case EFIBootDriver, EFIRuntimeDriver:
		return e.PCR == 0 || e.PCR == 2 || e.PCR == 4
	case EFIBootApplication:
		return e.PCR == 2 || e.PCR == 4 || e.PCR == 0
	case EFIVariableAuthority:
		return e.PCR == 7
	case EFIGPT, EFIGPT2:
		return e.PCR == 5
	case CRTMVersion, CRTMContents, EFIHCRTM:
		return e.PCR == 0
	case IPL, IPLPartitionData, EventTag:
		return e.PCR >= 4 || e.PCR == 1
	}
	return true
}
