package audit_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/gpuaudit/gpuaudit/"

// layers says, for each folder, which folders of the project it may import.
// Folder names are the trust model: who gathers, who compares, who vouches,
// who judges. A folder that is missing here is a design decision to be made.
var layers = map[string][]string{
	"audit/inventory": {},
	"audit/flock":     {},
	"audit/fifo":      {},
	"audit/outfile":   {"audit/fifo", "audit/flock"},
	"audit/tempdir":   {"audit/flock"},
	"audit/inroot":    {},
	"audit/memory":    {},
	"audit/sandbox":   {},
	"audit/controls":  {},
	"audit/country":   {},
	"audit/finding":   {},
	"audit/fault":     {},
	// What the program says, as messages that can be said in another language.
	"audit/message":              {"audit/finding"},
	"audit/message/messagetest":  {"audit/message"},
	"audit/message/phrase":       {},
	"audit/lazyregexp":           {},
	"audit/cms":                  {},
	"audit/bounded":              {},
	"audit/broker":               {"audit/fifo", "audit/flock", "audit/inroot"},
	"audit/input":                {"audit/bounded", "audit/fifo"},
	"audit/suggest":              {},
	"rules":                      {},
	"audit/advisory":             {"attest/strictjson", "audit/input", "audit/lazyregexp"},
	"audit/catalogue":            {"audit/inventory"},
	"audit/catalogue/pciids":     {},
	"audit/catalogue/pciids/gen": {},
	"audit/catalogue/gen":        {"audit/catalogue"},
	"rules/sources/gen":          {},
	"audit/catalogue/overlay":    {"audit/catalogue", "audit/manifest", "attest/seal", "attest/strictjson"},
	"audit/firmware":             {"audit/cms", "audit/inventory"},
	"audit/firmware/efitest":     {"audit/cms"},
	"audit/firmware/romfiles":    {"audit/bounded", "audit/firmware", "audit/input", "audit/inventory"},
	"audit/firmware/romtext":     {"audit/catalogue/pciids", "audit/firmware", "audit/inventory", "audit/report"},
	"audit/collect":              {"attest/strictjson", "audit/bounded", "audit/inventory"},
	"audit/collect/smbios":       {},
	"audit/collect/pci":          {"audit/inventory", "audit/collect", "audit/collect/smbios", "audit/catalogue/pciids"},
	"audit/collect/ghwitness":    {"audit/inventory", "audit/collect"},
	"audit/collect/witness":      {"audit/inventory", "audit/collect"},
	"audit/collect/driver":       {"audit/bounded", "audit/cms", "audit/inroot", "audit/inventory", "audit/collect", "audit/kmod", "audit/decompress", "audit/rpmdb"},
	"audit/kmod":                 {},
	"audit/decompress":           {},
	"audit/rpmdb":                {},
	"audit/collect/host":         {"audit/inventory", "audit/collect", "audit/firmware"},
	"audit/collect/software":     {"audit/inventory", "audit/collect", "audit/collect/driver"},
	"audit/collect/amd":          {"audit/inventory", "audit/collect"},
	"audit/collect/intel":        {"audit/inventory", "audit/collect"},
	"audit/collect/nvidia":       {"audit/inventory", "audit/collect"},
	"audit/collect/nvml":         {"attest/spdm/nvidia", "audit/inventory", "audit/collect", "audit/collect/witness", "attest/strictjson"},
	// The vendor's library is loaded here, for cmd/gpuaudit-nvml alone.
	"audit/collect/nvml/library": {"audit/collect", "audit/collect/nvml"},
	"audit/collect/rom":          {"audit/flock", "audit/inventory", "audit/collect", "audit/firmware"},
	// Redaction keeps what the collectors read: of config space and Secure Boot's
	// databases, their own readers say which bytes these are.
	"audit/capture":               {"audit/bounded", "audit/input", "audit/inventory", "audit/collect", "audit/collect/pci", "audit/firmware", "audit/kmod", "attest/strictjson"},
	"audit/schematest":            {},
	"audit/hosttest":              {"audit/collect"},
	"audit/manifest":              {"audit/bounded", "audit/inventory", "audit/message", "attest/seal", "attest/strictjson", "attest/strictyaml"},
	"audit/manifest/manifesttext": {"audit/manifest", "audit/report"},
	"audit/manifest/manifesttest": {"attest/seal", "audit/manifest"},
	// What others publish in other formats, each adapter a folder.
	"audit/manifest/importer":         {"audit/manifest"},
	"audit/manifest/importer/pgp":     {},
	"audit/manifest/importer/fwfiles": {"audit/decompress"},
	"audit/manifest/importer/debpkg":  {"audit/manifest", "audit/manifest/importer", "audit/manifest/importer/pgp", "audit/manifest/importer/fwfiles", "audit/kmod", "audit/decompress"},
	"audit/manifest/importer/whence":  {"audit/bounded", "audit/manifest/importer", "audit/manifest/importer/pgp", "audit/manifest/importer/fwfiles", "audit/decompress"},
	// Those of bare digests, and of archives.
	"audit/manifest/importer/corim":     {"audit/manifest/importer"},
	"audit/manifest/importer/ocpsafe":   {"audit/manifest/importer", "attest/strictjson"},
	"audit/manifest/importer/cyclonedx": {"audit/manifest/importer", "attest/strictjson"},
	"audit/manifest/importer/lvfs":      {"audit/bounded", "audit/firmware", "audit/manifest", "audit/manifest/importer", "audit/manifest/importer/pgp", "attest/strictjson"},
	// And the one list of them.
	"audit/manifest/importer/formats": {"audit/fault", "audit/input", "audit/lazyregexp", "audit/manifest", "audit/manifest/importer", "audit/manifest/importer/corim", "audit/manifest/importer/cyclonedx",
		"audit/manifest/importer/debpkg", "audit/manifest/importer/lvfs", "audit/manifest/importer/ocpsafe", "audit/manifest/importer/pgp", "audit/manifest/importer/whence"},
	// What holds them against a device, and what is made of it.
	"audit/boot":           {"audit/fault", "audit/input", "attest/eventlog", "attest/pemcert", "attest/tpm", "audit/boot/optionrom", "audit/facts", "audit/firmware", "audit/inventory"},
	"audit/prooftext":      {"attest/check", "attest/spdm/nvidia/appraise", "audit/boot", "audit/facts", "audit/report"},
	"audit/boot/optionrom": {"attest/eventlog", "audit/facts", "audit/inventory"},
	"audit/display":        {"audit/inventory"},
	"audit/facts":          {"audit/inventory", "audit/catalogue"},
	"audit/compare":        {"audit/inventory", "audit/catalogue", "audit/catalogue/pciids", "audit/facts", "audit/manifest", "audit/message", "audit/offer"},
	"audit/offer":          {},
	"audit/report":         {"attest/strictjson", "audit/lazyregexp", "audit/message", "audit/suggest", "audit/inventory", "audit/finding", "audit/catalogue", "audit/facts"},
	// The forms in which others take reports, each a folder: they render and judge nothing.
	"audit/report/cyclonedx":  {"audit/finding", "audit/inventory", "audit/report"},
	"audit/report/csv":        {"audit/controls", "audit/finding", "audit/report"},
	"audit/report/html":       {"audit/controls", "audit/facts", "audit/finding", "audit/inventory", "audit/report", "rules"},
	"audit/report/jsonl":      {"audit/facts", "audit/finding", "audit/report"},
	"audit/report/junit":      {"audit/finding", "audit/message", "audit/report"},
	"audit/report/markdown":   {"audit/finding", "audit/message", "audit/report"},
	"audit/report/ocsf":       {"audit/controls", "audit/finding", "audit/report"},
	"audit/report/oscal":      {"audit/controls", "audit/finding", "audit/report"},
	"audit/report/prometheus": {"audit/finding", "audit/report"},
	"audit/report/sarif":      {"audit/facts", "audit/finding", "audit/report"},
	// And the one list of them.
	"audit/report/forms": {"audit/report", "audit/report/csv", "audit/report/cyclonedx", "audit/report/html", "audit/report/jsonl", "audit/report/junit",
		"audit/report/markdown", "audit/report/ocsf", "audit/report/oscal", "audit/report/prometheus", "audit/report/sarif"},
	"audit/report/reporttest":   {"audit/facts", "audit/finding", "audit/inventory", "audit/report"},
	"audit/purchase":            {"audit/inventory", "audit/facts", "audit/country", "audit/offer", "attest/strictyaml"},
	"audit/config":              {"attest/strictyaml", "audit/bounded", "audit/input", "audit/pack", "audit/suggest"},
	"audit/waive":               {"audit/fault", "audit/input", "audit/inventory", "audit/finding", "audit/report", "audit/manifest", "attest/seal", "attest/strictjson", "attest/strictyaml"},
	"audit/pack":                {"audit/input", "audit/message", "audit/suggest", "rules", "audit/country", "audit/inventory", "audit/finding", "audit/facts", "audit/report", "attest/strictyaml"},
	"attest/strictyaml":         {},
	"audit/channel":             {"audit/bounded", "attest/strictjson"},
	"audit/channel/archive":     {"audit/channel"},
	"audit/channel/channeltest": {"audit/channel", "audit/channel/publish"},
	"audit/network":             {"audit/bounded", "audit/input"},
	"audit/channel/fetch":       {"audit/channel", "audit/fault", "audit/input", "audit/network"},
	"audit/channel/conformance": {"audit/channel", "audit/channel/fetch", "audit/channel/state"}, // a tool for developers
	"audit/channel/publish":     {"audit/channel", "audit/input", "audit/outfile", "attest/strictjson"},
	"audit/channel/state":       {"audit/channel", "audit/channel/archive", "audit/fault", "audit/input", "audit/outfile", "attest/strictjson"},
	"audit/report/signed":       {"audit/bounded", "audit/input", "audit/inventory", "audit/report", "audit/manifest", "attest/seal"},
	"audit/fleet":               {"audit/inventory", "audit/compare", "audit/facts", "audit/finding", "audit/message", "audit/report"},
	// What opens the machine, and what counts of what was given to hold it against.
	"audit/machine": {"attest/eventlog", "attest/tpm", "audit/capture", "audit/catalogue", "audit/collect", "audit/collect/amd", "audit/collect/driver", "audit/collect/ghwitness",
		"audit/collect/host", "audit/collect/intel", "audit/collect/nvidia", "audit/collect/nvml", "audit/collect/pci", "audit/collect/rom", "audit/collect/software", "audit/collect/witness", "audit/fault", "audit/input", "audit/inroot", "audit/inventory", "audit/sandbox", "audit/tempdir"},
	"audit/reference": {"attest/seal", "attest/strictjson", "audit/catalogue", "audit/catalogue/overlay", "audit/channel/state", "audit/compare", "audit/facts", "audit/fault",
		"audit/input", "audit/inventory", "audit/manifest", "audit/pack", "audit/report", "rules"},
	// Keys that sign, wherever they lie.
	"audit/keys": {"attest/seal", "attest/tpm", "attest/tpmkey", "audit/fault", "audit/input"},
	// What lets a verb be judged by a process without rights.
	"audit/apart": {"attest/seal", "attest/tpm", "audit/bounded", "audit/broker", "audit/capture", "audit/channel/publish", "audit/channel/state", "audit/input", "audit/machine", "audit/network", "audit/outfile", "audit/sandbox", "policy"},
	// The one assembly of an audit knows all stages; it prints nothing.
	"audit": {"attest/tpm", "audit/boot", "audit/catalogue", "audit/collect", "audit/collect/nvml", "audit/collect/witness", "audit/gpuproof", "audit/country", "audit/display", "audit/compare", "audit/facts", "audit/fault", "audit/finding",
		"audit/input", "audit/inventory", "audit/machine", "audit/message", "audit/offer", "audit/pack", "audit/purchase", "audit/reference", "audit/report", "audit/report/signed", "audit/suggest", "audit/waive", "policy", "policy/source", "rules"},
	// What was stored of machines is read for audits of today.
	"audit/stored": {"audit", "audit/collect", "audit/fault", "audit/fleet", "audit/input", "audit/machine", "audit/report", "audit/report/signed"},
	// What makes statements of one's own machines stands on audits of them.
	"audit/golden":                  {"audit/facts", "audit/inventory", "audit/manifest"},
	"audit/baseline":                {"attest/seal", "attest/strictyaml", "audit", "audit/fault", "audit/finding", "audit/golden", "audit/input", "audit/inventory", "audit/machine", "audit/manifest", "audit/outfile", "audit/reference", "audit/report", "audit/waive"},
	"attest/pemcert":                {},
	"attest/seal":                   {"attest/pemcert", "attest/strictjson"},
	"attest/seal/gen":               {},
	"attest/seal/sealtest":          {},
	"attest/eventlog":               {},
	"attest/eventlog/eventlogtest":  {"attest/eventlog"},
	"attest/check":                  {},
	"attest/revocation":             {"attest/check"},
	"attest/comid":                  {},
	"attest/rim":                    {"attest/check", "attest/comid"},
	"attest/rim/rimtest":            {},
	"attest/spdm":                   {"attest/check"},
	"attest/spdm/nvidia":            {"attest/check", "attest/comid", "attest/pemcert", "attest/spdm", "attest/strictjson"},
	"attest/spdm/nvidia/appraise":   {"attest/check", "attest/comid", "attest/revocation", "attest/rim", "attest/spdm", "attest/spdm/nvidia", "attest/strictjson"},
	"attest/spdm/spdmtest":          {},
	"attest/spdm/nvidia/nvidiatest": {"attest/spdm/nvidia", "attest/rim/rimtest", "attest/spdm/spdmtest"},
	// What GPUs sign is held against the inventory, and what it is held against packed.
	"audit/gpuproof":    {"attest/check", "attest/revocation", "attest/rim", "attest/spdm", "attest/spdm/nvidia", "attest/spdm/nvidia/appraise", "audit/collateral", "audit/collect/nvml", "audit/facts", "audit/input", "audit/inventory"},
	"audit/collateral":  {"attest/check", "attest/revocation", "attest/rim", "attest/seal", "attest/spdm/nvidia", "attest/spdm/nvidia/appraise", "attest/strictjson", "audit/channel", "audit/channel/archive", "audit/fault", "audit/input"},
	"attest/tpm":        {"attest/check", "attest/eventlog", "attest/strictjson"},
	"attest/strictjson": {},
	"attest/passphrase": {},
	"attest/tpmkey":     {},
	"policy/irvm":       {},
	"policy":            {"attest/strictjson", "audit/bounded", "audit/finding", "audit/message", "policy/irvm"},
	// Rules come from a registry where somebody names one; what they are worth is
	// for policy to find out.
	"policy/artifact": {"attest/strictjson", "audit/bounded", "audit/input", "audit/network"},
	"policy/scaffold": {},
	"policy/source":   {"audit/fault", "audit/input", "policy", "policy/artifact"},
	// The programs: flags, printing and exit codes. No collector, no comparison with
	// manifests and no source of rules is known to them but by the packages that own these.
	"cmd/gpuaudit": {"attest/check", "attest/eventlog", "attest/passphrase", "attest/rim", "attest/seal", "attest/spdm", "attest/spdm/nvidia", "attest/spdm/nvidia/appraise", "attest/strictjson", "attest/strictyaml", "attest/tpm", "attest/tpmkey", "audit/advisory",
		"audit", "audit/apart", "audit/baseline", "audit/boot", "audit/broker", "audit/capture", "audit/catalogue", "audit/config", "audit/bounded", "audit/catalogue/overlay", "audit/collateral", "audit/collect", "audit/compare", "audit/controls", "audit/country", "audit/facts", "audit/fault",
		"audit/finding", "audit/firmware", "audit/firmware/romfiles", "audit/firmware/romtext", "audit/fleet", "audit/golden", "audit/gpuproof", "audit/input", "audit/inventory", "audit/keys", "audit/machine", "audit/memory", "audit/message", "audit/message/phrase", "audit/outfile", "audit/pack", "audit/prooftext", "audit/purchase", "audit/reference", "audit/report",
		"audit/report/forms", "audit/report/signed", "audit/stored", "audit/sandbox", "audit/suggest", "audit/waive", "audit/channel", "audit/channel/archive", "audit/channel/fetch", "audit/channel/publish", "audit/channel/state",
		"audit/manifest", "audit/manifest/importer/formats", "audit/manifest/manifesttext", "policy", "policy/scaffold", "policy/source", "rules"},
	"cmd/gpuaudit-nvml": {"audit/collect/nvml/library"},
	signFolder:          {"attest/passphrase", "attest/seal", "audit/input", "audit/outfile", signFolder + "/internal/kms", signFolder + "/internal/pkcs11", signFolder + "/internal/online"},
	// The signer's own packages, in its own module: nobody else can import them.
	signFolder + "/internal/kms":    {},
	signFolder + "/internal/pkcs11": {},
	signFolder + "/internal/online": {"attest/seal"},
}

// owners says which folders alone may import a library.
var owners = map[string][]string{
	"os/exec":  {"audit/sandbox"}, // the program that asks NVIDIA's library, and the judge
	"net/http": {"audit/network", "audit/channel/fetch", signFolder + "/internal/online", "policy/artifact"},
	// Signatures and order of TUF's roles. Its updater and its fetcher are nobody's:
	// they write and read as audit/channel must not.
	"github.com/theupdateframework/go-tuf":                     {"audit/channel", "audit/channel/publish", "attest/seal/gen"},
	"github.com/theupdateframework/go-tuf/v2/metadata/updater": {},
	"github.com/theupdateframework/go-tuf/v2/metadata/fetcher": {},
	"plugin":                        {},
	"unsafe":                        {},
	"github.com/open-policy-agent/": {"policy", "policy/irvm"},
	"github.com/sigstore/":          {"attest/seal", "attest/seal/gen", "attest/seal/sealtest", signFolder + "/internal/online", signFolder + "/internal/kms"},
	"oras.land/":                    {"policy/artifact"},
	"github.com/opencontainers/":    {"policy/artifact"},
	"github.com/jaypipes/ghw":       {"audit/collect/ghwitness"},
	"github.com/spf13/cobra":        {"cmd/gpuaudit"},
	"github.com/beevik/etree":       {"attest/rim"},
	"github.com/russellhaering/":    {"attest/rim"},
	"github.com/ebitengine/purego":  {"audit/collect/nvml/library", signFolder + "/internal/pkcs11"},
	// Whoever imports it links purego: not static, and not confined.
	module + "audit/collect/nvml/library": {"cmd/gpuaudit-nvml"},
	"github.com/landlock-lsm/go-landlock": {"audit/machine", "audit/sandbox"},
	"github.com/elastic/go-seccomp-bpf":   {"audit/sandbox"},
	"kernel.org/pub/linux/libs/security/": {"audit/sandbox"},
	"github.com/veraison/":                {"attest/rim", "attest/rim/rimtest", "audit/manifest/importer/corim"},
	"github.com/go-jose/go-jose":          {"audit/manifest/importer/ocpsafe"},
	"github.com/invopop/jsonschema":       {"audit/schematest"},
	"github.com/CycloneDX/":               {"audit/manifest/importer/cyclonedx", "audit/report/cyclonedx"},
	"github.com/ProtonMail/go-crypto":     {"audit/manifest/importer/pgp"},
}

// TestLayers holds the import arrows of docs/design.md.
func TestLayers(t *testing.T) {
	seen, used := map[string]bool{}, map[string]bool{}
	walkImports(t, func(folder, file, imported string) {
		seen[folder] = true
		for library, allowed := range owners {
			if imported == library || strings.HasSuffix(library, "/") && strings.HasPrefix(imported, library) || strings.HasPrefix(imported, library+"/") {
				if !contains(allowed, folder) {
					t.Errorf("%s imports %s, which only %v may", file, imported, allowed)
				}
			}
		}
		local, ok := strings.CutPrefix(imported, module)
		if !ok {
			return
		}
		if strings.HasPrefix(folder, "attest/") && !strings.HasPrefix(local, "attest/") {
			t.Errorf("%s imports %s: what proves knows nothing of what is audited", file, local)
		}
		used[folder+" -> "+local] = true
		allowed, known := layers[folder]
		switch {
		case known && local == "audit/lazyregexp": // of which any may have need
		case !known:
			t.Errorf("%s: folder %s is in no layer: add it to the table and say what it may import", file, folder)
		case !contains(allowed, local):
			t.Errorf("%s imports %s: %s may import %v", file, local, folder, allowed)
		}
	})
	for _, folder := range []string{"audit", "audit/inventory", "policy", "cmd/gpuaudit"} {
		if !seen[folder] {
			t.Errorf("no file of %s was looked at: the test does not see the tree", folder)
		}
	}
	for folder, allowed := range layers {
		for _, local := range allowed {
			if !used[folder+" -> "+local] {
				t.Errorf("%s may import %s and does not: take the arrow out of the table", folder, local)
			}
		}
	}
}

// TestLeavesUseTheStandardLibraryOnly: the facts, the judgements and the rules
// can be read without trusting anybody else's code.
func TestLeavesUseTheStandardLibraryOnly(t *testing.T) {
	walkImports(t, func(folder, file, imported string) {
		switch folder {
		case "audit/inventory", "audit/finding", "rules":
			if strings.Contains(imported, ".") {
				t.Errorf("%s imports %s", file, imported)
			}
		}
	})
}

// walkImports visits the imports of what ships, the signer's module included.
func walkImports(t *testing.T, visit func(folder, file, imported string)) {
	t.Helper()
	walkAllImports(t, func(folder, file, imported string) {
		if !strings.HasSuffix(file, "_test.go") {
			visit(folder, file, imported)
		}
	})
}

// walkAllImports visits those of tests, too.
func walkAllImports(t *testing.T, visit func(folder, file, imported string)) {
	t.Helper()
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			visit(path.Dir(name), name, imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
