package eventlog_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/eventlog"
)

// TestLaboratory holds the drivers of two recorded boots to what the laboratory's
// README says was measured, and from where (../shared/lab).
func TestLaboratory(t *testing.T) {
	first := "b6b9cf6db3efeaba1d6c5bba1359b69fd6e3b2032a9b179ff620a33b570e3997 PciRoot(0x0)/Pci(0x5,0x0)/Offset(0x12800,0x3cdff)"
	second := "5fdd42d1b9ce2aa779d6732619d7dd6b306c4f2f480546c66497e712cc44cced PciRoot(0x0)/Pci(0x7,0x0)/Pci(0x0,0x0)/Offset(0x12600,0x3cfff)"
	want := map[string][]string{"eventlog-one-card.bin": {first}, "eventlog-two-cards.bin": {first, second}}
	logs := sharedLogs(t)
	if len(logs) == 0 {
		t.Skip("the shared logs are not on this machine: ../shared/lab")
	}
	for path, b := range logs {
		var got []string
		for _, e := range parse(t, b).Events {
			if e.PCR != 2 || e.Type != eventlog.EFIBootDriver {
				continue
			}
			img, err := e.Image()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, hex.EncodeToString(e.Digest(eventlog.SHA256))+" "+img.Path.Text)
		}
		if name := filepath.Base(path); !slices.Equal(got, want[name]) {
			t.Errorf("%s: %q, the laboratory measured %q", name, got, want[name])
		}
	}
	if len(logs) != len(want) {
		t.Errorf("%d logs, the laboratory recorded %d", len(logs), len(want))
	}
}

// TestRealLogs: logs of real machines with known faults of shim and of firmware
// are no broken ones (../shared/cases/eventlog, from google/go-tpm-tools).
func TestRealLogs(t *testing.T) {
	for name, want := range map[string]eventlog.Anomaly{"gtt-debian-10.bin": eventlog.ShimAuthority, "gtt-gdc-host.bin": eventlog.CRTMVersionBy} {
		b, err := os.ReadFile(filepath.Join("../../../shared/cases/eventlog", name))
		if err != nil {
			t.Skip("the shared logs are not on this machine: ../shared/cases/eventlog")
		}
		named := false
		for _, f := range parse(t, b).Check() {
			named = named || f.Code == want
			if f.Broken {
				t.Errorf("%s: %s: %s", name, f.Code, f.Detail)
			}
		}
		if !named {
			t.Errorf("%s: %s is not named", name, want)
		}
	}
}
