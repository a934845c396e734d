package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"
)

// Reasons that several commands have.
const (
	needsGPU      = "it needs a GPU that signs; TestGPUsProveThemselves runs it with a library of our own"
	needsTPM      = "it needs a TPM; key-tpm.txtar, enrol.txtar and attest-scan.txtar run it with a software TPM"
	needsRegistry = "it needs a registry; TestRulesFromArtifacts runs it with one of its own"
	needsDocument = "the document is its maker's; the import scripts run the same on documents that they make"
)

// docsPages says, page by page, how the commands of the pages and of the helps are
// run. A page without an entry has commands that need nothing and succeed. Most of a
// page's commands prepare the next ones, as they do for the reader.
func docsPages() map[string]*docPage {
	pages := map[string]*docPage{}
	for _, list := range []map[string]*docPage{startingPages(), attestationPages(), manifestPages(), signingPages(), policyPages(), helps()} {
		for name, page := range list {
			pages[name] = page
		}
	}
	return pages
}

// recordings are what other programs recorded of the machine "nvidia".
func recordings(s *docHost) {
	s.on("nvidia")
	s.script("witness.txtar", "smi.xml", "lspci.txt")
	s.script("nvml.txtar", "nvml.json")
}

// stick is a medium that a key is on, in the sandbox.
var stick = []string{"/media/usb/", "usb-"}

// locked gives the passphrase of keys.
func locked(s *docHost) { s.env["GPUAUDIT_KEY_PASSWORD"] = "a passphrase" }

func startingPages() map[string]*docPage {
	nvidia := docStep{code: 1, before: recordings} // its driver has known faults
	return map[string]*docPage{
		"README.md": {
			replace: []string{"$(go list -m -f '{{.Dir}}' github.com/jaypipes/ghw)", ghwFolder()},
			steps: map[string]docStep{
				"go run ./cmd/gpuaudit scan --capture":       {code: 3},
				"gpuaudit scan --witness smi.xml --witness":  nvidia,
				"gpuaudit scan --witness smi.xml":            nvidia,
				"gpuaudit scan --sold-as":                    nvidia,
				"gpuaudit scan --expect 8 -o json=report.js": {before: func(s *docHost) { s.on("eight") }},
				"gpuaudit scan --pack strict":                {code: 1, before: func(s *docHost) { s.on("good") }},
				"gpuaudit scan --waivers accepted.yaml":      {before: func(s *docHost) { s.script("waivers-signed.txtar", "accepted.yaml") }},
				"gpuaudit scan --jurisdiction US":            {before: func(s *docHost) { s.script("restrictions.txtar", "record.yaml") }},
				"gpuaudit scan --read-rom":                   {before: func(s *docHost) { s.on("good") }},
				"gpuaudit scan --read-rom --attest tpm":      {not: needsTPM},
				"gpuaudit scan --attest gpu":                 {not: needsGPU},
				"gpuaudit policy check *.json":               {before: func(s *docHost) { s.must(os.Remove("nvml.json")) }},
			},
		},
		"CONTRIBUTING.md": {prepare: func(s *docHost) {
			s.copy("testdata/stored/card.tar.gz", "testdata/stored/card.tar.gz")
			s.keys("ed25519", "throwaway")
		}, steps: map[string]docStep{
			"gpuaudit scan --capture testdata/stored": {code: 3}, // it is older than sources that are read now
		}},
		"docs/first-card.md": {replace: stick, prepare: locked, steps: map[string]docStep{
			"sudo gpuaudit baseline --key":                                {before: func(s *docHost) { s.on("debian-amd") }},
			"sudo gpuaudit baseline renew":                                {before: func(s *docHost) { s.on("debian-amd-updated") }},
			"sudo gpuaudit scan --read-rom --witness":                     nvidia,
			"gpuaudit scan --capture card.tar.gz --jurisdiction US --pro": {code: 1},
		}},
		"docs/carte-neuve.md": {replace: stick, prepare: locked, steps: map[string]docStep{
			"sudo gpuaudit baseline --key":            {before: func(s *docHost) { s.on("debian-amd") }},
			"sudo gpuaudit baseline renew":            {before: func(s *docHost) { s.on("debian-amd-updated") }},
			"sudo gpuaudit scan --read-rom --witness": nvidia,
			"sudo gpuaudit scan --full --lang fr -o":  {code: 1},
			"gpuaudit scan --capture card.tar.gz":     {code: 1},
		}},
		"docs/nvml.md": {prepare: recordings, steps: map[string]docStep{
			"sudo gpuaudit scan":                   {code: 1}, // its driver has known faults
			"sudo gpuaudit scan --read-rom --nvml": {code: 1},
		}},
		"docs/witnesses.md": {prepare: recordings, steps: map[string]docStep{
			"sudo gpuaudit scan --read-rom --witness": {code: 1},
		}},
		"docs/restrictions.md": {
			prepare: func(s *docHost) { s.on("nvidia"); s.script("restrictions.txtar", "record.yaml") },
			steps:   map[string]docStep{"sudo gpuaudit scan --jurisdiction US": {code: 1}},
		},
		"docs/formats.md": {prepare: func(s *docHost) { s.on("good") }},
		"docs/capture-format.md": {prepare: func(s *docHost) {
			s.must(exec.Command("tar", "-xzpf", filepath.Join(repository, "testdata/evidence/good.tar.gz"), "-C", s.dir).Run())
			s.must(os.RemoveAll(s.machine))
		}},
		"docs/firmware.md": {
			prepare: dumps,
			steps: map[string]docStep{
				"gpuaudit firmware diff amd-polaris": {code: 1},
				"gpuaudit scan --read-rom --flash":   {not: "it needs a card and a dump of its flash; testdata/script/flash.txtar runs it"},
				"for driver in parts/*.efi":          {not: "it ends with an error without the certificates of the authorities, as the page says"},
			},
		},
	}
}

// ghwFolder is where the module ghw lies, whose recorded hosts README scans.
func ghwFolder() string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/jaypipes/ghw").Output()
	if err != nil {
		return "ghw is not in the module cache"
	}
	return strings.TrimSpace(string(out))
}

// dumps are ROMs that others made: they are beside the checkout or not there.
func dumps(s *docHost) {
	folder := filepath.Join(repository, "..", "shared", "roms")
	if _, err := os.Stat(folder); err != nil {
		s.t.Skip("the folder of shared recordings is not beside the checkout")
	}
	names, err := filepath.Glob(filepath.Join(folder, "*.rom"))
	s.must(err)
	more, err := filepath.Glob(filepath.Join(folder, "..", "cases", "roms", "intel-*.rom"))
	s.must(err)
	for _, from := range append(names, more...) {
		text, err := os.ReadFile(from)
		s.must(err)
		s.write(filepath.Base(from), string(text))
	}
	for _, name := range []string{"nv-gp106-gtx1060-msi-full.rom", "nv-gp106-gtx1060-msi-trimmed.rom", "nv-ga104-3060ti-runtime-badsum.rom"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		s.must(err)
		s.write("dumps/"+name, string(text))
	}
}

// evidenceNonce is the nonce of the evidence in attest/tpm/testdata.
var evidenceNonce = strings.Repeat("11", 32)

func attestationPages() map[string]*docPage {
	const evidence, boots = "attest/tpm/testdata/", "testdata/evidence/"
	return map[string]*docPage{
		"docs/attest-tpm.md": {
			prepare: func(s *docHost) {
				s.now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC) // the recorded certificates begin on 24 November
				s.env["NONCE"] = evidenceNonce
				s.copy("good.json", evidence+"good.json")
				s.copy("good-root.pem", evidence+"good-root.pem")
				s.script("attest.txtar", "report.txt")
				s.run("capture --output card.tar.gz")
			},
			// The recorded TPM is a program: its maker is believed as a reader's own root is.
			replace: []string{"--ek-chain infineon.pem --output challenge", "--ek-roots roots.pem --output challenge", "--ek-chain infineon.pem --enrolled enrolment.json", "--ek-roots roots.pem --enrolled enrolment.json", "--enrolled enrolment.json", "--ek-roots roots.pem --enrolled enrolment.json"},
			steps: map[string]docStep{
				"gpuaudit attest tpm":       {not: needsTPM},
				"gpuaudit attest verify go": {code: 4},
				"gpuaudit attest challenge": {before: func(s *docHost) {
					s.copy("evidence.json", evidence+"good.json")
					s.copy("roots.pem", evidence+"good-root.pem")
				}},
				"gpuaudit attest answer": {not: needsTPM},
				"gpuaudit attest enrol":  {not: needsTPM},
				"gpuaudit attest verify evidence.json": {before: func(s *docHost) {
					s.env["NONCE"] = bootNonce
					s.copy("evidence.json", boots+"good.tar.gz")
					s.copy("roots.pem", boots+"roots.pem")
					s.copy("enrolment.json", boots+"enrolment.json")
				}},
				"gpuaudit scan --read-rom --attest tpm":    {not: needsTPM},
				"gpuaudit capture --read-rom --attest tpm": {not: needsTPM},
				"gpuaudit scan --capture card.tar.gz":      {code: 3, before: func(s *docHost) { s.copy("card.tar.gz", boots+"good.tar.gz") }},
				// The recorded evidence covers a text, and not this capture: it does not verify.
				"gpuaudit scan --capture old.tar.gz --evide": {code: 4, before: func(s *docHost) {
					s.env["NONCE"] = evidenceNonce
					s.run("capture --output old.tar.gz")
					s.copy("evidence.json", evidence+"good.json")
				}},
			},
		},
		"docs/gpu-attestation.md": {
			prepare: gpuEvidence,
			steps: map[string]docStep{
				"gpuaudit attest gpu":                                              {not: needsGPU},
				"sudo gpuaudit scan --attest gpu":                                  {not: needsGPU},
				"sudo gpuaudit scan --attest tpm,gpu":                              {not: needsGPU},
				"gpuaudit attest collateral pack":                                  {before: gpuCollateral},
				"gpuaudit attest verify evidence.json --nonce $NONCE --collateral": {code: 3},
				"gpuaudit attest verify report.txt":                                {code: 4},
				"sudo gpuaudit baseline --key /media/usb/gpus.key --attest gpu":    {not: "it needs a GPU that signs; gpu-own.txtar runs it with answers that were recorded"},
				"gpuaudit manifest create --merge":                                 {not: "it needs captures of a GPU that signs; gpu-own.txtar runs it with two of its own"},
			},
		},
	}
}

// gpuEvidence is NVIDIA's own samples: they are beside the checkout or not there.
func gpuEvidence(s *docHost) {
	folder := filepath.Join(repository, "..", "shared", "nvidia")
	copied := map[string]string{"switch.json": "evidence/switch_evidence_ls10.json", "report.txt": "evidence/hopper_580.159.03_report.hex.txt", "chain.pem": "evidence/hopper_580.159.03_chain.pem.txt"}
	for _, name := range []string{"switchVBIOSRim_NV_SWITCH_BIOS_5612_0002_890_9610550001.xml", "1010_0205_862_9600740020_PROD.swidtag"} {
		copied["manifests/"+name] = "rim/" + name
	}
	for to, from := range copied {
		text, err := os.ReadFile(filepath.Join(folder, from))
		if err != nil {
			s.t.Skipf("NVIDIA's samples are not beside the checkout: %v", err)
		}
		s.write(to, string(text))
	}
	s.now = time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	s.env["NONCE"] = "931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb"
}

// gpuCollateral makes what is packed: a key, an answer of nobody in particular, and evidence
// of which it is therefore not known whether a certificate was revoked.
func gpuCollateral(s *docHost) {
	s.keys("p256", "operator")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: s.now.AddDate(1, 0, 0)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	s.must(err)
	issuer, err := x509.ParseCertificate(der)
	s.must(err)
	answer, err := ocsp.CreateResponse(issuer, issuer, ocsp.Response{SerialNumber: big.NewInt(2), ThisUpdate: s.now, NextUpdate: s.now.Add(time.Hour)}, key)
	s.must(err)
	s.write("answers/one.der", string(answer))
	text, err := os.ReadFile(filepath.Join(repository, "..", "shared", "nvidia", "evidence", "switch_evidence_ls10.json"))
	s.must(err)
	s.write("evidence.json", string(text))
}

// channelOf publishes a channel of manifests in the folder "channel".
func channelOf(s *docHost, manifests string) {
	s.keys("ed25519", "root", "online")
	s.run("manifest publish init channel --key root=root.pub --key targets=online.pub --key online=online.pub")
	s.run("manifest publish sign channel --key root.key")
	s.run("manifest publish add channel " + manifests)
	s.run("manifest publish sign channel --key online.key")
	s.write("1.root.json", "")
	text, err := os.ReadFile("channel/public/1.root.json")
	s.must(err)
	s.write("1.root.json", string(text))
}

// manifestOf signs a manifest of this machine's card.
func manifestOf(s *docHost, name, key, file string) {
	s.run("capture --output seen.tar.gz")
	s.run("manifest create --from-capture seen.tar.gz --name " + name + " --output stated.json")
	s.run("manifest sign stated.json --key " + key + ".key --output " + file)
}

func manifestPages() map[string]*docPage {
	boards := func(s *docHost) {
		s.keys("ed25519", "example-boards")
		manifestOf(s, "rx6600xt", "example-boards", "rx6600xt.sigstore.json")
		manifestOf(s, "rx6600xt-2", "example-boards", "rx6600xt-2.sigstore.json")
		s.trust("trust.yaml", "example-boards vendor")
	}
	channel := []string{"https://example.org/gpuaudit/", "channel/public", "/var/lib/gpuaudit", "state"}
	return map[string]*docPage{
		"docs/manifest-format.md": {
			prepare: func(s *docHost) { s.keys("ed25519", "my"); s.copyROM("card.rom") },
			steps: map[string]docStep{
				"gpuaudit scan --manifests": {before: func(s *docHost) { s.trust("trust.yaml", "my operator") }},
				"cosign attest-blob":        {not: "publish-manifests.md has the same command, and there it is run"},
			},
		},
		"docs/operator.md": {
			replace: append(slices.Clone(channel), stick...),
			prepare: func(s *docHost) { locked(s); s.keys("ed25519", "ops", "boards") },
			steps: map[string]docStep{
				"gpuaudit policy check --pack datacenter":                                                          {before: func(s *docHost) { s.run("capture --output node7.tar.gz") }},
				"sudo gpuaudit scan --details --read-rom --manifests rx6600xt.sigstore.json --trust trust.yaml":    {before: func(s *docHost) { s.trust("trust.yaml", "ops operator") }},
				"sudo gpuaudit scan --details --read-rom --manifests rx6600xt.sigstore.json --trust trust.yaml #2": {code: 1, before: func(s *docHost) { s.on("bad-checksum") }},
				"gpuaudit channel update": {before: func(s *docHost) {
					s.on("good")
					manifestOf(s, "boards", "boards", "boards.sigstore.json")
					channelOf(s, "boards.sigstore.json")
					s.trust("trust.yaml", "ops operator", "example-boards vendor")
					text, err := os.ReadFile("boards.pub")
					s.must(err)
					s.write("example-boards.pub", string(text))
				}},
				"sudo gpuaudit scan --details --read-rom --channels --trust": {code: 3, before: func(s *docHost) { s.now = docsClock.AddDate(0, 0, 14) }},
				"gpuaudit channel export":                                    {before: func(s *docHost) { s.now = docsClock }},
				"gpuaudit channel import":                                    {before: func(s *docHost) { s.must(os.Rename("state", "elsewhere")) }},
			},
		},
		"docs/channel.md": {
			replace: channel,
			prepare: func(s *docHost) {
				boards(s)
				channelOf(s, "rx6600xt.sigstore.json rx6600xt-2.sigstore.json")
				s.keys("ed25519", "alice", "bob", "release", "online2")
			},
			steps: map[string]docStep{
				"gpuaudit channel advisories acme.json":                {before: func(s *docHost) { s.script("channel-advisories.txtar", "acme.json", "kev.json") }},
				"gpuaudit channel import example-boards.tar.gz --root": {before: func(s *docHost) { s.must(os.Rename("state", "elsewhere")) }},
				"gpuaudit manifest publish init":                       {before: func(s *docHost) { s.must(os.RemoveAll("channel")) }},
				"gpuaudit scan --channels --channel-data law":          {not: "it needs a channel of data: channel-law.txtar publishes one, and scans by it"},
			},
		},
		"docs/publish-manifests.md": {
			prepare: func(s *docHost) { s.keys("ed25519", "boards", "cosign"); s.copyROM("card.rom") },
			steps: map[string]docStep{
				"cosign generate-key-pair": {
					before:  func(s *docHost) { s.must(os.Remove("cosign.key")); s.must(os.Remove("cosign.pub")) },
					without: func(s *docHost) { s.keys("p256", "cosign") },
				},
				"cosign attest-blob": {before: func(s *docHost) { s.write("predicate.json", predicateOnPage(s.t)) }, without: func(s *docHost) {
					s.run("manifest sign statement.json --key cosign.key --output rx6600xt-2.sigstore.json")
				}},
			},
		},
		"docs/import.md": {
			prepare: func(s *docHost) {
				for _, name := range []string{"veraison.signed.cbor", "veraison.pub.pem"} {
					s.copy(name, "audit/manifest/importer/corim/testdata/"+name)
				}
				s.script("import-digests.txtar", "hbom.json")
				s.keys("ed25519", "operator")
			},
			steps: map[string]docStep{
				"gpuaudit manifest import FILE...": {not: "it stands for those below it"},
				"gpuaudit manifest sign statement.json": {before: func(s *docHost) {
					s.run("manifest import hbom.json --format cyclonedx --as runtime --pci 1002:73ff --name hbom --output statement.json")
				}},
				"gpuaudit manifest import linux-image":                     {not: needsDocument},
				"gpuaudit manifest import linux-firmware":                  {not: needsDocument},
				"gpuaudit manifest import fakedevice124.cab --format lvfs": {not: needsDocument},
				"gpuaudit manifest import OCP_SAFE_":                       {not: needsDocument},
			},
		},
		"docs/catalogue.md": {prepare: func(s *docHost) {
			s.keys("ed25519", "ops")
			s.trust("trust.yaml", "ops operator")
			s.script("catalogue.txtar", "ours.json")
			s.must(os.Mkdir("state", 0o755))
		}},
	}
}

func signingPages() map[string]*docPage {
	report := func(s *docHost) {
		s.run("capture --output card.tar.gz")
		s.run("scan -o json=report.json")
	}
	waivers := func(s *docHost) {
		s.must(os.Mkdir("reports", 0o755))
		s.script("waivers-signed.txtar", "accepted.yaml")
		s.keys("ed25519", "owner", "approver")
		s.trust("people.yaml", "owner operator", "approver operator")
		s.run("scan -o json=reports/node7.json")
	}
	return map[string]*docPage{
		"docs/signing.md": {
			prepare: func(s *docHost) { report(s); s.keys("ed25519", "my", "lab"); s.write("passphrase.txt", "\n") },
			steps: map[string]docStep{
				"cosign generate-key-pair":                             {without: func(s *docHost) { s.keys("p256", "cosign") }},
				"gpuaudit key create":                                  {not: needsTPM},
				"gpuaudit report verify r.sigstore.json --key lab.pub": {before: func(s *docHost) { s.run("report sign report.json --key lab.key --output r.sigstore.json") }},
				"openssl ts": {before: (*docHost).authority},
			},
		},
		"docs/verify-report.md": {
			prepare: func(s *docHost) {
				s.now = time.Date(2026, 11, 24, 13, 14, 14, 0, time.UTC)
				report(s)
				s.keys("ed25519", "lab")
			},
		},
		"docs/waivers.md": {
			prepare: waivers,
			replace: []string{"ops.", "owner.", "security.", "approver."},
		},
	}
}

func policyPages() map[string]*docPage {
	return map[string]*docPage{
		"docs/policy.md": {
			prepare: func(s *docHost) {
				s.script("policy-bundle.txtar", "ours/stock/rule.rego", "ours/data/acme_suppliers.json", "ours/stock/rule_test.rego")
				s.keys("p256", "policy")
				s.keys("ed25519", "lab")
				s.trust("trust.yaml", "lab operator")
				s.must(os.Mkdir("reports", 0o755))
				s.run("scan --sign-key lab.key -o bundle=reports/node7.sigstore.json")
			},
			replace: []string{"/srv/reports", "reports"},
			steps: map[string]docStep{
				"gpuaudit scan --pack strict":                          {code: 1},
				"gpuaudit policy pack show strict":                     {code: 1},
				"gpuaudit scan --policy layout/":                       {not: needsRegistry},
				"gpuaudit scan --policy layout.tar@":                   {not: needsRegistry},
				"gpuaudit scan --policy oci://":                        {not: needsRegistry},
				"find /srv/reports -name '*.sigstore.json' | gpuaudit": {code: 1},
			},
		},
	}
}

func helps() map[string]*docPage {
	nodes := func(s *docHost) {
		s.run("capture --output node7.tar.gz")
		s.run("scan -o json=node7.json")
		s.keys("ed25519", "auditor")
		s.trust("trust.yaml", "auditor operator")
		s.run("report sign node7.json --key auditor.key --output node7.sigstore.json")
	}
	subscribed := func(s *docHost) {
		s.keys("ed25519", "boards")
		manifestOf(s, "boards", "boards", "boards.sigstore.json")
		channelOf(s, "boards.sigstore.json")
		s.run("manifest publish archive channel --output example.tar.gz")
	}
	return map[string]*docPage{
		"gpuaudit baseline --help": {replace: stick, prepare: func(s *docHost) {
			locked(s)
			s.run("capture --output a.tar.gz")
			s.run("capture --output b.tar.gz")
		}, steps: map[string]docStep{"sudo gpuaudit baseline --tpm": {not: needsTPM}}},
		"gpuaudit attest collateral pack --help": {prepare: func(s *docHost) { gpuEvidence(s); gpuCollateral(s) },
			steps: map[string]docStep{"gpuaudit attest verify evidence.json": {code: 3}}},
		"gpuaudit channel import --help": {prepare: subscribed},
		"gpuaudit channel update --help": {prepare: subscribed, replace: []string{"https://example.org/gpuaudit/", "channel/public"}},
		"gpuaudit manifest create --help": {prepare: func(s *docHost) {
			for _, name := range []string{"card", "node1", "node2"} {
				s.run("capture --output " + name + ".tar.gz")
			}
		}},
		"gpuaudit channel advisories --help": {steps: map[string]docStep{"gpuaudit channel advisories 5850.json": {not: needsDocument}, "gpuaudit channel advisories acme.json": {before: func(s *docHost) { s.script("channel-advisories.txtar", "acme.json") }}}},
		"gpuaudit manifest import --help":    {steps: map[string]docStep{"gpuaudit manifest import linux-image": {not: needsDocument}}},
		"gpuaudit manifest publish init --help": {prepare: func(s *docHost) {
			s.keys("ed25519", "alice", "bob", "release", "online")
		}},
		"gpuaudit policy bundle --help": {prepare: func(s *docHost) {
			s.script("policy-bundle.txtar", "ours/stock/rule.rego", "ours/data/acme_suppliers.json", "ours/stock/rule_test.rego")
			s.keys("p256", "policy")
		}},
		"gpuaudit report diff --help": {
			prepare: func(s *docHost) {
				s.run("scan -o json=yesterday.json")
				s.run("scan -o json=today.json")
			},
			steps: map[string]docStep{"gpuaudit report diff today.json --channels": {not: "it needs a channel of data: channel-law.txtar publishes one, and compares by it"}},
		},
		"gpuaudit report convert --help": {prepare: func(s *docHost) {
			nodes(s)
			s.must(os.Remove("node7.sigstore.json")) // the same report, in the pattern
			s.run("scan -o json=report.json")
		}},
		"gpuaudit policy check --help": {
			prepare: func(s *docHost) {
				nodes(s)
				s.must(os.Mkdir("reports", 0o755))
				s.must(os.Mkdir("captures", 0o755))
				s.run("scan -o json=reports/node7.json")
				s.run("capture --output captures/node7.tar.gz")
				s.run("report sign node7.json --key auditor.key --output reports/node7.sigstore.json")
			},
			replace: []string{"/srv/reports", "reports"},
			steps:   map[string]docStep{"gpuaudit policy check --fail-on medium": {code: 1}},
		},
		"gpuaudit report verify --help": {prepare: nodes},
		"gpuaudit scan --help": {
			prepare: func(s *docHost) {
				s.run("capture --output card.tar.gz")
				s.keys("ed25519", "boards")
				s.trust("trust.yaml", "boards vendor")
				s.must(os.Mkdir("manifests", 0o755))
				manifestOf(s, "boards", "boards", "manifests/boards.sigstore.json")
			},
			// The first of the eight cards shows a function that the manifest does not state.
			steps: map[string]docStep{"gpuaudit scan --manifests": {code: 1, before: func(s *docHost) { s.on("eight") }}},
		},
		"gpuaudit timestamp --help": {
			prepare: func(s *docHost) { nodes(s); s.must(os.Rename("node7.sigstore.json", "r.sigstore.json")) },
			steps:   map[string]docStep{"gpuaudit timestamp attach": {before: timestamped}},
		},
		"gpuaudit waivers sign --help": {prepare: func(s *docHost) {
			s.script("waivers-signed.txtar", "accepted.yaml")
			s.keys("ed25519", "owner")
		}},
	}
}
