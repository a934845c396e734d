package main

import (
	"io/fs"
	"sync"

	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// leftovers is what a verb that is ended in the middle would leave behind: scratch
// folders and half-written files. It is safe for concurrent use.
type leftovers struct {
	mu   sync.Mutex
	next int
	todo map[int]func()
}

// behind notes how to take something away. The function that it returns does so at
// once, and once.
func (l *leftovers) behind(take func()) (now func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.todo == nil {
		l.todo = map[int]func(){}
	}
	l.next++
	key := l.next
	l.todo[key] = take
	return func() {
		l.mu.Lock()
		take, there := l.todo[key]
		delete(l.todo, key)
		l.mu.Unlock()
		if there {
			take()
		}
	}
}

// undo takes everything away. Nothing is noted afterwards: the lock stays taken, so
// that a verb which goes on meanwhile waits for the end of the program.
func (l *leftovers) undo() {
	l.mu.Lock()
	for _, take := range l.todo {
		take()
	}
}

// openOut opens a file to write; ended by a signal, the verb leaves nothing of it.
func (a *app) openOut(name string, mode fs.FileMode) (*outfile.File, error) {
	return a.opened(outfile.Open(name, mode))
}

// openNew does so for a file that must not be there.
func (a *app) openNew(name string, mode fs.FileMode) (*outfile.File, error) {
	return a.opened(outfile.OpenNew(name, mode))
}

func (a *app) opened(f *outfile.File, err error) (*outfile.File, error) {
	if err == nil {
		a.left.behind(f.Abort)
	}
	return f, err
}
