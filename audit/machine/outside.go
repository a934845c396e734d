package machine

import (
	"context"
	"fmt"
	"os"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/rom"
	"github.com/gpuaudit/gpuaudit/audit/fault"
)

// LiveROM reads ROMs of the running machine for a process that may not.
func LiveROM() (read func(ctx context.Context, address string) ([]byte, error), err error) {
	root, err := os.OpenRoot("/")
	if err != nil {
		return nil, fault.AsIncomplete(fmt.Errorf("open this machine: %w", err))
	}
	return rom.Live(root), nil
}

// Classes are the errors that the two processes tell from others.
func Classes() []error {
	return []error{collect.ErrLimit, collect.ErrMalformed, collect.ErrNotRequested, context.DeadlineExceeded, context.Canceled}
}
