// Command gpuaudit-nvml records what NVIDIA's management library says of the
// GPUs of this machine, as JSON for gpuaudit scan --nvml and capture --nvml. With
// --nonce, each GPU signs what it measured for that nonce. It is a program of its own so
// that a vendor's library is never part of the process that judges, and it gives up root
// before it loads one.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/gpuaudit/gpuaudit/audit/collect/nvml/library"
)

const (
	// patience is how long the library may take; it wakes sleeping GPUs.
	patience = 30 * time.Second
	// patienceToSign is the same where each GPU signs what it measured. Whoever starts this
	// program waits a minute.
	patienceToSign = 50 * time.Second
	// own is the user that it becomes: the one that gpuaudit starts it as (VendorID of
	// audit/sandbox), and not nobody, which other programs are as well.
	own = 65529

	exitUsage      = 2
	exitIncomplete = 3
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	var nonce []byte
	var err error
	switch {
	case len(args) == 2 && args[0] == "--nonce":
		if nonce, err = library.ParseNonce(args[1]); err != nil {
			fmt.Fprintf(os.Stderr, "gpuaudit-nvml: --nonce: %s\n", printable(err.Error()))
			return exitUsage
		}
	case len(args) > 0:
		fmt.Fprintln(os.Stderr, "usage: gpuaudit-nvml [--nonce HEX] > nvml.json")
		return exitUsage
	}
	if err := record(nonce); err != nil {
		fmt.Fprintf(os.Stderr, "gpuaudit-nvml: %s\n", printable(err.Error()))
		return exitIncomplete
	}
	return 0
}

// printable keeps a message, of which the library may have written a part, from what a
// terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

func record(nonce []byte) error {
	path, err := library.Find()
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: NVIDIA's driver is not installed here; scan without --nvml", err)
	}
	if err != nil {
		return err
	}
	if err := dropRoot(); err != nil {
		return fmt.Errorf("give up root: %w: run it as an ordinary user", err)
	}
	wait := patience
	if nonce != nil {
		wait = patienceToSign
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	answers, err := library.Read(ctx, path, nonce)
	if err != nil {
		return err
	}
	if nonce != nil {
		library.AddSwitches(ctx, answers, nonce)
	}
	text, err := answers.Encode()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}

// dropRoot becomes a user of its own: NVML answers everybody.
func dropRoot() error {
	if os.Geteuid() != 0 {
		return nil
	}
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setgid(own); err != nil {
		return err
	}
	return syscall.Setuid(own)
}
