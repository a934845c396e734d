package advisory_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/advisory"
	"github.com/gpuaudit/gpuaudit/rules"
)

func read(t *testing.T, name string) *advisory.Advisory {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	a, err := advisory.Read(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return a
}

// lines are an advisory's fixes, as somebody would say them.
func lines(a *advisory.Advisory) (list []string) {
	for _, f := range a.Fixes {
		score, from := "-", "0"
		if f.Score != nil {
			b, _ := json.Marshal(*f.Score)
			score = string(b)
		}
		if f.From != nil {
			from = f.From.String()
		}
		list = append(list, strings.Join([]string{f.ID, f.Product, f.Package, from, f.Fixed.String(), score}, " "))
	}
	return list
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		file, format, id, url, published string
		fixes, notes                     []string
	}{
		{"ranges.csaf.json", "csaf", "ACME-2026-7", "https://psirt.example.com/acme-2026-7.json", "2026-11-03", []string{
			"CVE-2026-90001 nvidia-container-toolkit nvidia-container-toolkit 0 1.19.4 9.1",
			"CVE-2026-90002 ACME GPU driver  2.5.0 2.7.1 7.8",
			"CVE-2026-90002 ACME GPU driver  3.0.0 3.0.2 7.8",
			"CVE-2026-90003 ACME GPU driver  0 3.1.0 -",
		}, []string{
			`CVE-2026-90004: "ACME GPU driver": affected up to 4.0.0, and no version is said to mend it`,
			`CVE-2026-90005: the tree has no product "nobody"`,
		}},
		{"versions.csaf.json", "csaf", "5999", "https://www.example.com/security", "2026-11-10", []string{
			"CVE-2026-91001 Example Toolkit  0 1.20.1 8.5",
			"CVE-2026-91002 Example Driver  580.0.0 580.200.1 7.8",
			"CVE-2026-91002 Example Driver  595.0.0 595.100.2 7.8",
			"CVE-2026-91003 Example Exact  1.2.0 1.4.0 -",
		}, []string{`CVE-2026-91004: "Example Driver": 580.200.1 and 580.201.3 mend it, and no range says which of them a version needs`}},
		{"module.osv.json", "osv", "OPS-2026-1", "https://ops.example.com/OPS-2026-1", "2026-11-20", []string{
			"CVE-2026-92001 mtgpu  0 2.7.1 9.8",
			"CVE-2026-92001 mtgpu  3.0.0 3.0.4 9.8",
		}, []string{`CVE-2026-92001: "mtgpu": affected up to 4.1.0, and no version is said to mend it`, `OPS-2026-1: "mtgpu": a range of type "GIT"`}},
		{"debian.osv.json", "osv", "DSA-9999-1", "https://osv.dev/vulnerability/DSA-9999-1", "2026-11-21", []string{
			"CVE-2026-92002 datacenter-gpu-manager datacenter-gpu-manager 0 4.5.4 -",
		}, []string{`CVE-2026-92002: "datacenter-gpu-manager": fixed in "1:4.5.4-1+deb12u2" is a revision of a distribution, by which versions are not compared`}},
		{"withdrawn.osv.json", "osv", "OPS-2026-2", "https://osv.dev/vulnerability/OPS-2026-2", "2026-11-20", nil, []string{"OPS-2026-2 was withdrawn on 2026-11-22"}},
		{"exploited.json", "kev", "", "", "", nil, nil},
	} {
		t.Run(tc.file, func(t *testing.T) {
			a := read(t, tc.file)
			if got := []string{a.Format, a.ID, a.URL, a.Published}; !slices.Equal(got, []string{tc.format, tc.id, tc.url, tc.published}) {
				t.Errorf("%q", got)
			}
			if got := lines(a); !slices.Equal(got, tc.fixes) {
				t.Errorf("fixes:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.fixes, "\n"))
			}
			if !slices.Equal(a.Notes, tc.notes) {
				t.Errorf("notes:\n%s\nwant\n%s", strings.Join(a.Notes, "\n"), strings.Join(tc.notes, "\n"))
			}
		})
	}
}

func TestRefused(t *testing.T) {
	deep := strings.Repeat(`{"category": "vendor", "name": "x", "branches": [`, 20)
	head := `{"document": {"csaf_version": "2.0", "references": [{"url": "https://x"}], "tracking": {"id": "X-1", "initial_release_date": "2026-11-01T00:00:00Z"}}`
	for name, tc := range map[string]struct {
		text, want string
		is         error
	}{
		"nothing":             {``, "", advisory.ErrMalformed},
		"another JSON":        {`{"a": 1}`, "", advisory.ErrFormat},
		"a list":              {`[]`, "", advisory.ErrMalformed},
		"a name twice":        {`{"id": "X", "id": "Y", "modified": "2026-11-01"}`, "", advisory.ErrMalformed},
		"CSAF 2.1":            {`{"document": {"csaf_version": "2.1"}}`, "this program reads 2.0", advisory.ErrMalformed},
		"CSAF without a day":  {`{"document": {"csaf_version": "2.0", "tracking": {"id": "X-1"}}}`, "no day", advisory.ErrMalformed},
		"CSAF without a URL":  {`{"document": {"csaf_version": "2.0", "tracking": {"id": "X-1", "initial_release_date": "2026-11-01T00:00:00Z"}}}`, "no address", advisory.ErrMalformed},
		"a fault without id":  {head + `, "vulnerabilities": [{}]}`, "without an id", advisory.ErrMalformed},
		"a tree without end":  {head + `, "product_tree": {"branches": [` + deep + strings.Repeat("]}", 20) + `]}}`, "deeper than", advisory.ErrMalformed},
		"OSV without a day":   {`{"id": "X-1", "modified": "soon"}`, "no day", advisory.ErrMalformed},
		"OSV with another id": {`{"id": "X 1", "modified": "2026-11-01T00:00:00Z"}`, "its id is none", advisory.ErrMalformed},
		"KEV with another id": {`{"catalogVersion": "1", "vulnerabilities": [{"cveID": "<b>"}]}`, "no id of a vulnerability", advisory.ErrMalformed},
	} {
		if _, err := advisory.Read([]byte(tc.text)); err == nil || !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// TestBaseScore: examples of the specification's own calculator and of published records.
func TestBaseScore(t *testing.T) {
	for vector, want := range map[string]float64{
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H":      9.8,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H":      10,
		"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H":      7.8,
		"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H":      8.8,
		"CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:C/C:H/I:H/A:H":      8.5, // CVE-2026-24260
		"CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:C/C:H/I:H/A:H":      9.0, // CVE-2024-0132
		"CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:C/C:N/I:L/A:N":      4.1, // CVE-2024-0133
		"CVSS:3.1/AV:N/AC:H/PR:H/UI:R/S:C/C:H/I:H/A:H":      7.6, // CVE-2024-0135
		"CVSS:3.1/AV:A/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H":      9.0, // CVE-2025-23266
		"CVSS:3.0/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N":      0,
		"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H/E:P":  5.5,
		"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:N/I:L/A:H":      8.5, // CVE-2025-23267
		"CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:C/C:H/I:H/A:H":      8.2, // CVE-2026-47626
		"CVSS:3.1/AV:L/AC:L/PR:L/UI:R/S:C/C:H/I:H/A:H/RC:C": 8.2, // CVE-2024-45067
	} {
		if got := advisory.BaseScore(vector); got == nil || *got != want {
			t.Errorf("%s: %v, want %v", vector, got, want)
		}
	}
	for _, vector := range []string{"", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", "CVSS:3.1/AV:N", "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
		"CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"} {
		if got := advisory.BaseScore(vector); got != nil {
			t.Errorf("%q: %v", vector, *got)
		}
	}
}

func embedded(t *testing.T) []byte {
	t.Helper()
	text, err := fs.ReadFile(rules.FS(), "data/driver_advisories.json")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func target(t *testing.T, s string) advisory.Target {
	t.Helper()
	v, err := advisory.ParseTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestAdd: what is added makes data that the rules take, and leaves what they had.
func TestAdd(t *testing.T) {
	base := embedded(t)
	list := []*advisory.Advisory{read(t, "ranges.csaf.json"), read(t, "versions.csaf.json"), read(t, "module.osv.json"), read(t, "debian.osv.json"), read(t, "exploited.json")}
	targets := map[string]advisory.Target{"ACME GPU driver": target(t, "module:acmegpu"), "Example Driver": target(t, "nvidia-driver"),
		"mtgpu": target(t, "module:mtgpu"), "Example Toolkit": target(t, "package:example-toolkit,example-toolkit-base")}
	r, err := advisory.Add(base, list, targets, "2026-11-30")
	if err != nil {
		t.Fatal(err)
	}
	if r.Taken != 10 || r.Known != 0 || r.Exploited != 2 {
		t.Errorf("%d taken, %d known, %d exploited: %q", r.Taken, r.Known, r.Exploited, r.Notes)
	}
	if _, err := rules.Newer("driver_advisories", r.Data); err != nil {
		t.Error(err)
	}
	var d struct {
		Date      string
		Bulletins map[string]string
		NVIDIA    map[string]struct {
			Complete bool
			EOL      string
			Fixes    []struct {
				ID, Bulletin string
				Fixed        []int
				Exploited    bool
			}
		}
		Packages map[string]struct {
			Packages []string
			Fixes    []struct{ ID string }
			Newest   string `json:"newest_published"`
		}
		Modules map[string]struct {
			Fixes []struct {
				ID          string
				From, Fixed []int
				Exploited   bool
			}
		}
	}
	if err := json.Unmarshal(r.Data, &d); err != nil {
		t.Fatal(err)
	}
	r580 := d.NVIDIA["R580"]
	if last := r580.Fixes[len(r580.Fixes)-1]; d.Date != "2026-11-30" || !r580.Complete || r580.EOL != "2028-06" || last.ID != "CVE-2026-91002" || !slices.Equal(last.Fixed, []int{580, 200, 1}) || d.Bulletins["5999"] == "" {
		t.Errorf("R580 of %s: %+v", d.Date, last)
	}
	if p := d.Packages["nvidia-container-toolkit"]; len(p.Packages) != 4 || p.Newest != "2026-11-03" || len(p.Fixes) != 11 {
		t.Errorf("the toolkit: %+v", p)
	}
	if p := d.Packages["package:example-toolkit"]; len(p.Packages) != 2 || len(p.Fixes) != 1 {
		t.Errorf("another package: %+v", p)
	}
	if m := d.Modules["mtgpu"].Fixes; len(m) != 2 || !m[0].Exploited || !slices.Equal(m[1].From, []int{3, 0, 0, 0}) {
		t.Errorf("the module: %+v", m)
	}
	again, err := advisory.Add(r.Data, list, targets, "2026-11-30")
	if err != nil || again.Taken != 0 || again.Known != 10 || string(again.Data) != string(r.Data) {
		t.Errorf("again: %d taken, %d known, %v", again.Taken, again.Known, err)
	}
}

// TestAddOfMaker: a document of NVIDIA's needs no --map for what is judged of NVIDIA's, and a
// version for Windows is not taken for one for Linux.
func TestAddOfMaker(t *testing.T) {
	document := read(t, "nvidia.csaf.json")
	r, err := advisory.Add(embedded(t), []*advisory.Advisory{document}, nil, "2026-11-30")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"6001: what it says of products for Windows",
		`CVE-2026-91010: "Guest driver": no version is said to mend it`,
	}
	if r.Taken != 3 || r.Known != 1 || !slices.Equal(r.Notes, want) {
		t.Errorf("%d taken, %d known: %q", r.Taken, r.Known, r.Notes)
	}
	var d struct {
		NVIDIA   map[string]struct{ Fixes []struct{ Fixed []int } }
		Packages map[string]struct{ Fixes []struct{ Fixed []int } }
	}
	if err := json.Unmarshal(r.Data, &d); err != nil {
		t.Fatal(err)
	}
	last := func(e struct{ Fixes []struct{ Fixed []int } }) []int { return e.Fixes[len(e.Fixes)-1].Fixed }
	if got := last(d.NVIDIA["R595"]); !slices.Equal(got, []int{595, 190, 2}) {
		t.Errorf("R595: %d", got)
	}
	if got := last(d.Packages["nvidia-container-toolkit"]); !slices.Equal(got, []int{1, 20, 1, 0}) {
		t.Errorf("the toolkit: %d", got)
	}
	if r, err = advisory.Add(embedded(t), []*advisory.Advisory{document}, map[string]advisory.Target{"GeForce": target(t, "module:example")}, "2026-11-30"); err != nil || r.Taken != 4 {
		t.Errorf("--map goes before: %d taken, %v", r.Taken, err)
	}
}

func TestAddRefuses(t *testing.T) {
	base := embedded(t)
	osv := read(t, "module.osv.json")
	if _, err := advisory.Add(base, nil, nil, "2026-01-01"); err == nil || !strings.Contains(err.Error(), "before that of the data") {
		t.Errorf("an earlier day: %v", err)
	}
	r, err := advisory.Add(base, []*advisory.Advisory{osv}, nil, "2026-11-30")
	if err != nil || r.Taken != 0 || !slices.ContainsFunc(r.Notes, func(n string) bool {
		return strings.Contains(n, `"mtgpu": nothing says what its version is compared with`)
	}) {
		t.Errorf("no target: %+v, %v", r, err)
	}
	osv.ID = "NVIDIA-5861"
	if _, err := advisory.Add(base, []*advisory.Advisory{osv}, map[string]advisory.Target{"mtgpu": target(t, "module:mtgpu")}, "2026-11-30"); err == nil || !strings.Contains(err.Error(), "two advisories are called NVIDIA-5861") {
		t.Errorf("another's name: %v", err)
	}
	for _, s := range []string{"", "module:", "module:a,b", "package:", "package:a,,b", "nvidia-driver:x", "package:../x", "firmware:x"} {
		if _, err := advisory.ParseTarget(s); err == nil {
			t.Errorf("%q is a target", s)
		}
	}
}

func TestParseVersion(t *testing.T) {
	for s, want := range map[string]string{"1.19.1": "1.19.1", "v2.7": "2.7.0", "1:4.5.3-1": "4.5.3", "580.178.04": "580.178.4", " 24.6.1.2 ": "24.6.1.2"} {
		if v, err := advisory.ParseVersion(s); err != nil || v.String() != want {
			t.Errorf("%q: %v, %v", s, v, err)
		}
	}
	for _, s := range []string{"", "1.", "1.2.3.4.5", "1.17.8-2", "1.17.8~rc.1", "0 to 1.2", "9999999999", "-1"} {
		if v, err := advisory.ParseVersion(s); err == nil {
			t.Errorf("%q: %v", s, v)
		}
	}
}

// FuzzRead: whatever a document holds, reading and adding it neither panics nor makes data
// that the rules refuse.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 6 {
		f.Fatalf("%d seeds, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	base, err := fs.ReadFile(rules.FS(), "data/driver_advisories.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := advisory.Read(text)
		if err != nil {
			return
		}
		targets := map[string]advisory.Target{"mtgpu": {Module: "mtgpu"}, "Example Driver": {Driver: true}, "ACME GPU driver": {Packages: []string{"acme"}}}
		r, err := advisory.Add(base, []*advisory.Advisory{a}, targets, "2026-11-30")
		if err != nil {
			return
		}
		if _, err := rules.Newer("driver_advisories", r.Data); err != nil {
			t.Errorf("%v: %q", err, text)
		}
	})
}
