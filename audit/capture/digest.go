package capture

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
)

// Digest is the SHA-256 over everything that a capture of this recording holds,
// the evidence of the TPM left out, so that the evidence can cover it. It is of
// what was read and not of what was made of it: a later version that makes more
// of the same capture finds the same digest.
func (r *Recorder) Digest(opts Options) ([]byte, error) {
	p, meta, err := r.plan(opts)
	if err != nil {
		return nil, err
	}
	heads, err := p.heads(meta)
	if err != nil {
		return nil, err
	}
	maps.Copy(p.tree.nodes, heads)
	return digest(p.tree.nodes), nil
}

// heads are the entries that say what the others are.
func (p *plan) heads(meta Meta) (map[string]*node, error) {
	heads := map[string]*node{}
	for name, v := range map[string]any{metaName: meta, indexName: p.index} {
		n, err := jsonNode(name, v)
		if err != nil {
			return nil, err
		}
		heads[name] = n
	}
	return heads, nil
}

// Digest is that of the recording that the archive was written from; nil for a
// ghw snapshot, and for one that was cut short.
func (a *Archive) Digest() []byte {
	if a.meta == nil || a.view.absent == Truncated {
		return nil
	}
	return digest(a.view.tree.nodes)
}

// digest is over the entries in the order of their names. Each one is a letter,
// the octal permissions, for a file the SHA-256 of its content in hexadecimal,
// the name, and for a link its target; each of these ends with a NUL, which no
// name holds. docs/capture-format.md has a shell script for it.
func digest(nodes map[string]*node) []byte {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		n := nodes[name]
		switch perm := n.mode.Perm(); {
		case name == "." || name == tpmName:
		case n.mode.IsDir():
			fmt.Fprintf(h, "d\x00%o\x00%s\x00", perm, name)
		case n.target != "":
			fmt.Fprintf(h, "l\x00%o\x00%s\x00%s\x00", perm, name, n.target)
		default:
			fmt.Fprintf(h, "-\x00%o\x00%x\x00%s\x00", perm, sha256.Sum256(n.data), name)
		}
	}
	return h.Sum(nil)
}
