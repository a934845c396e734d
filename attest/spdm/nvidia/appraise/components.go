package appraise

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/attest/check"
	"github.com/gpuaudit/gpuaudit/attest/comid"
)

// components compares what a device says of its parts with all its manifests in CBOR
// together, as parts that one states may depend on parts that another does. It gives
// what follows for each of them.
func (a *Appraisal) components() func(*Reference) check.Check {
	var references []comid.Triple
	var dependencies []comid.Dependency
	for _, ref := range a.References {
		if ref.corim != nil {
			references = append(references, ref.corim.References...)
			dependencies = append(dependencies, ref.corim.Dependencies...)
		}
	}
	if references == nil {
		return nil
	}
	outcome, err := comid.Match(references, dependencies, a.Device.Components)
	if err == nil {
		a.UncoveredComponents = outcome.Uncovered
		if len(outcome.Differing) == 0 {
			a.Purpose = outcome.Purpose
		}
		a.purpose(outcome.Purpose)
	}
	return func(ref *Reference) check.Check { return ref.parts(outcome, err) }
}

// purpose fails a device that itself says that it is open to tools, whether or not a
// manifest knows this state.
func (a *Appraisal) purpose(says string) {
	for _, word := range []string{"DEVTOOL", "DEBUG"} {
		if strings.Contains(strings.ToUpper(says), word) {
			c := a.Checks.Find(CheckHost)
			c.Status, c.Code, c.Detail = check.Fail, "purpose", fmt.Sprintf("the device says that it is used for %q", says)
		}
	}
}

// parts takes from an outcome what one manifest states.
func (ref *Reference) parts(o *comid.Outcome, err error) check.Check {
	c := check.Check{Name: ref.Kind + suffixMeasured, Status: check.Unknown}
	if f, ok := errors.AsType[*comid.Fault](err); ok {
		c.Code, c.Detail = f.Code, f.Detail
		return c
	}
	var own []string
	for i := range ref.corim.References {
		own = append(own, ref.corim.References[i].Environment.String())
	}
	for _, name := range o.Matched {
		if slices.Contains(own, name) {
			ref.Compared++
			ref.Matched++
		}
	}
	for _, d := range o.Differing {
		if !slices.Contains(own, d.Environment) {
			continue
		}
		ref.Compared++
		diff := Difference{Index: -1, Record: -1, Component: true, Name: d.Environment, Code: d.Code, Detail: d.Measurement, Expected: []string{}}
		diff.Cause, diff.Next = explain(diff, ref)
		ref.Differences = append(ref.Differences, diff)
	}
	switch n := len(ref.Differences); {
	case ref.Compared == 0:
		c.Code, c.Detail = "nothing-compared", "the device needs nothing of what the manifest states"
	case n > 0:
		ref.Outcome = Differs
		c.Status, c.Code = check.Fail, ref.Differences[0].Code
		c.Detail = fmt.Sprintf("%d of %d differ: %s", n, ref.Compared, ref.Differences[0].place())
	default:
		ref.Outcome = Matches
		c.Status = check.Pass
	}
	return c
}
