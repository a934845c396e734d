package broker

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// How each question of a request of many was answered.
const (
	answered uint8 = iota
	refused        // with an error
	alone          // not in this message: it is asked by itself
)

// many answers several questions about the machine's tree in one message, each as if it
// stood alone: what may not be asked alone may not be asked here. What takes a descriptor, or
// finds no room, is left to be asked alone.
func (s *Server) many(r *reader, a *answer) error {
	n := r.u8()
	if n > maxAsks {
		return fmt.Errorf("%w: %d questions in a message", ErrProtocol, n)
	}
	asks := make([]question, n)
	for i := range asks {
		asks[i] = question{operation(r.u8()), r.text(maxName)}
		if op := asks[i].op; op < opTreeOpen || op > opTreeLink {
			return fmt.Errorf("%w: a question of an unknown kind", ErrProtocol)
		}
	}
	if err := r.done(); err != nil {
		return err
	}
	if err := s.count(len(asks)); err != nil {
		return err
	}
	left := inline
	for _, one := range asks {
		b := answer{w: &writer{}, fd: -1, room: a.room}
		var err error
		if left > 0 {
			err = s.machine(one.op, one.name, &b)
		}
		how := answered
		switch {
		case errors.Is(err, ErrProtocol):
			b.close()
			return err
		case err != nil:
			how, b.w.b = refused, nil
			b.w.fault(err, s.classes)
		case left <= 0 || b.fd >= 0:
			how, b.w.b = alone, nil
		}
		b.close()
		if len(b.w.b) > left {
			how, b.w.b, left = alone, nil, 0
		}
		left -= len(b.w.b)
		a.w.u8(how)
		a.w.bytes(b.w.b)
	}
	return nil
}

// question is one about the machine's tree.
type question struct {
	op   operation
	name string
}

// fetched are answers that came before they were asked for. Each is given once: who asks
// again wants to know what is there then.
type fetched struct {
	mu      sync.Mutex
	answers map[question][]byte
}

func (f *fetched) take(q question) (reply, bool) {
	if f == nil {
		return reply{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	b, ok := f.answers[q]
	delete(f.answers, q)
	return reply{b: b, fd: -1}, ok
}

// Ahead is the same machine, of which these files, links, and folders were read and looked
// at in few messages. It is for a caller that is about to ask for each of them; what it then
// gets is what it would have got, once.
func (m machineFS) Ahead(files, links, folders, looks []string) fs.FS {
	f := &fetched{answers: make(map[question][]byte, len(files)+len(links)+len(folders)+len(looks))}
	var asks []question
	flush := func() bool {
		err := m.c.fetch(asks, f)
		asks = asks[:0]
		return err == nil
	}
	size := 0
	for _, kind := range [...]struct {
		op    operation
		names []string
	}{{opTreeOpen, files}, {opTreeLink, links}, {opTreeList, folders}, {opTreeStat, looks}} {
		for _, name := range kind.names {
			if !fs.ValidPath(name) || len(name) > maxName {
				continue
			}
			if len(asks) == maxAsks || size+len(name) > maxPart {
				// What is not fetched is asked by itself, which tells what is wrong.
				if !flush() {
					return m
				}
				size = 0
			}
			asks, size = append(asks, question{kind.op, name}), size+len(name)
		}
	}
	if len(asks) > 0 && !flush() {
		return m
	}
	return machineFS{m.c, f}
}

// fetch asks several questions in one message.
func (c *Client) fetch(asks []question, into *fetched) error {
	a := c.ask(opTreeMany, func(w *writer) {
		w.u8(uint8(len(asks)))
		for _, q := range asks {
			w.u8(uint8(q.op))
			w.text(q.name)
		}
	})
	defer a.close()
	if a.err != nil {
		return a.err
	}
	r := &reader{b: a.b}
	if r.flag() {
		return fmt.Errorf("%w: many questions were refused", ErrProtocol)
	}
	for _, q := range asks {
		how, b := r.u8(), r.bytes(maxMessage)
		switch {
		case r.broken || how > alone || how == alone && len(b) > 0:
			return fmt.Errorf("%w: an answer to many questions", ErrProtocol)
		case how != alone:
			// As it would have come by itself: a flag, and what follows it.
			into.answers[q] = append([]byte{how}, b...)
		}
	}
	return r.done()
}

// tree is how the machine's tree is read, from what was fetched where that has it.
func (m machineFS) tree() opening {
	o := ofTree
	o.fetched = m.fetched
	return o
}

func (m machineFS) Open(name string) (fs.File, error) {
	if err := valid("open", name); err != nil {
		return nil, err
	}
	f, err := m.c.open(m.tree(), name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (m machineFS) ReadFile(name string) ([]byte, error) {
	f, err := m.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func (m machineFS) Stat(name string) (fs.FileInfo, error) {
	if err := valid("stat", name); err != nil {
		return nil, err
	}
	return m.c.stat(m.tree(), opTreeStat, name)
}

func (m machineFS) Lstat(name string) (fs.FileInfo, error) {
	if err := valid("lstat", name); err != nil {
		return nil, err
	}
	return m.c.stat(m.tree(), opTreeLstat, name)
}

func (m machineFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := valid("readdir", name); err != nil {
		return nil, err
	}
	return m.c.readDir(m.tree(), name)
}

func (m machineFS) ReadLink(name string) (string, error) {
	if err := valid("readlink", name); err != nil {
		return "", err
	}
	return m.c.readLink(m.tree(), name)
}
