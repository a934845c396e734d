package comid

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// Codes of a match that cannot be made.
const (
	NoReference = "no-reference-values"
	NoRoot      = "no-root"
	ManyRoots   = "many-roots"
	Ambiguous   = "ambiguous"
	Cycle       = "dependency-cycle"
	Unbacked    = "dependency-without-reference"
	NoPurpose   = "no-purpose"
	Compatible  = "compatible-references"
)

// Fault says why evidence cannot be matched at all.
type Fault struct{ Code, Detail string }

func (f *Fault) Error() string { return f.Detail + " (" + f.Code + ")" }

// Outcome is what matching found.
type Outcome struct {
	// Purpose is what the root says that the device is used for, such as "CC MPT".
	Purpose string
	// Matched and Differing are environments that the root depends on, and the root;
	// Differing say why. Outside are reference values that this root does not need.
	Matched   []string
	Differing []Difference
	Outside   []string
	// Uncovered is evidence of which no reference speaks.
	Uncovered []string
}

// Difference is an environment that is not as any of its references has it.
type Difference struct {
	Environment string
	// Code is missing, digest, svn, raw, name, key, or dependency.
	Code string
	// Measurement is the key of the one that differs, "" for none.
	Measurement string
}

// matcher holds the references by environment.
type matcher struct {
	evidence []Triple
	names    []string // of environments, in their order
	refs     map[string][]Triple
	on       map[string][]string
	state    map[string]int // 1 while it is judged, 2 right, 3 wrong
	why      map[string]Difference
}

// Match compares evidence with reference values. Several references of an environment are
// alternatives. The one root that the evidence has decides which of them count: it, and
// what it depends on. Evidence that a root does not need decides nothing.
func Match(references []Triple, dependencies []Dependency, evidence []Triple) (*Outcome, error) {
	if len(references) == 0 {
		return nil, &Fault{NoReference, "there is no reference value"}
	}
	root, err := rootOf(evidence)
	if err != nil {
		return nil, err
	}
	m := &matcher{evidence: evidence, refs: map[string][]Triple{}, on: map[string][]string{}, state: map[string]int{}, why: map[string]Difference{}}
	for _, r := range references {
		name := r.Environment.String()
		if m.refs[name] == nil {
			m.names = append(m.names, name)
		}
		m.refs[name] = append(m.refs[name], r)
	}
	for _, d := range dependencies {
		name := d.Environment.String()
		for _, on := range d.On {
			m.on[name] = append(m.on[name], on.String())
		}
	}
	for _, name := range m.names {
		if compatible(m.refs[name]) {
			return nil, &Fault{Compatible, "two reference values of " + name + " do not contradict each other: whether one or both are due, nobody says"}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.on)) {
		for _, n := range append(slices.Clone(m.on[name]), name) {
			if m.refs[n] == nil {
				return nil, &Fault{Unbacked, "no reference value of " + n + ", on which another depends"}
			}
		}
	}
	return m.judge(root)
}

// compatible says whether two of an environment's alternatives could both be right.
func compatible(alternatives []Triple) bool {
	for i := range alternatives {
		for j := range i {
			if !contradict(alternatives[i].Measurements, alternatives[j].Measurements) {
				return true
			}
		}
	}
	return false
}

func contradict(a, b []Measurement) bool {
	for i := range a {
		for j := range b {
			if a[i].Key == b[j].Key && (a[i].Values.differ(&b[j].Values) != "" || b[j].Values.differ(&a[i].Values) != "") {
				return true
			}
		}
	}
	return false
}

// rootOf is the only root of evidence.
func rootOf(evidence []Triple) (*Triple, error) {
	var root *Triple
	seen := map[string]bool{}
	for i := range evidence {
		e := &evidence[i]
		name := e.Environment.String()
		if seen[name] {
			return nil, &Fault{Ambiguous, "evidence of " + name + " stands twice"}
		}
		seen[name] = true
		if !e.Environment.Root() {
			continue
		}
		if root != nil {
			return nil, &Fault{ManyRoots, "the evidence has more than one root"}
		}
		root = e
	}
	if root == nil {
		return nil, &Fault{NoRoot, "the evidence has no root on which its parts hang"}
	}
	return root, nil
}

func (m *matcher) judge(root *Triple) (*Outcome, error) {
	out := &Outcome{}
	for i := range root.Measurements {
		if p := &root.Measurements[i]; p.Key == "text:purpose" && p.Name != nil {
			out.Purpose = *p.Name
		}
	}
	if out.Purpose == "" {
		return nil, &Fault{NoPurpose, "the root does not say what the device is used for"}
	}
	inScope := map[string]bool{}
	for _, name := range m.names {
		if first := &m.refs[name][0].Environment; first.Root() && first.Matches(&root.Environment) {
			if err := m.visit(name, inScope); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range m.names {
		switch {
		case !inScope[name]:
			out.Outside = append(out.Outside, name)
		case m.state[name] == 2:
			out.Matched = append(out.Matched, name)
		default:
			out.Differing = append(out.Differing, m.why[name])
		}
	}
	for i := range m.evidence {
		e := &m.evidence[i].Environment
		if !slices.ContainsFunc(m.names, func(n string) bool { return m.refs[n][0].Environment.Matches(e) }) {
			out.Uncovered = append(out.Uncovered, e.String())
		}
	}
	if len(inScope) == 0 {
		return nil, &Fault{NoReference, "no reference value is for the root " + root.Environment.String()}
	}
	return out, nil
}

// visit judges an environment after those that it depends on.
func (m *matcher) visit(name string, inScope map[string]bool) error {
	inScope[name] = true
	switch m.state[name] {
	case 1:
		return &Fault{Cycle, name + " depends on itself"}
	case 2, 3:
		return nil
	}
	m.state[name] = 1
	right, why := m.own(name)
	for _, on := range m.on[name] {
		if err := m.visit(on, inScope); err != nil {
			return err
		}
		if m.state[on] != 2 && right {
			right, why = false, Difference{Environment: name, Code: "dependency", Measurement: on}
		}
	}
	m.state[name], m.why[name] = 3, why
	if right {
		m.state[name] = 2
	}
	return nil
}

// own judges the measurements of an environment alone: one of its references has to be
// right in full.
func (m *matcher) own(name string) (bool, Difference) {
	why := Difference{Environment: name, Code: "missing"}
	for _, r := range m.refs[name] {
		right := 0
		for i := range m.evidence {
			e := &m.evidence[i]
			if !r.Environment.Matches(&e.Environment) {
				continue
			}
			if code, key := differ(r.Measurements, e.Measurements); code != "" {
				why.Code, why.Measurement, right = code, key, -len(m.evidence)
			}
			right++
		}
		if right > 0 {
			return true, Difference{}
		}
	}
	return false, why
}

// differ says which measurement is not as a reference has it, "" for none.
func differ(reference, evidence []Measurement) (code, key string) {
	for i := range reference {
		r := &reference[i]
		j := slices.IndexFunc(evidence, func(e Measurement) bool { return e.Key == r.Key })
		if j < 0 {
			return "key", r.Key
		}
		if code := r.Values.differ(&evidence[j].Values); code != "" {
			return code, r.Key
		}
	}
	return "", ""
}

// differ compares what the reference has; it has something.
func (v *Values) differ(e *Values) string {
	switch {
	case v.SVN != nil && (e.SVN == nil || v.SVN.Min && e.SVN.Value < v.SVN.Value || !v.SVN.Min && e.SVN.Value != v.SVN.Value):
		return "svn"
	case v.Name != nil && (e.Name == nil || *e.Name != *v.Name):
		return "name"
	case v.Raw != nil && !v.rawFits(e.Raw):
		return "raw"
	case v.Digests != nil && !v.digestsFit(e.Digests):
		return "digest"
	}
	return ""
}

func (v *Values) rawFits(e []byte) bool {
	if v.Mask == nil || len(e) != len(v.Raw) {
		return bytes.Equal(v.Raw, e)
	}
	for i := range e {
		if (e[i]^v.Raw[i])&v.Mask[i] != 0 {
			return false
		}
	}
	return true
}

// digestsFit says whether all digests by an algorithm that both have are the same, and
// there is one.
func (v *Values) digestsFit(e []Digest) bool {
	common := false
	for _, d := range v.Digests {
		for _, o := range e {
			if d.Algorithm != o.Algorithm {
				continue
			}
			if !bytes.Equal(d.Value, o.Value) {
				return false
			}
			common = true
		}
	}
	return common
}

// SHA384 is its number in IANA's named-information registry.
const SHA384 = 7

// Resolve puts the values of SPDM blocks in the place of their indices. A block is raw or
// a SHA-384 digest; svn says that a raw one is a security version, little-endian.
func (v *Values) Resolve(block func(index int) (value []byte, raw, svn, ok bool)) error {
	for _, index := range v.Indirect {
		value, isRaw, isSVN, ok := block(index)
		switch {
		case !ok:
			return fmt.Errorf("there is no block %d", index)
		case !isRaw && v.Digests == nil:
			v.Digests = []Digest{{SHA384, value}}
		case isSVN && v.SVN == nil && len(value) <= 8:
			v.SVN = &SVN{}
			for i, c := range value {
				v.SVN.Value |= uint64(c) << (8 * i)
			}
		case isRaw && !isSVN && v.Raw == nil:
			v.Raw = value
		default:
			return unsupported("block %d stands for a value that is there already", index)
		}
	}
	v.Indirect = nil
	return nil
}
