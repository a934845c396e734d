package advisory

import (
	"strings"
	"testing"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/input"
)

func TestParseTargets(t *testing.T) {
	got, err := ParseTargets([]string{"A Toolkit=package:a,b", "Driver of ours=module:amdgpu"})
	if err != nil || len(got) != 2 || len(got["A Toolkit"].Packages) != 2 {
		t.Errorf("%+v %v", got, err)
	}
	for _, bad := range []string{"", "A", "=nvidia-driver", "A=rpm:x", "A=module:"} {
		if got, err := ParseTargets([]string{bad}); err == nil || !strings.HasPrefix(err.Error(), "--map ") {
			t.Errorf("%q: %+v %v", bad, got, err)
		}
	}
}

// TestAddFiles: a file that is no advisory is named.
func TestAddFiles(t *testing.T) {
	_, err := AddFiles([]byte("{}"), []*input.File{{Name: "a.json", Data: []byte("{}")}}, nil, time.Time{})
	if err == nil || !strings.HasPrefix(err.Error(), "a.json: ") {
		t.Errorf("%v", err)
	}
}
