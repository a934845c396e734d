package firmware

import (
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

func textOf(rom *inventory.ROM, name string) string {
	for _, t := range rom.Texts {
		if t.Name == name {
			return t.Text
		}
	}
	return ""
}

// TestIndexIdentity holds version, part and subsystem of every dump against
// the index. It leaves the subsystem blank where only newer places, which its
// author did not know, state one.
func TestIndexIdentity(t *testing.T) {
	files := dumps(t)
	for _, row := range readIndex(t) {
		t.Run(row["file"], func(t *testing.T) {
			rom := Parse(files[row["file"]])
			if got := inventory.Text(rom.Version); got != row["version"] {
				t.Errorf("version %q, the index has %q", got, row["version"])
			}
			part := inventory.Text(rom.Part)
			if strings.HasPrefix(row["file"], "nv-") {
				part += ";" + textOf(rom, "version")
			}
			if want := strings.Join(strings.Fields(row["part_or_board"]), " "); part != want {
				t.Errorf("part %q, the index has %q", part, want)
			}
			ids := inventory.Text(rom.SubsystemVendorID) + ":" + inventory.Text(rom.SubsystemDeviceID)
			if want := row["subsystem"]; want != "" && ids != want {
				t.Errorf("subsystem %s, the index has %s", ids, want)
			}
		})
	}
}

// TestSubsystemsAgree: the places that state a board agree wherever a ROM has
// more than one of them, which is what shows that they are such places.
func TestSubsystemsAgree(t *testing.T) {
	want := map[string]string{
		"nv-gp106-gtx1060-msi-full.rom": "1462:3281", "nv-ad106-4060ti-asus-trimmed.rom": "1043:898d",
		"nv-ga104-3060ti-runtime-badsum.rom": "1458:405b", "nv-gb206-5060ti-asus-full.rom": "1043:8a07", "nv-ga104m-3080-razer-full.rom": "1a58:2018",
	}
	several := 0
	for name, b := range dumps(t) {
		rom := Parse(b)
		for _, s := range rom.Subsystems {
			if s.VendorID != rom.Subsystems[0].VendorID || s.DeviceID != rom.Subsystems[0].DeviceID {
				t.Errorf("%s: %+v", name, rom.Subsystems)
			}
		}
		if len(rom.Subsystems) > 1 {
			several++
		}
		if w := want[name]; w != "" && inventory.Text(rom.SubsystemVendorID)+":"+inventory.Text(rom.SubsystemDeviceID) != w {
			t.Errorf("%s: subsystem %+v, want %s", name, rom.Subsystems, w)
		}
	}
	if several < 4 {
		t.Errorf("only %d dumps state a board twice", several)
	}
}

// TestDates: every ROM with a vendor's tables states a build date.
func TestDates(t *testing.T) {
	for name, b := range dumps(t) {
		rom := Parse(b)
		if date := inventory.Text(rom.BuildDate); rom.Version != nil && (len(date) != 10 || date < "2012-01-01" || date > "2025-12-31") {
			t.Errorf("%s: build date %q", name, date)
		}
	}
}

// TestWhatMiningModsChange: the tables in which a stock ROM and its mining mod
// differ are the ones that hold memory timings and clocks.
func TestWhatMiningModsChange(t *testing.T) {
	files := dumps(t)
	stock, modded := Parse(files["amd-polaris-rx580-sapphire-stock.rom"]), Parse(files["amd-polaris-rx580-sapphire-modded.rom"])
	if len(stock.Tables) != len(modded.Tables) || len(stock.Tables) < 40 {
		t.Fatalf("%d and %d tables", len(stock.Tables), len(modded.Tables))
	}
	var differ []string
	for i, s := range stock.Tables {
		if s.SHA256 != modded.Tables[i].SHA256 {
			differ = append(differ, s.Name)
		}
	}
	if got := strings.Join(differ, " "); got != "atom.PowerPlayInfo atom.VRAM_Info" {
		t.Errorf("tables that differ: %s", got)
	}
	if textOf(stock, "board") == textOf(modded, "board") {
		t.Error("the modder's text was not read")
	}
}

// TestPSPDirectory is where the reference says it is.
func TestPSPDirectory(t *testing.T) {
	files := dumps(t)
	for name, want := range map[string]int{"amd-vega10-vega56-msi.rom": 0x9d74, "amd-navi23-rx6600xt-sapphire.rom": 0xad4} {
		at := -1
		for _, table := range Parse(files[name]).Tables {
			if table.Name == "psp.directory" {
				at = table.Offset
			}
		}
		if at != want {
			t.Errorf("%s: PSP directory at %#x, want %#x", name, at, want)
		}
	}
}
