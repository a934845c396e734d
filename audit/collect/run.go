package collect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// Collector reads one family of sources. Either function may be nil.
type Collector struct {
	Name     string
	Requires []Requirement
	// Host adds facts of the machine.
	Host func(context.Context, *Env, *inventory.Host) error
	// Device adds facts of one device; other collectors' facts of it that were
	// gathered earlier in the list may be read. An error means that the
	// collector stopped early; single facts that could not be read are Gaps.
	Device func(context.Context, *Env, *inventory.Device) error
}

// Requirement is a source that a collector reads and what it takes to read it.
type Requirement struct {
	// Path is a path or glob under the root. What no collector declares, a scan of
	// the running machine may not read, but for sysfs and procfs.
	Path string
	// Instead are other paths that have the same on other systems.
	Instead []string
	// Privilege names what the kernel asks for: "", "root", "CAP_SYS_ADMIN".
	Privilege string
	// Decides says in a few words what stays undecided without it.
	Decides string
}

// Enumerator finds the devices to audit. It fails only when there is no way to
// tell which devices the machine has; what it saw is valid even then.
type Enumerator func(context.Context, *Env) (Seen, error)

// Seen is what an enumerator found.
type Seen struct {
	Devices []inventory.Device
	// Unaudited are GPUs and accelerators that the collectors cannot read, and doubts
	// on the list of devices.
	Unaudited []inventory.Unaudited
	// Gaps are sources that a capture does not hold.
	Gaps []inventory.Gap
}

// ErrSkipped is returned by a collector that does not apply to a device.
var ErrSkipped = errors.New("does not apply")

// Timeout bounds one collector on one device. A device that does not answer
// leaves the others' facts alone.
const Timeout = 30 * time.Second

// Run enumerates the devices and runs every collector on the host and on each
// device. A collector that fails, panics or does not return is recorded and
// hides nothing else. The error is the enumerator's: without it the inventory
// still holds the host's facts.
func Run(ctx context.Context, env *Env, enumerate Enumerator, collectors []Collector) (*inventory.Inventory, error) {
	inv := &inventory.Inventory{Schema: inventory.Schema, CollectedAt: env.Now.UTC(), Devices: []inventory.Device{}}
	for _, c := range collectors {
		if c.Host != nil {
			inv.Collectors = append(inv.Collectors, runOne(ctx, env, c.Name, "host", &inv.Host, c.Host, clipHost, hostGaps))
		}
	}
	seen, err := enumerate(ctx, env)
	if n := len(seen.Devices); n > inventory.MaxDevices {
		seen.Devices = seen.Devices[:inventory.MaxDevices]
		err = errors.Join(err, fmt.Errorf("%d GPUs and accelerators: %w of %d; those behind %s were not looked at",
			n, ErrLimit, inventory.MaxDevices, seen.Devices[inventory.MaxDevices-1].Address))
	}
	if err != nil {
		inv.Host.Gaps = append(inv.Host.Gaps, GapFor("/devices", "sys/bus/pci/devices", err))
		inv.Collectors = append(inv.Collectors, inventory.CollectorStatus{
			Collector: "enumerate", Device: "host", Status: inventory.CollectorFailed, Detail: err.Error()})
	}
	inv.Host.Gaps = append(inv.Host.Gaps, seen.Gaps...)
	inv.Devices = append(inv.Devices, seen.Devices...)
	inv.Unaudited = seen.Unaudited
	statuses := make([][]inventory.CollectorStatus, len(inv.Devices))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i := range inv.Devices {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			d := &inv.Devices[i]
			for _, c := range collectors {
				if c.Device != nil {
					statuses[i] = append(statuses[i], runOne(ctx, env, c.Name, d.Address, d, c.Device, clipDevice, deviceGaps))
				}
			}
		})
	}
	wg.Wait()
	for _, s := range statuses {
		inv.Collectors = append(inv.Collectors, s...)
	}
	if refused(inv) {
		inv.Host.ReadByRoot = env.ByRoot
	}
	return inv, err
}

// refused says that something could not be read for want of a right.
func refused(inv *inventory.Inventory) bool {
	denied := func(g inventory.Gap) bool { return g.Reason == inventory.ReasonPermission }
	return slices.ContainsFunc(inv.Host.Gaps, denied) ||
		slices.ContainsFunc(inv.Devices, func(d inventory.Device) bool { return slices.ContainsFunc(d.Gaps, denied) })
}

// runOne runs a collector on a private copy, so that one that outlives its
// time can no longer reach the inventory.
func runOne[T any](ctx context.Context, env *Env, name, owner string, target *T,
	run func(context.Context, *Env, *T) error, clip func(*T), gaps func(*T) int,
) inventory.CollectorStatus {
	status := inventory.CollectorStatus{Collector: name, Device: owner, Status: inventory.CollectorOK}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	clip(target)
	work, before := *target, gaps(target)
	done := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- fmt.Errorf("collector stopped by a fault of its own (please report it): %v", r)
			}
		}()
		done <- run(ctx, env, &work)
	}()
	var err error
	select {
	case err = <-done:
		*target = work
	case <-ctx.Done():
		err = fmt.Errorf("no answer: %w", ctx.Err())
	}
	switch {
	case errors.Is(err, ErrSkipped):
		status.Status = inventory.CollectorSkipped
	case err != nil:
		status.Status, status.Detail = inventory.CollectorFailed, err.Error()
	case gaps(target) > before:
		status.Status = inventory.CollectorPartial
	}
	return status
}

// The clip functions make appends to a copy's slices allocate, so that copy and
// original never share an array that both write.
func clipHost(h *inventory.Host) { h.Gaps = slices.Clip(h.Gaps) }

func clipDevice(d *inventory.Device) {
	d.Gaps, d.Memory, d.Identity = slices.Clip(d.Gaps), slices.Clip(d.Memory), slices.Clip(d.Identity)
	d.Witnesses, d.PartNumbers, d.Health = slices.Clip(d.Witnesses), slices.Clip(d.PartNumbers), slices.Clip(d.Health)
	d.ProductNames = slices.Clip(d.ProductNames)
	fw := &d.Firmware
	fw.ROMs, fw.Versions = slices.Clip(fw.ROMs), slices.Clip(fw.Versions)
	fw.Components, fw.Runtime = slices.Clip(fw.Components), slices.Clip(fw.Runtime)
}

func hostGaps(h *inventory.Host) int     { return len(h.Gaps) }
func deviceGaps(d *inventory.Device) int { return len(d.Gaps) }
