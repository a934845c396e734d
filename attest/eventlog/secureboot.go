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
	// Repeated names variables that the log gives two values for, in the part
	// before PCR 7's separator: such a log proves neither.
	Repeated []string `json:"repeated,omitempty"`
}

// Verification is what a log shows of the verification of option ROMs.
type Verification string

const (
	// VerifiedROMs: Secure Boot is on and firmware named the authority that
	// vouched for a driver, before it measured the first boot attempt.
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
// replay equals a quote and [Log.Check] finds none that mismatches.
func (l *Log) SecureBoot() SecureBoot {
	var s SecureBoot
	values := map[string][]byte{}
	for i := range l.Events {
		e := &l.Events[i]
		if e.PCR == 7 && e.Type == EFIAction && bytes.HasPrefix(e.Data, []byte("UEFI Debug Mode")) {
			s.Debug = true
		}
		if e.PCR != 7 || e.Type != EFIVariableConfig {
			continue
		}
		v, err := e.Variable()
		if err != nil {
			continue
		}
		s.take(v, values)
	}
	s.OptionROMs = l.verification(s.Enabled)
	return s
}

func (s *SecureBoot) take(v *Variable, values map[string][]byte) {
	store := v.GUID == securityDB && (v.Name == "db" || v.Name == "dbx")
	if !store && v.GUID != globalVariable {
		return
	}
	if old, twice := values[v.Name]; twice && !bytes.Equal(old, v.Data) && !slices.Contains(s.Repeated, v.Name) {
		s.Repeated = append(s.Repeated, v.Name)
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

func (l *Log) verification(enabled *bool) Verification {
	drivers, authorities := false, false
	for i := range l.Events {
		e := &l.Events[i]
		switch {
		case e.PCR == 4 && (e.Type == Separator || e.Type == EFIBootApplication):
			// What follows was vouched for as a boot loader.
			return verdict(enabled, drivers, authorities)
		case e.PCR == 2 && (e.Type == EFIBootDriver || e.Type == EFIRuntimeDriver):
			drivers = true
		case e.Type == EFIVariableAuthority && e.PCR == 7:
			authorities = true
		}
	}
	return verdict(enabled, drivers, authorities)
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
