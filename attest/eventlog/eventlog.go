// Package eventlog reads the boot event log of platform firmware: the TCG PC
// Client Platform Firmware Profile (PFP) 1.06, section 10, in the crypto-agile
// form and in the older SHA-1 form.
//
// Nothing in a log is signed. A digest counts once a replay of its bank equals
// quoted PCRs; an event's type, its data and its order among the events of
// other PCRs are what the operating system handed over. [Log.Check] finds what
// contradicts itself, and says which digests the data explains.
package eventlog

import "fmt"

// Limits of what is read. A firmware sets aside 64 KiB to some hundreds.
const (
	MaxBytes      = 16 << 20
	MaxEvents     = 1 << 16
	maxAlgorithms = 16
	maxDigest     = 64
	// PCRs is how many PCRs a PC Client TPM has (PTP 1.05, section 4.6).
	PCRs = 24
)

// Form is the layout of a log.
type Form string

const (
	CryptoAgile Form = "crypto-agile" // TCG_PCR_EVENT2
	SHA1Only    Form = "sha1"         // TCG_PCR_EVENT (TCG EFI Platform 1.22)
)

// Log is a parsed log. Its slices point into the bytes that were parsed.
type Log struct {
	Form Form
	// Algorithms are the banks that the log's header announces, in its order.
	Algorithms []Algorithm
	Events     []Event
}

// Event is one entry.
type Event struct {
	Index  int // of the entry, the header counted as 0
	Offset int // of the entry in the log, bytes
	PCR    int
	Type   Type
	// Digests are as logged: of what the firmware measured, which is not always
	// the data.
	Digests []Digest
	Data    []byte
}

// Digest is the digest for one bank.
type Digest struct {
	Algorithm Algorithm
	Sum       []byte
}

// Digest is the event's digest for a bank, nil when it has none.
func (e *Event) Digest(a Algorithm) []byte {
	for _, d := range e.Digests {
		if d.Algorithm == a {
			return d.Sum
		}
	}
	return nil
}

// Code is a stable reason why a log does not parse.
type Code string

const (
	TooLarge            Code = "log-too-large"
	Empty               Code = "log-empty"
	Truncated           Code = "log-truncated"
	PCRIndex            Code = "log-pcr-index"
	BadHeader           Code = "log-header"
	UnknownAlgorithm    Code = "log-unknown-algorithm" // a digest's algorithm that the header does not announce
	DuplicateDigest     Code = "log-duplicate-digest"
	DigestCount         Code = "log-digest-count"
	TooManyEvents       Code = "log-too-many-events"
	BankAbsent          Code = "log-bank-absent"
	BankUnsupported     Code = "log-bank-unsupported"
	BankIncomplete      Code = "log-bank-incomplete" // an event lacks the bank's digest
	BadLocality         Code = "log-startup-locality"
	codeUnknownDataForm Code = "log-event-data"
)

// Error says why and where a log does not parse.
type Error struct {
	Code   Code
	Offset int // in the log, bytes
	Detail string
}

func (e *Error) Error() string {
	return fmt.Sprintf("event log: %s at offset %#x: %s", e.Code, e.Offset, e.Detail)
}

func fault(code Code, offset int, format string, args ...any) error {
	return &Error{Code: code, Offset: offset, Detail: fmt.Sprintf(format, args...)}
}
