package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// fraud is a fraud of the market, or what is taken for one, rebuilt from the facts that
// it was published with.
type fraud struct {
	name string
	// tell says what gives it away, hidden what a forger could still hide. Both stand on
	// the page.
	tell, hidden string
	// gives are rules that fail, verdict is the answer.
	gives   []string
	verdict report.IdentityVerdict
	host    func() *hosttest.Host
	// mib is the memory that nvidia-smi states, name what it calls the card; 0 and ""
	// where it says nothing.
	rom    []byte // that it is read to have; nil for none
	mib    int
	called string
	args   []string
}

const atSlot = "0000:01:00.0"

// nv is a host with a card of NVIDIA.
func nv(device string, change ...func(*hosttest.Card)) func() *hosttest.Host {
	return func() *hosttest.Host {
		c := hosttest.NVIDIACard(atSlot)
		c.Device, c.NVIDIAVersion = device, ""
		for _, f := range change {
			f(&c)
		}
		return hosttest.New().Add(c)
	}
}

// amd is a host with a card of AMD that states this memory, in MiB.
func amd(device string, mib uint64) func() *hosttest.Host {
	return func() *hosttest.Host {
		return hosttest.New().Add(hosttest.Card{Address: atSlot, Vendor: "1002", Device: device, Subvendor: "1da2", Subdevice: "e353", Driver: "amdgpu", VRAM: mib << 20})
	}
}

// sounding gives a card a sound function with this id.
func sounding(id string) func(*hosttest.Card) {
	return func(c *hosttest.Card) {
		c.Functions, c.Driver = []hosttest.Function{{Address: "0000:01:00.1", Vendor: "10de", Device: id, Class: "040300"}}, ""
	}
}

func legacyROM(vendor, device uint16) []byte {
	return hosttest.ROM(hosttest.Image{Vendor: vendor, Device: device, Blocks: 8, Last: true})
}

// frauds are those that are named in reports of buyers and in the press.
func frauds() []fraud {
	const soldering = "the quality of the soldering; what else was changed in the legacy image: a manifest or a sighting tells that"
	desktop := func(h *hosttest.Host) *hosttest.Host { return h.File("sys/class/dmi/id/chassis_type", "3\n") }
	return []fraud{
		{name: "RTX 4090 with 48 GB", tell: "more memory than the maker gives; a published modification", hidden: soldering,
			gives: []string{"GA-PR-008", "GA-PR-014"}, verdict: report.Modified, host: nv("2684"), mib: 49140},
		{name: "RTX 4090 with 48 GB, without a driver", tell: "a memory window of 64 GiB, where 24 GB need 32", hidden: "the window: two owners report that theirs offer no more than the old 32 GiB (NvStrapsReBar#133), and then only the driver tells",
			gives: []string{"GA-PR-030"}, verdict: report.Modified, host: nv("2684", func(c *hosttest.Card) { c.BARs, c.Driver = []uint64{16 << 20, 64 << 30, 32 << 20}, "" })},
		{name: "RTX 2080 Ti with 22 GB", tell: "a published modification of this id and size", hidden: soldering, gives: []string{"GA-PR-014"}, verdict: report.Modified, host: nv("1e07"), mib: 22528},
		{name: "RTX 2080 Ti with 44 GB", tell: "a published modification of this id and size", hidden: soldering, gives: []string{"GA-PR-014"}, verdict: report.Modified, host: nv("1e07"), mib: 45056},
		{name: "RTX 3080 with 20 GB", tell: "a published modification; boards of NVIDIA's own with 20 GB were never sold", hidden: soldering, gives: []string{"GA-PR-014"}, verdict: report.Modified, host: nv("2206"), mib: 20480},
		{name: "RTX 3070 with 16 GB", tell: "a published modification; boards of NVIDIA's own with 16 GB were never sold", hidden: soldering, gives: []string{"GA-PR-014"}, verdict: report.Modified, host: nv("2484"), mib: 16384},
		{name: "RTX 5090 with 96 GB", tell: "three times the memory of a whole list; no card was measured yet, so that it is no published case", hidden: soldering, gives: []string{"GA-PR-008"}, verdict: report.Modified, host: nv("2b85"), mib: 98304},
		{name: "GTX 1080 Ti with 22 GB", tell: "twice the memory that the card was announced with", hidden: soldering, gives: []string{"GA-PR-008"}, verdict: report.Modified, host: nv("1b06"), mib: 22528},
		{name: "RTX 3060 with 24 GB", tell: "more than both sizes of the maker's own table", hidden: soldering, gives: []string{"GA-PR-008"}, verdict: report.Modified, host: nv("2504"), mib: 24576},
		{name: "RTX 4060 Ti of 8 GB with 16", tell: "the maker gives its cards of 16 GB another id", hidden: soldering + "; the id, by the firmware of a card of 16 GB", gives: []string{"GA-PR-008"}, verdict: report.Modified, host: nv("2803"), mib: 16380},
		{name: "RTX 2060 of 6 GB with 12", tell: "a published modification; the maker gives its cards of 12 GB another id", hidden: soldering, gives: []string{"GA-PR-008", "GA-PR-014"}, verdict: report.Modified, host: nv("1f08"), mib: 12288},
		{name: "RTX 5060 Ti of 8 GB with 16, one id for both", tell: "the firmware offers no window above 8 GiB", hidden: "the firmware, by that of a card of 16 GB: then nothing on the bus tells", gives: []string{"GA-PR-010"}, verdict: report.CannotTell,
			host: nv("2d04", func(c *hosttest.Card) { c.Offered = 8 << 30 }), mib: 16311},
		{name: "RTX 3060 of 8 GB with 12, one id for both", tell: "the firmware offers no window above 8 GiB", hidden: "the firmware, by that of a card of 12 GB, with which such cards were shown", gives: []string{"GA-PR-010"}, verdict: report.CannotTell,
			host: nv("2504", func(c *hosttest.Card) { c.Offered = 8 << 30 }), mib: 12288},
		{name: "Radeon RX 7600 with 16 GB", tell: "AMD's revision is that of the RX 7600, which has 8 GB", hidden: soldering + "; the revision, by the firmware of an RX 7600 XT", gives: []string{"GA-PR-008"}, verdict: report.Modified,
			host: func() *hosttest.Host {
				return hosttest.New().Add(hosttest.Card{Address: atSlot, Vendor: "1002", Device: "7480", Revision: "cf", Subvendor: "1da2", Subdevice: "e353", Driver: "amdgpu", VRAM: 16368 << 20})
			}},
		{name: "RTX 4070 Ti SUPER with 32 GB", tell: "twice the memory of the maker's own table", hidden: soldering, gives: []string{"GA-PR-008"}, verdict: report.Modified, host: nv("2705"), mib: 32760},
		{name: "RTX 4080 SUPER with 32 GB", tell: "a published modification, and twice the memory of the maker's own table", hidden: soldering, gives: []string{"GA-PR-008", "GA-PR-014"}, verdict: report.Modified, host: nv("2702"), mib: 32760},
		{name: "Radeon RX 580 with 16 GB", tell: "a published modification of this id and size", hidden: soldering, gives: []string{"GA-PR-014"}, verdict: report.Modified,
			host: amd("67df", 16368)},
		{name: "Radeon RX 5600 XT with 12 GB", tell: "a published modification of this id and size", hidden: soldering, gives: []string{"GA-PR-014"}, verdict: report.Modified,
			host: amd("731f", 12272)},
		{name: "RTX 3080 with 20 GB, of NVIDIA's own board 10de:146d", tell: "its number is that of a board that NVIDIA made and never sold, so that nothing follows from the size (GA-PR-008)", hidden: "a rebuilt card may show the number", verdict: report.CannotTell,
			host: nv("2206", func(c *hosttest.Card) { c.Subvendor, c.Subdevice = "10de", "146d" }), mib: 20480},
		{name: "CMP 170HX opened to 64 GB", tell: "a published modification: eight times the factory's memory", hidden: "nothing was soldered: firmware or driver opened what the factory closed", gives: []string{"GA-PR-014"}, verdict: report.Modified, host: nv("20c2"), mib: 65536},
		{name: "P102-100 flashed to 10 GB", tell: "a published modification by firmware alone", hidden: "memory that the factory tested and closed", gives: []string{"GA-PR-014"}, verdict: report.Modified, host: nv("1b07"), mib: 10240},
		{name: "P104-100 flashed to 8 GB", tell: "a published modification by firmware alone", hidden: "as for the P102-100", gives: []string{"GA-PR-014"}, verdict: report.Modified, host: nv("1b87"), mib: 8192},
		{name: "GT 710 with the id of a GTX 1050 Ti", tell: "the ROM is that of the old chip", hidden: "ids, date and version in the ROM, if its sum is corrected: then link, memory and driver remain",
			gives: []string{"GA-BD-006"}, verdict: report.CounterfeitSigns, host: nv("1c82"), rom: legacyROM(0x10de, 0x128b)},
		{name: "GTX 550 Ti with the id of a GTX 1050 Ti", tell: "the ROM is that of the old chip", hidden: "as for the GT 710", gives: []string{"GA-BD-006"}, verdict: report.CounterfeitSigns,
			host: nv("1c82"), rom: legacyROM(0x10de, 0x1244)},
		{name: "GT 710 with the id of a GTX 1050 Ti, its ROM and link edited", tell: "its sound function has the number of the old chip's", hidden: "the number of the sound, too, or the whole function: then the driver, which does not start",
			gives: []string{"GA-PR-074"}, verdict: report.CounterfeitSigns, host: nv("1c82", sounding("0e0f"))},
		{name: "GTX 550 Ti with the id of a GTX 1050 Ti, its ROM and link edited", tell: "the same", hidden: "the same", gives: []string{"GA-PR-074"}, verdict: report.CounterfeitSigns,
			host: nv("1c82", sounding("0bee"))},
		{name: "a driver that calls an RTX 3090 RTX 4090", tell: "the name is that of another device id", hidden: "the name, by leaving the driver alone", gives: []string{"GA-PR-031"}, verdict: report.CounterfeitSigns,
			host: nv("2204"), mib: 24576, called: "NVIDIA GeForce RTX 4090"},
		{name: "laptop chip on a desktop board", tell: "a laptop's id in a desktop, on a board whose maker's id is blank", hidden: "the maker's id: with one, the answer is unknown (mini PCs use laptop chips honestly)",
			gives: []string{"GA-PR-015"}, verdict: report.CounterfeitSigns, host: func() *hosttest.Host {
				return desktop(nv("249d", func(c *hosttest.Card) { c.Subvendor, c.Subdevice = "0000", "0000" })())
			}},
		{name: "FPGA that poses as an RTX 4090", tell: "a first window smaller than NVIDIA's registers", hidden: "the window's size; then what the driver cannot start", gives: []string{"GA-PR-033"}, verdict: report.CounterfeitSigns,
			host: nv("2684", func(c *hosttest.Card) { c.BARs, c.Driver = []uint64{4 << 10}, "" })},
		{name: "MTT S80 sold as an RTX 4090", tell: "the seller's words (--sold-as) name another product than the ids", hidden: "nothing: the card claims to be no other", gives: []string{"GA-PR-070"}, verdict: report.CannotTell,
			host: func() *hosttest.Host {
				return hosttest.New().Add(hosttest.Card{Address: atSlot, Vendor: "1ed5", Device: "0201", Subvendor: "1ed5", Subdevice: "0201", Driver: "mtgpu"})
			}, args: []string{"--sold-as", "RTX 4090 24GB"}},
		{name: "Kunlun P800 sold as an A100", tell: "the same", hidden: "the same", gives: []string{"GA-PR-070"}, verdict: report.CannotTell,
			host: func() *hosttest.Host {
				return hosttest.New().Add(hosttest.Card{Address: atSlot, Vendor: "1d22", Device: "3688", Subvendor: "1d22", Subdevice: "0001", Class: "120000"})
			}, args: []string{"--sold-as", "A100 80GB"}},
		{name: "Radeon RX 580 2048SP sold as an RX 580", tell: "an id of its own, made by AMD: no finding against the card, and with --sold-as another product", hidden: "its id, by the ROM of an RX 580: a count of shaders decides (clinfo: 32 units, not 36)",
			gives: []string{"GA-PR-070"}, verdict: report.Genuine, host: amd("6fdf", 8176), args: []string{"--sold-as", "RX 580 8GB"}},
		{name: "Tesla K80, two GPUs of 12 GB, sold as one of 24 GB", tell: "two devices of half the memory; --sold-as holds the size against each, and says that the board has it in all", hidden: "nothing: the operating system shows two",
			gives: []string{"GA-PR-071"}, verdict: report.Genuine, host: nv("102d", func(c *hosttest.Card) { c.Class = "030200" }), mib: 11441, args: []string{"--sold-as", "Tesla K80 24GB"}},
		{name: "engineering sample", tell: "the id's name in the PCI id list; words of a development build in the ROM (GA-BD-043)", hidden: "the words, by the ROM of a card that was sold",
			gives: []string{"GA-PR-034"}, verdict: report.CannotTell, host: nv("0fda")},
	}
}

// recorded writes the fraud's host and recording, and returns what to scan.
func (f *fraud) recorded(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	h := f.host()
	if err := h.WriteTo(filepath.Join(dir, "root")); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"--root", filepath.Join(dir, "root")}, f.args...)
	if f.rom != nil {
		name := filepath.Join(dir, "card.rom")
		if err := os.WriteFile(name, f.rom, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--rom", atSlot+"="+name)
	}
	if f.mib == 0 {
		return args
	}
	read := func(name string) string {
		text := string(h.FS["sys/devices/pci0000:00/0000:00:01.0/"+atSlot+"/"+name].Data)
		return strings.ToUpper(strings.TrimPrefix(strings.TrimSpace(text), "0x"))
	}
	named := ""
	if f.called != "" {
		named = "<product_name>" + f.called + "</product_name>"
	}
	xml := fmt.Sprintf(`<nvidia_smi_log><driver_version>580.95.05</driver_version><attached_gpus>1</attached_gpus><gpu id="00000000:01:00.0">%s`+
		`<pci><pci_device_id>%s%s</pci_device_id><pci_sub_system_id>%s%s</pci_sub_system_id></pci><fb_memory_usage><total>%d MiB</total></fb_memory_usage></gpu></nvidia_smi_log>`,
		named, read("device"), read("vendor"), read("subsystem_device"), read("subsystem_vendor"), f.mib)
	smi := filepath.Join(dir, "smi.xml")
	if err := os.WriteFile(smi, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	return append(args, "--witness", smi)
}

// TestFrauds: each named fraud gives the answer that its page says, by the rules that
// it says.
func TestFrauds(t *testing.T) {
	t.Parallel()
	for _, f := range frauds() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			r, _ := scanned(t, f.recorded(t)...)
			if len(r.Devices) != 1 {
				t.Fatalf("%d devices", len(r.Devices))
			}
			failed := failures(r)
			for _, id := range f.gives {
				if !failed[id] {
					t.Errorf("%s does not fail", id)
				}
			}
			if got := r.Devices[0].Identity; got.Verdict != f.verdict {
				t.Errorf("it is %s (%v), want %s", got.Verdict, got.Reasons, f.verdict)
			}
		})
	}
}
