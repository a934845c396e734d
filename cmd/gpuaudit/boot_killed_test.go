package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// killedScript ends the process outside, or the judge, at a stage of a scan: at its start,
// while the kernel has a card's ROM enabled, which the mark in /run/gpuaudit says, and when
// that is over. The process outside is stopped there first, so that the stage does not pass
// while its judge is looked for. It prints a line for each run: what is left, whether there
// is a report, and what is left after a next scan where something was. The kernel's own
// killer (sysrq f) stands for a lack of memory.
const killedScript = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp /run /work
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
for dir in /tmp /run /work; do mount -t tmpfs tmp $dir; done
mkdir -p /dev/shm; mount -t tmpfs shm /dev/shm
cd /work; exec 2>/dev/null
mark=/run/gpuaudit/rom-0000:01:00.0
left() {
 for r in /sys/bus/pci/devices/*/rom; do head -c 2 $r >/dev/null 2>&1 && echo "enabled: $r"; done
 ls -A /work /run/gpuaudit /dev/shm 2>/dev/null | grep -E 'rom-|\.gpuaudit|gpuaudit-pci'
}
judge() { grep -l "^PPid:.$1\$" /proc/[0-9]*/status 2>/dev/null | head -1 | cut -d/ -f3; }
# One that has ended and was not waited for takes signals still.
lives() {
 while read -r key value rest; do
  [ "$key" != State: ] || { [ "$value" != Z ]; return; }
 done </proc/$1/status
 return 1
}
# ends waits a minute at most, and says of what does not end where it hangs.
ends() {
 n=0
 while lives $1; do
  if [ $n -ge 60 ]; then
   echo; for task in /proc/$1/task/*; do echo "--- hangs: $task"; grep -E 'State|Sig|Shd' $task/status; cat $task/wchan $task/syscall $task/stack; done 2>&1
   kill -KILL $1; return 1
  fi
  sleep 1; n=$((n+1))
 done
}
run() {
 signal=$1 who=$2 stage=$3
 gpuaudit scan -q --read-rom -o json=/work/r.json >/dev/null 2>&1 & outside=$!
 at=no
 case $stage in
 start) while [ -z "$(judge $outside)" ] && lives $outside; do :; done;;
 *) while [ ! -e $mark ] && lives $outside; do :; done;;
 esac
 [ $stage != judging ] || while [ -e $mark ] && lives $outside; do :; done
 kill -STOP $outside; usleep 20000
 target=$outside; [ $who = outside ] || target=$(judge $outside)
 marked=no; [ ! -e $mark ] || marked=yes
 case $stage$marked in startno|readingyes|judgingno) [ -z "$target" ] || [ -e /work/r.json ] || at=$stage;; esac
 if [ $signal = OOM ]; then echo 1000 >/proc/$target/oom_score_adj; echo f >/proc/sysrq-trigger; else kill -$signal $target; fi
 kill -CONT $outside
 hung=; ends $outside || hung=hung
 wait $outside; code=$?; sleep 0.2; left=$(left | tr '\n' ' '); after=
 report=no; [ ! -s /work/r.json ] || report=yes
 if [ -n "$left" ]; then gpuaudit scan -q -o json=/work/next.json >/dev/null 2>&1; after=$(left | tr '\n' ' '); fi
 echo; echo "=== run $signal $who $stage at $at code $hung$code report $report left [$left] after [$after]"
 rm -f /work/*.json
}
%s
poweroff -f
`

// killedRuns are the runs of a machine: signal, who gets it, stage.
func killedRuns(all bool) (runs []string) {
	if !all {
		if some := os.Getenv("GPUAUDIT_KILLED"); some != "" { // as "TERM outside judging,OOM judge start"
			return strings.Split(some, ",")
		}
		return []string{"KILL outside reading", "OOM judge reading", "HUP outside reading"}
	}
	for _, signal := range []string{"KILL", "TERM", "HUP", "OOM"} {
		for _, who := range []string{"outside", "judge"} {
			for _, stage := range []string{"start", "reading", "judging"} {
				runs = append(runs, signal+" "+who+" "+stage)
			}
		}
	}
	for _, signal := range []string{"INT", "QUIT", "PIPE"} {
		runs = append(runs, signal+" outside reading", signal+" judge reading")
	}
	return runs
}

var killedLine = regexp.MustCompile(`(?m)^=== run (\w+) (\w+) (\w+) at (\w+) code (\w+) report (\w+) left \[(.*)\] after \[(.*)\]$`)

// TestKilledInAMachine does on a kernel with a card what TestKilledAtEachStage does on files.
func TestKilledInAMachine(t *testing.T) {
	boots := strings.Split(os.Getenv("GPUAUDIT_BOOTS"), ",")
	all := slices.Contains(boots, "killed")
	if !all && !slices.Contains(boots, "killed-short") {
		t.Skip("GPUAUDIT_BOOTS does not name it: make e2e BOOTS=killed does")
	}
	m := newMachine(t)
	m.put(t, "first.rom", string(longROM()))
	runs := killedRuns(all)
	hit, ran := 0, 0
	for some := range slices.Chunk(runs, 6) {
		t.Run(strings.ReplaceAll(some[0], " ", "-"), func(t *testing.T) {
			console := m.linux(t, linuxMachine{parameters: "sysrq_always_enabled", script: fmt.Sprintf(killedScript, "run "+strings.Join(some, "\nrun ")),
				cards: []string{plainDisplay, port1, firstCard}}, 15*time.Minute)
			found := killedLine.FindAllStringSubmatch(console, -1)
			if len(found) != len(some) {
				t.Errorf("%d runs of %d; the console:\n%s", len(found), len(some), console)
			}
			ran += len(some)
			for _, r := range found {
				t.Log(r[0])
				if r[3] == r[4] {
					hit++
				}
				killedRight(t, r)
			}
		})
	}
	if hit < ran*3/4 {
		t.Errorf("only %d of %d came at the stage that was meant", hit, ran)
	}
}

// longROM is one whose image is long: the kernel reads the images and nothing behind them,
// and this takes it a while, some seconds where a processor is imitated.
func longROM() []byte {
	rom := append(roms()["first.rom"], make([]byte, 4<<20-64<<10)...)
	at := bytes.Index(rom, []byte("PCIR"))
	binary.LittleEndian.PutUint16(rom[at+0x10:], uint16(len(rom)/512)) // PCI Firmware 3.3, table 5-2
	return rom
}

// killedRight says what is wrong with what a run left.
func killedRight(t *testing.T, r []string) {
	t.Helper()
	signal, who, stage, at, code, report, left, after := r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8]
	uncaught := signal == "KILL" || signal == "OOM"
	killed := who == "outside" && uncaught
	if left != "" && !killed || after != "" {
		t.Errorf("left behind: %s", r[0])
	}
	if killed && at == "reading" && stage == "reading" && !strings.Contains(left, "rom-") {
		t.Errorf("the process outside was killed while a ROM was enabled, and there is no mark: %s", r[0])
	}
	// The judge leaves it to the process outside to end it, and a pipe without a reader is
	// an error of the write.
	if strings.HasPrefix(code, "hung") {
		t.Errorf("it does not end: %s", r[0])
	}
	// A shell has what it starts in the background ignore INT, and it stays ignored.
	ends := uncaught || who == "outside" && signal != "PIPE" && signal != "INT" || signal == "TERM"
	if ends && at == stage && report == "yes" {
		t.Errorf("it was ended and there is a report: %s", r[0])
	}
	// At its very start the judge has not said yet that it leaves signals to the other one.
	if !ends && stage != "start" && report != "yes" {
		t.Errorf("it was not to end and there is no report: %s", r[0])
	}
	if want := fmt.Sprint(exitIncomplete); ends && !killed && code != want {
		t.Errorf("code %s, want %s: %s", code, want, r[0])
	}
}
