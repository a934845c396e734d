package irvm

import (
	"slices"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
)

// asked is what was looked at of a part of the input.
type asked uint8

const (
	member  asked = iota // what is at a key
	members              // which keys there are, or how many elements
	whole                // everything in it
)

// question is what a call looked at. A rule is a function of the answers: whoever gives
// the same answer to each gets the same next question, and in the end the same value.
type question struct {
	// from is the member that is asked of, by its place among the questions; -1 is the
	// input itself.
	from int32
	what asked
	key  *ast.Term // of a member
	// term is what is there, nil where nothing is. It belongs to one input.
	term *ast.Term
}

// inputItself is where questions begin.
const inputItself = -1

// tracer follows what calls look at. Every part of the input that has parts itself is
// known by its term: whatever takes such a term and is not followed looks at it whole.
type tracer struct {
	where     map[*ast.Term]int32
	known     map[questionKey]int32
	questions []question
	// lost says that what was looked at cannot be told: no trace of this run counts.
	lost bool
}

type questionKey struct {
	from int32
	what asked
	key  memberKey
}

// memberKey tells the keys of members apart.
type memberKey struct {
	kind byte
	text string
}

func keyOf(t *ast.Term) memberKey {
	if kind, text := scalarText(t.Value); kind != 0 {
		return memberKey{kind, text}
	}
	return memberKey{text: t.String()}
}

func newTracer(input *ast.Term) *tracer {
	t := &tracer{where: map[*ast.Term]int32{}, known: map[questionKey]int32{}}
	if t.lost = !hasParts(input); !t.lost {
		t.where[input] = inputItself
	}
	return t
}

// hasParts says that there is something in a value that can be asked for.
func hasParts(t *ast.Term) bool {
	if t == nil {
		return false
	}
	switch v := t.Value.(type) {
	case *ast.Array:
		return v.Len() > 0
	case ast.Object:
		return v.Len() > 0
	}
	return false
}

// looked enters a question into the log of the call, once known for all that ask it.
func (r *Run) looked(k questionKey, key, found *ast.Term) {
	t := r.trace
	n, ok := t.known[k]
	if !ok {
		n = int32(len(t.questions))
		t.questions = append(t.questions, question{from: k.from, what: k.what, key: key, term: found})
		t.known[k] = n
		if k.what == member && found != nil {
			if _, isSet := found.Value.(ast.Set); isSet {
				t.lost = true // no JSON has one
			}
			if hasParts(found) {
				_, twice := t.where[found]
				t.lost = t.lost || twice // one term in two places: which of them is asked?
				t.where[found] = n
			}
		}
	}
	r.log = append(r.log, n)
}

// sawMember notes that a member of a value was looked at, which may not be there.
func (r *Run) sawMember(source, key, found *ast.Term) {
	if from, ok := r.trace.where[source]; ok {
		r.looked(questionKey{from, member, keyOf(key)}, key, found)
	}
}

// sawMembers notes that the keys of a value were looked at, or their number.
func (r *Run) sawMembers(source *ast.Term) {
	if from, ok := r.trace.where[source]; ok {
		r.looked(questionKey{from: from, what: members}, nil, nil)
	}
}

// sawWhole notes that a value goes where nobody follows it.
func (r *Run) sawWhole(t *ast.Term) {
	if r.trace == nil || t == nil {
		return
	}
	if from, ok := r.trace.where[t]; ok {
		r.looked(questionKey{from: from, what: whole}, nil, nil)
	}
}

// sawOperands notes what a function of OPA's looks at.
func (r *Run) sawOperands(name string, operands []*ast.Term) {
	switch name {
	case ast.Count.Name, ast.ObjectKeys.Name:
		r.sawMembers(operands[0])
	case ast.ObjectGet.Name:
		r.sawPath(operands[0], operands[1])
	default:
		for _, t := range operands {
			r.sawWhole(t)
		}
	}
}

// sawPath notes what object.get looks at, which hands out the term that it finds.
func (r *Run) sawPath(t, path *ast.Term) {
	r.sawWhole(path)
	list, ok := path.Value.(*ast.Array)
	if !ok {
		list = ast.NewArray(path)
	}
	for i := range list.Len() {
		if t == nil {
			return
		}
		key := list.Elem(i)
		found := t.Get(key)
		r.sawMember(t, key, found)
		t = found
	}
}

// Trace is what one call looked at, in order.
type Trace []question

// Trace returns what the last call looked at; not ok where that cannot be told, or the
// call came to no end.
func (r *Run) Trace() (trace Trace, ok bool) {
	t := r.trace
	if t == nil || t.lost || r.err != nil {
		return nil, false
	}
	place := make(map[int32]int32, len(r.log))
	seen := map[int32]bool{}
	ok = true
	var follow func(log []int32)
	follow = func(log []int32) {
		for _, n := range log {
			if n < 0 {
				if !seen[n] {
					seen[n] = true
					follow(r.memo[^n].log)
				}
				continue
			}
			if _, there := place[n]; there {
				continue
			}
			q := t.questions[n]
			if q.from != inputItself {
				from, there := place[q.from]
				ok = ok && there
				q.from = from
			}
			place[n] = int32(len(trace))
			trace = append(trace, q)
		}
	}
	follow(r.log)
	return trace, ok
}

// used takes a rule's value that is known already: whoever uses it rests on all that it
// rests on, and pays for it, once in a call, as if nobody had asked before. So the limit
// of steps is the same for a rule whatever was asked before it.
func (r *Run) used(index int32) {
	r.log = append(r.log, ^index)
	r.pay(index)
}

func (r *Run) pay(index int32) {
	k := &r.memo[index]
	if k.paid == r.calls {
		return
	}
	k.paid = r.calls
	r.left -= k.steps
	r.inner += k.steps
	for _, n := range k.log {
		if n < 0 {
			r.pay(^n)
		}
	}
}

// remember keeps what a rule said: own are the steps that no other rule's value took,
// and its log is what was entered since a place.
func (r *Run) remember(index int32, value *ast.Term, own int64, since int) {
	r.memo[index] = known{asked: true, value: value, steps: own, paid: r.calls, log: slices.Clone(r.log[since:])}
	r.log = append(r.log[:since], ^index)
}

// scalarText is a short name of a value without parts.
func scalarText(v ast.Value) (kind byte, text string) {
	switch v := v.(type) {
	case ast.String:
		return 's', string(v)
	case ast.Number:
		return 'n', string(v)
	case ast.Boolean:
		return 'b', strconv.FormatBool(bool(v))
	case ast.Null:
		return '0', ""
	}
	return 0, ""
}
