package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// What the machine of TestSystemdInAMachine has of systemd, beside its targets, which are
// all that the shipped service waits for.
var systemdPrograms = []string{"/lib/systemd/systemd", "/lib/systemd/systemd-journald", "/usr/bin/systemctl", "/usr/bin/journalctl", "/usr/bin/systemd-analyze"}

// systemdInit lays a root directory out in memory, which can be left for another, as
// services with namespaces of their own have to, and starts systemd in it.
const systemdInit = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /new
/bin/busybox mount -t proc proc /proc; /bin/busybox mount -t tmpfs -o mode=755 root /new
/bin/busybox cp -a /image/. /new/
/bin/busybox rm -rf /image
/bin/busybox umount /proc
exec /bin/busybox switch_root /new /lib/systemd/systemd --log-target=console --show-status=no
`

// systemdLook is started when the audit has ended, and says what became of it.
const systemdLook = `#!/bin/busybox sh
exec >/dev/console 2>&1
echo
systemctl show gpuaudit.service -p ExecMainCode -p ExecMainStatus -p Result | sed 's/^/=== /'
journalctl -q -o cat -u gpuaudit.service | sed 's/^/=== says: /'
echo "=== exposure $(systemd-analyze security --no-pager gpuaudit.service 2>/dev/null | tail -1)"
tr -d ' \n' </var/lib/gpuaudit/scan/report.json | sed 's/.*"protection":\({[^}]*}\).*/=== protection \1\n/'
ls -ld /var/lib/gpuaudit/scan /var/lib/gpuaudit/scan/report.json /run/gpuaudit | sed 's/^/=== lies: /'
for r in /sys/bus/pci/devices/*/rom; do head -c 2 $r >/dev/null 2>&1 && echo "=== enabled: $r"; done
echo "=== end"
systemctl poweroff --force --force
`

// TestSystemdInAMachine has the shipped service started by systemd, as it is.
func TestSystemdInAMachine(t *testing.T) {
	if !slices.Contains(strings.Split(os.Getenv("GPUAUDIT_BOOTS"), ","), "systemd") {
		t.Skip("GPUAUDIT_BOOTS does not name it: make e2e BOOTS=systemd does")
	}
	for _, program := range systemdPrograms {
		if _, err := os.Stat(program); err != nil {
			t.Skipf("%s is not on this machine", program)
		}
	}
	m := newMachine(t)
	m.put(t, "first.rom", string(roms()["first.rom"]))
	systemdImage(t, m)
	console := m.linux(t, linuxMachine{script: systemdInit, cards: []string{plainDisplay, port1, firstCard}}, 8*time.Minute)
	for _, want := range []string{
		`(?m)^=== ExecMainCode=1$`, `(?m)^=== ExecMainStatus=3$`, `(?m)^=== Result=exit-code$`, // the card's checks are not all decided
		`(?m)^=== says: .*exit code 3`, `=== exposure .*: (1\.[0-9]|2\.0) OK`,
		`=== protection {"user":65530,"no_new_privileges":true,"no_capabilities":true,"seccomp":true,"empty_root":true,"landlock_abi":\d+,"namespaces":\["mnt","pid"\],`,
		`=== lies: drwx------ .* /var/lib/gpuaudit/scan`, `=== lies: -rw------- .* /var/lib/gpuaudit/scan/report.json`, `=== lies: drwx------ .* /run/gpuaudit`, `(?m)^=== end`,
	} {
		if !regexp.MustCompile(want).MatchString(console) {
			t.Errorf("%s: not found", want)
		}
	}
	if strings.Contains(console, "=== enabled") || strings.Contains(console, `"missing"`) {
		t.Error("a ROM is enabled, or a mechanism is missing")
	}
	if t.Failed() {
		t.Logf("the console:\n%s", console)
	}
}

// systemdImage makes the root directory of that machine.
func systemdImage(t *testing.T, m *softwareMachine) {
	t.Helper()
	image := filepath.Join(m.dir, "initrd/image")
	for _, dir := range []string{"bin", "usr/bin", "etc/systemd/system", "lib/systemd/system", "proc", "sys", "dev", "run", "tmp", "var/lib", "var/log/journal", "root"} {
		noError(t, os.MkdirAll(filepath.Join(image, dir), 0o755))
	}
	copied := func(from string) {
		to := filepath.Join(image, from)
		noError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		m.run(t, "cp", "-L", from, to)
	}
	for _, program := range systemdPrograms {
		copied(program)
		list, err := exec.Command("ldd", program).Output()
		noError(t, err)
		for _, library := range regexp.MustCompile(`/\S+`).FindAllString(string(list), -1) {
			copied(library)
		}
	}
	targets, err := filepath.Glob("/lib/systemd/system/*.target")
	noError(t, err)
	for _, name := range append(targets, "/lib/systemd/system/systemd-journald.service", "/lib/systemd/system/systemd-journald.socket", "/lib/systemd/system/systemd-journald-dev-log.socket", "/lib/systemd/system/-.slice", "/lib/systemd/system/system.slice") {
		if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() {
			copied(name)
		}
	}
	busybox, err := exec.LookPath("busybox")
	noError(t, err)
	m.run(t, "cp", "-L", busybox, image+"/bin/busybox")
	for _, name := range []string{"sh", "sed", "tail", "tr", "ls", "head", "cat", "mount", "umount"} {
		noError(t, os.Symlink("busybox", image+"/bin/"+name))
	}
	m.run(t, "cp", m.bin, image+"/usr/bin/gpuaudit")
	m.run(t, "cp", "../../deploy/systemd/gpuaudit.service", image+"/etc/systemd/system/")
	for name, text := range map[string]string{
		"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/group": "root:x:0:\n", "etc/machine-id": strings.Repeat("1", 32) + "\n", "etc/os-release": "ID=test\n",
		"etc/systemd/system/look.service": "[Unit]\nAfter=gpuaudit.service\nWants=gpuaudit.service\n[Service]\nType=oneshot\nExecStart=/bin/sh /look\n",
		"etc/systemd/system/look.target":  "[Unit]\nRequires=basic.target systemd-journald.service\nWants=look.service\nAfter=basic.target\n",
		"look":                            systemdLook,
	} {
		m.put(t, "initrd/image/"+name, text)
		noError(t, os.Chmod(filepath.Join(image, name), 0o644))
	}
	noError(t, os.Symlink("/etc/systemd/system/look.target", image+"/etc/systemd/system/default.target"))
}
