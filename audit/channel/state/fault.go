package state

import (
	"errors"

	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/archive"
	"github.com/gpuaudit/gpuaudit/audit/fault"
)

// Fault says of an error of a channel what kind it is: what was refused did not verify,
// a root or a name that was asked for wrongly is usage, and all else keeps the work
// from being done.
func Fault(err error) error {
	for _, refused := range []error{channel.ErrMalformed, channel.ErrSignatures, channel.ErrRollback, channel.ErrExpired, channel.ErrMismatch,
		channel.ErrEquivocation, channel.ErrTooLarge, channel.ErrName, archive.ErrArchive, ErrDamaged} {
		if errors.Is(err, refused) {
			return fault.AsSignature(err)
		}
	}
	if errors.Is(err, ErrRoot) || errors.Is(err, ErrNoChannel) || errors.Is(err, ErrNoFolder) {
		return fault.AsUsage(err)
	}
	return fault.AsIncomplete(err)
}
