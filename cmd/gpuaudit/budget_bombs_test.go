package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/gpuaudit/gpuaudit/attest/seal"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
)

const kib, mib = 1 << 10, 1 << 20

// forge writes the files of a bomb. Nothing of the size of a file is held in memory.
type forge struct {
	t   *testing.T
	dir string
	env []string
}

func (f *forge) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// write makes a file of what fill writes.
func (f *forge) write(name string, fill func(w io.Writer)) string {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	f.must(os.MkdirAll(filepath.Dir(path), 0o755))
	file, err := os.Create(path)
	f.must(err)
	w := bufio.NewWriterSize(file, 1<<20)
	fill(w)
	f.must(w.Flush())
	f.must(file.Close())
	return name
}

func (f *forge) text(name, text string) string {
	return f.write(name, func(w io.Writer) { f.put(w, text) })
}

func (f *forge) put(w io.Writer, text string) {
	_, err := io.WriteString(w, text)
	f.must(err)
}

// filled is before, as many units as there is room for in size bytes, and after. A unit
// may have a number in it; it is numbered to be one that was not there before.
type filled struct {
	before, unit, after string
	size                int
}

func (x filled) to(w io.Writer) error {
	if _, err := io.WriteString(w, x.before); err != nil {
		return err
	}
	numbered, room, buf := strings.Contains(x.unit, "%"), x.size-len(x.before)-len(x.after), []byte(x.unit)
	for i := 0; x.unit != ""; i++ {
		if numbered {
			buf = fmt.Appendf(buf[:0], x.unit, i)
		}
		if room -= len(buf); room < 0 {
			break
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, x.after)
	return err
}

func (x filled) String() string {
	var b strings.Builder
	_ = x.to(&b)
	return b.String()
}

func (f *forge) fill(name string, x filled) string {
	return f.write(name, func(w io.Writer) { f.must(x.to(w)) })
}

// noise is bytes that nothing compresses, the same each time.
func noise(n, seed int) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{byte(seed)}), int64(n))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func zero(n int) io.Reader { return io.LimitReader(zeros{}, int64(n)) }

// packed is a tar file under construction.
type packed struct {
	f *forge
	t *tar.Writer
}

func (a packed) file(name string, size int, content io.Reader) {
	a.f.t.Helper()
	a.f.must(a.t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(size), Mode: 0o644}))
	_, err := io.Copy(a.t, io.LimitReader(content, int64(size)))
	a.f.must(err)
}

func (a packed) text(name, text string) { a.file(name, len(text), strings.NewReader(text)) }

// tar writes an archive; one of the name .gz is compressed.
func (f *forge) tar(name string, fill func(a packed)) string {
	return f.write(name, func(w io.Writer) {
		if strings.HasSuffix(name, ".gz") {
			z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
			f.must(err)
			defer func() { f.must(z.Close()) }()
			w = z
		}
		t := tar.NewWriter(w)
		fill(packed{f, t})
		f.must(t.Close())
	})
}

const captureMeta = `{"schema":"gpuaudit.capture/v1","collected_at":"2026-11-24T00:00:00Z","tool":"x","redacted":false}`

// capture writes a capture with an index and further entries.
func (f *forge) capture(index string, more func(a packed)) []string {
	f.tar("c.tar.gz", func(a packed) {
		a.text("gpuaudit-capture.json", captureMeta)
		a.text("index.json", index)
		if more != nil {
			more(a)
		}
	})
	return []string{"scan", "--capture", "c.tar.gz"}
}

// root lays out a machine, to be changed.
func (f *forge) root(h *hosttest.Host) []string {
	f.must(os.MkdirAll(filepath.Join(f.dir, "root"), 0o755))
	f.must(h.WriteTo(filepath.Join(f.dir, "root")))
	return []string{"scan", "--root", "root"}
}

// cards is a machine of so many cards.
func cards(n int) *hosttest.Host {
	h := hosttest.New()
	for i := range n {
		domain, at := i/200, i%200
		c := hosttest.GoodCard(fmt.Sprintf("%04x:%02x:00.0", domain, 3+at))
		c.Bridges = []hosttest.Bridge{{Address: fmt.Sprintf("%04x:00:%02x.%d", domain, 1+at/8, at%8), Vendor: "1022", Device: "1634"}}
		h.Add(c)
	}
	return h
}

func bombs() []bomb {
	list := slices.Concat(captureBombs(), reportBombs(), yamlBombs(), signedBombs(), importBombs(), machineBombs(), convertBombs(), gpuBombs(), advisoryBombs(), hostBombs())
	slices.SortFunc(list, func(a, b bomb) int { return strings.Compare(a.name, b.name) })
	for i, b := range list {
		// Of a parser that has one budget for all that it reads, the ways that were
		// worst are measured each time.
		for format, worst := range map[string][]string{
			"capture index ": {"listings", "failures", "just within its memory"}, "report show ": {"devices", "text", "strings"}, "policy check ": {"devices"},
			"cyclonedx ": {"XML components", "XML text", "JSON components", "JSON dependencies"}, "statement ": {"firmware"}, "bundle of a statement, ": {"firmware", "text"},
			"bundle ": {"log entries", "text"}, "corim ": {"CoMIDs", "arrays"}, "ROM ": {"images", "of a card"}, "witness ": {"XML", "column", "JSON"},
			"waivers ": {"merges", "names"}, "lvfs ": {"stored", "MSZIP", "jcat", "metainfo depth"}, "pack ": {"names"}, "trust ": {"names"}, "purchase ": {"names"}, "settings ": {"names"},
			"report convert ": {"html long", "cyclonedx long", "oscal many", "json long"}, "advisory ": {"CSAF products", "KEV"},
			"GPU evidence ": {"devices", "hex", "of 256 cards"}, "GPU manifest ": {"comment", "spaces"},
		} {
			if rest, of := strings.CutPrefix(b.name, format); of && !slices.Contains(worst, rest) && !strings.HasPrefix(rest, "of a statement") {
				list[i].long = true
			}
		}
	}
	return list
}

// indexes are the worst indices of a capture.
func captureBombs() []bomb {
	const indexLimit = 32 * mib
	var list []bomb
	for name, x := range map[string]filled{
		"failures": {`{"failures":[{}`, `,{}`, `]}`, indexLimit},
		"listings": {`{"listings":{"x":{}`, `,"%x":{}`, `}}`, indexLimit},
		"names":    {`{"listings":{"x":{"x":"-"`, `,"%x":"-"`, `}}}`, indexLimit},
		"stats":    {`{"stats":{"x":{}`, `,"%x":{}`, `}}`, indexLimit},
		"links":    {`{"links":{"x":""`, `,"%x":""`, `}}`, indexLimit},
		"ROMs":     {`{"roms":{"x":{}`, `,"%x":{}`, `}}`, indexLimit},
		"derived":  {`{"derived":{"x":{}`, `,"%x":{}`, `}}`, indexLimit},
		"depth":    {`{"failures":`, `[`, ``, indexLimit},
		"text":     {`{"failures":[{"op":"open","path":"`, `aaaaaaaaaaaaaaaa`, `"}]}`, indexLimit},
	} {
		list = append(list, bomb{name: "capture index " + name, says: "c.tar.gz", code: exitIncomplete, build: func(f *forge) []string { return f.capture(x.String(), nil) }})
	}
	return append(list,
		bomb{name: "capture index just within its memory", says: "verdict", build: func(f *forge) []string {
			return f.capture(filled{`{"listings":{"x":{"x":"-"`, `,"%x":"-"`, `}}}`, 5 * mib}.String(), nil)
		}},
		bomb{name: "capture nvml", says: "verdict", build: func(f *forge) []string {
			return f.capture("{}", func(a packed) {
				a.text("nvml.json", filled{`{"schema":"gpuaudit.nvml/v2","gpus":[{}`, `,{}`, `]}`, mib}.String())
			})
		}},
		bomb{name: "capture TPM evidence", says: "", code: exitSignature, build: func(f *forge) []string {
			return f.capture("{}", func(a packed) {
				a.text("tpm-evidence.json", filled{`{"schema":"gpuaudit.tpm-evidence/v1","endorsement_keys":[{}`, `,{}`, `]}`, 22 * mib}.String())
			})
		}},
		bomb{name: "capture entries", says: "verdict", build: func(f *forge) []string {
			return f.capture("{}", func(a packed) {
				for i := range 190_000 {
					a.text(fmt.Sprintf("root/sys/bus/pci/devices/%x", i), "")
				}
			})
		}},
		bomb{name: "capture long names", says: "in memory", build: func(f *forge) []string {
			return f.capture("{}", func(a packed) {
				for i := range 100_000 {
					a.text(fmt.Sprintf("root/%s/%x", strings.Repeat("a/", 20)+strings.Repeat("b", 900), i), "")
				}
			})
		}},
		bomb{name: "capture large files", says: "in memory", build: func(f *forge) []string {
			f.tar("c.tar", func(a packed) {
				a.text("gpuaudit-capture.json", captureMeta)
				a.text("index.json", "{}")
				for i := range 14 {
					a.file(fmt.Sprintf("root/%x", i), 32*mib, noise(32*mib, i))
				}
			})
			return []string{"scan", "--capture", "c.tar"}
		}},
		bomb{name: "capture dense", says: "c.tar.gz", build: func(f *forge) []string {
			return f.capture("{}", func(a packed) {
				for i := range 16 {
					a.file(fmt.Sprintf("root/%x", i), 31*mib, zero(31*mib))
				}
			})
		}},
		bomb{name: "capture ROMs", says: "in memory", build: func(f *forge) []string {
			f.tar("c.tar", func(a packed) {
				a.text("gpuaudit-capture.json", captureMeta)
				a.text("index.json", "{}")
				for i := range 28 {
					a.file(fmt.Sprintf("roms/0000:%02x:00.0.rom", i), 16*mib, noise(16*mib, i))
				}
			})
			return []string{"scan", "--capture", "c.tar"}
		}},
		bomb{name: "capture 100 devices", devices: 100, says: "100 × AMD", build: func(f *forge) []string { return f.cards(100) }},
		bomb{name: "capture 500 devices", devices: 500, long: true, time: 40 * time.Second, says: "500 × AMD", build: func(f *forge) []string { return f.cards(500) }},
		bomb{name: "capture 4096 devices", devices: 4096, long: true, time: 120 * time.Second, says: "4096 × AMD", build: func(f *forge) []string { return f.cards(4096) }},
	)
}

// cards makes a capture of a machine with so many of them.
func (f *forge) cards(n int) []string {
	f.root(cards(n))
	if m := measure(f.t, f.dir, nil, "capture", "--quiet", "--root", "root", "--output", "c.tar.gz"); m.Code != 0 && m.Code != exitIncomplete {
		f.t.Fatalf("capture: exit code %d: %s", m.Code, m.Output)
	}
	if _, err := os.Stat(filepath.Join(f.dir, "c.tar.gz")); err != nil {
		f.t.Fatal("no capture was written")
	}
	return []string{"scan", "--capture", "c.tar.gz"}
}

// reportOf is a report with one list of many.
func reportOf(member string, size int) filled {
	return filled{`{"schema":"gpuaudit.report/v1","` + member + `":[{}`, `,{}`, `]}`, size}
}

func reportBombs() []bomb {
	const limit = 64 * mib
	var list []bomb
	for name, x := range map[string]filled{
		"devices":   reportOf("devices", limit),
		"findings":  reportOf("findings", limit),
		"problems":  reportOf("problems", limit),
		"inventory": {`{"schema":"gpuaudit.report/v1","inventory":{"devices":[{}`, `,{}`, `]}}`, limit},
		"ROMs":      {`{"schema":"gpuaudit.report/v1","inventory":{"devices":[{"firmware":{"roms":[{}`, `,{}`, `]}}]}}`, limit},
		"text":      {`{"schema":"`, `aaaaaaaaaaaaaaaa`, `"}`, limit},
		"escapes":   {`{"schema":"`, `\u0041`, `"}`, limit},
		"strings":   {`{"asked":[""`, `,""`, `]}`, limit},
		"space":     {`{`, "                ", `}`, limit},
		"depth":     {`{"asked":`, `[`, ``, limit},
		"number":    {`{"expect":1`, `1111111111111111`, `}`, limit},
		"names":     {`{"a":0`, `,"%x":0`, `}`, limit},
	} {
		for _, verb := range []string{"report show", "policy check"} {
			if verb == "policy check" && name != "devices" && name != "text" {
				continue
			}
			list = append(list, bomb{name: verb + " " + name, says: "r.json", build: func(f *forge) []string {
				return append(strings.Fields(verb), f.fill("r.json", x))
			}})
		}
	}
	return append(list,
		bomb{name: "report sign", says: "", build: func(f *forge) []string {
			f.key("us")
			return []string{"report", "sign", f.fill("r.json", reportOf("devices", limit)), "--key", "us.key", "--output", "o.json"}
		}},
		bomb{name: "report diff", says: "r.json", build: func(f *forge) []string {
			return []string{"report", "diff", f.fill("r.json", reportOf("findings", limit)), "r.json"}
		}},
	)
}

// key makes NAME.key and NAME.pub, and NAME.trust, in which the key may speak.
func (f *forge) key(name string) {
	private, signer, err := seal.NewKey(nil)
	f.must(err)
	public, err := signer.PublicKeyPEM()
	f.must(err)
	f.text(name+".key", string(private))
	f.text(name+".pub", string(public))
	f.text(name+".trust", trusting(name, string(public)))
}

// trusting is a trust file with a key.
func trusting(name, pub string) string {
	return `version: 1
keys:
  - name: ` + name + `
    kind: operator
    pci_vendors: ["1002"]
    not_before: 2026-01-01T00:00:00Z
    not_after: 2027-01-01T00:00:00Z
    public_key: |
      ` + strings.ReplaceAll(strings.TrimSpace(pub), "\n", "\n      ") + "\n"
}

const bombsClock = "2026-11-26T05:00:08Z"

// yamlBombs are files that people write: one format in all the ways in which YAML is
// large, the others in the worst of them.
func yamlBombs() []bomb {
	waivers := func(f *forge, file string) []string { return []string{"waivers", "verify", file, "--key", "us.pub"} }
	var list []bomb
	for name, x := range map[string]filled{
		"aliases":   {before: laughs},
		"depth":     {"version: ", "[", "", mib},
		"blocks":    {"version: 1\n", "- ", "", mib},
		"anchors":   {"version: 1\nwaivers:\n", "- &a%x 1\n", "", mib},
		"elements":  {"version: 1\nwaivers: [", "{},", "]\n", mib},
		"flat":      {"version: 1\nx: [", "a,", "]\n", mib},
		"comments":  {"version: 1\n", "#\n", "", mib},
		"tags":      {"version: 1\nx: [", "!!str a,", "]\n", mib},
		"merges":    {"version: 1\nx: &a {}\ny:\n", "- {<<: *a}\n", "", mib},
		"quotes":    {"version: \"", "\\x41", "\"\n", mib},
		"documents": {"version: 1\n", "---\n", "", mib},
	} {
		list = append(list, bomb{name: "waivers " + name, says: "bomb.yaml", build: func(f *forge) []string {
			f.key("us")
			return waivers(f, f.fill("bomb.yaml", x))
		}})
	}
	for _, format := range []struct {
		name string
		size int
		args []string
	}{
		{"pack", mib, []string{"--pack", "./bomb.yaml"}},
		{"trust", mib, []string{"--trust", "bomb.yaml"}},
		{"waivers", mib, []string{"--waivers", "bomb.yaml"}},
		{"purchase", 64 * kib, []string{"--purchase", "bomb.yaml"}},
		{"settings", 256 * kib, nil},
	} {
		for name, x := range map[string]filled{
			"names": {"version: 1\n", "n%x: 1\n", "", format.size},
			"keys":  {"version: 1\nkeys: [", "{},", "]\n", format.size},
		} {
			list = append(list, bomb{name: format.name + " " + name, code: exitUsage, build: func(f *forge) []string {
				args := f.root(hosttest.Good())
				if format.args == nil {
					f.env = append(f.env, "XDG_CONFIG_HOME="+f.dir)
					f.fill("gpuaudit/config.yaml", x)
					return args
				}
				f.fill("bomb.yaml", x)
				return append(args, format.args...)
			}})
		}
	}
	return list
}

// laughs are nine lists of nine of the one before.
var laughs = func() string {
	var b strings.Builder
	b.WriteString("version: 1\nx0: &x0 [a,a,a,a,a,a,a,a,a]\n")
	for i := range 8 {
		fmt.Fprintf(&b, "x%d: &x%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d,", i), 9), ","))
	}
	return b.String()
}()

// bundleOf is a bundle that nobody signed, around a payload that is not held in memory.
func (f *forge) bundleOf(name string, payload filled) string {
	return f.write(name, func(w io.Writer) {
		f.put(w, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{}},"dsseEnvelope":{"payload":"`)
		b := base64.NewEncoder(base64.StdEncoding, w)
		f.must(payload.to(b))
		f.must(b.Close())
		f.put(w, `","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA"}]}}`)
	})
}

const statementHead = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"x","digest":{"sha256":"00"}}],"predicateType":"https://gpuaudit.github.io/manifest/v1","predicate":`

func signedBombs() []bomb {
	const bundle, statement = 16 * mib, 11 * mib
	var list []bomb
	for name, x := range map[string]filled{
		"log entries":               {`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"tlogEntries":[{}`, `,{}`, `]}}`, bundle},
		"certificates":              {`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"x509CertificateChain":{"certificates":[{}`, `,{}`, `]}}}`, bundle},
		"signatures":                {`{"dsseEnvelope":{"signatures":[{}`, `,{}`, `]}}`, bundle},
		"names":                     {`{"mediaType":{"a":0`, `,"%x":0`, `}}`, bundle},
		"text":                      {`{"mediaType":"`, `aaaaaaaaaaaaaaaa`, `"}`, bundle},
		"escapes":                   {`{"mediaType":"`, `\u0041`, `"}`, bundle},
		"entries within its memory": {`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"tlogEntries":[{}`, `,{}`, `]}}`, mib},
	} {
		list = append(list, bomb{name: "bundle " + name, says: "b.json", build: func(f *forge) []string {
			f.key("us")
			return []string{"report", "verify", f.fill("b.json", x), "--key", "us.pub"}
		}})
	}
	for name, x := range map[string]filled{
		"firmware": {statementHead + `{"firmware":[{}`, `,{}`, `]}}`, statement},
		"subjects": {`{"_type":"https://in-toto.io/Statement/v1","subject":[{}`, `,{}`, `]}`, statement},
		"digests":  {`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"a":""`, `,"%x":""`, `}}]}`, statement},
		"text":     {statementHead + `{"name":"`, `aaaaaaaaaaaaaaaa`, `"}}`, statement},
		"anything": {statementHead + `[[]`, `,[]`, `]}`, statement},
	} {
		list = append(list,
			bomb{name: "statement " + name, says: "s.json", code: exitUsage, build: func(f *forge) []string {
				return []string{"manifest", "inspect", f.fill("s.json", x)}
			}},
			bomb{name: "bundle of a statement, " + name, says: "s.json", build: func(f *forge) []string {
				return []string{"manifest", "inspect", f.bundleOf("s.json", x)}
			}})
	}
	return append(list,
		bomb{name: "manifests of a folder", says: "verdict", code: exitSignature, build: func(f *forge) []string {
			f.key("us")
			for i := range 12 {
				f.bundleOf(fmt.Sprintf("m/%d.sigstore.json", i), filled{statementHead + `{"name":"`, `aaaaaaaaaaaaaaaa`, `"}}`, statement})
			}
			return append(f.root(hosttest.Good()), "--manifests", "m", "--trust", "us.trust")
		}},
		bomb{name: "trusted root", says: "root.json", code: exitUsage, build: func(f *forge) []string {
			f.key("us")
			f.text("b.json", `{"mediaType":""}`)
			return []string{"report", "verify", "b.json", "--key", "us.pub", "--trusted-root", f.fill("root.json", filled{`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{}`, `,{}`, `]}`, mib})}
		}},
		bomb{name: "catalogue rows", says: "rows.json", code: exitUsage, build: func(f *forge) []string {
			f.key("us")
			return []string{"catalogue", "sign", f.fill("rows.json", filled{`{"name":"x","devices":[{}`, `,{}`, `]}`, 8 * mib}), "--key", "us.key", "--output", "o.json"}
		}},
		bomb{name: "public key", says: "malformed bundle", build: func(f *forge) []string {
			f.key("us")
			pub, err := os.ReadFile(filepath.Join(f.dir, "us.pub"))
			f.must(err)
			f.text("b.json", `{"mediaType":""}`)
			return []string{"report", "verify", "b.json", "--key", f.fill("many.pub", filled{unit: string(pub), size: 64 * kib})}
		}},
		bomb{name: "timestamp", says: "r.tsr", build: func(f *forge) []string {
			return []string{"timestamp", "attach", f.bundleOf("b.json", filled{unit: "text", size: 64}), f.fill("r.tsr", filled{unit: "\x30\x84\x00\x00\xff\xf0", size: 64 * kib}), "--output", "o.json"}
		}},
		bomb{name: "TPM evidence log", says: "log", code: exitSignature, build: func(f *forge) []string {
			return append([]string{"attest", "verify"}, f.evidence(func(w io.Writer) {
				// Events without data of a log of SHA-1, each as small as one can be.
				f.must(filled{unit: "\x00\x00\x00\x00\x01\x00\x00\x00aaaaaaaaaaaaaaaaaaaa\x00\x00\x00\x00", size: 16 * mib}.to(w))
			})...)
		}},
		bomb{name: "TPM evidence keys", says: "e.json", code: exitIncomplete, build: func(f *forge) []string {
			return []string{"attest", "verify", f.fill("e.json", filled{`{"schema":"gpuaudit.tpm-evidence/v1","endorsement_keys":[{}`, `,{}`, `]}`, 22 * mib}), "--nonce", strings.Repeat("00", 16)}
		}},
		bomb{name: "certificates", says: "roots.pem", code: exitUsage, build: func(f *forge) []string {
			args := append([]string{"attest", "verify"}, f.evidence(func(w io.Writer) { f.put(w, "log") })...)
			return append(args, "--ek-roots", f.fill("roots.pem", filled{unit: "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", size: 4 * mib}))
		}},
		bomb{name: "enrolment", says: "secret.json", build: func(f *forge) []string {
			x := filled{`{"answers":[{}`, `,{}`, `]}`, 256 * kib}
			f.fill("secret.json", filled{`{"secrets":[{}`, `,{}`, `]}`, 256 * kib})
			return []string{"attest", "enrol", f.fill("answers.json", x), "--secret", "secret.json", "--output", "o.json"}
		}},
	)
}

// evidence is evidence of a TPM with a log, and the flags of attest verify with it.
func (f *forge) evidence(log func(w io.Writer)) []string {
	good, err := os.ReadFile(filepath.Join(packageDir, "../../attest/tpm/testdata/good.json"))
	f.must(err)
	before, after, ok := strings.Cut(string(good), `"event_log": "`)
	if !ok {
		f.t.Fatal("no event log in the evidence of the tests")
	}
	_, after, _ = strings.Cut(after, `"`)
	f.write("e.json", func(w io.Writer) {
		f.put(w, before+`"event_log": "`)
		b := base64.NewEncoder(base64.StdEncoding, w)
		log(b)
		f.must(b.Close())
		f.put(w, `"`+after)
	})
	return []string{"e.json", "--nonce", strings.Repeat("00", 16)}
}

// importing is a command line of manifest import.
func importing(format, file string, more ...string) []string {
	return append([]string{"manifest", "import", file, "--format", format, "--pci", "1002:73ff", "--name", "x", "--output", "o.json", "--now", bombsClock}, more...)
}

func importBombs() []bomb {
	const bom = 64 * mib
	var list []bomb
	for name, x := range map[string]filled{
		"JSON components":   {`{"bomFormat":"CycloneDX","components":[{}`, `,{}`, `]}`, bom},
		"JSON nested":       {`{"bomFormat":"CycloneDX","components":[{"components":[{}`, `,{}`, `]}]}`, bom},
		"JSON hashes":       {`{"bomFormat":"CycloneDX","components":[{"hashes":[{}`, `,{}`, `]}]}`, bom},
		"JSON dependencies": {`{"bomFormat":"CycloneDX","dependencies":[{}`, `,{}`, `]}`, bom},
		"JSON signature":    {`{"bomFormat":"CycloneDX","signature":[[]`, `,[]`, `]}`, bom},
		"JSON text":         {`{"bomFormat":"`, `aaaaaaaaaaaaaaaa`, `"}`, bom},
		"XML components":    {`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>`, `<component/>`, `</components></bom>`, bom},
		"XML nested":        {`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>`, `<component><components>`, ``, bom},
		"XML hashes":        {`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component><hashes>`, `<hash/>`, `</hashes></component></components></bom>`, bom},
		"XML unknown":       {`<bom xmlns="http://cyclonedx.org/schema/bom/1.5">`, `<a/>`, `</bom>`, bom},
		"XML attributes":    {`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components `, `a%x="" `, `/></bom>`, bom},
		"XML text":          {`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component><name>`, `aaaaaaaaaaaaaaaa`, `</name></component></components></bom>`, bom},
		"XML comment":       {`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><!-- `, `aaaaaaaaaaaaaaaa`, ` --></bom>`, bom},
		"XML services":      {`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><services>`, `<service/>`, `</services></bom>`, bom},
	} {
		list = append(list, bomb{name: "cyclonedx " + name, says: "h", code: exitUsage, build: func(f *forge) []string {
			return importing("cyclonedx", f.fill("h", x), "--as", "runtime")
		}})
	}
	const cbor = 16 * mib
	// A CoRIM with a list of tags of so many, each of them as long as a text of 15 MiB.
	for name, x := range map[string]filled{
		"array":       {"\xd9\x01\xf5\xa1\x01\x9b\x00\x00\x00\x00\x00\xf0\x00\x00", "\x80", "", cbor},
		"indefinite":  {"\xd9\x01\xf5\xa1\x01\x9f", "\x80", "\xff", cbor},
		"depth":       {"\xd9\x01\xf5\xa1\x01", "\x81", "", cbor},
		"map":         {"\xd9\x01\xf5\xbf", "\x1a\x00\x00\x00\x00\x00", "\xff", cbor},
		"claim":       {"\xd9\x01\xf5\xa1\x01\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", "a", "", cbor},
		"tags":        {"", "\xd9\x01\xf5", "", cbor},
		"arrays":      {"\xd9\x01\xf5\xa1\x01\x99\x20\x00", "\x81" + "\x99\x20\x00" + strings.Repeat("\x80", 0x2000), "", cbor},
		"byte string": {"\xd9\x01\xf5\xa1\x01\x81\x5a\x00\xff\xff\x00", "\x81", "", cbor},
		"signed":      {"\xd2\x84\x40\xa0\x5a\x00\xff\x00\x00", "\x81", "\x40", cbor},
		"CoMIDs":      {"\xd9\x01\xf5\xa1\x01\x99\x20\x00", "\xd9\x01\xfa\x59\x07\xd0\xa1\x04\xa1\x00\x99\x07\xc8" + strings.Repeat("\x80", 0x7c8), "", 0x2000*2005 + 9},
	} {
		list = append(list, bomb{name: "corim " + name, says: "c.cbor", build: func(f *forge) []string {
			return importing("corim", f.fill("c.cbor", x), "--as", "runtime")
		}})
	}
	list = append(list,
		bomb{name: "ocp-safe", says: "r.json", build: func(f *forge) []string {
			return importing("ocp-safe", f.fill("r.json", filled{`{"audit":{"issues":[{}`, `,{}`, `]}}`, mib}), "--as", "option-rom")
		}},
		bomb{name: "lvfs stored", says: "a.cab", build: func(f *forge) []string {
			return importing("lvfs", f.cab("a.cab", 0, 2040), "--as", "runtime")
		}},
		bomb{name: "lvfs MSZIP", says: "a.cab", build: func(f *forge) []string {
			return importing("lvfs", f.cab("a.cab", 1, 2040), "--as", "runtime")
		}},
	)
	for name, x := range map[string]filled{
		"releases": {`<component type="firmware"><releases>`, `<release/>`, `</releases></component>`, 4 * mib},
		"provides": {`<component type="firmware"><provides>`, `<firmware/>`, `</provides></component>`, 4 * mib},
		"depth":    {`<component type="firmware">`, `<a>`, ``, 4 * mib},
	} {
		list = append(list, bomb{name: "lvfs metainfo " + name, says: "a.cab", build: func(f *forge) []string {
			return importing("lvfs", f.cabOf("a.cab", "a.metainfo.xml", x.String()), "--as", "runtime")
		}})
	}
	return append(list,
		bomb{name: "lvfs jcat", says: "a.cab", build: func(f *forge) []string {
			var jcat bytes.Buffer
			z := gzip.NewWriter(&jcat)
			f.must(filled{`{"Items":[{}`, `,{}`, `]}`, 8 * mib}.to(z))
			f.must(z.Close())
			return importing("lvfs", f.cabOf("a.cab", "a.jcat", jcat.String()), "--as", "runtime")
		}},
		bomb{name: "lvfs PKCS7", says: "a.cab", build: func(f *forge) []string {
			f.key("us")
			text := `<component type="firmware"><releases><release version="1"><checksum filename="a.metainfo.xml" target="content"/></release></releases></component>`
			der := filled{unit: "\x30\x84\x00\x5f\xff\xf0", size: 5 * mib}
			jcat := `{"Items":[{"Id":"a.metainfo.xml","Blobs":[{"Kind":3,"Data":"` + base64.StdEncoding.EncodeToString([]byte(der.String())) + `"}]}]}`
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			f.put(z, jcat)
			f.must(z.Close())
			f.text("ca.pem", selfSigned(f))
			return importing("lvfs", f.cabOf("a.cab", "a.metainfo.xml", text, "b.jcat", packed.String()), "--as", "runtime", "--ca", "ca.pem")
		}},
		bomb{name: "debian stored", says: "a.deb", long: true, build: func(f *forge) []string {
			return importing("debian", f.deb("a.deb", nil, func(w io.Writer) { f.other(w, "./a", 900*mib) }), "--module", "amdgpu")
		}},
		bomb{name: "debian dense", says: "a.deb", build: func(f *forge) []string {
			return importing("debian", f.deb("a.deb.zst", nil, func(w io.Writer) { f.other(w, "./lib/modules/6.1/xe.ko", 95*mib) }), "--module", "xe,amdgpu")
		}},
		bomb{name: "debian firmware", says: "a.deb", build: func(f *forge) []string {
			return importing("debian", f.deb("a.deb.zst", nil, func(w io.Writer) { f.other(w, "./lib/firmware/a.bin", 255*mib) }), "--firmware", "a.bin", "--module", "amdgpu")
		}},
		bomb{name: "debian control", says: "a.deb", build: func(f *forge) []string {
			return importing("debian", f.deb("a.deb", func(a packed) {
				a.file("./md5sums", 62*mib, reader(filled{unit: "0  lib/modules/%x.ko\n", size: 62 * mib}))
			}, nil), "--module", "amdgpu")
		}},
		bomb{name: "debian packages", says: "a.deb", build: func(f *forge) []string {
			f.zstd("Packages.zst", func(w io.Writer) { f.must(filled{unit: "Package: a\n\n", size: 510 * mib}.to(w)) })
			f.text("InRelease", "-----BEGIN PGP SIGNED MESSAGE-----\n\n-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n")
			return importing("debian", f.deb("a.deb", nil, nil), "--module", "amdgpu", "--in-release", "InRelease", "--packages", "Packages.zst")
		}},
		bomb{name: "debian release", says: "a.deb", build: func(f *forge) []string {
			f.text("Packages", "")
			f.fill("InRelease", filled{"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nSHA256:\n", " 0 1 %x\n", "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n", 16 * mib})
			return importing("debian", f.deb("a.deb", nil, nil), "--module", "amdgpu", "--in-release", "InRelease", "--packages", "Packages")
		}},
		bomb{name: "debian release of indexes", says: "a.deb", build: func(f *forge) []string {
			f.text("Packages", "")
			f.fill("InRelease", filled{"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nSHA256:\n", " " + strings.Repeat("0", 64) + " 1 Packages%x\n", "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n", 16 * mib})
			return importing("debian", f.deb("a.deb", nil, nil), "--module", "amdgpu", "--in-release", "InRelease", "--packages", "Packages")
		}},
		bomb{name: "debian keyring", says: "k.gpg", build: func(f *forge) []string {
			f.text("InRelease", "x")
			f.text("Packages", "x")
			return importing("debian", f.deb("a.deb", nil, nil), "--module", "amdgpu", "--in-release", "InRelease", "--packages", "Packages", "--keyring", f.fill("k.gpg", filled{unit: "\xcd\x01a", size: 4 * mib}))
		}},
		bomb{name: "linux-firmware stored", says: "WHENCE", long: true, build: func(f *forge) []string {
			return importing("linux-firmware", f.tar("l.tar", func(a packed) {
				for i := range 9 {
					a.file(fmt.Sprintf("l/%d", i), 220*mib, noise(220*mib, i))
				}
			}), "--driver", "amdgpu")
		}},
		bomb{name: "linux-firmware WHENCE", says: "l.tar", build: func(f *forge) []string {
			return importing("linux-firmware", f.tar("l.tar.gz", func(a packed) {
				a.file("l/WHENCE", 8*mib, reader(filled{"Driver: amdgpu\n\n", "File: %x\n", "", 8 * mib}))
			}), "--driver", "amdgpu")
		}},
		bomb{name: "linux-firmware names", says: "l.tar", build: func(f *forge) []string {
			return importing("linux-firmware", f.tar("l.tar.gz", func(a packed) {
				for i := range 300_000 {
					a.text(fmt.Sprintf("l/%s%x", strings.Repeat("a", 80), i), "")
				}
			}), "--driver", "amdgpu")
		}},
		bomb{name: "linux-firmware nested", says: "l.tar", build: func(f *forge) []string {
			var inner bytes.Buffer
			z, err := zstd.NewWriter(&inner, zstd.WithWindowSize(128*mib))
			f.must(err)
			_, err = io.Copy(z, zero(255*mib))
			f.must(err)
			f.must(z.Close())
			return importing("linux-firmware", f.tar("l.tar.gz", func(a packed) { a.text("l/a.bin.zst", inner.String()) }), "--driver", "amdgpu")
		}},
	)
}

// moduled is a machine with a kernel module of so many bytes.
func (f *forge) moduled(ending string, size int) []string {
	args := f.root(hosttest.Good())
	dir := "root/lib/modules/6.1.0-40-amd64/"
	fill := func(w io.Writer) {
		module := hosttest.ELF(map[string]string{"version": "1"})
		f.put(w, string(module))
		_, err := io.Copy(w, zero(size-len(module)))
		f.must(err)
	}
	f.text(dir+"modules.dep", "kernel/amdgpu.ko"+ending+":\n")
	if ending == "" {
		f.write(dir+"kernel/amdgpu.ko", fill)
	} else {
		f.zstd(dir+"kernel/amdgpu.ko"+ending, fill)
	}
	return args
}

// reader is a text as a reader, made while it is read. Lines without anything fill it up.
func reader(x filled) io.Reader {
	r, w := io.Pipe()
	go func() { w.CloseWithError(x.to(w)) }()
	return io.MultiReader(r, strings.NewReader(strings.Repeat("\n", 256)))
}

func selfSigned(f *forge) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	f.must(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(crand.Reader, template, template, key.Public(), key)
	f.must(err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// cab writes a cabinet of one folder of blocks of 32 KiB, in which one file lies.
func (f *forge) cab(name string, compression uint16, blocks int) string {
	block := make([]byte, 32*kib)
	if compression == 1 {
		var b bytes.Buffer
		b.WriteString("CK")
		z, err := flate.NewWriter(&b, flate.BestCompression)
		f.must(err)
		_, err = z.Write(block)
		f.must(err)
		f.must(z.Close())
		block = b.Bytes()
	}
	return f.write(name, func(w io.Writer) {
		f.put(w, string(cabHead(1, 36+8+16+6, compression, blocks)))
		f.put(w, string(cabFile("a.bin", 0, blocks*32*kib)))
		for range blocks {
			var head [8]byte
			binary.LittleEndian.PutUint16(head[4:], uint16(len(block)))
			binary.LittleEndian.PutUint16(head[6:], 32*kib)
			f.put(w, string(head[:]))
			f.put(w, string(block))
		}
	})
}

// cabHead is the header of a cabinet with one folder, whose blocks lie at data.
func cabHead(files, data int, compression uint16, blocks int) []byte {
	b := make([]byte, 36+8)
	copy(b, "MSCF")
	b[24], b[25] = 3, 1
	binary.LittleEndian.PutUint32(b[16:], 36+8)
	binary.LittleEndian.PutUint16(b[26:], 1)
	binary.LittleEndian.PutUint16(b[28:], uint16(files))
	binary.LittleEndian.PutUint32(b[36:], uint32(data))
	binary.LittleEndian.PutUint16(b[40:], uint16(blocks))
	binary.LittleEndian.PutUint16(b[42:], compression)
	return b
}

func cabFile(name string, offset, size int) []byte {
	b := make([]byte, 16, 16+len(name)+1)
	binary.LittleEndian.PutUint32(b, uint32(size))
	binary.LittleEndian.PutUint32(b[4:], uint32(offset))
	return append(append(b, name...), 0)
}

// cabOf writes a cabinet with files, names and contents in turn.
func (f *forge) cabOf(name string, files ...string) string {
	var entries, content []byte
	for i := 0; i < len(files); i += 2 {
		entries = append(entries, cabFile(files[i], len(content), len(files[i+1]))...)
		content = append(content, files[i+1]...)
	}
	return f.write(name, func(w io.Writer) {
		f.put(w, string(cabHead(len(files)/2, 36+8+len(entries), 0, (len(content)+32*kib-1)/(32*kib))))
		f.put(w, string(entries))
		for part := range slices.Chunk(content, 32*kib) {
			var head [8]byte
			binary.LittleEndian.PutUint16(head[4:], uint16(len(part)))
			binary.LittleEndian.PutUint16(head[6:], uint16(len(part)))
			f.put(w, string(head[:])+string(part))
		}
	})
}

// deb writes a Debian package with more in its control archive and in its data.
func (f *forge) deb(name string, control func(a packed), data func(w io.Writer)) string {
	f.tar("control", func(a packed) {
		a.text("./control", "Package: a\nVersion: 1\n")
		if control != nil {
			control(a)
		}
	})
	member := "data.tar"
	if strings.HasSuffix(name, ".zst") {
		member = "data.tar.zst"
	}
	inner := func(w io.Writer) {
		t := tar.NewWriter(w)
		if data != nil {
			data(w)
		}
		module := hosttest.ELF(map[string]string{"version": "1"})
		packed{f, t}.file("./lib/modules/6.1/kernel/drivers/gpu/drm/amd/amdgpu/amdgpu.ko", len(module), bytes.NewReader(module))
		f.must(t.Close())
	}
	if member == "data.tar" {
		f.write("data", inner)
	} else {
		f.zstd("data", inner)
	}
	return f.write(name, func(w io.Writer) {
		f.put(w, "!<arch>\n")
		f.arMember(w, "debian-binary", strings.NewReader("2.0\n"), 4)
		for from, as := range map[string]string{"control": "control.tar"} {
			f.arFile(w, from, as)
		}
		f.arFile(w, "data", member)
	})
}

func (f *forge) arFile(w io.Writer, from, as string) {
	file, err := os.Open(filepath.Join(f.dir, from))
	f.must(err)
	defer file.Close()
	st, err := file.Stat()
	f.must(err)
	f.arMember(w, as, file, st.Size())
}

func (f *forge) arMember(w io.Writer, name string, content io.Reader, size int64) {
	f.put(w, fmt.Sprintf("%-16s%-12d%-6d%-6d%-8s%-10d`\n", name, 0, 0, 0, "100644", size))
	_, err := io.Copy(w, content)
	f.must(err)
	if size%2 == 1 {
		f.put(w, "\n")
	}
}

// other writes an entry of so many bytes.
func (f *forge) other(w io.Writer, name string, size int) {
	t := tar.NewWriter(w)
	packed{f, t}.file(name, size, zero(size))
	f.must(t.Flush())
}

func (f *forge) zstd(name string, fill func(w io.Writer)) string {
	return f.write(name, func(w io.Writer) {
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		f.must(err)
		fill(z)
		f.must(z.Close())
	})
}

func machineBombs() []bomb {
	const rom = 16 * mib
	var list []bomb
	head := func(last byte, blocks int) string {
		b := make([]byte, 512*blocks)
		copy(b, "\x55\xaa")
		b[2], b[24] = byte(blocks), 28
		copy(b[28:], "PCIR\x02\x10\xff\x73")
		binary.LittleEndian.PutUint16(b[28+10:], 24)
		binary.LittleEndian.PutUint16(b[28+16:], uint16(blocks))
		b[28+21] = last
		return string(b)
	}
	for name, x := range map[string]filled{
		"images":  {unit: head(0, 1), size: rom},
		"heads":   {unit: "\x55\xaa\x01", size: rom},
		"MZ":      {unit: "MZPE\x00\x00", size: rom},
		"volumes": {unit: "_FVH", size: rom},
		"BIT":     {unit: "\xff\xb8BIT\x00\x00\x01\x0c\x06\xff", size: rom},
		"noise":   {unit: "%x", size: rom},
		"PSP":     {unit: "$PSP$PL2$BHD2PSP", size: rom},
	} {
		list = append(list, bomb{name: "ROM " + name, says: "", build: func(f *forge) []string {
			return []string{"firmware", "inspect", f.fill("a.rom", x)}
		}})
	}
	list = append(list, bomb{name: "ROM of a card", devices: 1, says: "verdict", build: func(f *forge) []string {
		args := f.root(hosttest.Good())
		return append(args, "--rom", "0000:03:00.0="+f.fill("a.rom", filled{unit: head(0, 1), size: rom}))
	}})
	for name, x := range map[string]filled{
		"XML":    {`<?xml version="1.0" ?><nvidia_smi_log>`, `<gpu/>`, `</nvidia_smi_log>`, 4 * mib},
		"depth":  {`<?xml version="1.0" ?><nvidia_smi_log>`, `<gpu>`, ``, 4 * mib},
		"log":    {"==============NVSMI LOG==============\n\n", "GPU 00000000:01:00.0\n", "", 4 * mib},
		"lspci":  {"", "0000:01:00.0 VGA compatible controller [0300]: x [10de:2684] (rev a1)\n", "", 4 * mib},
		"JSON":   {"[{\"gpu\":0}", ",{}", "]", 4 * mib},
		"deep":   {"[{\"gpu\":", "[", "", 4 * mib},
		"ROCm":   {"", "GPU[0]\t\t: VBIOS version: a\n", "", 4 * mib},
		"CSV":    {"device,GPU ID,x\n", "card0,0x73ff,a\n", "", 4 * mib},
		"column": {"device,GPU ID", ",a%x", "\ncard0,0x73ff\n", 4 * mib},
	} {
		list = append(list, bomb{name: "witness " + name, devices: 1, build: func(f *forge) []string {
			return append(f.root(hosttest.Good()), "--witness", f.fill("w", x))
		}})
	}
	list = append(list,
		bomb{name: "nvml", devices: 1, says: "nvml.json", build: func(f *forge) []string {
			return append(f.root(hosttest.Good()), "--nvml", f.fill("nvml.json", filled{`{"schema":"gpuaudit.nvml/v2","gpus":[{}`, `,{}`, `]}`, mib}))
		}},
		bomb{name: "rules as a bundle", says: "b.tar.gz", build: func(f *forge) []string {
			f.key("us")
			f.tar("b.tar.gz", func(a packed) { a.file("data.json", 31*mib, reader(filled{`{"a":[[]`, `,[]`, `]}`, 31 * mib})) })
			return append(f.root(hosttest.Good()), "--policy", "b.tar.gz", "--policy-key", "us.pub")
		}},
		bomb{name: "rules as a layout", says: "oci", build: func(f *forge) []string {
			f.key("us")
			f.text("oci/oci-layout", `{"imageLayoutVersion":"1.0.0"}`)
			f.fill("oci/index.json", filled{`{"manifests":[{}`, `,{}`, `]}`, 4 * mib})
			return append(f.root(hosttest.Good()), "--policy", "oci", "--policy-key", "us.pub")
		}},
		bomb{name: "rules as a tar of a layout", says: "oci.tar", build: func(f *forge) []string {
			f.key("us")
			f.tar("oci.tar", func(a packed) {
				a.text("oci-layout", `{"imageLayoutVersion":"1.0.0"}`)
				a.file("index.json", 62*mib, noise(62*mib, 1))
			})
			return append(f.root(hosttest.Good()), "--policy", "oci.tar", "--policy-key", "us.pub")
		}},
		bomb{name: "rules that are long", says: "long.tar.gz", build: func(f *forge) []string {
			f.key("us")
			f.tar("long.tar.gz", func(a packed) { a.file("a.rego", 7*mib, reader(filled{"package a\n", "p if 1\n", "", 7 * mib})) })
			return append(f.root(hosttest.Good()), "--policy", "long.tar.gz", "--policy-key", "us.pub")
		}},
		bomb{name: "rules in a folder", says: "load rules", build: func(f *forge) []string {
			f.fill("ours/a.rego", filled{"package a\n", "p if 1\n", "", 512*kib - 100})
			return append(f.root(hosttest.Good()), "--policy", "ours")
		}},
		bomb{name: "rules with data", says: "data/a.json", build: func(f *forge) []string {
			f.fill("ours/data/a.json", filled{"[[]", ",[]", "]", 4*512*kib - 100})
			return append(f.root(hosttest.Good()), "--policy", "ours")
		}},
		bomb{name: "module", devices: 1, says: "verdict", build: func(f *forge) []string {
			return f.moduled("", 143*mib)
		}},
		bomb{name: "module packed", devices: 1, says: "verdict", build: func(f *forge) []string {
			return f.moduled(".zst", 95*mib)
		}},
		bomb{name: "module bomb", devices: 1, says: "verdict", build: func(f *forge) []string {
			return f.moduled(".zst", 1000*mib)
		}},
		bomb{name: "dpkg status", devices: 1, says: "verdict", build: func(f *forge) []string {
			args := f.root(hosttest.Good())
			f.fill("root/var/lib/dpkg/status", filled{unit: "Package: a%x\n\n", size: 63 * mib})
			return args
		}},
		bomb{name: "modules.dep", devices: 1, says: "verdict", build: func(f *forge) []string {
			args := f.root(hosttest.Good())
			f.fill("root/lib/modules/6.1.0-40-amd64/modules.dep", filled{unit: "a%x.ko:\n", size: 31 * mib})
			f.must(os.MkdirAll(filepath.Join(f.dir, "root/sys/module/amdgpu"), 0o755))
			return args
		}},
		bomb{name: "Secure Boot database", devices: 1, says: "verdict", build: func(f *forge) []string {
			args := f.root(hosttest.Good())
			list := strings.Repeat("\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28", 1) + "\x4c\x00\x00\x00\x00\x00\x00\x00\x30\x00\x00\x00" + strings.Repeat("a", 48)
			f.fill("root/sys/firmware/efi/efivars/db-d719b2cb-3d3a-4596-a3bc-dad00e67656f", filled{"\x07\x00\x00\x00", list, "", mib})
			return args
		}},
		bomb{name: "event log", devices: 1, says: "verdict", build: func(f *forge) []string {
			args := f.root(hosttest.Good())
			f.fill("root/sys/kernel/security/tpm0/binary_bios_measurements", filled{unit: "\x00\x00\x00\x00\x01\x00\x00\x00aaaaaaaaaaaaaaaaaaaa\x00\x00\x00\x00", size: 4 * mib})
			return args
		}},
		bomb{name: "attributes without an end", devices: 1, says: "verdict", build: func(f *forge) []string {
			args := f.root(hosttest.Good())
			for _, name := range []string{"proc/cmdline", "etc/os-release", "proc/version", "sys/kernel/security/lockdown", "sys/class/dmi/id/product_name"} {
				f.fill("root/"+name, filled{unit: "aaaaaaaa ", size: 64 * mib})
			}
			return args
		}},
		bomb{name: "rules of many files", says: "many.tar.gz", build: func(f *forge) []string {
			f.key("us")
			f.tar("many.tar.gz", func(a packed) {
				for i := range 30_000 {
					a.text(fmt.Sprintf("%x.rego", i), "")
				}
			})
			return append(f.root(hosttest.Good()), "--policy", "many.tar.gz", "--policy-key", "us.pub")
		}},
	)
	for role, size := range map[string]int{"1.root": 512 * kib, "timestamp": 64 * kib} {
		list = append(list, bomb{name: "TUF " + role, build: func(f *forge) []string {
			f.fill("ch/1.root.json", filled{`{"signatures":[],"signed":{"_type":"root","keys":{"a":{}`, `,"%x":{}`, `}}}`, size})
			return []string{"channel", "update", "--state", "state", "--channel", "ch", "--root", "ch/1.root.json"}
		}})
	}
	return append(list, channelBombs()...)
}

// channelBombs are files of a channel whose root is sound.
func channelBombs() []bomb {
	signed := func(f *forge) {
		f.key("us")
		for _, args := range [][]string{
			{"manifest", "publish", "init", "ch", "--key", "root=us.pub", "--key", "targets=us.pub", "--key", "online=us.pub", "--now", bombsClock},
			{"manifest", "publish", "sign", "ch", "--key", "us.key", "--now", bombsClock},
		} {
			if m := measure(f.t, f.dir, nil, args...); m.Code != 0 {
				f.t.Fatalf("%v: exit code %d: %s", args, m.Code, m.Output)
			}
		}
	}
	update := []string{"channel", "update", "--state", "state", "--channel", "ch/public", "--root", "ch/public/1.root.json", "--now", bombsClock}
	var list []bomb
	for name, x := range map[string]filled{
		"timestamp": {`{"signatures":[],"signed":{"_type":"timestamp","meta":{"a":{}`, `,"%x":{}`, `}}}`, 64 * kib},
	} {
		list = append(list, bomb{name: "TUF " + name + " of a channel", says: "malformed metadata", build: func(f *forge) []string {
			signed(f)
			f.fill("ch/public/"+name+".json", x)
			return update
		}})
	}
	for name, fill := range map[string]func(a packed){
		"zeros": func(a packed) { a.file("1.root.json", 16*mib, zero(16*mib)) },
		"entries": func(a packed) {
			for i := range 11_000 {
				a.text(fmt.Sprintf("%08x", i), "")
			}
		},
		"large": func(a packed) {
			for i := range 19 {
				a.file(fmt.Sprintf("manifests/%02d.sigstore.json", i), 16*mib, noise(16*mib, i))
			}
		},
		"targets": func(a packed) {
			a.text("1.root.json", "{}")
			a.file("1.targets.json", 8*mib, reader(filled{`{"signatures":[],"signed":{"_type":"targets","targets":{"a":{}`, `,"%x":{}`, `}}}`, 8 * mib}))
		},
	} {
		list = append(list, bomb{name: "channel archive " + name, says: map[bool]string{true: "a.tar.gz", false: "channel"}[name == "large"], build: func(f *forge) []string {
			f.text("root.json", "{}")
			return []string{"channel", "import", f.tar("a.tar.gz", fill), "--root", "root.json", "--state", "state"}
		}})
	}
	return list
}
