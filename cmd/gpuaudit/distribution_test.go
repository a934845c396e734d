package main

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/kmod"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// TestDistribution: to a live scan by the program that ships, as root and as a user, what a
// distribution installs is what its own packages say, behind its own links and in its own
// forms: makers' software, kernel modules, firmware. For the kernel's sys and proc, this
// project's desktop stands there.
func TestDistribution(t *testing.T) {
	root := os.Getenv("GPUAUDIT_DISTRIBUTION")
	if root == "" {
		t.Skip("GPUAUDIT_DISTRIBUTION names no tree of a distribution: .ci/distribution DIR makes one and runs this")
	}
	kernels, err := filepath.Glob(filepath.Join(root, "usr/lib/modules/*/modules.dep"))
	if err != nil || len(kernels) != 1 {
		t.Fatalf("%d kernels are in %s, want 1: %v", len(kernels), root, err)
	}
	release := filepath.Base(filepath.Dir(kernels[0]))
	h, err := hosttest.Desktop("debian", "amd")
	mustDo(t, err)
	maps.DeleteFunc(h.FS, func(name string, _ *fstest.MapFile) bool {
		return !strings.HasPrefix(name, "sys/") && !strings.HasPrefix(name, "proc/")
	})
	for _, f := range h.FS {
		f.Data = bytes.ReplaceAll(f.Data, []byte("6.1.0-40-amd64"), []byte(release))
	}
	name := filepath.Join(root, "usr/lib/modules", release, "kernel/drivers/gpu/drm/amd/amdgpu/amdgpu.ko")
	module, err := os.ReadFile(name)
	if err != nil { // Ubuntu's are compressed
		module, err = exec.Command("zstd", "-qdc", name+".zst").Output()
	}
	mustDo(t, err)
	id, err := kmod.BuildID(module)
	mustDo(t, err)
	h.File("sys/module/amdgpu/notes/.note.gnu.build-id", string(hosttest.BuildNote(id)))
	mustDo(t, os.RemoveAll(filepath.Join(root, "sys")), os.RemoveAll(filepath.Join(root, "proc")), h.WriteTo(root))

	_ = os.Remove(filepath.Join(root, "opt/gpuaudit"))
	mustDo(t, os.WriteFile(filepath.Join(root, "opt/gpuaudit"), contentOf(t, builtProgram(t)), 0o755))
	for who, uid := range map[string]int{"root": 0, "nobody": nobody} {
		t.Run(who, func(t *testing.T) {
			// Without its ROM, which nothing enables here, a card is not decided.
			code, text, _ := visit{Tree: root, Dir: "/", UID: uid, Args: []string{"scan", "-q", "--now", "2026-11-24T00:00:00Z", "-o", "json", "--require-confinement"}}.run(t)
			r := decodeReport(t, code, text)
			checkDistribution(t, r.report)
		})
	}
}

// checkDistribution: everything has a package, and is what that laid down.
func checkDistribution(t *testing.T, r *report.Report) {
	t.Helper()
	host := &r.Inventory.Host
	if len(host.Software) < 5 || slices.ContainsFunc(host.Gaps, func(g inventory.Gap) bool { return g.Fact == "/software" }) {
		t.Errorf("%d files of makers, gaps %+v", len(host.Software), host.Gaps)
	}
	for _, f := range host.Software {
		if f.PackageOwned == nil || !*f.PackageOwned || f.Package.Digest != nil && *f.Package.Digest != "match" {
			t.Errorf("%s: owned %v by %+v", f.Path, f.PackageOwned, f.Package)
		}
	}
	d := &r.Inventory.Devices[0]
	if m := d.Driver.Module; m.File == nil || m.File.Package == nil || inventory.Text(m.File.Package.Digest) != "match" || m.File.Signature == nil || !m.File.Signature.Present {
		t.Errorf("the driver: %+v", m)
	}
	for _, id := range []string{"GA-BD-012", "GA-BD-015", "GA-BD-016", "GA-BD-080"} {
		if s := statusOf(r, id); s != finding.Pass {
			t.Errorf("%s: %s", id, s)
		}
	}
}
