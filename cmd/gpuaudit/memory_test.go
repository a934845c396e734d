package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/input"
)

// hungry is the variable that makes this program one that reads a file and then takes
// memory without end.
const hungry = "GPUAUDIT_TEST_HUNGRY"

// eat is the child of TestMemoryEnds.
func eat(file string) int {
	watchMemory(os.Stderr, func() { fmt.Fprintln(os.Stderr, "undone") })
	f, err := input.Open(file)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if _, err := io.Copy(io.Discard, f); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var held [][]byte
	for range 64 << 10 { // 64 GiB, which no machine of a test has
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		held = append(held, b)
	}
	fmt.Fprintln(os.Stderr, "there was no end to memory:", len(held))
	return 1
}

// TestMemoryEnds: a program that runs out of memory ends as one that could not complete,
// names the input, and takes back what it began.
func TestMemoryEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two gigabytes of memory")
	}
	name := filepath.Join(t.TempDir(), "large.json")
	if err := os.WriteFile(name, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), hungry+"="+name)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	err := cmd.Run()
	exit, ok := errors.AsType[*exec.ExitError](err)
	want := "gpuaudit: " + name + ": more than 1800 MiB of memory would be needed: the audit is not complete\n"
	if !ok || exit.ExitCode() != exitIncomplete || !strings.Contains(errs.String(), want) || !strings.HasPrefix(errs.String(), "undone\n") {
		t.Errorf("%v:\n%s", err, errs.String())
	}
}
