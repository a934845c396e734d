package prometheus_test

import (
	"bytes"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/audit/report/prometheus"
	"github.com/gpuaudit/gpuaudit/audit/report/reporttest"
)

// encode writes a set, and reads it back as node_exporter does: the samples by name and
// labels.
func encode(t *testing.T, s *report.Set) ([]byte, map[string]float64) {
	t.Helper()
	var b bytes.Buffer
	if err := prometheus.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, &b)
	}
	samples := map[string]float64{}
	for name, family := range families {
		if family.GetHelp() == "" {
			t.Errorf("%s has no help", name)
		}
		for _, m := range family.Metric {
			key := name
			for _, l := range m.Label {
				key += " " + l.GetName() + "=" + l.GetValue()
			}
			if _, twice := samples[key]; twice {
				t.Errorf("%s is there twice", key)
			}
			samples[key] = m.Gauge.GetValue()
		}
	}
	return b.Bytes(), samples
}

// TestSamples: the samples say what the report says.
func TestSamples(t *testing.T) {
	for _, name := range []string{"3-pack", "5-inputs", "9-messages"} {
		r := reporttest.Stored(t, name)
		_, got := encode(t, reporttest.Of(r))
		sum := func(status string, metric string) (n float64) {
			for _, owner := range append([]string{"host"}, r.Devices[0].Address) {
				n += got[metric+" device="+owner+" status="+status]
			}
			return n
		}
		c := r.Verdict.Counts
		for key, pair := range map[string][2]float64{
			"fail": {sum("fail", "gpuaudit_checks"), float64(c.Fail)}, "unknown": {sum("unknown", "gpuaudit_checks"), float64(c.Unknown)},
			"pass": {sum("pass", "gpuaudit_checks"), float64(c.Pass)}, "deciding fail": {sum("fail", "gpuaudit_deciding_checks"), float64(c.FailAtThreshold)},
			"deciding unknown": {sum("unknown", "gpuaudit_deciding_checks"), float64(c.UnknownAtThreshold)},
			"exit code":        {got["gpuaudit_exit_code"], float64(r.Verdict.ExitCode)},
			"verdict":          {got["gpuaudit_verdict status="+string(r.Verdict.Status)], 1},
			"judged":           {got["gpuaudit_judged_timestamp_seconds"], float64(r.Now.Unix())},
		} {
			if len(r.Devices) == 1 && pair[0] != pair[1] {
				t.Errorf("%s: %s is %g, want %g", name, key, pair[0], pair[1])
			}
		}
		if r.Verdict.Status != report.Passed && got["gpuaudit_verdict status=passed"] != 0 {
			t.Errorf("%s passed", name)
		}
	}
}

// TestNothing: the verdict of a machine without a card is there, and is not passed.
func TestNothing(t *testing.T) {
	_, got := encode(t, reporttest.Of(reporttest.Nothing()))
	if got["gpuaudit_verdict status=nothing-to-audit"] != 1 || got["gpuaudit_verdict status=passed"] != 0 || got["gpuaudit_devices"] != 0 {
		t.Errorf("%v", got)
	}
}

// TestHostileTexts: no text of a card or of a file's name is a sample or a label.
func TestHostileTexts(t *testing.T) {
	for _, hostile := range reporttest.HostileTexts {
		_, got := encode(t, &report.Set{Reports: []report.Named{reporttest.Hostile(hostile), reporttest.Hostile("plain"), reporttest.Hostile(hostile)}})
		if _, forged := got["evil a=b"]; forged {
			t.Errorf("%q is a sample", hostile)
		}
		if got["gpuaudit_verdict report="+report.Clean(hostile)+" status=incomplete"]+got["gpuaudit_verdict report="+report.Clean(hostile)+" status=failed"] != 1 {
			t.Errorf("%q: no verdict among %v", hostile, got)
		}
	}
}

func TestGolden(t *testing.T) {
	text, _ := encode(t, reporttest.Of(reporttest.Stored(t, "3-pack")))
	reporttest.Golden(t, "3-pack.prom", text)
}
