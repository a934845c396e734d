package irvm

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"strconv"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Memo keeps what a rule said of inputs, as a tree of questions: what the rule looks at
// first, and for each answer to that what it looks at next. It finds the value for every
// input that answers as another one did, whatever else is in it. The zero value is empty
// and ready; it is safe for concurrent use.
type Memo[T any] struct {
	mu   sync.RWMutex
	root *node[T]
	size int // nodes
}

// MemoSize bounds the nodes of a tree, some 150 bytes each. One that is full is
// forgotten: a rule that looks at what no two inputs share finds nothing anyway.
const MemoSize = 2048

// node is a question, or the end: the rule's value.
type node[T any] struct {
	question
	next  []branch[T]
	value T
	end   bool
}

type branch[T any] struct {
	answer answer
	to     *node[T]
}

// answer is to a question; kinds of answers never share a text. What is long is told
// apart by its SHA-256: an input from a machine under suspicion must not be able to pick
// up what a rule said of another.
type answer struct {
	kind byte
	text string
}

// at is where an answer leads, nil where it was not given yet.
func (n *node[T]) at(a answer) *branch[T] {
	for i := range n.next {
		if n.next[i].answer == a {
			return &n.next[i]
		}
	}
	return nil
}

// Asked is an input that is held against what is kept. It is for one goroutine.
type Asked struct {
	input *ast.Term
	terms []*ast.Term // the answers so far
	long  map[longKey]string
}

type longKey struct {
	term *ast.Term
	what asked
}

// Ask makes an input ready to be held against what is kept.
func Ask(input *ast.Term) *Asked { return &Asked{input: input, long: map[longKey]string{}} }

// Find returns what was kept for an input like this one.
func (m *Memo[T]) Find(a *Asked) (value T, ok bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if !hasParts(a.input) {
		return value, false
	}
	a.terms = a.terms[:0]
	n := m.root
	for n != nil && !n.end {
		b := n.at(a.answer(&n.question))
		if b == nil {
			return value, false
		}
		n = b.to
	}
	if n == nil {
		return value, false
	}
	return n.value, true
}

// answer answers a question that follows on those before it.
func (a *Asked) answer(q *question) answer {
	of := a.input
	if q.from != inputItself {
		of = a.terms[q.from]
	}
	var found *ast.Term
	if q.what == member {
		found = of.Get(q.key)
	}
	a.terms = append(a.terms, found)
	return a.said(q.what, of, found)
}

// said is the answer to a question of a value; found is the member that is asked for.
func (a *Asked) said(what asked, of, found *ast.Term) answer {
	if what != member {
		k := longKey{of, what}
		text, ok := a.long[k]
		if !ok {
			text = digest(what, of)
			a.long[k] = text
		}
		return answer{'a' + byte(what), text}
	}
	if found == nil {
		return answer{'-', ""}
	}
	if kind, text := scalarText(found.Value); kind != 0 {
		if len(text) > sha256.Size {
			sum := sha256.Sum256([]byte(text))
			return answer{kind - 'a' + 'A', string(sum[:])}
		}
		return answer{kind, text}
	}
	text := "empty"
	if hasParts(found) {
		text = ""
	}
	return answer{'#', ast.ValueName(found.Value) + text}
}

// digest stands for the keys of a value, or for everything in it.
func digest(what asked, t *ast.Term) string {
	if list, ok := t.Value.(*ast.Array); ok && what == members {
		return strconv.Itoa(list.Len())
	}
	h := sha256.New()
	if what == whole {
		writeWhole(h, t.Value)
	} else if object, ok := t.Value.(ast.Object); ok {
		_ = object.Iter(func(k, _ *ast.Term) error {
			writeWhole(h, k.Value)
			return nil
		})
	}
	return string(h.Sum(nil))
}

// writeWhole writes a value so that no two values are written alike.
func writeWhole(h hash.Hash, v ast.Value) {
	put := func(kind byte, n int, text string) {
		b := binary.AppendUvarint(append(make([]byte, 0, 16), kind), uint64(n))
		h.Write(b)
		h.Write([]byte(text))
	}
	if kind, text := scalarText(v); kind != 0 {
		put(kind, len(text), text)
		return
	}
	switch v := v.(type) {
	case *ast.Array:
		put('[', v.Len(), "")
		for i := range v.Len() {
			writeWhole(h, v.Elem(i).Value)
		}
	case ast.Object:
		put('{', v.Len(), "")
		_ = v.Iter(func(k, x *ast.Term) error {
			writeWhole(h, k.Value)
			writeWhole(h, x.Value)
			return nil
		})
	default:
		text := v.String()
		put('?', len(text), text)
	}
}

// Keep keeps a value for all inputs that answer as the one did of which it was made. It
// reports whether the questions go on as those of other inputs did, which they do
// unless what a rule says rests on more than its input.
func (m *Memo[T]) Keep(trace Trace, a *Asked, value T) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.size+len(trace) >= MemoSize {
		m.root, m.size = nil, 0
	}
	if len(trace) >= MemoSize {
		return true
	}
	a.terms = a.terms[:0]
	at := &m.root
	for i := range trace {
		q := trace[i]
		if *at == nil {
			*at = &node[T]{question: q.kept()}
			m.size++
		}
		n := *at
		if n.end || !n.sameAs(&q) {
			m.root, m.size = nil, 0
			return false
		}
		said := a.answer(&q)
		b := n.at(said)
		if b == nil {
			n.next = append(n.next, branch[T]{answer: said})
			b = &n.next[len(n.next)-1]
		}
		at = &b.to
	}
	if *at == nil {
		*at = &node[T]{value: value, end: true}
		m.size++
		return true
	}
	if !(*at).end {
		m.root, m.size = nil, 0
		return false
	}
	return true
}

// kept is a question without the input of which it was asked.
func (q question) kept() question {
	q.term = nil
	if q.key != nil {
		q.key = &ast.Term{Value: q.key.Value}
	}
	return q
}

func (q *question) sameAs(other *question) bool {
	switch {
	case q.from != other.from || q.what != other.what || (q.key == nil) != (other.key == nil):
		return false
	case q.key == nil:
		return true
	}
	return keyOf(q.key) == keyOf(other.key)
}

// Size is how many nodes there are.
func (m *Memo[T]) Size() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.size
}
