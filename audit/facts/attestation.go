package facts

// Attestation is what a machine's TPM proves of its boot, and how the drivers
// that firmware ran then fit the ROMs that were read now. It is nil where nobody
// asked for it: most machines are audited without.
type Attestation struct {
	State AttestationState `json:"state"`
	// Reason says in a sentence why the state is what it is.
	Reason string `json:"reason"`
	// Nonce is what the quote was made for, hexadecimal. Only one that a verifier
	// gave out shows that the quote is not an old one; see NonceFrom.
	Nonce     string    `json:"nonce,omitempty"`
	NonceFrom NonceFrom `json:"nonce_from,omitempty"`
	// Covers says whether the quote is bound to the facts of this report.
	Covers Coverage `json:"covers"`
	// AgeDays is counted from the collection of the facts, as whoever collected
	// them states it, to Facts.Now.
	AgeDays int `json:"age_days"`
	// SameBoot says whether the log of the evidence is the one that the facts are
	// of: "yes", "no", or "unknown" where one of them has none.
	SameBoot string             `json:"same_boot"`
	Checks   []AttestationCheck `json:"checks,omitempty"`
	// AKName names the key that quoted, EKRoots who vouches for its TPM.
	AKName  string   `json:"ak_name,omitempty"`
	EKRoots []string `json:"ek_roots,omitempty"`
	Clock   *Clock   `json:"clock,omitempty"`
	// Notes are deviations of the log that break no proof.
	Notes []string `json:"notes,omitempty"`
	// Boot is what the log says, nil unless it replays to the quoted PCRs.
	Boot *MeasuredBoot `json:"boot,omitempty"`
}

// AttestationState is the outcome of the verification as a whole.
type AttestationState string

const (
	AttestationVerified AttestationState = "verified" // every check passed
	AttestationFailed   AttestationState = "failed"   // a check failed
	AttestationUnproven AttestationState = "unproven" // none failed, and some could not be made
	AttestationAbsent   AttestationState = "absent"   // it was asked for, and there is no evidence
)

// NonceFrom is who chose the nonce.
type NonceFrom string

const (
	// NonceVerifier: it was given to the audit from outside.
	NonceVerifier NonceFrom = "verifier"
	// NonceEvidence: the evidence's own was taken, whoever made it. It shows to
	// nobody when the quote was made.
	NonceEvidence NonceFrom = "evidence"
)

// Coverage is what a quote is bound to beside the nonce.
type Coverage string

const (
	CoversFacts   Coverage = "facts"   // the facts of this report, by their digest
	CoversNothing Coverage = "nothing" // the nonce alone
	CoversOther   Coverage = "other"   // something else, or it did not verify
)

// AttestationCheck is one step of the verification (package attest/tpm).
type AttestationCheck struct {
	Name   string `json:"name"`
	Status string `json:"status"` // "pass", "fail", "unknown"
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
	Offset *int   `json:"offset,omitempty"`
}

// Clock is what the TPM signed of its own time.
type Clock struct {
	ResetCount      uint32 `json:"reset_count"`
	RestartCount    uint32 `json:"restart_count"`
	Milliseconds    uint64 `json:"milliseconds"`
	FirmwareVersion string `json:"firmware_version"` // the vendor's, hexadecimal
}

// MeasuredBoot is what the event log says, in terms of this machine.
type MeasuredBoot struct {
	Bank string `json:"bank"`
	// SecureBoot is the measured state, nil where it was not logged; the texts
	// say whether it and the databases are those that the system shows now:
	// "same", "differs", "unknown".
	SecureBoot       *bool  `json:"secure_boot,omitempty"`
	SecureBootAgrees string `json:"secure_boot_agrees"`
	DBAgrees         string `json:"db_agrees"`
	DBXAgrees        string `json:"dbx_agrees"`
	// Debug says that firmware ran in debug mode.
	Debug bool `json:"debug"`
	// OptionROMVerification is "shown", "off", "not-shown" or "no-drivers".
	OptionROMVerification string `json:"option_rom_verification"`
	// Drivers are those that firmware measured before it ran them, and those in
	// ROMs that it did not measure.
	Drivers []MeasuredDriver `json:"drivers"`
	// Unexplained are events in PCR 2 that are no driver, or one of no certain
	// device: code may have run that nobody names.
	Unexplained []UnexplainedEvent `json:"unexplained"`
}

// MeasuredDriver is the answer of package audit/boot/optionrom on one driver.
type MeasuredDriver struct {
	// Device is the address of the card, "" where it is none that is audited.
	Device  string `json:"device"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"`
	Event   int    `json:"event"` // of the log, -1 for a driver that was not measured
	Path    string `json:"path,omitempty"`
	Digest  string `json:"digest,omitempty"`
	Source  string `json:"source,omitempty"` // the reading of the ROM that was compared
	// Reference compares the measured digest with the device's manifests; nil where
	// it is of no audited device, or was not measured.
	Reference *Verdict `json:"reference,omitempty"`
}

// UnexplainedEvent is an event of the log by its place.
type UnexplainedEvent struct {
	Event  int    `json:"event"`
	Type   string `json:"type"`
	Digest string `json:"digest"`
	// Reason says of a driver why its device is not certain.
	Reason string `json:"reason,omitempty"`
	// Card is the address of the card in whose ROM the driver is that has this
	// digest, where nothing else measures it: the log says something else of it
	// than what it is.
	Card string `json:"card,omitempty"`
}
