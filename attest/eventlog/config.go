package eventlog

import (
	"bytes"
	"fmt"
	"slices"
)

// configured are the variables that PCR 7 begins with, each once and in this
// order, and whose they are (PFP 1.06, section 3.3.4.8).
var configured = []struct {
	name string
	guid GUID
}{{"SecureBoot", globalVariable}, {"PK", globalVariable}, {"KEK", globalVariable}, {"db", securityDB}, {"dbx", securityDB}}

// actions are texts in PCR 7 that lower what it is worth.
var actions = [][]byte{[]byte("UEFI Debug Mode"), []byte("DMA Protection Disabled")}

// place is the index of a variable among those configured, -1 for others.
func (v *Variable) place() int {
	for i, c := range configured {
		if v.Name == c.name && v.GUID == c.guid {
			return i
		}
	}
	return -1
}

// configuration checks that PCR 7 states its variables whole: a type is not
// measured, so one that is missing may stand under another type. Firmware that
// measured nothing at all there is no contradiction; its Secure Boot is unknown.
func (c *checker) configuration() {
	next, measured, closed := 0, 0, false
	for i := range c.log.Events {
		e := &c.log.Events[i]
		if e.PCR != 7 || e.Type == NoAction {
			continue
		}
		c.hiddenAction(e)
		if e.Type == Separator {
			closed = true
			continue
		}
		at := -1
		if v, err := e.Variable(); err == nil && e.Type == EFIVariableConfig {
			at = v.place()
		}
		switch {
		case closed && at >= 0:
			c.add(e, ConfigLate, false, "%s is stated again behind the separator", configured[at].name)
		case closed:
		case at >= 0 && at != next:
			c.add(e, ConfigOrder, true, "%s stands where %s is due", configured[at].name, due(next))
			measured++
		case at >= 0:
			next++
			measured++
		default:
			measured++
			if !opens(e.Type) {
				c.add(e, ConfigType, true, "the type has no place before the separator")
			}
		}
	}
	if next < len(configured) {
		c.found = append(c.found, Finding{Code: ConfigMissing, Broken: measured > 0, Event: -1, PCR: 7,
			Detail: fmt.Sprintf("PCR 7 holds events before its separator (%d), and %s is missing", measured, configured[next].name)})
	}
}

func due(next int) string {
	if next < len(configured) {
		return configured[next].name
	}
	return "the separator"
}

// opens says that a type may stand before PCR 7's separator. Authorities stand
// there on some machines.
func opens(t Type) bool {
	return slices.Contains([]Type{EFIVariableConfig, EFIVariableAuthority, EFIAction, EFISPDMPolicy, EFISPDMAuthority}, t)
}

// hiddenAction finds an action that was given another type.
func (c *checker) hiddenAction(e *Event) {
	if e.Type == EFIAction {
		return // its data hashes to its digest, or the log is broken
	}
	for _, d := range e.Digests {
		_, ok := d.Algorithm.Hash()
		if ok && slices.ContainsFunc(actions, func(text []byte) bool {
			return bytes.Equal(d.Sum, d.Algorithm.sum(text)) || bytes.Equal(d.Sum, d.Algorithm.sum(append(slices.Clone(text), 0)))
		}) {
			c.add(e, ActionHidden, true, "its %s digest is that of an action", d.Algorithm)
			return
		}
	}
}
