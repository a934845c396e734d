package policy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/policy"
)

// TestBrokenRule: a rule that breaks is unknown and named, and its neighbour
// still answers.
func TestBrokenRule(t *testing.T) {
	big := "[" + strings.Repeat("1,", 3000) + "1]"
	for name, tc := range map[string]struct {
		branch string
		want   error
		text   string
	}{
		"division by zero": {`verdict.pass("p", ["/"]) if 1 / input.device.count > 0`, nil, "divide by zero"},
		"unbounded loop": {`verdict.pass("p", ["/"]) if count([1 | some a in data.gpuaudit.data.big; some b in data.gpuaudit.data.big;
			some c in data.gpuaudit.data.big; a + b + c < 0]) == 0`, policy.ErrSteps, "stopped after 200000 steps"},
		"pass without proof":    {`verdict.pass("p", []) if input.device.count == 0`, policy.ErrShape, "pass without evidence"},
		"no detail":             {`verdict.fail("", ["/"]) if input.device.count == 0`, policy.ErrShape, "no detail"},
		"status of its own":     {`{"status": "fine", "detail": "d"} if input.device.count == 0`, policy.ErrShape, `"fine"`},
		"a bool":                {`true if input.device.count == 0`, policy.ErrShape, "boolean"},
		"a field of its own":    {`{"status": "fail", "detail": "d", "evidence": ["/"], "score": 1} if input.device.count == 0`, policy.ErrShape, `"score"`},
		"evidence that is set":  {`{"status": "fail", "detail": "d", "evidence": {"/"}} if input.device.count == 0`, policy.ErrShape, `"evidence" of type set`},
		"evidence of numbers":   {`verdict.fail("d", [1]) if input.device.count == 0`, policy.ErrShape, "no text"},
		"a severity of its own": {`{"status": "fail", "detail": "d", "evidence": ["/"], "severity": "grave"} if input.device.count == 0`, policy.ErrShape, `severity "grave"`},
		"a severity of a pass":  {`{"status": "pass", "detail": "d", "evidence": ["/"], "severity": "low"} if input.device.count == 0`, policy.ErrShape, `severity "low" of pass`},
		"too much text":         {`verdict.fail(data.gpuaudit.data.long, ["/"]) if input.device.count == 0`, policy.ErrTooLarge, "2000 bytes"},
		"conflicting values":    {`verdict.fail(twice, ["/"]) if input.device.count == 0`, nil, "conflict"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := rule("GA-BD-001", "broken", tc.branch)
			if name == "conflicting values" {
				broken.Data = append(broken.Data, "\ntwice := x if some x in [\"a\", \"b\"]\n"...)
			}
			e := mustLoad(t, tree("broken.rego", broken, "good.rego", rule("GA-BD-002", "good", passes),
				"data/big.json", text(big), "data/long.json", text(`"`+strings.Repeat("x", 3000)+`"`)),
				policy.Limits{Steps: testSteps, OutputBytes: 2000})
			findings, err := e.Evaluate(context.Background(), device(map[string]any{"name": "x", "count": 0}))
			if len(findings) != 2 || findings[0].Status != finding.Unknown || findings[1].Status != finding.Pass {
				t.Fatalf("findings: %+v (%v)", findings, err)
			}
			var re *policy.RuleError
			if !errors.As(err, &re) || re.ID != "GA-BD-001" || !strings.Contains(err.Error(), tc.text) || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v with %q", err, tc.want, tc.text)
			}
			if !strings.Contains(findings[0].Detail, "could not be evaluated") {
				t.Errorf("detail: %q", findings[0].Detail)
			}
		})
	}
}

// TestGradedFailure: what a rule saw may weigh less than the worst that it looks for, and
// never more.
func TestGradedFailure(t *testing.T) {
	for severity, want := range map[string]finding.Severity{"low": finding.Low, "info": finding.Info, "critical": finding.High, "high": finding.High} {
		e := mustLoad(t, tree("graded.rego", rule("GA-BD-001", "graded", `{"status": "fail", "detail": "f", "evidence": ["/device"], "severity": "`+severity+`"} if input.device.count == 0`)), policy.Limits{})
		findings, err := e.Evaluate(t.Context(), device(map[string]any{"name": "x", "count": 0}))
		if err != nil || len(findings) != 1 || findings[0].Severity != want {
			t.Errorf("%s: %+v, %v, want %s", severity, findings, err, want)
		}
	}
}

// TestUndefinedDecision: a last branch whose argument is undefined leaves the
// rule without a decision, which is an error and not silence.
func TestUndefinedDecision(t *testing.T) {
	r := rule("GA-BD-001", "a", passes)
	r.Data = []byte(strings.Replace(string(r.Data), `verdict.unknown("not known"`, `verdict.unknown(input.device.name`, 1))
	e := mustLoad(t, tree("a.rego", r, "b.rego", rule("GA-BD-002", "b", `verdict.fail("f", ["/"])`+` if true`)), policy.Limits{})
	findings, err := e.Evaluate(context.Background(), device(map[string]any{}))
	if !errors.Is(err, policy.ErrUndefined) || !strings.Contains(err.Error(), "GA-BD-001") {
		t.Errorf("error: %v", err)
	}
	if len(findings) != 2 || findings[0].Status != finding.Unknown || findings[1].Status != finding.Fail {
		t.Errorf("findings: %+v", findings)
	}
}

func TestInputIsBounded(t *testing.T) {
	e := mustLoad(t, tree("a.rego", rule("GA-BD-001", "a", passes)), policy.Limits{InputBytes: 100})
	for name, input := range map[string]any{
		"too large":  device(map[string]any{"name": strings.Repeat("x", 100)}),
		"no JSON":    func() {},
		"no clock":   map[string]any{"device": map[string]any{}},
		"bad clock":  map[string]any{"now": "today", "device": map[string]any{}},
		"not a list": []any{},
	} {
		if findings, err := e.Evaluate(context.Background(), input); err == nil || findings != nil {
			t.Errorf("%s: %+v, %v", name, findings, err)
		}
	}
	if _, err := e.Evaluate(context.Background(), device(map[string]any{"name": strings.Repeat("x", 100)})); !errors.Is(err, policy.ErrTooLarge) {
		t.Errorf("error: %v", err)
	}
}

func TestCancelledIsNoVerdict(t *testing.T) {
	e := mustLoad(t, tree("a.rego", rule("GA-BD-001", "a", passes)), policy.Limits{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if findings, err := e.Evaluate(ctx, device(map[string]any{"name": "x"})); !errors.Is(err, context.Canceled) || findings != nil {
		t.Errorf("%+v, %v", findings, err)
	}
}

func TestScopes(t *testing.T) {
	host := rule("GA-BD-002", "h", `verdict.pass("p", ["/now"]) if input.now`)
	host.Data = []byte(strings.Replace(string(host.Data), "scope: device", "scope: host", 1))
	e := mustLoad(t, tree("a.rego", rule("GA-BD-001", "a", passes), "h.rego", host), policy.Limits{})
	for want, input := range map[string]map[string]any{
		"GA-BD-001": device(map[string]any{"name": "x"}),
		"GA-BD-002": {"now": "2026-11-24T00:00:00Z"},
	} {
		findings, err := e.Evaluate(context.Background(), input)
		if err != nil || len(findings) != 1 || findings[0].ID != want || findings[0].Status != finding.Pass {
			t.Errorf("%s: %+v, %v", want, findings, err)
		}
	}
	none := mustLoad(t, tree("a.rego", rule("GA-BD-001", "a", passes)), policy.Limits{})
	if findings, err := none.Evaluate(context.Background(), map[string]any{"now": "2026-11-24T00:00:00Z"}); err != nil || len(findings) != 0 {
		t.Errorf("no rules for the host: %+v, %v", findings, err)
	}
}

// TestEffective: before its day a rule's failure is told, but does not count.
func TestEffective(t *testing.T) {
	r := rule("GA-BD-001", "a", `verdict.fail("Bad.", ["/device"]) if input.device`)
	r.Data = []byte(strings.Replace(string(r.Data), "scope: device", "scope: device\n#   effective: \"2026-12-01T00:00:00Z\"", 1))
	e := mustLoad(t, tree("a.rego", r), policy.Limits{})
	for now, want := range map[string]finding.Severity{"2026-11-30T23:59:59Z": finding.Info, "2026-12-01T00:00:00Z": finding.High} {
		findings, err := e.Evaluate(context.Background(), map[string]any{"now": now, "device": map[string]any{}})
		if err != nil || findings[0].Severity != want || findings[0].Status != finding.Fail {
			t.Errorf("at %s: %+v, %v", now, findings, err)
		}
		if told := strings.Contains(findings[0].Detail, "2026-12-01"); told != (want == finding.Info) {
			t.Errorf("at %s: detail %q", now, findings[0].Detail)
		}
		if warns := findings[0].Effective != nil; warns != (want == finding.Info) {
			t.Errorf("at %s: effective %v", now, findings[0].Effective)
		}
		unknown, err := e.Evaluate(context.Background(), map[string]any{"now": now, "device": false})
		if err != nil || unknown[0].Status != finding.Unknown || unknown[0].Severity != want {
			t.Errorf("at %s, without facts: %+v, %v", now, unknown, err)
		}
	}
}

// TestFingerprint: it follows the device's ids and serial numbers and the
// rule's key; it does not follow the slot or the wording.
func TestFingerprint(t *testing.T) {
	key := `{"status": "fail", "detail": input.device.name, "evidence": ["/device"], "key": concat("", ["k", input.device.name])} if startswith(input.device.name, "key")
else := verdict.fail(input.device.name, ["/device"]) if input.device.name`
	e := mustLoad(t, tree("a.rego", rule("GA-BD-001", "a", key)), policy.Limits{})
	print := func(fields map[string]any) string {
		findings, err := e.Evaluate(context.Background(), device(fields))
		if err != nil {
			t.Fatal(err)
		}
		return findings[0].Fingerprint
	}
	pci := func(device string) map[string]any {
		return map[string]any{"vendor_id": "10de", "device_id": device, "subsystem_vendor_id": "1", "subsystem_device_id": "2"}
	}
	serial := func(values ...string) (claims []map[string]any) {
		for _, v := range values {
			claims = append(claims, map[string]any{"kind": "serial", "source": fmt.Sprint(len(claims)), "value": v})
		}
		return claims
	}
	base := map[string]any{"name": "n", "pci": pci("2684"), "identity": serial("1", "2"), "address": "0000:01:00.0"}
	with := func(k string, v any) map[string]any {
		m := map[string]any{}
		for key, v := range base {
			m[key] = v
		}
		m[k] = v
		return m
	}
	for name, same := range map[string]map[string]any{
		"other slot": with("address", "0000:02:00.0"), "other wording": with("name", "m"), "other order": with("identity", serial("2", "1")),
	} {
		if print(same) != print(base) {
			t.Errorf("%s: another fingerprint", name)
		}
	}
	for name, other := range map[string]map[string]any{
		"other device": with("pci", pci("2685")), "other serial number": with("identity", serial("1", "3")), "other key": with("name", "key"),
	} {
		if print(other) == print(base) {
			t.Errorf("%s: the same fingerprint", name)
		}
	}
}

// TestConcurrentEvaluations give the same findings as one alone, with a broken
// rule among them.
func TestConcurrentEvaluations(t *testing.T) {
	e := mustLoad(t, tree("a.rego", rule("GA-BD-001", "a", passes),
		"b.rego", rule("GA-BD-002", "b", `verdict.pass("p", ["/"]) if 1 / input.device.count > 0`)), policy.Limits{})
	input := device(map[string]any{"name": "x", "count": 0})
	want, _ := e.Evaluate(context.Background(), input)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				got, err := e.Evaluate(context.Background(), input)
				if diff := cmp.Diff(want, got); diff != "" || err == nil {
					t.Errorf("%v, %s", err, diff)
				}
			}
		})
	}
	wg.Wait()
}
