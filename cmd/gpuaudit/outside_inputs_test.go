package main

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// TestOutputsAmongInputs: an output is refused where this command, or the next one like it,
// would read it as an input, however it is spelt.
func TestOutputsAmongInputs(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("SSL_CERT_FILE", "")
	t.Setenv("SSL_CERT_DIR", "certificates")
	var errs []error
	for _, dir := range []string{"m", "roms/deep", "rules", "certificates", "s/channels", "published/public", "root/sys/devices", "root/lib/modules", "t/keys", "out"} {
		errs = append(errs, os.MkdirAll(dir, 0o700))
	}
	for name, text := range map[string]string{"m/a.json": "{}", "t/trust.yaml": "- key: keys/vendor.pub\n", "t/keys/vendor.pub": "", "w.yaml": "", "c": "", "r.json": "{}"} {
		errs = append(errs, os.WriteFile(name, []byte(text), 0o600))
	}
	errs = append(errs, os.Symlink("m", "link"), os.Symlink("../m/a.json", "out/a"), os.Link("t/keys/vendor.pub", "hard"))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	const over, among, audited = "not overwritten", "among the inputs", "among what is audited"
	for line, want := range map[string]string{
		"scan --capture c --manifests m -o json=m/x.json":                   among,
		"scan --capture c --manifests m -o json=link/x.json":                among,
		"scan --capture c --manifests m -o json=out/../m/x.json":            among,
		"scan --capture c --manifests link -o json=m/x.json":                among,
		"scan --capture c --manifests m -o json=m/a.json":                   over,
		"scan --capture c --manifests m -o json=out/a":                      over,
		"scan --capture c --manifests m -o json=m/x.txt":                    "",
		"scan --capture c --manifests m/a.json -o json=m/x.json":            "",
		"scan --capture c --manifests m -o json=out/x.json":                 "",
		"attest verify e --rim roms --ear roms/x.json":                      among,
		"attest verify e --rim roms --ear roms/deep/x.json":                 among,
		"attest verify e --rim roms --ear x.json":                           "",
		"attest verify e --rim roms --ear /dev/null":                        "",
		"scan --capture c --policy rules -o json=rules/x.json":              among,
		"policy bundle rules --output rules/b.tar.gz":                       among,
		"scan --capture c --trust t/trust.yaml -o json=t/keys/vendor.pub":   over,
		"scan --capture c --trust t/trust.yaml -o json=hard":                "",
		"scan --capture c --trust t/trust.yaml -o json=t/x.json":            "",
		"scan --capture c --waivers w.yaml -o json=w.yaml.sigstore.json":    among,
		"scan --capture c --waivers w.yaml -o json=w.yaml.me.sigstore.json": among,
		"scan --capture c --waivers w.yaml -o json=w.json":                  "",
		"scan --capture c --state s -o json=s/channels/x.json":              among,
		"scan --capture c --state s -o json=s/places":                       among,
		"scan --capture c --state s -o json=s/register.json":                among,
		"scan --capture c --state s -o json=s/scan.json":                    "",
		"channel export --state s --output s/channels/x":                    among,
		"manifest publish archive published --output published/x":           "",
		"manifest publish archive published --output published/public/x":    among,
		"scan --root root -o json=root/sys/devices/x":                       audited,
		"scan --root root -o json=root/lib/modules/x":                       audited,
		"scan --root root -o json=root/x.json":                              "",
		"capture --output /sys/devices/x":                                   audited,
		"capture --output out/x":                                            "",
		"channel update --state s --channel https://example.org/x":          "",
		"report convert r.json -o csv=out/x.csv":                            "",
	} {
		p := planOf(line)
		if p == nil || p.bare {
			t.Errorf("%s: no plan", line)
			continue
		}
		err := p.Misplaced()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
	// A name that is read where it is there.
	t.Setenv("HOME", "")
	a := &app{Getenv: func(string) string { return "" }, LookupEnv: func(string) (string, bool) { return "", false }, SystemConfig: "config.yaml"}
	if p := a.plan(strings.Fields("scan --capture c -o json=config.yaml")); p.Misplaced() == nil {
		t.Error("an output where settings would be read")
	}
}
