package baseline

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"maps"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/waive"
)

// Try judges the facts of machines as the next scan of each would, with the files of a
// baseline.
func Try(ctx context.Context, in audit.Inputs, files Files, machines []Machine) ([]*report.Report, error) {
	file := func(name string) *input.File { return &input.File{Name: name, Data: files[name]} }
	in.Reference = reference.Given{Trust: &reference.Trust{File: file(TrustName)}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasPrefix(name, Manifests+string(filepath.Separator)) {
			in.Reference.Manifests = append(in.Reference.Manifests, reference.Manifest{File: file(name)})
		}
	}
	if files[WaiversName] != nil {
		in.Waivers = &waive.Given{File: file(WaiversName), Signatures: []*input.File{file(WaiversName + waive.SignatureEnding)}, Signed: true}
	}
	audited, err := audit.New(ctx, in)
	if err != nil {
		return nil, err
	}
	tried := make([]*report.Report, len(machines))
	for i, m := range machines {
		inv := m.Report.Inventory
		if tried[i], err = audited.Conclude(ctx, audit.Case{Inventory: &inv, Problems: m.Report.Problems, GPUProof: m.Report.GPUProof}); err != nil {
			return nil, err
		}
	}
	return tried, nil
}
