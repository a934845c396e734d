package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jaypipes/ghw"
	"github.com/jaypipes/pcidb"

	"github.com/gpuaudit/gpuaudit/audit/collect"
)

// described is what ghw says of one function.
type described struct{ driver, parent, group, vendor, product, revision string }

// ghwDevices asks ghw as the witness does: without a list of names, which it would look
// for on the machine that runs the test. Ids are all that is compared.
func ghwDevices(t *testing.T, root string) map[string]described {
	t.Helper()
	info, err := ghw.PCI(ghw.WithChroot(root), ghw.WithPCIDB(&pcidb.PCIDB{}), ghw.WithDisableWarnings())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]described{}
	for _, d := range info.Devices {
		found[d.Address] = described{d.Driver, d.ParentAddress, d.IOMMUGroup, d.Vendor.ID, d.Product.ID, d.Revision}
	}
	return found
}

// ghw must see in the tree that was written what it sees in the unpacked host.
func TestMaterializePCIForGHW(t *testing.T) {
	for _, name := range snapshots(t) {
		// The larger ones take seconds to unpack and show nothing more.
		if info, err := os.Stat(name); err != nil || info.Size() > 31_000 {
			continue
		}
		a, err := OpenFile(name, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fs.Stat(a.view, pciDevices); err != nil {
			continue // a machine without PCI, or a tree that is none
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			whole, small := t.TempDir(), t.TempDir()
			unpackTree(t, a.view, whole)
			if err := MaterializePCI(a.view, small); err != nil {
				t.Fatal(err)
			}
			want, got := ghwDevices(t, whole), ghwDevices(t, small)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("ghw sees %d functions, want %d:\n%v\n%v", len(got), len(want), got, want)
			}
		})
	}
}

// unpackTree writes a trusted snapshot to disk as it is.
func unpackTree(t *testing.T, fsys fs.FS, dir string) {
	t.Helper()
	err := fs.WalkDir(fsys, "sys", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		full := filepath.Join(dir, name)
		switch {
		case d.IsDir():
			return os.MkdirAll(full, 0o755)
		case d.Type() == fs.ModeSymlink:
			to, err := fs.ReadLink(fsys, name)
			if err != nil {
				return err
			}
			return os.Symlink(to, full)
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		return os.WriteFile(full, b, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMaterializePCIFromCapture(t *testing.T) {
	r := NewRecorder(testEnv(mapHost()))
	name := filepath.Join(t.TempDir(), "c.tar.gz")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := r.Write(f, Options{}); err != nil {
		t.Fatal(err)
	}
	a, err := OpenFile(name, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := MaterializePCI(a.view, dir); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, pciDevices, "0000:01:00.0/modalias")); err != nil || !strings.HasPrefix(string(b), "pci:v000010DE") {
		t.Errorf("modalias is %q, %v", b, err)
	}
	to, err := os.Readlink(filepath.Join(dir, pciDevices, "0000:01:00.0"))
	if err != nil || to != "../../../../"+gpuDir {
		t.Errorf("the function's link is %q, %v", to, err)
	}
	if to, err := filepath.EvalSymlinks(filepath.Join(dir, pciDevices, "0000:01:00.0/driver")); err != nil || filepath.Base(to) != "nvidia" {
		t.Errorf("the driver's link leads to %q, %v", to, err)
	}
}

// Whatever a tree says, everything that is written lies below the directory,
// and no link leads out of it.
func TestMaterializePCIHostile(t *testing.T) {
	mode := fs.ModeSymlink
	host := fstest.MapFS{
		pciDevices + "/0000:01:00.0":           {Mode: mode, Data: []byte("../../../../../../../../tmp/evil")},
		pciDevices + "/0000:02:00.0":           {Mode: mode, Data: []byte("/tmp/evil")},
		pciDevices + "/0000:03:00.0":           {Mode: mode, Data: []byte("../../../devices/a\nb/x")},
		pciDevices + "/0000:04:00.0":           {Mode: mode, Data: []byte("../../../devices/p/0000:04:00.0")},
		pciDevices + "/0000:05:00.0":           {Mode: mode, Data: []byte("../../../devices/p/0000:04:00.0")},
		pciDevices + "/..:evil":                {Mode: mode, Data: []byte("x")},
		"sys/devices/p/0000:04:00.0/driver":    {Mode: mode, Data: []byte("../../../../../../etc/..")},
		"sys/devices/p/0000:04:00.0/vendor":    {Data: []byte("0x10de\n")},
		"sys/devices/p/0000:04:00.0/modalias":  {Data: make([]byte, 1<<20)},
		pciDevices + "/0000:06:00.0/vendor":    {Data: []byte("0x1002\n")},
		pciDevices + "/0000:06:00.0/numa_node": {Data: []byte("-1\n")},
	}
	outer := t.TempDir()
	dir := filepath.Join(outer, "tree")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := MaterializePCI(host, dir); err != nil {
		t.Fatal(err)
	}
	if list, err := os.ReadDir(outer); err != nil || len(list) != 1 {
		t.Errorf("something was written beside the tree: %v, %v", list, err)
	}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.Type() != fs.ModeSymlink {
			return err
		}
		to, err := filepath.EvalSymlinks(name)
		if err != nil || !strings.HasPrefix(to, dir+"/") {
			t.Errorf("%s leads to %s, %v", name, to, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, pciDevices, "0000:06:00.0/numa_node")); err != nil || string(b) != "-1\n" {
		t.Errorf("a function that is a directory: %q, %v", b, err)
	}
	if err := MaterializePCI(fstest.MapFS{}, dir); err == nil {
		t.Error("a machine without PCI gives no error")
	}
}

func TestMaterializePCIIsBounded(t *testing.T) {
	host := fstest.MapFS{}
	for i := range collect.MaxFunctions + 1 {
		host[fmt.Sprintf("%s/%04x:%02x:00.0/vendor", pciDevices, i>>8, i&0xff)] = &fstest.MapFile{}
	}
	if err := MaterializePCI(host, t.TempDir()); err == nil {
		t.Error("too many functions were written")
	}
}

// host64 is a machine with 64 functions of eight attributes each.
func host64() fstest.MapFS {
	host := fstest.MapFS{}
	for i := range 64 {
		address := fmt.Sprintf("0000:%02x:00.0", i)
		home := "sys/devices/pci0000:00/0000:00:01.0/" + address
		host[pciDevices+"/"+address] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("../../../devices/pci0000:00/0000:00:01.0/" + address)}
		for _, attr := range pciAttrs {
			host[home+"/"+attr] = &fstest.MapFile{Data: []byte("0x10de\n")}
		}
		host[home+"/driver"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("../../../../bus/pci/drivers/nvidia")}
	}
	return host
}

func BenchmarkMaterializePCI64(b *testing.B) {
	host := diskFS(b, host64())
	for b.Loop() {
		if err := MaterializePCI(host, b.TempDir()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenSnapshot(b *testing.B) {
	names := snapshots(b)
	for b.Loop() {
		if _, err := OpenFile(names[0], Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestManyFunctions: a capture holds every function that a scan reads, and is not
// made of a machine that a scan refuses.
func TestManyFunctions(t *testing.T) {
	host := fstest.MapFS{}
	add := func(i int) {
		host[fmt.Sprintf("%s/%04x:%02x:%02x.%d/vendor", pciDevices, i>>16, i>>8&0xff, i>>3&0x1f, i&7)] = &fstest.MapFile{Data: []byte("0x10de\n")}
	}
	for i := range 4200 {
		add(i)
	}
	var many bytes.Buffer
	if err := NewRecorder(testEnv(host)).Write(&many, Options{}); err != nil {
		t.Fatal(err)
	}
	a, err := Open("many", &many, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	functions, err := readPCITree(a.view, pciAttrs)
	if err != nil || len(functions) != 4200 || string(functions[4199].attrs["vendor"]) != "0x10de\n" {
		t.Errorf("%d functions, the last one with %q, %v", len(functions), functions[4199].attrs, err)
	}
	for i := range collect.MaxFunctions + 1 {
		add(i)
	}
	var b bytes.Buffer
	if err := NewRecorder(testEnv(host)).Write(&b, Options{}); !errors.Is(err, collect.ErrLimit) || b.Len() > 0 {
		t.Errorf("more functions than a scan reads: %v, %d bytes written", err, b.Len())
	}
	if _, err := NewRecorder(testEnv(host)).Digest(Options{}); !errors.Is(err, collect.ErrLimit) {
		t.Errorf("and a digest of them: %v", err)
	}
}
