package irvm

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
)

// step runs one statement.
func (r *Run) step(f *frame, in *instr) int {
	switch in.op {
	case opDot:
		return r.dot(f, in)
	case opDotData:
		return r.dotData(f, in)
	case opEqual:
		return boolSignal(r.same(r.get(f, in.a), r.get(f, in.b)))
	case opNotEqual:
		return boolSignal(!r.same(r.get(f, in.a), r.get(f, in.b)))
	case opAssign:
		f.set(in.c, r.get(f, in.a))
		return held
	case opCall:
		return r.callFunction(f, in)
	case opBuiltin:
		return r.callBuiltin(f, in)
	case opBlock:
		return r.blocks(f, span{in.a, in.b})
	case opBreak:
		return int(in.a) + 1
	case opScan:
		return r.scan(f, in)
	case opNot:
		return r.not(f, in)
	case opIsDefined:
		return boolSignal(r.get(f, in.a) != nil)
	case opIsUndefined:
		return boolSignal(r.get(f, in.a) == nil)
	case opReset:
		f.set(in.c, nil)
		return held
	case opReturn:
		f.ret = r.get(f, in.a)
		return returned
	case opDynamic:
		return r.callDynamic(f, in)
	case opWith:
		return r.with(f, in)
	case opIsArray, opIsObject, opIsSet:
		return boolSignal(isType(in.op, r.get(f, in.a)))
	}
	return r.build(f, in)
}

// build runs a statement that makes or changes a value.
func (r *Run) build(f *frame, in *instr) int {
	switch in.op {
	case opMakeArray:
		f.arrays[in.c-arrayBase] = array{building: true, elems: make([]*ast.Term, 0, min(in.a, 256))}
	case opMakeObject:
		f.set(in.c, ast.ObjectTerm())
	case opMakeSet:
		f.set(in.c, ast.SetTerm())
	case opAppend:
		return r.push(f, in)
	case opInsert, opInsertOnce:
		return r.insert(f, in)
	case opAdd:
		return r.add(f, in)
	case opAssignOnce:
		return r.assignOnce(f, in)
	case opMerge:
		return r.merge(f, in)
	case opLen:
		return r.length(f, in)
	case opResult:
		if t := r.get(f, in.a); t != nil {
			r.results = append(r.results, t.Value)
		}
	default:
		return r.fail(fmt.Errorf("%w: statement %d", ErrPlan, in.op))
	}
	return held
}

// same compares as OPA does; undefined is the same as undefined only.
func same(a, b *ast.Term) bool {
	if a == b || a == nil || b == nil {
		return a == b
	}
	return ast.ValueEqual(a.Value, b.Value)
}

// same compares two values that a rule holds against each other: where both have parts,
// it looks at all of them.
func (r *Run) same(a, b *ast.Term) bool {
	if r.trace != nil && a != b && hasParts(a) && hasParts(b) {
		r.sawWhole(a)
		r.sawWhole(b)
	}
	return same(a, b)
}

func isType(op opcode, t *ast.Term) bool {
	if t == nil {
		return false
	}
	ok := false
	switch op {
	case opIsArray:
		_, ok = t.Value.(*ast.Array)
	case opIsObject:
		_, ok = t.Value.(ast.Object)
	case opIsSet:
		_, ok = t.Value.(ast.Set)
	}
	return ok
}

func (r *Run) dot(f *frame, in *instr) int {
	source, key := r.get(f, in.a), r.get(f, in.b)
	var found *ast.Term
	if source != nil && key != nil {
		switch v := source.Value.(type) {
		case ast.Object:
			found = v.Get(key)
		case *ast.Array:
			found = v.Get(key)
		case ast.Set:
			if v.Contains(key) {
				found = key
			}
		}
	}
	if r.trace != nil && source != nil && key != nil {
		r.sawWhole(key)
		r.sawMember(source, key, found)
	}
	f.set(in.c, found)
	return boolSignal(found != nil)
}

// dotData looks up a part of the data document, where OPA takes a number for a text
// and the other way round.
func (r *Run) dotData(f *frame, in *instr) int {
	source, key := r.get(f, in.a), r.get(f, in.b)
	if source != nil && key != nil && otherType(source.Value, key.Value) {
		return r.fail(ErrData)
	}
	return r.dot(f, in)
}

// otherType says that a key would be found if it were of the other type.
func otherType(source, key ast.Value) bool {
	switch k := key.(type) {
	case ast.Number:
		if object, ok := source.(ast.Object); ok {
			return object.Get(ast.StringTerm(string(k))) != nil
		}
	case ast.String:
		if _, ok := source.(*ast.Array); ok {
			_, err := strconv.Atoi(string(k))
			return err == nil
		}
	}
	return false
}

func (r *Run) length(f *frame, in *instr) int {
	t := r.get(f, in.a)
	if t == nil {
		return r.fail(ErrUndefined)
	}
	if r.trace != nil {
		r.sawMembers(t)
	}
	n := 0
	switch v := t.Value.(type) {
	case *ast.Array:
		n = v.Len()
	case ast.Object:
		n = v.Len()
	case ast.Set:
		n = v.Len()
	case ast.String:
		n = len([]rune(string(v)))
	}
	f.set(in.c, ast.InternedTerm(n))
	return held
}

// scan runs a block for each element, in OPA's order: keys and sets are sorted.
func (r *Run) scan(f *frame, in *instr) int {
	source := r.get(f, in.a)
	if source == nil {
		return held
	}
	if r.trace != nil {
		r.sawMembers(source)
	}
	signal := held
	// each runs the block for one element, and says whether there is more to do. In OPA's
	// terms there are two blocks around it: leaving the inner one goes on.
	each := func(key, value *ast.Term) bool {
		if r.trace != nil {
			r.sawMember(source, key, value)
		}
		f.set(in.b, key)
		f.set(in.c, value)
		switch s := r.block(f, in.d); {
		case s < 0:
			signal = s
		case s > left+1:
			signal = s - 2
		case s <= left:
			return true
		}
		return false
	}
	switch v := source.Value.(type) {
	case *ast.Array:
		for i := range v.Len() {
			if !each(ast.InternedTerm(i), v.Elem(i)) {
				break
			}
		}
	case ast.Object:
		_ = v.Iter(func(key, value *ast.Term) error { return more(each(key, value)) })
	case ast.Set:
		_ = v.Iter(func(elem *ast.Term) error { return more(each(elem, elem)) })
	}
	return signal
}

// errStop ends an iteration of OPA's.
var errStop = errors.New("enough")

func more(yes bool) error {
	if yes {
		return nil
	}
	return errStop
}

func (r *Run) not(f *frame, in *instr) int {
	switch s := r.block(f, in.d); {
	case s == held:
		return left
	case s == left:
		return held
	case s > left:
		return s - 1
	default:
		return s
	}
}

func (r *Run) assignOnce(f *frame, in *instr) int {
	value := r.get(f, in.a)
	if before := r.get(f, in.c); before != nil && !r.same(before, value) {
		return r.fail(ErrConflict)
	}
	if f.set(in.c, value); in.c == f.early {
		f.ret = value
		return returned
	}
	return held
}
