package hosttest

import (
	"io/fs"
	"sync"
)

// Far is a machine that another process shows: each question about it is a message, and so
// is what somebody fetches ahead. It counts them.
type Far struct {
	FS       fs.FS
	Messages *Count
	here     map[string]bool
}

// Count counts messages.
type Count struct {
	mu sync.Mutex
	n  int
}

// N is how many there were.
func (c *Count) N() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *Count) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += n
}

// Ahead is the machine with what was fetched in messages of 64 questions.
func (f Far) Ahead(files, links, folders, looks []string) fs.FS {
	here := map[string]bool{}
	for what, names := range map[string][]string{"open ": files, "link ": links, "list ": folders, "look ": looks} {
		for _, name := range names {
			here[what+name] = true
		}
	}
	f.Messages.add((len(here) + 63) / 64)
	return Far{f.FS, f.Messages, here}
}

// ask counts a question whose answer is not here.
func (f Far) ask(what, name string) {
	if !f.here[what+name] {
		f.Messages.add(1)
	}
}

// Open implements [fs.FS].
func (f Far) Open(name string) (fs.File, error) { f.ask("open ", name); return f.FS.Open(name) }

// ReadDir implements [fs.ReadDirFS].
func (f Far) ReadDir(name string) ([]fs.DirEntry, error) {
	f.ask("list ", name)
	return fs.ReadDir(f.FS, name)
}

// Stat implements [fs.StatFS].
func (f Far) Stat(name string) (fs.FileInfo, error) { f.ask("look ", name); return fs.Stat(f.FS, name) }

// ReadLink and Lstat implement [fs.ReadLinkFS].
func (f Far) ReadLink(name string) (string, error) {
	f.ask("link ", name)
	return fs.ReadLink(f.FS, name)
}

// Lstat tells what a name is, of a link itself.
func (f Far) Lstat(name string) (fs.FileInfo, error) {
	f.ask("lstat ", name)
	return fs.Lstat(f.FS, name)
}
