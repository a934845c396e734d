package irvm

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// maxLocals bounds the locals of one function.
const maxLocals = 1 << 12

// check refuses a program with anything that is out of range, so that it can be run
// without looking again.
func (p *Program) check() error {
	seen := make([]bool, len(p.blocks))
	for i := range p.funcs {
		f := &p.funcs[i]
		c := checker{p: p, locals: f.locals, arrays: f.arrays, seen: seen}
		for _, x := range f.params {
			c.local(x)
			c.ok(x < arrayBase)
		}
		c.size()
		if f.early >= 0 {
			c.local(f.early)
		}
		c.local(f.ret)
		if c.blocks(f.blocks); c.bad {
			return fmt.Errorf("%w: function %s is damaged", ErrPlan, f.name)
		}
	}
	for i := range p.plans {
		c := checker{p: p, locals: p.plans[i].locals, arrays: p.plans[i].arrays, seen: seen}
		c.size()
		if c.blocks(p.plans[i].blocks); c.bad {
			return fmt.Errorf("%w: plan %s is damaged", ErrPlan, p.plans[i].name)
		}
	}
	return nil
}

type checker struct {
	p              *Program
	locals, arrays int32
	// seen are the blocks that were met: each has one place, so that none is in itself.
	seen []bool
	bad  bool
}

func (c *checker) ok(holds bool) { c.bad = c.bad || !holds }

func (c *checker) size() {
	c.ok(c.locals >= 2 && c.locals <= maxLocals && c.arrays >= 0 && c.arrays <= maxLocals)
}

func (c *checker) local(x int32) {
	if x >= arrayBase {
		c.ok(x-arrayBase < c.arrays)
		return
	}
	c.ok(x >= 0 && x < c.locals)
}

func (c *checker) operand(x int32) {
	if x < 0 {
		c.ok(int(^x) < len(c.p.consts))
		return
	}
	c.local(x)
}

func (c *checker) operands(from, n int32) {
	if c.ok(from >= 0 && n >= 0 && int(from)+int(n) <= len(c.p.args)); c.bad {
		return
	}
	for _, x := range c.p.args[from : from+n] {
		c.operand(x)
	}
}

func (c *checker) blocks(s span) {
	if c.ok(s.from >= 0 && s.from <= s.to && int(s.to) <= len(c.p.blocks)); c.bad {
		return
	}
	for i := s.from; i < s.to; i++ {
		code := c.p.blocks[i]
		c.ok(!c.seen[i] && code.from >= 0 && code.from <= code.to && int(code.to) <= len(c.p.code))
		if c.bad {
			return
		}
		c.seen[i] = true
		for j := code.from; j < code.to; j++ {
			c.instr(&c.p.code[j])
		}
	}
}

func (c *checker) block(i int32) { c.blocks(span{i, i + 1}) }

func (c *checker) instr(in *instr) {
	switch in.op {
	case opCall:
		c.ok(in.a >= 0 && int(in.a) < len(c.p.funcs) && len(c.p.funcs[in.a].params) == int(in.n))
		c.operands(in.b, int32(in.n))
		c.local(in.c)
	case opBuiltin:
		if c.ok(in.a >= 0 && int(in.a) < len(c.p.builtins)); !c.bad {
			c.ok(arity(c.p.builtins[in.a].name) == int(in.n))
		}
		c.operands(in.b, int32(in.n))
		c.local(in.c)
	case opDynamic:
		if c.ok(in.b >= 0 && in.b < maxLocals); !c.bad {
			c.operands(in.a, int32(in.n)+in.b)
		}
		c.local(in.c)
	case opBlock:
		c.blocks(span{in.a, in.b})
	case opBreak:
		c.ok(in.a >= 0 && in.a < maxLocals)
	case opScan:
		c.local(in.a)
		c.local(in.b)
		c.local(in.c)
		c.block(in.d)
	case opNot:
		c.block(in.d)
	case opWith:
		c.local(in.a)
		c.operands(in.b, int32(in.n))
		c.operand(in.c)
		c.block(in.d)
	default:
		c.simple(in)
	}
}

// simple checks a statement without blocks or calls.
func (c *checker) simple(in *instr) {
	switch in.op {
	case opReturn, opResult, opIsDefined, opIsUndefined, opIsArray, opIsObject, opIsSet:
		c.operand(in.a)
	case opEqual, opNotEqual:
		c.operand(in.a)
		c.operand(in.b)
	case opLen, opAssign, opAssignOnce, opAdd:
		c.operand(in.a)
		c.local(in.c)
	case opDot, opDotData, opInsert, opInsertOnce, opMerge:
		c.operand(in.a)
		c.operand(in.b)
		c.local(in.c)
	case opReset, opMakeObject, opMakeSet:
		c.local(in.c)
	case opMakeArray:
		c.ok(in.a >= 0 && in.a <= 1<<16)
		c.local(in.c)
		c.ok(in.c >= arrayBase)
	case opAppend:
		c.operand(in.a)
		c.local(in.c)
		c.ok(in.c >= arrayBase)
	default:
		c.ok(false)
	}
}

// arity is how many operands a built-in function takes, -1 where it cannot be called.
func arity(name string) int {
	b := ast.BuiltinMap[name]
	if b == nil || b.Relation || topdown.GetBuiltin(name) == nil {
		return -1
	}
	return len(b.Decl.FuncArgs().Args)
}
