package capture

import (
	"context"
	"fmt"
	"path"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// maxROM bounds one expansion ROM.
const maxROM = 16 << 20

// Env is the archived machine for collectors. A capture states when it was
// collected; for a ghw snapshot, which does not, now is taken. PCITree is left
// empty: see [MaterializePCI].
//
// Its FS implements fs.ReadLinkFS, fs.StatFS, fs.ReadDirFS and fs.ReadFileFS, and is
// safe for concurrent use. In a capture, a name of which nothing was recorded gives
// [ErrNotRecorded]; in a snapshot, fs.ErrNotExist; in a truncated archive, [Truncated].
func (a *Archive) Env(now time.Time) *collect.Env {
	if a.meta == nil {
		return &collect.Env{FS: a.view, Now: now, ROM: a.snapshotROM, Derive: collect.Memo()}
	}
	return &collect.Env{FS: a.view, Now: a.meta.CollectedAt, ROM: a.recordedROM, Derive: a.recordedFacts, NVML: a.recordedNVML, ByRoot: a.meta.ByRoot}
}

func (a *Archive) snapshotROM(_ context.Context, address string) ([]byte, error) {
	if !inventory.ValidAddress(address) {
		return nil, fmt.Errorf("%w: %.40q is no PCI address", collect.ErrMalformed, address)
	}
	return collect.Read(a.view, path.Join(pciDevices, address, "rom"), maxROM)
}

func (a *Archive) recordedROM(_ context.Context, address string) ([]byte, error) {
	if f, ok := a.view.index.ROMs[address]; ok {
		return nil, f.err()
	}
	return a.entry(romEntry(address))
}

func (a *Archive) recordedFacts(_ context.Context, kind, name string, _ func() ([]byte, error)) ([]byte, error) {
	if f, ok := a.view.index.Derived[kind][name]; ok {
		return nil, f.err()
	}
	return a.entry(derivedEntry(kind, name))
}

func (a *Archive) recordedNVML(context.Context) ([]byte, error) {
	if f := a.view.index.NVML; f != nil {
		return nil, f.err()
	}
	return a.entry(nvmlName)
}

// TPM is the evidence of the machine's TPM; asked is false where nobody gathered
// it, and the error says why it could not be had.
func (a *Archive) TPM() (evidence []byte, asked bool, err error) {
	if a.meta == nil {
		return nil, false, nil
	}
	if f := a.view.index.TPM; f != nil {
		return nil, true, f.err()
	}
	if a.view.tree.nodes[tpmName] == nil {
		return nil, false, nil
	}
	evidence, err = a.entry(tpmName)
	return evidence, true, err
}

// entry returns a copy of an entry outside the machine's root.
func (a *Archive) entry(name string) ([]byte, error) {
	n := a.view.tree.nodes[name]
	if n == nil || !n.mode.IsRegular() {
		return nil, pathError("open", name, a.view.absent)
	}
	return append([]byte(nil), n.data...), nil
}
