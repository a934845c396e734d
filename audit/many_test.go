package audit_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// counting is a judge that says how many judgements were made at one time.
type counting struct{ running, most, all atomic.Int64 }

func (c *counting) Evaluate(context.Context, any) ([]finding.Finding, error) {
	n := c.running.Add(1)
	defer c.running.Add(-1)
	for old := c.most.Load(); n > old && !c.most.CompareAndSwap(old, n); old = c.most.Load() {
	}
	c.all.Add(1)
	time.Sleep(time.Millisecond)
	return nil, nil
}

func many(n int) []inventory.Device {
	devices := make([]inventory.Device, n)
	for i := range devices {
		devices[i] = inventory.Device{Address: fmt.Sprintf("%04x:%02x:%02x.0", i>>13, i>>5&0xff, i&31), Kind: inventory.KindDisplay}
	}
	return devices
}

func auditorOf(judge audit.Judge, devices []inventory.Device) *audit.Auditor {
	return &audit.Auditor{
		Enumerate: func(context.Context, *collect.Env) (collect.Seen, error) { return collect.Seen{Devices: devices}, nil },
		Catalogue: func(inventory.IDs) catalogue.Facts { return catalogue.Facts{} },
		Compare:   func(*inventory.Host, *inventory.Device) facts.Reference { return facts.Reference{} },
		Judge:     judge,
	}
}

// TestManyDevices: a machine with very many devices is judged a few at a time, and
// one with more than an audit takes says so and is not complete.
func TestManyDevices(t *testing.T) {
	var judge counting
	a := auditorOf(&judge, many(inventory.MaxDevices+1))
	r, err := a.Run(t.Context(), &collect.Env{Now: time.Unix(1e9, 0)}, audit.Options{Now: time.Unix(1e9, 0), AllDevices: true})
	if err != nil {
		t.Fatal(err)
	}
	if most := int(judge.most.Load()); most > runtime.GOMAXPROCS(0) {
		t.Errorf("%d devices were judged at once, with %d processors", most, runtime.GOMAXPROCS(0))
	}
	if len(r.Inventory.Devices) != inventory.MaxDevices || judge.all.Load() != inventory.MaxDevices+1 {
		t.Errorf("%d devices in the report, %d judgements", len(r.Inventory.Devices), judge.all.Load())
	}
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Cause, "4097 GPUs and accelerators: larger than the limit of 4096") {
		t.Errorf("problems: %+v", r.Problems)
	}
	if _, err := a.Conclude(t.Context(), &inventory.Inventory{Devices: many(inventory.MaxDevices + 1)}, audit.Options{}); err == nil {
		t.Error("an inventory with more devices than an audit takes was judged")
	}
}

// TestStopWhileJudging: who goes away waits for the judgements that run, not for all.
func TestStopWhileJudging(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var judge counting
	stopping := judgeFunc(func(ctx context.Context, f any) ([]finding.Finding, error) {
		cancel()
		return judge.Evaluate(ctx, f)
	})
	if _, err := auditorOf(stopping, nil).Conclude(ctx, &inventory.Inventory{Devices: many(4000)}, audit.Options{AllDevices: true}); err == nil {
		t.Error("no error")
	}
	if n := judge.all.Load(); n > int64(2*runtime.GOMAXPROCS(0)+1) {
		t.Errorf("%d judgements after the end", n)
	}
}

type judgeFunc func(context.Context, any) ([]finding.Finding, error)

func (f judgeFunc) Evaluate(ctx context.Context, facts any) ([]finding.Finding, error) {
	return f(ctx, facts)
}
