package capture_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/capture"
	"github.com/gpuaudit/gpuaudit/audit/collect"
)

// TestNVMLIsReplayed: the answer of a capture is the one that was recorded, and
// so is the reason why there is none.
func TestNVMLIsReplayed(t *testing.T) {
	const answers = `{"gpus": [{"serial": "1320000000001", "uuid": "GPU-11111111-2222-3333-4444-555555555555", "board": "900"}]}`
	for _, tc := range []struct {
		name   string
		text   string
		err    error // recorded, nil for an answer
		is     error // replayed
		redact bool
		want   string
	}{
		{"an answer", answers, nil, nil, false, answers},
		{"redacted", answers, nil, nil, true, `{"gpus":[{"serial":"redacted","uuid":"redacted"}]}`},
		{"no library", "", fmt.Errorf("find: %w", fs.ErrNotExist), fs.ErrNotExist, false, ""},
		{"no answer in time", "", context.DeadlineExceeded, context.DeadlineExceeded, true, ""},
		{"an answer that is too large", strings.Repeat("x", 33<<20), nil, collect.ErrLimit, false, ""},
		{"not asked", "", errNotAsked, collect.ErrNotRequested, false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			env := &collect.Env{FS: fstest.MapFS{}, Now: time.Unix(1e9, 0)}
			env.NVML = func(context.Context) ([]byte, error) { return []byte(tc.text), tc.err }
			r := capture.NewRecorder(env)
			if tc.err != errNotAsked {
				if b, err := r.Env().NVML(t.Context()); string(b) != tc.text || !errors.Is(err, tc.err) {
					t.Fatalf("the recorder answers %d bytes, %v", len(b), err)
				}
			}
			var out bytes.Buffer
			if err := r.Write(&out, capture.Options{Redact: tc.redact}); err != nil {
				t.Fatal(err)
			}
			archive, err := capture.Open("c", &out, capture.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			b, err := archive.Env(time.Now()).NVML(t.Context())
			if string(b) != tc.want || !errors.Is(err, tc.is) || (err == nil) != (tc.is == nil) {
				t.Errorf("the capture answers %q, %v; want %q, %v", b, err, tc.want, tc.is)
			}
			if tc.err == errNotAsked && collect.Absent(err) {
				t.Error("what was not asked is not absent")
			}
		})
	}
}

var errNotAsked = errors.New("not asked")
