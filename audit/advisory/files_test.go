package advisory

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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

// TestReadFiles: what is read together has a bound, too.
func TestReadFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "large.json")
	if err := errors.Join(os.WriteFile(name, nil, 0o600), os.Truncate(name, Limit)); err != nil {
		t.Fatal(err)
	}
	if files, err := ReadFiles([]string{name, name, name}); err != nil || len(files) != 3 {
		t.Errorf("%d files, %v", len(files), err)
	}
	if _, err := ReadFiles([]string{name, name, name, name}); !errors.Is(err, input.ErrTooLarge) {
		t.Errorf("four of the largest: %v", err)
	}
	if _, err := ReadFiles([]string{name + "x"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
