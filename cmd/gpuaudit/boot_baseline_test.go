package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// baselineScript makes a baseline in a machine and scans it, as its root would: a first
// line says what was run, a last one its exit code. Between them the memory file system of
// the key is taken away: the scan does without it.
const baselineScript = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp /run /work /usb /etc/modprobe.d /etc/udev/rules.d
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
mount -t securityfs sec /sys/kernel/security
for dir in /tmp /run /work /usb; do mount -t tmpfs tmp $dir; done
mkdir -p /dev/shm; mount -t tmpfs shm /dev/shm
export COLUMNS=100 NO_COLOR=1
cd /work
run() { echo "=== gpuaudit $*"; gpuaudit "$@"; echo "=== code $?"; }
run baseline --key /usb/k.key --no-passphrase
run baseline renew --key /usb/k.key --accept 'GA-PR-008=a display of 1999, whose memory is of no interest'
umount /usb
run scan
poweroff -f
`

var ranCommand = regexp.MustCompile(`(?s)=== gpuaudit ([^\n]*)\n(.*?)\n=== code (\d+)`)

// TestBaselineInAMachine: on a machine with an IOMMU, a virtual display, and a card behind a
// bridge whose ROM can be read, the program that ships states what the machine is, says what keeps it from
// passing, takes the owner's word on that, and passes: exit code 0 after three commands.
func TestBaselineInAMachine(t *testing.T) {
	if !slices.Contains(strings.Split(os.Getenv("GPUAUDIT_BOOTS"), ","), "baseline") {
		t.Skip("GPUAUDIT_BOOTS does not name it: make e2e BOOTS=baseline does")
	}
	m := newMachine(t)
	m.put(t, "first.rom", string(roms()["first.rom"]))
	start := time.Now()
	console := m.linux(t, linuxMachine{parameters: "intel_iommu=on", script: baselineScript, iommu: true, cards: []string{"VGA,addr=5", port1, firstCard}}, 8*time.Minute)
	t.Logf("booted, stated and scanned in %v", time.Since(start).Round(time.Second/10))
	ran := ranCommand.FindAllStringSubmatch(console, -1)
	if len(ran) != 3 {
		t.Fatalf("%d commands of 3 ended; the console:\n%s", len(ran), console)
	}
	for i, want := range []struct {
		code string
		says []string
	}{
		// The true reason: nobody knows how much memory the factory gave it.
		{"0", []string{"states      0000:01:00.0: firmware, functions, windows, place", "scan now    UNDECIDED (exit code 3): 1 check of severity high or above could not be decided",
			"decides: GA-PR-008", "sudo gpuaudit baseline renew --key /usb/k.key --accept GA-PR-008=REASON", "next        sudo gpuaudit scan\n"}},
		{"0", []string{"accepted    GA-PR-008, as long as its facts are lacking, until", "scan now    passed (exit code 0): 1 check without its facts of severity high or above was waived"}},
		// A baseline takes no doubt away: the ROM is as it was, and nobody signed it.
		{"0", []string{"Maker's code?  doubtful       ROM has only unsigned EFI images", "verdict  passed (exit code 0)"}},
	} {
		if ran[i][3] != want.code {
			t.Errorf("gpuaudit %s: exit code %s, want %s", ran[i][1], ran[i][3], want.code)
		}
		for _, text := range want.says {
			if !strings.Contains(ran[i][2]+"\n", text) {
				t.Errorf("gpuaudit %s does not say %q:\n%s", ran[i][1], text, ran[i][2])
			}
		}
	}
}
