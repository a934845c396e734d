// Package comid reads what CoRIM and concise evidence have in common, environments and
// their measurements (draft-ietf-rats-corim-06 to -11; TCG, "DICE Concise Evidence
// Binding for SPDM"), and matches evidence with reference values as NVIDIA's profile has
// it. What it does not know it refuses: a reference value that is passed over would match.
package comid

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// Decoding bounds what others wrote.
var Decoding = func() cbor.DecMode {
	mode, err := cbor.DecOptions{DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, MaxNestedLevels: 24, MaxArrayElements: 4096, MaxMapPairs: 1024}.DecMode()
	if err != nil {
		panic(err) // the options are constant
	}
	return mode
}()

// Tags (draft-ietf-rats-corim, "CBOR Tags").
const (
	tagUUID      = 37
	tagOID       = 111
	tagSVN       = 552
	tagMinSVN    = 553
	tagBytes     = 560
	tagMaskedRaw = 563
)

// ErrUnsupported says that something is of a kind that is not read here.
var ErrUnsupported = errors.New("not supported")

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
}

// Environment is what was measured: a class of components. A nil field, or an empty
// Class, stands for any in a reference.
type Environment struct {
	// Class is "oid:1.3.6…", "uuid:…" or "bytes:…", the latter in hexadecimal.
	Class         string
	Vendor, Model *string
	Layer, Index  *uint64
}

// String names the environment; two are the same exactly if their names are.
func (e *Environment) String() string {
	var parts []string
	add := func(name, value string) { parts = append(parts, name+"="+strconv.Quote(value)) }
	if e.Class != "" {
		add("class", e.Class)
	}
	if e.Vendor != nil {
		add("vendor", *e.Vendor)
	}
	if e.Model != nil {
		add("model", *e.Model)
	}
	if e.Layer != nil {
		add("layer", strconv.FormatUint(*e.Layer, 10))
	}
	if e.Index != nil {
		add("index", strconv.FormatUint(*e.Index, 10))
	}
	return strings.Join(parts, " ")
}

// Matches says whether evidence of an environment is for this one of a reference.
func (e *Environment) Matches(evidence *Environment) bool {
	return (e.Class == "" || e.Class == evidence.Class) && same(e.Vendor, evidence.Vendor) && same(e.Model, evidence.Model) && same(e.Layer, evidence.Layer) && same(e.Index, evidence.Index)
}

func same[T comparable](reference, evidence *T) bool {
	return reference == nil || evidence != nil && *reference == *evidence
}

// nvidia is the arc of NVIDIA's environments; the last but one of the numbers behind it
// is 1 for a root and 2 for a claim.
const nvidia = "oid:1.3.6.1.4.1.5703.1300."

// Root says whether this is the environment that the others hang on, in NVIDIA's profile.
func (e *Environment) Root() bool {
	rest, ok := strings.CutPrefix(e.Class, nvidia)
	arcs := strings.Split(rest, ".")
	return ok && len(arcs) >= 2 && arcs[len(arcs)-2] == "1"
}

// Triple is an environment with its measurements.
type Triple struct {
	Environment  Environment
	Measurements []Measurement
}

// Measurement is one of an environment.
type Measurement struct {
	// Key is "" where it has none, else "text:…" or "number:…".
	Key string
	Values
}

// Values are what was measured, or what it should be. What is absent is not compared.
type Values struct {
	Digests []Digest
	SVN     *SVN
	// Raw are bytes; with a mask those bits alone count that it has.
	Raw, Mask []byte
	Name      *string
	// Indirect are indices of SPDM measurement blocks that hold the value, in evidence.
	Indirect []int
}

// Digest is one by an algorithm of IANA's named-information registry, such as 7 for
// SHA-384.
type Digest struct {
	Algorithm int
	Value     []byte
}

// SVN is a security version, or the least one that is right.
type SVN struct {
	Value uint64
	Min   bool
}

// Dependency says of an environment which others have to be right, too.
type Dependency struct {
	Environment Environment
	On          []Environment
}

// reader says how strict a document is read: what a reference says and is not known
// would be passed over; evidence may say more than is asked.
type reader struct{ lenient bool }

// list decodes an array of pairs, each of which is given on.
func list(b cbor.RawMessage, each func(first, second cbor.RawMessage) error) error {
	var pairs [][]cbor.RawMessage
	if err := Decoding.Unmarshal(b, &pairs); err != nil {
		return err
	}
	if len(pairs) == 0 {
		return errors.New("an empty list")
	}
	for _, p := range pairs {
		if len(p) != 2 {
			return errors.New("no pair")
		}
		if err := each(p[0], p[1]); err != nil {
			return err
		}
	}
	return nil
}

// References reads reference triples. Each states something that can be compared.
func References(b cbor.RawMessage) ([]Triple, error) {
	out, err := reader{}.triples(b)
	for _, t := range out {
		for _, m := range t.Measurements {
			if m.Indirect != nil {
				return nil, unsupported("an indirect measurement as a reference")
			}
		}
	}
	return out, err
}

// Evidence reads evidence triples. What is not known is passed over.
func Evidence(b cbor.RawMessage) ([]Triple, error) { return reader{lenient: true}.triples(b) }

func (r reader) triples(b cbor.RawMessage) (out []Triple, err error) {
	err = list(b, func(first, second cbor.RawMessage) error {
		t := Triple{}
		if t.Environment, err = r.environment(first); err != nil {
			return err
		}
		if t.Measurements, err = r.measurements(second); err != nil {
			return fmt.Errorf("%s: %w", t.Environment.String(), err)
		}
		out = append(out, t)
		return nil
	})
	return out, err
}

// Dependencies reads dependency triples.
func Dependencies(b cbor.RawMessage) (out []Dependency, err error) {
	r := reader{}
	err = list(b, func(first, second cbor.RawMessage) error {
		d := Dependency{}
		if d.Environment, err = r.environment(first); err != nil {
			return err
		}
		var on []cbor.RawMessage
		if err := Decoding.Unmarshal(second, &on); err != nil {
			return err
		}
		for _, o := range on {
			e, err := r.environment(o)
			if err != nil {
				return err
			}
			d.On = append(d.On, e)
		}
		out = append(out, d)
		return nil
	})
	return out, err
}

// fields decodes a map with numbers for keys and refuses keys that are not known.
func (r reader) fields(b cbor.RawMessage, what string, known ...int) (map[int]cbor.RawMessage, error) {
	var m map[int]cbor.RawMessage
	if err := Decoding.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	for key := range m {
		found := false
		for _, k := range known {
			found = found || k == key
		}
		if !found && !r.lenient {
			return nil, unsupported("%s with the key %d%s", what, key, named(what, key))
		}
	}
	return m, nil
}

// valueNames are members of measurement-values-map that are not read.
var valueNames = map[int]string{0: "version", 3: "flags", 5: "raw-value-mask", 6: "mac-addr", 7: "ip-addr", 8: "serial-number", 9: "ueid", 10: "uuid", 13: "cryptokeys", 14: "integrity-registers", 15: "int-range"}

func named(what string, key int) string {
	if name := valueNames[key]; name != "" && what == inValues {
		return " (" + name + ")"
	}
	return ""
}

func decode[T any](b cbor.RawMessage) (*T, error) {
	if b == nil {
		return nil, nil
	}
	v := new(T)
	return v, Decoding.Unmarshal(b, v)
}

// environment reads an environment-map that has a class alone.
func (r reader) environment(b cbor.RawMessage) (e Environment, err error) {
	m, err := r.fields(b, "environment", 0)
	if err != nil {
		return e, err
	}
	class, err := r.fields(m[0], "class", 0, 1, 2, 3, 4)
	if err != nil {
		return e, err
	}
	if class[0] != nil {
		if e.Class, err = classID(class[0]); err != nil {
			return e, err
		}
	}
	if e.Vendor, err = decode[string](class[1]); err != nil {
		return e, err
	}
	if e.Model, err = decode[string](class[2]); err != nil {
		return e, err
	}
	if e.Layer, err = decode[uint64](class[3]); err != nil {
		return e, err
	}
	if e.Index, err = decode[uint64](class[4]); err != nil {
		return e, err
	}
	if e.String() == "" {
		return e, errors.New("an environment that says nothing")
	}
	return e, nil
}

func classID(b cbor.RawMessage) (string, error) {
	var tag cbor.RawTag
	if err := Decoding.Unmarshal(b, &tag); err != nil {
		return "", fmt.Errorf("class id: %w", err)
	}
	var content []byte
	if err := Decoding.Unmarshal(tag.Content, &content); err != nil {
		return "", fmt.Errorf("class id: %w", err)
	}
	switch tag.Number {
	case tagOID:
		return oid(content)
	case tagUUID:
		return "uuid:" + hex.EncodeToString(content), nil
	case tagBytes:
		return ClassBytes(content), nil
	}
	return "", unsupported("class id with the tag %d", tag.Number)
}

// ClassBytes is a class that has no form.
func ClassBytes(b []byte) string { return "bytes:" + hex.EncodeToString(b) }

// oid writes the content of an object identifier (X.690, section 8.19) with dots.
func oid(b []byte) (string, error) {
	var arcs []string
	var v uint64
	for i, c := range b {
		if v > 1<<56 || v == 0 && c == 0x80 {
			return "", errors.New("class id: malformed object identifier")
		}
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			if i == len(b)-1 {
				return "", errors.New("class id: malformed object identifier")
			}
			continue
		}
		if len(arcs) == 0 {
			first := min(v/40, 2)
			arcs = append(arcs, strconv.FormatUint(first, 10))
			v -= first * 40
		}
		arcs = append(arcs, strconv.FormatUint(v, 10))
		v = 0
	}
	if len(arcs) == 0 {
		return "", errors.New("class id: empty object identifier")
	}
	return "oid:" + strings.Join(arcs, "."), nil
}

func (r reader) measurements(b cbor.RawMessage) ([]Measurement, error) {
	var maps []cbor.RawMessage
	if err := Decoding.Unmarshal(b, &maps); err != nil {
		return nil, err
	}
	if len(maps) == 0 {
		return nil, errors.New("no measurement")
	}
	var out []Measurement
	seen := map[string]bool{}
	for _, raw := range maps {
		m, err := r.fields(raw, "measurement", 0, 1)
		if err != nil {
			return nil, err
		}
		one := Measurement{}
		if one.Key, err = key(m[0]); err != nil {
			return nil, err
		}
		switch {
		case seen[one.Key] && r.lenient: // as drafts allow: which of them counts, nobody says
			return nil, unsupported("two measurements of the key %q", one.Key)
		case seen[one.Key]:
			return nil, fmt.Errorf("the measurement %q stands twice", one.Key)
		}
		seen[one.Key] = true
		if one.Values, err = r.values(m[1]); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func key(b cbor.RawMessage) (string, error) {
	if b == nil {
		return "", nil
	}
	var v any
	if err := Decoding.Unmarshal(b, &v); err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return "text:" + v, nil
	case uint64:
		return "number:" + strconv.FormatUint(v, 10), nil
	}
	return "", unsupported("a measurement key of the type %T", v)
}

// Keys of measurement-values-map, and that of SPDM's binding.
const (
	inValues    = "measurement values"
	keySVN      = 1
	keyDigests  = 2
	keyRaw      = 4
	keyName     = 11
	keyIndirect = 12
)

func (r reader) values(b cbor.RawMessage) (v Values, err error) {
	m, err := r.fields(b, inValues, keySVN, keyDigests, keyRaw, keyName, keyIndirect)
	if err != nil {
		return v, err
	}
	if len(m) == 0 && !r.lenient {
		return v, errors.New("measurement values that say nothing")
	}
	if m[keyDigests] != nil {
		if v.Digests, err = digests(m[keyDigests]); err != nil {
			return v, err
		}
	}
	if m[keySVN] != nil {
		if v.SVN, err = svn(m[keySVN]); err != nil {
			return v, err
		}
	}
	if m[keyRaw] != nil {
		if v.Raw, v.Mask, err = raw(m[keyRaw]); err != nil {
			return v, err
		}
	}
	if v.Name, err = decode[string](m[keyName]); err != nil {
		return v, err
	}
	if m[keyIndirect] != nil {
		i, err := r.fields(m[keyIndirect], "indirect measurement", 0)
		if err != nil {
			return v, err
		}
		if err := Decoding.Unmarshal(i[0], &v.Indirect); err != nil || len(v.Indirect) == 0 {
			return v, fmt.Errorf("indirect measurement without an index: %w", err)
		}
	}
	return v, nil
}

func digests(b cbor.RawMessage) ([]Digest, error) {
	var out []Digest
	seen := map[int]bool{}
	err := list(b, func(first, second cbor.RawMessage) error {
		d := Digest{}
		if err := Decoding.Unmarshal(first, &d.Algorithm); err != nil {
			return unsupported("a digest whose algorithm is no number")
		}
		if seen[d.Algorithm] {
			return fmt.Errorf("two digests of the algorithm %d", d.Algorithm)
		}
		seen[d.Algorithm] = true
		if err := Decoding.Unmarshal(second, &d.Value); err != nil || len(d.Value) == 0 {
			return fmt.Errorf("a digest without a value: %w", err)
		}
		out = append(out, d)
		return nil
	})
	return out, err
}

func svn(b cbor.RawMessage) (*SVN, error) {
	var tag cbor.RawTag
	s := &SVN{}
	if Decoding.Unmarshal(b, &tag) != nil {
		return s, Decoding.Unmarshal(b, &s.Value)
	}
	switch tag.Number {
	case tagMinSVN:
		s.Min = true
	case tagSVN:
	default:
		return nil, unsupported("a security version with the tag %d", tag.Number)
	}
	return s, Decoding.Unmarshal(tag.Content, &s.Value)
}

func raw(b cbor.RawMessage) (value, mask []byte, err error) {
	var tag cbor.RawTag
	if err := Decoding.Unmarshal(b, &tag); err != nil {
		return nil, nil, err
	}
	switch tag.Number {
	case tagBytes:
		err = Decoding.Unmarshal(tag.Content, &value)
	case tagMaskedRaw:
		var both [][]byte
		if err = Decoding.Unmarshal(tag.Content, &both); err == nil && (len(both) != 2 || len(both[0]) != len(both[1])) {
			err = errors.New("a mask that does not fit its value")
		}
		if err == nil {
			value, mask = both[0], both[1]
		}
	default:
		err = unsupported("a raw value with the tag %d", tag.Number)
	}
	if err == nil && len(value) == 0 {
		err = errors.New("an empty raw value")
	}
	return value, mask, err
}
