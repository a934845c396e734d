package report

import (
	"bytes"
	"fmt"
	"reflect"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// What a report may take in memory: six times its text, which one of many cards comes
// close to, and decodeMemory whatever its size. Both are estimates, and above the truth.
const (
	decodeMemory = 96 << 20
	decodeRatio  = 6
)

// What a report may hold for what it is of, whatever a file may have: of a machine, and of
// each card more. A card has some 150 findings and 150 KiB; what writes a report in another
// form holds several copies of both.
const (
	machineBytes, deviceBytes       = 16 << 20, 192 << 10
	machineFindings, deviceFindings = 8192, 192
)

// Decode reads the report in a text of at most limit bytes.
func Decode(text []byte, limit int) (*Report, error) {
	r, _, err := DecodeWhole(text, limit)
	return r, err
}

// DecodeWhole reads the report as Decode does. The second value is the text of its facts,
// for [DecodeGathered].
func DecodeWhole(text []byte, limit int) (*Report, []byte, error) {
	members, err := strictjson.Split(text, limits(text, limit), reflect.TypeFor[Report]())
	if err != nil {
		return nil, nil, err
	}
	var r Report
	if err := members.Decode(&r); err != nil {
		return nil, nil, err
	}
	return &r, members.Only(reflect.TypeFor[gathered]()), r.bounded(len(text), len(r.Findings))
}

func limits(text []byte, limit int) strictjson.Limits {
	return strictjson.Limits{Bytes: limit, Memory: max(decodeMemory, decodeRatio*len(text))}
}

func (r *Report) bounded(size, findings int) error {
	n := max(len(r.Devices), len(r.Inventory.Devices))
	switch {
	case n > inventory.MaxDevices:
		return fmt.Errorf("%d devices, more than the %d that an audit takes", n, inventory.MaxDevices)
	case size > machineBytes+n*deviceBytes:
		return fmt.Errorf("%w: %d bytes of a report of %d devices, at most %d", strictjson.ErrBudget, size, n, machineBytes+n*deviceBytes)
	case findings > machineFindings+n*deviceFindings:
		return fmt.Errorf("%w: %d findings of a report of %d devices, at most %d", strictjson.ErrBudget, findings, n, machineFindings+n*deviceFindings)
	}
	return nil
}

// read is what a report says that was read, and not concluded. Nine tenths of a report
// are findings.
type read struct {
	Schema  string           `json:"schema"`
	Tool    Tool             `json:"tool"`
	Now     time.Time        `json:"now"`
	FailOn  finding.Severity `json:"fail_on"`
	Verdict Verdict          `json:"verdict"`
	Devices []judgedDevice   `json:"devices"`
	gathered
}

// gathered is what a report is judged anew by.
type gathered struct {
	Problems    []Problem           `json:"problems"`
	Attestation *facts.Attestation  `json:"attestation"`
	GPUProof    *facts.GPUProof     `json:"gpu_proof"`
	Inventory   inventory.Inventory `json:"inventory"`
}

type judgedDevice struct {
	Address string `json:"address"`
}

// DecodeFacts reads a report for its facts alone, to judge them anew: of its findings
// it has none, and of its devices the address. Members that no report has are refused in
// all of it. The second value is the text of the facts, for
// [DecodeGathered].
func DecodeFacts(text []byte, limit int) (*Report, []byte, error) {
	members, err := strictjson.Split(text, limits(text, limit), reflect.TypeFor[Report]())
	if err != nil {
		return nil, nil, err
	}
	var f read
	if err := members.Decode(&f); err != nil {
		return nil, nil, err
	}
	r := f.gathered.report()
	r.Schema, r.Tool, r.Now, r.FailOn, r.Verdict = f.Schema, f.Tool, f.Now, f.FailOn, f.Verdict
	if bytes.HasPrefix(members.Text("findings"), []byte("[")) {
		r.Findings = []finding.Finding{}
	}
	if f.Devices != nil {
		r.Devices = make([]Device, len(f.Devices))
	}
	for i := range f.Devices {
		r.Devices[i].Address = f.Devices[i].Address
	}
	return r, members.Only(reflect.TypeFor[gathered]()), r.bounded(len(text), 0) // findings are passed over
}

// DecodeGathered reads the facts of a report that DecodeFacts read before, from the text
// that it gave: that is not checked again.
func DecodeGathered(text []byte) (*Report, error) {
	var g gathered
	if err := strictjson.DecodeAgain(text, &g); err != nil {
		return nil, err
	}
	return g.report(), nil
}

func (g *gathered) report() *Report {
	return &Report{Problems: g.Problems, Attestation: g.Attestation, GPUProof: g.GPUProof, Inventory: g.Inventory}
}
