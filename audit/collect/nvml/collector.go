package nvml

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/witness"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Name is the name of the collector, of the witness and of the source of facts.
const Name = "nvml"

// gapFact is where a GPU that NVML could not speak of has its gap.
const gapFact = "/witnesses/" + Name

// Collector adds the recorded answers. It has to run behind the collectors of
// the bus, the driver and the ROM, which it is compared with. A machine without
// answers is normal, and the collector is skipped.
func Collector() collect.Collector {
	s := &source{}
	return collect.Collector{Name: Name, Device: s.device}
}

type source struct {
	once    sync.Once
	answers *Answers
	err     error
}

func (s *source) device(ctx context.Context, env *collect.Env, d *inventory.Device) error {
	s.once.Do(func() { s.answers, s.err = read(ctx, env) })
	if unasked(s.err) || d.PCI.VendorID == nil || *d.PCI.VendorID != "10de" {
		return collect.ErrSkipped
	}
	if s.err != nil {
		d.Gaps = append(d.Gaps, collect.GapFor(gapFact, Name, s.err))
		return nil
	}
	for i := range s.answers.GPUs {
		if s.answers.GPUs[i].Address == d.Address {
			s.answers.add(d, &s.answers.GPUs[i])
			return nil
		}
	}
	if d.Driver == nil || d.Driver.Name != "nvidia" {
		return collect.ErrSkipped
	}
	if n := s.answers.Unreached; n > 0 {
		d.Gaps = append(d.Gaps, inventory.Gap{Fact: gapFact, Source: Name, Reason: inventory.ReasonIOError,
			Detail: fmt.Sprintf("NVML could not reach %d of the GPUs that it knows of, and this one is not among the others: it may have fallen off the bus", n)})
		return nil
	}
	// No disagreement: a container sees the GPUs that it was given, and the
	// whole bus.
	d.Gaps = append(d.Gaps, inventory.Gap{Fact: gapFact, Source: Name, Reason: inventory.ReasonNotPresent,
		Detail: "NVML does not list this GPU: record it outside the container, with the driver that runs the GPU"})
	return nil
}

var errNone = errors.New("no answers of NVML were given")

func read(ctx context.Context, env *collect.Env) (*Answers, error) {
	if env.NVML == nil {
		return nil, errNone
	}
	data, err := env.NVML(ctx)
	if err != nil {
		return nil, err
	}
	return Decode(data)
}

// unasked says that nobody asked NVML, on the machine or for the capture.
func unasked(err error) bool {
	return errors.Is(err, errNone) || err != nil && (collect.Absent(err) || errors.Is(err, collect.ErrNotRequested))
}

// add compares first, and then puts the facts with the device: nothing is held
// against itself.
func (a *Answers) add(d *inventory.Device, g *GPU) {
	theirs := witness.Device{
		Vendor: g.VendorID, Model: g.DeviceID, Subvendor: g.SubsystemVendorID, Subsystem: g.SubsystemDeviceID,
		DriverName: "nvidia", VBIOS: inventory.Text(g.VBIOSVersion), Serial: inventory.Text(g.Serial), UUID: inventory.Text(g.UUID),
	}
	d.Witnesses = append(d.Witnesses, inventory.Witness{Name: Name, Disagreements: witness.Differences(d, &theirs, inventory.Text(a.DriverVersion))})
	if g.VBIOSVersion != nil {
		d.Firmware.Versions = append(d.Firmware.Versions, inventory.VersionClaim{Source: Name, Version: *g.VBIOSVersion})
	}
	if g.InfoROMVersion != nil {
		d.Firmware.Components = append(d.Firmware.Components, inventory.ComponentVersion{Component: "inforom", Version: *g.InfoROMVersion, Source: Name})
	}
	if g.MemoryBytes != nil {
		d.Memory = append(d.Memory, inventory.MemoryClaim{Source: Name, Bytes: *g.MemoryBytes})
	}
	if g.BoardPartNumber != nil {
		d.PartNumbers = append(d.PartNumbers, inventory.PartClaim{Kind: "board", Source: Name, Value: *g.BoardPartNumber})
	}
	identity := func(kind string, value *string) {
		if value != nil && strings.Trim(*value, "0") != "" {
			d.Identity = append(d.Identity, inventory.IdentityClaim{Kind: kind, Source: Name, Value: *value})
		}
	}
	identity("serial", g.Serial)
	identity("gpu-uuid", g.UUID)
	if key, err := g.attestationKey(); err != nil {
		d.Gaps = append(d.Gaps, collect.GapFor(gapFact, Name, err))
	} else if key != "" {
		d.Identity = append(d.Identity, inventory.IdentityClaim{Kind: inventory.AttestationKey, Source: Name, Value: key})
	}
	if g.Name != nil {
		d.ProductNames = append(d.ProductNames, inventory.NameClaim{Source: Name, Value: *g.Name})
	}
	a.driver(d)
	g.Health.add(d)
	g.states(d)
	for _, f := range g.Failures {
		if !f.Unsupported {
			d.Gaps = append(d.Gaps, inventory.Gap{Fact: gapFact, Source: Name, Reason: inventory.ReasonIOError, Detail: f.Fact + ": " + f.Text})
		}
	}
}

// driver adds the version of the driver to a copy: another collector's facts are
// not ours to write.
func (a *Answers) driver(d *inventory.Device) {
	if a.DriverVersion == nil || d.Driver == nil || d.Driver.Name != "nvidia" {
		return
	}
	drv := *d.Driver
	drv.Claims = append(drv.Claims[:len(drv.Claims):len(drv.Claims)], inventory.DriverClaim{Source: Name, Version: *a.DriverVersion})
	d.Driver = &drv
}
