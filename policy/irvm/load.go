package irvm

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Load makes a program of a plan. allowed says which built-in functions it may call.
func Load(p *ir.Policy, allowed func(name string) bool) (*Program, error) {
	l := &loader{plan: p, out: &Program{}, known: map[string]int32{}, builtins: map[string]int32{}}
	if p == nil || p.Static == nil || p.Funcs == nil || p.Plans == nil {
		return nil, fmt.Errorf("%w: it has no static part, functions or plans", ErrPlan)
	}
	for _, b := range p.Static.BuiltinFuncs {
		if err := l.builtin(b, allowed); err != nil {
			return nil, err
		}
	}
	for _, f := range p.Funcs.Funcs {
		l.out.funcs = append(l.out.funcs, function{name: f.Name, path: f.Path})
	}
	if err := l.out.index(); err != nil {
		return nil, err
	}
	for i, f := range p.Funcs.Funcs {
		if err := l.function(&l.out.funcs[i], f); err != nil {
			return nil, fmt.Errorf("function %s: %w", f.Name, err)
		}
	}
	for _, pl := range p.Plans.Plans {
		u := newUnit(pl.Blocks, nil)
		blocks, err := l.blocks(u, pl.Blocks)
		if err != nil {
			return nil, fmt.Errorf("plan %s: %w", pl.Name, err)
		}
		l.out.plans = append(l.out.plans, plan{name: pl.Name, locals: u.locals, arrays: int32(len(u.arrays)), blocks: blocks})
	}
	return l.out, l.out.check()
}

type loader struct {
	plan     *ir.Policy
	out      *Program
	known    map[string]int32 // constants by type and text
	builtins map[string]int32
}

func (l *loader) builtin(b *ir.BuiltinFunc, allowed func(string) bool) error {
	decl, call := ast.BuiltinMap[b.Name], topdown.GetBuiltin(b.Name)
	switch {
	case decl == nil, call == nil, !allowed(b.Name):
		return fmt.Errorf("%w: built-in function %s is not allowed", ErrPlan, b.Name)
	case decl.Relation:
		return fmt.Errorf("%w: built-in function %s gives several values", ErrPlan, b.Name)
	}
	l.builtins[b.Name] = int32(len(l.out.builtins))
	l.out.builtins = append(l.out.builtins, builtin{name: b.Name, void: decl.Decl.Result() == nil, call: call})
	return nil
}

// index finds functions by name and by path.
func (p *Program) index() error {
	p.byName, p.byPath = make(map[string]int32, len(p.funcs)), make(map[string]int32, len(p.funcs))
	for i := range p.funcs {
		f := &p.funcs[i]
		if _, twice := p.byName[f.name]; twice {
			return fmt.Errorf("%w: two functions %s", ErrPlan, f.name)
		}
		p.byName[f.name] = int32(i)
		if len(f.path) > 0 {
			p.byPath[pathKey(f.path)] = int32(i)
		}
	}
	return nil
}

// pathKey is a path as one text; no two have the same.
func pathKey(path []string) string {
	var key []byte
	for _, s := range path {
		key = append(strconv.AppendInt(key, int64(len(s)), 10), ':')
		key = append(key, s...)
	}
	return string(key)
}

func (l *loader) function(out *function, f *ir.Func) error {
	u := newUnit(f.Blocks, f)
	for _, p := range f.Params {
		out.params = append(out.params, u.local(p))
	}
	if slices.ContainsFunc(out.params, func(p int32) bool { return p >= arrayBase }) {
		return fmt.Errorf("%w: an array is built in a parameter", ErrPlan)
	}
	var err error
	out.ret = u.local(f.Return)
	out.early = l.early(u, f)
	out.blocks, err = l.blocks(u, f.Blocks)
	out.locals, out.arrays = u.locals, int32(len(u.arrays))
	return err
}

// early finds the local whose first value is that of the function: all bodies give it
// the same constant, and nothing else but a default gives the function a value. OPA's
// interpreter stops at the first of such rules as well.
func (l *loader) early(u *unit, f *ir.Func) int32 {
	result, values := ir.Local(-1), map[int32]bool{}
	for _, s := range u.once {
		if s.Target != f.Return {
			continue
		}
		if from, ok := s.Source.Value.(ir.Local); ok && from != f.Return && u.written[from] > 0 && u.assignedOnce[from] > 0 {
			if result >= 0 && result != from {
				return -1
			}
			result = from
		}
	}
	if result < 0 || u.written[result] != u.assignedOnce[result] {
		return -1
	}
	for _, s := range u.once {
		if s.Target != result {
			continue
		}
		switch s.Source.Value.(type) {
		case ir.Bool, ir.StringIndex:
			v, err := l.operand(u, s.Source)
			if err != nil {
				return -1
			}
			values[v] = true
		default:
			return -1
		}
	}
	if len(values) != 1 {
		return -1
	}
	return u.local(result)
}

// constant is the operand of a value that is known.
func (l *loader) constant(kind, text string, v ast.Value) int32 {
	key := kind + text
	at, ok := l.known[key]
	if !ok {
		at = ^int32(len(l.out.consts))
		l.known[key] = at
		l.out.consts = append(l.out.consts, ast.NewTerm(v))
	}
	return at
}

func (l *loader) number(text string) int32 { return l.constant("n", text, ast.Number(text)) }

func (l *loader) text(index int) (int32, error) {
	if index < 0 || index >= len(l.plan.Static.Strings) {
		return 0, fmt.Errorf("%w: there is no text %d", ErrPlan, index)
	}
	s := l.plan.Static.Strings[index].Value
	return l.constant("s", s, ast.String(s)), nil
}

func (l *loader) operand(u *unit, o ir.Operand) (int32, error) {
	switch v := o.Value.(type) {
	case ir.Local:
		return u.local(v), nil
	case ir.StringIndex:
		return l.text(int(v))
	case ir.Bool:
		return l.constant("b", strconv.FormatBool(bool(v)), ast.Boolean(v)), nil
	}
	return 0, fmt.Errorf("%w: operand %T is not known", ErrPlan, o.Value)
}

func (l *loader) blocks(u *unit, blocks []*ir.Block) (span, error) {
	spans := make([]span, 0, len(blocks))
	for _, b := range blocks {
		var code []instr
		for _, s := range b.Stmts {
			in, err := l.statement(u, s)
			if err != nil {
				return span{}, err
			}
			if in.op != opcodes {
				code = append(code, in)
			}
		}
		from := int32(len(l.out.code))
		l.out.code = append(l.out.code, code...)
		spans = append(spans, span{from, int32(len(l.out.code))})
	}
	from := int32(len(l.out.blocks))
	l.out.blocks = append(l.out.blocks, spans...)
	return span{from, int32(len(l.out.blocks))}, nil
}

func (l *loader) block(u *unit, b *ir.Block) (int32, error) {
	s, err := l.blocks(u, []*ir.Block{b})
	return s.from, err
}
