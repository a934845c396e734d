package broker

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// hostile is the judge's end of a server that grants nothing, to write to it what a
// client never would, and how that server ended.
func hostile(t *testing.T) (*conn, <-chan error) {
	t.Helper()
	outside, inside, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewServer(outside, nil, Rights{}, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(t.Context()) }()
	c, err := newConn(inside)
	if err != nil {
		t.Fatal(err)
	}
	return c, done
}

// TestABrokenProtocolEndsTheConnection: on both sides, and each way to break it.
func TestABrokenProtocolEndsTheConnection(t *testing.T) {
	for name, message := range map[string][]byte{
		"no kind": {1, 0, 0, 0}, "kind 0": {1, 0, 0, 0, 0}, "unknown kind": {1, 0, 0, 0, uint8(opLast)}, "cut": {1, 0, 0, 0, uint8(opOpen), 9, 0, 0, 0, 'a'},
		"tail": {1, 0, 0, 0, uint8(opOpen), 1, 0, 0, 0, 'a', 'b'}, "long": {1, 0, 0, 0, uint8(opOpen), 255, 255, 255, 255, 'a'},
		"zero byte": {1, 0, 0, 0, uint8(opOpen), 2, 0, 0, 0, 'a', 0}, "no output": {1, 0, 0, 0, uint8(opCommit), 9, 0, 0, 0},
		"many of another kind": {1, 0, 0, 0, uint8(opTreeMany), 1, uint8(opOpen), 1, 0, 0, 0, 'a'}, "many in many": {1, 0, 0, 0, uint8(opTreeMany), 1, uint8(opTreeMany), 1, 0, 0, 0, 'a'},
		"fewer than many": {1, 0, 0, 0, uint8(opTreeMany), 2, uint8(opTreeStat), 1, 0, 0, 0, 'a'}, "more than many": {1, 0, 0, 0, uint8(opTreeMany), 1, uint8(opTreeStat), 1, 0, 0, 0, 'a', 'b'},
		"too many": append([]byte{1, 0, 0, 0, uint8(opTreeMany), maxAsks + 1}, bytes.Repeat([]byte{uint8(opTreeStat), 1, 0, 0, 0, 'a'}, maxAsks+1)...),
	} {
		c, done := hostile(t)
		if err := c.write(message, -1); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
		c.file.Close()
	}
}

// TestARequestBringsNoDescriptor, and an answer no more than one.
func TestDescriptorsOfTheOtherSide(t *testing.T) {
	c, done := hostile(t)
	defer c.file.Close()
	if err := c.write([]byte{1, 0, 0, 0, uint8(opNVML), 0, 0, 0, 0}, 0); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrProtocol) {
		t.Errorf("a request with a descriptor: %v", err)
	}
	outside, inside, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	client, err := NewClient(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	fd := int(outside.Fd())
	go func() {
		b := make([]byte, 64)
		n, _ := unix.Read(fd, b)
		_ = unix.Sendmsg(fd, append(b[:min(n, 4)], 0), unix.UnixRights(0, 0, 0), nil, 0)
	}()
	if _, err := client.Stat("x"); !errors.Is(err, ErrProtocol) {
		t.Errorf("three descriptors: %v", err)
	}
}

// TestCopies: of a large file that is granted as a copy, the judge gets one that nobody
// else can change; a small one it gets as it is.
func TestCopies(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	name, small := filepath.Join(dir, "large"), filepath.Join(dir, "small")
	if err := errors.Join(os.WriteFile(name, []byte("head"), 0o600), os.Truncate(name, heldBytes+1), os.WriteFile(small, []byte("head"), 0o600)); err != nil {
		t.Fatal(err)
	}
	c, _ := serve(t, []Grant{{CopyFile, name}, {CopyFile, small}}, Rights{}, DefaultLimits())
	for file, size := range map[string]int64{name: heldBytes + 1, small: 4} {
		f, err := c.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := os.WriteFile(file, []byte("tail"), 0o600); err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 4)
		_, err = f.(io.ReaderAt).ReadAt(head, 0)
		if i, serr := f.Stat(); err != nil || serr != nil || i.Size() != size || (string(head) == "head") != (file == name) {
			t.Errorf("%s: %q, %d bytes, %v", file, head, i.Size(), err)
		}
	}
	if _, err := c.Open(filepath.Join(dir, "other")); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v", err)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}
