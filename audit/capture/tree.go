package capture

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// node is one file, directory or link of an archive.
type node struct {
	mode   fs.FileMode // type and permission bits
	data   []byte      // of a file
	target string      // of a link
	names  []string    // of a directory, sorted once the tree is whole
}

// tree holds an archive's nodes by their full name; "." is the top. It decides
// which names, links and combinations an archive may have. Reader and writer
// share it, so that nothing is written that would be refused.
type tree struct {
	limits Limits
	nodes  map[string]*node
	held   int64 // bytes, of limits.HeldBytes
	large  shared
	cards  cards // those that raised the limits
}

func newTree(limits Limits) *tree {
	return &tree{limits: limits, nodes: map[string]*node{".": {mode: fs.ModeDir | 0o555}}, large: shared{}, cards: cards{}}
}

// shared are larger files by their digest: machines have many cards of one model, each
// with the same ROM.
type shared map[[sha256.Size]byte][]byte

// sharedFrom is from which size on files are compared.
const sharedFrom = 16 << 10

// one returns the bytes that are held for these, and how many more that takes.
func (s shared) one(data []byte) ([]byte, int64) {
	if len(data) < sharedFrom {
		return data, int64(len(data))
	}
	sum := sha256.Sum256(data)
	if old, ok := s[sum]; ok {
		return old, 0
	}
	s[sum] = data
	return data, int64(len(data))
}

// nodeBytes is what an entry takes beside its name and its content, in bytes: a node, its
// place in a map, and that in the list of its folder.
const nodeBytes = 256

// hold charges a node.
func (t *tree) hold(name string, n *node) error {
	var more int64
	n.data, more = t.large.one(n.data)
	if t.held += more + int64(nodeBytes+len(name)+len(n.target)); t.held > t.limits.HeldBytes {
		return &said{fmt.Sprintf("more than %d bytes in memory", t.limits.HeldBytes), []error{TooLarge}}
	}
	return nil
}

// checkName refuses what is no plain relative path.
func (t *tree) checkName(name string) error {
	switch {
	case len(name) > t.limits.NameBytes:
		return &said{fmt.Sprintf("longer than %d bytes", t.limits.NameBytes), []error{BadName}}
	case path.IsAbs(name):
		return &said{"absolute", []error{BadName}}
	case strings.ContainsAny(name, "\\\x00"):
		return &said{"backslash or NUL", []error{BadName}}
	case !fs.ValidPath(name):
		return &said{"empty, \".\", \"..\" or not UTF-8", []error{BadName}}
	case strings.Count(name, "/") >= t.limits.Depth:
		return &said{fmt.Sprintf("more than %d elements", t.limits.Depth), []error{BadName}}
	}
	return nil
}

// checkTarget refuses a link that leads out of root, the directory that is its
// world ("." or "root"). An absolute target is let through: real snapshots have
// them (etc/mtab), and they are never followed.
func (t *tree) checkTarget(root, name, target string) error {
	switch {
	case target == "" || len(target) > t.limits.NameBytes:
		return &said{fmt.Sprintf("target is empty or longer than %d bytes", t.limits.NameBytes), []error{BadLink}}
	case strings.ContainsAny(target, "\\\x00"):
		return &said{"backslash or NUL in the target", []error{BadLink}}
	case path.IsAbs(target):
		return nil
	}
	inside := name
	if root != "." {
		inside = strings.TrimPrefix(name, root+"/")
	}
	// path.Join drops what climbs above a relative path's start only when
	// nothing is left to climb, so that a leading ".." shows the escape.
	if to := path.Join(path.Dir(inside), target); to == ".." || strings.HasPrefix(to, "../") {
		return &said{fmt.Sprintf("target %.200q leaves the root", target), []error{BadLink}}
	}
	return nil
}

// add puts a node in the tree, with the directories above it. A directory may
// come twice; nothing else may, and nothing may lie below what is no directory.
func (t *tree) add(name string, n *node) error {
	if old := t.nodes[name]; old != nil {
		if old.mode.IsDir() && n.mode.IsDir() {
			return nil
		}
		return Duplicate
	}
	parent := path.Dir(name)
	if err := t.makeDir(parent); err != nil {
		return err
	}
	if len(t.nodes) > t.limits.Entries {
		return &said{fmt.Sprintf("more than %d entries", t.limits.Entries), []error{TooLarge}}
	}
	if err := t.hold(name, n); err != nil {
		return err
	}
	t.nodes[name] = n
	t.more(name, n.data)
	t.nodes[parent].names = append(t.nodes[parent].names, path.Base(name))
	return nil
}

// makeDir makes sure that name and all above it are directories.
func (t *tree) makeDir(name string) error {
	if n := t.nodes[name]; n != nil {
		if !n.mode.IsDir() {
			return &said{fmt.Sprintf("%.200q is none", name), []error{BadParent}}
		}
		return nil
	}
	return t.add(name, &node{mode: fs.ModeDir | 0o555})
}

func (t *tree) sort() {
	for _, n := range t.nodes {
		slices.Sort(n.names)
	}
}

// refusal finds the kind in an error of the tree.
func refusal(err error) Kind {
	var kind Kind
	if errors.As(err, &kind) {
		return kind
	}
	return Corrupt
}
