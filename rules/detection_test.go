package rules_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/manifest/manifesttest"
	"github.com/gpuaudit/gpuaudit/policy"
)

// stock are the dumps at hand that nobody changed, that are whole, and that were not made
// for mining, as one of MSI's was.
var stock = []string{
	"roms/nv-gk208-gt710-msi.rom", "roms/nv-gp106-gtx1060-msi-full.rom", "roms/nv-tu116-gtx1660-inno3d.rom", "roms/nv-gb206-5060ti-asus-full.rom",
	"roms/nv-ad106-4060ti-asus-trimmed.rom", "roms/nv-ga104m-3080-razer-full.rom", "roms/amd-polaris-rx580-sapphire-stock.rom",
	"roms/amd-navi23-rx6600xt-sapphire.rom", "roms/amd-vega10-vega56-msi.rom",
	"cases/roms/nv-gm204-gtx980-evga-hwdiag.rom", "cases/roms/nv-gp108-gt1030-msi.rom", "cases/roms/nv-tu106-rtx2060-asus-full.rom",
	"cases/roms/amd-polaris-rx580-msi-170912.rom", "cases/roms/amd-polaris-rx590-sapphire-181018.rom",
	"cases/roms/intel-dg1-101.5590-oprom.rom", "cases/roms/intel-dg2-a770-101.8724-oprom.rom", "cases/roms/intel-bmg-101.8801-opromcode.bin",
}

// sample is every how many cells of the table an ordinary run tries.
const sample = 23

// dump is a stock ROM and the card that it is of.
type dump struct {
	name       string
	b          []byte
	rom        *inventory.ROM
	ids        inventory.IDs
	generation string
	// flash: it holds more than the kernel gives, and was read with another tool.
	flash bool
}

func stockDumps(t *testing.T) []dump {
	t.Helper()
	var list []dump
	for _, name := range stock {
		b, err := os.ReadFile(filepath.Join(shared, name))
		if err != nil {
			t.Skipf("no ROM dumps in ../shared beside the checkout: %v", err)
		}
		d := dump{name: strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), b: b, rom: firmware.Parse(b)}
		d.generation = generation(d.rom)
		for _, kind := range []string{"00", "03", "f0"} {
			if im := (&edit{rom: d.rom}).image(kind); im != nil {
				d.ids.Vendor, d.ids.Device = im.VendorID, im.DeviceID
				break
			}
		}
		d.ids.SubsystemVendor, d.ids.SubsystemDevice = "1043", "8888"
		if d.rom.SubsystemVendorID != nil {
			d.ids.SubsystemVendor, d.ids.SubsystemDevice = *d.rom.SubsystemVendorID, *d.rom.SubsystemDeviceID
		}
		d.flash = len(kernelReads(b)) != len(b)
		list = append(list, d)
	}
	return list
}

// kernelReads is what the kernel gives of a ROM: from its start to the end of its last
// image (Linux, drivers/pci/rom.c, pci_get_rom_size). Nothing for one that begins with
// something else.
func kernelReads(b []byte) []byte {
	at := 0
	for at+0x1a <= len(b) && b[at] == 0x55 && b[at+1] == 0xaa {
		pcir := at + int(binary.LittleEndian.Uint16(b[at+0x18:]))
		if pcir+0x18 > len(b) || string(b[pcir:pcir+4]) != "PCIR" {
			break
		}
		n := int(binary.LittleEndian.Uint16(b[pcir+0x10:])) * block
		at = min(len(b), at+n)
		if n == 0 || b[pcir+0x15]&0x80 != 0 {
			break
		}
	}
	return b[:at]
}

const benchAddress = "0000:03:00.0"

// host is a machine with a card that has this ROM. What a flash tool read is given as
// a file.
func (d *dump) host(rom []byte, ids inventory.IDs, told string) machine {
	c := hosttest.GoodCard(benchAddress)
	c.Vendor, c.Device, c.Subvendor, c.Subdevice = ids.Vendor, ids.Device, ids.SubsystemVendor, ids.SubsystemDevice
	c.Functions, c.VRAM, c.VBIOSVersion, c.ROM = nil, 0, "", nil
	parsed := firmware.Parse(rom)
	switch d.ids.Vendor {
	case "1002":
		c.VBIOSVersion = inventory.Text(parsed.Part)
	case "10de":
		if told == "" {
			told = inventory.Text(parsed.Version)
		}
		c.Driver, c.NVIDIAVersion, c.UUID = "nvidia", told, "GPU-11111111-2222-3333-4444-555555555555"
	default:
		c.Driver = "i915"
	}
	if !d.flash {
		c.ROM = rom
	}
	env := hosttest.New().Add(c).Env()
	if d.flash {
		env.ROMFiles = map[string]collect.ROMFile{benchAddress: {Name: d.name, Data: rom}}
	}
	return machine{name: d.name, env: env}
}

// detector judges ROMs without a reference and against a baseline of the stock card.
type detector struct {
	engine    *policy.Engine
	catalogue *catalogue.Catalogue
}

// collected are the facts of the card.
func (j *detector) collected(t *testing.T, m machine) *facts.Facts {
	t.Helper()
	f := audited(t, nil, m)[benchAddress].facts
	if f == nil {
		t.Fatalf("%s: the card was not found", m.name)
	}
	return f
}

// fails are the rules that fail.
func (j *detector) fails(t *testing.T, f *facts.Facts) map[string]finding.Severity {
	t.Helper()
	list, err := j.engine.Evaluate(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]finding.Severity{}
	for _, x := range list {
		if x.Status == finding.Fail {
			out[x.ID] = x.Severity
		}
	}
	return out
}

// against is the same facts, compared with a baseline.
func against(f *facts.Facts, set manifest.Set, c *catalogue.Catalogue) *facts.Facts {
	g := *f
	r := compare.Compare(f.Device, set)
	r.Place = compare.Place(&f.Host, f.Device, set)
	r.Sightings, r.Names, r.Shared = f.Reference.Sightings, f.Reference.Names, f.Reference.Shared
	g.Reference = &r
	return &g
}

// baseline is what `gpuaudit baseline` states of a card.
func baseline(t *testing.T, f *facts.Facts) manifest.Set {
	t.Helper()
	p, err := manifest.FromDevice(f.Device, manifest.Baseline{Name: "bench", Vendor: "bench", Sequence: 1, Issued: recordedAt, Expires: recordedAt.AddDate(0, 6, 0)})
	if err != nil {
		t.Fatal(err)
	}
	p.Places = []manifest.Place{{Machine: manifest.MachineOf(&f.Host), Address: f.Device.Address}}
	m, err := manifesttest.Verified(t.Context(), p, "bench", manifest.Operator, f.Device.PCI.IDs().Vendor, recordedAt.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return manifest.NewSet(m)
}

// cell is one modification of one ROM and what rules newly say.
type cell struct {
	mod           *mod
	dump          *dump
	without, with []string
	hidden, worst bool // hidden: the reading is the stock one's; worst: a failure of high or above
}

// fresh are the rules that fail now and did not before, and whether one is grave.
func fresh(now, before map[string]finding.Severity) (ids []string, grave bool) {
	for id, severity := range now {
		if _, old := before[id]; !old {
			ids = append(ids, id)
			grave = grave || severity == finding.High || severity == finding.Critical
		}
	}
	slices.Sort(ids)
	return ids, grave
}

// TestDetection changes each stock ROM in each way of the table, and holds what rules
// see: without a reference at most a quarter stays silent, each such case for a reason
// that is named; against a baseline none does but blank padding; and of no stock ROM a
// rule on ROMs says anything. An ordinary run tries a part of the table; all of it with
// GPUAUDIT_LONG, where -v prints it.
func TestDetection(t *testing.T) {
	dumps := stockDumps(t)
	c := catalogue.Load()
	j := &detector{engine: load(t), catalogue: c}
	all, long := mods(), os.Getenv("GPUAUDIT_LONG") != ""
	var mu sync.Mutex
	var cells []cell
	t.Run("cells", func(t *testing.T) {
		for i := range dumps {
			d := &dumps[i]
			t.Run(d.name, func(t *testing.T) {
				t.Parallel()
				found := j.try(t, d, dumps, all, func(m int) bool { return long || (m+i)%sample == 0 })
				mu.Lock()
				defer mu.Unlock()
				cells = append(cells, found...)
			})
		}
	})
	judgeCells(t, cells, all, long)
}

// try changes one ROM.
func (j *detector) try(t *testing.T, d *dump, dumps []dump, all []mod, chosen func(int) bool) (cells []cell) {
	stockFacts := j.collected(t, d.host(d.b, d.ids, ""))
	set := baseline(t, stockFacts)
	before, beforeWith := j.fails(t, stockFacts), j.fails(t, against(stockFacts, set, j.catalogue))
	for id := range before {
		// A GT 1030 is sold with DDR4 under the name of the one with GDDR5, which is said.
		if downgraded := id == "GA-PR-085" && d.name == "nv-gp108-gt1030-msi"; onROMs(id) && !downgraded {
			t.Errorf("%s fails %s as it is", d.name, id)
		}
	}
	if _, bad := beforeWith["GA-BD-001"]; bad {
		t.Errorf("%s is not what its own baseline states", d.name)
	}
	for m := range all {
		if !chosen(m) {
			continue
		}
		e := &edit{b: bytes.Clone(d.b), rom: d.rom, ids: d.ids, donors: dumps, noise: rand.New(rand.NewPCG(uint64(m), uint64(len(d.b))))}
		if !all[m].apply(e) {
			continue
		}
		rom := e.b
		if !d.flash {
			rom = kernelReads(e.b)
		}
		x := cell{mod: &all[m], dump: d, hidden: bytes.Equal(rom, d.b) && e.ids == d.ids}
		if !x.hidden {
			f := j.collected(t, d.host(rom, e.ids, e.told))
			x.without, x.worst = fresh(j.fails(t, f), before)
			x.with, _ = fresh(j.fails(t, against(f, set, j.catalogue)), beforeWith)
		}
		cells = append(cells, x)
	}
	return cells
}

// romRules are the rules on what is in a ROM.
var romRules = []string{"GA-BD-004", "GA-BD-005", "GA-BD-006", "GA-BD-007", "GA-BD-008", "GA-BD-009", "GA-BD-010", "GA-BD-011", "GA-BD-031", "GA-BD-040", "GA-BD-041", "GA-BD-042",
	"GA-BD-043", "GA-BD-044", "GA-BD-063", "GA-BD-066", "GA-BD-067", "GA-BD-068", "GA-BD-069", "GA-BD-075", "GA-BD-090", "GA-BD-091", "GA-BD-092", "GA-BD-093", "GA-PR-012", "GA-PR-013", "GA-PR-019", "GA-PR-020", "GA-PR-032", "GA-PR-060", "GA-PR-061", "GA-PR-080", "GA-PR-081", "GA-PR-082", "GA-PR-083", "GA-PR-084", "GA-PR-085"}

// onROMs says that a rule judges what is in a ROM.
func onROMs(id string) bool {
	return slices.Contains(romRules, id)
}

// judgeCells prints the table and holds the shares.
func judgeCells(t *testing.T, cells []cell, all []mod, long bool) {
	t.Helper()
	total, silent, silentWith, hidden, grave := 0, 0, 0, 0, 0
	var table strings.Builder
	for m := range all {
		row := map[string]int{}
		n, blindHere, withHere, graveHere, hiddenHere := 0, 0, 0, 0, 0
		var where, whereWith []string
		for _, x := range cells {
			if x.mod.id != all[m].id {
				continue
			}
			if x.hidden {
				hiddenHere++
				continue
			}
			n++
			for _, id := range x.without {
				row[strings.TrimPrefix(id, "GA-")]++
			}
			if x.worst {
				graveHere++
			}
			if len(x.without) == 0 {
				blindHere++
				where = append(where, x.dump.name)
				if x.mod.blind == "" {
					t.Errorf("%s (%s) is silent, and nothing says why", x.mod.name(x.dump), x.mod.what)
				}
			}
			if len(x.with) == 0 {
				withHere++
				whereWith = append(whereWith, x.dump.name)
				if x.mod.blind != blank {
					t.Errorf("%s (%s) is silent against the card's own baseline", x.mod.name(x.dump), x.mod.what)
				}
			}
		}
		total, silent, silentWith, hidden, grave = total+n, silent+blindHere, silentWith+withHere, hidden+hiddenHere, grave+graveHere
		var rules []string
		for id, k := range row {
			rules = append(rules, fmt.Sprintf("%s×%d", id, k))
		}
		slices.Sort(rules)
		fmt.Fprintf(&table, "| %s %s | %d | %s | %d/%d | %d | %d | %s %s\n", all[m].id, all[m].what, n, strings.Join(rules, " "), blindHere, n, graveHere, withHere, strings.Join(where, " "), strings.Join(whereWith, " "))
	}
	t.Logf("%d changed ROMs: %d silent without a reference (%.1f %%), %d with a failure of high or above; against a baseline %d silent; %d more are outside what the kernel reads\n%s",
		total, silent, 100*float64(silent)/float64(max(total, 1)), grave, silentWith, hidden, table.String())
	if long && 4*silent > total {
		t.Errorf("%d of %d are silent without a reference, more than a quarter", silent, total)
	}
}
