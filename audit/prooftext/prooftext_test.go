package prooftext_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/eventlog"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/appraise"
	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/boot"
	"github.com/gpuaudit/gpuaudit/audit/boot/optionrom"
	"github.com/gpuaudit/gpuaudit/audit/facts"
	"github.com/gpuaudit/gpuaudit/audit/prooftext"
)

// holds says which of some lines a text lacks. No text of evidence reaches a terminal as it is.
func holds(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.ContainsRune(text, '\x1b') {
		t.Errorf("an escape: %q", text)
	}
}

func TestTPM(t *testing.T) {
	offset, empty := 16, 0
	v := &boot.Attested{
		Status: tpm.Fail,
		Result: &tpm.Result{
			Checks: check.List{{Name: "quote", Status: tpm.Pass}, {Name: "log", Status: tpm.Fail, Code: "replay", Detail: "PCR\x1b 2", Offset: &offset}},
			Clock:  &tpm.Clock{FirmwareVersion: 1, ResetCount: 2}, AKName: "000b", EKRoots: []string{"a maker\x1b"}, Notes: []string{"odd"},
		},
		SecureBoot: &eventlog.SecureBoot{DBX: &empty},
		OptionROMs: &optionrom.Report{Results: []optionrom.Result{{Verdict: optionrom.Corroborated, Device: "0000:01:00.0"}, {Verdict: optionrom.Contradicted, Reason: "digest"}}},
	}
	var b bytes.Buffer
	prooftext.TPM(&b, v)
	holds(t, b.String(), "quote\n", "log  replay: PCR", "(offset 0x10)", "reset 2", "key      000b", "vendor   a maker", "note     odd", "Secure Boot not logged, dbx empty",
		"ROM      "+string(optionrom.Corroborated)+" 0000:01:00.0 -", "(digest)", "\n"+string(tpm.Fail)+"\n")
}

func TestGPUs(t *testing.T) {
	r := &appraise.Report{
		Status: check.Unknown, Limits: []string{"what it leaves open"}, Checks: check.List{{Name: "expected", Status: check.Pass}},
		Devices: []*appraise.Appraisal{{
			Summary: "genuine\x1b[2J", Next: "give --rim", Device: &nvidia.Device{Chip: "GH100", Opaque: &nvidia.Opaque{Unknown: []int{200, 201}}}, Uncovered: []int{3, 4}, UncoveredComponents: []string{"part"}, Purpose: "CC",
			Skipped: []appraise.Skip{{Index: 9, Reason: "changes"}},
			References: []*appraise.Reference{{Kind: "driver", Outcome: "differs", Compared: 2, Matched: 1, Differences: []appraise.Difference{
				{Index: 7, Name: "x", Code: "value", Measured: "aa", Expected: []string{"bb", "cc"}, Cause: "changed", Next: "ask"}, {Component: true, Name: "y", Code: "gone"}, {Index: -1, Record: 5}}}},
		}},
	}
	var b bytes.Buffer
	prooftext.GPUs(&b, r, &facts.Collateral{SHA256: "ab", Packed: "2026-11-24", Signer: "me"})
	holds(t, b.String(), "open     the report has records that this program does not know, of type 200 201\n", "genuine", "next     give --rim", "device   GH100 -, driver not stated", "manifest driver -: differs, 1 of 2", "index 7 (x): value, measured aa, want bb or cc", "cause: changed",
		"differs  component y: gone", "differs  record 5", "skipped  index 9: changes", "purpose  CC", "component part", "index 3 4", "packed   ab, of 2026-11-24, signed by me", "limit    what it leaves open", "\n"+string(check.Unknown)+"\n")
}
