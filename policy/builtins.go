package policy

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// allowedBuiltins are the built-in functions that rules may call. It is a list
// of what is allowed, not of what is forbidden: a function that a new version
// of OPA brings is off until somebody has looked at it and adds it here. All of
// these are deterministic, look at their arguments only, and reach neither the
// network, nor files, nor the clock.
var allowedBuiltins = [...]string{
	// Comparison, assignment and membership.
	"assign", "eq", "equal", "neq", "lt", "lte", "gt", "gte",
	"internal.member_2", "internal.member_3",
	// Arithmetic and aggregates. A division by zero is an error here.
	"plus", "minus", "mul", "div", "rem", "abs", "round", "ceil", "floor",
	"count", "sum", "max", "min", "sort",
	// Sets, arrays and objects.
	"and", "or", "union", "intersection", "array.concat", "array.reverse", "array.slice",
	"object.get", "object.keys", "object.union", "object.remove", "object.filter",
	// Text.
	"concat", "contains", "startswith", "endswith", "lower", "upper", "indexof", "replace", "split",
	"sprintf", "substring", "trim", "trim_left", "trim_prefix", "trim_right", "trim_space", "trim_suffix",
	"format_int", "to_number", "regex.match",
	"strings.any_prefix_match", "strings.any_suffix_match",
	// Types.
	"is_array", "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string", "type_name",
	// Dates that are in the input or the data; the clock itself is input.now.
	"time.parse_rfc3339_ns", "time.diff", "time.add_date", "time.date",
}

// testBuiltins are allowed in tests of rules besides: they build inputs.
var testBuiltins = [...]string{"json.patch", "json.remove", "internal.test_case"}

// allowed is what a compiler of rules may know: the functions above, the
// language of this version, and no host to reach. The network list is empty
// and not nil, for nil means any host.
func allowed(more ...string) *ast.Capabilities {
	caps := ast.CapabilitiesForThisVersion()
	caps.Builtins = slices.DeleteFunc(caps.Builtins, func(b *ast.Builtin) bool {
		return !slices.Contains(allowedBuiltins[:], b.Name) && !slices.Contains(more, b.Name)
	})
	caps.AllowNet = []string{}
	return caps
}

// planMayCall says that a plan may call a built-in function.
func planMayCall(name string) bool { return slices.Contains(allowedBuiltins[:], name) }
