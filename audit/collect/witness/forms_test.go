package witness_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/witness"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// The recordings of this file have the forms of real ones, and other numbers.
const (
	smiCSV = `index, name, uuid, pci.bus_id, pci.device_id, pci.sub_device_id, vbios_version, memory.total [MiB], driver_version, inforom.checksum_validation, gpu_recovery_action, ecc.errors.uncorrected.aggregate.total, remapped_rows.failure
0, NVIDIA GeForce RTX 4090, GPU-11111111-2222-3333-4444-555555555555, 00000000:01:00.0, 0x268410DE, 0x167C10DE, 95.02.3C.40.B6, 24564 MiB, 580.95.05, valid, None, [N/A], [N/A]
`
	smiKepler = `==============NVSMI LOG==============

Timestamp                           : Thu Jul 30 03:46:43 2015
Driver Version                      : 346.46

Attached GPUs                       : 1
GPU 0000:01:00.0
    Product Name                    : Tesla K40m
    PCI
        Device Id                   : 0x102310DE
        Bus Id                      : 0000:01:00.0
        Sub System Id               : 0x097E10DE
        Replays since reset         : 4
    FB Memory Usage
        Total                       : 11519 MiB
    Ecc Mode
        Current                     : Enabled
    ECC Errors
        Volatile
            Single Bit            
                Device Memory       : 0
                Total               : 0
            Double Bit            
                Device Memory       : 0
                Total               : 0
        Aggregate
            Single Bit            
                Device Memory       : 3
                Register File       : 0
                L1 Cache            : 1
                L2 Cache            : 0
                Texture Memory      : 0
                Total               : 4
            Double Bit            
                Device Memory       : 2
                Register File       : 0
                L1 Cache            : 0
                L2 Cache            : 1
                Texture Memory      : 0
                Total               : 3
    Retired Pages
        Single Bit ECC              : 0
        Double Bit ECC              : 2
        Pending                     : Yes
`
	rocmJSON = `{"card0": {"Device ID": "0x738c", "Device Rev": "0x1", "Unique ID": "0x79cc000000001234", "VBIOS version": "113-D3431401-101",
"PCIe Replay Count": "3", "Serial Number": "N/A", "PCI Bus": "0000:83:00.0", "VRAM Total Memory (B)": "34342961152",
"Card series": "Arcturus GL-XL [Instinct MI100]", "Card model": "0xc34", "Card vendor": "Advanced Micro Devices, Inc. [AMD/ATI]", "Card SKU": "D3431401"},
"system": {"Driver version": "6.3.6"}}
`
	rocmText = `
============================ ROCm System Management Interface ============================
========================================== ID ============================================
GPU[0]		: Device Name: 		AMD Instinct MI100
GPU[0]		: Device ID: 		0x738c
GPU[0]		: Device Rev: 		0x01
GPU[0]		: Subsystem ID: 	0x0c34
GPU[0]		: GUID: 		51140
==========================================================================================
GPU[0]		: Unique ID: 0x79cc000000001234
GPU[0]		: VBIOS version: 113-D3431401-101
GPU[0]		: PCIe Replay Count: 3
GPU[0]		: PCI Bus: 0000:83:00.0
GPU[0]		: VRAM Total Memory (B): 34342961152
======================================= RAS Info =========================================

GPU[0]: 	RAS INFO
         Block       Status    Correctable Error  Uncorrectable Error  
           UMC     ENABLED                  12                    1  
          SDMA     ENABLED                   0                    2  
           HDP    DISABLED                   0                    0  
__________________________________________________________________________________________
GPU[0]		: Device Rev: 		0x01
==================================== End of ROCm SMI Log =================================
`
	hyText = `============================ System Management Interface ============================
HCU[0]		: Device ID: 		0x6320
HCU[0]		: PCI Bus: 0000:9f:00.0
HCU[0]		: vram Total Memory (MiB): 65520
HCU[0]		: Card Vendor: 		Chengdu Haiguang IC Design (Hygon)
`
	amdText = `GPU: 0
    ASIC:
        MARKET_NAME: AMD Instinct MI100
        VENDOR_ID: 0x1002
        VENDOR_NAME: Advanced Micro Devices Inc. [AMD/ATI]
        SUBVENDOR_ID: 0x1002
        DEVICE_ID: 0x738c
        SUBSYSTEM_ID: 0xc34
        REV_ID: 0x01
        ASIC_SERIAL: 0x79CC000000001234
    BUS:
        BDF: 0000:83:00.0
        MAX_PCIE_SPEED: 16 GT/s
    VBIOS:
        NAME: Arcturus
        PART_NUMBER: 113-D3431401-101
        VERSION: 017.000.000.014.000000
    DRIVER:
        NAME: amdgpu
        VERSION: 6.3.6
    LIMIT:
        SHUTDOWN_EDGE_TEMPERATURE: 105 °C
    VRAM:
        TYPE: HBM
        SIZE: 32752 MB

GPU: 0
    PCIE:
        REPLAY_COUNT: 3
    ECC:
        TOTAL_CORRECTABLE_COUNT: 12
        TOTAL_UNCORRECTABLE_COUNT: 3
        TOTAL_DEFERRED_COUNT: 0
        CACHE_CORRECTABLE_COUNT: 0
        CACHE_UNCORRECTABLE_COUNT: 0
`
	amdStatic = `[{"gpu": 0, "asic": {"market_name": "AMD Instinct MI100", "vendor_id": "0x1002", "subvendor_id": "0x1002", "device_id": "0x738c", "subsystem_id": "0x0c34",
"rev_id": "0x01", "asic_serial": "0x79CC000000001234", "oam_id": "N/A", "num_compute_units": 120},
"bus": {"bdf": "0000:83:00.0", "max_pcie_speed": {"value": 16, "unit": "GT/s"}}, "vbios": {"part_number": "113-D3431401-101"},
"driver": {"name": "amdgpu"}, "vram": {"type": "HBM", "size": {"value": 32752, "unit": "MB"}}}]
`
	amdMetric = `{"gpu_data": [{"gpu": 0, "pcie": {"replay_count": 3}, "ecc": {"total_correctable_count": 12, "total_uncorrectable_count": 3, "total_deferred_count": 0,
"cache_correctable_count": 0}, "ecc_blocks": {"UMC": {"correctable_count": 12, "uncorrectable_count": 1}}}]}
`
	inforomLine = "WARNING: infoROM is corrupted at gpu 0000:01:00.0\n"
	lostLine    = "Unable to determine the device handle for GPU0000:02:00.0: Unknown Error\n"
	sudoLine    = "[sudo] password for ann: \n"
)

func toUTF16(text string, order binary.ByteOrder) string {
	b := make([]byte, 2, 2+2*len(text))
	order.PutUint16(b, 0xfeff)
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, 0, 0)
		order.PutUint16(b[len(b)-2:], u)
	}
	return string(b)
}

// facts is what a recording states, in one line, with what was left aside.
func facts(s *witness.Statement) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %t", s.Name, s.Driver, s.Complete)
	for _, d := range s.Devices {
		if d.Mentioned {
			fmt.Fprintf(&b, " | %s mentioned", d.Address)
		} else {
			fmt.Fprintf(&b, " | %s %s:%s %s:%s %s %s %s%s %q %d", d.Address, d.Vendor, d.Model, d.Subvendor, d.Subsystem, d.VBIOS, d.DriverName, d.UUID, d.UniqueID, d.Product, d.MemoryMiB)
		}
		for _, c := range d.Counts {
			if c.N > 0 {
				fmt.Fprintf(&b, " %s=%d", c.Kind, c.N)
			}
		}
	}
	return b.String()
}

// TestForms: every way in which these programs' output comes, with what people
// and shells put around it.
func TestForms(t *testing.T) {
	const (
		gpu   = "nvidia-smi 580.95.05 true | 0000:01:00.0 10de:2684 10de:167c 95.02.3C.40.B6 nvidia GPU-11111111-2222-3333-4444-555555555555 \"NVIDIA GeForce RTX 4090\" 24564"
		part  = "nvidia-smi 580.95.05 false" + gpu3
		pci   = "lspci  false | 0000:01:00.0 10de:2684 10de:167c  nvidia  \"\" 0"
		mi100 = " | 0000:83:00.0 1002:738c 1002:0c34 113-D3431401-101 amdgpu 79cc000000001234 \"AMD Instinct MI100\" 32752"
	)
	lone := strings.SplitAfterN(lspciLong, "\n", 2)[1]
	for _, tc := range []struct{ name, text, want, note string }{
		{"a byte order mark", "\ufeff" + smiXML, gpu, ""},
		{"UTF-16 of PowerShell", toUTF16(strings.ReplaceAll(smiXML, "\n", "\r\n"), binary.LittleEndian), gpu, ""},
		{"UTF-16, the other way", toUTF16(smiText, binary.BigEndian), gpu, ""},
		{"a prompt for a password", sudoLine + smiXML, gpu, "left aside"},
		{"a prompt for a password before it in its line", strings.TrimSuffix(sudoLine, "\n") + smiText, gpu, "left aside"},
		{"the command itself", "$ nvidia-smi -q\n" + smiText, gpu, `left aside: "$ nvidia-smi -q"`},
		{"a prompt behind it", smiText + "\nuser@host:~$ \n", gpu, "user@host"},
		{"XML with a warning behind it", smiXML + inforomLine, gpu + " inforom-corrupt=1", ""},
		{"XML with a warning before it", inforomLine + smiXML, gpu + " inforom-corrupt=1", ""},
		{"text with a warning behind it", smiText + "\n" + inforomLine, gpu + " inforom-corrupt=1", ""},
		{"text with a GPU that was lost", smiText + "\n" + lostLine, gpu + " | 0000:02:00.0 mentioned off-bus=1", ""},
		{"XML with a GPU that was lost", "Unable to determine the device handle for GPU1: 0000:02:00.0: GPU is lost.  Reboot the system to recover this GPU\n" + smiXML,
			"nvidia-smi 580.95.05 true | 0000:02:00.0 mentioned off-bus=1" + gpu3, ""},
		{"a lost GPU without an address", smiText + "Unable to determine the device handle for GPU2: Unknown Error\n", gpu, "names no address"},
		{"nothing but a lost GPU", lostLine, "nvidia-smi  false | 0000:02:00.0 mentioned off-bus=1", ""},
		{"the listed GPU is lost", strings.Replace(smiXML, "24564 MiB", "GPU is lost", 1), strings.Replace(gpu, " 24564", " 0 off-bus=1", 1), ""},
		{"the listed GPU wants a reset", strings.Replace(smiText, "95.02.3C.40.B6", "[GPU requires reset]", 1), strings.Replace(gpu, "95.02.3C.40.B6", "", 1) + " recovery-needed=1", ""},
		{"recovery action", strings.Replace(smiText, "    PCI\n", "    GPU Recovery Action : Drain and Reset\n    PCI\n", 1), gpu + " recovery-needed=1", ""},
		{"recovery action of a later driver", strings.Replace(smiXML, "<pci>", "<gpu_recovery_action>System Reboot</gpu_recovery_action><pci>", 1), gpu + " recovery-needed=1", ""},
		{"reset status of an older driver", strings.Replace(smiText, "    PCI\n", "    GPU Reset Status\n        Reset Required : Yes\n        Drain and Reset Recommended : No\n    PCI\n", 1), gpu + " recovery-needed=1", ""},
		{"redacted ids", strings.NewReplacer("268410DE", "[REDACTED]", "167C10DE", "XXXXXXXX").Replace(smiXML), strings.Replace(gpu, "10de:2684 10de:167c", ": :", 1), "pci_device_id is \"[REDACTED]\""},
		{"an id of seven digits", strings.Replace(smiXML, "268410DE", "68410DE", 1), strings.Replace(gpu, "10de:2684", ":", 1), "68410DE"},
		{"memory without a unit", strings.Replace(smiXML, "24564 MiB", "24564", 1), strings.Replace(gpu, "24564", "0", 1), "fb_memory_usage/total"},
		{"memory that is no part", strings.Replace(smiXML, "24564 MiB", "N/A", 1), strings.Replace(gpu, "24564", "0", 1), ""},
		{"two GPUs, one redacted", strings.NewReplacer("<attached_gpus>1", "<attached_gpus>2", "\t<gpu id=", "\t<gpu id=\"[REDACTED]\"><serial>7</serial></gpu><gpu id=").Replace(smiXML), part, "no address"},
		{"a tail of another command", smiText + "\n#### pmon\n    FB Memory Usage\n        Total : 7 MiB\n", gpu, "pmon"},
		{"bytes that are no UTF-8", strings.Replace(smiText, "    PCI\n", "    GPU Temp : 40 \xb0C\n    PCI\n", 1), gpu, ""},
		{"CSV", smiCSV, strings.Replace(gpu, "true", "false", 1), ""},
		{"CSV without units", strings.ReplaceAll(smiCSV, " MiB,", ","), strings.Replace(gpu, "true", "false", 1), ""},
		{"CSV with warnings", sudoLine + smiCSV + lostLine + inforomLine, strings.Replace(gpu, "true", "false", 1) + " inforom-corrupt=1 | 0000:02:00.0 mentioned off-bus=1", "left aside"},
		{"CSV behind its command", "nvidia-smi --query-gpu=name,uuid,pci.bus_id --format=csv\n" + smiCSV, strings.Replace(gpu, "true", "false", 1), "left aside"},
		{"CSV of a bad InfoROM", strings.Replace(smiCSV, "valid, None", "invalid, Reset", 1), strings.Replace(gpu, "true", "false", 1) + " inforom-corrupt=1 recovery-needed=1", ""},
		{"Kepler", smiKepler, "nvidia-smi 346.46 true | 0000:01:00.0 10de:1023 10de:097e  nvidia  \"Tesla K40m\" 11519" +
			" pcie-replays=4 memory-corrected=3 memory-corrected=1 memory-corrected=4 memory-uncorrected=2 memory-uncorrected=1 memory-uncorrected=3 pages-retired=2 retirement-pending=1", ""},
		{"lspci of grep -A", lone + "--\n" + strings.ReplaceAll(lone, "01:00.0", "02:00.0"), pci + strings.Replace(pci[len("lspci  false"):], "01:00", "02:00", 1), `left aside: "--"`},
		{"lspci of grep -B", "\tSubsystem: of another\n" + lone, pci, "left aside"},
		{"lspci with errors of its own", "pcilib: sysfs_read_vpd: read failed: No such device\n" + sudoLine + lspciLong, "lspci  true | 0000:00:00.0 8086:a700 :    \"\" 0" + pci[len("lspci  false"):], "pcilib"},
		{"lspci with another thing in it", lspciLong + "Linux version 6.1\n", "lspci  false | 0000:00:00.0 8086:a700 :    \"\" 0" + pci[len("lspci  false"):], "Linux version"},
		{"lspci with a line without ids", lone + "03:00.0 VGA compatible controller: AMD Navi\n", pci, "0000:03:00.0: it has names and no ids"},
		{"lspci of a device that does not answer", "01:00.0 3D controller [0302]: NVIDIA Corporation GP107M [10de:1c8d] (rev ff) (prog-if ff)\n\t!!! Unknown header type 7f\n\tKernel driver in use: nvidia\n",
			"lspci  false | 0000:01:00.0 10de:1c8d :  nvidia  \"\" 0 no-answer=1", ""},
		{"rocm-smi --json", rocmJSON, `rocm-smi  false | 0000:83:00.0 1002:738c :0c34 113-D3431401-101  79cc000000001234 "Arcturus GL-XL [Instinct MI100]" 32752 pcie-replays=3`, ""},
		{"rocm-smi --json behind a warning", "WARNING: AMD GPU device(s) is/are in a low-power state\n" + rocmJSON, `rocm-smi  false | 0000:83:00.0 1002:738c :0c34 113-D3431401-101  79cc000000001234 "Arcturus GL-XL [Instinct MI100]" 32752 pcie-replays=3`, "low-power"},
		{"rocm-smi --json of a card in parts", strings.Replace(rocmJSON, `"system"`, `"card1": {"Device ID": "0x738c", "PCI Bus": "0000:83:00.1", "VRAM Total Memory (B)": "1"}, "system"`, 1),
			`rocm-smi  false | 0000:83:00.0 1002:738c :0c34 113-D3431401-101  79cc000000001234 "Arcturus GL-XL [Instinct MI100]" 32752 pcie-replays=3`, "parts of a card"},
		{"XML that says that it was UTF-16", toUTF16(strings.Replace(smiXML, `version="1.0"`, `version="1.0" encoding="utf-16"`, 1), binary.LittleEndian), gpu, ""},
		{"rocm-smi -a --showrasinfo", rocmText, `rocm-smi  false | 0000:83:00.0 :738c :0c34 113-D3431401-101  79cc000000001234 "AMD Instinct MI100" 32752 pcie-replays=3 memory-corrected=12 memory-uncorrected=1 memory-uncorrected=2`, ""},
		{"hy-smi -a", hyText, `hy-smi  false | 0000:9f:00.0 1d94:6320 :    "" 65520`, ""},
		{"amd-smi static", amdText[:strings.LastIndex(amdText, "GPU: 0")], "amd-smi  false" + mi100, ""},
		{"amd-smi static and metric", amdText, "amd-smi  false" + mi100 + " pcie-replays=3 memory-corrected=12 memory-uncorrected=3", ""},
		{"amd-smi static --json", amdStatic, "amd-smi  false" + mi100, ""},
		{"amd-smi static --json and metric --json", amdStatic + amdMetric, "amd-smi  false" + mi100 + " pcie-replays=3 memory-corrected=12 memory-uncorrected=3", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := witness.Parse("f", []byte(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := facts(s); got != tc.want {
				t.Errorf("it states\n%s, want\n%s", got, tc.want)
			}
			if notes := strings.Join(s.Notes, "; "); tc.note == "" != (notes == "") || !strings.Contains(notes, tc.note) {
				t.Errorf("notes are %q, want %q", notes, tc.note)
			}
		})
	}
}

const gpu3 = " | 0000:01:00.0 10de:2684 10de:167c 95.02.3C.40.B6 nvidia GPU-11111111-2222-3333-4444-555555555555 \"NVIDIA GeForce RTX 4090\" 24564"

// TestNamed: what people give and what holds too little is named as what it is,
// with what to give instead.
func TestNamed(t *testing.T) {
	for _, tc := range []struct{ name, text, is, give string }{
		{"npu-smi info", "+-------+\n| npu-smi 25.5.2      Version: 25.5.2    |\n+------+\n", "npu-smi (Huawei Ascend)", "lspci -Dnnvv"},
		{"mthreads-gmi", "Tue Mar 31 13:39:52 2026\n------\n    mthreads-gmi:2.3.2           Driver Version:3.3.5-server\n", "mthreads-gmi (Moore Threads)", "lspci -Dnnvv"},
		{"the table of nvidia-smi", "Tue Mar 31 13:39:52 2026\n+------+\n| NVIDIA-SMI 595.71.05 |\n", "the table that nvidia-smi prints", "nvidia-smi -q -x"},
		{"nvidia-smi -L", "GPU 0: NVIDIA GeForce RTX 4090 (UUID: GPU-11111111-2222-3333-4444-555555555555)\n", "nvidia-smi -L", "nvidia-smi -q -x"},
		{"no driver", "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n", "did not reach NVIDIA's driver", "load the driver"},
		{"another library", "Failed to initialize NVML: Driver/library version mismatch\n", "did not reach NVIDIA's driver", "reboot"},
		{"no device", "No devices were found\n", "found no GPU", "lspci -Dnnvv"},
		{"the table of rocm-smi", "======= ROCm System Management Interface =======\n===== Concise Info =====\nDevice  Node  IDs\n0       1     0x74a1\n", "the table that rocm-smi", "rocm-smi -a --json"},
		{"the table of amd-smi", "+-----+\n| AMD-SMI 26.0.0 |\n", "the table that amd-smi", "amd-smi static --json"},
		{"amd-smi metric alone", amdMetric, "no card in it has a bus address", "amd-smi static --json"},
		{"rocm-smi without addresses", `{"card0": {"Device ID": "0x738c"}}`, "no card in it has a bus address", "rocm-smi -a --json"},
		{"CSV without a header", "0, NVIDIA GeForce RTX 4090, GPU-11111111, 24564 MiB\n", "without its first line", "leave noheader out"},
		{"CSV without addresses", "name, uuid, memory.total [MiB]\nNVIDIA L4, GPU-1, 23034 MiB\n", "without the column pci.bus_id", "nvidia-smi -q -x"},
		{"another JSON", `{"schema": "x", "gpus": []}`, "neither of rocm-smi nor of amd-smi", "nvidia-smi -q -x"},
		{"a recording of gpuaudit-nvml", `{"schema": "gpuaudit.nvml/v2", "gpus": []}`, "gpuaudit-nvml", "--nvml"},
		{"JSON that is cut", rocmJSON[:200], "ends within the JSON", "record it again"},
		{"deep JSON", `{"card0": ` + strings.Repeat("[", 40), "deep", ""},
		{"JSON that contradicts itself", strings.Replace(rocmJSON, `"Device Rev"`, `"VRAM Total Memory (B)": "1", "Device Rev"`, 1), "one recording per file", ""},
		{"a lost GPU without a number", "Unable to determine the device handle for GPU2: Unknown Error\n", "names no address", "nvidia-smi -q -x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := witness.Parse("f", []byte(tc.text))
			if err == nil {
				t.Fatalf("it was read: %s", facts(s))
			}
			if !errors.Is(err, collect.ErrMalformed) || !strings.Contains(err.Error(), tc.is) || !strings.Contains(err.Error(), tc.give) {
				t.Errorf("error is %q, want %q and %q", err, tc.is, tc.give)
			}
		})
	}
}

// TestUnknownNames: a count whose name this version does not know is no part of a
// sum, and not dropped either. N/A is no zero.
func TestUnknownNames(t *testing.T) {
	const frame = `<nvidia_smi_log><attached_gpus>1</attached_gpus><gpu id="00000000:01:00.0"><pci><pci_device_id>268410DE</pci_device_id></pci>%s</gpu></nvidia_smi_log>`
	ecc := func(s string) string {
		return "<ecc_errors><aggregate><dram_uncorrectable>0</dram_uncorrectable>" + s + "</aggregate></ecc_errors>"
	}
	for _, tc := range []struct{ name, xml, counts, gaps string }{
		{"driver 515", ecc("<sram_uncorrectable>7</sram_uncorrectable>"), "memory-uncorrected=7", ""},
		{"driver 550", ecc("<sram_uncorrectable_parity>1</sram_uncorrectable_parity><sram_uncorrectable_secded>2</sram_uncorrectable_secded>"), "memory-uncorrected=3", ""},
		{"a name to come", ecc("<hbm_uncorrectable>7</hbm_uncorrectable>"), "memory-uncorrected=0", "/health/memory:io-error"},
		{"a name to come that the card lacks", ecc("<hbm_uncorrectable>N/A</hbm_uncorrectable>"), "memory-uncorrected=0", ""},
		{"a structure to come", ecc("<double_bit><l3_cache>7</l3_cache><total>0</total></double_bit>"), "memory-uncorrected=0", "/health/memory:io-error"},
		{"a section to come", "<ecc_errors><since_repair><dram_uncorrectable>7</dram_uncorrectable></since_repair></ecc_errors>", "", "/health/memory:io-error"},
		{"rows to come", "<remapped_rows><remapped_row_lost>1</remapped_row_lost></remapped_rows>", "", "/health/memory:io-error"},
		{"a threshold", ecc("<sram_threshold_exceeded>Yes</sram_threshold_exceeded>"), "memory-uncorrected=0 memory-threshold-exceeded=1", ""},
		{"where the errors of the caches were is a part of them", ecc("") + "<ecc_errors2/>", "memory-uncorrected=0", ""},
		{"a total with parts that are more", ecc("<double_bit><device_memory>5</device_memory><total>2</total></double_bit>"), "memory-uncorrected=5", ""},
		{"rows that wait", "<remapped_rows><remapped_row_unc>1</remapped_row_unc><remapped_row_unc_inactive>1</remapped_row_unc_inactive></remapped_rows>", "rows-remapped=1 retirement-pending=1", ""},
		{"memory that is beyond repair", "<ecc_errors><unrepairable_memory>Yes</unrepairable_memory><channel_repair_pending>Yes</channel_repair_pending><tpc_repair_pending>Yes</tpc_repair_pending></ecc_errors>", "memory-unrepairable=1 repair-pending=1", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			counts, gaps := told(t, fmt.Sprintf(frame, tc.xml), "0000:01:00.0")
			if counts != tc.counts || gaps != tc.gaps {
				t.Errorf("counts %q, gaps %q; want %q, %q", counts, gaps, tc.counts, tc.gaps)
			}
		})
	}
}

// TestClaims: what a recording states of this card is a fact of it; what it may
// state of another card is none, and the report says why.
func TestClaims(t *testing.T) {
	wild := strings.NewReplacer("268410DE", "[REDACTED]", "167C10DE", "[REDACTED]").Replace(smiXML)
	nameless := strings.Replace(wild, "GPU-11111111-2222-3333-4444-555555555555", "GPU-00000000-0000-0000-0000-000000000000", 1)
	for _, tc := range []struct {
		name, text string
		change     func(*inventory.Device)
		memory     string // of the witness
		doubt      string
	}{
		{"ids", smiXML, func(d *inventory.Device) { d.Identity, d.Firmware = nil, inventory.Firmware{} }, "24564", ""},
		{"the card's number alone", wild, func(*inventory.Device) {}, "24564", ""},
		{"the version of the VBIOS alone", nameless, func(*inventory.Device) {}, "24564", ""},
		{"the address alone", nameless, func(d *inventory.Device) { d.Firmware = inventory.Firmware{} }, "", "nothing in it but the address"},
		{"another model", smiXML, func(d *inventory.Device) { d.PCI.DeviceID = new("2204") }, "", "/pci/device_id is 2204 here"},
		{"another board", smiXML, func(d *inventory.Device) { d.PCI.SubsystemVendorID = new("1043") }, "", "/pci/subsystem_vendor_id is 1043 here"},
		{"another card of the model", smiXML, func(d *inventory.Device) { d.Identity[1].Value = "GPU-9" }, "", "/identity/1/value is GPU-9 here"},
		{"a redacted capture", smiXML, func(d *inventory.Device) { d.Identity[1].Value = "redacted" }, "24564", ""},
		{"ids that could not be read here", smiXML, func(d *inventory.Device) {
			*d = inventory.Device{Address: d.Address}
		}, "", "nothing in it but the address"},
		{"newer firmware", smiXML, func(d *inventory.Device) { d.Firmware.Versions[0].Version = "95.02.18.80.87" }, "24564", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := card()
			d.Memory = nil
			tc.change(d)
			if err := hear(t, d, tc.text); err != nil {
				t.Fatal(err)
			}
			memory, names := "", len(d.ProductNames)
			for _, m := range d.Memory {
				memory += fmt.Sprint(m.Bytes >> 20)
				if m.Source != "nvidia-smi" {
					t.Errorf("source is %q", m.Source)
				}
			}
			notes := strings.Join(d.Witnesses[0].Notes, "; ")
			if memory != tc.memory || (names == 1) != (tc.memory != "") || !strings.Contains(notes, tc.doubt) || tc.doubt == "" && strings.Contains(notes, "no fact") {
				t.Errorf("memory %q, %d names, notes %q; want %q and %q", memory, names, notes, tc.memory, tc.doubt)
			}
			gap := false
			for _, g := range d.Gaps {
				gap = gap || g.Fact == "/memory" && g.Reason == inventory.ReasonUnconfirmed
			}
			if gap != (tc.doubt != "") {
				t.Errorf("gaps are %+v", d.Gaps)
			}
		})
	}
}

// TestMentioned: a warning has an address and nothing else. It counts for a card
// that NVIDIA's driver runs.
func TestMentioned(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*inventory.Device)
		want   string
	}{
		{"a card of NVIDIA", func(*inventory.Device) {}, "off-bus=1"},
		{"a card without a driver", func(d *inventory.Device) { d.Driver = nil }, "off-bus=1"},
		{"a card of another driver", func(d *inventory.Device) { d.Driver.Name = "vfio-pci" }, ""},
		{"a card of another maker", func(d *inventory.Device) { d.PCI.VendorID = new("1002") }, ""},
		{"another driver's version", func(d *inventory.Device) { d.Driver.Claims[0].Version = "550.1" }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := card()
			d.Address = "0000:02:00.0"
			tc.change(d)
			if err := hear(t, d, smiText+lostLine); err != nil {
				t.Fatal(err)
			}
			counts, gaps := health(d)
			if counts != tc.want || !strings.Contains(gaps, "/witnesses/nvidia-smi") {
				t.Errorf("counts are %q, want %q; gaps %q", counts, tc.want, gaps)
			}
		})
	}
}

// TestSharedCases: recordings as people have them.
func TestSharedCases(t *testing.T) {
	dir, _ := filepath.Abs("../../../../shared/cases/witness")
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) == 0 {
		t.Skip("the shared recordings are not on this machine: ../shared/cases/witness")
	}
	refused := map[string]string{"npu-smi.txt": "npu-smi (Huawei Ascend)", "mthreads-gmi.txt": "mthreads-gmi (Moore Threads)"}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		s, err := witness.Parse(name, b)
		switch {
		case refused[name] != "":
			if err == nil || !strings.Contains(err.Error(), refused[name]) {
				t.Errorf("%s: error is %v, want %q", name, err, refused[name])
			}
		case err != nil:
			t.Errorf("%s", err)
		case s.Devices[0].MemoryMiB == 0 && s.Name != "lspci":
			t.Errorf("%s: no memory in %s", name, facts(s))
		}
	}
}
