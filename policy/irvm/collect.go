package irvm

import "github.com/open-policy-agent/opa/v1/ast"

// push adds an element to an array. One that was read before it was complete is taken
// apart again.
func (r *Run) push(f *frame, in *instr) int {
	value, a := r.get(f, in.a), &f.arrays[in.c-arrayBase]
	if value == nil {
		return r.fail(ErrUndefined)
	}
	r.sawWhole(value)
	if !a.building {
		var elems []*ast.Term
		if a.term != nil {
			r.sawWhole(a.term)
			list, ok := a.term.Value.(*ast.Array)
			if !ok {
				return r.fail(ErrConflict)
			}
			list.Foreach(func(t *ast.Term) { elems = append(elems, t) })
		}
		*a = array{building: true, elems: elems}
	}
	a.elems = append(a.elems, value)
	return held
}

// object is the object of a local, to be changed: the local's own, or a copy of it.
func (r *Run) object(f *frame, in *instr) (ast.Object, bool) {
	t := r.get(f, in.c)
	if t == nil {
		return nil, false
	}
	object, ok := t.Value.(ast.Object)
	if ok && in.n != 0 {
		r.sawWhole(t)
		object = copied(object)
		f.set(in.c, ast.NewTerm(object))
	}
	return object, ok
}

// copied has the same keys and values, which are not copied.
func copied(object ast.Object) ast.Object {
	out := ast.NewObject()
	object.Foreach(func(k, v *ast.Term) { out.Insert(k, v) })
	return out
}

func (r *Run) insert(f *frame, in *instr) int {
	key, value := r.get(f, in.a), r.get(f, in.b)
	if key == nil || value == nil {
		return r.fail(ErrUndefined)
	}
	r.sawWhole(key)
	r.sawWhole(value)
	object, ok := r.object(f, in)
	if !ok {
		return r.fail(ErrConflict)
	}
	if in.op == opInsertOnce {
		if before := object.Get(key); before != nil {
			if r.same(before, value) {
				return held
			}
			return r.fail(ErrConflict)
		}
	}
	object.Insert(key, value)
	return held
}

func (r *Run) add(f *frame, in *instr) int {
	value, t := r.get(f, in.a), r.get(f, in.c)
	if value == nil || t == nil {
		return r.fail(ErrUndefined)
	}
	r.sawWhole(value)
	set, ok := t.Value.(ast.Set)
	if !ok {
		return r.fail(ErrConflict)
	}
	if in.n != 0 {
		r.sawWhole(t)
		out := ast.NewSet()
		set.Foreach(out.Add)
		set = out
		f.set(in.c, ast.NewTerm(set))
	}
	set.Add(value)
	return held
}

// merge joins two objects; where both have a value, the first one's counts, unless
// both are objects.
func (r *Run) merge(f *frame, in *instr) int {
	a, b := r.get(f, in.a), r.get(f, in.b)
	r.sawWhole(a)
	r.sawWhole(b)
	switch {
	case a == nil:
		f.set(in.c, b)
	case b == nil:
		f.set(in.c, a)
	default:
		f.set(in.c, merged(a, b))
	}
	return held
}

func merged(a, b *ast.Term) *ast.Term {
	first, ok := a.Value.(ast.Object)
	second, both := b.Value.(ast.Object)
	if !ok || !both {
		return a
	}
	out := ast.NewObject()
	first.Foreach(func(k, v *ast.Term) {
		if other := second.Get(k); other != nil {
			v = merged(v, other)
		}
		out.Insert(k, v)
	})
	second.Foreach(func(k, v *ast.Term) {
		if first.Get(k) == nil {
			out.Insert(k, v)
		}
	})
	return ast.NewTerm(out)
}
