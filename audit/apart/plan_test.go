package apart

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/broker"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// TestPart: of a folder some names, unless all of it is granted already.
func TestPart(t *testing.T) {
	p := &Plan{}
	p.Part(broker.ReadFolder, "a", []string{"*.json"})
	p.Grant(broker.ReadFolder, "b")
	p.Part(broker.WriteFolder, "b", []string{"*.json"})
	if !slices.Equal(p.Only["a"], []string{"*.json"}) || len(p.Only) != 1 || len(p.Grants) != 3 {
		t.Errorf("%+v", p)
	}
	p.Read("-")
	if last := p.Grants[3]; last != (broker.Grant{Kind: broker.ReadFile, Name: "/dev/stdin"}) {
		t.Errorf("%+v", last)
	}
}

// TestOutputsApart: two outputs are two files, and none lies where an input is read.
func TestOutputsApart(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.MkdirAll("m/sub", 0o700), os.Symlink("m", "link"), os.WriteFile("m/a.json", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		grants          []broker.Grant
		apart, misplace string
	}{
		"two":               {[]broker.Grant{{Kind: broker.WriteFile, Name: "x"}, {Kind: broker.WriteFile, Name: "y"}}, "", ""},
		"one, by two names": {[]broker.Grant{{Kind: broker.WriteFile, Name: "m/x"}, {Kind: broker.WriteFile, Name: "link/x"}}, "two outputs are one file, link/x", ""},
		"standard output":   {[]broker.Grant{{Kind: broker.WriteFile, Name: "-"}, {Kind: broker.WriteFile, Name: "-"}}, "", ""},
		"among inputs":      {[]broker.Grant{{Kind: broker.ReadMatching, Name: "m/*.json"}, {Kind: broker.WriteFile, Name: "link/x.json"}}, "", "among the inputs"},
		"over an input":     {[]broker.Grant{{Kind: broker.ReadFile, Name: "m/a.json"}, {Kind: broker.WriteFile, Name: "link/a.json"}}, "", "not overwritten"},
		"beside inputs":     {[]broker.Grant{{Kind: broker.ReadMatching, Name: "m/*.json"}, {Kind: broker.WriteFile, Name: "m/x.txt"}}, "", ""},
		"below a folder":    {[]broker.Grant{{Kind: broker.ReadFolder, Name: "m"}, {Kind: broker.NewFolder, Name: "m/sub/x"}}, "", "among the inputs"},
	} {
		p := &Plan{Grants: tc.grants}
		for what, c := range map[string]struct {
			err  error
			want string
		}{"apart": {p.WritesApart(), tc.apart}, "misplaced": {p.Misplaced(), tc.misplace}} {
			if c.want == "" && c.err != nil || c.want != "" && (c.err == nil || !strings.Contains(c.err.Error(), c.want)) {
				t.Errorf("%s: %s: %v, want %q", name, what, c.err, c.want)
			}
		}
	}
	p := &Plan{Machine: &broker.Machine{Root: "m"}, Grants: []broker.Grant{{Kind: broker.WriteFile, Name: "m/sys/devices/x"}}}
	if err := os.MkdirAll("m/sys/devices", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := p.Misplaced(); err == nil || !strings.Contains(err.Error(), "among what is audited") {
		t.Errorf("%v", err)
	}
}

// TestReach: the host of a URL and no other, with the certificates that TLS needs, once.
func TestReach(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("roots.pem", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"SSL_CERT_FILE": "roots.pem", "SSL_CERT_DIR": "", "HTTPS_PROXY": "", "HTTP_PROXY": "", "https_proxy": "", "http_proxy": ""} {
		t.Setenv(name, value)
	}
	p := &Plan{}
	for _, place := range []string{"http://a.example:8080/", "https://b.example/x", "https://c.example/"} {
		if err := p.Reach(place); err != nil {
			t.Fatal(err)
		}
	}
	want := []broker.Grant{{Kind: broker.Dial, Name: "a.example:8080"}, {Kind: broker.ReadFile, Name: "roots.pem"}, {Kind: broker.Dial, Name: "b.example:443"}, {Kind: broker.Dial, Name: "c.example:443"}}
	if !slices.Equal(p.Grants, want) || !slices.Equal(p.Errand.Roots, []string{"roots.pem"}) || len(p.Errand.Proxies) != 0 {
		t.Errorf("%+v %+v", p.Grants, p.Errand)
	}
	if err := p.Reach("ftp://a.example/"); err == nil || len(p.Grants) != len(want) {
		t.Errorf("%v", err)
	}
}

// TestErrand: what is told arrives, and something else is refused.
func TestErrand(t *testing.T) {
	e := &Errand{ByRoot: true, User: 7, State: "/s", Keys: [][]byte{{1}}, Key: &ToldKey{File: "k", Made: true}}
	got, err := readErrand(e.text())
	if err != nil || !got.ByRoot || got.User != 7 || got.State != "/s" || len(got.Keys) != 1 || *got.Key != *e.Key || got.Full != nil {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := readErrand([]byte("[]")); err == nil {
		t.Error("another text was taken")
	}
}

// TestOutputs: what is checked gets its place only where nothing speaks against it, and what
// stands for something else is not looked at.
func TestOutputs(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("settings", []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ write, want string }{{"wrong", "old"}, {strings.Repeat("x", checkedLimit+1), "old"}, {"new", "new"}} {
		target, err := outfile.Open("settings", 0o600)
		if err != nil {
			t.Fatal(err)
		}
		out, err := Checked(target, func(text, old []byte) error {
			if string(old) != "old" || string(text) == "wrong" {
				return errors.New("it is not what was meant")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = out.Descriptor().WriteString(c.write)
		if err == nil {
			err = out.Commit()
		}
		if text, _ := os.ReadFile("settings"); string(text) != c.want || (err == nil) != (c.want == c.write) {
			t.Errorf("%.10s: %q %v", c.write, text, err)
		}
	}
	kept := 0
	out, err := Instead(func() error { kept++; return fs.ErrExist })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Descriptor().WriteString("a key that it does not know"); err != nil {
		t.Error(err)
	}
	if err := out.Commit(); !errors.Is(err, fs.ErrExist) || kept != 1 {
		t.Errorf("%d %v", kept, err)
	}
}
