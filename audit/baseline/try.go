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

// Try judges the facts of a machine as the next scan would, with the files of a
// baseline.
func Try(ctx context.Context, in audit.Inputs, files Files, m Machine) (*report.Report, error) {
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
	inv := m.Report.Inventory
	return audited.Conclude(ctx, audit.Case{Inventory: &inv, Problems: m.Report.Problems, GPUProof: m.Report.GPUProof})
}
