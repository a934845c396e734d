package baseline_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/baseline"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/pack"
)

var update = flag.Bool("update", false, "write the table of packs to docs/policy.md")

var clock = time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)

const page = "../../docs/policy.md"

// order is that of the columns: from the mildest pack to the strictest.
var order = []string{"homelab", "default", "datacenter", "strict", "federal"}

func inputs(t *testing.T, name string) audit.Inputs {
	t.Helper()
	f, err := pack.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	return audit.Inputs{Program: audit.Program{Name: "gpuaudit", Version: "test"}, Question: audit.Question{Now: clock}, Pack: f}
}

// written is a host as a folder: the second reader of PCI facts reads no other tree.
func written(t *testing.T, h *hosttest.Host) string {
	t.Helper()
	dir := t.TempDir()
	if err := h.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// built is a host of package hosttest as a machine.
func built(t *testing.T, name string) *machine.Machine {
	t.Helper()
	h, err := hosttest.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := machine.Open(t.Context(), machine.Source{Root: written(t, h)}, machine.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	if h.NVML != "" {
		if err := m.Bring(&machine.Beside{NVML: &input.File{Name: "nvml.json", Data: []byte(h.NVML)}}); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// stated are the hosts of which a baseline is made, too.
var stated = []string{"debian-amd", "ubuntu-nvidia", "fedora-nvidia", "arch-amd", "debian-amd-igpu", "ubuntu-nvidia-igpu", "debian-intel", "fedora-apu"}

// asked is the host that is judged with an answer to where and by whom it is used, too:
// what strict wants beside a baseline is for whoever asks to bring.
const asked, askedToo = "debian-amd", ", with its baseline and `--jurisdiction CH --profile company`"

// TestPacks tries each pack on each host at hand; the table stands in docs/policy.md.
func TestPacks(t *testing.T) {
	if names := slices.Sorted(slices.Values(order)); !slices.Equal(names, pack.Names()) {
		t.Fatalf("packs are %v, the table has %v", pack.Names(), names)
	}
	hosts := []string{"debian-amd", "ubuntu-amd", "fedora-amd", "arch-amd", "debian-nvidia", "ubuntu-nvidia", "fedora-nvidia", "arch-nvidia",
		"debian-amd-igpu", "ubuntu-nvidia-igpu", "debian-intel", "fedora-apu",
		"eight", "no-packages", "iommu-off", "header-only", "nvidia", "worn", "doubled-memory", "bad-checksum", "other-rom", "network-function", "changed-module"}
	cells := map[string]map[string]string{}
	packs := audits(t)
	for _, host := range hosts {
		for name, code := range byEach(t, packs, built(t, host)) {
			put(cells, host, name, code)
		}
	}
	recorded(t, packs, func(kind, name, code string) { count(cells, kind, name, code) })
	for _, host := range stated {
		for name, code := range withBaseline(t, host, "", "") {
			put(cells, host+", with its baseline", name, code)
		}
	}
	for name, code := range withBaseline(t, asked, "CH", "company") {
		put(cells, asked+askedToo, name, code)
		if name == "strict" && code != "0" {
			t.Errorf("an honest machine with all that strict asks for does not pass it: exit %s", code)
		}
	}
	var b strings.Builder
	b.WriteString("| host | " + strings.Join(order, " | ") + " |\n|" + strings.Repeat(" --- |", len(order)+1) + "\n")
	row := func(host string) {
		b.WriteString("| " + host)
		for _, name := range order {
			b.WriteString(" | " + cells[host][name])
		}
		b.WriteString(" |\n")
	}
	for _, host := range hosts {
		row(host)
		if slices.Contains(stated, host) {
			row(host + ", with its baseline")
		}
		if host == asked {
			row(host + askedToo)
		}
	}
	held := b.Len()
	for _, kind := range kinds {
		if cells[kind.words] != nil {
			row(kind.words)
		}
	}
	table(t, b.String(), b.String()[:held], cells[kinds[0].words] != nil)
}

// audits has an audit by each pack.
func audits(t *testing.T) map[string]*audit.Audit {
	t.Helper()
	list := map[string]*audit.Audit{}
	for _, name := range order {
		a, err := audit.New(t.Context(), inputs(t, name))
		if err != nil {
			t.Fatal(err)
		}
		list[name] = a
	}
	return list
}

// byEach reads a machine once, and has each pack judge it.
func byEach(t *testing.T, packs map[string]*audit.Audit, m *machine.Machine) map[string]string {
	t.Helper()
	first, err := packs[order[0]].Run(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]string{order[0]: fmt.Sprint(first.Verdict.ExitCode)}
	for _, name := range order[1:] {
		inv := first.Inventory
		r, err := packs[name].Conclude(t.Context(), audit.Case{Inventory: &inv, Problems: first.Problems})
		if err != nil {
			t.Fatal(err)
		}
		codes[name] = fmt.Sprint(r.Verdict.ExitCode)
	}
	return codes
}

func put(cells map[string]map[string]string, host, pack, cell string) {
	if cells[host] == nil {
		cells[host] = map[string]string{}
	}
	cells[host][pack] = cell
}

// count keeps how many hosts of a kind had which exit code.
func count(cells map[string]map[string]string, kind, name, code string) {
	n := map[string]int{}
	if cells[kind] != nil {
		for part := range strings.SplitSeq(cells[kind][name], ", ") {
			var times int
			var was string
			if _, err := fmt.Sscanf(part, "%d× %s", &times, &was); err == nil {
				n[was] = times
			}
		}
	}
	n[code]++
	var parts []string
	for _, c := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%d× %s", n[c], c))
	}
	put(cells, kind, name, strings.Join(parts, ", "))
}

var kinds = []struct{ words, glob string }{
	{"recorded honest machines, PCI facts alone", "../../../shared/cases/machines/*.tar.gz"},
	{"snapshots of machines (ghw)", "../../../shared/snapshots/*.tar.gz"},
}

// recorded judges the hosts that others recorded, where they are at hand.
func recorded(t *testing.T, packs map[string]*audit.Audit, result func(kind, name, code string)) {
	t.Helper()
	for _, kind := range kinds {
		files, err := filepath.Glob(kind.glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			m, err := machine.Open(t.Context(), machine.Source{Capture: file}, machine.Options{Now: clock})
			if err != nil {
				t.Fatal(err)
			}
			for name, code := range byEach(t, packs, m) {
				result(kind.words, name, code)
			}
			m.Close()
		}
	}
}

// withBaseline makes a baseline of a host and judges it by each pack.
func withBaseline(t *testing.T, host, jurisdiction, profile string) map[string]string {
	t.Helper()
	audited, err := audit.New(t.Context(), inputs(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	r, err := audited.Run(t.Context(), built(t, host))
	if err != nil {
		t.Fatal(err)
	}
	machines := []baseline.Machine{{Name: host, Report: r}}
	files := made(t, machines, baseline.Terms{Now: clock, Days: 365})
	codes := map[string]string{}
	for _, name := range order {
		in := inputs(t, name)
		in.Question.Jurisdiction, in.Question.Profile = jurisdiction, profile
		tried, err := only(baseline.Try(t.Context(), in, files, machines))
		if err != nil {
			t.Fatal(err)
		}
		codes[name] = fmt.Sprint(tried.Verdict.ExitCode)
		if code := tried.Verdict.ExitCode; code != 0 && (name == "homelab" || name == "default" || name == "datacenter") {
			t.Errorf("%s with its baseline does not pass %s: %v", host, name, tried.Verdict.Reasons)
		}
	}
	return codes
}

// table holds the page to the table, or writes it. Without the recorded hosts the rest
// is compared.
func table(t *testing.T, whole, builtOnly string, all bool) {
	t.Helper()
	const begin, end = "<!-- packs: begin -->\n", "<!-- packs: end -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	old, tail, also := strings.Cut(rest, end)
	if !ok || !also {
		t.Fatalf("%s has no place for the table", page)
	}
	switch {
	case *update && all:
		if err := os.WriteFile(page, []byte(head+begin+whole+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	case all && old != whole:
		t.Errorf("%s has another table: go test ./audit/baseline -run Packs -update\n%s", page, whole)
	case !strings.HasPrefix(old, builtOnly):
		t.Errorf("%s has another table of built hosts:\n%s", page, builtOnly)
	}
}

// TestPacksKeepTheirWord: for each question that a pack says it wants answered, there is
// a check on it whose missing answer decides.
func TestPacksKeepTheirWord(t *testing.T) {
	for _, name := range order {
		f, err := pack.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := pack.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		rules, err := audit.Rules(t.Context(), nil, f)
		if err != nil {
			t.Fatal(err)
		}
		from := p.UnknownFrom
		if from == "" {
			from = p.FailOn
		}
		decides := map[finding.Question]bool{}
		for _, r := range rules {
			if !r.Disabled && (r.Severity.AtLeast(from) || r.Changed != nil && r.Changed.Required) {
				decides[r.Question] = true
			}
		}
		if len(p.Answers) == 0 {
			t.Errorf("%s does not say what it wants answered", name)
		}
		for _, q := range p.Answers.List() {
			if !decides[q] {
				t.Errorf("%s says that it wants %s answered, and no check on it decides where it is not", name, q)
			}
		}
	}
}
