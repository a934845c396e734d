package seal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// Witness says who beside the signer must have seen a signature: the policy's
// answer to whether a timestamp or a log entry is needed. The zero value is no
// answer and is refused.
type Witness uint8

const (
	// NoWitness: the signature counts alone. Without a timestamp the period of
	// the key is judged by the reader's clock.
	NoWitness Witness = 1 << iota
	// Timestamp: an RFC 3161 timestamp of a trusted authority is needed.
	Timestamp
	// Log: an entry in a trusted transparency log is needed.
	Log
)

// Failures of witnesses, each its own.
var (
	ErrMissingTimestamp = errors.New("the policy needs a timestamp and the bundle has none")
	ErrMissingLog       = errors.New("the policy needs a log entry and the bundle has none")
	ErrTimestamp        = errors.New("the timestamp is not good")
	ErrLog              = errors.New("the log entry is not good")
)

// skew is how far a reader's clock may lag behind that of a witness.
const skew = 5 * time.Minute

func (w Witness) validate() error {
	switch {
	case w == 0:
		return errors.New("whether a timestamp or a log entry is needed is not said")
	case w >= Log<<1, w&NoWitness != 0 && w != NoWitness:
		return errors.New("no witness and some witness are needed at the same time")
	}
	return nil
}

// missing says what a bundle lacks of what is needed.
func (w Witness) missing(b *bundle.Bundle) error {
	material := b.GetVerificationMaterial()
	if w&Timestamp != 0 && len(material.GetTimestampVerificationData().GetRfc3161Timestamps()) == 0 {
		return ErrMissingTimestamp
	}
	if w&Log != 0 && len(material.GetTlogEntries()) == 0 {
		return ErrMissingLog
	}
	return nil
}

// witnessed verifies every timestamp and every log entry that a bundle carries
// and returns the times at which they saw the signature. One that cannot be
// verified refuses the bundle, asked for or not: a signed file has no part that
// anybody could change.
func witnessed(b *bundle.Bundle, material root.TrustedMaterial, now time.Time) ([]time.Time, error) {
	stamps, err := stamped(b, material)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTimestamp, err)
	}
	entries, err := logged(b, material)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLog, err)
	}
	times := slices.Concat(stamps, entries)
	for i, t := range times {
		if t.After(now.Add(skew)) {
			kind := ErrLog
			if i < len(stamps) {
				kind = ErrTimestamp
			}
			return nil, fmt.Errorf("%w: it is of %s, later than the clock", kind, t.UTC().Format(time.RFC3339))
		}
	}
	return times, nil
}

func stamped(b *bundle.Bundle, material root.TrustedMaterial) ([]time.Time, error) {
	list := b.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps()
	if len(list) == 0 {
		return nil, nil
	}
	if len(material.TimestampingAuthorities()) == 0 {
		return nil, errors.New("no timestamping authority is trusted: name one in the trust file, or give a trusted root")
	}
	for _, stamp := range list {
		if err := strictTimestamp(stamp.GetSignedTimestamp(), material.TimestampingAuthorities()); err != nil {
			return nil, err
		}
	}
	verified, faults, err := verify.VerifySignedTimestamp(b, material)
	if err == nil {
		err = errors.Join(faults...)
	}
	if err != nil {
		return nil, err
	}
	if len(verified) != len(list) {
		return nil, fmt.Errorf("%d of %d verify", len(verified), len(list))
	}
	var times []time.Time
	for _, v := range verified {
		times = append(times, v.Time)
	}
	return times, nil
}

func logged(b *bundle.Bundle, material root.TrustedMaterial) ([]time.Time, error) {
	entries := b.GetVerificationMaterial().GetTlogEntries()
	if len(entries) == 0 {
		return nil, nil
	}
	seen := map[string]bool{}
	for _, e := range entries {
		id := hex.EncodeToString(e.GetLogId().GetKeyId())
		switch known := material.RekorLogs()[id]; {
		case known == nil:
			return nil, fmt.Errorf("no trusted log has the id %.64s: give a trusted root that names it", id)
		case seen[id]:
			return nil, errors.New("two entries in one log")
		}
		seen[id] = true
		if err := strictEntry(e); err != nil {
			return nil, err
		}
	}
	// sigstore passes over entries that do not verify: all must.
	verified, err := verify.VerifyTlogEntry(b, material, len(entries), true)
	if err != nil {
		return nil, err
	}
	var times []time.Time
	for _, v := range verified {
		times = append(times, v.Time)
	}
	return times, nil
}
