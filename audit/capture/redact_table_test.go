package capture

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTableIsPublic: the words of the table's paths stay in names, and each row says
// why it is as it is.
func TestTableIsPublic(t *testing.T) {
	for _, row := range table {
		for e := range strings.SplitSeq(row.path, "/") {
			if e = strings.Trim(e, "*-"); e != "" && !publicName(e) && e != "F" {
				t.Errorf("%s: %q is no word of the list", row.path, e)
			}
		}
		if row.why == "" {
			t.Errorf("%s: no reason", row.path)
		}
	}
}

func ruleText(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../rules/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSwitchesOfRules: what a rule looks for on the command line, redaction keeps.
func TestSwitchesOfRules(t *testing.T) {
	entry := regexp.MustCompile(`(?m)^\t"([a-z_.]+)": \{(.*)\},$`)
	value := regexp.MustCompile(`"([^"]+)"`)
	n := 0
	for _, rule := range []string{"backdoor/dma_switches", "backdoor/kernel_switches"} {
		for _, m := range entry.FindAllStringSubmatch(ruleText(t, rule+"/rule.rego"), -1) {
			for _, v := range value.FindAllStringSubmatch(m[2], -1) {
				n++
				for _, word := range []string{m[1] + "=" + v[1], strings.ReplaceAll(m[1], "_", "-") + "=" + strings.ToUpper(v[1])} {
					if kept, _ := commandLine([]byte("a " + word + " b=c\n")); string(kept) != "redacted "+word+" redacted\n" {
						t.Errorf("%s: %q becomes %q", rule, word, kept)
					}
				}
			}
		}
	}
	if n < 15 {
		t.Errorf("%d values were found in the rules: the test reads them no longer", n)
	}
	if kept, _ := commandLine([]byte("firmware_class.path=/home/a/fw lockdown\n")); string(kept) != "firmware_class.path=redacted lockdown\n" {
		t.Errorf("%q", kept)
	}
}

// TestHypervisorsOfRules: a virtual machine is one in a redacted capture, too.
func TestHypervisorsOfRules(t *testing.T) {
	list := regexp.MustCompile(`(?s)guest if \{.*?some word in \[(.*?)\]`).FindStringSubmatch(ruleText(t, "provenance/lib.rego"))
	if list == nil {
		t.Fatal("the rules have no such list")
	}
	for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(list[1], -1) {
		if kept, ok := systemVendor([]byte("The " + strings.ToUpper(m[1]) + " of Alice\n")); !ok || string(kept) != m[1]+"\n" {
			t.Errorf("%q becomes %q", m[1], kept)
		}
	}
}

// TestMakersModules: the modules that makers ship keep their names.
func TestMakersModules(t *testing.T) {
	for _, name := range strings.Fields(`nvidia nvidia_uvm nvidia_modeset nvidia_drm nvidia_peermem nvidia_fs gdrdrv amdgpu amdttm amdkcl amdxcp amd_sched
		amddrm_ttm_helper amddrm_buddy i915 xe mtgpu habanalabs habanalabs_cn neuron metax iluvatar drv_davinci_intf hailo_pci apex gasket zfs vboxdrv`) {
		if !publicName(name) {
			t.Errorf("%s would be replaced", name)
		}
	}
}

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"NVIDIA GeForce RTX 4090": true, "NVIDIA A100-SXM4-80GB": true, "NVIDIA H100 80GB HBM3": true, "NVIDIA RTX 6000 Ada Generation": true,
		"linux-image-6.1.0-40-amd64": true, "6.1.153-1": true, "6.8.0-45-generic": true, "5.14.0-503.14.1.el9_5.x86_64": true,
		"amdgpu/navi10_sos.bin": true, "amdgpu/dimgrey_cavefish_sos.bin": true, "nvidia/ga102/gsp/gsp-535.113.01.bin": true, "PCIEX16_1": true, "Slot 6 / PCIe x16": true,
		"alicehost77 Secure Boot Module Signature key": false, "kernel-alice": false, "10.1.2.3": false, "b8:ce:f6:01:02:03": false, "b8-ce-f6-01-02-03": false,
		"fe80::1:2:3": false, "01234567-89ab-cdef-0123-456789abcdef": false, "rack7-node": false, "1234567890": false, "höst": false, "rémi": false,
	} {
		if got := public(text); got != want {
			t.Errorf("%q: public is %v", text, got)
		}
	}
}

func TestRewrites(t *testing.T) {
	for _, tc := range []struct {
		name     string
		keep     rewrite
		in, want string // "-" for left out
	}{
		{"version", kernelVersion, "Linux version 6.8.0-45-generic (buildd@lcy02) (gcc 13) #45\n", "Linux version 6.8.0-45-generic\n"},
		{"own version", kernelVersion, "Linux version 6.8.0-alice (alice@host) #45\n", "Linux version 6.8.0-redacted\n"},
		{"other version", kernelVersion, "alice\n", "-"},
		{"system", osRelease, "NAME=\"A\"\nID=ubuntu\nVERSION_ID=\"24.04\"\nHOME_URL=\"x\"\n", "ID=\"ubuntu\"\nVERSION_ID=\"24.04\"\n"},
		{"own system", osRelease, "ID=aliceos\nVERSION_ID=\"alice\"\n", "ID=redacted\n"},
		{"driver", nvidiaVersion, "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19\nGCC version: x\n", "NVRM version: NVIDIA UNIX Kernel Module  535.129.03\n"},
		{"open driver", nvidiaVersion, "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (alice@host)\n", "NVRM version: NVIDIA UNIX Open Kernel Module  580.95.05\n"},
		{"after --", commandLine, `quiet -- "a b" iommu=pt`, "redacted\n"},
		{"value in quotes", commandLine, `x="iommu=pt y" iommu=pt,"alice`, "redacted iommu=pt,redacted\n"},
		{"pages", badPages, "0x00001234 : 0x00001000 : R\n0x00009999 : 0x00001000 : P\n", "0x0 : 0x1000 : R\n0x0 : 0x1000 : P\n"},
		{"topology", kfdProperties, "simd_count 4\nunique_id 12\nname alice\n", "simd_count 4\nunique_id redacted\n"},
		{"no unique id", kfdProperties, "unique_id 0\n", "unique_id 0\n"},
		{"other topology", kfdProperties, "simd_count alice\n", "-"},
		{"no information", nvidiaInformation, "Model: NVIDIA Alice\nGPU UUID: GPU-????????-????-????-????-????????????\nVideo BIOS: ??.??.??.??.??\nIRQ: 7\n", "Model: redacted\nGPU UUID: GPU-????????-????-????-????-????????????\nVideo BIOS: ??.??.??.??.??\n"},
		{"twice", nvidiaInformation, "Model: a\nModel: b\n", "-"},
		{"not a number", form(number), "alice\n", "-"},
		{"nothing", form(number), "\n", "\n"},
		{"empty serial", identity, "\n", "\n"},
		{"errors", counts(aerLine, "Other"), "RxErr 1\nAlice 2\nTOTAL_ERR_COR 3\n", "RxErr 1\nOther 2\nTOTAL_ERR_COR 3\n"},
		{"variable", efiState, "\x06\x00\x00\x00\x01", "\x06\x00\x00\x00\x01"},
		{"long variable", efiState, "\x06\x00\x00\x00\x01alice", "-"},
	} {
		got, ok := tc.keep([]byte(tc.in))
		if !ok {
			got = []byte("-")
		}
		if string(got) != tc.want {
			t.Errorf("%s: %q becomes %q, want %q", tc.name, tc.in, got, tc.want)
		}
	}
}

// FuzzRewrites: no rewriting panics, and what one gives, it gives again.
func FuzzRewrites(f *testing.F) {
	f.Add([]byte("a=b c=\"d e\" iommu=pt"))
	f.Add(testConfig())
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, row := range table {
			if row.keep == nil {
				continue
			}
			once, ok := row.keep(data)
			if !ok || row.path == "sys/firmware/efi/efivars/db-*" || row.path == "sys/firmware/efi/efivars/dbx-*" {
				continue
			}
			if again, ok := row.keep(once); !ok || !bytes.Equal(again, once) {
				t.Errorf("%s: %q becomes %q, and then %q (%v)", row.path, data, once, again, ok)
			}
		}
	})
}

// TestSecretsAreFound, and what is part of something else is none.
func TestSecretsAreFound(t *testing.T) {
	for _, tc := range []struct {
		value, data    string
		firmware, want bool
	}{
		{"alicehost77", "x ALICEHOST77 y", false, true},
		{"alicehost77", "xalicehost77y", false, true},
		{"alicehost77", "xalicehost77y", true, true},
		{"alice", "malice", false, false},
		{"alice", "a/alice.ko", false, true},
		{"alice", "a/alice.ko", true, false},
		{"10.0.0.1", "10.0.0.12", false, false},
		{"10.0.0.1", "ip=10.0.0.1:x", false, true},
		{"00000001", "0x0000000000000001", false, false},
		{"00000001", "serial 00000001", false, true},
		{"gpu", "a gpu", false, false},
		{"card0", "card0", false, false},
		{"gpu01x", "gpu01x", false, true},
		{"00:00:00:00:00:00", "00:00:00:00:00:00", false, false},
	} {
		s := Secret{Value: tc.value}
		if got := s.telling() && s.in(bytes.ToLower([]byte(tc.data)), tc.firmware); got != tc.want {
			t.Errorf("%q in %q (firmware %v): %v", tc.value, tc.data, tc.firmware, got)
		}
	}
}
