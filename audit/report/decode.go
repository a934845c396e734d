package report

import (
	"fmt"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// What a report may take in memory: six times its text, which one of many cards comes
// close to, and decodeMemory whatever its size. Both are estimates, and above the truth.
const (
	decodeMemory = 96 << 20
	decodeRatio  = 6
)

// Decode reads the report in a text of at most limit bytes.
func Decode(text []byte, limit int) (*Report, error) {
	var r Report
	if err := strictjson.Decode(text, strictjson.Limits{Bytes: limit, Memory: max(decodeMemory, decodeRatio*len(text))}, &r); err != nil {
		return nil, err
	}
	if n := max(len(r.Devices), len(r.Inventory.Devices)); n > inventory.MaxDevices {
		return nil, fmt.Errorf("%d devices, more than the %d that an audit takes", n, inventory.MaxDevices)
	}
	return &r, nil
}
