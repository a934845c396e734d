package boot

import (
	"reflect"
	"slices"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	same    = "same"
	differs = "differs"
)

// agreesBool compares the measured state of Secure Boot with the system's. A log
// that gives two values proves neither.
func agreesBool(s *eventlog.SecureBoot, now *bool) string {
	switch {
	case s.Enabled == nil || now == nil || slices.Contains(s.Repeated, "SecureBoot"):
		return unknown
	case *s.Enabled == *now:
		return same
	}
	return differs
}

// agreesStore compares a measured database with what was read of it now, by the
// facts that are kept of both: certificates by digest, and counts. Firmware
// measures a database that does not exist as an empty one.
func agreesStore(s *eventlog.SecureBoot, name string, data []byte, h *inventory.Host) string {
	now := map[string]*inventory.SignatureDatabase{"db": h.Boot.DB, "dbx": h.Boot.DBX}[name]
	if now == nil && noVariable(h, "/boot/"+name) {
		now = &inventory.SignatureDatabase{}
	}
	if data == nil || now == nil || slices.Contains(s.Repeated, name) {
		return unknown
	}
	d, err := firmware.ParseSignatureDatabase(data)
	if err != nil {
		return unknown
	}
	if reflect.DeepEqual(d.Facts(), now) {
		return same
	}
	return differs
}

// noVariable says that a variable was looked for where others are, and is not
// there.
func noVariable(h *inventory.Host, fact string) bool {
	return h.Boot.SecureBoot != nil && slices.ContainsFunc(h.Gaps, func(g inventory.Gap) bool {
		return g.Fact == fact && g.Reason == inventory.ReasonNotPresent
	})
}
