package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// hostileText holds what a terminal obeys or shows as something else than it is. It
// can be the name of a file.
const hostileText = "a\x1b]0;x\x07\r\x7f\u009b31m\u202e\u2066\u200e\u2028\u2029\ufeff\U000e0041z"

// hostileJSON is the text within a JSON document, as somebody writes it who means harm.
const hostileJSON = "a\\u001b]0;x\\u0007\\r\u007f\u009b31m\u202e\u2066\u200e\u2028\u2029\ufeff\U000e0041z"

// obeyed is the first character of an output that a terminal would obey.
func obeyed(text string) rune {
	for _, r := range text {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			return r
		}
	}
	return 0
}

// hostileMachine is a machine whose texts are hostile: the maker's name of the computer,
// the name of the system, the version of the driver, and the part number in the ROM.
func hostileMachine(s *docHost) {
	s.on("good")
	for _, name := range []string{"sys/class/dmi/id/product_name", "sys/class/dmi/id/sys_vendor", "sys/module/amdgpu/version", "proc/sys/kernel/osrelease"} {
		s.write(filepath.Join(s.machine, name), hostileText+"\n")
	}
	s.write(filepath.Join(s.machine, "etc/os-release"), "PRETTY_NAME=\""+strings.ReplaceAll(hostileText, "\r", "")+"\"\n")
}

// in puts the hostile text in the place of a text in a file.
func (s *docHost) in(file, text, to string) {
	s.t.Helper()
	b, err := os.ReadFile(file)
	s.must(err)
	if !bytes.Contains(b, []byte(text)) {
		s.t.Fatalf("%s does not hold %q", file, text)
	}
	s.write(to, strings.ReplaceAll(string(b), text, hostileJSON))
}

// TestNothingWritesToTheTerminal: device names, file names, fields of reports, manifests
// and rules, and what somebody types reach the terminal as text alone, from every verb.
func TestNothingWritesToTheTerminal(t *testing.T) {
	s := newSandbox(t)
	s.copyROM(hostileText + ".rom")
	s.copyROM("folder/" + hostileText + ".rom")
	s.run("capture --output card.tar.gz")
	s.run("scan -o json=report.json")
	s.in("report.json", "No vendor vouches for the firmware", "hostile.json")
	s.in("report.json", "Nobody vouches for this firmware", "detail.json")
	s.in("report.json", "\"kernel\": {", "broken.json")
	s.run("manifest create --from-capture card.tar.gz --name plain --output statement.json")
	s.in("statement.json", "plain", "named.json")
	s.in("statement.json", "113-EXT12345-001", "part.json")
	s.script("waivers-signed.txtar", "accepted.yaml")
	s.write("waivers.yaml", strings.Replace(readHere(s, "accepted.yaml"), "built in house", `"`+hostileJSON+`"`, 1))
	s.write("quoted.yaml", strings.Replace(readHere(s, "accepted.yaml"), "reason: the maker publishes no manifests", `reason: "`+hostileJSON+` is long enough"`, 1))
	s.write("ours/rule.rego", strings.ReplaceAll(readScript(s, "policy-bundle.txtar", "ours/stock/rule.rego"), "Card is not from our supplier", `"`+hostileJSON+`"`))
	s.copy("evidence.json", "attest/tpm/testdata/good.json")
	s.write("channel/drafts/"+hostileText, "")
	s.write(hostileText+".txt", "01:00.0 0300: 10de:2684 "+hostileText+"\n")
	s.write("tar.tar.gz", hostileText)
	hostileMachine(s)
	for _, args := range [][]string{
		{"scan"}, {"scan", "--all", "-o", "json"}, {"scan", "--waivers", "quoted.yaml"}, {"scan", "--waivers", "waivers.yaml"},
		{"scan", "--waivers", "quoted.yaml", "-o", "json"},
		{"scan", "--witness", hostileText + ".txt"}, {"scan", "--witness", hostileText + ".txt", "-o", "json"},
		{"scan", "--capture", hostileText}, {"scan", "--capture", "tar.tar.gz"}, {"scan", "--jurisdiction", hostileText},
		{"scan", "--device", hostileText}, {"scan", "--pack", hostileText}, {"scan", "--trust", hostileText}, {"scan", "--" + hostileText},
		{"scan", "-o", hostileText}, {"scan", "-o", "json=" + hostileText + "/x"}, {"scan", "--rom", hostileText + "=" + hostileText},
		{hostileText}, {"policy", hostileText},
		{"capture", "--output", hostileText + ".tar.gz"}, {"doctor", hostileText},
		{"report", "show", "hostile.json"}, {"report", "show", "detail.json"}, {"report", "show", "broken.json"}, {"report", "show", hostileText},
		{"report", "convert", "hostile.json", "-o", "jsonl"}, {"report", "convert", "hostile.json", "-o", "sarif"}, {"report", "convert", "detail.json", "-o", "junit"},
		{"report", "convert", "detail.json", "-o", "markdown"}, {"report", "convert", "detail.json", "hostile.json", "-o", "csv"}, {"report", "convert", "hostile.json", "-o", "prometheus"},
		{"report", "diff", "report.json", "hostile.json"}, {"report", "diff", "report.json", "hostile.json", "-o", "json"}, {"report", "verify", hostileText},
		{"firmware", "inspect", hostileText + ".rom"}, {"firmware", "inspect", hostileText + ".rom", "-o", "json"},
		{"firmware", "inspect", "folder"}, {"firmware", "inspect", "folder", "-o", "json"},
		{"firmware", "diff", hostileText + ".rom", "folder/" + hostileText + ".rom"}, {"firmware", "diff", hostileText + ".rom", "folder/" + hostileText + ".rom", "-o", "json"},
		{"firmware", "extract", hostileText + ".rom", "--output", hostileText},
		{"manifest", "inspect", "named.json"}, {"manifest", "inspect", "named.json", "-o", "json"}, {"manifest", "inspect", "part.json"},
		{"manifest", "diff", "statement.json", "part.json"}, {"manifest", "diff", "statement.json", "part.json", "-o", "json"},
		{"manifest", "verify", "named.json"}, {"manifest", "import", hostileText, "--format", hostileText}, {"manifest", "publish", "status", "channel"},
		{"policy", "check", hostileText, "hostile.json", "detail.json"}, {"policy", "list", "--policy", "ours"}, {"policy", "list", "--policy", "ours", "-o", "json"},
		{"policy", "explain", "--policy", "ours", "ACME-PR-001"}, {"policy", "explain", hostileText}, {"policy", "lint", "--policy", "ours"},
		{"attest", "verify", hostileText}, {"attest", "verify", "evidence.json", "--nonce", hostileText}, {"attest", "verify", "evidence.json", "--capture", hostileText},
		{"attest", "verify", "gpu.json", "--rim", hostileText}, {"attest", "verify", "gpu.json", "--chain", hostileText}, {"attest", "verify", "gpu.json", "--ocsp", hostileText},
		{"db", "status", "--state", hostileText}, {"db", "status", "--catalogue", hostileText}, {"db", "forget", hostileText},
		{"catalogue", "verify", "named.json", "--trust", "waivers.yaml"}, {"waivers", "verify", hostileText, "--trust", hostileText},
		{"key", "public", hostileText}, {"timestamp", "request", hostileText, "--output", hostileText},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var out, errs bytes.Buffer
			line, err := s.here(args)
			if err != nil {
				line = args
			}
			code := inProcess(t.Context(), line, strings.NewReader(""), &out, &errs, s.now, s.env)
			if c := obeyed(out.String()); c != 0 {
				t.Errorf("standard output holds %U:\n%q", c, out.String())
			}
			if c := obeyed(errs.String()); c != 0 {
				t.Errorf("standard error holds %U:\n%q", c, errs.String())
			}
			if args[len(args)-1] == "json" && out.Len() > 0 {
				if dec := json.NewDecoder(&out); dec.Decode(new(any)) != nil {
					t.Errorf("no JSON (exit code %d)", code)
				}
			}
		})
	}
}

func readHere(s *docHost, name string) string {
	text, err := os.ReadFile(name)
	s.must(err)
	return string(text)
}

func readScript(s *docHost, script, name string) string {
	s.script(script, name)
	return readHere(s, name)
}
