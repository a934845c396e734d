package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/capture"
)

// TestCaptureSaysWhatItLacks: a machine with more names than a capture may hold gives one
// that can be read, and an exit code that says that it is not whole. The machine is a
// capture itself, whose index lists 100,001 nodes of graphics.
func TestCaptureSaysWhatItLacks(t *testing.T) {
	f := &forge{t: t, dir: t.TempDir()}
	var names strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&names, `,"x%x":"l"`, i)
	}
	f.capture(`{"listings":{"sys/bus/pci/devices":{},"sys/class/drm":{"card0":"l"`+names.String()+`}}}`, nil)
	out := filepath.Join(f.dir, "out.tar.gz")
	code, _, said := runPlain(t, "capture", "--capture", filepath.Join(f.dir, "c.tar.gz"), "--output", out)
	if code != exitIncomplete || !strings.Contains(said, "out.tar.gz lacks facts: ") {
		t.Errorf("exit code %d, and it says: %s", code, said)
	}
	_, err := capture.OpenFile(out, capture.Limits{})
	f.must(err)
}
