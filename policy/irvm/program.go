// Package irvm is a virtual machine for the intermediate representation that OPA
// compiles Rego to (package v1/ir of OPA's module; "opa build --target plan"). It
// follows what OPA's own compiler to WebAssembly makes of each statement, works on
// OPA's values, and calls OPA's built-in functions. A plan with a statement or a
// function that it does not know is refused when it is loaded. It knows nothing of
// rules, findings or devices.
//
// It may do more than OPA's interpreter, which looks rules up in an index and stops
// where one answer is enough, and never less: where it gives an answer without an
// error, the interpreter gives the same one. Where it gives an error, the interpreter
// may still have an answer, and the caller asks it.
package irvm

import (
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Why a plan is not loaded, or a run gives no answer.
var (
	// ErrPlan: the plan has something that this machine does not do, or is damaged.
	ErrPlan = errors.New("plan cannot be run")
	// ErrSteps: the run took as many statements as it may.
	ErrSteps = errors.New("too many steps")
	// ErrConflict: a rule, or a key of an object, has two values.
	ErrConflict = errors.New("conflicting values")
	// ErrData: a number is looked up in an object of the data document, or a text in an
	// array. There OPA takes one for the other, and this machine does not.
	ErrData = errors.New("data is looked up by a key of another type")
	// ErrUndefined: a statement needs a value that is undefined, which the planner rules out.
	ErrUndefined = errors.New("value is undefined")
	// ErrUnknown: there is no function or plan of that name.
	ErrUnknown = errors.New("no such entry point")
)

// Program is a plan that can be run. It is not changed by that, and safe for
// concurrent use.
type Program struct {
	consts   []*ast.Term
	code     []instr
	blocks   []span
	args     []int32
	funcs    []function
	plans    []plan
	builtins []builtin
	byName   map[string]int32
	byPath   map[string]int32
}

// span is a part of the code, or of the blocks.
type span struct{ from, to int32 }

type function struct {
	name   string
	path   []string
	params []int32
	ret    int32
	locals int32
	arrays int32
	// early is a local whose first value is the function's, or -1: every rule of the
	// function gives the same constant.
	early  int32
	blocks span
}

// memoised says that the function is a rule, without arguments but input and data.
func (f *function) memoised() bool { return len(f.params) == 2 }

type plan struct {
	name           string
	locals, arrays int32
	blocks         span
}

type builtin struct {
	name string
	void bool // it has no result
	call topdown.BuiltinFunc
}

// An operand is an int32: a local from 0 on, a local that an array is built in from
// arrayBase on, and a constant below 0.
const arrayBase = 1 << 20

// opcode is a statement's kind. Statements that do the same to a register machine
// share one: all that put a constant or a local into a local are opAssign.
type opcode uint8

const (
	opReturn      opcode = iota // a
	opCall                      // a: function, b and n: its operands in args, c: result
	opBuiltin                   // the same of a built-in function
	opDynamic                   // a and n: arguments in args, then b parts of a path; c: result
	opBlock                     // blocks a to b
	opBreak                     // a: how many blocks
	opScan                      // a: source, b: key, c: value, d: block
	opNot                       // d: block
	opWith                      // a: local, b and n: path in args, c: value, d: block
	opDot                       // a: source, b: key, c: target
	opDotData                   // the same where the source is of the data document
	opLen                       // a to c
	opAssign                    // a to c
	opAssignOnce                // a to c
	opReset                     // c
	opMakeArray                 // a: capacity, c
	opMakeObject                // c
	opMakeSet                   // c
	opAppend                    // a to array c
	opInsert                    // a: key, b: value, c: object; n is 1 where it may be shared
	opInsertOnce                // the same
	opMerge                     // a and b to c
	opAdd                       // a to set c; n as for opInsert
	opEqual                     // a, b
	opNotEqual                  // a, b
	opIsArray                   // a
	opIsObject                  // a
	opIsSet                     // a
	opIsDefined                 // a
	opIsUndefined               // a
	opResult                    // a
	opcodes
)

// instr is a statement.
type instr struct {
	op         opcode
	n          uint8
	a, b, c, d int32
}
