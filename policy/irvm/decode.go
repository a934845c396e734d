package irvm

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// maxDepth bounds how deep a stored value may be nested.
const maxDepth = 64

// Decode reads what [Encode] wrote, and refuses what is damaged. allowed says which
// built-in functions the program may call.
func Decode(stored []byte, allowed func(name string) bool) (*Program, ast.Value, error) {
	if len(stored) == 0 || stored[0] != format {
		return nil, nil, fmt.Errorf("%w: its form is of another version", ErrPlan)
	}
	r := &reader{in: stored[1:]}
	r.table()
	p := &Program{consts: make([]*ast.Term, r.count())}
	for i := range p.consts {
		p.consts[i] = r.value(0)
	}
	data := r.value(0)
	p.builtins = make([]builtin, r.count())
	for i := range p.builtins {
		if p.builtins[i].name = r.string(); !r.bad && (!allowed(p.builtins[i].name) || arity(p.builtins[i].name) < 0) {
			return nil, nil, fmt.Errorf("%w: built-in function %s is not allowed", ErrPlan, p.builtins[i].name)
		}
	}
	p.args = make([]int32, r.count())
	for i := range p.args {
		p.args[i] = r.signed()
	}
	p.code = make([]instr, r.count())
	for i := range p.code {
		r.instr(&p.code[i])
	}
	p.blocks = make([]span, r.count())
	for i := range p.blocks {
		p.blocks[i] = r.span()
	}
	r.entries(p)
	if r.bad || len(r.in) > 0 {
		return nil, nil, fmt.Errorf("%w: its form is damaged", ErrPlan)
	}
	for i := range p.builtins {
		b := &p.builtins[i]
		b.call, b.void = topdown.GetBuiltin(b.name), ast.BuiltinMap[b.name].Decl.Result() == nil
	}
	if err := p.index(); err != nil {
		return nil, nil, err
	}
	return p, data.Value, p.check()
}

func (r *reader) entries(p *Program) {
	p.funcs = make([]function, r.count())
	for i := range p.funcs {
		f := &p.funcs[i]
		f.name = r.string()
		f.path = make([]string, r.count())
		for j := range f.path {
			f.path[j] = r.string()
		}
		f.params = make([]int32, r.count())
		for j := range f.params {
			f.params[j] = r.signed()
		}
		f.ret, f.locals, f.arrays, f.early = r.signed(), r.signed(), r.signed(), r.signed()
		f.blocks = r.span()
	}
	p.plans = make([]plan, r.count())
	for i := range p.plans {
		p.plans[i] = plan{name: r.string(), locals: r.signed(), arrays: r.signed(), blocks: r.span()}
	}
}

// reader reads the stored form. When something is wrong it says so once, at the end,
// and reads zeros until then.
type reader struct {
	in    []byte
	texts []*ast.Term // of texts, so that one value stands for all places
	bad   bool
}

func (r *reader) fail() {
	r.bad, r.in = true, nil
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.in)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.in = r.in[n:]
	return v
}

func (r *reader) signed() int32 {
	v, n := binary.Varint(r.in)
	if n <= 0 || v != int64(int32(v)) {
		r.fail()
		return 0
	}
	r.in = r.in[n:]
	return int32(v)
}

// count is how many elements follow; each takes a byte at least.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.in)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) table() {
	r.texts = make([]*ast.Term, r.count())
	all := string(r.in) // one copy for all texts
	for i := range r.texts {
		n := r.count()
		at := len(all) - len(r.in)
		if r.bad {
			return
		}
		r.texts[i] = &ast.Term{Value: ast.String(all[at : at+n])}
		r.in = r.in[n:]
	}
}

func (r *reader) text() *ast.Term {
	at := r.uint()
	if at >= uint64(len(r.texts)) {
		r.fail()
		return &ast.Term{Value: ast.String("")}
	}
	return r.texts[at]
}

func (r *reader) string() string { return string(r.text().Value.(ast.String)) }

func (r *reader) span() span {
	from := r.signed()
	return span{from, from + r.signed()}
}

func (r *reader) instr(in *instr) {
	if len(r.in) < 2 {
		r.fail()
		return
	}
	mask := r.in[1]
	in.op, r.in = opcode(r.in[0]), r.in[2:]
	for i := range 5 {
		if mask&(1<<i) == 0 {
			continue
		}
		switch v := r.signed(); i {
		case 0:
			if in.n = uint8(v); int32(in.n) != v {
				r.fail()
			}
		case 1:
			in.a = v
		case 2:
			in.b = v
		case 3:
			in.c = v
		case 4:
			in.d = v
		}
	}
}

// number refuses what is no JSON number: OPA's functions take it for granted.
func (r *reader) number() *ast.Term {
	text := r.string()
	if first := strings.TrimPrefix(text, "-"); first == "" || first[0] < '0' || first[0] > '9' || !json.Valid([]byte(text)) {
		r.fail()
	}
	return &ast.Term{Value: ast.Number(text)}
}

func (r *reader) value(depth int) *ast.Term {
	if depth > maxDepth {
		r.fail()
	}
	switch r.uint() {
	case kindNull:
		return ast.InternedNullTerm
	case kindFalse:
		return ast.InternedTerm(false)
	case kindTrue:
		return ast.InternedTerm(true)
	case kindNumber:
		return r.number()
	case kindText:
		return r.text()
	case kindArray:
		elems := make([]*ast.Term, r.count())
		for i := range elems {
			elems[i] = r.value(depth + 1)
		}
		return &ast.Term{Value: ast.NewArray(elems...)}
	case kindObject:
		items := make([][2]*ast.Term, r.count())
		for i := range items {
			items[i] = [2]*ast.Term{r.value(depth + 1), r.value(depth + 1)}
		}
		return &ast.Term{Value: ast.NewObject(items...)}
	}
	r.fail()
	return ast.InternedNullTerm
}
