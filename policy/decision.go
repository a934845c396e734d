package policy

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/gpuaudit/gpuaudit/audit/finding"
)

// decision is what a rule answers.
type decision struct {
	status            finding.Status
	detail, key       string
	message           *finding.Message // nil where the detail is a text
	severity          finding.Severity // of this failure; "" where it is the rule's own
	evidence, missing []string
}

// decide reads a rule's value. Every field but status and detail may be left
// out; a field that is not known, or is of another type, is [ErrShape].
func decide(v ast.Value, limit int, messages catalogue) (*decision, error) {
	object, ok := v.(ast.Object)
	if !ok {
		return nil, fmt.Errorf("%w: it is no object but %s", ErrShape, ast.ValueName(v))
	}
	d, size := &decision{}, 0
	err := object.Iter(func(k, v *ast.Term) error {
		key, ok := k.Value.(ast.String)
		if !ok {
			return fmt.Errorf("%w: a key is no text", ErrShape)
		}
		n, err := d.take(string(key), v.Value, messages)
		if size += n; err == nil && size > limit {
			err = fmt.Errorf("decision is %w of %d bytes", ErrTooLarge, limit)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return d, d.check()
}

// take takes one field, and makes a sentence of a detail that is a message.
func (d *decision) take(key string, v ast.Value, messages catalogue) (int, error) {
	object, ok := v.(ast.Object)
	if key != "detail" || !ok {
		return d.set(key, v)
	}
	text, m, err := messages.expand(object, "", 0)
	if err != nil {
		return 0, err
	}
	d.detail, d.message = text, m.(*finding.Message)
	return len(text), nil
}

// set takes one field and returns the bytes of its text.
func (d *decision) set(key string, v ast.Value) (int, error) {
	text, list := "", []string(nil)
	switch v := v.(type) {
	case ast.String:
		text = string(v)
	case *ast.Array:
		for i := range v.Len() {
			s, ok := v.Elem(i).Value.(ast.String)
			if !ok {
				return 0, fmt.Errorf("%w: %q holds something that is no text", ErrShape, key)
			}
			list = append(list, string(s))
		}
	}
	_, isText := v.(ast.String)
	_, isList := v.(*ast.Array)
	switch {
	case key == "status" && isText:
		d.status = finding.Status(text)
	case key == "detail" && isText:
		d.detail = text
	case key == "key" && isText:
		d.key = text
	case key == "severity" && isText:
		d.severity = finding.Severity(text)
	case key == "evidence" && isList:
		d.evidence = list
	case key == "missing" && isList:
		d.missing = list
	default:
		return 0, fmt.Errorf("%w: field %q of type %s", ErrShape, key, ast.ValueName(v))
	}
	n := len(text)
	for _, s := range list {
		n += len(s)
	}
	return n, nil
}

func (d *decision) check() error {
	switch d.status {
	case finding.Fail, finding.Unknown, finding.Pass, finding.NotApplicable:
	default:
		return fmt.Errorf("%w: status %.40q", ErrShape, d.status)
	}
	switch {
	case d.severity != "" && (d.status != finding.Fail || d.severity.Rank() == 0):
		return fmt.Errorf("%w: severity %.40q of %s: a failure may say one of critical, high, medium, low, info", ErrShape, d.severity, d.status)
	case d.detail == "":
		return fmt.Errorf("%w: no detail", ErrShape)
	case (d.status == finding.Pass || d.status == finding.Fail) && len(d.evidence) == 0:
		return fmt.Errorf("%w: %s without evidence", ErrShape, d.status)
	}
	return nil
}
