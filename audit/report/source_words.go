package report

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// sourceWords names a source for a reader who does not know the kernel's paths. The
// details of a report name the path itself.
func sourceWords(source string) string {
	for _, s := range [...]struct{ has, words string }{
		{"/rom", "the card's firmware"},
		{"vbios", "the card's firmware"},
		{"/iommu", "the IOMMU's state"},
		{"class/iommu", "the IOMMU's state"},
		{"lib/modules/", "the driver's file"},
		{"/module", "the driver's module"},
		{"var/lib/", "the list of installed packages"},
		{"/config", "the card's configuration space"},
		{"/resource", "the sizes of the card's memory windows"},
		{"efivars", "the state of Secure Boot"},
		{"proc/cmdline", "the kernel's command line"},
		{"kernel/tainted", "the kernel's record of its modules"},
		{"lockdown", "the kernel's lockdown"},
		{"_link_", "the card's PCIe link"},
		{"power_state", "the card's power state"},
		{"driver/nvidia/", "the record of NVIDIA's driver"},
		{"/driver", "the card's driver"},
	} {
		if strings.Contains(source, s.has) {
			return s.words
		}
	}
	return source
}

// shortReason says in a few words why a source was not read.
var shortReason = map[inventory.Reason]string{
	inventory.ReasonPermission: "refused", inventory.ReasonNotSupported: "not offered here",
	inventory.ReasonIOError: "reading failed", inventory.ReasonNotPresent: "not there",
	inventory.ReasonMalformed: "not understood", inventory.ReasonNotRequested: "not asked for",
	inventory.ReasonLimit: "too large", inventory.ReasonTimeout: "no answer in time",
	inventory.ReasonUnconfirmed: "may be another card's", inventory.ReasonRedacted: "taken out by redaction",
}

// uncapital lets a sentence go on after a colon. A name in capitals stays as it is.
func uncapital(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	second, _ := utf8.DecodeRuneInString(s[n:])
	if n == 0 || unicode.IsUpper(second) || unicode.IsDigit(second) {
		return s
	}
	return string(unicode.ToLower(first)) + s[n:]
}
