package fault_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/gpuaudit/gpuaudit/audit/fault"
)

func TestKinds(t *testing.T) {
	plain := errors.New("plain")
	for name, tc := range map[string]struct {
		err  error
		want fault.Kind
	}{
		"nobody said":           {plain, fault.Usage},
		"incomplete":            {fault.AsIncomplete(plain), fault.Incomplete},
		"wrapped":               {fmt.Errorf("file: %w", fault.AsSignature(plain)), fault.Signature},
		"the outer one decides": {fault.AsUsage(fault.AsSignature(plain)), fault.Usage},
	} {
		if got := fault.Of(tc.err); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
	if err := fault.AsIncomplete(fmt.Errorf("x: %w", fs.ErrNotExist)); err.Error() != "x: file does not exist" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error inside is lost: %v", err)
	}
	if fault.AsUsage(nil) != nil || fault.AsIncomplete(nil) != nil || fault.AsSignature(nil) != nil {
		t.Error("no error became one")
	}
}
