package policy

import (
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/gpuaudit/gpuaudit/audit/finding"
)

// customKeys are the keys that the custom part of the metadata may have; an
// unknown one is more likely misspelt than meant.
var customKeys = map[string]bool{"id": true, "severity": true, "scope": true, "remediation": true, "effective": true, "identity": true, "proves": true, "question": true, "means": true, "lead": true}

// annotate takes the rule's metadata from the annotation of its package, and of a built-in
// rule the texts from the catalogue of messages.
func (r *Rule) annotate(m *ast.Module, messages catalogue) error {
	at := m.Package.Location.String()
	a := packageAnnotation(m)
	if a == nil {
		return compileError(at, "package %s has no METADATA block above it", r.Package)
	}
	r.Title, r.Description = a.Title, a.Description
	for _, ref := range a.RelatedResources {
		r.References = append(r.References, ref.Ref.String())
	}
	for key := range a.Custom {
		if !customKeys[key] {
			return compileError(at, "metadata: custom.%s is not known: there are id, severity, scope, remediation, effective, identity, proves, question, means, lead", key)
		}
	}
	text := map[string]string{}
	for key, v := range a.Custom {
		s, ok := v.(string)
		if !ok {
			return compileError(at, "metadata: custom.%s is no text (quote it)", key)
		}
		text[key] = s
	}
	r.ID, r.Severity, r.Scope, r.Remediation = text["id"], finding.Severity(text["severity"]), Scope(text["scope"]), text["remediation"]
	r.Identity, r.Proves = finding.Identity(text["identity"]), Proof(text["proves"])
	r.Question, r.Means, r.Lead = finding.Question(text["question"]), finding.Meaning(text["means"]), text["lead"] == "pass"
	if text["lead"] != "" && !r.Lead {
		return compileError(at, "metadata: custom.lead %q: use pass, or leave it out", text["lead"])
	}
	if s, ok := text["effective"]; ok {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return compileError(at, "metadata: custom.effective is no RFC 3339 time: %w", err)
		}
		r.Effective = &t
	}
	if !Users(r.File) {
		if err := r.takeTexts(messages); err != nil {
			return compileError(at, "%w", err)
		}
	}
	if err := r.complete(); err != nil {
		return compileError(at, "metadata: %w", err)
	}
	return nil
}

func (r *Rule) complete() error {
	switch {
	case !ruleID.MatchString(r.ID):
		return fmt.Errorf("custom.id %q has not the form GA-BD-001", r.ID)
	case r.Severity.Rank() == 0:
		return fmt.Errorf("custom.severity %q: use critical, high, medium, low or info", r.Severity)
	case r.Scope != ScopeDevice && r.Scope != ScopeHost:
		return fmt.Errorf("custom.scope %q: use device or host", r.Scope)
	case r.Identity != "" && !r.Identity.Known():
		return fmt.Errorf("custom.identity %q: use modified, counterfeit or unknown", r.Identity)
	case r.Proves != "" && !r.Proves.Known():
		return fmt.Errorf("custom.proves %q: use reference, signature, contradiction, published, sign or nothing", r.Proves)
	case r.Proves != "" && r.Identity == "":
		return fmt.Errorf("custom.proves needs custom.identity: modified, counterfeit or unknown")
	case r.Question != "" && !r.Question.Known():
		return fmt.Errorf("custom.question %q: use identity, code, harm, law or work", r.Question)
	case r.Means != "" && !r.Means.Known():
		return fmt.Errorf("custom.means %q: use bad, unknown or note", r.Means)
	case r.Question == "" && (r.Means != "" || r.Lead):
		return fmt.Errorf("custom.means and custom.lead need custom.question: identity, code, harm, law or work")
	case r.Title == "", r.Description == "":
		return fmt.Errorf("title and description are needed")
	case r.Remediation == "":
		return fmt.Errorf("custom.remediation is needed: say what to do")
	}
	return nil
}

func packageAnnotation(m *ast.Module) *ast.Annotations {
	for _, a := range m.Annotations {
		if a.Scope == "package" {
			return a
		}
	}
	return nil
}
