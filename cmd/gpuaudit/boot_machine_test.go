package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/tpm"
)

// machineSpec is a machine to boot in QEMU: software emulation, OVMF, swtpm,
// Debian's kernel, and an initrd that holds this program and busybox.
type machineSpec struct {
	// cards are devices of QEMU, with %s where the folder with the ROMs goes.
	cards []string
	noTPM bool
	// guest is run before the machine is captured, by busybox's shell.
	guest string
}

// What a boot needs beside the kernel, whose file GPUAUDIT_KERNEL names (make
// e2e fetches it, and the kernel's efivarfs.ko beside it), and the program, which
// GPUAUDIT_BIN names.
var bootTools = map[string]string{"qemu-system-x86_64": "qemu-system-x86", "swtpm": "swtpm", "swtpm_setup": "swtpm-tools", "cpio": "cpio", "gzip": "gzip", "busybox": "busybox-static"}

const ovmf = "/usr/share/OVMF/"

// softwareMachine is what stays the same over the boots of one machine: its TPM.
type softwareMachine struct {
	dir, kernel, bin string
	enrolled         bool
}

func newMachine(t *testing.T) *softwareMachine {
	t.Helper()
	m := &softwareMachine{kernel: os.Getenv("GPUAUDIT_KERNEL"), bin: os.Getenv("GPUAUDIT_BIN")}
	if m.kernel == "" || m.bin == "" {
		t.Skip("GPUAUDIT_KERNEL and GPUAUDIT_BIN name no kernel and no program: make e2e does")
	}
	for tool, pkg := range bootTools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s (Debian package %s) is not on this machine", tool, pkg)
		}
	}
	if _, err := os.Stat(ovmf + "OVMF_VARS_4M.fd"); err != nil {
		t.Skip("the Debian package ovmf is not on this machine")
	}
	dir, err := os.MkdirTemp("", "boot") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	m.dir = dir
	m.put(t, "ca.conf", "statedir = "+dir+"\nsigningkey = "+dir+"/signkey.pem\nissuercert = "+dir+"/issuercert.pem\ncertserial = "+dir+"/serial\n")
	m.put(t, "options", "--platform-manufacturer gpuaudit\n--platform-version 1\n--platform-model test\n")
	m.put(t, "setup.conf", "create_certs_tool = swtpm_localca\ncreate_certs_tool_config = "+dir+"/ca.conf\ncreate_certs_tool_options = "+dir+"/options\nactive_pcr_banks = sha256\n")
	m.run(t, "swtpm_setup", "--tpm2", "--tpmstate", dir, "--create-ek-cert", "--pcr-banks", "sha256", "--config", dir+"/setup.conf")
	return m
}

func (m *softwareMachine) put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

func (m *softwareMachine) read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (m *softwareMachine) run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// roots are the certificates of the maker of the TPM.
func (m *softwareMachine) roots(t *testing.T) []byte {
	t.Helper()
	return append(m.read(t, "swtpm-localca-rootca-cert.pem"), m.read(t, "issuercert.pem")...)
}

// daemon starts the TPM and returns a function that ends it.
func (m *softwareMachine) daemon(t *testing.T, args ...string) (stop func()) {
	t.Helper()
	for _, socket := range []string{"ctrl", "sock"} {
		_ = os.Remove(filepath.Join(m.dir, socket))
	}
	cmd := exec.Command("swtpm", append([]string{"socket", "--tpm2", "--tpmstate", "dir=" + m.dir, "--ctrl", "type=unixio,path=" + m.dir + "/ctrl"}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if _, err := os.Stat(m.dir + "/ctrl"); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
}

// enrol lets the TPM answer a challenge, between two boots.
func (m *softwareMachine) enrol(t *testing.T) *tpm.Enrolment {
	t.Helper()
	defer m.daemon(t, "--server", "type=unixio,path="+m.dir+"/sock", "--flags", "startup-clear")()
	for range 500 {
		if _, err := os.Stat(m.dir + "/sock"); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	dev, err := tpm.Open(m.dir + "/sock")
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	e, err := tpm.Collect(dev, tpm.Request{Nonce: bytes.Repeat([]byte{0x11}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	return enrolled(t, dev, e)
}

const initScript = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
mount -t securityfs sec /sys/kernel/security; mount -t tmpfs tmp /tmp
insmod /efivarfs.ko && mount -t efivarfs efivarfs /sys/firmware/efi/efivars
%s
gpuaudit capture --read-rom --quiet --attest tpm --nonce %s --output /tmp/capture.tar.gz
echo; echo "=== capture"; base64 /tmp/capture.tar.gz; echo "==="
poweroff -f
`

var captured = regexp.MustCompile(`(?s)=== capture\n(.*?)\n===`)

// boot starts the machine once and returns the capture that was made in it.
func (m *softwareMachine) boot(t *testing.T, spec machineSpec, nonce string) []byte {
	t.Helper()
	start := time.Now()
	initrd := filepath.Join(m.dir, "initrd")
	if err := os.MkdirAll(initrd+"/bin", 0o755); err != nil {
		t.Fatal(err)
	}
	m.put(t, "initrd/init", fmt.Sprintf(initScript, spec.guest, nonce))
	busybox, _ := exec.LookPath("busybox")
	m.run(t, "cp", busybox, m.bin, initrd+"/bin/")
	m.run(t, "cp", filepath.Join(filepath.Dir(m.kernel), "efivarfs.ko"), initrd)
	m.run(t, "sh", "-c", "cd "+initrd+" && find . | cpio -o -H newc 2>/dev/null | gzip -1 >../initrd.gz")
	m.run(t, "cp", ovmf+"OVMF_VARS_4M.fd", m.dir+"/vars.fd")
	args := []string{"-machine", "q35,smm=on", "-accel", "tcg", "-m", "768", "-nographic", "-nodefaults", "-serial", "stdio", "-monitor", "none", "-no-reboot",
		"-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + ovmf + "OVMF_CODE_4M.fd", "-drive", "if=pflash,unit=1,format=raw,file=" + m.dir + "/vars.fd",
		"-kernel", m.kernel, "-initrd", m.dir + "/initrd.gz", "-append", "console=ttyS0 quiet"}
	if !spec.noTPM {
		defer m.daemon(t)()
		args = append(args, "-chardev", "socket,id=c,path="+m.dir+"/ctrl", "-tpmdev", "emulator,id=t,chardev=c", "-device", "tpm-tis,tpmdev=t")
	}
	for _, c := range spec.cards {
		args = append(args, "-device", strings.ReplaceAll(c, "%s", m.dir))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", args...)
	console, err := cmd.CombinedOutput()
	console = bytes.ReplaceAll(console, []byte("\r"), nil)
	match := captured.FindSubmatch(console)
	if match == nil {
		t.Fatalf("the machine gave no capture (%v); its console:\n%s", err, console)
	}
	capture, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(match[1])), ""))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("booted and captured in %v", time.Since(start).Round(time.Second/10))
	return capture
}

// linuxMachine is a machine whose kernel is started without firmware that would measure a
// card, and without a TPM.
type linuxMachine struct {
	// parameters are those of the kernel, and script what it runs, with busybox and this
	// program.
	parameters, script string
	iommu              bool
	cards              []string
}

// linux starts such a machine and returns what its console says.
func (m *softwareMachine) linux(t *testing.T, l linuxMachine, most time.Duration) string {
	t.Helper()
	initrd := filepath.Join(m.dir, "initrd")
	if err := os.MkdirAll(initrd+"/bin", 0o755); err != nil {
		t.Fatal(err)
	}
	m.put(t, "initrd/init", l.script)
	busybox, _ := exec.LookPath("busybox")
	m.run(t, "cp", busybox, initrd+"/bin/")
	m.run(t, "cp", m.bin, initrd+"/bin/gpuaudit")
	m.run(t, "sh", "-c", "cd "+initrd+" && find . | cpio -o -H newc 2>/dev/null | gzip -1 >../initrd.gz")
	args := []string{"-machine", "q35", "-accel", "tcg", "-m", "1024", "-nographic", "-nodefaults", "-serial", "stdio", "-monitor", "none", "-no-reboot",
		"-kernel", m.kernel, "-initrd", m.dir + "/initrd.gz", "-append", "console=ttyS0 quiet no_timer_check " + l.parameters} // which a busy machine fails
	if l.iommu {
		args = append(args, "-machine", "kernel-irqchip=split", "-device", "intel-iommu,intremap=on")
	}
	for _, c := range l.cards {
		args = append(args, "-device", strings.ReplaceAll(c, "%s", m.dir))
	}
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	console, err := exec.CommandContext(ctx, "qemu-system-x86_64", args...).CombinedOutput()
	if err != nil {
		t.Logf("the machine: %v", err)
	}
	return string(bytes.ReplaceAll(console, []byte("\r"), nil))
}
