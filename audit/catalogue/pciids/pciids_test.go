package pciids

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNames(t *testing.T) {
	name := func(s string, ok bool) string {
		if !ok {
			return "-"
		}
		return s
	}
	for _, tc := range []struct{ what, got, want string }{
		{"vendor", name(Vendor("10de")), "NVIDIA Corporation"},
		{"first vendor", name(Vendor("0001")), "SafeNet (wrong ID)"},
		{"vendor unknown", name(Vendor("0002")), "-"},
		{"upper case is no id", name(Vendor("10DE")), "-"},
		{"line break is no id", name(Vendor("\n10d")), "-"},
		{"empty is no id", name(Vendor("")), "-"},
		{"device", name(Device("10de", "2684")), "AD102 [GeForce RTX 4090]"},
		{"device of another vendor", name(Device("1002", "2684")), "-"},
		{"a subsystem is no device", name(Device("10de", "16f4")), "-"},
		{"accelerator", name(Device("10de", "2335")), "GH100 [H200 SXM 141GB]"},
		{"subsystem", name(Subsystem("1002", "67df", "1da2", "e387")), "Radeon RX 580 Pulse 4GB"},
		{"subsystem of another device", name(Subsystem("1002", "67ff", "1da2", "e387")), "-"},
		{"class with interface", name(Class("030000")), "VGA controller"},
		{"class with subclass only", name(Class("030200")), "3D controller"},
		{"class with base only", name(Class("12ff00")), "Processing accelerators"},
		{"a class is no vendor", name(Vendor("c 03")), "-"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %q, want %q", tc.what, tc.got, tc.want)
		}
	}
}

func TestBoards(t *testing.T) {
	if got := Boards("10de", "1058"); !slices.Contains(got, "GeForce 800A") || !slices.Contains(got, "GeForce 610M") || len(got) != 11 {
		t.Errorf("boards of 10de:1058: %q", got)
	}
	for _, ids := range [][2]string{{"10de", "2684"}, {"ffff", "0001"}, {"", ""}} {
		if got := Boards(ids[0], ids[1]); ids[0] != "10de" && got != nil {
			t.Errorf("boards of %v: %q", ids, got)
		}
	}
}

func TestDate(t *testing.T) {
	if _, err := time.Parse(time.DateOnly, Date()); err != nil {
		t.Error(err)
	}
}

// TestEveryEntryIsFound walks the list line by line and asks for what each line
// names: a lookup that stops at the wrong line finds another name.
func TestEveryEntryIsFound(t *testing.T) {
	file, err := os.Open("pci.ids.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	vendor, device, checked := "", "", 0
	lines := bufio.NewScanner(file)
	for n := 0; lines.Scan(); n++ {
		line := lines.Text()
		if strings.HasPrefix(line, "C ") {
			break
		}
		var got, want string
		ok := true
		switch {
		case n == 0:
			continue
		case strings.HasPrefix(line, "\t\t"):
			if n%50 != 0 { // every fiftieth board is enough
				continue
			}
			want = line[13:]
			got, ok = Subsystem(vendor, device, line[2:6], line[7:11])
		case line[0] == '\t':
			device, want = line[1:5], line[7:]
			if n%20 != 0 {
				continue
			}
			got, ok = Device(vendor, device)
		default:
			vendor, want = line[:4], line[6:]
			got, ok = Vendor(vendor)
		}
		if checked++; !ok || got != want {
			t.Fatalf("line %d %q: got %q, %v", n+1, line, got, ok)
		}
	}
	if checked < 3000 {
		t.Errorf("only %d entries were looked at", checked)
	}
}

func FuzzLookups(f *testing.F) {
	f.Add("10de", "2684", "1043", "889d", "030000")
	f.Add("\n", "  ", "\t", "ffff", "zz")
	f.Fuzz(func(t *testing.T, v, d, sv, sd, class string) {
		for _, ask := range []func() (string, bool){
			func() (string, bool) { return Vendor(v) },
			func() (string, bool) { return Device(v, d) },
			func() (string, bool) { return Subsystem(v, d, sv, sd) },
			func() (string, bool) { return Class(class) },
		} {
			if name, ok := ask(); ok && (name == "" || strings.ContainsAny(name, "\n")) {
				t.Errorf("a name is %q", name)
			}
		}
	})
}

func BenchmarkDevice(b *testing.B) {
	for b.Loop() {
		if _, ok := Device("ffff", "2684"); ok {
			b.Fatal("found")
		}
	}
}
