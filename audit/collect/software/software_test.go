package software

import (
	"context"
	"crypto/md5" //nolint:gosec // what dpkg records
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// machine has an owned and changed helper, an owned rule, a maker's service of no
// package, and files that are none of these.
func machine() fstest.MapFS {
	const helper, rule = "usr/bin/nvidia-modprobe", "usr/lib/udev/rules.d/60-nvidia.rules"
	ruleText := "ACTION==\"add\", RUN+=\"/usr/bin/nvidia-modprobe\"\n"
	return fstest.MapFS{
		helper: {Data: []byte("changed"), Mode: fs.ModeSetuid | 0o755},
		rule:   {Data: []byte(ruleText)},
		"usr/lib/systemd/system/xpurt-daemon.service":           {Data: []byte("[Service]\nExecStart=/opt/x/daemon\n")},
		"usr/lib/systemd/system/nvidia-persistenced.service":    {Data: []byte("[Service]\nUser=nvpd\n")},
		"usr/lib/systemd/system/ssh.service":                    {Data: []byte("[Service]\n")},
		"usr/lib/systemd/system/nvidia-suspend.service.d":       {Mode: fs.ModeDir | 0o755},
		"etc/modprobe.d/nvidia.conf":                            {Data: []byte("install nvidia /bin/true\n")},
		"etc/modprobe.d/amdgpu.conf":                            {Data: []byte("options amdgpu dc=1\n")},
		"usr/lib/x86_64-linux-gnu/libcuda.so.1":                 {Data: []byte("library")},
		"usr/bin/mthreads-gmi":                                  {Data: []byte("not set to root"), Mode: 0o755},
		"var/lib/dpkg/status":                                   {Data: []byte("Package: nvidia-utils\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n")},
		"var/lib/dpkg/info/nvidia-utils.list":                   {Data: []byte("/.\n/" + helper + "\n/" + rule + "\n")},
		"var/lib/dpkg/info/nvidia-utils.md5sums":                {Data: fmt.Appendf(nil, "%x  %s\n%x  %s\n", md5.Sum([]byte("as shipped")), helper, md5.Sum([]byte(ruleText)), rule)},
		"usr/share/containers/oci/hooks.d/oci-nvidia-hook.json": {Data: []byte("{}")},
	}
}

// TestMakers: the words say what a pattern that folds letters says.
func TestMakers(t *testing.T) {
	pattern := regexp.MustCompile(`(?i)` + strings.Join(makersWords[:], "|"))
	names := []string{"", "ssh.service", "NVIDIA-Persistenced.service", "x.cuda.conf", "moſa", "muſa.conf", "ſmuſa", "Kunlun.rules", "moore-threads", "MOORETHREADS", "moore_threads", "xpu-smi", "XPU_SMI", "rocm\xff", "\xffasCend\xfe", "İntel", "haiıo", "hailo"}
	for _, w := range makersWords {
		names = append(names, w, strings.ToUpper(w), "a"+w[:1]+w+"z", w[:len(w)-1], w[1:])
	}
	for _, name := range names {
		if makers(name) != pattern.MatchString(name) {
			t.Errorf("%q: %v", name, makers(name))
		}
	}
}

// TestHostInFewMessages: of a machine that another process shows, folders and files are
// looked at together.
func TestHostInFewMessages(t *testing.T) {
	far := hosttest.Far{FS: hosttest.New().FS, Messages: &hosttest.Count{}}
	if err := host(t.Context(), &collect.Env{FS: far}, &inventory.Host{}); err != nil {
		t.Fatal(err)
	}
	// One fetches, and three ask whether lib is a link.
	if n := far.Messages.N(); n > 4 {
		t.Errorf("%d messages", n)
	}
}

func TestHost(t *testing.T) {
	var h inventory.Host
	if err := host(t.Context(), &collect.Env{FS: machine()}, &h); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range h.Software {
		owner := "?"
		if f.PackageOwned != nil {
			owner = fmt.Sprint(*f.PackageOwned)
		}
		if f.Package != nil && f.Package.Digest != nil {
			owner += " " + *f.Package.Digest
		}
		got = append(got, fmt.Sprintf("%s %s root=%t %s", f.Path, f.Role, f.Root, owner))
	}
	want := []string{
		"etc/modprobe.d/amdgpu.conf modprobe root=false false",
		"etc/modprobe.d/nvidia.conf modprobe root=true false",
		"usr/bin/nvidia-modprobe setuid root=true true mismatch",
		"usr/lib/systemd/system/nvidia-persistenced.service service root=false false",
		"usr/lib/systemd/system/xpurt-daemon.service service root=true false",
		"usr/lib/udev/rules.d/60-nvidia.rules udev root=true true match",
		"usr/lib/x86_64-linux-gnu/libcuda.so.1 library root=false false",
		"usr/share/containers/oci/hooks.d/oci-nvidia-hook.json hook root=true false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if len(h.Gaps) > 0 {
		t.Errorf("gaps: %+v", h.Gaps)
	}
}

// TestNothingToLookAt: a copy of a machine without the folders says nothing of its
// software; one with the folders says that there is none; one without a database says
// of no file whose it is.
func TestNothingToLookAt(t *testing.T) {
	var h inventory.Host
	if err := host(t.Context(), &collect.Env{FS: fstest.MapFS{}}, &h); err != nil || h.Software != nil || len(h.Gaps) != 1 || h.Gaps[0].Reason != inventory.ReasonNotPresent {
		t.Errorf("%v %+v %+v", err, h.Software, h.Gaps)
	}
	h = inventory.Host{}
	if err := host(t.Context(), &collect.Env{FS: fstest.MapFS{"etc/udev/rules.d": {Mode: fs.ModeDir | 0o755}}}, &h); err != nil || h.Software == nil || len(h.Software) > 0 || len(h.Gaps) > 0 {
		t.Errorf("%v %+v %+v", err, h.Software, h.Gaps)
	}
	m := machine()
	for name := range m {
		if len(name) > 7 && name[:7] == "var/lib" {
			delete(m, name)
		}
	}
	h = inventory.Host{}
	if err := host(t.Context(), &collect.Env{FS: m}, &h); err != nil || len(h.Software) != 8 || h.Software[0].PackageOwned != nil || len(h.Gaps) != 1 {
		t.Errorf("%v %+v %+v", err, h.Software, h.Gaps)
	}
}

// TestRecorded: facts of a capture are held to what a search gives.
func TestRecorded(t *testing.T) {
	for name, text := range map[string]string{
		"another role":     `{"looked":true,"files":[{"path":"a","role":"driver","root":true}]}`,
		"a way out":        `{"looked":true,"files":[{"path":"../a","role":"hook","root":true}]}`,
		"no JSON":          `{`,
		"twice the member": `{"looked":true,"looked":false}`,
	} {
		var h inventory.Host
		if err := host(t.Context(), recorded([]byte(text)), &h); err != nil || h.Software != nil || len(h.Gaps) != 1 || h.Gaps[0].Reason != inventory.ReasonMalformed {
			t.Errorf("%s: %v %+v %+v", name, err, h.Software, h.Gaps)
		}
	}
	var many found
	for range maxFiles + 1 {
		many.Files = append(many.Files, inventory.SoftwareFile{Path: "a", Role: inventory.SoftwareHook})
	}
	if err := many.check(); err == nil {
		t.Error("more files than a search gives were taken")
	}
}

// recorded is a capture that states facts.
func recorded(text []byte) *collect.Env {
	return &collect.Env{FS: fstest.MapFS{}, Derive: func(context.Context, string, string, func() ([]byte, error)) ([]byte, error) { return text, nil }}
}

// FuzzRecorded: whatever a capture states, nothing but valid facts come out.
func FuzzRecorded(f *testing.F) {
	f.Add([]byte(`{"looked":true,"files":[{"path":"usr/bin/nvidia-modprobe","role":"setuid","root":true,"package_owned":true}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var h inventory.Host
		if err := host(t.Context(), recorded(text), &h); err != nil {
			t.Fatal(err)
		}
		for _, s := range h.Software {
			if !fs.ValidPath(s.Path) {
				t.Errorf("%q", s.Path)
			}
		}
	})
}
