// Package ghwitness asks ghw for a second opinion: it enumerates the PCI
// functions of the same machine with another reader and notes every fact on
// which the two differ. A difference is a sign of spoofing, or of a fault in one
// of the readers; either way a person should look.
package ghwitness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/jaypipes/ghw"
	"github.com/jaypipes/pcidb"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Name is the collector's and the witness's name.
const Name = "ghw"

// Collector returns the witness. ghw runs once for all devices of a machine.
func Collector() collect.Collector {
	w := &witness{}
	return collect.Collector{
		Name:     Name,
		Requires: []collect.Requirement{{Path: "sys/bus/pci/devices", Decides: "a second opinion on every PCI fact"}},
		Device:   w.device,
	}
}

type witness struct {
	once sync.Once
	seen map[string]*ghw.PCIDevice
	err  error
}

func (w *witness) device(ctx context.Context, env *collect.Env, d *inventory.Device) error {
	w.once.Do(func() { w.seen, w.err = enumerate(ctx, env.PCITree) })
	if w.err != nil {
		d.Gaps = append(d.Gaps, collect.GapFor("/witnesses/ghw", "sys/bus/pci/devices", w.err))
		return nil
	}
	statement := inventory.Witness{Name: Name}
	if theirs := w.seen[d.Address]; theirs != nil {
		statement.Disagreements = differences(d, theirs)
	} else {
		statement.Disagreements = []inventory.Disagreement{{Fact: "/address", Ours: d.Address, Theirs: "not enumerated"}}
	}
	d.Witnesses = append(d.Witnesses, statement)
	return nil
}

var (
	errNoTree  = fmt.Errorf("no directory that ghw could read: %w", errors.ErrUnsupported)
	errNothing = errors.New("ghw enumerated nothing: it gives up on the whole bus when one function has no modalias")
)

// enumerate runs ghw on a directory. ghw gets an empty name list, so that it
// does not parse one at every start (40 ms), and a logger that drops what it
// says; what matters is in its result.
func enumerate(ctx context.Context, root string) (map[string]*ghw.PCIDevice, error) {
	if root == "" {
		return nil, errNoTree
	}
	info, err := ghw.PCI(ctx, ghw.WithChroot(root), ghw.WithPCIDB(&pcidb.PCIDB{}), ghw.WithDisableTools(), ghw.WithDisableTopology(),
		ghw.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	if err != nil {
		return nil, fmt.Errorf("run ghw: %w", err)
	}
	if len(info.Devices) == 0 {
		return nil, errNothing
	}
	seen := make(map[string]*ghw.PCIDevice, len(info.Devices))
	for _, d := range info.Devices {
		seen[d.Address] = d
	}
	return seen, nil
}

// differences compares what both readers state; what one of them does not
// state is no difference.
func differences(d *inventory.Device, theirs *ghw.PCIDevice) []inventory.Disagreement {
	var found []inventory.Disagreement
	check := func(fact string, ours *string, their string) {
		if ours != nil && *ours != "" && their != "" && !strings.EqualFold(*ours, their) {
			found = append(found, inventory.Disagreement{Fact: fact, Ours: *ours, Theirs: strings.ToLower(their)})
		}
	}
	p := d.PCI
	check("/pci/vendor_id", p.VendorID, theirs.Vendor.ID)
	check("/pci/device_id", p.DeviceID, theirs.Product.ID)
	check("/pci/subsystem_vendor_id", p.SubsystemVendorID, theirs.Subsystem.VendorID)
	check("/pci/subsystem_device_id", p.SubsystemDeviceID, theirs.Subsystem.ID)
	check("/pci/revision_id", p.RevisionID, strings.TrimPrefix(theirs.Revision, "0x"))
	check("/pci/class_code", p.ClassCode, theirs.Class.ID+theirs.Subclass.ID+theirs.ProgrammingInterface.ID)
	if p.IOMMUGroup != nil {
		check("/pci/iommu_group/id", &p.IOMMUGroup.ID, theirs.IOMMUGroup)
	}
	if d.Driver != nil {
		check("/driver/name", &d.Driver.Name, theirs.Driver)
	}
	return found
}
