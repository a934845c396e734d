package rom

import (
	"bytes"
	"context"
	"encoding/binary"
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

const address = "0000:01:00.0"

// option builds a one-image option ROM; fill tells two of them apart.
func option(fill byte) []byte {
	b := bytes.Repeat([]byte{fill}, 1024)
	copy(b, []byte{0x55, 0xaa, 2})
	b[0x18], b[0x19] = 0x1c, 0
	d := b[0x1c:]
	copy(d, "PCIR")
	binary.LittleEndian.PutUint16(d[4:], 0x10de)
	binary.LittleEndian.PutUint16(d[6:], 0x2684)
	copy(d[8:], []byte{0, 0, 0x18, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0, 0x80})
	return b
}

func env(b []byte, err error) *collect.Env {
	return &collect.Env{
		FS:  fstest.MapFS{"sys/bus/pci/devices/0000:01:00.0/rom": {}},
		Now: time.Unix(0, 0),
		ROM: func(context.Context, string) ([]byte, error) { return b, err },
	}
}

// collectOne runs the collector as an audit does.
func collectOne(t *testing.T, e *collect.Env) inventory.Device {
	t.Helper()
	inv, err := collect.Run(t.Context(), e, func(context.Context, *collect.Env) (collect.Seen, error) {
		return collect.Seen{Devices: []inventory.Device{{Address: address}}}, nil
	}, []collect.Collector{Collector()})
	if err != nil {
		t.Fatal(err)
	}
	if s := inv.Collectors[0]; s.Collector != "firmware" || s.Status == inventory.CollectorFailed {
		t.Fatalf("collector: %+v", s)
	}
	return inv.Devices[0]
}

func TestReadsTheROM(t *testing.T) {
	d := collectOne(t, env(option(1), nil))
	if len(d.Firmware.ROMs) != 1 || d.Firmware.ROMs[0].Source != "sysfs" || len(d.Firmware.ROMs[0].Images) != 1 || len(d.Gaps) != 0 {
		t.Errorf("got %+v, gaps %v", d.Firmware.ROMs, d.Gaps)
	}
}

func TestGaps(t *testing.T) {
	pathErr := func(err error) error { return &fs.PathError{Op: "open", Path: "rom", Err: err} }
	tests := []struct {
		name   string
		err    error
		reason inventory.Reason
		detail string
	}{
		{"not requested", collect.ErrNotRequested, inventory.ReasonNotRequested, "give --read-rom to read it (enables the ROM for the time of the read)"},
		{"shadowed boot display", fmt.Errorf("read ROM: %w", syscall.EIO), inventory.ReasonIOError, "not \"no firmware\""},
		{"no rom file", pathErr(syscall.ENOENT), inventory.ReasonNotPresent, "no expansion ROM"},
		{"ordinary user", pathErr(syscall.EACCES), inventory.ReasonPermission, "root may read it"},
		{"asleep", refusal("asleep"), inventory.ReasonNotSupported, "asleep"},
		{"too large", collect.ErrLimit, inventory.ReasonLimit, "limit"},
		{"hung", fmt.Errorf("read ROM: %w", context.DeadlineExceeded), inventory.ReasonTimeout, "deadline"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := collectOne(t, env(nil, tt.err))
			if len(d.Gaps) != 1 || len(d.Firmware.ROMs) != 0 {
				t.Fatalf("gaps %v, ROMs %v", d.Gaps, d.Firmware.ROMs)
			}
			g := d.Gaps[0]
			if g.Fact != "/firmware/roms" || g.Source != "sys/bus/pci/devices/0000:01:00.0/rom" || g.Reason != tt.reason || !strings.Contains(g.Detail, tt.detail) {
				t.Errorf("got %+v", g)
			}
		})
	}
}

func TestNotRequestedAndAbsentIsAbsent(t *testing.T) {
	e := env(nil, collect.ErrNotRequested)
	e.FS = fstest.MapFS{}
	if d := collectOne(t, e); d.Gaps[0].Reason != inventory.ReasonNotPresent {
		t.Errorf("got %+v", d.Gaps[0])
	}
	e.ROM = nil
	if d := collectOne(t, e); d.Gaps[0].Reason != inventory.ReasonNotPresent {
		t.Errorf("no reader: got %+v", d.Gaps[0])
	}
}

func TestFileBesideSysfs(t *testing.T) {
	tests := []struct {
		name  string
		file  []byte
		facts []string
	}{
		{"the same", option(1), nil},
		{"the same with flash around it", append(append(make([]byte, 512), option(1)...), "flash"...), nil},
		{"other code", option(2), []string{"/firmware/roms/0/stable_sha256"}},
		{"no ROM", []byte("text"), []string{"/firmware/roms/0/sha256"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := env(option(1), nil)
			e.ROMFiles = map[string]collect.ROMFile{address: {Name: "card.rom", Data: tt.file}, "0000:02:00.0": {Data: option(3)}}
			d := collectOne(t, e)
			if len(d.Firmware.ROMs) != 2 || d.Firmware.ROMs[1].Source != "file" {
				t.Fatalf("ROMs %+v", d.Firmware.ROMs)
			}
			if len(d.Witnesses) != 1 || d.Witnesses[0].Name != "rom-file" {
				t.Fatalf("witnesses %+v", d.Witnesses)
			}
			var facts []string
			for _, dis := range d.Witnesses[0].Disagreements {
				facts = append(facts, dis.Fact)
			}
			if strings.Join(facts, " ") != strings.Join(tt.facts, " ") {
				t.Errorf("disagreements %v, want %v", facts, tt.facts)
			}
		})
	}
}

// TestFlash: a dump of the flash is a reading of its own, and says how what the kernel
// gave lies in it.
func TestFlash(t *testing.T) {
	e := env(option(1), nil)
	e.FlashFiles = map[string]collect.ROMFile{address: {Name: "flash.bin", Data: append(append(make([]byte, 512), option(1)...), "behind"...)}}
	d := collectOne(t, e)
	if len(d.Firmware.ROMs) != 2 || d.Firmware.ROMs[1].Source != "flash" || d.Firmware.ROMs[0].InFlash != nil {
		t.Fatalf("ROMs %+v", d.Firmware.ROMs)
	}
	if f := d.Firmware.ROMs[1].InFlash; f == nil || !f.Found || f.Offset != 512 || f.Bytes != len(option(1)) || f.Changed != 0 || f.UnseenBytes != len("behind") {
		t.Errorf("%+v", f)
	}
	e = env(nil, syscall.EIO)
	e.FlashFiles = map[string]collect.ROMFile{address: {Name: "flash.bin", Data: option(1)}}
	if d := collectOne(t, e); len(d.Firmware.ROMs) != 1 || d.Firmware.ROMs[0].InFlash != nil || len(d.Gaps) != 1 {
		t.Errorf("without a reading: %+v", d.Firmware.ROMs)
	}
}

func TestFileAloneKeepsTheGap(t *testing.T) {
	e := env(nil, syscall.EIO)
	e.ROMFiles = map[string]collect.ROMFile{address: {Name: "card.rom", Data: option(1)}}
	d := collectOne(t, e)
	if len(d.Firmware.ROMs) != 1 || d.Firmware.ROMs[0].Source != "file" || len(d.Gaps) != 1 || len(d.Witnesses) != 0 {
		t.Errorf("ROMs %d, gaps %v, witnesses %v", len(d.Firmware.ROMs), d.Gaps, d.Witnesses)
	}
}
