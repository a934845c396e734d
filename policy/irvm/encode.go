package irvm

import (
	"encoding/binary"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// format is the first byte of a program's stored form, which changes with the
// instructions. It is no format for others: a program is stored beside the code that
// reads it.
const format = 1

// Kinds of stored values.
const (
	kindNull = iota
	kindFalse
	kindTrue
	kindNumber
	kindText
	kindArray
	kindObject
)

// Encode is the stored form of a program and its data document. Texts stand in it once.
func Encode(p *Program, data ast.Value) ([]byte, error) {
	w := &writer{known: map[string]uint64{}}
	w.int(len(p.consts))
	for _, c := range p.consts {
		w.value(c.Value)
	}
	w.value(data)
	w.int(len(p.builtins))
	for _, b := range p.builtins {
		w.text(b.name)
	}
	w.int(len(p.args))
	for _, a := range p.args {
		w.signed(a)
	}
	w.int(len(p.code))
	for i := range p.code {
		w.instr(&p.code[i])
	}
	w.int(len(p.blocks))
	for _, b := range p.blocks {
		w.span(b)
	}
	w.entries(p)
	if w.err != nil {
		return nil, w.err
	}
	out := binary.AppendUvarint([]byte{format}, uint64(len(w.texts)))
	for _, s := range w.texts {
		out = append(binary.AppendUvarint(out, uint64(len(s))), s...)
	}
	return append(out, w.out...), nil
}

func (w *writer) entries(p *Program) {
	w.int(len(p.funcs))
	for i := range p.funcs {
		f := &p.funcs[i]
		w.text(f.name)
		w.int(len(f.path))
		for _, s := range f.path {
			w.text(s)
		}
		w.int(len(f.params))
		for _, x := range f.params {
			w.signed(x)
		}
		w.signed(f.ret)
		w.signed(f.locals)
		w.signed(f.arrays)
		w.signed(f.early)
		w.span(f.blocks)
	}
	w.int(len(p.plans))
	for i := range p.plans {
		w.text(p.plans[i].name)
		w.signed(p.plans[i].locals)
		w.signed(p.plans[i].arrays)
		w.span(p.plans[i].blocks)
	}
}

type writer struct {
	out   []byte
	texts []string
	known map[string]uint64
	err   error
}

func (w *writer) int(n int)      { w.out = binary.AppendUvarint(w.out, uint64(n)) }
func (w *writer) signed(n int32) { w.out = binary.AppendVarint(w.out, int64(n)) }

func (w *writer) span(s span) {
	w.signed(s.from)
	w.signed(s.to - s.from)
}

func (w *writer) text(s string) {
	at, ok := w.known[s]
	if !ok {
		at = uint64(len(w.texts))
		w.known[s], w.texts = at, append(w.texts, s)
	}
	w.out = binary.AppendUvarint(w.out, at)
}

// instr leaves out what is zero: most statements have two or three parts.
func (w *writer) instr(in *instr) {
	parts := [...]int32{int32(in.n), in.a, in.b, in.c, in.d}
	mask := byte(0)
	for i, v := range parts {
		if v != 0 {
			mask |= 1 << i
		}
	}
	w.out = append(w.out, byte(in.op), mask)
	for _, v := range parts {
		if v != 0 {
			w.signed(v)
		}
	}
}

func (w *writer) value(v ast.Value) {
	switch v := v.(type) {
	case ast.Null:
		w.int(kindNull)
	case ast.Boolean:
		if v {
			w.int(kindTrue)
		} else {
			w.int(kindFalse)
		}
	case ast.Number:
		w.int(kindNumber)
		w.text(string(v))
	case ast.String:
		w.int(kindText)
		w.text(string(v))
	case *ast.Array:
		w.int(kindArray)
		w.int(v.Len())
		v.Foreach(func(t *ast.Term) { w.value(t.Value) })
	case ast.Object:
		w.int(kindObject)
		w.int(v.Len())
		v.Foreach(func(k, t *ast.Term) {
			w.value(k.Value)
			w.value(t.Value)
		})
	default:
		w.err = fmt.Errorf("%w: a constant of type %s", ErrPlan, ast.ValueName(v))
	}
}
