package apart

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gpuaudit/gpuaudit/audit/broker"
)

// TestToWrite: of a terminal a judge gets an end to write to, by which nothing that is typed
// can be read.
func TestToWrite(t *testing.T) {
	main, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal is to be had here: %v", err)
	}
	defer main.Close()
	number, err := unix.IoctlGetInt(int(main.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(main.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	side, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal is to be had here: %v", err)
	}
	defer side.Close()
	w := toWrite(side)
	defer w.Close()
	if mode, err := unix.FcntlInt(w.Fd(), unix.F_GETFL, 0); err != nil || mode&unix.O_ACCMODE != unix.O_WRONLY {
		t.Errorf("%#o %v", mode, err)
	}
	if _, err := w.Write([]byte("said")); err != nil {
		t.Error(err)
	}
	text := make([]byte, 4)
	if _, err := io.ReadFull(main, text); err != nil || string(text) != "said" {
		t.Errorf("%q %v", text, err)
	}
	plain, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if toWrite(plain) != plain {
		t.Error("what is no terminal was opened anew")
	}
}

// TestNothingTyped: a judge has no standard input but the names that it was given there.
func TestNothingTyped(t *testing.T) {
	f, err := new(Plan).Stdin(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || len(b) > 0 {
		t.Errorf("%q %v", b, err)
	}
}

// TestListedInputs: names on standard input become grants, within caps, and reach the
// judge as they were.
func TestListedInputs(t *testing.T) {
	p := &Plan{}
	f, err := p.list(strings.NewReader("a\n\nb c\r\nd"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := []broker.Grant{{Kind: broker.ReadFile, Name: "a"}, {Kind: broker.ReadFile, Name: "b c"}, {Kind: broker.ReadFile, Name: "d"}}
	if !slices.Equal(p.Grants, want) {
		t.Errorf("%+v", p.Grants)
	}
	text := make([]byte, 32)
	if n, _ := f.Read(text); string(text[:n]) != "a\n\nb c\r\nd" {
		t.Errorf("%q", text[:n])
	}
	if _, err := new(Plan).list(strings.NewReader(strings.Repeat("x\n", listedNames+1))); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("too many: %v", err)
	}
	if _, err := new(Plan).list(strings.NewReader(strings.Repeat("x", listedBytes+1))); err == nil {
		t.Error("too long: no error")
	}
}
