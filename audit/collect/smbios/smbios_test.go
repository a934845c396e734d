package smbios_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/collect/smbios"
)

// The tables are laid out as machines have them: a system structure first, slots
// of different ages among others, an end.
var (
	system = "\x01\x1b\x01\x00\x01\x02\x00\x00" + strings.Repeat("\x00", 19) + "Maker\x00Model\x00\x00"
	// A slot as SMBIOS 2.6 to 3.1 has it, 17 bytes: the port of a root complex.
	port = "\x09\x11\x30\x00\x01\xb6\x0d\x04\x04\x01\x00\x0c\x01\x00\x00\x00\x08" + "PCIEX16_1\x00\x00"
	// A slot of SMBIOS 3.2, split in two: segment 1, 3b:00.0, and 3c:00.0.
	split = "\x09\x1c\x31\x00\x02\xbd\x0d\x04\x04\x02\x00\x0c\x01\x01\x00\x3b\x00\x08\x01\x01\x00\x3c\x00\x08\x00\x00\x00\x00" + "Silk\x00SLOT 2\x00\x00"
	// A slot of SMBIOS 2.0, without an address, and one that says that it has none.
	old  = "\x09\x0d\x32\x00\x01\x06\x05\x03\x03\x03\x00\x04\x01" + "PCI 1\x00\x00"
	none = "\x09\x11\x33\x00\x00\xa5\x0d\x03\x03\x04\x00\x0c\x01\xff\xff\xff\xff" + "\x00\x00"
	end  = "\x7f\x04\xfe\xfe\x00\x00"
)

func TestSlots(t *testing.T) {
	one := smbios.Slot{Designation: "PCIEX16_1", Addresses: []string{"0000:00:01.0"}}
	for name, tc := range map[string]struct {
		table string
		want  []smbios.Slot
		fault bool
	}{
		"a machine": {system + port + split + old + none + end + "what follows is not read", []smbios.Slot{
			one, {Designation: "SLOT 2", Addresses: []string{"0001:3b:00.0", "0001:3c:00.0"}}, {Designation: "PCI 1"}, {}}, false},
		"no slot":                        {system + end, nil, false},
		"nothing":                        {"", nil, false},
		"one structure alone, of sysfs":  {port, []smbios.Slot{one}, false},
		"no end":                         {system + port, []smbios.Slot{one}, false},
		"header cut off":                 {port + "\x09\x11", []smbios.Slot{one}, true},
		"formatted area shorter than 4":  {"\x09\x03\x00\x00\x00", nil, true},
		"formatted area too long":        {"\x09\xff\x00\x00\x00\x00", nil, true},
		"strings without an end":         {port + "\x09\x04\x00\x00text\x00", []smbios.Slot{one}, true},
		"string that is not there":       {strings.Replace(port, "\x30\x00\x01", "\x30\x00\x09", 1), []smbios.Slot{{Addresses: one.Addresses}}, false},
		"more peers than there is room":  {strings.Replace(split, "\x08\x01\x01\x00\x3c", "\x08\xff\x01\x00\x3c", 1), []smbios.Slot{{Designation: "SLOT 2", Addresses: []string{"0001:3b:00.0", "0001:3c:00.0"}}}, false},
		"control bytes in a designation": {strings.Replace(port, "PCIEX16_1", "\x1b[31mX16\x07", 1), []smbios.Slot{{Designation: "[31mX16", Addresses: one.Addresses}}, false},
	} {
		got, err := smbios.Slots([]byte(tc.table))
		if !reflect.DeepEqual(got, tc.want) || errors.Is(err, smbios.ErrMalformed) != tc.fault {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestBounds(t *testing.T) {
	if _, err := smbios.Slots(make([]byte, smbios.MaxTable+1)); !errors.Is(err, smbios.ErrMalformed) {
		t.Errorf("large table: %v", err)
	}
	if got, err := smbios.Slots([]byte(strings.Repeat(port, 300))); len(got) != 256 || err == nil {
		t.Errorf("300 slots: %d, %v", len(got), err)
	}
	if _, err := smbios.Slots(bytes.Repeat([]byte("\x02\x04\x00\x00\x00\x00"), 8193)); err == nil {
		t.Error("8193 structures")
	}
	long, _ := smbios.Slots([]byte(strings.Replace(port, "PCIEX16_1", strings.Repeat("x", 300), 1)))
	if len(long) != 1 || len(long[0].Designation) != 64 {
		t.Errorf("long designation: %+v", long)
	}
}

func FuzzSlots(f *testing.F) {
	for _, table := range []string{system + port + split + old + none + end, port, split, old, none, end, port + "\x09\x11"} {
		f.Add([]byte(table))
	}
	f.Fuzz(func(t *testing.T, table []byte) {
		slots, err := smbios.Slots(table)
		if err != nil && !errors.Is(err, smbios.ErrMalformed) {
			t.Fatalf("error of another kind: %v", err)
		}
		if len(slots) > 256 {
			t.Fatalf("%d slots", len(slots))
		}
		for _, s := range slots {
			if len(s.Designation) > 64 || len(s.Addresses) > 33 {
				t.Fatalf("unbounded: %+v", s)
			}
			for _, a := range s.Addresses {
				if len(a) != len("0000:00:00.0") {
					t.Fatalf("address %q", a)
				}
			}
		}
	})
}
