package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/catalogue"
	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/machine"
)

// fullHost has a file for everything that a collector reads.
func fullHost() *hosttest.Host {
	h := hosttest.Good().Add(hosttest.NVIDIACard("0000:01:00.0")).USB("1-1", "1a6e", "089a")
	const card = "sys/devices/pci0000:00/0000:00:01.3/0000:03:00.0/"
	const nodes, efivars = "sys/class/kfd/kfd/topology/nodes/", "sys/firmware/efi/efivars/"
	const image = "-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
	for name, text := range map[string]string{
		"etc/machine-id": "0123456789abcdef0123456789abcdef\n", "proc/sys/kernel/hostname": "node\n", "proc/sys/kernel/tainted": "12289\n",
		"proc/cpuinfo":                                            "processor\t: 0\nmodel name\t: CPU\nflags\t\t: fpu vme hypervisor\nbugs\t\t: none\n",
		"proc/cmdline":                                            "BOOT_IMAGE=/vmlinuz-6.1 root=UUID=1 ip=1 iommu=pt intel_iommu=on,sm_on firmware_class.path=/fw efi=runtime netconsole=a systemd.set_credential=a:b ds=nocloud;h=x auth=1 -- a b\n",
		"etc/os-release":                                          "PRETTY_NAME=\"Debian GNU/Linux 12\"\nNAME=Debian\nID=debian\nVERSION_ID=\"12\"\nVERSION=\"12 (x)\"\nHOME_URL=a\nVARIANT=a\nBUILD_ID=a\nLOGO=x\n",
		"sys/module/nvidia/taint":                                 "POE\n",
		"sys/module/nvidia/initstate":                             "live\n",
		"sys/module/zfs/taint":                                    "PO\n",
		card + "unique_id":                                        "a1b2c3d4e5f60718\n",
		card + "serial_number":                                    "PCB12345678\n",
		card + "vpd":                                              "serial\n",
		card + "fw_version/smc_fw_version":                        "0x00413400\n",
		card + "ras/gpu_vram_bad_pages":                           "0x00001234 : 0x00001000 : R\n",
		card + "net/eth0/address":                                 "b8:ce:f6:01:02:03\n",
		card + "drm/card0/dev":                                    "226:0\n",
		card + "drm/renderD128/dev":                               "226:128\n",
		card + "sriov_totalvfs":                                   "8\n",
		nodes + "1/properties":                                    "simd_count 128\nlocation_id 768\ndomain 0\nvendor_id 4098\ndevice_id 29695\nunique_id 1174400000000123\nname_of x\n",
		nodes + "1/mem_banks/0/properties":                        "heap_type 1\nsize_in_bytes 8573157376\nflags 0\n",
		"sys/kernel/debug/dri/0/name":                             "amdgpu dev=0000:03:00.0 unique=0000:03:00.0\n",
		"sys/firmware/acpi/tables/TPM2":                           "TPM2\n",
		"sys/firmware/acpi/tables/MSDM":                           "key\n",
		"sys/kernel/security/tpm0/binary_bios_measurements":       "events\n",
		"sys/class/dmi/id/chassis_asset_tag":                      "tag\n",
		"sys/class/dmi/id/board_serial":                           "serial\n",
		efivars + "db" + image:                                    "\x27\x00\x00\x00" + ownList("owner"),
		efivars + "dbx" + image:                                   "\x27\x00\x00\x00" + ownList("owner"),
		efivars + "PK-8be4df61-93ca-11d2-aa0d-00e098032b8c":       "\x27\x00\x00\x00" + ownList("owner"),
		efivars + "Boot0001-8be4df61-93ca-11d2-aa0d-00e098032b8c": "\x07\x00\x00\x00disk",
		"lib/firmware/amdgpu/navi10_sos.bin":                      "program\n",
		"sys/bus/vmbus/devices/x/class_id":                        "{dde9cbc0-5060-4436-9448-ea1254a5d177}\n",
		"sys/module/firmware_class/parameters/path":               "/opt/fw\n",
		"sys/firmware/dmi/tables/DMI":                             string(slotTable("PCIE1")),
		"etc/systemd/system/nvidia-persistenced.service":          "[Unit]\nDescription=x\n[Service]\nUser=a\nExecStart=/usr/bin/nvidia-persistenced --user a\n",
		"etc/udev/rules.d/60-nvidia.rules":                        "ACTION==\"add\", RUN+=\"/usr/bin/nvidia-modprobe a\"\n",
		"etc/modprobe.d/nvidia.conf":                              "install nvidia /sbin/modprobe a\noptions nvidia a=b\n",
		"etc/cdi/nvidia.yaml":                                     "cdiVersion: 0.5.0\nhooks: a\n",
		"etc/containers/oci/hooks.d/nvidia.json":                  "{\"hook\":{\"path\":\"/usr/bin/a\"}}\n",
		"usr/bin/nvidia-container-cli":                            "program a\n",
	} {
		h.File(name, text)
	}
	return signedModule(h, "Debian Secure Boot CA", "navi10_sos.bin")
}

// ownList is a signature list of one digest, with its owner.
func ownList(owner string) string {
	b := []byte("\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28")
	for _, n := range []uint32{28 + 48, 0, 48} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	b = append(b, make([]byte, 48)...)
	copy(b[28:44], owner)
	copy(b[44:], owner)
	return string(b)
}

// slotTable is an SMBIOS table of one slot, with a port's address.
func slotTable(designation string) []byte {
	b := []byte{9, 0x11, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1<<3 | 3}
	return append(append(b, designation...), 0, 0, 127, 4, 0, 0, 0, 0)
}

// signedModule installs a module with a signature of the old form, which has the signer's
// name in front of it.
func signedModule(h *hosttest.Host, signer, firmware string) *hosttest.Host {
	h.Module("amdgpu", map[string]string{"license": "GPL", "srcversion": "0123456789ABCDEF0123456", "intree": "Y", "firmware": "amdgpu/" + firmware,
		"vermagic": "6.1.0-40-amd64 SMP mod_unload ", "version": "6.1"})
	file := h.FS["lib/modules/6.1.0-40-amd64/kernel/drivers/gpu/amdgpu.ko"]
	const key = "keyid77"
	file.Data = append(slices.Clone(file.Data), signer+key+"signature"...)
	file.Data = append(file.Data, 0, 4, 1, byte(len(signer)), byte(len(key)), 0, 0, 0, 0, 0, 0, byte(len("signature")))
	file.Data = append(file.Data, "~Module signature appended~\n"...)
	return h
}

// redactedTar is the tar archive of a redacted capture, its packing and headers of the
// packing included.
func redactedTar(t *testing.T, h *hosttest.Host, nvml string, secrets ...capture.Secret) []byte {
	t.Helper()
	return captureTar(t, h, nvml, capture.Options{Redact: true, Tool: "test", Secrets: secrets})
}

func captureTar(t *testing.T, h *hosttest.Host, nvml string, opts capture.Options) []byte {
	t.Helper()
	c := catalogue.Load()
	env := h.Env()
	if nvml != "" {
		env.NVML = func(context.Context) ([]byte, error) { return []byte(nvml), nil }
	}
	r := capture.NewRecorder(env)
	if _, err := collect.Run(t.Context(), r.Env(), machine.Enumerator(c), machine.Collectors()); err != nil && !strings.Contains(err.Error(), "list PCI") {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Write(&out, opts); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return append(plain, out.Bytes()...)
}

// leftIn says which of the texts are in data, in upper or lower case.
func leftIn(data []byte, texts ...string) []string {
	data = bytes.ToLower(data)
	return slices.DeleteFunc(texts, func(s string) bool { return !bytes.Contains(data, []byte(strings.ToLower(s))) })
}

// tokens name a machine, a person or a network.
var tokens = []string{"Kwalicehost77zq", "kw-alice.zq-example.org", "10.177.31.9", "b8:ce:f6:77:12:33", "2001:db8:177::9", "deadbeef-1177-2233-4455-0123456789ab", "hunter2pw"}

// bearing are the files without which collectors do not get to the others; a token
// is planted in each of them alone.
func bearing(name string) bool {
	switch path.Base(name) {
	case "vendor", "device", "class", "modalias", "osrelease", "modules.dep", "modules.builtin", "name", "idVendor":
		return true
	}
	return strings.HasPrefix(name, "lib/modules") || strings.HasPrefix(name, "var/lib/dpkg") || strings.HasSuffix(name, "/rom")
}

// plant makes of a text one that has the token in it: in the place of all, behind each
// line, in the place of each second word, and of one word alone.
func plant(text, token string, way int) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		body, end := strings.TrimRight(line, "\n"), line[len(strings.TrimRight(line, "\n")):]
		switch words := strings.FieldsFunc(body, func(r rune) bool { return strings.ContainsRune(" \t:=,;\"", r) }); {
		case way == 0:
			body = token
		case way == 1:
			body += " " + token
		case way == 2:
			body += token
		case way == 3:
			body = token + "=" + body
		case len(words) > 0:
			body = strings.Replace(body, words[(way-4)%len(words)], token, 1)
		}
		out.WriteString(body + end)
	}
	return out.String()
}

// ways is how many of them there are: more than a line has fields.
const ways = 4 + 24

// TestNoPlantedTextIsLeft: whatever is written into the files that collectors read,
// and into every field of them, is not in a redacted capture.
func TestNoPlantedTextIsLeft(t *testing.T) {
	whole := fullHost()
	for i, token := range tokens {
		for way := range ways {
			if i > 1 && way > 7 && testing.Short() {
				continue
			}
			h := &hosttest.Host{FS: maps.Clone(whole.FS)}
			for name, f := range whole.FS {
				if f.Mode.Type() == 0 && !bearing(name) && !binaryFile(name) {
					h.FS[name] = &fstest.MapFile{Data: []byte(plant(string(f.Data), token, way)), Mode: f.Mode}
				}
			}
			if found := leftIn(redactedTar(t, h, ""), token); len(found) > 0 {
				t.Errorf("way %d: %q is left", way, found)
			}
			if n := bytes.Count(captureTar(t, h, "", capture.Options{}), []byte(token)); way < 4 && n < 60 {
				t.Errorf("way %d: %q is %d times in a capture that is not redacted: the test tests too little", way, token, n)
			}
		}
	}
}

func binaryFile(name string) bool {
	return path.Base(name) == "config" || strings.Contains(name, "efivars/") || strings.HasPrefix(name, "sys/firmware/dmi/")
}

// TestNoPlantedTextIsLeftInOne of the files that others depend on.
func TestNoPlantedTextIsLeftInOne(t *testing.T) {
	whole := fullHost()
	for name, f := range whole.FS {
		if f.Mode.Type() != 0 || !bearing(name) || strings.HasSuffix(name, "/rom") {
			continue
		}
		for way := range 8 {
			h := &hosttest.Host{FS: maps.Clone(whole.FS)}
			h.FS[name] = &fstest.MapFile{Data: []byte(plant(string(f.Data), tokens[0], way)), Mode: f.Mode}
			if found := leftIn(redactedTar(t, h, ""), tokens[0]); len(found) > 0 {
				t.Errorf("%s, way %d: %q is left", name, way, found)
			}
		}
	}
}

// TestNoPlantedNameIsLeft: in each folder there are a file, a folder and links of
// such a name; and a kernel, its modules, a driver and what signed it have it, too.
func TestNoPlantedNameIsLeft(t *testing.T) {
	for _, token := range []string{"kwalicehost77zq", "kw-alice.example.org", "b8:ce:f6:77:12:33", "deadbeef-1177-2233-4455-0123456789ab"} {
		h := fullHost()
		for name := range maps.Clone(h.FS) {
			dir := path.Dir(name)
			h.File(dir+"/"+token+"1", token).Link(dir+"/"+token+"2", "sys/"+token).Link(dir+"/1-"+token, "sys/class/"+token+"/a").File(dir+"/"+token+"3/"+path.Base(name), token)
		}
		if found := leftIn(redactedTar(t, h, ""), token); len(found) > 0 {
			t.Errorf("names: %q is left", found)
		}
		h = fullHost()
		release := "6.1.0-" + token
		for name, f := range maps.Clone(h.FS) {
			if rest, ok := strings.CutPrefix(name, "lib/modules/6.1.0-40-amd64"); ok {
				h.FS["lib/modules/"+release+rest] = f
			}
		}
		h.File("proc/sys/kernel/osrelease", release+"\n").File("proc/version", "Linux version "+release+" (alice@"+token+") (gcc) #1\n")
		if found := leftIn(redactedTar(t, h, ""), token, "alice@"); len(found) > 0 {
			t.Errorf("a kernel's release: %q is left", found)
		}
		card := hosttest.NVIDIACard("0000:01:00.0")
		card.Driver = token
		h = fullHost().Add(card).File("sys/module/"+token+"/taint", "OE\n")
		if found := leftIn(redactedTar(t, h, ""), token); len(found) > 0 {
			t.Errorf("a driver: %q is left", found)
		}
	}
}

// TestNoPlantedFactIsLeft: who signed a module, what it declares, which package owns
// it, what a slot is called, and NVML's answers.
func TestNoPlantedFactIsLeft(t *testing.T) {
	const token = "kwalicehost77zq"
	check := func(what string, h *hosttest.Host, nvml string, tokens ...string) {
		t.Helper()
		if found := leftIn(redactedTar(t, h, nvml), append(tokens, token)...); len(found) > 0 {
			t.Errorf("%s: %q is left", what, found)
		}
	}
	check("signer", signedModule(fullHost(), token+" Secure Boot Module Signature key", "navi10_sos.bin"), "", fmt.Sprintf("%x", "keyid77"))
	check("firmware", signedModule(fullHost(), token, token+".bin").File("lib/firmware/amdgpu/"+token+".bin", "x"), "")
	for _, key := range []string{"license", "version", "srcversion", "vermagic", "firmware", "name"} {
		check("module's "+key, fullHost().Module("amdgpu", map[string]string{key: token}), "")
	}
	check("slot", fullHost().File("sys/firmware/dmi/tables/DMI", string(slotTable(token))), "")
	for _, manager := range []string{"rpm", "pacman", "apk", ""} {
		check("packages of "+manager, fullHost().MergedUsr().PackagedBy(manager, "usr/lib"), "")
	}
	h := fullHost()
	const list = "var/lib/dpkg/info/linux-image-6.1.0-40-amd64"
	h.FS["var/lib/dpkg/info/"+token+".list"], h.FS["var/lib/dpkg/info/"+token+".md5sums"] = h.FS[list+".list"], h.FS[list+".md5sums"]
	delete(h.FS, list+".list")
	h.File("var/lib/dpkg/status", "Package: "+token+"\nStatus: install ok installed\nVersion: 1-"+token+"\n\n")
	check("package", h, "")
	for _, n := range []string{"db", "dbx"} {
		check(n, fullHost().File("sys/firmware/efi/efivars/"+n+"-d719b2cb-3d3a-4596-a3bc-dad00e67656f", "\x27\x00\x00\x00"+ownList(token)), "")
	}
	for name, f := range fullHost().FS {
		if path.Base(name) == "config" {
			h := fullHost()
			data := slices.Clone(f.Data)
			for at := 0x80; at+len(token) < len(data); at += 64 {
				if at < 0x100 || at >= 0x180 {
					copy(data[at:], token)
				}
			}
			copy(data[0x10:], token)
			copy(data[0x14c:], token[:8])
			h.FS[name] = &fstest.MapFile{Data: data, Mode: fs.FileMode(0o444)}
			check(name, h, "", token[:8])
		}
	}
	const gpu = `{"address":"0000:01:00.0","vendor_id":"10de","device_id":"2684","subsystem_vendor_id":"10de","subsystem_device_id":"167c"`
	for _, key := range []string{"vbios_version", "serial", "uuid", "board_part_number", "inforom_version", "name", "recovery_action"} {
		check("NVML's "+key, fullHost(), `{"schema":"gpuaudit.nvml/v2","library":"/home/`+token+`/libnvidia-ml.so","gpus":[`+gpu+`,"`+key+`":"`+token+`"}]}`)
	}
	// What a GPU signed, and for which question, is of one card: nothing of it stays.
	for name, text := range map[string]string{
		"pdi": `"pdi":"` + token + `"`, "evidence": `"evidence":{"report":"` + token + `","chain":"` + token + `"}`,
		"an unknown member": `"` + token + `":"` + token + `"`, "a number that is none": `"memory_bytes":"` + token + `"`, "health": `"health":{"corrected":"` + token + `","` + token + `":1}`,
	} {
		check("NVML's "+name, fullHost(), `{"schema":"gpuaudit.nvml/v4","library":"/x","gpus":[`+gpu+`,`+text+`}]}`)
	}
	for name, text := range map[string]string{
		"nonce": `"nonce":"` + token + `"`, "switches": `"switches":[{"uuid":"` + token + `","evidence":{"report":"` + token + `","chain":"` + token + `"},"failures":[{"fact":"evidence","text":"` + token + `"}]}],"switches_unasked":"` + token + `"`, "schema": `"x":"` + token + `"`, "confidential": `"confidential_computing":{"environment":"` + token + `","multi_gpu":"` + token + `","x":"` + token + `"}`,
	} {
		check("NVML's "+name, fullHost(), `{"schema":"gpuaudit.nvml/v4","library":"/x",`+text+`,"gpus":[`+gpu+`}]}`)
	}
	for _, name := range []string{"etc/systemd/system/nvidia-%s.service", "etc/udev/rules.d/60-nvidia-%s.rules", "etc/modprobe.d/nvidia-%s.conf", "etc/cdi/nvidia-%s.yaml",
		"etc/containers/oci/hooks.d/nvidia-%s.json"} {
		check("software "+name, fullHost().File(fmt.Sprintf(name, token), token+"\nExecStart=/home/"+token+"/nvidia\n"), "")
	}
	check("software that a package has", fullHost().File("usr/lib/systemd/system/nvidia-"+token+".service", "x").File("var/lib/dpkg/info/"+token+".list", "/usr/lib/systemd/system/nvidia-"+token+".service\n"), "")
	check("software behind a link", fullHost().Link("etc/systemd/system/nvidia-x.service", "home/"+token+"/nvidia.service").File("home/"+token+"/nvidia.service", token), "")
	check("NVML's failures", fullHost(), `{"schema":"gpuaudit.nvml/v2","library":"/x","driver_version":"`+token+`","nvml_version":"`+token+`","gpus":[`+gpu+`,"failures":[{"fact":"`+token+`","text":"`+token+`"}]}]}`)
}

// TestNothingOfThisMachineIsLeft takes the running machine's name, user, id and
// addresses as what is planted.
func TestNothingOfThisMachineIsLeft(t *testing.T) {
	secrets := capture.HostSecrets(func(string) string { return "" })
	if len(secrets) == 0 {
		t.Skip("this machine says nothing of itself")
	}
	for _, s := range secrets {
		for _, way := range []int{0, 1, 2, 3, 5} {
			h := fullHost()
			for name, f := range maps.Clone(h.FS) {
				if f.Mode.Type() == 0 && !bearing(name) && !binaryFile(name) {
					h.FS[name] = &fstest.MapFile{Data: []byte(plant(string(f.Data), s.Value, way)), Mode: f.Mode}
				}
			}
			redactedTar(t, signedModule(h, s.Value+" Secure Boot Module Signature key", "navi10_sos.bin"), "", secrets...)
		}
	}
}
