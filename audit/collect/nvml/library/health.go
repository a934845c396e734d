package library

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
)

// health asks for the counts of errors and of wear.
func (lib *functions) health(handle uintptr, g *nvml.GPU) {
	const corrected, uncorrected, aggregate = 0, 1, 1
	h := &g.Health
	errors := func(name string, kind uint32, to **uint64) {
		var n uint64
		err := errMissing
		if lib.errors != nil {
			err = code(lib.errors(handle, kind, aggregate, &n))
		}
		if err == nil {
			*to = &n
		}
		fail(g, name, err)
	}
	errors("corrected", corrected, &h.Corrected)
	errors("uncorrected", uncorrected, &h.Uncorrected)

	var rows [4]uint32
	err := errMissing
	if lib.rows != nil {
		err = code(lib.rows(handle, &rows[0], &rows[1], &rows[2], &rows[3]))
	}
	if err == nil {
		for i, to := range []**uint64{&h.RowsCorrected, &h.RowsUncorrected, &h.RowsPending, &h.RowsFailed} {
			*to = new(uint64(rows[i]))
		}
	}
	fail(g, "rows", err)

	var replays uint32
	err = errMissing
	if lib.replays != nil {
		err = code(lib.replays(handle, &replays))
	}
	if err == nil {
		h.Replays = new(uint64(replays))
	}
	fail(g, "pcie_replays", err)
}

// actions are nvmlDeviceGpuRecoveryAction_t.
var actions = []string{"none", "reset", "reboot", "drain p2p", "drain and reset", "reset of the bus"}

// states asks what the driver wants done, and whether the InfoROM is sound. Old
// drivers know neither.
func (lib *functions) states(handle uintptr, g *nvml.GPU) {
	const recoveryAction, unsignedInt, invalidArgument = 230, 1, 2
	value := fieldValue{Field: recoveryAction}
	err := errMissing
	if lib.fields != nil {
		if err = code(lib.fields(handle, 1, &value)); err == nil && value.Return == invalidArgument {
			err = fmt.Errorf("the driver does not know the field: %w", errors.ErrUnsupported)
		} else if err == nil {
			err = code(value.Return)
		}
	}
	switch n := int(binary.NativeEndian.Uint32(value.Value[:])); {
	case err != nil:
	case value.Type != unsignedInt:
		err = fmt.Errorf("its type is %d", value.Type)
	case n < len(actions):
		g.RecoveryAction = &actions[n]
	default:
		g.RecoveryAction = new(fmt.Sprintf("action %d", n))
	}
	fail(g, "recovery_action", err)

	if lib.validate == nil {
		fail(g, "inforom_valid", errMissing)
		return
	}
	n := lib.validate(handle)
	if n == 0 || n == corruptInfoROM {
		g.InfoROMValid = new(n == 0)
		return
	}
	fail(g, "inforom_valid", code(n))
}
