package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// honestly is a way in which an honest card of a factory size shows itself.
type honestly struct {
	name string
	// states is what its driver makes of the nominal size, in MiB.
	states func(nominal uint64) uint64
	// windows are the sizes of its memory windows.
	windows func(nominal uint64) []uint64
	// driver is NVIDIA's version; share says that it is a guest's.
	driver string
	share  bool
	// only says of which rows it is a way; nil for all.
	only func(*catalogue.Accelerator) bool
}

const oldDriver, newDriver = "470.256.02", "595.71.05"

// honestWays: a fixed window and the whole size; a window over all of the memory, and what
// firmware keeps; the reserve of old drivers; check bits of memory that has none of its
// own; a guest's share.
func honestWays() []honestly {
	fixed := func(uint64) []uint64 { return nil }
	nvidia := func(a *catalogue.Accelerator) bool { return a.VendorID == "10de" }
	return []honestly{
		{name: "whole, fixed window", states: func(n uint64) uint64 { return n }, windows: fixed, driver: newDriver},
		{name: "a little less, resized window", states: func(n uint64) uint64 { return n - n/500 }, driver: newDriver,
			windows: func(n uint64) []uint64 { return []uint64{16 << 20, powerFrom(n) << 20, 32 << 20} }},
		{name: "old driver", states: func(n uint64) uint64 { return n - n/26 }, windows: fixed, driver: oldDriver, only: nvidia},
		{name: "ECC on GDDR", states: func(n uint64) uint64 { return n * 15 / 16 }, windows: fixed, driver: newDriver,
			only: func(a *catalogue.Accelerator) bool { return nvidia(a) && a.Form == nil }},
		{name: "share in a guest", states: func(n uint64) uint64 { return n / 4 }, windows: fixed, driver: newDriver, share: true, only: nvidia},
	}
}

// powerFrom is the least power of two that is no less than n.
func powerFrom(n uint64) uint64 {
	p := uint64(1)
	for p < n {
		p *= 2
	}
	return p
}

// rowsAndNames are the rows of the embedded catalogue, and NVIDIA's names of ids.
func rowsAndNames(t *testing.T) (rows []catalogue.Accelerator, names map[string][]string) {
	t.Helper()
	names = map[string][]string{}
	read := func(file string, take func(map[string]string)) {
		text, err := os.ReadFile("catalogue/data/" + file)
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := strings.Cut(string(text), "\n")
		columns := strings.Split(head, "\t")
		for line := range strings.Lines(body) {
			cells := map[string]string{}
			for i, cell := range strings.Split(strings.TrimSuffix(line, "\n"), "\t") {
				cells[columns[i]] = cell
			}
			take(cells)
		}
	}
	read("accelerators.tsv", func(cells map[string]string) {
		row, err := catalogue.Accelerators().Row(cells)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	})
	read("boards.tsv", func(cells map[string]string) {
		if cells["vendor_id"] == "10de" && !slices.Contains(names[cells["device_id"]], cells["name"]) {
			names[cells["device_id"]] = append(names[cells["device_id"]], cells["name"])
		}
	})
	return rows, names
}

// honestCard is a card that goes into a host.
type honestCard struct {
	row     *catalogue.Accelerator
	way     honestly
	nominal uint64 // MiB; 0 where no size is known
	// called is what NVIDIA's driver calls it, version that of its firmware; "" for none.
	called, version string
}

func (c *honestCard) String() string {
	return fmt.Sprintf("%s:%s %s, %d MiB, %s, called %q, firmware %q", c.row.VendorID, c.row.DeviceID, c.row.Name, c.nominal, c.way.name, c.called, c.version)
}

// honestCards is every row with every factory size in every way, with the names that the
// maker has for the id, and with the firmware versions that its chip has, in turn.
func honestCards(t *testing.T) []honestCard {
	t.Helper()
	rows, names := rowsAndNames(t)
	var list []honestCard
	for i := range rows {
		row, n := &rows[i], 0
		if strings.HasSuffix(row.Name, " FAKE") {
			continue // the id list's own word for a forged id
		}
		add := func(way honestly, nominal uint64) {
			c := honestCard{row: row, way: way, nominal: nominal}
			if own := names[row.DeviceID]; row.VendorID == "10de" && len(own) > 0 {
				c.called = own[n%len(own)]
			}
			if p := row.VBIOSPrefixes; row.VendorID == "10de" && len(p) > 0 {
				c.version = p[n%len(p)] + ".20.00.3A"
			}
			n++
			list = append(list, c)
		}
		for _, way := range honestWays() {
			if way.only != nil && !way.only(row) {
				continue
			}
			for _, mib := range row.MemoryMiB {
				add(way, uint64(mib))
			}
		}
		for n < max(1, len(names[row.DeviceID]), len(row.VBIOSPrefixes)) {
			add(honestWays()[0], 0)
		}
	}
	return list
}

// honestHost is a host of some cards, with the answers of NVIDIA's library.
func honestHost(cards []honestCard) (*hosttest.Host, *input.File) {
	h := hosttest.New()
	answers := map[string]any{"schema": "gpuaudit.nvml/v1", "library": "libnvidia-ml.so.1", "driver_version": cards[0].way.driver}
	var gpus []map[string]any
	laptop := false
	for i := range cards {
		c := &cards[i]
		card := hosttest.Card{Address: fmt.Sprintf("0000:%02x:00.0", i+1), Vendor: c.row.VendorID, Device: c.row.DeviceID, Subvendor: "1043", Subdevice: "1234",
			Class: "030000", BARs: c.way.windows(c.nominal), UUID: fmt.Sprintf("GPU-%08x-2222-3333-4444-555555555555", i)}
		if is(c.row.Market, "data-centre") {
			card.Class, card.Subvendor = "030200", c.row.VendorID
		}
		if is(c.row.Form, "mining") {
			card.Subvendor, card.Subdevice = "0000", "0000"
		}
		if len(c.row.ClassCodes) > 0 {
			card.Class = c.row.ClassCodes[0] + "00"
		}
		laptop = laptop || is(c.row.Form, "laptop")
		stated := c.way.states(c.nominal) << 20
		switch c.row.VendorID {
		case "10de":
			card.Driver, card.NVIDIAVersion = "nvidia", c.version
			gpu := map[string]any{"address": card.Address, "vendor_id": card.Vendor, "device_id": card.Device, "subsystem_vendor_id": card.Subvendor,
				"subsystem_device_id": card.Subdevice, "uuid": card.UUID, "name": c.called, "vbios_version": c.version, "memory_bytes": stated}
			if c.way.share {
				gpu["name"], gpu["vbios_version"], card.NVIDIAVersion = "GRID V100-"+strconv.FormatUint(stated>>30, 10)+"Q", "00.00.00.00.00", "00.00.00.00.00"
			}
			for key, value := range gpu {
				if value == "" || value == uint64(0) {
					delete(gpu, key)
				}
			}
			gpus = append(gpus, gpu)
		case "1002":
			card.Driver, card.VRAM = "amdgpu", stated
			card.BARs = nil // window 0 is the memory's
			if w := c.way.windows(c.nominal); w != nil {
				card.BARs = []uint64{w[1], 256 << 20, 1 << 20}
			}
		}
		h.Add(card)
	}
	if laptop {
		h.File("sys/class/dmi/id/chassis_type", "10\n")
	}
	h.File("sys/module/nvidia/version", cards[0].way.driver+"\n").Remove("proc/driver/nvidia/version")
	answers["gpus"] = gpus
	text, err := json.Marshal(answers)
	if err != nil {
		panic(err) // plain values
	}
	return h, &input.File{Name: "nvml.json", Data: text}
}

func is(s *string, want string) bool { return s != nil && *s == want }

// TestNoHonestRowIsAccused: no row of the catalogue, with none of its factory sizes, in
// none of the ways in which honest cards show themselves, is called modified or
// counterfeit by the collectors and the rules together.
func TestNoHonestRowIsAccused(t *testing.T) {
	t.Parallel()
	identity := func(ctx context.Context, _ fs.FS, _ map[string][]byte) (engine, error) {
		all, err := builtIn()
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, r := range all.Rules() {
			if r.Identity != "" {
				ids = append(ids, r.ID)
			}
		}
		return all.Only(ctx, ids)
	}
	// Cards of one driver and one kind of host go together, some at a time.
	groups := map[string][]honestCard{}
	for _, c := range honestCards(t) {
		key := fmt.Sprint(c.way.driver, is(c.row.Form, "laptop"))
		groups[key] = append(groups[key], c)
	}
	judged := 0
	for _, all := range groups {
		for cards := range slices.Chunk(all, 12) {
			h, answers := honestHost(cards)
			in := Inputs{Program: Program{Name: "gpuaudit", Version: "1"}, Question: Question{Now: clock}, Beside: machine.Beside{NVML: answers}}
			a, err := assemble(t.Context(), in, parts{load: identity, enumerate: machine.Enumerator, collectors: machine.Collectors})
			if err != nil {
				t.Fatal(err)
			}
			r, err := a.Run(t.Context(), &machine.Machine{Env: h.Env()})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Devices) != len(cards) {
				t.Fatalf("%d of %d cards were seen", len(r.Devices), len(cards))
			}
			for i, d := range r.Devices {
				if d.Role != "" {
					continue
				}
				judged++
				if v := d.Identity.Verdict; v == report.Modified || v == report.CounterfeitSigns {
					t.Errorf("%s: %s by %v", &cards[i], v, details(r, d.Address, d.Identity.Reasons))
				}
			}
		}
	}
	if judged < 3000 {
		t.Errorf("only %d cards were judged", judged)
	}
}

// details are what rules say of a device.
func details(r *report.Report, address string, ids []string) []string {
	var list []string
	for _, f := range r.Findings {
		if f.Device == address && slices.Contains(ids, f.ID) {
			list = append(list, f.ID+": "+f.Detail)
		}
	}
	return list
}
