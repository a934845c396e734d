package rim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// node is an element of a canonical form. Names have their namespace, attributes are
// without its declarations.
type node struct {
	name     xml.Name
	attrs    []xml.Attr
	children []*node
	text     []byte
}

// parseNode reads a canonical form, which is smaller than what it was made of.
func parseNode(b []byte) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(b))
	top := &node{}
	stack := []*node{top}
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, wrong("not-canonical", "%v", err)
		}
		at := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.StartElement:
			n := &node{name: t.Name}
			for _, a := range t.Attr {
				if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
					n.attrs = append(n.attrs, a)
				}
			}
			at.children = append(at.children, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			at.text = append(at.text, t...)
		}
	}
	if len(top.children) != 1 {
		return nil, wrong("not-canonical", "%d elements, want 1", len(top.children))
	}
	return top.children[0], nil
}

// attr is the value of an attribute, "" for none.
func (n *node) attr(space, local string) string {
	for _, a := range n.attrs {
		if a.Name.Space == space && a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// sequence is the children of a node that has exactly these, in this order.
func (n *node) sequence(space string, names ...string) ([]*node, bool) {
	if len(n.children) != len(names) {
		return nil, false
	}
	for i, c := range n.children {
		if c.name.Space != space || c.name.Local != names[i] {
			return nil, false
		}
	}
	return n.children, true
}

func (n *node) names() string {
	var names []string
	for _, c := range n.children {
		names = append(names, c.name.Local)
	}
	return strings.Join(names, " ")
}
