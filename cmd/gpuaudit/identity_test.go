package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit"
	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/firmware"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/report"
	"github.com/gpuaudit/gpuaudit/policy"
)

// truth is what is known of an input that is at hand.
type truth string

const (
	isHonest   truth = "honest"
	isModified truth = "modified" // or a counterfeit
	// noOneKnows: a dump whose other copies nobody has.
	noOneKnows truth = "not known"
)

// specimen is an input at hand.
type specimen struct {
	name string
	is   truth
	// unseen says why no rule can see what was done; "" where one has to.
	unseen string
	args   func(t *testing.T) []string
}

// dumps at hand that are not honest, or of which nobody knows; the others are.
var oddDumps = map[string]specimen{
	"amd-polaris-rx580-modded-badgop.rom":   {is: isModified},
	"amd-polaris-rx580-sapphire-modded.rom": {is: isModified, unseen: "memory timings in the legacy image, with a corrected sum: a manifest or a sighting tells"},
	"nv-gk107-zotac-modded.rom":             {is: isModified, unseen: "the banner says so, which any text can (GA-BD-043 is no word on what the card is)"},
	"nv-gm107-m2000m-fix.rom":               {is: isModified},
	"nv-gm204-m5000m-imac-modded.rom":       {is: isModified},
	"nv-ga104-3060ti-runtime-badsum.rom":    {is: noOneKnows}, // read from running memory, where its sum is off
}

// oddHosts are those of ../shared/cases/expect.tsv that are not honest. Two that test
// something else were laid out with the window of the 48 GB card, and one with the
// firmware's version of another generation, which no card of its kind has.
var oddHosts = map[string]truth{"cmp170hx-64g": isModified, "4090-48g-tinygrad36": isModified, "3090-48g": isModified, "2080ti-44g": isModified, "s01-4090-48g-smi": isModified,
	"s02-4090-48g-bar64-no-witness": isModified, "s04-3070m-desktop": isModified, "s22-driver-name-vs-id": isModified,
	"s08-fpga-behind-plx": isModified, "s12-host-taint-only": isModified, "s05-3070m-laptop": noOneKnows}

const sharedFolder = "../../../shared/"

// atHand are all inputs at hand: snapshots of the module ghw, and what lies beside the
// checkout: machines, hosts with their recordings, dumps.
func atHand(t *testing.T) []specimen {
	t.Helper()
	var list []specimen
	captures := func(kind, pattern string) {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Skipf("no %s at %s", kind, pattern)
		}
		for _, file := range files {
			list = append(list, specimen{name: kind + " " + strings.TrimSuffix(filepath.Base(file), ".tar.gz"), is: isHonest,
				args: func(*testing.T) []string { return []string{"--capture", file} }})
		}
	}
	captures("machine", sharedFolder+"cases/machines/*.tar.gz")
	captures("snapshot", filepath.Join(ghwFolder(), "testdata/snapshots/*.tar.gz"))
	list = append(list, casesAtHand(t)...)
	for _, folder := range []string{"roms/", "cases/roms/"} {
		files, err := filepath.Glob(sharedFolder + folder + "*.*")
		if err != nil || len(files) == 0 {
			t.Skipf("no dumps in %s", folder)
		}
		for _, file := range files {
			if filepath.Ext(file) != ".csv" {
				list = append(list, dumpAtHand(file))
			}
		}
	}
	return list
}

// dumpAtHand is a host whose card has the ids that a dump was made for.
func dumpAtHand(file string) specimen {
	s := specimen{name: "dump " + filepath.Base(file), is: isHonest}
	if odd, there := oddDumps[filepath.Base(file)]; there {
		s.is, s.unseen = odd.is, odd.unseen
	}
	s.args = func(t *testing.T) []string {
		rom, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := hosttest.Card{Address: atSlot, Class: "030000"}
		parsed := firmware.Parse(rom)
		for _, kind := range []string{"00", "03", "f0"} {
			for _, image := range parsed.Images {
				if image.CodeType == kind && c.Vendor == "" && image.DeviceID != "0000" {
					c.Vendor, c.Device = image.VendorID, image.DeviceID
				}
			}
		}
		if parsed.SubsystemVendorID != nil {
			c.Subvendor, c.Subdevice = *parsed.SubsystemVendorID, *parsed.SubsystemDeviceID
		}
		h := hosttest.New().Add(c).File("sys/class/dmi/id/chassis_type", "10\n")                        // a laptop, for some dumps are of one
		if images := parsed.Images; len(images) == 1 && images[0].CodeType == "00" && !images[0].Last { // the copy that firmware left in memory
			h.File("sys/devices/pci0000:00/0000:00:01.0/"+atSlot+"/boot_vga", "1\n")
		}
		dir := t.TempDir()
		if err := h.WriteTo(dir); err != nil {
			t.Fatal(err)
		}
		return []string{"--root", dir, "--rom", atSlot + "=" + file}
	}
	return s
}

// casesAtHand are the hosts of expect.tsv with their recordings.
func casesAtHand(t *testing.T) []specimen {
	t.Helper()
	text, err := os.ReadFile(sharedFolder + "cases/expect.tsv")
	if err != nil {
		t.Skip("no cases in ../shared/cases beside the checkout")
	}
	var list []specimen
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		cells := strings.Split(lines.Text(), "\t")
		if strings.HasPrefix(cells[0], "#") || len(cells) < 4 {
			continue
		}
		s := specimen{name: "host " + cells[0], is: isHonest}
		if is, odd := oddHosts[cells[0]]; odd {
			s.is = is
		}
		s.args = func(t *testing.T) []string {
			root := filepath.Join(t.TempDir(), "root")
			untarInto(t, sharedFolder+"cases/hosts/"+cells[0]+".tar.gz", root)
			args := []string{"--root", root}
			for _, word := range strings.Fields(cells[1]) {
				switch {
				case word == "NVML":
					if name := filepath.Join(root, "nvml.json"); exists(name) {
						args = append(args, "--nvml", name)
					}
				case word == "ROM":
				case strings.HasSuffix(word, ".rom"):
					args = append(args, "--rom", atSlot+"="+sharedFolder+"cases/roms/"+word)
				case strings.HasSuffix(word, ".xml"), strings.HasSuffix(word, ".txt"):
					args = append(args, sharedFolder+"cases/witness/"+word)
				default:
					args = append(args, word)
				}
			}
			return args
		}
		list = append(list, s)
	}
	return list
}

// failures are the rules that fail on the device of a report.
func failures(r *report.Report) map[string]bool {
	failed := map[string]bool{}
	for _, f := range r.Findings {
		if f.Status == finding.Fail {
			failed[f.ID] = true
		}
	}
	return failed
}

// fallOut is how often a rule fails on what is at hand, and on how much that was.
type fallOut struct {
	// Honest and Modified are how many inputs there are of each.
	Honest   int `json:"honest"`
	Modified int `json:"modified"`
	// Rules counts, by rule, on how many of them it had its facts, and failed.
	Rules map[string]*fallOutOf `json:"rules"`
}

type fallOutOf struct {
	Honest   [2]int `json:"honest"`
	Modified [2]int `json:"modified"`
}

const measuredFile = "../../testdata/golden/identity.json"

// TestIdentityAtHand: of what is at hand, nothing honest is called modified or
// counterfeit, and all else is, but for what nobody can see. How often each rule fails
// is written down, and stands on the page.
func TestIdentityAtHand(t *testing.T) {
	list := atHand(t)
	var mu sync.Mutex
	m := fallOut{Rules: map[string]*fallOutOf{}}
	rules := identityRules(t)
	t.Run("all", func(t *testing.T) {
		for _, s := range list {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				r, _ := scanned(t, s.args(t)...)
				bad := false
				for _, d := range r.Devices {
					if v := d.Identity.Verdict; v == report.Modified || v == report.CounterfeitSigns {
						bad = true
						if s.is == isHonest {
							t.Errorf("an honest card is called %s: %v", v, d.Identity.Reasons)
						}
					}
				}
				if s.is == isModified && bad != (s.unseen == "") {
					t.Errorf("called modified or counterfeit: %t; not to be seen: %q", bad, s.unseen)
				}
				mu.Lock()
				defer mu.Unlock()
				m.count(s.is, r, rules)
			})
		}
	})
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if t.Failed() {
		return
	}
	held(t, measuredFile, append(text, '\n'))
	if m.Honest < 100 || m.Modified < 12 {
		t.Errorf("only %d honest and %d other inputs are at hand", m.Honest, m.Modified)
	}
}

func (m *fallOut) count(is truth, r *report.Report, rules []policy.Rule) {
	switch is {
	case isHonest:
		m.Honest++
	case isModified:
		m.Modified++
	default:
		return
	}
	answered, failed := map[string]bool{}, failures(r)
	for _, f := range r.Findings {
		answered[f.ID] = answered[f.ID] || f.Status == finding.Pass || f.Status == finding.Fail
	}
	for _, rule := range rules {
		n := m.Rules[rule.ID]
		if n == nil {
			n = &fallOutOf{}
			m.Rules[rule.ID] = n
		}
		of := map[truth]*[2]int{isHonest: &n.Honest, isModified: &n.Modified}[is]
		if answered[rule.ID] {
			of[1]++
		}
		if failed[rule.ID] {
			of[0]++
		}
	}
}

// identityRules are the rules that say what a card is.
func identityRules(t *testing.T) []policy.Rule {
	t.Helper()
	engine, err := policy.Load(t.Context(), audit.PolicySource(nil))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(slices.Clone(engine.Rules()), func(r policy.Rule) bool { return r.Identity == "" })
}

// TestIdentityPage holds docs/identity.md to the rules' metadata, to what was measured,
// and to the frauds that are tested.
func TestIdentityPage(t *testing.T) {
	page, err := os.ReadFile("testdata/identity.md")
	if err != nil {
		t.Fatal(err)
	}
	var m fallOut
	text, err := os.ReadFile(measuredFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	var checks, cases strings.Builder
	checks.WriteString("| rule | a failure means | proved by | honest, failed | changed, failed |\n| --- | --- | --- | --- | --- |\n")
	for _, r := range identityRules(t) {
		n := m.Rules[r.ID]
		if n == nil {
			n = &fallOutOf{}
		}
		fmt.Fprintf(&checks, "| %s, %s: %s | %s | %s | %d of %d | %d of %d |\n", r.ID, r.Severity, r.Title,
			map[finding.Identity]string{finding.Modified: "modified", finding.Counterfeit: "counterfeit", finding.Unidentified: "not known"}[r.Identity], r.Proves, n.Honest[0], n.Honest[1], n.Modified[0], n.Modified[1])
	}
	cases.WriteString("| case | answer | what gives it away | what can still be hidden |\n| --- | --- | --- | --- |\n")
	for _, f := range frauds() {
		answer := map[report.IdentityVerdict]string{report.Modified: "modified", report.CounterfeitSigns: "signs of a counterfeit", report.CannotTell: "cannot tell", report.Genuine: "genuine, and not what was offered"}[f.verdict]
		by := ""
		if len(f.gives) > 0 {
			by = " (" + strings.Join(f.gives, ", ") + ")"
		}
		fmt.Fprintf(&cases, "| %s | %s | %s%s | %s |\n", f.name, answer, f.tell, by, f.hidden)
	}
	made := strings.NewReplacer("{{checks}}\n", checks.String(), "{{cases}}\n", cases.String(), "{{honest}}", fmt.Sprint(m.Honest), "{{changed}}", fmt.Sprint(m.Modified)).Replace(string(page))
	held(t, "../../docs/identity.md", []byte(made))
}

// untarInto unpacks a host that was laid out for tests below a folder, without the
// folder that it lies in.
func untarInto(t *testing.T, name, dir string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	h := hosttest.New()
	clear(h.FS)
	for r := tar.NewReader(z); ; {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		at := path.Clean(head.Name)
		if first, rest, ok := strings.Cut(at, "/"); ok && !slices.Contains([]string{"sys", "proc", "etc", "lib", "usr", "var", "dev"}, first) {
			at = rest
		}
		switch head.Typeflag {
		case tar.TypeReg:
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			h.FS[at] = &fstest.MapFile{Data: text}
		case tar.TypeSymlink:
			h.FS[at] = &fstest.MapFile{Data: []byte(head.Linkname), Mode: fs.ModeSymlink}
		}
	}
	if err := h.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
}
