package irvm

import "github.com/open-policy-agent/opa/v1/ir"

// unit is what must be known of a whole function, or plan, before its statements are
// loaded.
type unit struct {
	locals int32 // how many
	// arrays are the locals that an array is built in, by number. They are kept apart, so
	// that an array of n elements is not copied n times.
	arrays map[ir.Local]int32
	// written counts the statements that give a local a value; made those of them that
	// make it a new object or set, assignedOnce those that are AssignVarOnce.
	written, made, assignedOnce map[ir.Local]int
	once                        []*ir.AssignVarOnceStmt
	// data are the locals that can hold a part of the data document.
	data map[ir.Local]bool
}

func newUnit(blocks []*ir.Block, f *ir.Func) *unit {
	u := &unit{arrays: map[ir.Local]int32{}, written: map[ir.Local]int{}, made: map[ir.Local]int{},
		assignedOnce: map[ir.Local]int{}, data: map[ir.Local]bool{ir.Data: true}, locals: 2}
	if f != nil {
		for _, p := range append([]ir.Local{f.Return}, f.Params...) {
			u.see(p)
		}
	}
	u.walk(blocks)
	// What is data spreads until nothing is added: a statement may use a local that a
	// later one writes, where the code is a loop.
	for before := -1; before != len(u.data); {
		before = len(u.data)
		u.spread(blocks)
	}
	return u
}

func (u *unit) see(l ir.Local) {
	if int32(l) >= u.locals {
		u.locals = int32(l) + 1
	}
}

// write takes note of a local that a statement gives a value.
func (u *unit) write(l ir.Local) {
	u.see(l)
	u.written[l]++
}

func (u *unit) read(o ir.Operand) {
	if l, ok := o.Value.(ir.Local); ok {
		u.see(l)
	}
}

// local is the operand of a local.
func (u *unit) local(l ir.Local) int32 {
	if at, ok := u.arrays[l]; ok {
		return arrayBase + at
	}
	return int32(l)
}

// nested are the blocks in a statement.
func nested(s ir.Stmt) []*ir.Block {
	switch s := s.(type) {
	case *ir.BlockStmt:
		return s.Blocks
	case *ir.ScanStmt:
		return []*ir.Block{s.Block}
	case *ir.NotStmt:
		return []*ir.Block{s.Block}
	case *ir.WithStmt:
		return []*ir.Block{s.Block}
	}
	return nil
}

func (u *unit) walk(blocks []*ir.Block) {
	for _, b := range blocks {
		for _, s := range b.Stmts {
			u.note(s)
			u.walk(nested(s))
		}
	}
}

// note takes what a statement writes. Locals that are only read were written before,
// or are parameters: check refuses what is out of range.
func (u *unit) note(s ir.Stmt) {
	switch s := s.(type) {
	case *ir.CallStmt:
		u.write(s.Result)
	case *ir.CallDynamicStmt:
		u.write(s.Result)
	case *ir.ScanStmt:
		u.write(s.Key)
		u.write(s.Value)
	case *ir.WithStmt:
		u.write(s.Local)
	case *ir.DotStmt:
		u.write(s.Target)
	case *ir.LenStmt:
		u.write(s.Target)
	case *ir.AssignVarStmt:
		u.read(s.Source)
		u.write(s.Target)
	case *ir.AssignIntStmt:
		u.write(s.Target)
	case *ir.AssignVarOnceStmt:
		u.read(s.Source)
		u.write(s.Target)
		u.assignedOnce[s.Target]++
		u.once = append(u.once, s)
	case *ir.ResetLocalStmt:
		u.see(s.Target)
	case *ir.MakeNullStmt:
		u.write(s.Target)
	case *ir.MakeNumberIntStmt:
		u.write(s.Target)
	case *ir.MakeNumberRefStmt:
		u.write(s.Target)
	case *ir.MakeArrayStmt:
		u.write(s.Target)
		u.array(s.Target)
	case *ir.MakeObjectStmt:
		u.write(s.Target)
		u.made[s.Target]++
	case *ir.MakeSetStmt:
		u.write(s.Target)
		u.made[s.Target]++
	case *ir.ArrayAppendStmt:
		u.see(s.Array)
		u.array(s.Array)
	case *ir.ObjectMergeStmt:
		u.write(s.Target)
	default:
		u.seeOthers(s)
	}
}

func (u *unit) seeOthers(s ir.Stmt) {
	switch s := s.(type) {
	case *ir.IsDefinedStmt:
		u.see(s.Source)
	case *ir.IsUndefinedStmt:
		u.see(s.Source)
	case *ir.ObjectInsertStmt:
		u.read(s.Key)
		u.read(s.Value)
		u.see(s.Object)
	case *ir.ObjectInsertOnceStmt:
		u.read(s.Key)
		u.read(s.Value)
		u.see(s.Object)
	case *ir.SetAddStmt:
		u.read(s.Value)
		u.see(s.Set)
	case *ir.EqualStmt:
		u.read(s.A)
		u.read(s.B)
	case *ir.NotEqualStmt:
		u.read(s.A)
		u.read(s.B)
	}
}

func (u *unit) array(l ir.Local) {
	if _, ok := u.arrays[l]; !ok {
		u.arrays[l] = int32(len(u.arrays))
	}
}

// shared says that an object or set may be another's as well, so that a copy is
// changed. One that nothing but its making puts into the local is the local's own.
func (u *unit) shared(l ir.Local) uint8 {
	if u.written[l] == u.made[l] {
		return 0
	}
	return 1
}

// spread follows the data document through lookups, loops and assignments.
func (u *unit) spread(blocks []*ir.Block) {
	from := func(o ir.Operand, to ...ir.Local) {
		if l, ok := o.Value.(ir.Local); ok && u.data[l] {
			for _, t := range to {
				u.data[t] = true
			}
		}
	}
	for _, b := range blocks {
		for _, s := range b.Stmts {
			switch s := s.(type) {
			case *ir.DotStmt:
				from(s.Source, s.Target)
			case *ir.ScanStmt:
				from(ir.Operand{Value: s.Source}, s.Value)
			case *ir.AssignVarStmt:
				from(s.Source, s.Target)
			case *ir.AssignVarOnceStmt:
				from(s.Source, s.Target)
			case *ir.ObjectMergeStmt:
				from(ir.Operand{Value: s.A}, s.Target)
				from(ir.Operand{Value: s.B}, s.Target)
			}
			u.spread(nested(s))
		}
	}
}
