package signed_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
)

// TestLine: what verified says by whom, of when and of which cards; what is not known is left
// out of the line.
func TestLine(t *testing.T) {
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	v := &signed.Verified{Signer: "node", Report: &report.Report{Now: day, Verdict: report.Verdict{Status: report.Passed}, Devices: []report.Device{{Address: "0000:01:00.0", Status: report.Passed}}}}
	text, err := json.Marshal(v.Line("a.json"))
	const want = `{"input":"a.json","verified":true,"exit_code":0,"signer":"node","of":"2026-11-24T00:00:00Z","verdict":"passed","devices":[{"address":"0000:01:00.0","name":`
	if err != nil || len(text) < len(want) || string(text[:len(want)]) != want {
		t.Errorf("%s %v", text, err)
	}
	text, err = json.Marshal(&signed.Line{Input: "b.json", ExitCode: 4, Error: "no signature"})
	if want := `{"input":"b.json","verified":false,"exit_code":4,"error":"no signature"}`; err != nil || string(text) != want {
		t.Errorf("%s %v", text, err)
	}
}
