package policy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// What one step of a rule may take and make. Thirty steps that each double a list or a
// text would fill any memory, and OPA asks nobody between the beginning of a step and its
// end.
const (
	roomElements = 200_000
	roomText     = 4 << 20 // bytes
	roomDigits   = 4096    // of a number
)

// widest is the largest width or precision that a verb of sprintf may name.
const widest = 1000

// rooms are the functions that can make more than they are given, or whose time grows
// faster than what they are given. All others make at most what they take.
var rooms = map[string]func([]*ast.Term) error{
	"array.concat": counted, "union": nested, "or": counted, "object.union": counted, "object.keys": counted,
	"concat": joined, "replace": replaced, "split": pieces, "sprintf": printed,
	"plus": numbers, "minus": numbers, "mul": numbers, "div": numbers, "rem": numbers, "abs": numbers, "round": numbers, "ceil": numbers,
	"floor": numbers, "sum": numbers, "format_int": numbers, "to_number": numbers,
}

func init() {
	for name, check := range rooms {
		call := topdown.GetBuiltin(name)
		if call == nil {
			continue // the compiler makes something else of it
		}
		topdown.RegisterBuiltinFunc(name, func(ctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
			if err := check(operands); err != nil {
				return topdown.Halt{Err: fmt.Errorf("%s: %w", name, err)}
			}
			return call(ctx, operands, iter)
		})
	}
}

func tooMuch(n int, what string) error {
	return fmt.Errorf("%w: more than %d %s", ErrRoom, n, what)
}

// length is how many elements a value has.
func length(t *ast.Term) int {
	switch v := t.Value.(type) {
	case *ast.Array:
		return v.Len()
	case ast.Set:
		return v.Len()
	case ast.Object:
		return v.Len()
	}
	return 0
}

// counted bounds what is made of all elements of the operands.
func counted(operands []*ast.Term) error {
	n := 0
	for _, t := range operands {
		n += length(t)
	}
	if n > roomElements {
		return tooMuch(roomElements, "elements")
	}
	return nil
}

// nested bounds what is made of the elements of an operand's elements.
func nested(operands []*ast.Term) error {
	n := 0
	for _, t := range operands {
		if set, ok := t.Value.(ast.Set); ok {
			set.Foreach(func(inner *ast.Term) { n += length(inner) })
		}
	}
	if n > roomElements {
		return tooMuch(roomElements, "elements")
	}
	return nil
}

// size adds up what a value takes when it is written out, and stops at the limit: values
// may share their parts, so that few steps make one whose text would fill any memory.
func size(v ast.Value, limit int) int {
	n := 2
	add := func(t *ast.Term) bool {
		n += size(t.Value, limit-n) + 1
		return n > limit
	}
	switch v := v.(type) {
	case ast.String:
		n += len(v)
	case ast.Number:
		n += len(v)
	case *ast.Array:
		v.Until(add)
	case ast.Set:
		v.Until(add)
	case ast.Object:
		v.Until(func(key, value *ast.Term) bool { return add(key) || add(value) })
	default:
		n += 4
	}
	return n
}

// joined bounds what concat makes of a list of texts.
func joined(operands []*ast.Term) error {
	separator, _ := operands[0].Value.(ast.String)
	n := size(operands[1].Value, roomText)
	if n+len(separator)*length(operands[1]) > roomText {
		return tooMuch(roomText, "bytes")
	}
	return nil
}

func textOf(t *ast.Term) string {
	s, _ := t.Value.(ast.String)
	return string(s)
}

func replaced(operands []*ast.Term) error {
	in, from, to := textOf(operands[0]), textOf(operands[1]), textOf(operands[2])
	if len(in)+strings.Count(in, from)*max(0, len(to)-len(from)) > roomText {
		return tooMuch(roomText, "bytes")
	}
	return nil
}

func pieces(operands []*ast.Term) error {
	if strings.Count(textOf(operands[0]), textOf(operands[1])) >= roomElements {
		return tooMuch(roomElements, "elements")
	}
	return nil
}

// verb is the beginning of a verb of sprintf, up to its letter.
var verb = lazyregexp.New(`%[-+# 0-9.*\[\]]*`)

// printed bounds what sprintf makes: a verb may write any of its values, wider than it is.
func printed(operands []*ast.Term) error {
	format := textOf(operands[0])
	verbs, width := 0, 0
	for _, v := range verb.FindAllString(format, -1) {
		verbs++
		for digits := range strings.FieldsFuncSeq(v, func(c rune) bool { return c < '0' || c > '9' }) {
			n, err := strconv.Atoi(digits)
			if err != nil || n > widest {
				return tooMuch(widest, "characters of one value")
			}
			width = max(width, n)
		}
		if strings.Contains(v, "*") {
			return fmt.Errorf("%w: write the width of a value out, in place of *", ErrRoom)
		}
	}
	largest := 0
	if list, ok := operands[1].Value.(*ast.Array); ok {
		list.Until(func(t *ast.Term) bool {
			largest = max(largest, size(t.Value, roomText))
			return largest > roomText
		})
	}
	if len(format)+verbs*(largest+2*width) > roomText {
		return tooMuch(roomText, "bytes")
	}
	return nil
}

// numbers bounds the digits of numbers, which rules have without end.
func numbers(operands []*ast.Term) error {
	digits := func(t *ast.Term) bool {
		switch v := t.Value.(type) {
		case ast.Number:
			return len(v) > roomDigits || exponent(string(v)) > roomDigits
		case ast.String:
			return len(v) > roomDigits || exponent(string(v)) > roomDigits
		}
		return false
	}
	large := false
	for _, t := range operands {
		large = large || digits(t)
		switch v := t.Value.(type) {
		case *ast.Array:
			large = large || v.Until(digits)
		case ast.Set:
			large = large || v.Until(digits)
		}
	}
	if large {
		return tooMuch(roomDigits, "digits")
	}
	return nil
}

// exponent is the power of ten of a number, roomDigits+1 where it is larger than that.
func exponent(number string) int {
	_, text, found := strings.Cut(strings.ToLower(number), "e")
	if !found {
		return 0
	}
	n := 0
	for _, c := range strings.TrimLeft(text, "+-") {
		if c < '0' || c > '9' {
			return 0
		}
		n = min(n*10+int(c-'0'), roomDigits+1)
	}
	return n
}
