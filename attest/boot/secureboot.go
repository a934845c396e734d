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
// facts that are kept of both: certificates by digest, and counts.
func agreesStore(s *eventlog.SecureBoot, name string, data []byte, now *inventory.SignatureDatabase) string {
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
