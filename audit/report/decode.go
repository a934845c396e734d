package report

import (
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// decodeMemory is what a report may take in memory beside its text: that of 512 GPUs
// takes some 75 MiB.
const decodeMemory = 96 << 20

// Decode reads the report in a text of at most limit bytes.
func Decode(text []byte, limit int) (*Report, error) {
	var r Report
	if err := strictjson.Decode(text, strictjson.Limits{Bytes: limit, Memory: decodeMemory}, &r); err != nil {
		return nil, err
	}
	if n := max(len(r.Devices), len(r.Inventory.Devices)); n > inventory.MaxDevices {
		return nil, fmt.Errorf("%d devices, more than the %d that an audit takes", n, inventory.MaxDevices)
	}
	return &r, nil
}
