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

// Recover undoes what processes left that were killed: folders in memory, and ROMs that
// are enabled. It says which.
func Recover() []string {
	sweep()
	if os.Geteuid() != 0 {
		return nil
	}
	root, err := os.OpenRoot("/")
	if err != nil {
		return nil
	}
	defer root.Close()
	restored, _ := rom.Restore(root, rom.Marks)
	return restored
}

// Classes are the errors that the two processes tell from others.
func Classes() []error {
	return []error{collect.ErrLimit, collect.ErrMalformed, collect.ErrNotRequested, context.DeadlineExceeded, context.Canceled}
}
