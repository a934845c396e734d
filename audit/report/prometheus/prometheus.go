// Package prometheus writes reports as metrics in the text format of Prometheus, for the
// textfile collector of node_exporter. Labels are few, and their values are PCI addresses
// and words of the report; the name of a card is on one metric alone.
package prometheus

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// metric is a family: its samples stand together (exposition format 0.0.4).
type metric struct {
	name, help string
	samples    []string
}

// Encode writes the metrics of all reports of a set. With more than one, each sample has
// the label report. A report without devices has its verdict, nothing-to-audit.
func Encode(w io.Writer, s *report.Set) error {
	m := newMetrics(len(s.Reports) > 1)
	for _, r := range s.Reports {
		m.report(r)
	}
	for _, f := range m.list {
		if len(f.samples) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s gauge\n%s", f.name, f.help, f.name, strings.Join(f.samples, "")); err != nil {
			return err
		}
	}
	return nil
}

type metrics struct {
	list  []*metric
	named bool
	of    string // the report that is written
	seen  map[string]bool
}

func newMetrics(named bool) *metrics {
	return &metrics{named: named, seen: map[string]bool{}, list: []*metric{
		{name: "gpuaudit_info", help: "The program that made the report."},
		{name: "gpuaudit_verdict", help: "1 for the verdict of the machine, 0 for the others. Undecided, incomplete and nothing-to-audit are not passed."},
		{name: "gpuaudit_exit_code", help: "Exit code of the verdict: 0 passed or nothing to audit, 1 failed, 3 not decided, 4 a signature did not verify."},
		{name: "gpuaudit_judged_timestamp_seconds", help: "When the machine was judged."},
		{name: "gpuaudit_devices", help: "How many devices were judged."},
		{name: "gpuaudit_problems", help: "Inputs that could not be used, by kind."},
		{name: "gpuaudit_data_timestamp_seconds", help: "The day that a data set speaks for."},
		{name: "gpuaudit_device_info", help: "The name of a device in the catalogue or in the list of PCI ids."},
		{name: "gpuaudit_device_status", help: "1 for the verdict of a device."},
		{name: "gpuaudit_answer", help: "1 for the state of the answer to one of the five questions about a device."},
		{name: "gpuaudit_checks", help: "Checks of a device or of the host by status."},
		{name: "gpuaudit_deciding_checks", help: "Checks of a device or of the host that decide the verdict, by status."},
	}}
}

// put adds a sample, once: a second one with the same labels would make the file invalid.
// labels are names and values.
func (m *metrics) put(name string, value int64, labels ...string) {
	if m.named {
		labels = append([]string{"report", m.of}, labels...)
	}
	pairs := make([]string, 0, len(labels)/2)
	for i := 0; i+1 < len(labels); i += 2 {
		pairs = append(pairs, labels[i]+`="`+escape.Replace(report.Clean(labels[i+1]))+`"`)
	}
	series := name
	if len(pairs) > 0 {
		series += "{" + strings.Join(pairs, ",") + "}"
	}
	if m.seen[series] {
		return
	}
	m.seen[series] = true
	i := slices.IndexFunc(m.list, func(f *metric) bool { return f.name == name })
	m.list[i].samples = append(m.list[i].samples, fmt.Sprintf("%s %d\n", series, value))
}

// escape writes the value of a label.
var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func (m *metrics) report(r report.Named) {
	m.of = r.Name
	m.put("gpuaudit_info", 1, "version", r.Tool.Version)
	for _, status := range report.States() {
		m.put("gpuaudit_verdict", one(r.Verdict.Status == status), "status", string(status))
	}
	m.put("gpuaudit_exit_code", int64(r.Verdict.ExitCode))
	m.put("gpuaudit_judged_timestamp_seconds", r.Now.Unix())
	m.put("gpuaudit_devices", int64(r.Judged()))
	problems := map[string]int64{}
	for _, p := range r.Problems {
		problems[string(p.Kind)]++
	}
	for _, p := range r.Problems {
		m.put("gpuaudit_problems", problems[string(p.Kind)], "kind", string(p.Kind))
	}
	for _, d := range r.DataSets {
		if day, err := time.Parse(time.DateOnly, d.Date); err == nil {
			m.put("gpuaudit_data_timestamp_seconds", day.Unix(), "data", d.Name)
		}
	}
	for _, o := range r.Owners() {
		m.owner(r.Report, &o)
	}
}

func (m *metrics) owner(r *report.Report, o *report.Owner) {
	if d := o.Device; d != nil {
		m.put("gpuaudit_device_info", 1, "device", o.Address, "name", o.Title)
		m.put("gpuaudit_device_status", 1, "device", o.Address, "status", string(d.Status))
		for _, a := range d.Answers {
			m.put("gpuaudit_answer", 1, "device", o.Address, "question", string(a.Question), "state", string(a.State))
		}
	}
	count, decide := map[finding.Status]int64{}, map[finding.Status]int64{}
	for i := range o.Findings {
		f := &o.Findings[i]
		status := f.Status
		if !slices.Contains(statuses, status) { // a rule should not have said it
			status = finding.Unknown
		}
		count[status]++
		if r.Decides(f) {
			decide[status]++
		}
	}
	for _, status := range statuses {
		m.put("gpuaudit_checks", count[status], "device", o.Address, "status", string(status))
	}
	for _, status := range []finding.Status{finding.Fail, finding.Unknown} {
		m.put("gpuaudit_deciding_checks", decide[status], "device", o.Address, "status", string(status))
	}
}

var statuses = []finding.Status{finding.Fail, finding.Unknown, finding.Pass, finding.NotApplicable, finding.Waived, finding.Disabled}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
