package broker

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// FuzzServer lets a hostile judge send any messages: the server answers or ends, and
// gives out nothing of a file that no grant names.
func FuzzServer(f *testing.F) {
	dir := f.TempDir()
	granted, secret := filepath.Join(dir, "granted"), filepath.Join(dir, "secret")
	for name, text := range map[string]string{granted: "granted", secret: "\x01the secret\x02"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	request := func(op operation, put func(*writer)) []byte {
		var w writer
		w.u32(7)
		w.u8(uint8(op))
		put(&w)
		return w.b
	}
	for op := operation(0); op <= opLast; op++ {
		for _, name := range []string{granted, secret, granted + "/../secret", "sys/x", "../secret", "", "."} {
			f.Add(request(op, func(w *writer) { w.text(name) }), []byte{1, 2})
			f.Add(request(op, func(w *writer) { w.text(name); w.u32(0o600) }), request(opCommit, func(w *writer) { w.u32(1) }))
		}
	}
	folder := filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o755); err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"a", "../secret", "a/../../secret", "."} {
		open := request(opFolder, func(w *writer) { w.text(folder); w.u8(folderThere) })
		for what := changeMkdir; what <= changeSync; what++ {
			f.Add(open, request(opChange, func(w *writer) { w.text(folder); w.text(name); w.u8(what); w.u32(0o644); w.text("b") }))
		}
		f.Add(open, request(opNew, func(w *writer) { w.text(folder); w.text(name); w.u32(0o644) }))
		f.Add(open, request(opLock, func(w *writer) { w.text(folder); w.text(name) }))
	}
	f.Add(request(opAppend, func(w *writer) { w.u32(1); w.bytes([]byte("part")) }), request(opEnd, func(w *writer) { w.u32(1); w.flag(true) }))
	for _, name := range []string{"granted", "secret", "../secret"} {
		f.Add(request(opTreeMany, func(w *writer) {
			w.u8(5)
			for op := opTreeOpen; op <= opTreeLink; op++ {
				w.u8(uint8(op))
				w.text(name)
			}
		}), []byte{})
	}
	f.Add(request(opSign, func(w *writer) { w.u32(1); w.u8(0); w.flag(true); w.bytes([]byte("payload")) }), []byte{})
	f.Add(request(opTPM, func(w *writer) { w.bytes([]byte{0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x7a}) }), []byte{})
	limits := DefaultLimits()
	limits.Grace, limits.Workers = 20*time.Millisecond, 2
	f.Fuzz(func(t *testing.T, one, two []byte) {
		outside, inside, err := Pair()
		if err != nil {
			t.Fatal(err)
		}
		rights := Rights{
			Machine: &Machine{Root: dir, Paths: []string{"granted"}},
			ROM:     func(_ context.Context, a string) ([]byte, error) { return []byte(a), nil },
			Sign:    func(_ context.Context, _ int, b []byte) ([]byte, error) { return b, nil },
			TPM:     func() (TPM, error) { return echo{}, nil }, Commands: []uint32{0x17a},
			Create: func(string, fs.FileMode) (Output, error) {
				g, err := os.CreateTemp(t.TempDir(), "")
				return &output{f: g}, err
			},
		}
		s, err := NewServer(outside, []Grant{{ReadFile, granted}, {WriteFile, granted}, {WriteFolder, folder}, {ReadMentioned, granted}, {ReadMatching, filepath.Join(dir, "grant*")}}, rights, limits)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- s.Serve(t.Context()) }()
		c, err := newConn(inside)
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range [][]byte{one, two} {
			if len(message) > 0 && len(message) <= maxMessage {
				_ = c.write(message, -1)
			}
		}
		_ = c.raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_WR) })
		buffer := make([]byte, maxMessage)
		for {
			n, fd, err := c.read(buffer)
			if err != nil {
				break
			}
			if fd >= 0 {
				more := make([]byte, 64)
				if m, err := unix.Pread(fd, more, 0); err == nil && bytes.Contains(more[:m], []byte("\x01the secret")) {
					t.Error("a descriptor of what was not granted")
				}
				_ = unix.Close(fd)
			}
			if bytes.Contains(buffer[:n], []byte("\x01the secret")) {
				t.Error("contents of what was not granted")
			}
		}
		_ = c.file.Close()
		<-done
	})
}

// FuzzClient lets a damaged server answer anything: the client gives an error or a
// value within its limits, and does not wait for ever.
func FuzzClient(f *testing.F) {
	answer := func(put func(*writer)) []byte {
		var w writer
		put(&w)
		return w.b
	}
	st := &unix.Stat_t{Mode: unix.S_IFREG | 0o600, Size: 3}
	f.Add(uint8(0), answer(func(w *writer) { w.u8(0); w.info(st); w.u8(whole); w.bytes([]byte("abc")); w.flag(false) }), false)
	f.Add(uint8(0), answer(func(w *writer) { w.u8(0); w.info(st); w.u8(byDescriptor) }), true)
	f.Add(uint8(1), answer(func(w *writer) { w.u8(0); w.info(st) }), false)
	f.Add(uint8(2), answer(func(w *writer) {
		w.u8(0)
		w.flag(false)
		w.bytes([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00a"))
	}), false)
	f.Add(uint8(3), answer(func(w *writer) { w.u8(0); w.flag(true); w.u64(1 << 40) }), true)
	f.Add(uint8(4), answer(func(w *writer) { w.u8(1); w.fault(&fs.PathError{Op: "open", Path: "x", Err: unix.ENOENT}, nil) }), false)
	f.Add(uint8(5), answer(func(w *writer) { w.u8(0); w.u32(3) }), true)
	f.Add(uint8(7), answer(func(w *writer) {
		w.u8(0)
		for range 4 {
			w.u8(answered)
			w.bytes([]byte("\x01\x00\x00\x00\x00\x00\x00\x00"))
		}
	}), false)
	f.Add(uint8(7), answer(func(w *writer) { w.u8(0); w.u8(alone); w.bytes([]byte("x")) }), true)
	f.Fuzz(func(t *testing.T, kind uint8, body []byte, with bool) {
		if len(body) > maxMessage-4 {
			return
		}
		outside, inside, err := Pair()
		if err != nil {
			t.Fatal(err)
		}
		server, err := newConn(outside)
		if err != nil {
			t.Fatal(err)
		}
		c, err := NewClient(inside)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		go func() {
			request := make([]byte, maxMessage)
			if _, _, err := server.read(request); err != nil {
				return
			}
			fd := -1
			if with {
				fd, _ = unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			}
			_ = server.write(append(request[:4:4], body...), fd)
			_ = unix.Close(fd)
			_ = server.file.Close()
		}()
		switch kind % 8 {
		case 0:
			if g, err := c.Open("name"); err == nil {
				b := make([]byte, 100)
				_, _ = g.Read(b)
				_ = g.Close()
			}
		case 1:
			_, _ = c.Stat("name")
		case 2:
			list, _ := c.ReadDir("name")
			for _, e := range list {
				if e.Name() == "" || e.Name() == ".." || filepath.Base(e.Name()) != e.Name() {
					t.Errorf("a listing holds %q", e.Name())
				}
			}
		case 3:
			_, _ = c.ROM(t.Context(), "0000:01:00.0")
		case 4:
			_, _ = c.ReadLink("name")
		case 5:
			if o, err := c.Create("name", 0o600); err == nil {
				o.Abort()
			}
		case 7:
			m := c.Machine().(machineFS).Ahead([]string{"name"}, []string{"name"}, []string{"name"}, []string{"name"})
			_, _ = fs.ReadFile(m, "name")
			_, _ = fs.ReadLink(m, "name")
			_, _ = fs.ReadDir(m, "name")
			_, _ = fs.Stat(m, "name")
		case 6:
			if b, err := c.OpenTPM(); err == nil {
				_, _ = b.Send([]byte{1})
			}
		}
	})
}
