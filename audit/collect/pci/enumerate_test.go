package pci_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/pci"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// TestFewMessages: what every function of a machine has is not asked for name by name where
// another process shows the machine.
func TestFewMessages(t *testing.T) {
	h := hosttest.New()
	for i := range 32 {
		h.Add(hosttest.Card{Address: fmt.Sprintf("0000:%02x:00.0", i+1)})
	}
	far := hosttest.Far{FS: h.FS, Messages: &hosttest.Count{}}
	env := h.Env()
	env.FS = far
	list, err := pci.Enumerator(func(string, string) bool { return false })(t.Context(), env)
	if err != nil || len(list.Devices) != 32 {
		t.Fatalf("%d devices, %v", len(list.Devices), err)
	}
	enumerated := far.Messages.N()
	if enumerated > 20 {
		t.Errorf("%d messages to enumerate", enumerated)
	}
	c := pci.Collector()
	for i := range list.Devices {
		if err := c.Device(t.Context(), env, &list.Devices[i]); err != nil {
			t.Fatal(err)
		}
	}
	if each := (far.Messages.N() - enumerated) / 32; each > 8 {
		t.Errorf("%d messages for a card", each)
	}
}

// seen is what an enumeration says in short: the devices with their kinds, and the
// rest as "kind name".
func seen(t *testing.T, h *hosttest.Host, known func(string, string) bool) (map[string]inventory.DeviceKind, []string, collect.Seen) {
	t.Helper()
	s, err := pci.Enumerator(known)(t.Context(), h.Env())
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]inventory.DeviceKind{}
	for _, d := range s.Devices {
		kinds[d.Address] = d.Kind
	}
	rest := []string{}
	for _, u := range s.Unaudited {
		rest = append(rest, string(u.Kind)+" "+u.Name)
	}
	return kinds, rest, s
}

const hidden = "0000:02:00.0"

// hiddenDir is where hosttest puts the function at that address.
const hiddenDir = "sys/devices/pci0000:00/0000:00:01.0/" + hidden

func hiding(class string) *hosttest.Host {
	return hosttest.New().Add(hosttest.Card{Address: hidden, Vendor: "10de", Device: "fff0", Class: class})
}

// TestAGPUIsFoundByItsUse: each sign alone is enough, whatever the class.
func TestAGPUIsFoundByItsUse(t *testing.T) {
	for name, sign := range map[string]func(*hosttest.Host){
		"driver":         func(h *hosttest.Host) { h.Link(hiddenDir+"/driver", "sys/bus/pci/drivers/nvidia") },
		"driver's list":  func(h *hosttest.Host) { h.Link("sys/bus/pci/drivers/amdgpu/"+hidden, hiddenDir) },
		"drm child":      func(h *hosttest.Host) { h.Dir(hiddenDir + "/drm/card0") },
		"accel child":    func(h *hosttest.Host) { h.Dir(hiddenDir + "/accel/accel0") },
		"kfd child":      func(h *hosttest.Host) { h.Dir(hiddenDir + "/kfd") },
		"class drm":      func(h *hosttest.Host) { h.Link("sys/class/drm/renderD128", hiddenDir+"/drm/renderD128") },
		"class accel":    func(h *hosttest.Host) { h.Link("sys/class/accel/accel0", hiddenDir+"/accel/accel0") },
		"apex":           func(h *hosttest.Host) { h.Link("sys/class/apex/apex_0", hiddenDir+"/apex/apex_0") },
		"virtio's child": func(h *hosttest.Host) { h.Link("sys/class/drm/card0", hiddenDir+"/virtio3/drm/card0") },
		"NVIDIA's list":  func(h *hosttest.Host) { h.Dir("proc/driver/nvidia/gpus/" + hidden) },
		"kfd node": func(h *hosttest.Host) {
			h.File("sys/class/kfd/kfd/topology/nodes/0/properties", "cpu_cores_count 8\nsimd_count 0\nlocation_id 0\n")
			h.File("sys/class/kfd/kfd/topology/nodes/1/properties", "simd_count 304\nlocation_id 268435968\ndomain 0\n") // partition 1 of 02:00.0
		},
	} {
		for _, class := range []string{"028000", "048000", "ff0000", "0b4000", "060400", "020000"} {
			t.Run(name+" "+class, func(t *testing.T) {
				h := hiding(class)
				sign(h)
				kinds, rest, s := seen(t, h, never)
				if kinds[hidden] != inventory.KindInUse || len(rest) != 0 {
					t.Fatalf("found %v, beside them %v", kinds, rest)
				}
				if d := s.Devices[0]; len(d.Uses) == 0 || d.Uses[0].Source == "" || d.Uses[0].Name == "" {
					t.Errorf("uses are %+v", d.Uses)
				}
			})
		}
	}
}

// TestWhatIsNoUse: drivers and nodes that ordinary functions have.
func TestWhatIsNoUse(t *testing.T) {
	for _, driver := range []string{"vfio-pci", "pci-stub", "ast", "mgag200", "virtio-pci", "xhci_hcd", "ixgbe"} {
		h := hosttest.New().Add(hosttest.Card{Address: hidden, Vendor: "8086", Device: "1533", Class: "020000", Driver: driver})
		h.Link("sys/bus/pci/drivers/"+driver+"/"+hidden, hiddenDir)
		h.Link("sys/class/drm/card1", hiddenDir+"/usb1/1-2/1-2:1.0/drm/card1") // a display at a USB controller
		h.Link("sys/class/drm/card1-DVI-I-1", hiddenDir+"/usb1/1-2/1-2:1.0/drm/card1/card1-DVI-I-1")
		if kinds, rest, _ := seen(t, h, never); len(kinds) != 0 || len(rest) != 0 {
			t.Errorf("%s: found %v, beside them %v", driver, kinds, rest)
		}
	}
	coprocessor := hosttest.New().Add(hosttest.Card{Address: hidden, Vendor: "10de", Device: "0aa3", Class: "0b4000", Driver: "nvidia"}).Remove("proc/driver")
	if kinds, rest, _ := seen(t, coprocessor, never); len(kinds) != 0 || len(rest) != 0 {
		t.Errorf("a chipset's co-processor is taken for a GPU: %v, %v", kinds, rest)
	}
}

// TestClassesOfMakers: accelerators outside 03 and 12, and ordinary functions of the
// same classes.
func TestClassesOfMakers(t *testing.T) {
	known := func(vendor, device string) bool { return vendor == "10de" && device == "2684" || vendor == "1d22" }
	for _, tc := range []struct {
		id, class string
		want      inventory.DeviceKind
	}{
		{"1d0f:7164", "088000", inventory.KindKnownVendor}, {"1ac1:089a", "088000", inventory.KindKnownVendor},
		{"1e60:2864", "0b4000", inventory.KindKnownVendor}, {"1d94:62b7", "0b4000", inventory.KindKnownVendor},
		{"1bcf:001c", "0b4000", inventory.KindKnownVendor}, {"1f4b:0650", "040000", inventory.KindKnownVendor},
		{"1ae0:0063", "ff0000", inventory.KindKnownVendor}, {"8086:225c", "0b4000", inventory.KindKnownVendor},
		{"1022:17f0", "118000", inventory.KindKnownVendor}, {"1d22:3684", "078000", inventory.KindKnownVendor},
		{"10de:fff0", "000100", inventory.KindDisplay}, {"10de:2684", "028000", inventory.KindKnownID},
		{"10de:fff0", "028000", inventory.KindOddClass}, {"10de:fff0", "ff0000", inventory.KindOddClass},
		{"8086:4942", "0b4000", ""}, {"10de:0aa3", "0b4000", ""}, {"1d0f:ec20", "020000", ""}, {"1ae0:0042", "020000", ""},
		{"1d94:1452", "060000", ""}, {"1e60:2864", "060400", ""}, {"10de:22ba", "040300", ""}, {"1022:1134", "118000", ""},
	} {
		vendor, device, _ := strings.Cut(tc.id, ":")
		h := hosttest.New().Add(hosttest.Card{Address: hidden, Vendor: vendor, Device: device, Class: tc.class})
		if kinds, _, _ := seen(t, h, known); kinds[hidden] != tc.want {
			t.Errorf("%s of class %s is %q, want %q", tc.id, tc.class, kinds[hidden], tc.want)
		}
	}
}

// TestVirtualFunctionsFollow the function that they belong to.
func TestVirtualFunctionsFollow(t *testing.T) {
	h := hiding("028000").Link(hiddenDir+"/driver", "sys/bus/pci/drivers/nvidia")
	h.Add(hosttest.Card{Address: "0000:02:00.4", Vendor: "10de", Device: "fff1", Class: "020000"})
	h.Link("sys/devices/pci0000:00/0000:00:01.0/0000:02:00.4/physfn", hiddenDir)
	if kinds, _, _ := seen(t, h, never); kinds["0000:02:00.4"] != inventory.KindVirtualFunction {
		t.Errorf("found %v", kinds)
	}
}

// TestTheListOfFunctionsIsNotWhole: what another source names, and entries that are
// no addresses.
func TestTheListOfFunctionsIsNotWhole(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*hosttest.Host)
		want   []string
	}{
		"NVIDIA's driver lists more": {func(h *hosttest.Host) { h.Dir("proc/driver/nvidia/gpus/0000:09:00.0") }, []string{"unlisted 0000:09:00.0"}},
		"a driver has more": {func(h *hosttest.Host) {
			h.Link("sys/bus/pci/drivers/xe/10000:09:00.0", "sys/devices/x")
		}, []string{"unlisted 10000:09:00.0"}},
		"a node of more": {func(h *hosttest.Host) {
			h.Link("sys/class/drm/card3", "sys/devices/pci0000:00/0000:09:00.0/drm/card3")
		}, []string{"unlisted 0000:09:00.0"}},
		"entries that are no addresses": {func(h *hosttest.Host) {
			for _, bad := range []string{"0000:01:00.0A", "0000:0A:00.0", "00000:01:00.0", "0000:01:20.0", "0000:01:00.8", "x"} {
				h.Dir("sys/bus/pci/devices/" + bad)
			}
			h.Dir("proc/driver/nvidia/gpus/01:00.0")
		}, []string{"malformed 00000:01:00.0", "malformed 0000:01:00.0A", "malformed 0000:01:00.8", "malformed 0000:01:20.0", "malformed 0000:0A:00.0", "malformed 01:00.0", "malformed x"}},
		"a node that leads nowhere": {func(h *hosttest.Host) {
			h.FS["sys/class/drm/card0"] = &fstest.MapFile{Data: []byte("/dev/null"), Mode: fs.ModeSymlink}
		}, []string{"malformed card0"}},
		"a node that is no link": {func(h *hosttest.Host) { h.Dir("sys/class/drm/card0").Dir("sys/class/accel/accel0") },
			[]string{"platform accel0", "platform card0"}},
		"topology that does not parse": {func(h *hosttest.Host) {
			h.File("sys/class/kfd/kfd/topology/nodes/0/properties", "simd_count many\n")
		}, []string{"unreadable sys/class/kfd/kfd/topology/nodes/0/properties"}},
		"too many to name": {func(h *hosttest.Host) {
			for i := range 400 {
				h.Dir(fmt.Sprintf("sys/bus/pci/devices/bad%03d", i))
			}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := hosttest.New()
			tc.change(h)
			_, rest, s := seen(t, h, never)
			if tc.want == nil {
				if last := s.Unaudited[len(s.Unaudited)-1]; len(rest) != 257 || !strings.HasPrefix(last.Detail, "144 more") {
					t.Errorf("%d are named, the last is %+v", len(rest), last)
				}
				return
			}
			if diff := cmp.Diff(tc.want, rest); diff != "" {
				t.Error(diff)
			}
			for _, u := range s.Unaudited {
				if u.Kind != inventory.UnauditedPlatform && !u.Kind.Doubts() {
					t.Errorf("%+v casts no doubt on the list of devices", u)
				}
			}
		})
	}
}

// TestWhatIsNotOnPCI is named; plain displays are not.
func TestWhatIsNotOnPCI(t *testing.T) {
	const soc = "sys/devices/platform/bus@0/17000000.gpu"
	for name, tc := range map[string]struct {
		change func(*hosttest.Host)
		want   []string
	}{
		"Jetson": {func(h *hosttest.Host) {
			h.Link("sys/bus/platform/drivers/gk20a/17000000.gpu", soc).Link("sys/bus/platform/drivers/gk20a/module", "sys/module/nvgpu")
			h.Link("sys/bus/platform/devices/17000000.gpu", soc).Link(soc+"/driver", "sys/bus/platform/drivers/gk20a")
			h.Link("sys/class/drm/card0", soc+"/drm/card0")
		}, []string{"platform 17000000.gpu"}},
		"without a driver": {func(h *hosttest.Host) {
			h.Link("sys/bus/platform/devices/fde40000.npu", "sys/devices/platform/fde40000.npu")
		}, []string{"platform fde40000.npu"}},
		"accelerator node": {func(h *hosttest.Host) {
			h.Link("sys/class/accel/accel0", "sys/devices/platform/fdab0000.x/accel/accel0")
		}, []string{"platform fdab0000.x"}},
		"Coral at USB":     {func(h *hosttest.Host) { h.USB("1-2", "1a6e", "089a").USB("2-1.4", "18d1", "9302") }, []string{"usb 1-2", "usb 2-1.4"}},
		"Movidius, Kneron": {func(h *hosttest.Host) { h.USB("1-1", "03e7", "2485").USB("1-3", "3231", "0100") }, []string{"usb 1-1", "usb 1-3"}},
		"other USB": {func(h *hosttest.Host) {
			h.USB("1-1", "18d1", "4ee1").USB("usb1", "1d6b", "0002").Dir("sys/bus/usb/devices/1-1:1.0")
		}, []string{}},
		"WSL2":              {func(h *hosttest.Host) { h.Link("sys/class/misc/dxg", "sys/devices/virtual/misc/dxg") }, []string{"lent dxg"}},
		"WSL2, by its node": {func(h *hosttest.Host) { h.File("dev/dxg", "") }, []string{"lent dxg"}},
		"Hyper-V": {func(h *hosttest.Host) {
			h.File("sys/bus/vmbus/devices/aaaa/class_id", "{6e382d18-3336-4f4b-acc4-2b7703d4df4a}\n")
			h.File("sys/bus/vmbus/devices/bbbb/class_id", "{f8615163-df3e-46c5-913f-f2d2f965ed0e}\n")
		}, []string{"lent dxg"}},
		"plain displays": {func(h *hosttest.Host) {
			for i, device := range []string{"simple-framebuffer.0", "vgem", "vkms", "evdi.0", "amdgpu_xcp_3"} {
				h.Link(fmt.Sprintf("sys/class/drm/card%d", i), "sys/devices/platform/"+device+fmt.Sprintf("/drm/card%d", i))
			}
			h.Link("sys/class/drm/card8", "sys/devices/LNXSYSTM:00/VMBUS:00/abcd-ef/drm/card8").Link("sys/devices/LNXSYSTM:00/VMBUS:00/abcd-ef/driver", "sys/bus/vmbus/drivers/hyperv_drm")
			h.Link("sys/class/drm/card9", "sys/devices/platform/a003e00.virtio_mmio/virtio0/drm/card9")
			h.File("sys/class/drm/version", "drm 1.1.0 20060810\n").Dir("sys/class/drm/ttm")
		}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			h := hosttest.New()
			tc.change(h)
			kinds, rest, _ := seen(t, h, never)
			if diff := cmp.Diff(tc.want, rest); diff != "" || len(kinds) != 0 {
				t.Errorf("%v %s", kinds, diff)
			}
		})
	}
}

// denied is a machine of which some paths may not be read.
type denied struct {
	fstest.MapFS
	paths []string
}

func (d denied) ReadDir(name string) ([]fs.DirEntry, error) {
	if slices.Contains(d.paths, name) {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrPermission}
	}
	return d.MapFS.ReadDir(name)
}

// TestASourceThatCannotBeRead is a doubt, and one that is not there is an answer.
func TestASourceThatCannotBeRead(t *testing.T) {
	sources := []string{"proc/driver/nvidia/gpus", "sys/bus/pci/drivers", "sys/class/drm", "sys/class/accel", "sys/class/kfd/kfd/topology/nodes",
		"sys/bus/usb/devices", "sys/bus/vmbus/devices", "sys/bus/platform/drivers"}
	env := hosttest.New().Env()
	env.FS = denied{env.FS.(fstest.MapFS), sources}
	s, err := pci.Enumerator(never)(t.Context(), env)
	if err != nil || len(s.Unaudited) != len(sources) {
		t.Fatalf("%v, %+v", err, s.Unaudited)
	}
	for _, u := range s.Unaudited {
		if u.Kind != inventory.UnauditedUnread || !strings.Contains(u.Detail, "permission denied") {
			t.Errorf("%+v", u)
		}
	}
}
