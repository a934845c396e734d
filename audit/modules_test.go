package audit_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// auditModules says of each module that go.mod names for itself what it is for,
// and auditTestModules of those that only tests use. A new one is a decision to
// be made: it becomes part of a program that runs as root.
var auditModules = map[string]string{
	"github.com/CycloneDX/cyclonedx-go":                 "reads CycloneDX documents for manifests, and writes reports as such",
	"github.com/ProtonMail/go-crypto":                   "manifest import: OpenPGP signatures of packages and WHENCE",
	"github.com/agnivade/levenshtein":                   "which name a misspelt one is nearest to; the rules' engine has it already",
	"github.com/beevik/etree":                           "reference manifests: XML as a tree, for the module below",
	"github.com/digitorus/timestamp":                    "RFC 3161 requests and answers",
	"github.com/ebitengine/purego":                      "gpuaudit-nvml: loads NVIDIA's library without cgo",
	"github.com/elastic/go-seccomp-bpf":                 "the judging process: its list of system calls",
	"github.com/fxamacker/cbor/v2":                      "CBOR with limits: CoRIM of manifest import, contents of GPU reports",
	"github.com/go-jose/go-jose/v4":                     "manifest import: JWS of OCP SAFE reports",
	"github.com/go-json-experiment/json":                "JSON from outside: encoding/json/v2, which Go 1.27 has",
	"github.com/google/go-tpm":                          "quotes, keys and commands of a TPM 2.0",
	"github.com/jaypipes/ghw":                           "a second witness of what is in the machine",
	"github.com/jaypipes/pcidb":                         "what ghw's answers are made of",
	"github.com/klauspost/compress":                     "zstd of kernel modules and firmware files; facts of a fleet, kept in little memory",
	"github.com/landlock-lsm/go-landlock":               "the process may read what it needs, and no more",
	"github.com/open-policy-agent/opa":                  "runs the rules",
	"github.com/opencontainers/image-spec":              "rule bundles from OCI registries: the manifest's form",
	"github.com/russellhaering/goxmldsig":               "reference manifests: canonical form of XML",
	"github.com/secure-systems-lab/go-securesystemslib": "canonical JSON of TUF; encrypted key files of cosign",
	"github.com/sigstore/protobuf-specs":                "the form of signature bundles",
	"github.com/sigstore/sigstore":                      "signature algorithms of bundles",
	"github.com/sigstore/sigstore-go":                   "verifies signature bundles, identities and their witnesses",
	"github.com/smallstep/pkcs7":                        "manifest import: PKCS #7 signatures of LVFS",
	"github.com/spf13/cobra":                            "commands and help",
	"github.com/spf13/pflag":                            "flags",
	"github.com/theupdateframework/go-tuf/v2":           "channels: signatures and order of TUF's roles",
	"github.com/transparency-dev/merkle":                "inclusion proofs of transparency logs",
	"github.com/ulikunitz/xz":                           "xz of kernel modules and packages",
	"github.com/veraison/go-cose":                       "COSE signatures of CoRIM: manifest import, reference manifests",
	"go.yaml.in/yaml/v3":                                "packs, trust files, waivers",
	"golang.org/x/crypto":                               "DER, built and read piece by piece; OCSP answers",
	"golang.org/x/term":                                 "asks for a passphrase without echo",
	"google.golang.org/protobuf":                        "JSON of signature bundles",
	"golang.org/x/sys":                                  "the judging process: namespaces, limits, descriptors over a socket",
	"kernel.org/pub/linux/libs/security/libcap/cap":     "the judging process: gives up its capabilities",
	"kernel.org/pub/linux/libs/security/libcap/psx":     "the judging process: one call on all threads",
	"oras.land/oras-go/v2":                              "rule bundles from OCI registries",
}

var auditTestModules = map[string]string{
	"github.com/go-openapi/runtime":            "lab of sigstore's services: reads what a log is asked",
	"github.com/google/go-cmp":                 "says where two values differ",
	"github.com/google/go-containerregistry":   "a registry to fetch rule bundles from",
	"github.com/in-toto/attestation":           "peer: reads statements and verification summaries as SLSA's tools do",
	"github.com/invopop/jsonschema":            "makes the published schemas from the types",
	"github.com/joshdk/go-junit":               "peer: reads JUnit's files as a CI does",
	"github.com/owenrumney/go-sarif/v3":        "peer: reads SARIF, and holds OASIS's schema of it",
	"github.com/prometheus/common":             "peer: reads metrics as node_exporter does",
	"github.com/yuin/goldmark":                 "peer: reads Markdown with GitHub's extensions",
	"github.com/rogpeppe/go-internal":          "scripts of commands",
	"github.com/saferwall/pe":                  "peer: Authenticode digests of EFI drivers",
	"github.com/santhosh-tekuri/jsonschema/v6": "peer: documents against the published schemas",
	"github.com/sigstore/rekor":                "lab of sigstore's services: entries of a log",
	"golang.org/x/net":                         "peer: reads HTML as a browser does",
	"golang.org/x/text":                        "peer: names of countries",
}

var signModules = map[string]string{
	"github.com/ebitengine/purego":                              "loads a token's PKCS #11 library without cgo",
	"github.com/gpuaudit/gpuaudit":                              "bundles, key files, passphrases: this checkout, by replace",
	"github.com/sigstore/sigstore":                              "what the key management services have in common",
	"github.com/sigstore/sigstore-go":                           "asks Fulcio, Rekor and timestamping authorities",
	"github.com/sigstore/sigstore/pkg/signature/kms/aws":        "keys in AWS KMS, with its SDK",
	"github.com/sigstore/sigstore/pkg/signature/kms/azure":      "keys in Azure Key Vault, with its SDK",
	"github.com/sigstore/sigstore/pkg/signature/kms/gcp":        "keys in Google Cloud KMS, with its SDK",
	"github.com/sigstore/sigstore/pkg/signature/kms/hashivault": "keys in HashiCorp Vault and OpenBao",
	"golang.org/x/crypto":                                       "DER of ECDSA signatures",
}

var signTestModules = map[string]string{
	"github.com/rogpeppe/go-internal": "scripts of commands",
}

// testFolders are shipped folders that only tests import: what they use counts
// as used by tests.
var testFolders = []string{"attest/seal/sealtest", "audit/hosttest", "audit/channel/channeltest", "attest/eventlog/eventlogtest", "audit/schematest", "audit/report/reporttest"}

// TestModules holds the direct modules of both programs' go.mod against the
// lists above, and the lists against what the files import.
func TestModules(t *testing.T) {
	for _, m := range []struct {
		file           string
		shipped, tests map[string]string
	}{
		{"../go.mod", auditModules, auditTestModules},
		{"../" + signFolder + "/go.mod", signModules, signTestModules},
	} {
		t.Run(strings.TrimPrefix(m.file, "../"), func(t *testing.T) {
			direct := directModules(t, m.file)
			for _, name := range direct {
				if (m.shipped[name] == "") == (m.tests[name] == "") {
					t.Errorf("%s is not on one of the two lists with what it is for", name)
				}
			}
			for name := range merged(m.shipped, m.tests) {
				if !slices.Contains(direct, name) {
					t.Errorf("%s is on a list, but the file does not name it, or marks it as indirect", name)
				}
			}
			shipped, tests := usedModules(t, m.file != "../go.mod", direct)
			for name := range m.shipped {
				if !shipped[name] {
					t.Errorf("%s is on the list of what programs use; no file that ships imports it", name)
				}
			}
			for name := range m.tests {
				if shipped[name] || !tests[name] {
					t.Errorf("%s is on the list of what only tests use; programs import it: %t, tests: %t", name, shipped[name], tests[name])
				}
			}
		})
	}
}

// TestAuditNamesNoCloud: the SDKs are more code than the audit, and reached by
// nothing that it links. Indirect ones count, too.
func TestAuditNamesNoCloud(t *testing.T) {
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, sdk := range []string{"cloud.google.com/", "google.golang.org/api ", "github.com/aws/", "github.com/Azure/", "github.com/hashicorp/vault/", "signature/kms/"} {
		if strings.Contains(string(text), sdk) {
			t.Errorf("go.mod names %s: it belongs to %s", sdk, signFolder)
		}
	}
}

// signFolder holds a module of its own.
const signFolder = "cmd/gpuaudit-sign"

var directModule = regexp.MustCompile(`(?m)^(?:require )?\t?([a-z][\w.-]*\.[\w./-]+) v[\w.+-]+$`)

// directModules lists what a go.mod requires without the mark // indirect.
func directModules(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range directModule.FindAllStringSubmatch(string(text), -1) {
		out = append(out, m[1])
	}
	if len(out) < 5 {
		t.Fatalf("%s: %d direct modules: the file was not understood", file, len(out))
	}
	return out
}

// usedModules says which modules the files of a program import, and which its
// tests. A module that is part of another's name loses to the longer one.
func usedModules(t *testing.T, sign bool, modules []string) (shipped, tests map[string]bool) {
	t.Helper()
	shipped, tests = map[string]bool{}, map[string]bool{}
	walkAllImports(t, func(folder, file, imported string) {
		if strings.HasPrefix(folder, signFolder) != sign {
			return
		}
		longest := ""
		for _, name := range modules {
			if (imported == name || strings.HasPrefix(imported, name+"/")) && len(name) > len(longest) {
				longest = name
			}
		}
		if strings.HasSuffix(file, "_test.go") || slices.Contains(testFolders, folder) {
			tests[longest] = true
		} else {
			shipped[longest] = true
		}
	})
	return shipped, tests
}

func merged(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}
