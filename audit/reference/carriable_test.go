package reference_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/fault"
	"github.com/gpuaudit/gpuaudit/audit/reference"
	"github.com/gpuaudit/gpuaudit/rules"
)

func TestCarriable(t *testing.T) {
	law, err := fs.ReadFile(rules.FS(), "data/restrictions.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		file, text, want string
		kind             fault.Kind
	}{
		"the program's own law": {"restrictions.json", string(law), "", 0},
		"law that is none":      {"restrictions.json", "{}", " ", fault.Usage},
		"no signature":          {"a.sigstore.json", "{}", "no signed manifest", fault.Signature},
		"no data of ours":       {"prices.json", "{}", "no signed manifest, and", fault.Usage},
		"another ending":        {"readme.txt", "text", "no signed manifest", fault.Signature},
	} {
		err := reference.Carriable(tc.file, []byte(tc.text))
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || fault.Of(err) != tc.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
