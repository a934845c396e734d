package collect_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func two(context.Context, *collect.Env) (collect.Seen, error) {
	return collect.Seen{Devices: []inventory.Device{{Address: "0000:01:00.0"}, {Address: "0000:02:00.0"}}}, nil
}

// onDevice makes a collector that runs f on the first device and is content
// with the other.
func onDevice(name string, f func(context.Context, *inventory.Device) error) collect.Collector {
	return collect.Collector{Name: name, Device: func(ctx context.Context, _ *collect.Env, d *inventory.Device) error {
		if d.Address != "0000:01:00.0" {
			d.Memory = append(d.Memory, inventory.MemoryClaim{Source: name, Bytes: 1})
			return nil
		}
		return f(ctx, d)
	}}
}

// TestAFaultHidesNothingElse: whatever one collector does on one device, the
// other collectors' facts and the other device stand, and the status says why.
func TestAFaultHidesNothingElse(t *testing.T) {
	for _, tc := range []struct {
		name   string
		run    func(context.Context, *inventory.Device) error
		status inventory.CollectorResult
		detail string
	}{
		{"error", func(context.Context, *inventory.Device) error { return errors.New("bus is gone") }, inventory.CollectorFailed, "bus is gone"},
		{"panic", func(context.Context, *inventory.Device) error { var s []int; return fmt.Errorf("%d", s[3]) }, inventory.CollectorFailed, "fault of its own"},
		{"skipped", func(context.Context, *inventory.Device) error { return collect.ErrSkipped }, inventory.CollectorSkipped, ""},
		{"gap", func(_ context.Context, d *inventory.Device) error {
			d.Gaps = append(d.Gaps, inventory.Gap{Fact: "/x", Reason: inventory.ReasonIOError})
			return nil
		}, inventory.CollectorPartial, ""},
		{"content", func(context.Context, *inventory.Device) error { return nil }, inventory.CollectorOK, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			after := onDevice("after", func(_ context.Context, d *inventory.Device) error {
				d.Memory = append(d.Memory, inventory.MemoryClaim{Source: "after", Bytes: 2})
				return nil
			})
			inv, err := collect.Run(t.Context(), &collect.Env{Now: time.Unix(0, 0)}, two, []collect.Collector{onDevice("bad", tc.run), after})
			if err != nil {
				t.Fatal(err)
			}
			s := inv.Collectors[0]
			if s.Collector != "bad" || s.Status != tc.status || !strings.Contains(s.Detail, tc.detail) {
				t.Errorf("status is %+v, want %s with %q", s, tc.status, tc.detail)
			}
			if n := len(inv.Devices[0].Memory); n != 1 {
				t.Errorf("the first device has %d facts of the collector after the bad one, want 1", n)
			}
			if n := len(inv.Devices[1].Memory); n != 2 {
				t.Errorf("the other device has %d facts, want 2", n)
			}
		})
	}
}

// TestACollectorThatDoesNotReturn is given up, and what it writes later does
// not reach the inventory.
func TestACollectorThatDoesNotReturn(t *testing.T) {
	release, wrote := make(chan struct{}), make(chan struct{})
	hang := onDevice("hang", func(_ context.Context, d *inventory.Device) error {
		<-release
		d.Gaps = append(d.Gaps, inventory.Gap{Fact: "/late"})
		close(wrote)
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	inv, err := collect.Run(ctx, &collect.Env{}, two, []collect.Collector{hang})
	close(release)
	<-wrote
	if err != nil {
		t.Fatal(err)
	}
	if s := inv.Collectors[0]; s.Status != inventory.CollectorFailed || !strings.Contains(s.Detail, "no answer") {
		t.Errorf("status is %+v, want failed with no answer", s)
	}
	if len(inv.Devices[0].Gaps) != 0 {
		t.Errorf("a late write reached the inventory: %v", inv.Devices[0].Gaps)
	}
}

// TestAFailedEnumerationIsNotAnEmptyMachine.
func TestAFailedEnumerationIsNotAnEmptyMachine(t *testing.T) {
	broken := func(context.Context, *collect.Env) (collect.Seen, error) { return collect.Seen{}, fs.ErrPermission }
	inv, err := collect.Run(t.Context(), &collect.Env{}, broken, nil)
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error is %v, want permission", err)
	}
	if len(inv.Host.Gaps) != 1 || inv.Host.Gaps[0].Reason != inventory.ReasonPermission {
		t.Errorf("gaps are %+v, want one for permission", inv.Host.Gaps)
	}
}

func TestReasonOf(t *testing.T) {
	wrap := func(err error) error { return &fs.PathError{Op: "read", Path: "rom", Err: err} }
	for _, tc := range []struct {
		err  error
		want inventory.Reason
	}{
		{wrap(syscall.EIO), inventory.ReasonIOError},
		{wrap(syscall.EACCES), inventory.ReasonPermission},
		{wrap(syscall.EPERM), inventory.ReasonPermission},
		{wrap(syscall.ENOENT), inventory.ReasonNotPresent},
		{wrap(syscall.ENODEV), inventory.ReasonNotPresent},
		{wrap(syscall.EINVAL), inventory.ReasonNotSupported},
		{fmt.Errorf("x: %w", collect.ErrNotRequested), inventory.ReasonNotRequested},
		{fmt.Errorf("x: %w", collect.ErrLimit), inventory.ReasonLimit},
		{fmt.Errorf("x: %w", collect.ErrMalformed), inventory.ReasonMalformed},
		{context.DeadlineExceeded, inventory.ReasonTimeout},
		{errors.New("anything else"), inventory.ReasonIOError},
	} {
		if got := collect.ReasonOf(tc.err); got != tc.want {
			t.Errorf("ReasonOf(%v) = %s, want %s", tc.err, got, tc.want)
		}
	}
}

func TestReadIsBounded(t *testing.T) {
	fsys := fstest.MapFS{"a": {Data: []byte("12345")}, "h": {Data: []byte("0x10DE\n")}, "bad": {Data: []byte("10de")}}
	if _, err := collect.Read(fsys, "a", 4); !errors.Is(err, collect.ErrLimit) {
		t.Errorf("reading 5 bytes with a limit of 4 gives %v", err)
	}
	if b, err := collect.Read(fsys, "a", 5); err != nil || string(b) != "12345" {
		t.Errorf("reading 5 bytes with a limit of 5 gives %q, %v", b, err)
	}
	if v, err := collect.Hex(fsys, "h", 4); err != nil || v != "10de" {
		t.Errorf("Hex gives %q, %v", v, err)
	}
	for _, name := range []string{"bad", "a"} {
		if _, err := collect.Hex(fsys, name, 4); !errors.Is(err, collect.ErrMalformed) {
			t.Errorf("Hex(%s) gives %v, want malformed", name, err)
		}
	}
}

func TestMemoComputesOnce(t *testing.T) {
	derive, n := collect.Memo(), 0
	for range 3 {
		if _, err := derive(t.Context(), "module", "a.ko", func() ([]byte, error) { n++; return nil, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if n != 1 {
		t.Errorf("computed %d times", n)
	}
}
