package eventlog

import (
	"bytes"
	"slices"
)

// GUIDs of UEFI 2.10, section 3.3 and 32.6.1.
var (
	globalVariable = GUID{0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c}
	securityDB     = GUID{0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f}
)

// SecureBoot is what the log states of Secure Boot. Nil means not logged.
type SecureBoot struct {
	// Enabled is the measured value of the variable SecureBoot.
	Enabled *bool `json:"enabled,omitempty"`
	// Bytes of the measured key stores; 0 is a store that is empty.
	PK  *int `json:"pk_bytes,omitempty"`
	KEK *int `json:"kek_bytes,omitempty"`
	DB  *int `json:"db_bytes,omitempty"`
	DBX *int `json:"dbx_bytes,omitempty"`
	// DBData and DBXData are the stores themselves, nil where not logged.
	DBData, DBXData []byte `json:"-"`
	// Debug says that firmware was in debug mode (PFP 1.06, section 3.3.4.8).
	Debug bool `json:"debug,omitempty"`
	// OptionROMs says whether the log shows that drivers were verified.
	OptionROMs Verification `json:"option_rom_verification"`
	// Repeated names variables that the log gives two values for: the values here
	// are those before PCR 7's separator, and such a log proves neither.
	Repeated []string `json:"repeated,omitempty"`
}

// Verification is what a log shows of the verification of option ROMs.
type Verification string

const (
	// VerifiedROMs: Secure Boot is on, and firmware named an authority of the
	// measured db that vouched for an image, before the first boot attempt as the
	// log has it. The order of events of two PCRs is not measured: whoever may
	// change the log can move a boot loader's authority there. It is a hint, and
	// nothing may pass because of it.
	VerifiedROMs Verification = "shown"
	// UnverifiedROMs: Secure Boot is off, so nothing was verified.
	UnverifiedROMs Verification = "off"
	// NotShownROMs: Secure Boot is on, drivers were measured, and no authority
	// was named: firmware may be set to run option ROMs unverified.
	NotShownROMs Verification = "not-shown"
	// NoROMs: the log measures no driver in PCR 2.
	NoROMs Verification = "no-drivers"
)

// SecureBoot reads PCR 7. Its values are vouched for by the digests, once the
// replay equals a quote and [Log.Check] finds nothing broken.
func (l *Log) SecureBoot() SecureBoot {
	var s SecureBoot
	values, closed := map[string][]byte{}, false
	for i := range l.Events {
		e := &l.Events[i]
		if e.PCR != 7 {
			continue
		}
		switch e.Type {
		case Separator:
			closed = true
		case EFIAction:
			s.Debug = s.Debug || bytes.HasPrefix(e.Data, actions[0])
		case EFIVariableConfig:
			if v, err := e.Variable(); err == nil && v.place() >= 0 {
				s.take(v, values, closed)
			}
		}
	}
	s.OptionROMs = l.verification(&s)
	return s
}

func (s *SecureBoot) take(v *Variable, values map[string][]byte, late bool) {
	old, twice := values[v.Name]
	if (late || twice) && !bytes.Equal(old, v.Data) && !slices.Contains(s.Repeated, v.Name) {
		s.Repeated = append(s.Repeated, v.Name)
	}
	if late || twice {
		return // what stands behind the separator was not in force before it
	}
	values[v.Name] = v.Data
	size := len(v.Data)
	switch v.Name {
	case "SecureBoot":
		s.Enabled = new(size == 1 && v.Data[0] == 1)
	case "PK":
		s.PK = &size
	case "KEK":
		s.KEK = &size
	case "db":
		s.DB, s.DBData = &size, v.Data
	case "dbx":
		s.DBX, s.DBXData = &size, v.Data
	}
}

// Proven says that the log states one value of Secure Boot.
func (s *SecureBoot) Proven() bool {
	return s.Enabled != nil && !slices.Contains(s.Repeated, "SecureBoot")
}

func (l *Log) verification(s *SecureBoot) Verification {
	drivers, authorities, closed := false, false, false
	for i := range l.Events {
		e := &l.Events[i]
		switch {
		case e.PCR == 4 && (e.Type == Separator || e.Type == EFIBootApplication):
			// What follows was vouched for as a boot loader.
			return verdict(s.Enabled, drivers, authorities)
		case e.PCR == 2 && (e.Type == EFIBootDriver || e.Type == EFIRuntimeDriver):
			drivers = true
		case e.PCR == 7 && e.Type == Separator:
			closed = true
		case e.PCR == 7 && closed && e.Type == EFIVariableAuthority:
			authorities = authorities || s.authority(e)
		}
	}
	return verdict(s.Enabled, drivers, authorities)
}

// authority says that an event names an entry of the measured db. Others name
// variables of a boot loader's own.
func (s *SecureBoot) authority(e *Event) bool {
	v, err := e.Variable()
	return err == nil && v.Name == "db" && v.GUID == securityDB && holds(s.DBData, v.Data)
}

// holds says that a signature database has an entry, its owner included (UEFI
// 2.10, section 32.4.1).
func holds(db, entry []byte) bool {
	r := &reader{b: db}
	for !r.done() && !r.short {
		r.take(len(GUID{}))
		size, head, each := uint64(r.u32()), uint64(r.u32()), uint64(r.u32())
		if size < 28 || head > size-28 || each == 0 {
			return false
		}
		body := r.sized(size - 28)
		if r.short {
			return false
		}
		for list := body[head:]; uint64(len(list)) >= each; list = list[each:] {
			if bytes.Equal(list[:each], entry) {
				return true
			}
		}
	}
	return false
}

func verdict(enabled *bool, drivers, authorities bool) Verification {
	switch {
	case !drivers:
		return NoROMs
	case enabled != nil && !*enabled:
		return UnverifiedROMs
	case enabled != nil && authorities:
		return VerifiedROMs
	}
	return NotShownROMs
}
