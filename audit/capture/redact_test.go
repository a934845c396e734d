package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/pci"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

const (
	secureBootVar = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
	bootVar       = "sys/firmware/efi/efivars/Boot0001-8be4df61-93ca-11d2-aa0d-00e098032b8c"
)

var testSerial = []byte{0xde, 0xc0, 0xad, 0x0b, 0x5e, 0xca, 0xfe, 0x77}

// testConfig is a config space with AER at 100h and a serial number at 148h.
func testConfig() []byte {
	c := make([]byte, 4096)
	copy(c, "\xde\x10\x84\x26")
	binary.LittleEndian.PutUint32(c[0x100:], 0x148<<20|2<<16|1)
	binary.LittleEndian.PutUint32(c[0x148:], 0x160<<20|1<<16|3)
	copy(c[0x14c:], testSerial)
	binary.LittleEndian.PutUint32(c[0x160:], 0x100<<20|1<<16|0xb) // back to the first: a loop
	copy(c[0x164:], "kept")
	return c
}

func TestRedact(t *testing.T) {
	host := mapHost()
	plant := map[string]string{
		"sys/devices/virtual/dmi/id/product_serial":        "SN-4711-PRODUCT\n",
		"sys/devices/virtual/dmi/id/product_uuid":          "4c4c4544-0042-3510-8052-b4c04f333732\n",
		"sys/devices/virtual/dmi/id/board_serial":          "BOARD0815X\n",
		"sys/devices/virtual/dmi/id/chassis_serial":        "CHASSIS99\n",
		"sys/devices/virtual/dmi/id/chassis_asset_tag":     "ASSET-7\n",
		"proc/sys/kernel/hostname":                         "node17.secret.example\n",
		"etc/machine-id":                                   "0123456789abcdef0123456789abcdef\n",
		gpuDir + "/unique_id":                              "a1b2c3d4e5f60718\n",
		gpuDir + "/serial_number":                          "PCB12345678\n",
		gpuDir + "/vpd":                                    "\x82VPDSERIAL\x00",
		gpuDir + "/net/eth0/address":                       "b8:ce:f6:01:02:03\n",
		"sys/class/kfd/kfd/topology/nodes/1/properties":    "simd_count 440\nunique_id 1174400000000123\nlocation_id 256\n",
		"proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t\t NVIDIA\nGPU UUID: \t GPU-0a1b2c3d-1111-2222-3333-444455556666\nVideo BIOS: \t 95.02.18.80.c1\n",
		"proc/cmdline":                                     "BOOT_IMAGE=/vmlinuz root=UUID=deadbeef-1111-2222-3333-0123456789ab ip=10.9.8.7::10.9.8.1 iommu.passthrough=1 x.password=\"hunter two\" rd.luks.uuid=luks-1 sn=BOARD0815X quiet\n",
		bootVar:                                            "\x00diskpath",
		secureBootVar:                                      "\x06\x00\x00\x00\x01",
		"proc/notes":                                       "mac B8-CE-F6-0A-0B-0C, key aa:bb:cc:dd:ee:ff:00:11\n",
	}
	host["sys/class/dmi/id"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("../../devices/virtual/dmi/id")}
	for name, value := range plant {
		host[name] = &fstest.MapFile{Data: []byte(value)}
	}
	env := testEnv(host)
	env.ROM = func(context.Context, string) ([]byte, error) { return nil, errors.New("card BOARD0815X says no") }
	r := NewRecorder(env)
	rec := r.Env()
	for name := range plant {
		if _, err := fs.ReadFile(rec.FS, name); err != nil {
			t.Fatal(err)
		}
		_, _ = fs.Stat(rec.FS, name)
	}
	_, _ = fs.ReadFile(rec.FS, gpuDir+"/config")
	_, _ = fs.ReadFile(rec.FS, eventLog)
	_, _ = rec.ROM(t.Context(), "0000:01:00.0")
	_, _ = rec.Derive(t.Context(), "facts", "x", func() ([]byte, error) { return []byte(`{"of":"SN-4711-PRODUCT"}`), nil })
	_, _ = rec.Derive(t.Context(), "facts", "y", func() ([]byte, error) { return nil, errors.New("uuid 4c4c4544-0042-3510-8052-b4c04f333732") })

	var plain, clean bytes.Buffer
	if err := r.Write(&plain, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := r.Write(&clean, Options{Redact: true}); err != nil {
		t.Fatal(err)
	}
	before, after := unpack(t, plain.Bytes()), unpack(t, clean.Bytes())
	for _, secret := range []string{
		"SN-4711", "4c4c4544", "BOARD0815X", "CHASSIS99", "ASSET-7", "node17", "secret.example", "0123456789abcdef", "a1b2c3d4e5f60718", "PCB12345678",
		"VPDSERIAL", "b8:ce:f6", "1174400000000123", "0a1b2c3d", "deadbeef-1111", "10.9.8", "hunter", "luks-1", "diskpath", "B8-CE-F6",
		string(testSerial), string(testSerial[:4]), "boot events",
	} {
		if !bytes.Contains(before, []byte(secret)) {
			t.Errorf("%q is not in the capture that is not redacted: the test tests nothing", secret)
		}
		if bytes.Contains(after, []byte(secret)) {
			t.Errorf("%q is in the redacted capture", secret)
		}
	}
	checkRedacted(t, clean.Bytes())
}

// checkRedacted looks at what must have stayed.
func checkRedacted(t *testing.T, data []byte) {
	t.Helper()
	a, err := Open("clean", bytes.NewReader(data), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !a.meta.Redacted {
		t.Error("the capture does not say that it is redacted")
	}
	for name, want := range map[string]string{
		"sys/devices/virtual/dmi/id/product_serial":        "redacted\n",
		"sys/class/kfd/kfd/topology/nodes/1/properties":    "simd_count 440\nunique_id redacted\nlocation_id 256\n",
		"proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: NVIDIA\nGPU UUID: redacted\nVideo BIOS: 95.02.18.80.c1\n",
		"proc/cmdline":     "redacted redacted redacted iommu.passthrough=1 redacted redacted redacted redacted\n",
		secureBootVar:      "\x06\x00\x00\x00\x01",
		gpuDir + "/vendor": "0x10de\n",
	} {
		if b, err := fs.ReadFile(a.view, name); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v; want %q", name, b, err, want)
		}
	}
	config, err := fs.ReadFile(a.view, gpuDir+"/config")
	if err != nil || !bytes.Equal(config, pci.KeptConfig(testConfig())) || bytes.Contains(config, []byte("kept")) {
		t.Errorf("config space is not what its reader keeps: %v", err)
	}
	for _, name := range []string{eventLog, gpuDir + "/vpd", "proc/notes"} {
		_, err := a.view.Open(name)
		if gap := collect.GapFor("", "", err); !errors.Is(err, collect.ErrRedacted) || gap.Reason != inventory.ReasonRedacted || gap.Detail != leftOutText {
			t.Errorf("%s: %v", name, err)
		}
	}
}
