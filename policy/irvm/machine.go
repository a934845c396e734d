package irvm

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Options are how a program is run.
type Options struct {
	// Steps bounds the statements of one call, which is work and not time: one input gives
	// one answer on every machine. It must be positive.
	Steps int64
	// Lenient makes an error of a built-in function an undefined value, as OPA does where
	// it is not asked for strict errors.
	Lenient bool
	// Trace has the run follow what of the input each call looks at; see [Run.Trace].
	Trace bool
}

// Run is the evaluation of one input. What a rule of the plan said is kept for the
// other calls of the same run. It is for one goroutine.
type Run struct {
	p           *Program
	ctx         context.Context
	input, data *ast.Term
	options     Options

	left     int64
	depth    int           // of calls under way
	memo     []known       // by function
	stack    [][]*ast.Term // of locals, in pieces: the calls under way keep theirs
	at, top  int           // what is free begins at stack[at][top]
	err      error
	operands []*ast.Term
	got      *ast.Term
	take     func(*ast.Term) error
	results  []ast.Value
	builtin  topdown.BuiltinContext

	trace *tracer // nil where nobody asked for traces
	// log is what the call under way rests on, in order: questions by their number, and
	// rules whose values it used by their complement.
	log   []int32
	calls int32 // that were made of this run
	inner int64 // steps that values of other rules took in the rule under way
}

// known is what a rule said before.
type known struct {
	asked bool
	value *ast.Term
	steps int64 // without those of the rules that it asked
	paid  int32 // the last call that these steps were counted in
	log   []int32
}

// NewRun begins an evaluation; input is nil where there is none.
func (p *Program) NewRun(ctx context.Context, input, data *ast.Term, options Options) *Run {
	r := &Run{p: p, ctx: ctx, input: input, data: data, options: options, memo: make([]known, len(p.funcs))}
	r.take = func(t *ast.Term) error {
		r.got = t
		return nil
	}
	r.builtin = topdown.BuiltinContext{Context: ctx, Cancel: topdown.NewCancel()}
	if options.Trace {
		r.trace = newTracer(input)
	}
	return r
}

// Has says that there is a function of that name which takes input and data alone.
func (p *Program) Has(name string) bool {
	f, ok := p.byName[name]
	return ok && p.funcs[f].memoised()
}

// Call asks for the value of a rule by the name of its function; nil is undefined.
func (r *Run) Call(name string) (ast.Value, error) {
	if !r.p.Has(name) {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, name)
	}
	r.begin()
	v, ok := r.call(r.p.byName[name], []*ast.Term{r.input, r.data})
	if !ok {
		return nil, r.err
	}
	if v == nil {
		return nil, nil
	}
	r.sawWhole(v)
	return v.Value, nil
}

// Plan runs a plan and returns its results, which are objects of variables.
func (r *Run) Plan(name string) ([]ast.Value, error) {
	for i := range r.p.plans {
		pl := &r.p.plans[i]
		if pl.name != name {
			continue
		}
		r.begin()
		f := frame{locals: r.reserve(pl.locals), arrays: make([]array, pl.arrays), early: -1}
		f.locals[0], f.locals[1] = r.input, r.data
		r.blocks(&f, pl.blocks)
		clear(f.locals)
		return r.results, r.err
	}
	return nil, fmt.Errorf("%w: %s", ErrUnknown, name)
}

func (r *Run) begin() {
	r.left, r.err, r.results = r.options.Steps, nil, nil
	r.log, r.inner, r.calls = r.log[:0], 0, r.calls+1
	r.at, r.top, r.depth = 0, 0, 0 // no call is under way, and each left its locals empty
}

// frame is a call under way.
type frame struct {
	locals []*ast.Term
	arrays []array
	ret    *ast.Term
	early  int32
}

// array is a local in which an array is built: its elements until it is read, then
// the array.
type array struct {
	building bool
	elems    []*ast.Term
	term     *ast.Term
}

func (a *array) read() *ast.Term {
	if a.building {
		a.term, a.building = ast.ArrayTerm(a.elems...), false
		a.elems = nil
	}
	return a.term
}

// maxCalls bounds calls under way: Rego knows no recursion, and a damaged plan may.
const maxCalls = 1000

// pieceSize is how many locals a piece of the stack has at least.
const pieceSize = 1024

// reserve takes locals from the stack; they are undefined. Whoever takes them leaves
// them so, and gives them back by setting at and top as they were.
func (r *Run) reserve(n int32) []*ast.Term {
	if r.at == len(r.stack) || len(r.stack[r.at])-r.top < int(n) {
		if r.top > 0 {
			r.at++
		}
		r.top = 0
		switch {
		case r.at == len(r.stack):
			r.stack = append(r.stack, make([]*ast.Term, max(pieceSize, int(n))))
		case len(r.stack[r.at]) < int(n):
			r.stack[r.at] = make([]*ast.Term, n)
		}
	}
	locals := r.stack[r.at][r.top : r.top+int(n) : r.top+int(n)]
	r.top += int(n)
	return locals
}

// get is the value of an operand; nil is undefined.
func (r *Run) get(f *frame, x int32) *ast.Term {
	switch {
	case x < 0:
		return r.p.consts[^x]
	case x < arrayBase:
		return f.locals[x]
	}
	return f.arrays[x-arrayBase].read()
}

func (f *frame) set(x int32, t *ast.Term) {
	if x < arrayBase {
		f.locals[x] = t
		return
	}
	f.arrays[x-arrayBase] = array{term: t}
}

// call runs a function; not ok means that r.err is set. args may be of the table of
// operands, and are copied.
func (r *Run) call(index int32, args []*ast.Term) (value *ast.Term, ok bool) {
	fn := &r.p.funcs[index]
	if fn.memoised() && r.memo[index].asked {
		r.used(index)
		return r.memo[index].value, true
	}
	if r.depth == maxCalls {
		r.err = fmt.Errorf("%w: calls nested deeper than %d", ErrPlan, maxCalls)
		return nil, false
	}
	r.depth++
	at, top, since, before, inner := r.at, r.top, len(r.log), r.left, r.inner
	r.inner = 0
	f := frame{locals: r.reserve(fn.locals), early: fn.early}
	if fn.arrays > 0 {
		f.arrays = make([]array, fn.arrays)
	}
	for i, p := range fn.params {
		f.locals[p] = args[i]
	}
	signal := r.blocks(&f, fn.blocks)
	r.depth--
	clear(f.locals)
	r.at, r.top = at, top
	if signal == failed {
		return nil, false
	}
	if !fn.memoised() {
		r.inner += inner
		return f.ret, true
	}
	took := before - r.left
	r.remember(index, f.ret, took-r.inner, since)
	r.inner = inner + took
	return f.ret, true
}

// What a block ends with: 0 where all its statements held, n where n blocks are left,
// the block itself counted.
const (
	held     = 0
	left     = 1 // this block alone: a statement is undefined
	returned = -1
	failed   = -2
)

// blocks runs one after the other, each until a statement of it does not hold.
func (r *Run) blocks(f *frame, s span) int {
	for i := s.from; i < s.to; i++ {
		if signal := r.block(f, i); signal < 0 {
			return signal
		} else if signal > left {
			return signal - 1
		}
	}
	return held
}

func (r *Run) block(f *frame, index int32) int {
	code := r.p.code[r.p.blocks[index].from:r.p.blocks[index].to]
	for i := range code {
		if r.left--; r.left < 0 || r.left%stepsBetween == 0 {
			if !r.goOn() {
				return failed
			}
		}
		if signal := r.step(f, &code[i]); signal != held {
			return signal
		}
	}
	return held
}

// stepsBetween is how often the context is asked, which costs a lock.
const stepsBetween = 1024

func (r *Run) goOn() bool {
	switch {
	case r.left < 0:
		r.err = fmt.Errorf("%w: stopped after %d", ErrSteps, r.options.Steps)
	case r.ctx.Err() != nil:
		r.err = r.ctx.Err()
	}
	return r.err == nil
}

func (r *Run) fail(err error) int {
	r.err = err
	return failed
}

func boolSignal(holds bool) int {
	if holds {
		return held
	}
	return left
}
