package amd_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/amd"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	address = "0000:03:00.0"
	dir     = "sys/bus/pci/devices/" + address + "/"
	nodes   = "sys/class/kfd/kfd/topology/nodes/"
	gpuNode = "simd_count 416\nvendor_id 4098\ndevice_id 29711\nlocation_id 768\ndomain 0\nunique_id 1801973826828415142\n"
	bank    = "heap_type 1\nsize_in_bytes 68702699520\nflags 0\n"
)

// card is an MI210 as amdgpu shows it.
func card() fstest.MapFS {
	m := fstest.MapFS{dir + "driver": {Data: []byte("../../../bus/pci/drivers/amdgpu"), Mode: fs.ModeSymlink}}
	for name, text := range map[string]string{
		dir + "vbios_version":              "113-D67301-064\n",
		dir + "mem_info_vram_total":        "68702699520\n",
		dir + "unique_id":                  "1901e5a5f2a8b0a6\n",
		dir + "serial_number":              "692229000123\n",
		dir + "fw_version/smc_fw_version":  "0x00442c00\n",
		dir + "fw_version/asd_fw_version":  "0x21000059\n",
		dir + "fw_version/uvd_fw_version":  "0x00000000\n",
		nodes + "0/properties":             "simd_count 0\nvendor_id 0\ndevice_id 0\nlocation_id 0\ndomain 0\n",
		nodes + "1/properties":             gpuNode,
		nodes + "1/mem_banks/0/properties": bank,
		nodes + "1/mem_banks/1/properties": "heap_type 4\nsize_in_bytes 4096\n",
		nodes + "2/properties":             strings.Replace(gpuNode, "768", "1024", 1),
		nodes + "2/mem_banks/0/properties": bank,
	} {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func run(fsys fs.FS, at, id string) (inventory.Device, error) {
	d := inventory.Device{Address: at, PCI: inventory.PCI{VendorID: new("1002"), DeviceID: &id}}
	return d, amd.Collector().Device(context.Background(), &collect.Env{FS: fsys}, &d)
}

// facts writes a device's facts and gaps in one line each.
func facts(d inventory.Device) (string, string) {
	var f, g []string
	for _, v := range d.Firmware.Versions {
		f = append(f, v.Version)
	}
	for _, m := range d.Memory {
		f = append(f, fmt.Sprint(m.Bytes))
	}
	for _, i := range d.Identity {
		f = append(f, i.Kind+"="+i.Value)
	}
	for _, c := range d.Firmware.Components {
		f = append(f, c.Component+"="+c.Version)
	}
	for _, gap := range d.Gaps {
		g = append(g, gap.Fact+":"+string(gap.Reason))
	}
	return strings.Join(f, " "), strings.Join(g, " ")
}

func TestDevice(t *testing.T) {
	const (
		vbios, sysMem, kfdMem = "113-D67301-064 ", "68702699520 ", "68702699520 "
		ids, kfdID            = "unique-id=1901e5a5f2a8b0a6 serial=692229000123 ", "unique-id=1901e5a5f2a8b0a6 "
		components            = "asd=0x21000059 smc=0x00442c00"
	)
	for _, tc := range []struct {
		name, file, text string // file "" changes nothing, text "-" removes
		facts, gaps      string
	}{
		{"whole", "", "", vbios + sysMem + kfdMem + ids + kfdID + components, ""},
		{"no vbios", dir + "vbios_version", "-", sysMem + kfdMem + ids + kfdID + components, "/firmware/versions:not-present"},
		{"blank vbios", dir + "vbios_version", "\n", sysMem + kfdMem + ids + kfdID + components, "/firmware/versions:malformed"},
		{"vram text", dir + "mem_info_vram_total", "64G", vbios + kfdMem + ids + kfdID + components, "/memory:malformed"},
		{"vram zero", dir + "mem_info_vram_total", "0", vbios + kfdMem + ids + kfdID + components, "/memory:malformed"},
		{"serial zero", dir + "serial_number", "0000\n", vbios + sysMem + kfdMem + kfdID + kfdID + components, ""},
		{"component text", dir + "fw_version/smc_fw_version", "new", vbios + sysMem + kfdMem + ids + kfdID + "asd=0x21000059", "/firmware/components:malformed"},
		{"node broken", nodes + "2/properties", "location_id x", vbios + sysMem + ids + components, "/memory:malformed"},
		{"node twice", nodes + "1/properties", gpuNode + gpuNode, vbios + sysMem + ids + components, "/memory:malformed"},
		{"bank missing", nodes + "1/mem_banks/0/properties", "", vbios + sysMem + ids + kfdID + components, ""},
		{"bank overflow", nodes + "1/mem_banks/1/properties", "heap_type 2\nsize_in_bytes 18446744073709551615\n", vbios + sysMem + ids + components, "/memory:malformed"},
		{"other chip", nodes + "1/properties", strings.Replace(gpuNode, "29711", "29712", 1), vbios + sysMem + ids + components, ""},
		{"other domain", nodes + "1/properties", strings.Replace(gpuNode, "domain 0", "domain 1", 1), vbios + sysMem + ids + components, ""},
		{"partition number", nodes + "1/properties", strings.Replace(gpuNode, "768", "268436224", 1), vbios + sysMem + kfdMem + ids + kfdID + components, ""},
		{"second partition", nodes + "2/properties", strings.Replace(gpuNode, "768", "769", 1), vbios + sysMem + "137405399040 " + ids + kfdID + components, ""},
		{"redacted", nodes + "1/properties", strings.Replace(gpuNode, "1801973826828415142", "redacted", 1),
			vbios + sysMem + kfdMem + ids + "unique-id=redacted " + components, ""},
		{"second card", nodes + "2/properties", strings.Replace(gpuNode, "768", "776", 1), vbios + sysMem + kfdMem + ids + kfdID + components, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := card()
			switch {
			case tc.text == "-":
				delete(m, tc.file)
			case tc.file != "":
				m[tc.file] = &fstest.MapFile{Data: []byte(tc.text)}
			}
			d, err := run(m, address, "740f")
			if err != nil {
				t.Fatal(err)
			}
			if f, g := facts(d); f != tc.facts || g != tc.gaps {
				t.Errorf("facts %q, want %q; gaps %q, want %q", f, tc.facts, g, tc.gaps)
			}
		})
	}
}

func TestSkipped(t *testing.T) {
	vfio := card()
	vfio[dir+"driver"].Data = []byte("../vfio-pci")
	for name, fsys := range map[string]fs.FS{"vfio": vfio, "no driver": fstest.MapFS{}} {
		if _, err := run(fsys, address, "740f"); !errors.Is(err, collect.ErrSkipped) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	d := inventory.Device{Address: address, PCI: inventory.PCI{VendorID: new("10de")}}
	if err := amd.Collector().Device(t.Context(), &collect.Env{FS: card()}, &d); !errors.Is(err, collect.ErrSkipped) {
		t.Errorf("NVIDIA's device: error is %v", err)
	}
}

// TestNothing: a device of which a snapshot holds the driver link alone.
func TestNothing(t *testing.T) {
	d, err := run(fstest.MapFS{dir + "driver": card()[dir+"driver"]}, address, "740f")
	if err != nil {
		t.Fatal(err)
	}
	if f, g := facts(d); f != "" || g != "/firmware/versions:not-present /memory:not-present /firmware/components:not-present" {
		t.Errorf("facts %q, gaps %q", f, g)
	}
}

// TestRealTopology: eight MI308X in four partitions each have 192 GiB each,
// less 16 MiB that the driver keeps from the last partition.
func TestRealTopology(t *testing.T) {
	m, err := unpack("rocm-topology-parsing-mi308.tar.gz", "testdata/topology-parsing-mi308/topology/nodes/")
	if err != nil {
		t.Skipf("the shared captures are not here: %v", err)
	}
	for _, bus := range []string{"0000:0a", "0000:80", "0000:a4", "0000:c8", "0001:0b", "0001:81", "0001:a5", "0001:c9"} {
		at := bus + ":00.0"
		m["sys/bus/pci/devices/"+at+"/driver"] = &fstest.MapFile{Data: []byte("../amdgpu"), Mode: fs.ModeSymlink}
		d, err := run(m, at, "74a2")
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Memory) != 1 || d.Memory[0].Bytes != 192<<30-16<<20 {
			t.Errorf("%s: memory is %+v, want %d", at, d.Memory, uint64(192)<<30-16<<20)
		}
		if len(d.Identity) != 1 || len(d.Identity[0].Value) != 16 {
			t.Errorf("%s: identity is %+v", at, d.Identity)
		}
	}
}

// unpack puts a shared capture's files where the kernel has the topology.
func unpack(archive, prefix string) (fstest.MapFS, error) {
	f, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", "captures", archive))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	m := fstest.MapFS{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return m, nil
		}
		if err != nil {
			return nil, err
		}
		if name, ok := strings.CutPrefix(h.Name, prefix); ok && h.Typeflag == tar.TypeReg {
			b, err := io.ReadAll(r)
			if err != nil {
				return nil, err
			}
			m[nodes+name] = &fstest.MapFile{Data: b}
		}
	}
}

// FuzzTopology: whatever the topology says, the collector ends with facts that
// can be encoded, and a memory size is never nothing.
func FuzzTopology(f *testing.F) {
	f.Add(gpuNode, bank)
	real, err := unpack("rocm-topology-parsing-mi308.tar.gz", "testdata/topology-parsing-mi308/topology/nodes/")
	if err != nil {
		f.Logf("without seeds of real machines: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(real)) {
		if strings.HasSuffix(name, "/mem_banks/0/properties") {
			f.Add(string(real[strings.TrimSuffix(name, "mem_banks/0/properties")+"properties"].Data), string(real[name].Data))
		}
	}
	f.Fuzz(func(t *testing.T, properties, bank string) {
		m := card()
		m[nodes+"1/properties"].Data, m[nodes+"1/mem_banks/0/properties"].Data = []byte(properties), []byte(bank)
		d, err := run(m, address, "740f")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range d.Memory {
			if c.Bytes == 0 {
				t.Fatalf("a memory of no bytes: %+v", c)
			}
		}
		if _, err := json.Marshal(d); err != nil {
			t.Fatal(err)
		}
	})
}

// TestHealth: errors of all blocks are added up, pages are counted, and a file
// that does not parse is a gap beside what the others say.
func TestHealth(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string
		gaps  string
	}{
		{"none", nil, "", ""},
		{"two blocks", map[string]string{"umc_err_count": "ue: 1\nce: 2\n", "gfx_err_count": "ue: 0\nce: 40\n", "features": "feature mask: 0x3\n"},
			"memory-uncorrected=1 memory-corrected=42", ""},
		{"pages", map[string]string{"umc_err_count": "ue: 0\nce: 0\n", "gpu_vram_bad_pages": "0x00000001 : 0x00001000 : R\n0x00000002 : 0x00001000 : P\n"},
			"memory-uncorrected=0 memory-corrected=0 pages-retired=1 retirement-pending=1", ""},
		{"a broken block", map[string]string{"umc_err_count": "?", "gfx_err_count": "ue: 0\nce: 0\n"}, "memory-uncorrected=0 memory-corrected=0", "/health/memory:malformed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := card()
			for name, text := range tc.files {
				m[dir+"ras/"+name] = &fstest.MapFile{Data: []byte(text)}
			}
			d, err := run(m, address, "740f")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, h := range d.Health {
				got = append(got, fmt.Sprintf("%s=%d", h.Kind, h.Count))
			}
			if _, gaps := facts(d); strings.Join(got, " ") != tc.want || gaps != tc.gaps {
				t.Errorf("got %v, gaps %q; want %s, %q", got, gaps, tc.want, tc.gaps)
			}
		})
	}
}
