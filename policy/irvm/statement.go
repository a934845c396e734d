package irvm

import (
	"fmt"
	"math"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// statement loads one statement. Its opcode is opcodes where there is nothing to do.
func (l *loader) statement(u *unit, s ir.Stmt) (instr, error) {
	switch s := s.(type) {
	case *ir.NopStmt:
		return instr{op: opcodes}, nil
	case *ir.ReturnLocalStmt:
		return instr{op: opReturn, a: u.local(s.Source)}, nil
	case *ir.ResultSetAddStmt:
		return instr{op: opResult, a: u.local(s.Value)}, nil
	case *ir.CallStmt:
		return l.call(u, s)
	case *ir.CallDynamicStmt:
		return l.dynamic(u, s)
	case *ir.BlockStmt:
		blocks, err := l.blocks(u, s.Blocks)
		return instr{op: opBlock, a: blocks.from, b: blocks.to}, err
	case *ir.BreakStmt:
		if s.Index > math.MaxInt16 {
			return instr{}, fmt.Errorf("%w: it breaks out of %d blocks", ErrPlan, s.Index)
		}
		return instr{op: opBreak, a: int32(s.Index)}, nil
	case *ir.ScanStmt:
		block, err := l.block(u, s.Block)
		return instr{op: opScan, a: u.local(s.Source), b: u.local(s.Key), c: u.local(s.Value), d: block}, err
	case *ir.NotStmt:
		block, err := l.block(u, s.Block)
		return instr{op: opNot, d: block}, err
	case *ir.WithStmt:
		return l.with(u, s)
	case *ir.DotStmt:
		in, err := l.three(u, opDot, s.Source, s.Key, s.Target)
		if from, ok := s.Source.Value.(ir.Local); ok && u.data[from] {
			in.op = opDotData
		}
		return in, err
	case *ir.LenStmt:
		return l.two(u, opLen, s.Source, s.Target)
	}
	return l.value(u, s)
}

// value loads a statement that gives a local a value.
func (l *loader) value(u *unit, s ir.Stmt) (instr, error) {
	switch s := s.(type) {
	case *ir.AssignVarStmt:
		return l.two(u, opAssign, s.Source, s.Target)
	case *ir.AssignVarOnceStmt:
		return l.two(u, opAssignOnce, s.Source, s.Target)
	case *ir.AssignIntStmt:
		return instr{op: opAssign, a: l.number(strconv.FormatInt(s.Value, 10)), c: u.local(s.Target)}, nil
	case *ir.MakeNumberIntStmt:
		return instr{op: opAssign, a: l.number(strconv.FormatInt(s.Value, 10)), c: u.local(s.Target)}, nil
	case *ir.MakeNumberRefStmt:
		if s.Index < 0 || s.Index >= len(l.plan.Static.Strings) {
			return instr{}, fmt.Errorf("%w: there is no number %d", ErrPlan, s.Index)
		}
		return instr{op: opAssign, a: l.number(l.plan.Static.Strings[s.Index].Value), c: u.local(s.Target)}, nil
	case *ir.MakeNullStmt:
		return instr{op: opAssign, a: l.constant("0", "", ast.Null{}), c: u.local(s.Target)}, nil
	case *ir.ResetLocalStmt:
		return instr{op: opReset, c: u.local(s.Target)}, nil
	case *ir.MakeArrayStmt:
		return instr{op: opMakeArray, a: max(0, min(s.Capacity, 1<<16)), c: u.local(s.Target)}, nil
	case *ir.MakeObjectStmt:
		return instr{op: opMakeObject, c: u.local(s.Target)}, nil
	case *ir.MakeSetStmt:
		return instr{op: opMakeSet, c: u.local(s.Target)}, nil
	case *ir.ArrayAppendStmt:
		return l.two(u, opAppend, s.Value, s.Array)
	case *ir.ObjectInsertStmt:
		in, err := l.three(u, opInsert, s.Key, s.Value, s.Object)
		in.n = u.shared(s.Object)
		return in, err
	case *ir.ObjectInsertOnceStmt:
		in, err := l.three(u, opInsertOnce, s.Key, s.Value, s.Object)
		in.n = u.shared(s.Object)
		return in, err
	case *ir.SetAddStmt:
		in, err := l.two(u, opAdd, s.Value, s.Set)
		in.n = u.shared(s.Set)
		return in, err
	case *ir.ObjectMergeStmt:
		return instr{op: opMerge, a: u.local(s.A), b: u.local(s.B), c: u.local(s.Target)}, nil
	}
	return l.test(u, s)
}

// test loads a statement that ends its block where something does not hold.
func (l *loader) test(u *unit, s ir.Stmt) (instr, error) {
	switch s := s.(type) {
	case *ir.EqualStmt:
		return l.pair(u, opEqual, s.A, s.B)
	case *ir.NotEqualStmt:
		return l.pair(u, opNotEqual, s.A, s.B)
	case *ir.IsArrayStmt:
		a, err := l.operand(u, s.Source)
		return instr{op: opIsArray, a: a}, err
	case *ir.IsObjectStmt:
		a, err := l.operand(u, s.Source)
		return instr{op: opIsObject, a: a}, err
	case *ir.IsSetStmt:
		a, err := l.operand(u, s.Source)
		return instr{op: opIsSet, a: a}, err
	case *ir.IsDefinedStmt:
		return instr{op: opIsDefined, a: u.local(s.Source)}, nil
	case *ir.IsUndefinedStmt:
		return instr{op: opIsUndefined, a: u.local(s.Source)}, nil
	}
	return instr{}, fmt.Errorf("%w: statement %T is not known", ErrPlan, s)
}

func (l *loader) two(u *unit, op opcode, from ir.Operand, to ir.Local) (instr, error) {
	a, err := l.operand(u, from)
	return instr{op: op, a: a, c: u.local(to)}, err
}

func (l *loader) three(u *unit, op opcode, first, second ir.Operand, to ir.Local) (instr, error) {
	in, err := l.pair(u, op, first, second)
	in.c = u.local(to)
	return in, err
}

func (l *loader) pair(u *unit, op opcode, first, second ir.Operand) (instr, error) {
	a, err := l.operand(u, first)
	if err != nil {
		return instr{}, err
	}
	b, err := l.operand(u, second)
	return instr{op: op, a: a, b: b}, err
}

// list puts operands into the table of operands.
func (l *loader) list(u *unit, list []ir.Operand) (int32, error) {
	at := int32(len(l.out.args))
	for _, o := range list {
		a, err := l.operand(u, o)
		if err != nil {
			return 0, err
		}
		l.out.args = append(l.out.args, a)
	}
	return at, nil
}

func (l *loader) call(u *unit, s *ir.CallStmt) (instr, error) {
	at, err := l.list(u, s.Args)
	if err != nil {
		return instr{}, err
	}
	if len(s.Args) > math.MaxUint8 {
		return instr{}, fmt.Errorf("%w: a call of %s has %d operands", ErrPlan, s.Func, len(s.Args))
	}
	in := instr{op: opCall, b: at, n: uint8(len(s.Args)), c: u.local(s.Result)}
	if f, ok := l.out.byName[s.Func]; ok {
		if in.a = f; len(s.Args) != len(l.plan.Funcs.Funcs[f].Params) {
			return instr{}, fmt.Errorf("%w: a call of %s has %d operands", ErrPlan, s.Func, len(s.Args))
		}
		return in, nil
	}
	b, ok := l.builtins[s.Func]
	if !ok {
		return instr{}, fmt.Errorf("%w: there is no function %s", ErrPlan, s.Func)
	}
	in.op, in.a = opBuiltin, b
	return in, nil
}

func (l *loader) dynamic(u *unit, s *ir.CallDynamicStmt) (instr, error) {
	args := make([]ir.Operand, len(s.Args), len(s.Args)+len(s.Path))
	for i, a := range s.Args {
		args[i] = ir.Operand{Value: a}
	}
	at, err := l.list(u, append(args, s.Path...))
	if len(s.Args) > math.MaxUint8 {
		return instr{}, fmt.Errorf("%w: a call has %d operands", ErrPlan, len(s.Args))
	}
	return instr{op: opDynamic, a: at, n: uint8(len(s.Args)), b: int32(len(s.Path)), c: u.local(s.Result)}, err
}

func (l *loader) with(u *unit, s *ir.WithStmt) (instr, error) {
	value, err := l.operand(u, s.Value)
	if err != nil {
		return instr{}, err
	}
	at := int32(len(l.out.args))
	for _, index := range s.Path {
		key, err := l.text(index)
		if err != nil {
			return instr{}, err
		}
		l.out.args = append(l.out.args, key)
	}
	if len(s.Path) > math.MaxUint8 {
		return instr{}, fmt.Errorf("%w: a path of %d parts", ErrPlan, len(s.Path))
	}
	block, err := l.block(u, s.Block)
	return instr{op: opWith, a: u.local(s.Local), b: at, n: uint8(len(s.Path)), c: value, d: block}, err
}
