package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ocsp"

	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia"
	"github.com/gpuaudit/gpuaudit/attest/spdm/nvidia/nvidiatest"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/report/forms"
)

// convertBombs are sound reports of one machine that are as large as such a one may be, in
// each form: of many findings, and of long ones.
func convertBombs() []bomb {
	var list []bomb
	for _, form := range slices.Concat([]string{"table", "json"}, forms.Names()) {
		for _, kind := range []struct {
			name           string
			findings, text int
		}{{"many", 8000, 16}, {"long", 2000, 3500}} {
			list = append(list, bomb{name: "report convert " + form + " " + kind.name, build: func(f *forge) []string {
				return []string{"report", "convert", f.reportWith("r.json", kind.findings, kind.text), "-o", form + "=o"}
			}})
		}
	}
	return append(list,
		bomb{name: "report beyond its devices", says: "more values than", code: exitIncomplete, build: func(f *forge) []string {
			return []string{"report", "show", f.reportWith("r.json", 9000, 16)}
		}},
		bomb{name: "report diff of findings", says: "UNSIGNED", build: func(f *forge) []string {
			f.reportWith("a.json", 100, 3500)
			return []string{"report", "diff", "a.json", f.reportWith("r.json", 8000, 600)}
		}},
		bomb{name: "policy check of findings", says: "passed", build: func(f *forge) []string {
			return []string{"policy", "check", "--now", bombsClock, "-o", "table", f.reportWith("r.json", 8000, 600)}
		}},
	)
}

// reportWith is the report of a good card, with findings that failed, each with so much
// text twice.
func (f *forge) reportWith(name string, findings, text int) string {
	f.root(hosttest.Good())
	if m := measure(f.t, f.dir, nil, "scan", "--quiet", "--root", "root", "-o", "json=one.json", "--now", bombsClock); m.Code != 0 {
		f.t.Fatalf("no report: %s", m.Output)
	}
	whole, err := os.ReadFile(filepath.Join(f.dir, "one.json"))
	f.must(err)
	var r map[string]json.RawMessage
	f.must(json.Unmarshal(whole, &r))
	var list []json.RawMessage
	f.must(json.Unmarshal(r["findings"], &list))
	for i := range findings {
		list = append(list, fmt.Appendf(nil, `{"id":"GA-BD-001","rule":"firmware_mismatch","category":"backdoor","severity":"low","status":"fail","device":"0000:03:00.0","title":"t%[1]d","detail":"%[2]s","remediation":"%[2]s","fingerprint":"%032[1]x"}`, i, strings.Repeat("a ", text/2)))
	}
	r["findings"], err = json.Marshal(list)
	f.must(err)
	whole, err = json.Marshal(r)
	f.must(err)
	return f.text(name, string(whole))
}

// gpuBombs are evidence of GPUs, and what they are held against.
func gpuBombs() []bomb {
	nonce := strings.Repeat("a5", 32)
	verify := func(f *forge, file string) []string {
		return []string{"attest", "verify", file, "--nonce", nonce, "--now", "2026-11-24T00:00:00Z"}
	}
	var list []bomb
	for name, x := range map[string]filled{
		"devices":    {"[{}", ",{}", "]", 4 * mib},
		"names":      {`[{"a":0`, `,"%x":0`, "}]", 4 * mib},
		"collection": {`{"__cmwc_t":"tag:x,2026:y","a":["",""]`, `,"%x":["",""]`, "}", 4 * mib},
		"Redfish":    {`{"SignedMeasurements":"`, "AAAA", `","HashingAlgorithm":"x"}`, 4 * mib},
		"hex":        {"11e0000000", "0101", "", 4 * mib},
		"base64":     {"EeAB", "AQEB", "", 4 * mib},
	} {
		list = append(list, bomb{name: "GPU evidence " + name, code: map[bool]int{true: exitIncomplete, false: exitSignature}[name == "devices"], build: func(f *forge) []string {
			return verify(f, f.fill(map[bool]string{true: "e.txt", false: "e.json"}[name == "hex" || name == "base64"], x))
		}})
	}
	// proving are files of a card that signs, and of its maker.
	proving := func(f *forge, cards int) (*nvidiatest.Card, string) {
		card, err := nvidiatest.New(nvidiatest.ChipID)
		f.must(err)
		raw, err := hex.DecodeString(nonce)
		f.must(err)
		many, err := nvidiatest.Array(raw, slices.Repeat([]*nvidiatest.Card{card}, cards)...)
		f.must(err)
		f.text("roots.pem", string(nvidia.PEM(card.Signed.Root())))
		f.text("rim.pem", string(nvidia.PEM(card.Maker.Root())))
		return card, f.text("e.json", string(many))
	}
	against := []string{"--rim", "rim", "--device-roots", "roots.pem", "--rim-roots", "rim.pem"}
	list = append(list,
		bomb{name: "GPU evidence of 256 cards", devices: 256, says: "genuine", build: func(f *forge) []string {
			card, file := proving(f, 256)
			driver, err := card.Manifest(card.Driver)
			f.must(err)
			f.text("rim/"+nvidiatest.DriverFile, string(driver))
			return append(verify(f, file), against...)
		}},
		bomb{name: "GPU manifests", says: "together", code: exitIncomplete, build: func(f *forge) []string {
			card, file := proving(f, 1)
			driver, err := card.Manifest(card.Driver)
			f.must(err)
			for i := range 200 {
				f.fill(fmt.Sprintf("rim/%03d_%s", i, nvidiatest.DriverFile), filled{string(driver), " ", "", 512 * kib})
			}
			return append(verify(f, file), against...)
		}},
	)
	for name, inner := range map[string]filled{ // in front of the payload
		"elements":   {"<a>", "<b/>", "</a>", 500 * kib},
		"attributes": {"<a ", `a%x="" `, "/>", 500 * kib},
		"spaces":     {"<a ", `xmlns:a%x="u" `, "/>", 500 * kib},
		"depth":      {"", "<a>", "", 500 * kib},
		"text":       {"<a>", "&lt;", "</a>", 500 * kib},
		"comment":    {"<!-- ", "aaaa", " -->", 500 * kib},
	} {
		list = append(list, bomb{name: "GPU manifest " + name, build: func(f *forge) []string {
			card, file := proving(f, 1)
			driver, err := card.Manifest(card.Driver)
			f.must(err)
			before, after, ok := strings.Cut(string(driver), "<ns0:Payload")
			if !ok {
				f.t.Fatalf("no payload in the manifest: %.300s", driver)
			}
			for i := range 8 { // each of them may be the one that the card needs
				f.text(fmt.Sprintf("rim/%d_%s", i, nvidiatest.DriverFile), before+inner.String()+"<ns0:Payload"+after)
			}
			return append(verify(f, file), against...)
		}})
	}
	return append(list,
		bomb{name: "OCSP answers", says: "together", code: exitIncomplete, build: func(f *forge) []string {
			_, file := proving(f, 1)
			answer := f.ocspAnswer(60 * kib)
			for i := range 2000 {
				f.text(fmt.Sprintf("ocsp/%d.der", i), answer)
			}
			return append(verify(f, file), "--device-roots", "roots.pem", "--ocsp", "ocsp")
		}},
		bomb{name: "collateral zeros", says: "c.tar.gz", build: func(f *forge) []string {
			_, file := proving(f, 1)
			f.key("us")
			f.tar("c.tar.gz", func(a packed) {
				for i := range 7 {
					a.file(fmt.Sprintf("manifests/%d.xml", i), 16*mib, zero(16*mib))
				}
			})
			return append(verify(f, file), "--collateral", "c.tar.gz", "--collateral-key", "us.pub")
		}},
		bomb{name: "collateral noise", says: "c.tar.gz", build: func(f *forge) []string {
			_, file := proving(f, 1)
			f.key("us")
			f.tar("c.tar.gz", func(a packed) {
				for i := range 4 {
					a.file(fmt.Sprintf("manifests/%d.xml", i), 15*mib, noise(15*mib, i))
				}
			})
			return append(verify(f, file), "--collateral", "c.tar.gz", "--collateral-key", "us.pub")
		}},
		bomb{name: "roots of GPUs", says: "many.pem", code: exitUsage, build: func(f *forge) []string {
			_, file := proving(f, 1)
			return append(verify(f, file), "--device-roots", f.fill("many.pem", filled{unit: "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", size: 256 * kib}))
		}},
		bomb{name: "nvml with evidence", devices: 1, says: "nvml.json", build: func(f *forge) []string {
			args := f.root(hosttest.Good())
			return append(args, "--nvml", f.fill("nvml.json", filled{`{"schema":"gpuaudit.nvml/v2","gpus":[{"address":"0000:03:00.0","evidence":{"report":"`, "AAAA", `"}}]}`, 4 * mib}))
		}},
	)
}

// ocspAnswer is an answer with a long extension, from a key that nobody knows.
func (f *forge) ocspAnswer(size int) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	f.must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	f.must(err)
	cert, err := x509.ParseCertificate(raw)
	f.must(err)
	answer, err := ocsp.CreateResponse(cert, cert, ocsp.Response{SerialNumber: big.NewInt(2), Status: ocsp.Good,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: make([]byte, size)}}}, key)
	f.must(err)
	return string(answer)
}

// advisoryBombs are what others publish of vulnerabilities.
func advisoryBombs() []bomb {
	const limit = 16 * mib
	head := `{"document":{"csaf_version":"2.0","tracking":{"id":"a-1","initial_release_date":"2026-01-01T00:00:00Z"},"publisher":{"namespace":"https://a"}},`
	var list []bomb
	for name, x := range map[string]filled{
		"CSAF products":        {head + `"product_tree":{"full_product_names":[{}`, `,{}`, `]}}`, limit},
		"CSAF branches":        {head + `"product_tree":{"branches":[{}`, `,{}`, `]}}`, limit},
		"CSAF depth":           {head + `"product_tree":`, `{"branches":[`, ``, limit},
		"CSAF vulnerabilities": {head + `"vulnerabilities":[{}`, `,{}`, `]}`, limit},
		"CSAF fixed":           {head + `"vulnerabilities":[{"cve":"CVE-2026-1","product_status":{"fixed":[""`, `,"%x"`, `]}}]}`, limit},
		"CSAF unknown":         {head + `"notes":[[]`, `,[]`, `]}`, limit},
		"OSV affected":         {`{"id":"CVE-2026-1","modified":"2026-01-01T00:00:00Z","affected":[{}`, `,{}`, `]}`, limit},
		"OSV events":           {`{"id":"CVE-2026-1","modified":"2026-01-01T00:00:00Z","affected":[{"ranges":[{"type":"SEMVER","events":[{}`, `,{"fixed":"1.%x"}`, `]}]}]}`, limit},
		"KEV":                  {`{"catalogVersion":"1","vulnerabilities":[{}`, `,{"cveID":"CVE-2026-%d"}`, `]}`, limit},
	} {
		list = append(list, bomb{name: "advisory " + name, build: func(f *forge) []string {
			return []string{"channel", "advisories", f.fill("a.json", x), "--output", "o.json", "--now", bombsClock, "--map", "a=nvidia-driver"}
		}})
	}
	return append(list,
		bomb{name: "advisories of many files", says: "together", code: exitIncomplete, build: func(f *forge) []string {
			args := []string{"channel", "advisories", "--output", "o.json", "--now", bombsClock}
			for i := range 20 {
				args = append(args, f.fill(fmt.Sprintf("%d.json", i), filled{`{"id":"CVE-2026-1","modified":"2026-01-01T00:00:00Z","summary":"`, "aaaaaaaaaaaaaaaa", `"}`, limit}))
			}
			return args
		}},
		bomb{name: "advisories so far", says: "base.json", build: func(f *forge) []string {
			f.text("a.json", `{"id":"CVE-2026-1","modified":"2026-01-01T00:00:00Z"}`)
			return []string{"channel", "advisories", "a.json", "--output", "o.json", "--now", bombsClock, "--base", f.fill("base.json", filled{`{"advisories":[{}`, `,{}`, `]}`, limit})}
		}},
	)
}

// hostBombs are files of a machine, at which collectors look, that are larger than any: each
// way in which packages are listed, tables of firmware, and files of makers' software.
func hostBombs() []bomb {
	scan := func(f *forge, h *hosttest.Host, files map[string]filled) []string {
		args := f.root(h)
		for name, x := range files {
			f.fill("root/"+name, x)
		}
		return args
	}
	listed := func(manager string) *hosttest.Host { return hosttest.Good().PackagedBy(manager, "lib") }
	list := []bomb{
		{name: "rpm SQLite", build: func(f *forge) []string {
			page := "SQLite format 3\x00\x10\x00\x01\x01\x00\x40\x20\x20" + strings.Repeat("\x00", 4076)
			return scan(f, listed(""), map[string]filled{"var/lib/rpm/rpmdb.sqlite": {page, strings.Repeat("\x0d\x00\x00\xff\xff\x00\x10\x00", 512), "", 256 * mib}})
		}},
		{name: "rpm NDB", build: func(f *forge) []string {
			return scan(f, listed(""), map[string]filled{"usr/lib/sysimage/rpm/Packages.db": {"RpmP\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00" + strings.Repeat("\x00", 16), "Slot\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00", "", 256 * mib}})
		}},
		{name: "rpm header", build: func(f *forge) []string {
			files := map[string][]byte{}
			for i := range 5_000 {
				files[fmt.Sprintf("lib/modules/6.1.0-40-amd64/%x/amdgpu.ko", i)] = nil
			}
			h := hosttest.Good()
			h.PackagedBy("rpm", "lib")
			return scan(f, h, map[string]filled{"usr/lib/sysimage/rpm/Packages.db": {before: string(hosttest.NDB(hosttest.RPMHeader("a", "1", "1", files)))}})
		}},
		{name: "pacman", build: func(f *forge) []string {
			return scan(f, listed("pacman"), map[string]filled{"var/lib/pacman/local/kernel-example-6.1.153-1/files": {"%FILES%\n", "lib/modules/%x/amdgpu.ko\n", "", 63 * mib}})
		}},
		{name: "apk", build: func(f *forge) []string {
			return scan(f, listed("apk"), map[string]filled{"lib/apk/db/installed": {"P:a\nV:1\n", "F:lib/modules/%x\nR:amdgpu.ko\n", "", 63 * mib}})
		}},
		{name: "VFCT", build: func(f *forge) []string {
			head := "VFCT" + strings.Repeat("\x00", 48) + "\x50\x00\x00\x00" + strings.Repeat("\x00", 20)
			return scan(f, hosttest.Good(), map[string]filled{"sys/firmware/acpi/tables/VFCT": {head, strings.Repeat("\x00", 28), "", 16 * mib}})
		}},
		{name: "SMBIOS", build: func(f *forge) []string {
			return scan(f, hosttest.Good(), map[string]filled{"sys/firmware/dmi/tables/DMI": {"", "\x09\x04\x00\x00\x00\x00", "", mib}})
		}},
		{name: "makers' software", build: func(f *forge) []string {
			args := f.root(hosttest.Good())
			for i := range 200 {
				f.fill(fmt.Sprintf("root/etc/systemd/system/nvidia-%d.service", i), filled{"[Service]\n", "ExecStart=/opt/%x\n", "", 250 * kib})
				f.fill(fmt.Sprintf("root/etc/cdi/nvidia-%d", i), filled{"{", `"%x":0,`, "}", 250 * kib})
				f.write(fmt.Sprintf("root/etc/udev/rules.d/nvidia-%d.rules", i), func(w io.Writer) { _, err := io.Copy(w, zero(mib)); f.must(err) })
			}
			return args
		}},
		{name: "folders of software", build: func(f *forge) []string {
			args := f.root(hosttest.Good())
			for i := range 21_000 {
				f.text(fmt.Sprintf("root/etc/udev/rules.d/nvidia-%d.rules", i), "")
			}
			return args
		}},
		{name: "snapshot of many devices", says: "g.tar.gz", build: func(f *forge) []string {
			f.tar("g.tar.gz", func(a packed) {
				for i := range 200_000 {
					a.text(fmt.Sprintf("sys/bus/pci/devices/%x", i), "")
				}
			})
			return []string{"scan", "--capture", "g.tar.gz"}
		}},
	}
	for i := range list {
		list[i].devices = 1
	}
	return list
}
