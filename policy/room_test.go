package policy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/policy"
)

// doubling are steps each of which makes twice, or more, of what the one before made.
func doubling(first, step string, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "x0 := %s\n", first)
	for i := range n {
		fmt.Fprintf(&b, "x%d := %s\n", i+1, strings.ReplaceAll(step, "X", fmt.Sprintf("x%d", i)))
	}
	fmt.Fprintf(&b, "x := x%d\n", n)
	return b.String()
}

// TestBombs: a user's rule that would fill the memory or the time of the machine, by few
// steps or by many, is unknown, and no other rule is.
func TestBombs(t *testing.T) {
	const ten = "a := [1,2,3,4,5,6,7,8,9,0]\n"
	const loops = "some i in a; some j in a; some k in a; some l in a; some m in a; some n in a"
	for name, tc := range map[string]struct {
		text string
		want error
		says string
	}{
		"arrays":      {doubling("[1,2,3,4]", "array.concat(X, X)", 30), policy.ErrRoom, "array.concat"},
		"objects":     {doubling(`{"a": 1}`, `{"l": X, "r": X}`, 30) + `y := sprintf("%v", [x])`, policy.ErrRoom, "sprintf"},
		"texts":       {doubling(`"aaaaaaaaaaaaaaaa"`, `concat("", [X, X])`, 30), policy.ErrRoom, "concat"},
		"separators":  {doubling(`"aaaaaaaaaaaaaaaa"`, `concat(X, ["a", "b", "c"])`, 30), policy.ErrRoom, "concat"},
		"replacement": {`x := replace("` + strings.Repeat("a", 4000) + `", "a", "` + strings.Repeat("b", 4000) + `")`, policy.ErrRoom, "replace"},
		"pieces":      {doubling(`"a,a,a,a"`, `concat(",", [X, X])`, 17) + `y := count(split(x, ","))`, policy.ErrRoom, "split"},
		"formats":     {doubling(`"aaaaaaaaaaaaaaaa"`, `sprintf("%s%s%s%s", [X, X, X, X])`, 16), policy.ErrRoom, "sprintf"},
		"widths":      {`x := sprintf("%999999d", [1])`, policy.ErrRoom, "characters of one value"},
		"given width": {`x := sprintf("%*d", [999999, 1])`, policy.ErrRoom, "width"},
		"indexed":     {`x := sprintf("` + strings.Repeat("%[1]s", 5000) + `", ["` + strings.Repeat("a", 5000) + `"])`, policy.ErrRoom, "sprintf"},
		"digits":      {doubling("123456789123456789", "X * X", 26), policy.ErrRoom, "mul"},
		"exponents":   {`x := to_number("1e999999") + 1`, policy.ErrRoom, "digits"},
		"sets":        {"x := {sprintf(\"%d%d%d%d%d%d\", [i,j,k,l,m,n]) | " + loops + "}\n" + ten, policy.ErrSteps, "steps"},
		"lists":       {"x := [[i,j,k,l,m,n] | " + loops + "]\n" + ten, policy.ErrSteps, "steps"},
		"maps":        {"x := {sprintf(\"%d%d%d%d%d%d\", [i,j,k,l,m,n]): a | " + loops + "}\n" + ten, policy.ErrSteps, "steps"},
	} {
		t.Run(name, func(t *testing.T) {
			uses := "x"
			if strings.Contains(tc.text, "y :=") {
				uses = "y"
			}
			bomb := rule("XX-BD-001", "bomb", `verdict.pass("p", ["/device/name"]) if `+uses)
			bomb.Data = append(bomb.Data, "\n"+tc.text+"\n"...)
			e, err := policy.Load(context.Background(), policy.Source{
				FS: tree("good.rego", rule("GA-BD-001", "good", passes)), Schema: []byte(schema),
				User: fstest.MapFS{"bomb.rego": bomb, "other.rego": rule("XX-BD-002", "other", passes)},
			})
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			findings, err := e.Evaluate(context.Background(), device(map[string]any{"name": "x", "count": 0}))
			runtime.ReadMemStats(&after)
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %v with %q", err, tc.want, tc.says)
			}
			for _, f := range findings {
				want := finding.Pass
				if f.ID == "XX-BD-001" {
					want = finding.Unknown
				}
				if f.Status != want {
					t.Errorf("%s: %s, want %s", f.ID, f.Status, want)
				}
			}
			if len(findings) != 3 {
				t.Errorf("%d findings", len(findings))
			}
			if grown := after.HeapSys - before.HeapSys; after.HeapSys > before.HeapSys && grown > 512<<20 {
				t.Errorf("the heap grew by %d MiB", grown>>20)
			}
			t.Logf("%.1f s, %d MiB allocated", time.Since(start).Seconds(), (after.TotalAlloc-before.TotalAlloc)>>20)
		})
	}
}

// TestRoomIsEnough: rules may make what people make.
func TestRoomIsEnough(t *testing.T) {
	good := rule("XX-BD-001", "good", `verdict.pass(x, ["/device/name"]) if {
	count(split(concat(",", [y | some y in numbers]), ",")) == 8
	sprintf("%-20s %5.2f %v %[1]s", ["a", 1.5, {"a": [1]}])
	replace("a-b-c", "-", "+") == "a+b+c"
	1e30 * 1e30 == 1e60
	count(array.concat(numbers, numbers)) == 16
}`)
	good.Data = append(good.Data, "\nnumbers := [\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"]\nx := sprintf(\"%d of %s\", [count(numbers), \"cards\"])\n"...)
	e, err := policy.Load(context.Background(), policy.Source{FS: tree("a.rego", rule("GA-BD-001", "a", passes)), Schema: []byte(schema), User: fstest.MapFS{"good.rego": good}})
	if err != nil {
		t.Fatal(err)
	}
	findings, err := e.Evaluate(context.Background(), device(map[string]any{"name": "x", "count": 0}))
	if err != nil || len(findings) != 2 || findings[1].Status != finding.Pass || findings[1].Detail != "8 of cards" {
		t.Errorf("%+v, %v", findings, err)
	}
}

// TestStepWithoutEnd: two values of few parts that are compared part by part take longer
// than anybody waits: the step is left behind. What is left goes on and takes memory for as
// long as its process lives, so that it gets one of its own.
func TestStepWithoutEnd(t *testing.T) {
	if os.Getenv("GPUAUDIT_TEST_STEP") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestStepWithoutEnd$", "-test.v")
		cmd.Env = append(os.Environ(), "GPUAUDIT_TEST_STEP=1")
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: TestStepWithoutEnd")) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	var b strings.Builder
	b.WriteString("pair(a) := [a, a]\nx0 := [input.device.count]\ny0 := [input.device.count]\n") // the compiler knows no types in it
	for i := range 40 {
		fmt.Fprintf(&b, "x%d := pair(x%d)\ny%d := pair(y%d)\n", i+1, i, i+1, i)
	}
	bomb := rule("XX-BD-001", "bomb", `verdict.pass("p", ["/device/name"]) if x40 == y40`)
	bomb.Data = append(bomb.Data, "\n"+b.String()...)
	e, err := policy.Load(context.Background(), policy.Source{FS: tree("good.rego", rule("GA-BD-001", "good", passes)), Schema: []byte(schema),
		User: fstest.MapFS{"bomb.rego": bomb}, Limits: policy.Limits{Timeout: 100 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	findings, err := e.Evaluate(context.Background(), device(map[string]any{"name": "x", "count": 0}))
	if !errors.Is(err, policy.ErrSteps) || len(findings) != 2 || findings[0].Status != finding.Pass || findings[1].Status != finding.Unknown {
		t.Errorf("%+v, %v", findings, err)
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("took %v", d)
	}
}
