// Package corim makes statements of concise reference integrity manifests
// (draft-ietf-rats-corim), signed with COSE or not: the digests that their
// reference values state. It also reads the profile in which OCP SAFE reviews are
// published.
package corim

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/gpuaudit/gpuaudit/audit/manifest/importer"
)

// Format is the name of the format in provenance.
const Format = "corim"

// Limit caps a document.
const Limit = 16 << 20

// Options say what to take of a document and what to verify it with.
type Options struct {
	Kind  string // what its digests are of: importer.ParseKind
	Model string // the model whose values to take, where there are several
	Keys  []importer.Key
}

// Import reads a document.
func Import(document []byte, name string, o Options) (*importer.Result, error) {
	dec, err := decoder()
	if err != nil {
		return nil, err
	}
	content, tag, err := unwrap(dec, document)
	if err != nil {
		return nil, err
	}
	r := importer.New(Format, name, document)
	evidence := importer.Evidence{Anchored: len(o.Keys) > 0, Signed: tag != tagCoRIM}
	if evidence.Signed {
		payload, signer, err := open(content, tag, o.Keys)
		if errors.Is(err, importer.ErrMalformed) {
			return nil, err
		}
		if content, tag, err = unwrapPayload(dec, payload, err, &evidence); err != nil {
			return nil, err
		}
		evidence.Signer, evidence.Detail = signer, "COSE signature over the CoRIM"
	}
	if tag != tagCoRIM {
		return nil, fmt.Errorf("%w: a signed CoRIM inside a signed one", importer.ErrMalformed)
	}
	r.SignedBy(evidence)
	return r, state(dec, r, content, &o)
}

// unwrapPayload goes on with the payload whether its signature holds or not:
// the verdict says which.
func unwrapPayload(dec cbor.DecMode, payload []byte, verdict error, e *importer.Evidence) ([]byte, uint64, error) {
	e.Err = verdict
	if !e.Anchored {
		e.Err = nil // nobody was asked for
	}
	return unwrap(dec, payload)
}

// value is what one measurement states, of which class of devices.
type value struct {
	class   class
	name    string
	version string
	digests importer.Digests
}

// model is the class in words, or its id where it has none.
func (v value) model() string {
	if s := strings.TrimSpace(v.class.Vendor + " " + v.class.Model); s != "" {
		return s
	}
	return fmt.Sprintf("class id %x", []byte(v.class.ID))
}

// state takes the values of all tags inside.
func state(dec cbor.DecMode, r *importer.Result, content []byte, o *Options) error {
	var c corimMap
	if err := dec.Unmarshal(content, &c); err != nil {
		return fmt.Errorf("%w: %w", importer.ErrMalformed, instead(dec, content, err))
	}
	var values []value
	for _, raw := range c.Tags {
		number, content, err := inner(dec, raw)
		if err != nil {
			return err
		}
		if number != tagCoMID {
			r.Leave("a tag %d, which is no CoMID", number)
			continue
		}
		more, err := comid(dec, r, content, c.isSAFE(dec))
		if err != nil {
			return err
		}
		values = append(values, more...)
	}
	var models []string
	for _, v := range values {
		if m := v.model(); !slices.Contains(models, m) {
			models = append(models, m)
		}
	}
	if o.Model == "" && len(models) > 1 {
		return fmt.Errorf("it has values of several models, choose one with --model: %.1000q", models)
	}
	for _, v := range values {
		if o.Model == "" || v.model() == o.Model || v.class.Model == o.Model {
			r.Component(o.Kind, v.name, v.version, v.digests)
		}
	}
	if len(r.Firmware) == 0 {
		return fmt.Errorf("%w: no digest that can be taken for model %.80q among %.400q%.1000s", importer.ErrNothing, o.Model, models, r.NotTaken())
	}
	return nil
}

// instead says what a map is that is no CoRIM, or else why it could not be read.
// That of a CoMID has its identity, a map, where a CoRIM has its list of tags.
func instead(dec cbor.DecMode, content []byte, why error) error {
	var parts map[any]cbor.RawMessage
	if dec.Unmarshal(content, &parts) != nil {
		return why
	}
	tags := parts[uint64(1)]
	switch {
	case major(tags) == majorMap && major(parts[uint64(4)]) == majorMap:
		return errors.New("this is a CoMID, not the CoRIM that it belongs into")
	case tags != nil && major(tags) != majorArray:
		return errors.New("this is no CoRIM: it has no list of tags (key 1)")
	}
	return why
}

// comid reads the values of one CoMID.
func comid(dec cbor.DecMode, r *importer.Result, content []byte, safe bool) ([]value, error) {
	var c comidMap
	if err := dec.Unmarshal(content, &c); err != nil {
		return nil, fmt.Errorf("CoMID: %w: %w", importer.ErrMalformed, err)
	}
	var values []value
	for _, raw := range c.Triples.Reference {
		var t triple
		if err := dec.Unmarshal(raw, &t); err != nil {
			return nil, fmt.Errorf("reference value: %w: %w", importer.ErrMalformed, err)
		}
		if len(t.Environment.Instance) > 0 || len(t.Environment.Group) > 0 {
			r.Leave("a reference value of one instance or group: it says nothing of other devices of the model")
			continue
		}
		more, err := t.values("")
		if err != nil {
			return nil, err
		}
		values = append(values, more...)
	}
	for _, raw := range c.Triples.Conditional {
		if !safe {
			r.Leave("a conditional endorsement: what a condition names is in no way said to be good, outside of OCP SAFE's profile")
			continue
		}
		var t conditional
		if err := dec.Unmarshal(raw, &t); err != nil {
			return nil, fmt.Errorf("conditional endorsement: %w: %w", importer.ErrMalformed, err)
		}
		reviewed := t.version(dec)
		for _, condition := range t.Conditions {
			more, err := condition.values(reviewed)
			if err != nil {
				return nil, err
			}
			values = append(values, more...)
		}
		r.Leave("a conditional endorsement: the state that it is for is taken, what it says of it is not")
	}
	return values, nil
}

// version is the version that an OCP SAFE review names, if it names one.
func (t conditional) version(dec cbor.DecMode) string {
	var endorsed []triple
	if dec.Unmarshal(t.Endorsements, &endorsed) != nil {
		return ""
	}
	for _, e := range endorsed {
		for _, m := range e.Measurements {
			var told review
			if dec.Unmarshal(m.Values.Profile, &told) != nil {
				continue
			}
			for _, f := range told.Firmware {
				if f.Version.Text != "" {
					return f.Version.Text
				}
			}
		}
	}
	return ""
}

// values are what the triple's measurements state.
func (t triple) values(otherwise string) ([]value, error) {
	var list []value
	for _, m := range t.Measurements {
		v := value{class: t.Environment.Class, name: m.name(), version: m.Values.Version.Text}
		if v.version == "" {
			v.version = otherwise
		}
		if v.name == "" {
			v.name = v.class.Model
		}
		for _, d := range m.Values.Digests {
			if err := v.digests.Add(d.algorithm(), d.Value); err != nil {
				return nil, fmt.Errorf("%.80q: %w", v.model(), err)
			}
		}
		if len(m.Values.Digests) > 0 {
			list = append(list, v)
		}
	}
	return list, nil
}

// name is the measurement's key where that is a text.
func (m measurement) name() string {
	var s string
	if cbor.Unmarshal(m.Key, &s) != nil {
		return ""
	}
	return s
}
