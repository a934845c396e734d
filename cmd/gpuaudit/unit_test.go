package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const unit = "../../deploy/systemd/gpuaudit.service"

// unitLines are the values of a setting of the shipped unit, in order.
func unitLines(t *testing.T, setting string) []string {
	t.Helper()
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), setting+"="); ok {
			list = append(list, value)
		}
	}
	return list
}

// TestUnitIsConfined: systemd rates what the unit leaves to the program with 2.0 of 10, or
// less.
func TestUnitIsConfined(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze (Debian package systemd) is not on this machine")
	}
	out, err := exec.Command("systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20", unit).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Overall exposure level") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range []string{unit, "../../deploy/systemd/gpuaudit.timer"} {
		out, err := exec.Command("systemd-analyze", "verify", "--man=no", name).CombinedOutput()
		if text := regexp.MustCompile(`(?m)^.*/usr/bin/gpuaudit is not executable.*\n`).ReplaceAllString(string(out), ""); text != "" {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// TestUnitRunsWhatIsThere: the command line of the unit is one that is judged apart.
func TestUnitRunsWhatIsThere(t *testing.T) {
	commands := unitLines(t, "ExecStart")
	if len(commands) != 1 {
		t.Fatal(commands)
	}
	program, line, _ := strings.Cut(commands[0], " ")
	p := planOf(line)
	if program != "/usr/bin/gpuaudit" || p == nil || !p.ROM {
		t.Errorf("%s: %+v", commands[0], p)
	}
}

var tracedCall = regexp.MustCompile(`(?m)^(\d+) +(?:<\.\.\. )?([a-z0-9_]+)(?:\(| resumed>)`)

// traced are the calls that a command line of the program makes, by process, in order of
// their numbers.
func traced(t *testing.T, dir string, args ...string) map[string]map[string]bool {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not on this machine")
	}
	name := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command("strace", append([]string{"-f", "-qq", "-o", name, builtProgram(t)}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == exitUsage {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]map[string]bool{}
	for _, m := range tracedCall.FindAllStringSubmatch(string(text), -1) {
		if calls[m[1]] == nil {
			calls[m[1]] = map[string]bool{}
		}
		calls[m[1]][m[2]] = true
	}
	if len(calls) == 0 {
		t.Skipf("strace traces nothing here: %.300s", text)
	}
	return calls
}

// TestUnitAllowsWhatAScanCalls: no system call of a scan is missing from the unit's list.
func TestUnitAllowsWhatAScanCalls(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze (Debian package systemd) is not on this machine")
	}
	allowed := map[string]bool{}
	var expand func(names string)
	expand = func(names string) {
		for _, name := range strings.Fields(names) {
			if !strings.HasPrefix(name, "@") {
				allowed[name] = true
				continue
			}
			out, err := exec.Command("systemd-analyze", "syscall-filter", "--no-pager", name).Output()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for line := range strings.Lines(string(out)) {
				if line = strings.TrimSpace(line); line != name && !strings.HasPrefix(line, "#") {
					expand(line)
				}
			}
		}
	}
	for _, line := range unitLines(t, "SystemCallFilter") {
		expand(line)
	}
	dir := t.TempDir()
	made := map[string]bool{}
	for _, calls := range traced(t, dir, "scan", "--quiet", "--read-rom", "-o", "table", "-o", "json="+filepath.Join(dir, "r.json")) {
		maps.Copy(made, calls)
	}
	for _, name := range slices.Sorted(maps.Keys(made)) {
		// A judge tries that it makes no socket.
		if !allowed[name] && name != "socket" {
			t.Errorf("%s is not allowed", name)
		}
	}
	t.Logf("%d calls of %d", len(made), len(allowed))
}
