package capture

import (
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
}

func newTree(limits Limits) *tree {
	return &tree{limits, map[string]*node{".": {mode: fs.ModeDir | 0o555}}}
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
	t.nodes[name] = n
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
