package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/hosttest"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
	"github.com/gpuaudit/gpuaudit/audit/report"
)

// libraryFiles are what a program linked with glibc needs, by architecture.
var libraryFiles = map[string]struct{ loader, dir string }{
	"amd64": {"/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu"},
	"arm64": {"/lib/ld-linux-aarch64.so.1", "/lib/aarch64-linux-gnu"},
}

// nvidiaTree is a machine with a card that NVIDIA's driver runs, the program that asks its
// library, and a library of the project's own that answers for it.
func nvidiaTree(t *testing.T) string {
	t.Helper()
	return nvidiaTreeOf(t, hosttest.NVIDIACard("0000:01:00.0"))
}

// nvidiaTreeOf is the same with a card of one's own, and a library built with macros.
func nvidiaTreeOf(t *testing.T, c hosttest.Card, macros ...string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler (cc) to build a library to load")
	}
	files := libraryFiles[runtime.GOARCH]
	h := hosttest.New().Add(c).Link("sys/bus/pci/drivers/nvidia/"+c.Address, "sys/bus/pci/devices/"+c.Address).
		File("proc/version", "Linux version 6.1.0-40-amd64\n")
	tree := machineTree(t, h)
	program := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(tree, "opt/gpuaudit-nvml"), "../gpuaudit-nvml")
	program.Env = append(os.Environ(), "CGO_ENABLED=0")
	for _, dir := range []string{"dev", "etc", "run", "usr/lib64", filepath.Dir(files.loader), files.dir} {
		if err := os.MkdirAll(filepath.Join(tree, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, cmd := range []*exec.Cmd{program, library(cc, tree, macros...)} {
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, text)
		}
	}
	mustDo(t, unix.Mknod(filepath.Join(tree, "dev/null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	copyInto(t, tree, files.loader)
	for _, name := range []string{"libc.so.6", "libdl.so.2", "libpthread.so.0"} {
		copyInto(t, tree, filepath.Join(files.dir, name))
	}
	return tree
}

// library builds the library of a tree.
func library(cc, tree string, macros ...string) *exec.Cmd {
	args := append([]string{"-shared", "-fPIC", "-o", filepath.Join(tree, "usr/lib64/libnvidia-ml.so.1")}, macros...)
	return exec.Command(cc, append(args, "../../audit/collect/nvml/library/testdata/nvml.c")...)
}

// copyInto copies a file of this machine to its place in a tree.
func copyInto(t *testing.T, tree, name string) {
	t.Helper()
	from, err := os.Open(name)
	if err != nil {
		t.Skipf("this machine has no glibc where Debian has it: %v", err)
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(tree, name), os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
}

// told is what the report of a scan says of NVML: how much memory, and why it said nothing.
func told(r *report.Report) (memory string, gap *inventory.Gap) {
	for i := range r.Inventory.Devices {
		d := &r.Inventory.Devices[i]
		for _, m := range d.Memory {
			memory += fmt.Sprintf("%s %d", m.Source, m.Bytes)
		}
		for j := range d.Gaps {
			if d.Gaps[j].Source == "nvml" {
				gap = &d.Gaps[j]
			}
		}
	}
	return memory, gap
}

// TestNVMLIsAskedInEveryScan of a live machine where its program is installed.
func TestNVMLIsAskedInEveryScan(t *testing.T) {
	t.Parallel()
	tree := nvidiaTree(t)
	const now = "2026-11-24T00:00:00Z"
	const answer = "nvml 25757220864"
	program, library := filepath.Join(tree, "opt/gpuaudit-nvml"), filepath.Join(tree, "usr/lib64/libnvidia-ml.so.1")
	scan := func(uid int, flags ...string) (memory string, gap *inventory.Gap, table, said string) {
		t.Helper()
		v := visit{Tree: tree, Dir: "/work", UID: uid, Args: append([]string{"scan", "--now", now, "-o", "json", "-o", "table=/work/table"}, flags...)}
		code, text, errs := v.run(t)
		lines, err := os.ReadFile(filepath.Join(tree, "work/table"))
		if err != nil {
			t.Fatalf("exit %d: %s", code, errs)
		}
		if err := os.Remove(filepath.Join(tree, "work/table")); err != nil {
			t.Fatal(err)
		}
		memory, gap = told(decodeReport(t, code, text).report)
		return memory, gap, strings.Join(strings.Fields(string(lines)), " "), errs
	}
	for _, uid := range []int{0, nobody} {
		if memory, gap, _, said := scan(uid); memory != answer || gap != nil {
			t.Errorf("user %d: %q, gap %+v: %s", uid, memory, gap, said)
		}
	}
	if memory, _, _, said := scan(0, "--full"); memory != answer || !strings.Contains(said, "touches: NVIDIA's driver is asked by /opt/gpuaudit-nvml") {
		t.Errorf("--full: %q: %s", memory, said)
	}
	if memory, gap, table, said := scan(0, "--no-nvml"); memory != "" || gap != nil || !strings.Contains(table, "Install gpuaudit-nvml beside gpuaudit") || strings.Contains(said, "NVIDIA") {
		t.Errorf("declined: %q, %+v: %s\n%s", memory, gap, said, table)
	}
	// A capture of the machine holds what a scan of it has, judged apart or not.
	for _, flags := range [][]string{nil, {"--redact"}} {
		v := visit{Tree: tree, Dir: "/work", Args: append([]string{"capture", "-q", "--now", now, "--output", "/work/c.tar.gz"}, flags...)}
		if code, _, errs := v.run(t); code != 0 {
			t.Fatalf("capture: exit %d: %s", code, errs)
		}
		v.Args = []string{"scan", "-q", "--now", now, "--capture", "/work/c.tar.gz", "-o", "json"}
		code, text, _ := v.run(t)
		if memory, _ := told(decodeReport(t, code, text).report); memory != answer {
			t.Errorf("capture %v: %q", flags, memory)
		}
	}
	// Why it says nothing stands in the report, and what to do.
	mustDo(t, os.Chmod(program, 0o777))
	if memory, gap, table, said := scan(0); memory != "" || gap == nil || !strings.Contains(said, "others than its owner may write /opt/gpuaudit-nvml") || !strings.Contains(table, "Mend what kept gpuaudit-nvml from answering") {
		t.Errorf("one that others may write: %q, %+v: %s\n%s", memory, gap, said, table)
	}
	mustDo(t, os.Chmod(program, 0o755), os.Rename(library, library+".away"))
	if memory, gap, _, _ := scan(0); memory != "" || gap == nil || gap.Reason != inventory.ReasonIOError || !strings.Contains(gap.Detail, "find libnvidia-ml.so.1") {
		t.Errorf("no library: %q, %+v", memory, gap)
	}
	mustDo(t, os.Rename(library+".away", library), os.Remove(program))
	if memory, gap, table, said := scan(0); memory != "" || gap != nil || !strings.Contains(table, "Install gpuaudit-nvml beside gpuaudit") || strings.Contains(said, "not read") {
		t.Errorf("not installed: %q, %+v: %s\n%s", memory, gap, said, table)
	}
}

func mustDo(t *testing.T, errs ...error) {
	t.Helper()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		t.Fatal(errs[i])
	}
}
