package irvm

import (
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// gather puts the values of operands into room of the run's own, which the callee
// copies or is done with when it comes back.
func (r *Run) gather(f *frame, args []int32) []*ast.Term {
	r.operands = r.operands[:0]
	for _, x := range args {
		r.operands = append(r.operands, r.get(f, x))
	}
	return r.operands
}

func (r *Run) callFunction(f *frame, in *instr) int {
	value, ok := r.call(in.a, r.gather(f, r.p.args[in.b:in.b+int32(in.n)]))
	if !ok {
		return failed
	}
	f.set(in.c, value)
	return boolSignal(value != nil)
}

// dynamicBlocks are the blocks that are left where a function that was looked up gives
// nothing: the planner puts three around such a call, for where there is no function.
const dynamicBlocks = 3

func (r *Run) callDynamic(f *frame, in *instr) int {
	n := int32(in.n)
	path := make([]string, 0, in.b)
	for _, x := range r.p.args[in.a+n : in.a+n+in.b] {
		t := r.get(f, x)
		if t == nil {
			return left
		}
		s, ok := t.Value.(ast.String)
		if !ok {
			return left
		}
		path = append(path, string(s))
	}
	index, ok := r.p.byPath[pathKey(path)]
	if !ok || len(r.p.funcs[index].params) != int(n) {
		return left
	}
	value, ok := r.call(index, r.gather(f, r.p.args[in.a:in.a+n]))
	if !ok {
		return failed
	}
	f.set(in.c, value)
	if value == nil {
		return dynamicBlocks + 1
	}
	return held
}

// callBuiltin calls a function of OPA's. Its errors are kept: a rule that runs into
// one gives no answer.
func (r *Run) callBuiltin(f *frame, in *instr) int {
	b := &r.p.builtins[in.a]
	operands := r.gather(f, r.p.args[in.b:in.b+int32(in.n)])
	for _, t := range operands {
		if t == nil {
			return r.fail(fmt.Errorf("%s: %w", b.name, ErrUndefined))
		}
	}
	if r.trace != nil {
		r.sawOperands(b.name, operands)
	}
	r.got = nil
	if err := b.call(r.builtin, operands, r.take); err != nil {
		var halt topdown.Halt
		if r.options.Lenient && !errors.As(err, &halt) {
			f.set(in.c, nil)
			return left
		}
		return r.fail(err)
	}
	if b.void {
		return held
	}
	f.set(in.c, r.got)
	return boolSignal(r.got != nil)
}

// with runs a block with another value in a local, or in a part of it. What rules said
// before does not count there, and what they say there does not count after it.
func (r *Run) with(f *frame, in *instr) int {
	value := r.get(f, in.c)
	if value == nil && in.n > 0 {
		return left
	}
	before, memo, since, inner := r.get(f, in.a), r.memo, len(r.log), r.inner
	r.memo = make([]known, len(r.p.funcs))
	path := make([]*ast.Term, in.n)
	for i := range path {
		path[i] = r.get(f, r.p.args[in.b+int32(i)])
	}
	f.set(in.a, upsert(before, path, value))
	signal := r.block(f, in.d)
	f.set(in.a, before)
	r.memo, r.log, r.inner = memo, r.log[:since], inner
	r.sawWhole(r.input) // what is asked of the other value is not followed
	if signal > left {
		return signal - 1
	}
	return signal
}

// upsert is a value with another one at a path; what is in the way is replaced.
func upsert(t *ast.Term, path []*ast.Term, value *ast.Term) *ast.Term {
	if len(path) == 0 {
		return value
	}
	out := ast.NewObject()
	var below *ast.Term
	if t != nil {
		if object, ok := t.Value.(ast.Object); ok {
			out, below = copied(object), object.Get(path[0])
		}
	}
	out.Insert(path[0], upsert(below, path[1:], value))
	return ast.NewTerm(out)
}
