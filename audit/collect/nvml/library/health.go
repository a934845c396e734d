package library

import "github.com/gpuaudit/gpuaudit/audit/collect/nvml"

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
