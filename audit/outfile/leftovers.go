package outfile

import "sync"

// Leftovers is what a verb that is ended in the middle would leave behind: scratch
// folders and half-written files. It is safe for concurrent use.
type Leftovers struct {
	mu   sync.Mutex
	next int
	todo map[int]func()
}

// Behind notes how to take something away. The function that it returns does so at
// once, and once.
func (l *Leftovers) Behind(take func()) (now func()) {
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

// Undo takes everything away. Nothing is noted afterwards: the lock stays taken, so
// that a verb which goes on meanwhile waits for the end of the program.
func (l *Leftovers) Undo() {
	l.mu.Lock()
	for _, take := range l.todo {
		take()
	}
}
