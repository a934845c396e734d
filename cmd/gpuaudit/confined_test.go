package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"

	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/machine"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// nobody is a user without rights.
const nobody = 65534

// visit is one start of the program in a machine of its own. It goes to a child in
// GPUAUDIT_TEST_VISIT.
type visit struct {
	Tree, Dir string // the machine's files, and the working directory in it
	UID       int
	Args      []string
	Env       []string
	// Try are paths of which, instead, the confined process says whether it can read
	// them.
	Try []string
}

// enterMachine makes this process, if it was started for that, the program in a
// machine of its own: in a mount namespace whose root has each folder of a tree as
// a mount, as machines have /sys, /proc and /usr. The tree's opt/gpuaudit is run.
func enterMachine() {
	text := os.Getenv("GPUAUDIT_TEST_VISIT")
	if text == "" {
		return
	}
	var v visit
	err := json.Unmarshal([]byte(text), &v)
	if err == nil {
		err = v.enter()
	}
	fmt.Fprintln(os.Stderr, "cannot enter the machine:", err)
	os.Exit(99)
}

func (v visit) enter() error {
	root := v.Tree + ".root"
	errs := []error{
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("machine", root, "tmpfs", 0, "mode=1777"),
	}
	entries, err := os.ReadDir(v.Tree)
	errs = append(errs, err)
	for _, e := range entries {
		from, to := filepath.Join(v.Tree, e.Name()), filepath.Join(root, e.Name())
		if e.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(from)
			errs = append(errs, err, os.Symlink(target, to))
			continue
		}
		if e.Name() == "proc" {
			errs = append(errs, os.Mkdir(to, 0o755), mountProc(from, to))
			continue
		}
		errs = append(errs, os.Mkdir(to, 0o755), unix.Mount(from, to, "", unix.MS_BIND, ""))
	}
	old := filepath.Join(root, ".old")
	errs = append(errs, os.Mkdir(old, 0o700), unix.PivotRoot(root, old), os.Chdir("/"),
		unix.Unmount("/.old", unix.MNT_DETACH), os.Remove("/.old"), os.Chdir(v.Dir))
	if v.UID != 0 {
		errs = append(errs, unix.Setgroups(nil), syscall.Setgid(v.UID), syscall.Setuid(v.UID))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if v.Try != nil {
		return v.try()
	}
	return unix.Exec("/opt/gpuaudit", append([]string{"gpuaudit"}, v.Args...), v.Env)
}

// mountProc is the kernel's own proc, from which the program starts its judge, with what
// the machine's has laid over it.
func mountProc(from, to string) error {
	entries, err := os.ReadDir(from)
	errs := []error{err, unix.Mount("proc", to, "proc", 0, "")}
	for _, e := range entries {
		if e.Name() == "self" {
			continue // the program would not find itself there, and would start no judge
		}
		errs = append(errs, unix.Mount(filepath.Join(from, e.Name()), filepath.Join(to, e.Name()), "", unix.MS_BIND, ""))
	}
	return errors.Join(errs...)
}

// try confines this process as a scan does and says what it can still read.
func (v visit) try() error {
	(&app{}).confine(append(machine.LiveRights(), machine.Writable("/work"))...)
	answers := map[string]string{}
	for _, name := range v.Try {
		answers[name] = "read"
		if _, err := os.ReadFile(name); err != nil {
			answers[name] = errors.Unwrap(err).Error()
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		return err
	}
	os.Exit(0)
	return nil
}

// command is the program in its machine, to be started: it is the process that is started.
func (v visit) command(t testing.TB) *exec.Cmd {
	t.Helper()
	if err := os.MkdirAll(v.Tree+".root", 0o755); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"GPUAUDIT_TEST_VISIT=" + string(text)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	return cmd
}

// run starts the program in its machine and returns its exit code and what it said.
func (v visit) run(t testing.TB) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := v.command(t)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == 99 {
		t.Fatalf("%v: %v\n%s", v.Args, err, &errs)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// machineTree lays a host out for visits, with the built program in it.
func machineTree(t testing.TB, h *hosttest.Host) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make a machine of its own to run the program in: run the tests as root")
	}
	probe := exec.Command(os.Args[0], "-test.run=^$")
	probe.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if err := probe.Run(); err != nil {
		t.Skipf("no mount namespace is to be had here: %v", err)
	}
	if version, _, no := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION); no != 0 {
		t.Skipf("this kernel has no Landlock (%v), so nothing is confined", no)
	} else {
		t.Logf("Landlock ABI %d", version)
	}
	tree := filepath.Join(t.TempDir(), "tree")
	if err := h.WriteTo(tree); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"opt", "tmp", "work", "root", "home/user"} {
		if err := os.MkdirAll(filepath.Join(tree, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	errs := []error{
		os.Chmod(filepath.Dir(tree), 0o755), os.Chmod(filepath.Dir(filepath.Dir(tree)), 0o755),
		os.Chmod(filepath.Join(tree, "tmp"), 0o1777), os.Chmod(filepath.Join(tree, "work"), 0o777), os.Chmod(filepath.Join(tree, "root"), 0o700),
		os.Link(builtProgram(t), filepath.Join(tree, "opt/gpuaudit")),
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return tree
}

// builtProgram builds the program once for all tests: static, as it is shipped, and with
// the packages that the tests compiled already (-trimpath would compile each anew).
func builtProgram(t testing.TB) string {
	t.Helper()
	name, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

var build = sync.OnceValues(func() (string, error) {
	name := filepath.Join(programDir, "shipped")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", name, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, text)
	}
	return name, nil
})

// usual is a machine as distributions lay them out, with what a scan reads behind
// links and outside of its usual places, and a driver that is not what its package
// laid down.
func usual() *hosttest.Host {
	h := hosttest.Good().MergedUsr()
	const modules = "usr/lib/modules/6.1.0-40-amd64/"
	h.File(modules+"kernel/drivers/gpu/amdgpu.ko", string(hosttest.ELF(map[string]string{
		"name": "amdgpu", "license": "GPL", "srcversion": "0123456789ABCDEF0123456", "intree": "Y", "firmware": "amdgpu/a.bin",
	})))
	h.File("usr/lib/firmware/amdgpu/other.bin", "here")
	// A second card, whose driver lies behind a link that leaves the usual folders,
	// and whose firmware is where the kernel was told to look.
	c := hosttest.NVIDIACard("0000:04:00.0")
	c.Bridges = []hosttest.Bridge{{Address: "0000:00:01.4", Vendor: "8086", Device: "a70d"}}
	h.Add(c)
	h.File("srv/dkms/nvidia.ko", string(hosttest.ELF(map[string]string{"name": "nvidia", "version": "580.95.05", "firmware": "nvidia/gsp.bin"})))
	h.Link(modules+"updates/nvidia.ko", "srv/dkms/nvidia.ko")
	h.File(modules+"modules.dep", "kernel/drivers/gpu/amdgpu.ko:\nupdates/nvidia.ko:\n")
	h.File("sys/module/firmware_class/parameters/path", "/srv/firmware\n")
	h.File("srv/firmware/nvidia/gsp.bin", "gsp").File("srv/firmware/amdgpu/a.bin", "a")
	h.File("etc/shadow", "root:*:1::::::\n")
	// Makers' software as Debian lays it out: behind alternatives, and a unit that somebody
	// masked.
	h.Alternative("etc/modprobe.d/nvidia.conf", "etc/nvidia/current/nvidia-modprobe.conf").File("etc/nvidia/current/nvidia-modprobe.conf", "install nvidia modprobe -i nvidia-current\n")
	h.Alternative("opt/rocm", "opt/rocm-6.3").File("opt/rocm-6.3/lib/libamdhip64.so", "hip")
	h.File("var/lib/dpkg/info/nvidia-support.list", "/.\n/etc\n/etc/nvidia/current/nvidia-modprobe.conf\n/opt/rocm-6.3/lib/libamdhip64.so\n")
	h.FS["etc/systemd/system/nvidia-persistenced.service"] = &fstest.MapFile{Data: []byte("/dev/null"), Mode: fs.ModeSymlink | 0o777}
	return h
}

// TestLiveScanSeesWhatACaptureSees: a confined scan of the running machine has the
// facts that a capture of it has, whoever runs it, wherever it is started and
// wherever its report goes.
func TestLiveScanSeesWhatACaptureSees(t *testing.T) {
	t.Parallel()
	tree := machineTree(t, usual())
	chmods := map[string]fs.FileMode{"sys/class/dmi/id/product_serial": 0o400, "etc/shadow": 0o600}
	for name, mode := range chmods {
		if err := os.Chmod(filepath.Join(tree, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string][]string{
		"":                {"PATH=/usr/bin"},
		"with a home":     {"HOME=/home/user", "XDG_CACHE_HOME=/home/user/.cache", "PATH=/usr/bin", "LANG=C"},
		"with ghw's wish": {"GHW_CHROOT=/nonexistent", "GHW_DISABLE_TOOLS=1", "HOME=/nonexistent"},
	}
	const now = "2026-11-24T00:00:00Z"
	for _, uid := range []int{0, nobody} {
		want := capturedReport(t, tree, uid, now)
		checkUsual(t, uid, want)
		for _, tc := range []struct{ dir, output, env string }{
			{"/", "", ""}, {"/work", "", "with a home"}, {"/work", "report", "with ghw's wish"}, {"/usr/lib", "../../tmp/report", ""},
			{"/", "report", ""}, {"/root", "report", ""}, {"/usr", "lib/report", ""}, {"/tmp", "/etc/report", ""},
		} {
			if uid != 0 && (tc.dir == "/root" || tc.dir == "/usr" || tc.output == "/etc/report") {
				continue // nobody may write there
			}
			t.Run(fmt.Sprintf("uid=%d/dir=%s/output=%s", uid, tc.dir, tc.output), func(t *testing.T) {
				v := visit{Tree: tree, Dir: tc.dir, UID: uid, Env: env[tc.env], Args: []string{"scan", "-q", "--now", now, "-o", "json"}}
				if tc.output != "" {
					v.Args = append(v.Args, "-o", "table="+tc.output)
				}
				code, text, errs := v.run(t)
				if errs != "" {
					t.Errorf("it says %s", errs)
				}
				want.same(t, code, text)
			})
		}
	}
}

// TestConfinedReads: what no collector declares stays closed, to root too.
func TestConfinedReads(t *testing.T) {
	t.Parallel()
	if withCgo {
		t.Skip("this test was built with cgo, and what ships is not: run it with CGO_ENABLED=0")
	}
	h := usual().File("home/user/key", "secret").File("usr/share/doc/x", "text").File("usr/lib/other/x", "text").File("srv/other", "text").File("var/lib/other", "text").File("work/other", "text")
	tree := machineTree(t, h)
	want := map[string]string{
		"/etc/shadow": "permission denied", "/home/user/key": "permission denied", "/usr/share/doc/x": "permission denied", "/usr/lib/other/x": "permission denied",
		"/srv/other": "permission denied", "/var/lib/other": "permission denied", "/work/other": "permission denied", "/etc/none": "no such file or directory",
		"/etc/os-release": "read", "/usr/lib/os-release": "read", "/lib/modules/6.1.0-40-amd64/modules.dep": "read", "/srv/dkms/nvidia.ko": "read",
		"/srv/firmware/nvidia/gsp.bin": "read", "/var/lib/dpkg/status": "read", "/proc/cmdline": "read", "/sys/bus/pci/devices/0000:03:00.0/vendor": "read",
	}
	v := visit{Tree: tree, Dir: "/work"}
	for name := range want {
		v.Try = append(v.Try, name)
	}
	code, text, errs := v.run(t)
	var got map[string]string
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("exit %d, %v: %s", code, err, errs)
	}
	for name, what := range want {
		if got[name] != what {
			t.Errorf("%s: %s, want %s", name, got[name], what)
		}
	}
}

// audited is a report and the exit code that came with it.
type audited struct {
	code                int
	inventory, findings string
	report              *report.Report
}

func decodeReport(t testing.TB, code int, text string) audited {
	t.Helper()
	var parts struct{ Inventory, Findings json.RawMessage }
	r := &report.Report{}
	if err := errors.Join(json.Unmarshal([]byte(text), &parts), json.Unmarshal([]byte(text), r)); err != nil {
		t.Fatalf("exit %d, no report: %v: %.300s", code, err, text)
	}
	return audited{code, string(parts.Inventory), string(parts.Findings), r}
}

func (want audited) same(t testing.TB, code int, text string) {
	t.Helper()
	got := decodeReport(t, code, text)
	if got.inventory != want.inventory {
		t.Errorf("the inventory differs:\n%s", firstDifference(want.inventory, got.inventory))
	}
	if got.findings != want.findings {
		t.Errorf("the findings differ:\n%s", firstDifference(want.findings, got.findings))
	}
	if got.code != want.code {
		t.Errorf("exit %d and not %d", got.code, want.code)
	}
}

func firstDifference(a, b string) string {
	was, is := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			from := max(0, i-4)
			return "captured:\n" + strings.Join(was[from:min(i+4, len(was))], "\n") + "\nlive:\n" + strings.Join(is[from:min(i+4, len(is))], "\n")
		}
	}
	return fmt.Sprintf("%d and %d lines", len(was), len(is))
}

// capturedReport captures the machine, which nothing confines, and scans the
// capture.
func capturedReport(t testing.TB, tree string, uid int, now string) audited {
	t.Helper()
	v := visit{Tree: tree, Dir: "/work", UID: uid, Args: []string{"capture", "-q", "--now", now, "--output", "/work/c.tar.gz"}}
	if code, _, errs := v.run(t); code != 0 {
		t.Fatalf("capture: exit %d: %s", code, errs)
	}
	v.Args = []string{"scan", "-q", "--now", now, "-o", "json", "--capture", "/work/c.tar.gz"}
	code, text, errs := v.run(t)
	if code == exitUsage {
		t.Fatalf("scan of the capture: %s", errs)
	}
	if err := os.Remove(filepath.Join(tree, "work/c.tar.gz")); err != nil {
		t.Fatal(err)
	}
	return decodeReport(t, code, text)
}

// checkUsual says that the capture has what is hard to reach, so that equality is
// worth something.
func checkUsual(t testing.TB, uid int, r audited) {
	t.Helper()
	inv := r.report.Inventory
	if inv.Host.OS == nil || len(inv.Devices) != 2 {
		t.Fatalf("operating system %v, %d devices", inv.Host.OS, len(inv.Devices))
	}
	for i := range inv.Devices {
		d := &inv.Devices[i]
		if d.Driver == nil || d.Driver.Module == nil || d.Driver.Module.File == nil || d.Driver.Module.File.PackageOwned == nil {
			t.Errorf("%s: driver %+v, gaps %v", d.Address, d.Driver, d.Gaps)
		}
		if len(d.Firmware.Runtime) != 1 || d.Firmware.Runtime[0].SHA256 == nil {
			t.Errorf("%s: firmware %+v", d.Address, d.Firmware.Runtime)
		}
	}
	owned := 0
	for _, f := range inv.Host.Software {
		if f.Package != nil && f.Package.Name == "nvidia-support" {
			owned++
		} else {
			t.Errorf("software %+v", f)
		}
	}
	if open := slices.ContainsFunc(inv.Host.Gaps, func(g inventory.Gap) bool { return g.Fact == "/software" }); owned != 2 || open {
		t.Errorf("%d files of makers have a package, want 2: %+v, gaps %v", owned, inv.Host.Software, inv.Host.Gaps)
	}
	denied := slices.ContainsFunc(inv.Host.Gaps, func(g inventory.Gap) bool { return g.Reason == inventory.ReasonPermission })
	if denied != (uid != 0) || denied && (inv.Host.ReadByRoot == nil || *inv.Host.ReadByRoot) {
		t.Errorf("user %d: read by root %v, gaps %v", uid, inv.Host.ReadByRoot, inv.Host.Gaps)
	}
	failed := map[string]bool{}
	for _, f := range r.report.Findings {
		failed[f.ID] = failed[f.ID] || f.Status == "fail"
	}
	for _, id := range []string{"GA-BD-012", "GA-BD-015", "GA-BD-045"} {
		if !failed[id] {
			t.Errorf("%s does not fail", id)
		}
	}
}

// TestSettingsReachTheJudge: files of settings, and the packs that they name, count where
// they are read by another process. Whose they are, the process outside has checked.
func TestSettingsReachTheJudge(t *testing.T) {
	t.Parallel()
	tree := machineTree(t, hosttest.Good())
	pack := contentOf(t, "../../rules/packs/strict.yaml")
	for name, text := range map[string]string{
		"etc/gpuaudit/config.yaml": "pack: site.yaml\n", "etc/gpuaudit/site.yaml": strings.Replace(string(pack), "name: strict", "name: site", 1) + "\nmanaged:\n  expect: 1\n",
		"home/user/.config/gpuaudit/config.yaml": "expect: 1\n", "home/user/evil/gpuaudit/config.yaml": "expect: 1\n", "home/alice/.config/gpuaudit/config.yaml": "expect: 1\n",
	} {
		name = filepath.Join(tree, name)
		noError(t, errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)))
	}
	noError(t, os.Chmod(filepath.Join(tree, "home/user/evil/gpuaudit/config.yaml"), 0o666))
	noError(t, os.Chown(filepath.Join(tree, "home/alice"), 12345, 12345)) // what is below is root's
	for _, tc := range []struct {
		args string
		home string
		code int
		says string
	}{
		{"scan -q --require-confinement -o json", "HOME=/home/user", exitFailed, `"name": "site"`},
		{"scan -q --require-confinement -o json --pack strict", "HOME=/home/user", exitUsage, "which /etc/gpuaudit/config.yaml:1 names and which is managed"},
		{"scan -q", "XDG_CONFIG_HOME=/home/user/evil", exitUsage, "others than its owner may write it"},
		{"scan -q", "HOME=/home/alice", exitUsage, "/home/alice: it belongs to user 12345"},
	} {
		v := visit{Tree: tree, Dir: "/work", Args: strings.Fields(tc.args), Env: []string{tc.home}}
		code, out, errs := v.run(t)
		if code == exitUsage != (tc.code == exitUsage) || !strings.Contains(out+errs, tc.says) {
			t.Errorf("%s: code %d, %s%.300s", tc.args, code, errs, out)
		}
	}
}
