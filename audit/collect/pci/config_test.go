package pci

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func goodSpace() []byte {
	return hosttest.Config("10de", "2684", "1043", "889d", "030000", "a1", 0x48b02d0123456789, 4096)
}

// TestHostileLists: a list that loops, leaves its space or lies ends, with its
// defect on record, and never in an endless walk.
func TestHostileLists(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(b []byte)
		fault  string
	}{
		{"standard loop", func(b []byte) { b[0x79] = 0x60 }, "loop"},
		{"standard self loop", func(b []byte) { b[0x61] = 0x60 }, "loop"},
		{"standard pointer into the header", func(b []byte) { b[0x61] = 0x10 }, "out-of-range"},
		{"standard pointer to the last byte", func(b []byte) { b[0x61] = 0xff }, "misaligned"},
		{"standard capability that reads ff", func(b []byte) { b[0x61] = 0xf0; b[0xf0] = 0xff }, "out-of-range"},
		{"extended loop", func(b []byte) { binary.LittleEndian.PutUint32(b[0x168:], 0x100<<20|1<<16|0x0f) }, "loop"},
		{"extended pointer into the standard space", func(b []byte) { binary.LittleEndian.PutUint32(b[0x168:], 0x40<<20|1<<16|0x0f) }, "out-of-range"},
		{"extended pointer to nothing", func(b []byte) { binary.LittleEndian.PutUint32(b[0x168:], 0x800<<20|1<<16|0x0f) }, "out-of-range"},
		{"extended misaligned", func(b []byte) { binary.LittleEndian.PutUint32(b[0x100:], 0x149<<20|1<<16|0x01) }, "misaligned"},
		{"fallen off the bus", func(b []byte) {
			for i := range b {
				b[i] = 0xff
			}
		}, "no-answer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := goodSpace()
			tc.change(b)
			s := parseConfig(b)
			for _, f := range s.faults {
				if f.kind == tc.fault {
					return
				}
			}
			t.Errorf("faults are %+v, want %s", s.faults, tc.fault)
		})
	}
	if s := parseConfig(goodSpace()); len(s.faults) != 0 {
		t.Errorf("a good space has faults: %+v", s.faults)
	}
}

func TestSerialThatIsNone(t *testing.T) {
	for _, v := range []uint64{0, 1<<64 - 1} {
		b := goodSpace()
		binary.LittleEndian.PutUint64(b[0x14c:], v)
		if serial, ok := parseConfig(b).serial(); ok {
			t.Errorf("serial number %#x is given as %s", v, serial)
		}
	}
}

// TestServicesThatAreMissing: a function without a service has it off, but only
// a whole and sound list shows that it is without.
func TestServicesThatAreMissing(t *testing.T) {
	end := func(b []byte) { binary.LittleEndian.PutUint32(b[0x148:], 1<<16|0x03) } // no ACS, no ATS after the serial number
	bridge := func() []byte { return hosttest.Config("8086", "a70d", "0000", "0000", "060400", "00", 0, 4096) }
	off, unknown := new(false), (*bool)(nil)
	for _, tc := range []struct {
		name     string
		space    []byte
		change   func(b []byte)
		ats, acs *bool
	}{
		{"both services are there", bridge(), func([]byte) {}, off, new(true)},
		{"a root port without them", bridge(), end, off, off},
		{"a switch's downstream port without them", bridge(), func(b []byte) { end(b); b[0x7a] = 0x62 }, off, off},
		{"a switch's upstream port needs no ACS", bridge(), func(b []byte) { end(b); b[0x7a] = 0x52 }, off, unknown},
		{"an endpoint needs no ACS", goodSpace(), end, off, unknown},
		{"only the standard space was read", bridge()[:256], func([]byte) {}, unknown, unknown},
		{"the list is broken before it could name them", bridge(), func(b []byte) { binary.LittleEndian.PutUint32(b[0x148:], 0x100<<20|1<<16|0x03) }, unknown, unknown},
		{"the extended space does not answer", bridge(), func(b []byte) { binary.LittleEndian.PutUint32(b[0x100:], 0xffffffff) }, unknown, unknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.change(tc.space)
			s := parseConfig(tc.space)
			if diff := cmp.Diff(tc.ats, s.ats()); diff != "" {
				t.Errorf("ATS: %s", diff)
			}
			if diff := cmp.Diff(tc.acs, s.acs()); diff != "" {
				t.Errorf("ACS: %s", diff)
			}
		})
	}
}

// resized puts a capability with these entries, of sizes and control, into a space.
func resized(entries ...[2]uint32) []byte {
	b := goodSpace()
	binary.LittleEndian.PutUint32(b[0x168:], 0xbb0<<20|1<<16|0x0f)
	binary.LittleEndian.PutUint32(b[0xbb0:], 1<<16|0x15)
	for i, e := range entries {
		binary.LittleEndian.PutUint32(b[0xbb4+8*i:], e[0])
		binary.LittleEndian.PutUint32(b[0xbb8+8*i:], e[1])
	}
	return b
}

// TestResizable: the sizes of windows are those of an RTX 4070 Ti SUPER, by lspci "16MB",
// "64MB 128MB ... 16GB" and "32MB"; an entry that says nonsense is left out.
func TestResizable(t *testing.T) {
	var upTo16 []uint64
	for size := uint64(64 << 20); size <= 16<<30; size *= 2 {
		upTo16 = append(upTo16, size)
	}
	for _, tc := range []struct {
		name  string
		space []byte
		want  []inventory.ResizableBAR
	}{
		{"three windows", resized([2]uint32{0x100, 3<<5 | 4<<8}, [2]uint32{0x7fc00, 1 | 8<<8}, [2]uint32{0x200, 3 | 5<<8}), []inventory.ResizableBAR{{Index: 0, Bytes: []uint64{16 << 20}}, {Index: 1, Bytes: upTo16}, {Index: 3, Bytes: []uint64{32 << 20}}}},
		{"no such window, no size, the largest size", resized([2]uint32{0x100, 3<<5 | 6}, [2]uint32{0x0f, 1}, [2]uint32{1 << 31, 2}), []inventory.ResizableBAR{{Index: 2, Bytes: []uint64{128 << 40}}}},
		{"more windows than there can be", resized([2]uint32{0x10, 7<<5 | 1}), []inventory.ResizableBAR{{Index: 1, Bytes: []uint64{1 << 20}}}},
		{"without it", goodSpace(), nil},
		{"not read", resized([2]uint32{0x100, 1 << 5})[:256], nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, parseConfig(tc.space).resizable()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.want, parseConfig(KeptConfig(tc.space)).resizable()); diff != "" {
				t.Errorf("redacted: %s", diff)
			}
		})
	}
	last := resized([2]uint32{0x100, 6 << 5})
	copy(last[0xff4:], last[0xbb0:0xbbc]) // six windows where one fits
	binary.LittleEndian.PutUint32(last[0x168:], 0xff4<<20|1<<16|0x0f)
	if got := parseConfig(last).resizable(); len(got) != 1 {
		t.Errorf("at the end: %v", got)
	}
}

// TestAgreesWithLspci: pciutils decodes the same bytes to the same offsets.
func TestAgreesWithLspci(t *testing.T) {
	if _, err := exec.LookPath("lspci"); err != nil {
		t.Skip("lspci (package pciutils) is not installed")
	}
	var dump strings.Builder
	dump.WriteString("01:00.0 VGA compatible controller: x\n")
	b := goodSpace()
	for i := 0; i < len(b); i += 16 {
		fmt.Fprintf(&dump, "%02x: % x\n", i, b[i:i+16])
	}
	file := t.TempDir() + "/dump"
	writeFile(t, file, dump.String())
	out, err := exec.Command("lspci", "-F", file, "-vvv", "-nn").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s := parseConfig(b)
	for _, c := range s.standard {
		if want := fmt.Sprintf("Capabilities: [%02x]", c.offset); !strings.Contains(string(out), want) {
			t.Errorf("lspci does not list %s", want)
		}
	}
	for _, c := range s.extended {
		if want := fmt.Sprintf("Capabilities: [%03x v%d]", c.offset, c.version); !strings.Contains(string(out), want) {
			t.Errorf("lspci does not list %s", want)
		}
	}
	if n := strings.Count(string(out), "Capabilities: ["); n != len(s.standard)+len(s.extended) {
		t.Errorf("lspci lists %d capabilities, we list %d", n, len(s.standard)+len(s.extended))
	}
	if !strings.Contains(string(out), "Device Serial Number 48-b0-2d-01-23-45-67-89") {
		t.Errorf("lspci reads another serial number:\n%s", out)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(goodSpace())
	f.Add(goodSpace()[:256])
	f.Add(resized([2]uint32{0x7fc00, 1<<5 | 1}))
	f.Add(goodSpace()[:64])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := parseConfig(b)
		if len(s.standard) > maxStandard || len(s.extended) > maxExtended {
			t.Errorf("%d and %d capabilities", len(s.standard), len(s.extended))
		}
		for _, c := range s.standard {
			if c.offset < headerBytes || c.offset >= standardBytes {
				t.Errorf("capability at %#x", c.offset)
			}
		}
		s.serial()
		s.acs()
		s.ats()
		if n := len(s.resizable()); n > maxResizable {
			t.Errorf("%d windows", n)
		}
	})
}

func FuzzResources(f *testing.F) {
	f.Add("0x0000000000001000 0x0000000000001fff 0x0000000000040200\n")
	f.Add("0x0 0xffffffffffffffff 0x200")
	f.Add("\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		bars, err := parseResources(text)
		if err != nil {
			return
		}
		for _, b := range bars {
			if b.Bytes == 0 || b.Index > romResource {
				t.Errorf("window %+v", b)
			}
		}
	})
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
