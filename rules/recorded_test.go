package rules_test

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/amd"
	"github.com/gpuaudit/gpuaudit/audit/collect/driver"
	"github.com/gpuaudit/gpuaudit/audit/collect/host"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvidia"
	"github.com/gpuaudit/gpuaudit/audit/collect/pci"
	"github.com/gpuaudit/gpuaudit/audit/collect/rom"
	"github.com/gpuaudit/gpuaudit/audit/collect/software"
	"github.com/gpuaudit/gpuaudit/audit/collect/witness"
	"github.com/gpuaudit/gpuaudit/audit/compare"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/policy"
	"github.com/gpuaudit/gpuaudit/rules"
)

// machine is a host that was recorded or built, and what others said of it.
type machine struct {
	name string
	env  *collect.Env
	said []*witness.Statement
}

// asked is the question to all of them: one that the rules on restrictions have
// to answer.
var asked = facts.Purpose{Jurisdiction: new("US"), Profile: new("company"), Origin: new("CN")}

// ownMachines are the project's own hosts.
func ownMachines(t testing.TB) []machine {
	t.Helper()
	var list []machine
	for _, name := range []string{"good", "doubled-memory", "larger-memory", "bad-checksum", "garbage-rom", "other-rom", "network-function", "capability-loop",
		"changed-module", "nvidia", "header-only", "iommu-off", "worn"} {
		h, err := hosttest.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, machine{name: "host " + name, env: h.Env()})
	}
	return list
}

// snapshots are the hosts that come with ghw, which the module cache holds.
func snapshots(t testing.TB) []machine {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/jaypipes/ghw").Output()
	if err != nil {
		t.Fatalf("find ghw's snapshots: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "testdata/snapshots/*.tar.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("ghw has no snapshots: %v", err)
	}
	var list []machine
	for _, file := range files {
		archive, err := capture.OpenFile(file, capture.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, machine{name: "snapshot " + strings.TrimSuffix(filepath.Base(file), ".tar.gz"), env: archive.Env(recordedAt)})
	}
	return list
}

var recordedAt = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

const shared = "../../shared/"

// sharedMachines are the recordings beside the checkout: a PCI tree, topologies
// of AMD's compute driver, what nvidia-smi and lspci printed, and ROM dumps. Of
// what a recording does not hold, such as the machine around the card, the
// project's own host stands in.
func sharedMachines(t testing.TB) []machine {
	t.Helper()
	if _, err := os.Stat(shared); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	nfd := untar(t, shared+"captures/nfd-pci-rootfs.tar.gz")
	root, err := fs.Sub(nfd, "testdata/source/pci/rootfs-1")
	if err != nil {
		t.Fatal(err)
	}
	list := []machine{{name: "tree nfd-pci-rootfs", env: &collect.Env{FS: root, Now: recordedAt, Derive: collect.Memo(),
		ROM: func(context.Context, string) ([]byte, error) { return nil, fs.ErrNotExist }}}}
	for _, name := range []string{"rocm-topo-mi210-xgmi-pcie", "rocm-topology-parsing-mi308"} {
		list = append(list, machine{name: "topology " + name, env: topology(t, untar(t, shared+"captures/"+name+".tar.gz")).Env()})
	}
	list = append(list, spoken(t)...)
	return append(list, flashed(t)...)
}

// untar reads an archive into memory. Nothing of it is written anywhere.
func untar(t testing.TB, name string) fstest.MapFS {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	tree, r := fstest.MapFS{}, tar.NewReader(z)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return tree
		}
		if err != nil {
			t.Fatal(err)
		}
		switch h.Typeflag {
		case tar.TypeReg:
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			tree[path.Clean(h.Name)] = &fstest.MapFile{Data: text}
		case tar.TypeSymlink:
			tree[path.Clean(h.Name)] = &fstest.MapFile{Data: []byte(h.Linkname), Mode: fs.ModeSymlink}
		}
	}
}

var property = regexp.MustCompile(`(?m)^(device_id|vendor_id|location_id|domain) (\d+)$`)

// topology is a host with the GPUs of a recorded KFD topology.
func topology(t testing.TB, tree fstest.MapFS) *hosttest.Host {
	t.Helper()
	h, there := hosttest.New(), map[string]bool{}
	for name, file := range tree {
		_, rest, ok := strings.Cut(name, "nodes/")
		if !ok {
			continue
		}
		h.File("sys/class/kfd/kfd/topology/nodes/"+rest, string(file.Data))
		values := map[string]uint64{}
		if path.Base(name) == "properties" && strings.Count(rest, "/") == 1 {
			for _, m := range property.FindAllStringSubmatch(string(file.Data), -1) {
				values[m[1]], _ = strconv.ParseUint(m[2], 10, 64)
			}
		}
		if at := values["location_id"]; values["vendor_id"] == 0x1002 {
			address := fmt.Sprintf("%04x:%02x:%02x.0", values["domain"], at>>8&0xff, at>>3&0x1f)
			if !there[address] {
				h.Add(hosttest.Card{Address: address, Vendor: "1002", Device: fmt.Sprintf("%04x", values["device_id"]), Class: "120000", Driver: "amdgpu",
					MaxSpeed: "32.0 GT/s PCIe"})
			}
			there[address] = true
		}
	}
	if len(there) == 0 {
		t.Fatal("a topology has no GPU")
	}
	return h
}

// spoken are hosts with the GPUs of a recording, which is a witness then.
func spoken(t testing.TB) (list []machine) {
	t.Helper()
	for _, pattern := range []string{"nvsmi-qx-*.xml", "nvidia-smi_*.txt", "lspci-*.txt"} {
		files, err := filepath.Glob(shared + "captures/" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no recordings %s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			const log = "==============NVSMI LOG=============="
			if _, rest, ok := strings.Cut(string(text), log); ok { // one output of several that the file holds
				rest, _, _ = strings.Cut(rest, log)
				rest, _, _ = strings.Cut(rest, "\n####")
				text = []byte(log + rest)
			}
			s, err := witness.Parse(filepath.Base(file), text)
			if err != nil {
				t.Fatal(err)
			}
			h := hosttest.New()
			for _, d := range s.Devices {
				if slices.Contains(s.GPUs(), d.Address) {
					class := d.Class + "000000"[min(6, len(d.Class)):]
					h.Add(hosttest.Card{Address: d.Address, Vendor: d.Vendor, Device: d.Model, Subvendor: d.Subvendor, Subdevice: d.Subsystem,
						Class: map[bool]string{true: "030200", false: class}[d.Class == ""], Driver: d.DriverName, NVIDIAVersion: d.VBIOS, UUID: d.UUID})
				}
			}
			if s.Driver != "" {
				h.File("sys/module/nvidia/version", s.Driver).File("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  "+s.Driver+"  Release Build\n")
			}
			list = append(list, machine{name: "recording " + filepath.Base(file), env: h.Env(), said: []*witness.Statement{s}})
		}
	}
	return list
}

// flashed are the project's good card with each dump as its ROM, and with the
// ids that the dump was made for.
func flashed(t testing.TB) (list []machine) {
	t.Helper()
	files, err := filepath.Glob(shared + "roms/*.*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dumps: %v", err)
	}
	for _, file := range files {
		if path.Ext(file) == ".csv" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := hosttest.GoodCard("0000:03:00.0")
		c.ROM = text
		parsed := firmware.Parse(text)
		for _, image := range parsed.Images {
			if image.CodeType == "00" {
				c.Vendor, c.Device = image.VendorID, image.DeviceID
				break
			}
		}
		if parsed.SubsystemVendorID != nil {
			c.Subvendor, c.Subdevice = *parsed.SubsystemVendorID, *parsed.SubsystemDeviceID
		}
		c.Functions, c.VRAM, c.VBIOSVersion = nil, 0, ""
		if c.Vendor != "1002" {
			c.Driver = ""
		}
		list = append(list, machine{name: "dump " + filepath.Base(file), env: hosttest.New().Add(c).Env()})
	}
	return list
}

// judged is the facts of one device, or of the host, and what the rules say.
type judged struct {
	facts    *facts.Facts
	findings []finding.Finding
}

// listener keeps what the judge is asked; without an engine it says nothing.
type listener struct {
	engine *policy.Engine
	mu     sync.Mutex
	heard  map[string]judged
}

func (l *listener) Evaluate(ctx context.Context, input any) ([]finding.Finding, error) {
	var findings []finding.Finding
	var err error
	if l.engine != nil {
		findings, err = l.engine.Evaluate(ctx, input)
	}
	f, owner := input.(*facts.Facts), "host"
	if f.Device != nil {
		owner = f.Device.Address
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard[owner] = judged{f, findings}
	return findings, err
}

// audited runs the whole audit of a machine: the collectors, the catalogue, and
// the rules that ship.
func audited(t testing.TB, e *policy.Engine, m machine) map[string]judged {
	t.Helper()
	c := catalogue.Load()
	l := &listener{engine: e, heard: map[string]judged{}}
	a := &audit.Auditor{
		Enumerate: pci.Enumerator(c.KnownAccelerator), Catalogue: c.Lookup, Judge: l,
		Collectors: []collect.Collector{host.Collector(), pci.Collector(), driver.Collector(), software.Collector(), rom.Collector(), amd.Collector(), nvidia.Collector(), witness.Collector(m.said)},
		Compare: func(h *inventory.Host, d *inventory.Device) facts.Reference {
			r := compare.Compare(d, manifest.NewSet())
			r.Place = compare.Place(h, d, manifest.NewSet())
			r.Sightings = compare.Sightings(d, c)
			r.Names = compare.Names(d, c)
			return r
		},
		DataSets: []audit.DataSet{{Name: "catalogue", Date: c.Date(), SHA256: c.SHA256()}, {Name: "pci-ids", Date: c.Date()}},
	}
	for _, d := range rules.Data() {
		a.DataSets = append(a.DataSets, audit.DataSet{Name: d.Name, Date: d.Date})
	}
	if _, err := a.Run(t.Context(), m.env, audit.Options{Now: recordedAt, Question: asked, FailOn: finding.High}); err != nil {
		t.Fatalf("%s: %v", m.name, err)
	}
	return l.heard
}

// TestGoldenFindings holds what every rule says of every host and dump.
func TestGoldenFindings(t *testing.T) {
	e := load(t)
	for _, table := range []struct {
		file     string
		machines []machine
	}{
		{"testdata/own.golden", ownMachines(t)},
		{"testdata/snapshots.golden", snapshots(t)},
		{"testdata/shared.golden", sharedMachines(t)},
	} {
		t.Run(path.Base(table.file), func(t *testing.T) {
			if table.machines == nil {
				t.Skip("no recordings in ../shared beside the checkout")
			}
			var b strings.Builder
			for _, m := range table.machines {
				write(&b, m.name, audited(t, e, m))
			}
			if *update {
				if err := os.WriteFile(table.file, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(table.file)
			if err != nil {
				t.Fatal(err)
			}
			if line := differs(string(want), b.String()); line != "" {
				t.Errorf("%s: %s\nif that is right: go test ./rules -run TestGoldenFindings -update", table.file, line)
			}
		})
	}
}

// write lists the rules by what they say; to all others the question does not
// apply. Devices that are judged alike, as the
// eight of a server, share an entry.
func write(b *strings.Builder, name string, heard map[string]judged) {
	byText := map[string][]string{}
	for owner, j := range heard {
		byStatus := map[finding.Status][]string{}
		for _, f := range j.findings {
			byStatus[f.Status] = append(byStatus[f.Status], f.ID)
		}
		text := ""
		for _, s := range []finding.Status{finding.Fail, finding.Unknown, finding.Pass} {
			slices.Sort(byStatus[s])
			for i, ids := range slices.Collect(slices.Chunk(byStatus[s], 12)) {
				text += fmt.Sprintf("  %-7s  %s\n", map[bool]string{true: string(s)}[i == 0], strings.Join(ids, " "))
			}
		}
		byText[text] = append(byText[text], owner)
	}
	type entry struct{ owners, text string }
	var entries []entry
	for text, owners := range byText {
		slices.Sort(owners)
		entries = append(entries, entry{strings.Join(owners, " "), text})
	}
	slices.SortFunc(entries, func(x, y entry) int { return cmp.Compare(x.owners, y.owners) })
	for _, e := range entries {
		fmt.Fprintf(b, "%s: %s\n%s\n", name, e.owners, e.text)
	}
	if len(entries) == 0 {
		fmt.Fprintf(b, "%s: nothing to audit\n\n", name)
	}
}

// differs is the first line that is not as it was, under its heading.
func differs(want, got string) string {
	w, g, heading := strings.Split(want, "\n"), strings.Split(got, "\n"), ""
	for i := range max(len(w), len(g)) {
		var x, y string
		if i < len(w) {
			x = w[i]
		}
		if i < len(g) {
			y = g[i]
		}
		if x != y {
			return fmt.Sprintf("%s line %d:\n got %s\nwant %s", heading, i+1, y, x)
		}
		if !strings.HasPrefix(x, " ") && x != "" {
			heading = x
		}
	}
	return ""
}
