package broker

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// place is a name in a granted folder. Of a folder that is not granted as a whole, match
// says which names may be listed, and nothing is read that holds a private key.
type place struct {
	folder, below string
	beside        bool
	match         func(string) bool
}

// inFolder is the place that a request is about; nil for none that is granted.
func (s *Server) inFolder(op operation, name string) *place {
	clean := filepath.Clean(name)
	for _, g := range s.folders {
		switch g.Kind {
		case ReadFolder, WriteFolder:
			if rest, ok := under(filepath.Clean(g.Name), clean); ok && rest != "." && s.part(g.Name, rest) {
				return &place{folder: filepath.Clean(g.Name), below: rest}
			}
		case ReadMatching:
			at := filepath.Dir(g.Name)
			rest, ok := under(at, clean)
			switch {
			case !ok:
			case rest == "." && op == opList:
				return &place{at, rest, true, s.matching(at)}
			case rest == "." && op == opStat, !strings.Contains(rest, "/") && asks(op) && s.matching(at)(rest) && plain(at, rest):
				return &place{folder: at, below: rest, beside: true}
			}
		case ReadMentioned:
			at := filepath.Dir(g.Name)
			rest, ok := under(at, clean)
			if ok && (rest == "." && op == opStat || asks(op) && rest != "." && mentions(s.textOf(g.Name), rest)) {
				return &place{folder: at, below: rest, beside: true}
			}
		}
	}
	return nil
}

// keyLimit is how large a file of a private key may be, in bytes.
const keyLimit = 64 << 10

// holdsKey says that an opened file is a private key in PEM, of whatever kind.
func holdsKey(fd int) bool {
	b := make([]byte, keyLimit)
	for n := 0; n < len(b); {
		more, err := unix.Pread(fd, b[n:], int64(n))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || more == 0 {
			b = b[:n]
			break
		}
		n += more
	}
	return bytes.Contains(b, []byte("PRIVATE KEY-----"))
}

// part says that a name in a granted folder is one that is granted.
func (s *Server) part(folder, name string) bool {
	only, narrow := s.rights.Only[folder]
	first, _, _ := strings.Cut(name, "/")
	return !narrow || slices.ContainsFunc(only, func(pattern string) bool {
		ok, err := path.Match(pattern, first)
		return err == nil && ok
	})
}

// asks says that a request is about one file: to open it, or what it is.
func asks(op operation) bool { return op == opOpen || op == opStat || op == opLstat }

// plain says that a name in a folder is an ordinary file, and no link to one.
func plain(folder, name string) bool {
	i, err := os.Lstat(filepath.Join(folder, name))
	return err == nil && i.Mode().IsRegular()
}

// under is the name below a folder, "." for the folder itself. Both are clean.
func under(folder, name string) (string, bool) {
	switch {
	case folder == name:
		return ".", true
	case folder == ".":
		return name, filepath.IsLocal(name)
	}
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(folder, "/")+"/")
	return rest, ok && filepath.IsLocal(rest)
}

// matching says whether a name in a folder matches one of the granted patterns.
func (s *Server) matching(folder string) func(name string) bool {
	return func(name string) bool {
		for _, g := range s.folders {
			if g.Kind == ReadMatching && filepath.Dir(g.Name) == folder {
				if ok, err := path.Match(filepath.Base(g.Name), name); err == nil && ok {
					return true
				}
			}
		}
		return false
	}
}

// listMatching lists what matches in a folder, and the folders in it, which cannot be
// opened: a verb may say that they are there.
func (s *Server) listMatching(t *tree, match func(string) bool, a *answer) error {
	s.listing.Lock()
	defer s.listing.Unlock()
	list, err := t.list(".", s.limits.Entries)
	if err != nil {
		return err
	}
	return a.entries(those(list, func(e fs.DirEntry) bool { return e.IsDir() || match(e.Name()) }))
}

func those(list []fs.DirEntry, match func(fs.DirEntry) bool) []fs.DirEntry {
	return slices.DeleteFunc(list, func(e fs.DirEntry) bool { return !match(e) })
}

// mentioningLimit is how much of a file is searched for names of others, in bytes.
const mentioningLimit = 1 << 20

// Mentioned says that [ReadMentioned] of the file of a name grants another one below its
// folder.
func Mentioned(name, below string) bool { return mentions(plainText(name), below) }

// textOf is what an ordinary file of the command line holds. It is read once.
func (s *Server) textOf(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.holding[name]
	if !ok {
		text = plainText(name)
		s.holding[name] = text
	}
	return text
}

// plainText is what an ordinary file holds; "" of any other. Nothing of it is parsed.
func plainText(name string) string {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	// What can be read once only is for the judge.
	if i, err := f.Stat(); err != nil || !i.Mode().IsRegular() || i.Size() > mentioningLimit {
		return ""
	}
	b := make([]byte, mentioningLimit)
	n := 0
	for n < len(b) {
		more, err := f.Read(b[n:])
		if n += more; err != nil {
			break
		}
	}
	return string(b[:n])
}

// mentions says that a name stands in a text as a word: with nothing before and after it
// that could belong to a longer name. A name that is written in another way, as with
// escapes, is none.
func mentions(text, name string) bool {
	part := func(b byte) bool {
		return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80 || strings.IndexByte("._-/+~@%=", b) >= 0
	}
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(name)
		if (from == 0 || !part(text[from-1])) && (to == len(text) || !part(text[to])) {
			return true
		}
		at = from + 1
	}
}
