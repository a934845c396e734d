package witness_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/collect/witness"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// told is what a recording adds to the device at an address.
func told(t *testing.T, text, address string) (counts, gaps string) {
	t.Helper()
	s, err := witness.Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	d := inventory.Device{Address: address, Driver: &inventory.Driver{Name: "nvidia"}}
	if err := witness.Collector([]*witness.Statement{s}).Device(t.Context(), &collect.Env{}, &d); err != nil {
		t.Fatal(err)
	}
	for _, h := range d.Health {
		counts += fmt.Sprintf("%s=%d ", h.Kind, h.Count)
	}
	for _, g := range d.Gaps {
		gaps += g.Fact + ":" + string(g.Reason) + " "
	}
	return strings.TrimSpace(counts), strings.TrimSpace(gaps)
}

func TestHealth(t *testing.T) {
	const xml = `<nvidia_smi_log><attached_gpus>1</attached_gpus><gpu id="00000000:01:00.0">
<ecc_errors><volatile><dram_uncorrectable>99</dram_uncorrectable></volatile>
<aggregate><sram_uncorrectable_parity>SRAM</sram_uncorrectable_parity><dram_uncorrectable>DRAM</dram_uncorrectable></aggregate></ecc_errors>
</gpu></nvidia_smi_log>`
	for _, tc := range []struct{ name, sram, dram, counts, gaps string }{
		{"of the card's life, and not since the driver was loaded", "1", "8", "memory-uncorrected=9", ""},
		{"a part that the card does not have", "N/A", "8", "memory-uncorrected=8", ""},
		{"a part that could not be read", "ERR!", "0", "", "/health/memory:io-error"},
		{"none at all", "N/A", "N/A", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			counts, gaps := told(t, strings.NewReplacer("SRAM", tc.sram, "DRAM", tc.dram).Replace(xml), "0000:01:00.0")
			if counts != tc.counts || gaps != tc.gaps {
				t.Errorf("counts %q, gaps %q; want %q, %q", counts, gaps, tc.counts, tc.gaps)
			}
		})
	}
	if _, err := witness.Parse("f", []byte(strings.NewReplacer("SRAM", "-1", "DRAM", "0").Replace(xml))); err == nil {
		t.Error("a negative count is taken")
	}
}

// TestRecordedHealth: what nvidia-smi said of real cards, and of one in which
// errors were planted by its maker's own mock.
func TestRecordedHealth(t *testing.T) {
	if captures() == "" {
		t.Skip("the shared captures are not on this machine: ../shared/captures")
	}
	const sound = "memory-corrected=0 memory-uncorrected=0"
	for prefix, want := range map[string]struct{ address, counts string }{
		"nvsmi-qx-h100.xml":                                      {"0000:53:00.0", "pcie-replays=150 " + sound + " rows-remapped=0 retirement-pending=0 remapping-failed=0"},
		"nvsmi-qx-gb200-mock-ecc.xml":                            {"0000:0a:00.0", "pcie-replays=0 memory-corrected=0 memory-uncorrected=8 pages-retired=0 retirement-pending=0 rows-remapped=1 remapping-failed=1"},
		"nvsmi-qx-gb200-mock-healthy.xml":                        {"0000:0a:00.0", "pcie-replays=0 " + sound + " pages-retired=0 retirement-pending=0 rows-remapped=0 remapping-failed=0"},
		"nvidia-smi_h100-80gb-hbm3__590.48.01.txt log 0":         {"0000:00:09.0", "pcie-replays=9 " + sound + " rows-remapped=0 retirement-pending=0 remapping-failed=0"},
		"nvidia-smi_geforce-rtx-2080-super__595.71.05.txt log 0": {"0000:0c:00.0", "pcie-replays=0"},
	} {
		text, ok := recorded(t)[prefix]
		if !ok {
			t.Errorf("%s is not there", prefix)
			continue
		}
		if counts, gaps := told(t, text, want.address); counts != want.counts || gaps != "" {
			t.Errorf("%s: counts %q, gaps %q; want %q", prefix, counts, gaps, want.counts)
		}
	}
}
