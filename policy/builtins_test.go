package policy

import (
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// TestAllowedBuiltinsExist: a name that is misspelt allows nothing, and would
// go unseen.
func TestAllowedBuiltinsExist(t *testing.T) {
	caps := ast.CapabilitiesForThisVersion()
	for _, name := range slices.Concat(allowedBuiltins[:], testBuiltins[:]) {
		i := slices.IndexFunc(caps.Builtins, func(b *ast.Builtin) bool { return b.Name == name })
		if i < 0 && name != "internal.test_case" {
			t.Errorf("OPA has no built-in function %q", name)
			continue
		}
		if i >= 0 && caps.Builtins[i].Nondeterministic {
			t.Errorf("%q is not deterministic", name)
		}
	}
}

// TestNoNetwork: an empty list is no host; nil would be any.
func TestNoNetwork(t *testing.T) {
	if caps := allowed(); caps.AllowNet == nil || len(caps.AllowNet) != 0 {
		t.Errorf("allowed network: %#v", caps.AllowNet)
	}
}
