package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// decisionRule is the one rule of a package that is asked for.
const decisionRule = "decision"

// verdictPackage holds what makes verdicts and messages.
var verdictPackage = ast.MustParseRef("data.gpuaudit.verdict")

// unknownRef is the function that the last branch of every decision calls.
var unknownRef = ast.MustParseRef("data.gpuaudit.verdict.unknown")

// checkDecision holds a module to the shape of a rule: one decision, without a
// default, whose last branch is an unconditional call of verdict.unknown. Then
// a fact that is missing leads to unknown, whatever the rule looked for.
func checkDecision(m *ast.Module) error {
	var decision *ast.Rule
	for _, r := range m.Rules {
		if len(r.Head.Reference) == 0 || r.Head.Reference[0].Value.Compare(ast.Var(decisionRule)) != 0 {
			continue
		}
		if decision != nil || r.Default || len(r.Head.Args) > 0 || len(r.Head.Reference) > 1 || r.Head.Value == nil {
			return compileError(r.Location.String(), "a rule has exactly one complete rule named decision, with else branches and without a default")
		}
		decision = r
	}
	if decision == nil {
		return compileError(m.Package.Location.String(), "package %s has no rule named decision", packageName(m))
	}
	last := decision
	for last.Else != nil {
		last = last.Else
	}
	if last == decision || !callsUnknown(m, last) {
		return compileError(last.Location.String(), "the last branch of a decision is: else := <a call of verdict.unknown or of a function in gpuaudit.lib that lacks facts>")
	}
	return nil
}

// callsUnknown says that a branch's value is made by a function for verdicts
// that are unknown: verdict.unknown, or lib.device_lacks and lib.host_lacks,
// which call it.
func callsUnknown(m *ast.Module, branch *ast.Rule) bool {
	call, ok := branch.Head.Value.Value.(ast.Call)
	if !ok {
		return false
	}
	ref, ok := call[0].Value.(ast.Ref)
	if !ok || len(ref) == 0 {
		return false
	}
	full := resolveImport(m, ref)
	return full.Equal(unknownRef) || full.Equal(deviceLacksRef) || full.Equal(hostLacksRef)
}

var (
	deviceLacksRef = ast.MustParseRef("data.gpuaudit.lib.device_lacks")
	hostLacksRef   = ast.MustParseRef("data.gpuaudit.lib.host_lacks")
)

// resolveImport replaces an imported name at the head of a reference by the
// path that it stands for.
func resolveImport(m *ast.Module, ref ast.Ref) ast.Ref {
	name, ok := ref[0].Value.(ast.Var)
	if !ok {
		return ref
	}
	for _, imp := range m.Imports {
		if path, isRef := imp.Path.Value.(ast.Ref); isRef && imp.Name() == name {
			return path.Concat(ref[1:])
		}
	}
	return ref
}
