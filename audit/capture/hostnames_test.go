package capture_test

import (
	"os"
	"slices"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/capture"
)

// TestHostSecrets: what identifies the running machine and its user is looked for, trimmed
// and never empty, which would be found in everything.
func TestHostSecrets(t *testing.T) {
	env := map[string]string{"SUDO_USER": " mallory\n", "LOGNAME": "  "}
	list := capture.HostSecrets(func(name string) string { return env[name] })
	for _, s := range list {
		if s.Value == "" || s.Kind == "" {
			t.Errorf("%+v", s)
		}
	}
	if !slices.Contains(list, capture.Secret{Kind: "the user's name", Value: "mallory"}) {
		t.Errorf("who called sudo is not among %v", list)
	}
	if name, err := os.Hostname(); err == nil && name != "" && !slices.Contains(list, capture.Secret{Kind: "this machine's name", Value: name}) {
		t.Errorf("%s is not among %v", name, list)
	}
}
