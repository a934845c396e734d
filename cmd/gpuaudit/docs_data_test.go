package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/catalogue/overlay"
	"github.com/gpuaudit/gpuaudit/audit/collect/nvml"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/pack"
	"github.com/gpuaudit/gpuaudit/audit/purchase"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/audit/waive"
)

// checkBlock is what becomes of a block that gives no command.
type checkBlock func(t *testing.T, text string)

// dataInDocs are the blocks that give no command, by their page and first line: files
// to copy, which the code that reads such files has to take; pieces of outputs, which
// have to be printed; and drawings.
func dataInDocs() map[string]checkBlock {
	return map[string]checkBlock{
		"README.md: AMD/ATI":           drawing, // TestTheSampleInREADME
		"docs/carte-neuve.md: AMD/ATI": drawing, // the same

		"docs/attest-tpm.md: extraData =":                drawing,
		"docs/catalogue.md: {":                           readCatalogue,
		"docs/channel.md: register.json":                 stateFolder,
		"docs/channel.md: {\"schema\"":                   readBodies,
		"docs/configuration.md: # /etc/gpuaudit":         readSettings,
		"docs/configuration.md: version: 1":              readPack,
		"docs/design.md: collect ──►":                    drawing,
		"docs/detection.md: GPUAUDIT_LONG=1":             drawing, // too long for every run
		"docs/firmware.md: boot-service-driver":          drawing, // the tests of audit/firmware make such a ROM
		"docs/firmware.md: calls itself":                 drawing, // and such a driver
		"docs/health.md: failed":                         printedOf("health.txtar", "nvidia", "--witness smi.xml", "smi.xml"),
		"docs/manifest-format.md: version: 1":            readTrust,
		"docs/nvml.md: gpuaudit-nvml:":                   saidByNVML,
		"docs/nvml.md: failed    high":                   printedOf("nvml.txtar", "nvidia", "--nvml modified.json", "modified.json"),
		"docs/nvml.md: failed    medium":                 printedOf("nvml.txtar", "nvidia", "--nvml modified.json", "modified.json"),
		"docs/nvml.md: {":                                readAnswers,
		"docs/operator.md: version: 1":                   readTrust,
		"docs/operator.md: - name: example-boards":       func(t *testing.T, text string) { readTrust(t, "version: 1\nkeys:\n"+text) },
		"docs/operator.md: # /etc/cron.d/gpuaudit":       cronLine,
		"docs/periodic.md: sudo install -m":              shippedFiles,
		"docs/periodic.md: sudo install -D":              shippedFiles,
		"docs/policy.md: version: 1":                     readPack,
		"docs/publish-manifests.md: {":                   readPredicate,
		"docs/publish-manifests.md: version: 1":          readTrust,
		"docs/restrictions.md: law":                      printedOf("restrictions.txtar", "nvidia", "--jurisdiction US --profile exporter --purchase record.yaml", "record.yaml"),
		"docs/restrictions.md: version: 1":               readPurchase,
		"docs/stable-digest.md: gpuaudit.stable":         stableText,
		"docs/threat-model.md: you, your terminal":       drawing,
		"docs/verify-report.md: jq -c .dsseEnvelope":     drawing, // SLSA's program is not here; TestSummaryIsVSA has its types
		"docs/waivers.md: version: 1":                    readWaivers,
		"docs/witnesses.md: witness   nvidia-smi: taken": printedOf("witness.txtar", "nvidia", "--witness foreign.xml", "foreign.xml"),
		"docs/witnesses.md: witness   nvidia-smi: left":  printedOf("witness.txtar", "nvidia", "--witness around.txt", "around.txt"),
		"docs/witnesses.md: failed":                      printedOf("witness.txtar", "nvidia", "--witness other.xml", "other.xml"),
		"docs/witnesses.md: \"name\"":                    printedOf("witness.txtar", "nvidia", "--witness other.xml -o json", "other.xml"),
		"docs/witnesses.md: problem":                     printedOf("witness.txtar", "nvidia", "--witness two.txt", "two.txt"),
	}
}

// TestDataInDocs accounts for each block that gives no command.
func TestDataInDocs(t *testing.T) {
	checks := dataInDocs()
	used := map[string]bool{}
	for _, page := range docPages(t) {
		for _, b := range blocksOf(page, readPage(t, page)) {
			if len(b.commands()) > 0 {
				continue
			}
			begins, key := page+": "+strings.TrimSpace(b.lines[0]), ""
			for k := range checks {
				if strings.HasPrefix(begins, k) && len(k) > len(key) {
					key = k
				}
			}
			if key == "" {
				t.Errorf("%s:%d: dataInDocs of docs_data_test.go does not say what reads this block: %q", page, b.line, b.lines[0])
				continue
			}
			used[key] = true
			t.Run(fmt.Sprintf("%s:%d", page, b.line), func(t *testing.T) { checks[key](t, strings.Join(b.lines, "\n")+"\n") })
		}
	}
	for key := range checks {
		if !used[key] {
			t.Errorf("dataInDocs speaks of a block that is not there: %s", key)
		}
	}
}

// drawing is a block that nothing reads.
func drawing(*testing.T, string) {}

// printedOf holds a piece of a report to a scan of a machine with what a script gives
// it. Each line has to be printed, in this order; how far it is indented is left open.
func printedOf(script, machine, flags string, files ...string) checkBlock {
	return func(t *testing.T, text string) {
		s := newSandbox(t)
		s.on(machine)
		s.script(script, files...)
		args, err := s.here(append([]string{"scan", "--all"}, strings.Fields(flags)...))
		s.must(err)
		var out bytes.Buffer
		inProcess(t.Context(), args, strings.NewReader(""), &out, &out, s.now, s.env)
		rest := strings.Split(out.String(), "\n")
		for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
			i := 0
			for i < len(rest) && strings.TrimSpace(rest[i]) != strings.TrimSpace(line) {
				i++
			}
			if i == len(rest) {
				t.Errorf("scan %s does not print %q:\n%s", flags, line, out.String())
				return
			}
			rest = rest[i+1:]
		}
	}
}

// readBodies holds bodies of data of a channel to what takes them.
func readBodies(t *testing.T, text string) {
	d := json.NewDecoder(strings.NewReader(text))
	for n := 0; ; n++ {
		var body json.RawMessage
		if err := d.Decode(&body); errors.Is(err, io.EOF) && n == 3 {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(string(body), `"gpuaudit.`)
		name, _, _ = strings.Cut(name, "/")
		if err := reference.CheckData(name, body); err != nil {
			t.Error(err)
		}
	}
}

func readPack(t *testing.T, text string) {
	if _, err := pack.Parse([]byte(text)); err != nil {
		t.Error(err)
	}
}

func readWaivers(t *testing.T, text string) {
	if _, err := waive.Parse([]byte(text)); err != nil {
		t.Error(err)
	}
}

func readCatalogue(t *testing.T, text string) {
	if _, err := overlay.Parse([]byte(text)); err != nil {
		t.Error(err)
	}
}

func readAnswers(t *testing.T, text string) {
	if _, err := nvml.Decode([]byte(text)); err != nil {
		t.Error(err)
	}
}

// readPurchase reads a purchase record, with whole digests in the place of "aaaa...".
func readPurchase(t *testing.T, text string) {
	text = strings.NewReplacer("aaaa...", strings.Repeat("a", 64), "bbbb...", strings.Repeat("b", 64)).Replace(text)
	if _, err := purchase.Parse([]byte(text), docsClock); err != nil {
		t.Error(err)
	}
}

// readTrust reads a trust file, beside which the files lie that it names, and with a
// key in the place of "...".
func readTrust(t *testing.T, text string) {
	s := newSandbox(t)
	s.keys("ed25519", "a")
	public, err := os.ReadFile("a.pub")
	s.must(err)
	s.copy("tsa.pem", "attest/tpm/testdata/good-root.pem")
	s.copy("trusted_root.json", "attest/seal/publicgood.json")
	files := fstest.MapFS{"ops.pub": {Data: public}, "boards.pub": {Data: public}}
	for _, name := range []string{"tsa.pem", "trusted_root.json"} {
		data, err := os.ReadFile(name)
		s.must(err)
		files[name] = &fstest.MapFile{Data: data}
	}
	text = strings.Replace(text, " ...\n", " "+strings.Split(string(public), "\n")[1]+"\n", 1)
	if _, err := manifest.ParseTrust([]byte(text), files); err != nil {
		t.Error(err)
	}
}

func readPredicate(t *testing.T, text string) {
	var p manifest.Predicate
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		t.Fatal(err)
	}
	if _, err := manifest.Statement(&p); err != nil {
		t.Error(err)
	}
}

// stateFolder holds the listing of the state directory to one with a channel.
func stateFolder(t *testing.T, text string) {
	s := newSandbox(t)
	s.keys("ed25519", "boards")
	manifestOf(s, "boards", "boards", "boards.sigstore.json")
	channelOf(s, "boards.sigstore.json")
	s.run("channel update --channel channel/public --root 1.root.json --name example")
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		name := strings.NewReplacer("NAME", "example", "gen-7", "gen-1").Replace(strings.Fields(line)[0])
		if name == "channels/example/roots/" {
			continue // it is made when an update is refused
		}
		if _, err := os.Stat(filepath.Join("state", name)); err != nil {
			t.Error(err)
		}
	}
}

// cronLine holds the command of the crontab to the commands.
func cronLine(t *testing.T, text string) {
	_, line, found := strings.Cut(text, "root  gpuaudit ")
	if !found {
		t.Fatal("no command of root's")
	}
	line, _, _ = strings.Cut(line, " >")
	if err := understood(strings.Fields(line), true); err != nil {
		t.Error(err)
	}
}

// saidByNVML holds a message of gpuaudit-nvml to its source.
func saidByNVML(t *testing.T, text string) {
	names, err := filepath.Glob(filepath.Join(repository, "cmd/gpuaudit-nvml/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(b)
	}
	_, remedy, _ := strings.Cut(strings.TrimSpace(text), "file does not exist: ")
	if remedy == "" || !strings.Contains(source.String(), remedy) {
		t.Errorf("gpuaudit-nvml does not say %q", remedy)
	}
}

// stableText takes the stable digest by hand, as the page says.
func stableText(t *testing.T, text string) {
	s := newSandbox(t)
	s.copyROM("card.rom")
	var out bytes.Buffer
	if code := inProcess(t.Context(), []string{"firmware", "inspect", "card.rom", "-o", "json"}, strings.NewReader(""), &out, &out, s.now, s.env); code != 0 {
		t.Fatal(out.String())
	}
	var rom struct {
		Stable string `json:"stable_sha256"`
		Images []struct {
			CodeType string `json:"code_type"`
			Bytes    int    `json:"bytes"`
			SHA256   string `json:"sha256"`
		} `json:"images"`
	}
	if err := json.Unmarshal(out.Bytes(), &rom); err != nil || len(rom.Images) == 0 {
		t.Fatal(err, out.String())
	}
	first, _, _ := strings.Cut(text, "\n")
	byHand := first + "\n"
	for _, img := range rom.Images {
		byHand += fmt.Sprintf("%s %d %s\n", img.CodeType, img.Bytes, img.SHA256)
	}
	sum := sha256.Sum256([]byte(byHand))
	if hex.EncodeToString(sum[:]) != rom.Stable {
		t.Errorf("by hand %x, and the program says %s", sum, rom.Stable)
	}
}

// predicateOnPage is the predicate that docs/publish-manifests.md gives to copy.
func predicateOnPage(t *testing.T) string {
	t.Helper()
	for _, b := range blocksOf("docs/publish-manifests.md", readPage(t, "docs/publish-manifests.md")) {
		if b.lang == "json" {
			return strings.Join(b.lines, "\n")
		}
	}
	t.Fatal("docs/publish-manifests.md gives no predicate")
	return ""
}

// shippedFiles says that the files of the repository which a block installs are there;
// TestUnitIsConfined reads what is in them.
func shippedFiles(t *testing.T, text string) {
	found := 0
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(word, "deploy/") {
			found++
			if _, err := os.Stat("../../" + word); err != nil {
				t.Error(err)
			}
		}
	}
	if found == 0 {
		t.Errorf("it installs nothing: %s", text)
	}
}
