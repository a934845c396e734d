package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// killedScript ends the process outside, or the judge, while the kernel has a card's ROM
// enabled: the mark in /run/gpuaudit says so. It prints a line for each run, with what is
// left of it, and what is left after a next scan where something was. The kernel's own
// killer (sysrq f) stands for a lack of memory.
const killedScript = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp /run /work
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
for dir in /tmp /run /work; do mount -t tmpfs tmp $dir; done
mkdir -p /dev/shm; mount -t tmpfs shm /dev/shm
cd /work
mark=/run/gpuaudit/rom-0000:01:00.0
left() {
 for r in /sys/bus/pci/devices/*/rom; do head -c 2 $r >/dev/null 2>&1 && echo "enabled: $r"; done
 ls -A /work /run/gpuaudit /dev/shm 2>/dev/null | grep -E 'rom-|\.gpuaudit|gpuaudit-pci'
}
for signal in KILL TERM OOM INT HUP QUIT PIPE; do for who in outside judge; do
 gpuaudit scan -q --read-rom -o json=/work/r.json >/dev/null 2>&1 & outside=$!
 i=0; while [ ! -e $mark ] && [ $i -lt 200000 ]; do i=$((i+1)); done
 target=$outside
 [ $who = judge ] && target=$(grep -l "^PPid:.$outside\$" /proc/[0-9]*/status 2>/dev/null | head -1 | cut -d/ -f3)
 held=late; [ -e $mark ] && held=reading
 if [ $signal = OOM ]; then echo 1000 >/proc/$target/oom_score_adj; echo f >/proc/sysrq-trigger; else kill -$signal $target; fi
 wait $outside; code=$?; sleep 0.2; left=$(left | tr '\n' ' '); after=
 if [ -n "$left" ]; then gpuaudit scan -q -o json=/work/next.json >/dev/null 2>&1; after=$(left | tr '\n' ' '); fi
 echo "=== run $signal $who $held code $code left [$left] after [$after]"
 rm -f /work/*.json
done; done
poweroff -f
`

var killedLine = regexp.MustCompile(`(?m)^=== run (\w+) (\w+) (\w+) code (\d+) left \[(.*)\] after \[(.*)\]$`)

// TestKilledInAMachine does on a kernel with a card what TestKilledAtEachStage does on files.
func TestKilledInAMachine(t *testing.T) {
	if !slices.Contains(strings.Split(os.Getenv("GPUAUDIT_BOOTS"), ","), "killed") {
		t.Skip("GPUAUDIT_BOOTS does not name it: make e2e BOOTS=killed does")
	}
	m := newMachine(t)
	m.put(t, "first.rom", string(append(roms()["first.rom"], make([]byte, 1<<20-64<<10)...))) // reading it takes a while
	initrd := filepath.Join(m.dir, "initrd")
	if err := os.MkdirAll(initrd+"/bin", 0o755); err != nil {
		t.Fatal(err)
	}
	m.put(t, "initrd/init", killedScript)
	busybox, _ := exec.LookPath("busybox")
	m.run(t, "cp", busybox, initrd+"/bin/")
	m.run(t, "cp", m.bin, initrd+"/bin/gpuaudit")
	m.run(t, "sh", "-c", "cd "+initrd+" && find . | cpio -o -H newc 2>/dev/null | gzip -1 >../initrd.gz")
	args := []string{"-machine", "q35", "-accel", "tcg", "-m", "768", "-nographic", "-nodefaults", "-serial", "stdio", "-monitor", "none", "-no-reboot",
		"-kernel", m.kernel, "-initrd", m.dir + "/initrd.gz", "-append", "console=ttyS0 quiet sysrq_always_enabled"}
	for _, c := range []string{plainDisplay, port1, firstCard} {
		args = append(args, "-device", strings.ReplaceAll(c, "%s", m.dir))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	console, err := exec.CommandContext(ctx, "qemu-system-x86_64", args...).CombinedOutput()
	runs := killedLine.FindAllStringSubmatch(string(bytes.ReplaceAll(console, []byte("\r"), nil)), -1)
	if len(runs) != 14 {
		t.Fatalf("%d runs (%v); the console:\n%s", len(runs), err, console)
	}
	reading := 0
	for _, r := range runs {
		t.Log(r[0])
		signal, who, left, after := r[1], r[2], r[5], r[6]
		if r[3] == "reading" {
			reading++
		}
		killed := who == "outside" && (signal == "KILL" || signal == "OOM")
		if left != "" && !killed || after != "" {
			t.Errorf("left behind: %s", r[0])
		}
		ends := who == "outside" && signal != "PIPE" || signal == "KILL" || signal == "OOM" || signal == "TERM"
		if want := fmt.Sprint(exitIncomplete); ends && !killed && r[4] != want {
			t.Errorf("code %s, want %s: %s", r[4], want, r[0])
		}
	}
	if reading < 7 {
		t.Errorf("only %d of them came while the ROM was read", reading)
	}
}
