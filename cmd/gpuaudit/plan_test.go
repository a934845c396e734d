package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
	"github.com/gpuaudit/gpuaudit/audit/baseline"
	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/catalogue/overlay"
	"github.com/gpuaudit/gpuaudit/audit/channel"
	"github.com/gpuaudit/gpuaudit/audit/channel/publish"
	"github.com/gpuaudit/gpuaudit/audit/channel/state"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/manifest"
	"github.com/gpuaudit/gpuaudit/audit/report/signed"
	"github.com/gpuaudit/gpuaudit/audit/waive"
)

// planOf is the plan of a command line.
func planOf(line string) *plan {
	getenv := func(name string) string { return map[string]string{"HOME": "/home/user"}[name] }
	a := &app{Now: time.Now, Getenv: getenv, LookupEnv: func(string) (string, bool) { return "", false }}
	p := a.plan(strings.Fields(line))
	if p != nil { // the user's settings
		p.Grants = slices.DeleteFunc(p.Grants, func(g broker.Grant) bool { return strings.HasPrefix(g.Name, "/home/user/.config/") })
	}
	return p
}

// granted writes grants as words: what is allowed, and its name.
func granted(p *plan) []string {
	kinds := map[broker.Kind]string{broker.ReadFile: "read", broker.CopyFile: "copy", broker.ReadFolder: "below", broker.ReadMatching: "matching", broker.ReadMentioned: "mentioned",
		broker.WriteFile: "write", broker.WriteFolder: "change", broker.NewFolder: "make", broker.Dial: "dial"}
	var list []string
	for _, g := range p.Grants {
		list = append(list, kinds[g.Kind]+" "+g.Name)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// TestPlanGrantsWhatIsNamed, and nothing beside.
func TestPlanGrantsWhatIsNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HTTPS_PROXY", "")
	t.Setenv("SSL_CERT_FILE", "roots.pem")
	t.Setenv("SSL_CERT_DIR", "")
	here, err := os.Getwd()
	if err == nil {
		err = errors.Join(os.WriteFile("roots.pem", nil, 0o600), os.Mkdir("repo", 0o755), os.Mkdir("m", 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	const exe = "read /proc/self/exe"
	kept := "below " + state.System
	change := "change " + state.System
	if os.Geteuid() != 0 {
		kept, change = "below /home/user/.local/share/gpuaudit", "change /home/user/.local/share/gpuaudit"
	}
	for line, want := range map[string][]string{
		"scan": {exe},
		"scan --root dir --rom 0000:01:00.0=a.rom -o json=r.json -o table":        {"read a.rom", "write r.json", exe},
		"scan --capture c --manifests m,n --trust t/trust.yaml":                   {"read c", "read t/trust.yaml", "mentioned t/trust.yaml", "matching m/*.json", "read n", exe},
		"scan --waivers w/[a]*.yaml":                                              {"read w/[a]*.yaml", `matching w/\[a]\*.yaml.sigstore.json`, `matching w/\[a]\*.yaml.*.sigstore.json`, exe},
		"scan --policy rules --policy-key k.pub":                                  {"below rules", "read k.pub", exe},
		"scan --policy rules.tar@sha256:" + strings.Repeat("0", 64):               {"below rules.tar", exe},
		"scan --policy oci://example.org/rules@sha256:" + strings.Repeat("0", 64): {"dial example.org:443", "read roots.pem", exe},
		"scan --policy oci://example.org/rules@sha256:" + strings.Repeat("0", 64) + " --policy-host cdn.example.org --policy-host a.example:8443": {"dial example.org:443", "dial cdn.example.org:443", "dial a.example:8443", "read roots.pem", exe},
		"scan --policy oci+http://localhost:5000/rules:1": {"dial localhost:5000", exe},
		"scan --pack strict":                              {exe},
		"scan --pack ./strict":                            {"read ./strict", exe},
		"scan --channels":                                 {kept, exe},
		"scan --state s":                                  {"below s", exe},
		"scan -o bundle=b --sign-key k":                   {"write b", exe},
		"scan -o bundle --sign-key k":                     {exe},
		"scan -o bundle=- --sign-key k":                   {exe},
		"scan --capture -":                                {"read /dev/stdin", exe},
		"capture --output c.tar.gz":                       {"write c.tar.gz"},
		"capture --redact --root r --output c":            {"write c"},
		"baseline d --key k --now 2026-11-24T00:00:00Z": {"read d/trust.yaml", "mentioned d/trust.yaml", "read d/waivers.yaml", "read d/config.yaml", "change d/manifests",
			"write d/trust.yaml", "write d/waivers.yaml", "write d/waivers.yaml.sigstore.json", "write d/config.yaml", "write d/baseline-2026-11-24.tar.gz"},
		"baseline diff d --from c":                                               {"read d/trust.yaml", "mentioned d/trust.yaml", "read d/waivers.yaml", "read d/config.yaml", "below d/manifests", "read c"},
		"firmware inspect dir":                                                   {"below dir"},
		"firmware inspect dir -o json":                                           {"below dir"},
		"firmware extract a.rom --output parts":                                  {"read a.rom", "make parts"},
		"report show -o json=x.json r":                                           {"read r", "write x.json"},
		"report convert -o sarif=x.sarif -o csv=x.csv -o junit r":                {"read r", "write x.sarif", "write x.csv"},
		"report show -":                                                          {"read /dev/stdin"},
		"report sign r --key k --output b --summary s":                           {"read r", "write b", "write s"},
		"report verify b --key k.pub":                                            {"read b", "read k.pub", exe},
		"report statement r --output s":                                          {"read r", "write s"},
		"policy check one.json two.json":                                         {"read one.json", "read two.json"},
		"policy check --signed --trust t -":                                      {"read t", "mentioned t"},
		"policy lint --policy ours":                                              {"below ours"},
		"policy explain GA-BD-007":                                               {},
		"policy bundle ours --output b --key k":                                  {"below ours", "write b"},
		"policy bundle ours --output b":                                          {"below ours", "write b"},
		"attest verify e --nonce 00 --ek-chain c":                                {"read e", "read c"},
		"attest verify e.json --rim m --rim n --chain c.pem --ocsp o --report r": {"read e.json", "below m", "below n", "read c.pem", "below o", "read r"},
		"attest challenge e --nonce 00 --output q --secret s":                    {"read e", "write q", "write s"},
		"attest enrol a --secret s --output e":                                   {"read a", "read s", "write e"},
		"attest tpm --nonce 00 --output e":                                       {"write e", "read " + machine.EventLog},
		"attest tpm --nonce 00 --output e --event-log l --report r":              {"write e", "read l", "read r"},
		"manifest create --from-capture a --from-capture b --name n --output -":  {"read a", "read b", "write -"},
		"manifest sign s --key k --output b":                                     {"read s", "write b"},
		"manifest publish init d --key root=a.pub --threshold root=1":            {"change d", "read a.pub"},
		"manifest publish add d a.json b.json":                                   {"change d", "read a.json", "read b.json"},
		"manifest publish sign d --key k --key l":                                {"change d"},
		"scan --watch":              {exe},
		"manifest publish status d": {"below d"},
		"manifest import a.deb --format debian --module m --keyring k --name n --output s": {"copy a.deb", "read k", "write s"},
		"catalogue verify a b --trust t":                           {"read a", "read b", "read t", "mentioned t"},
		"waivers sign w --key k":                                   {"read w", "write w.sigstore.json"},
		"waivers sign w --key k --output x":                        {"read w", "write x"},
		"waivers verify w --key k":                                 {"read w", "read k", "matching w.sigstore.json", "matching w.*.sigstore.json"},
		"timestamp attach b r --output x":                          {"read b", "read r", "write x"},
		"channel status":                                           {kept},
		"channel export --state s --output a":                      {"below s", "write a"},
		"channel import a --root r.json --state s":                 {"read a", "read r.json", "change s"},
		"channel forget vendor":                                    {change},
		"channel update --state s --channel repo --root r":         {"change s", "read r", "below " + here + "/repo"},
		"channel update --state s --channel https://example.org/x": {"change s", "dial example.org:443", "read roots.pem"},
		"channel update --state s --channel http://127.0.0.1:8080": {"change s", "dial 127.0.0.1:8080"},
		"channel update --state s --channel http://[::1]/":         {"change s", "dial [::1]:80"},
	} {
		p := planOf(line)
		if p == nil {
			t.Errorf("%s: it is not judged apart", line)
			continue
		}
		slices.Sort(want)
		if got := granted(p); !slices.Equal(got, want) {
			t.Errorf("%s:\n%q, want\n%q", line, got, want)
		}
	}
	for line, want := range map[string]string{"scan": "/", "scan --root dir": "dir", "scan --capture c": "", "firmware inspect x": "", "channel update --state s --channel repo --root r": "", "baseline diff d": "/", "baseline diff d --from c": "", "baseline diff d --root r": "r"} {
		root := ""
		if p := planOf(line); p.Machine != nil {
			root = p.Machine.Root
		}
		if root != want {
			t.Errorf("%s: the machine is %q, want %q", line, root, want)
		}
	}
	for line, want := range map[string][]string{
		"scan -o bundle=b --sign-key k": {signed.ReportType}, "report sign r --key k --output b": {signed.ReportType}, "report sign r --key k --output b --summary s": {signed.ReportType, signed.SummaryType},
		"manifest sign s --key k --output b": {manifest.PredicateType}, "catalogue sign s --key k --output b": {overlay.PredicateType}, "waivers sign s --key k": {waive.SignatureType}, "report show r": nil,
	} {
		if p := planOf(line); !slices.Equal(p.signs, want) || (len(p.keys) == 1) != (want != nil) {
			t.Errorf("%s: it signs %q with %q", line, p.signs, p.keys)
		}
	}
	if p := planOf("scan --read-rom --attest tpm --tpm /dev/x"); !p.ROM || p.Commands == nil || p.Device != "/dev/x" {
		t.Errorf("%+v", p)
	}
	if p := planOf("attest answer q --output a --tpm sock"); p.Commands == nil || p.Device != "sock" || len(p.verb.tpm()) == len(tpm.Commands()) {
		t.Errorf("%+v", p)
	}
	if p := planOf("baseline d --key k"); !slices.Equal(p.Only["d/manifests"], []string{baseline.InManifests}) || p.ROM != p.Errand.ByRoot || p.Errand.Full == nil || p.Commands != nil {
		t.Errorf("%+v", p)
	}
	if p := planOf("manifest publish sign d --key k --key l"); !slices.Equal(p.keys, []string{"k", "l"}) || !slices.Equal(p.Only["d"], publish.InFolder()) {
		t.Errorf("%+v", p)
	}
	if p := planOf("scan --state s"); !slices.Equal(p.Only["s"], state.InFolder()) {
		t.Errorf("%+v", p.Only)
	}
	if p := planOf("db update --state s --channel repo --root r"); !slices.Equal(p.Only[here+"/repo"], channel.InDirectory()) {
		t.Errorf("%+v", p.Only)
	}
	if p := planOf("scan"); p.ROM || p.Commands != nil || p.Errand.Secrets != nil {
		t.Errorf("nobody asked for it: %+v", p)
	}
	if p := planOf("capture --redact --output c"); len(p.Errand.Secrets) == 0 {
		t.Errorf("it does not know what to look for")
	}
	if p := planOf("attest challenge e --nonce 00 --output q --secret s"); !slices.Equal(p.fresh, []string{"s"}) {
		t.Errorf("what must not be there: %q", p.fresh)
	}
}

// TestPlanLeavesTheRest: verbs that are not judged apart, and command lines that are wrong
// before a verb begins.
func TestPlanLeavesTheRest(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, line := range []string{"", "version", "scan --help", "scan --none", "scan extra", "key create --output x", "report show", "firmware extract a.rom"} {
		if p := planOf(line); p != nil {
			t.Errorf("%s: %q", line, granted(p))
		}
	}
}

// TestWrongLinesGetNothing: a command line that the verb refuses is judged apart, too, and
// by a judge that is granted nothing; of some it is said before.
func TestWrongLinesGetNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.WriteFile("one", nil, 0o600), os.Link("one", "two"), os.Mkdir("dir", 0o700), os.Symlink("dir", "link")); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"scan --policy oci://example.org/rules":        "",
		"scan --policy oci+http://example.org/rules:1": "",
		"scan -o bundle=b":                             "",
		"scan --sign-key k":                            "",
		"manifest sign s --output b":                   "",
		"manifest sign s --key k":                      "",
		"manifest publish sign d":                      "",
		"report sign r --output b":                     "",
		"attest answer q":                              "",
		"scan -o json=one -o table=two":                "two outputs are one file, two",
		"scan -o json=x -o table=./x":                  "two outputs are one file, ./x",
		"scan -o json=dir/x -o table=link/x":           "two outputs are one file, link/x",
		"channel update --state none":                  "",
		"channel update --channel none --root r":       "no such file",
		"channel update --channel ftp://example.org/":  "is no http or https URL",
		"baseline d":                                   "say where the key goes",
		"baseline d --key k --tpm=x":                   "exclude each other",
		"baseline d --key k --now never":               "now",
	} {
		p := planOf(line)
		switch {
		case p == nil || !p.bare || len(p.Grants)+len(p.keys) > 0 || p.Machine != nil || p.Commands != nil || p.ROM || p.NVML != "":
			t.Errorf("%s: %+v", line, p)
		case want == "" && p.wrong != nil, want != "" && (p.wrong == nil || !strings.Contains(p.wrong.Error(), want)):
			t.Errorf("%s: %v, want %q", line, p.wrong, want)
		}
	}
}

// notJudged are the verbs that are not judged apart, and why.
var notJudged = map[string]string{
	"gpuaudit": "prints its help", "version": "reads nothing", "man": "reads nothing", "help": "reads nothing", "completion": "reads nothing",
	"config show": "reads the settings of its own user and of root", "key create": "reads nothing", "key public": "reads its user's private key",
	"policy new": "writes what the program carries", "policy pack list": "prints what the program carries", "channel restrictions": "prints what the program carries",
}

// TestEveryVerbIsJudged: or it is said why not. A flag of one that has a text is declared.
func TestEveryVerbIsJudged(t *testing.T) {
	seen := map[string]bool{}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, c := range cmd.Commands() {
			walk(c)
		}
		name := strings.TrimPrefix(cmd.CommandPath(), "gpuaudit ")
		first, _, _ := strings.Cut(name, " ")
		v := verbOf(cmd)
		switch {
		case v == nil && cmd.HasSubCommands() && cmd.Args == nil, v == nil && cmd.HasSubCommands() && cmd.ValidateArgs([]string{"x"}) != nil:
			return // a group
		case v == nil && notJudged[name] == "" && notJudged[first] != "reads nothing":
			t.Errorf("%s is not judged apart: why?", cmd.CommandPath())
		}
		seen[name] = true
		if v == nil {
			return
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if kind := f.Value.Type(); kind != "bool" && kind != "int" && v.takes(f.Name) == 0 && f.Name != "help" {
				t.Errorf("%s --%s: what does it name?", cmd.CommandPath(), f.Name)
			}
		})
		for name := range v.flags {
			if cmd.Flags().Lookup(name) == nil && name != "drop" {
				t.Errorf("%s has no --%s", cmd.CommandPath(), name)
			}
		}
	}
	walk((&app{Getenv: os.Getenv, LookupEnv: os.LookupEnv}).rootCommand())
	for name := range judged {
		if !seen[name] {
			t.Errorf("there is no verb %s", name)
		}
	}
}
