package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	list := captureBombs()
	list = append(list, reportBombs()...)
	list = append(list, yamlBombs()...)
	list = append(list, signedBombs()...)
	list = append(list, importBombs()...)
	list = append(list, machineBombs()...)
	return list
}

// indexes are the worst indices of a capture.
func captureBombs() []bomb {
	const indexLimit = 16 * mib
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
			return f.capture(filled{`{"listings":{"x":{"x":"-"`, `,"%x":"-"`, `}}}`, 4 * mib}.String(), nil)
		}},
		bomb{name: "capture nvml", says: "verdict", build: func(f *forge) []string {
			return f.capture("{}", func(a packed) {
				a.text("nvml.json", filled{`{"schema":"gpuaudit.nvml/v2","gpus":[{}`, `,{}`, `]}`, mib}.String())
			})
		}},
		bomb{name: "capture TPM evidence", says: "", build: func(f *forge) []string {
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
				for i := range 90_000 {
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
		bomb{name: "capture 100 devices", devices: 100, says: "100 cards", build: func(f *forge) []string { return f.cards(100) }},
		bomb{name: "capture 500 devices", devices: 500, long: true, time: 40 * time.Second, says: "500 cards", build: func(f *forge) []string { return f.cards(500) }},
		bomb{name: "capture 4096 devices", devices: 4096, long: true, time: 400 * time.Second, says: "4096 cards", build: func(f *forge) []string { return f.cards(4096) }},
	)
}

// cards makes a capture of a machine with so many of them.
func (f *forge) cards(n int) []string {
	f.root(cards(n))
	if m := measure(f.t, f.dir, nil, "capture", "--quiet", "--root", "root", "--output", "c.tar.gz"); m.Code != 0 && m.Code != exitIncomplete {
		f.t.Fatalf("capture: exit code %d: %s", m.Code, m.Output)
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
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	f.must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	f.must(err)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	f.must(err)
	f.text(name+".key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	pub := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	f.text(name+".pub", pub)
	f.text(name+".trust", trusting(name, pub))
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

func signedBombs() []bomb  { return nil }
func importBombs() []bomb  { return nil }
func machineBombs() []bomb { return nil }
