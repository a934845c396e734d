package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/gpuaudit/gpuaudit/audit/finding"
	"github.com/gpuaudit/gpuaudit/audit/message"
)

// messagesFile holds the sentences of the built-in rules by their ids, in English, and
// what a rule is called, looks at and asks for: NAME.title, NAME.seen and so on. Package
// message has its form. A file for another language has the same ids.
const messagesFile = "messages/en.json"

// maxMessageDepth is how deep messages lie in parameters of messages.
const maxMessageDepth = 4

// catalogue are the messages of one language.
type catalogue message.Catalogue

// readMessages reads the catalogue of a source; a source without one has none.
func readMessages(fsys fs.FS, limit int64) ([]byte, catalogue, error) {
	text, err := readAtMost(fsys, messagesFile, limit)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, catalogue{}, nil
		}
		return nil, nil, compileError(messagesFile, "%w", err)
	}
	c, err := message.Parse(text)
	if err != nil {
		return nil, nil, compileError(messagesFile, "%w", err)
	}
	return text, catalogue(c), nil
}

// expand makes a sentence of what a rule gave as its detail: a text stays as it is, and
// a message of an id and parameters becomes the sentence of the catalogue. join is what
// stands between the elements of a list.
func (c catalogue) expand(v ast.Value, join string, depth int) (string, any, error) {
	switch v := v.(type) {
	case ast.String:
		return string(v), string(v), nil
	case ast.Number:
		text, value := numberOf(v)
		return text, value, nil
	case *ast.Array:
		return c.expandList(v, join, depth)
	case ast.Object:
		return c.expandMessage(v, depth)
	}
	return "", nil, fmt.Errorf("%w: a parameter of type %s", ErrShape, ast.ValueName(v))
}

// maxExact is the greatest whole number that every reader of JSON takes as it is.
const maxExact = 1 << 53

// numberOf is a number in words, and as a report has it: one that is not whole, or too
// large, is a text there, for whoever reads it would change it.
func numberOf(n ast.Number) (string, any) {
	text := string(n)
	if i, err := strconv.ParseInt(text, 10, 64); err == nil && -maxExact <= i && i <= maxExact {
		return text, i
	}
	return text, text
}

func (c catalogue) expandList(list *ast.Array, join string, depth int) (string, any, error) {
	texts, values := make([]string, list.Len()), make([]any, list.Len())
	for i := range list.Len() {
		v := list.Elem(i).Value
		if _, nested := v.(*ast.Array); nested {
			return "", nil, fmt.Errorf("%w: a list in a list of a message", ErrShape)
		}
		var err error
		if texts[i], values[i], err = c.expand(v, join, depth); err != nil {
			return "", nil, err
		}
	}
	return strings.Join(texts, join), values, nil
}

func (c catalogue) expandMessage(object ast.Object, depth int) (string, any, error) {
	if depth == maxMessageDepth {
		return "", nil, fmt.Errorf("%w: messages in messages, deeper than %d", ErrShape, maxMessageDepth)
	}
	id, given, err := messageOf(object)
	if err != nil {
		return "", nil, err
	}
	t, known := c[id]
	if !known {
		return "", nil, fmt.Errorf("%w: there is no message %.60q", ErrShape, id)
	}
	m := &finding.Message{ID: id}
	if len(t) == 1 {
		return t[0].Text, m, nil
	}
	m.Params = make(map[string]any, len(t)/2)
	var b strings.Builder
	for i, part := range t {
		if i%2 == 0 {
			b.WriteString(part.Text)
			continue
		}
		var value *ast.Term
		if given != nil {
			value = given.Get(ast.StringTerm(part.Text))
		}
		if value == nil {
			return "", nil, fmt.Errorf("%w: message %s lacks {%s}", ErrShape, id, part.Text)
		}
		text, v, err := c.expand(value.Value, part.Join, depth+1)
		if err != nil {
			return "", nil, err
		}
		b.WriteString(text)
		m.Params[part.Text] = v
	}
	return b.String(), m, nil
}

// inlineID is the name of the id among the parameters of a message that was put in the
// place of a call: one object is made and not two. No parameter has it.
const inlineID = ""

var inlineTerm = ast.StringTerm(inlineID)

// messageOf takes a message apart: {"id": ID, "params": {...}}, or what
// inlineMessages made of it.
func messageOf(object ast.Object) (id string, params ast.Object, err error) {
	if t := object.Get(inlineTerm); t != nil {
		text, ok := t.Value.(ast.String)
		if !ok {
			return "", nil, fmt.Errorf("%w: the id of a message is of type %s", ErrShape, ast.ValueName(t.Value))
		}
		return string(text), object, nil
	}
	err = object.Iter(func(k, v *ast.Term) error {
		key, _ := k.Value.(ast.String)
		text, isText := v.Value.(ast.String)
		inner, isObject := v.Value.(ast.Object)
		switch {
		case key == "id" && isText:
			id = string(text)
		case key == "params" && isObject:
			params = inner
		default:
			return fmt.Errorf("%w: %q of type %s in a message", ErrShape, string(key), ast.ValueName(v.Value))
		}
		return nil
	})
	return id, params, err
}

// msgRef is the function that makes a message.
var msgRef = verdictPackage.Append(ast.StringTerm("msg"))

// MessageUse is a place in the rules that makes a message.
type MessageUse struct {
	ID     string
	Params []string // sorted
	// File is where it is; a user's begins with "user:".
	File string
}

// Messages are what the rules of a source say, for tests and translators.
type Messages struct {
	// Uses are all places that make a message.
	Uses []MessageUse
	// Texts are the sentences in English, by their ids.
	Texts map[string]string
	// Plain are the places whose detail is a text of its own, which no catalogue has.
	Plain []string
}

// MessagesOf reads the messages of a source. A message that is missing, or that is given
// other parameters than it has, is [ErrCompile].
func MessagesOf(src Source) (*Messages, error) {
	set, err := readSource(src, src.Limits.withDefaults())
	if err != nil {
		return nil, err
	}
	m := &Messages{Texts: map[string]string{}, Plain: set.plainDetails()}
	if m.Uses, err = set.messageUses(); err != nil {
		return nil, err
	}
	if len(set.messagesText) > 0 {
		if err := json.Unmarshal(set.messagesText, &m.Texts); err != nil {
			return nil, compileError(messagesFile, "%w", err)
		}
	}
	return m, nil
}

// detailed are the functions whose first argument is a detail, or part of one.
var detailed = map[string]bool{
	"data.gpuaudit.verdict.fail": true, "data.gpuaudit.verdict.pass": true, "data.gpuaudit.verdict.unknown": true, "data.gpuaudit.verdict.not_applicable": true,
	"data.gpuaudit.lib.device_lacks": true, "data.gpuaudit.lib.host_lacks": true, "data.gpuaudit.lib.reference_verdict": true, "data.gpuaudit.attestation.lacking": true, "data.gpuaudit.gpuproof.lacking": true,
}

// plainDetails finds details that are texts, or are put together of texts.
func (s *sourceSet) plainDetails() []string {
	var places []string
	for _, file := range slices.Sorted(maps.Keys(s.modules)) {
		m := s.modules[file]
		if isTest(file) {
			continue
		}
		ast.WalkTerms(m, func(t *ast.Term) bool {
			call, ok := t.Value.(ast.Call)
			if !ok || len(call) < 2 {
				return false
			}
			ref, ok := call[0].Value.(ast.Ref)
			if !ok || len(ref) == 0 || !detailed[resolveImport(m, ref).String()] {
				return false
			}
			at := 1
			if strings.HasSuffix(ref.String(), "reference_verdict") {
				at = 2
			}
			if isText(call[at]) {
				places = append(places, call[at].Location.String())
			}
			return false
		})
	}
	return places
}

func isText(t *ast.Term) bool {
	switch v := t.Value.(type) {
	case ast.String:
		return true
	case ast.Call:
		name := v[0].String()
		return name == "sprintf" || name == "concat"
	}
	return false
}

// messageUses finds every call of verdict.msg. Its id is a constant and its parameters an
// object whose keys are, so that a message that is missing, or lacks a parameter, is
// found before any rule runs.
func (s *sourceSet) messageUses() ([]MessageUse, error) {
	var uses []MessageUse
	err := s.eachMessage(func(file string, call *ast.Term) error {
		use, err := messageUse(call.Value.(ast.Call))
		if err == nil {
			err = s.checkMessage(use)
		}
		if err != nil {
			return compileError(call.Location.String(), "%w", err)
		}
		use.File = file
		uses = append(uses, *use)
		return nil
	})
	return uses, err
}

// inlineMessages puts the message itself in the place of each call: a call of a function
// for each answer is a twentieth of all steps.
func (s *sourceSet) inlineMessages() {
	changed := map[string]bool{}
	_ = s.eachMessage(func(file string, call *ast.Term) error {
		args := call.Value.(ast.Call)
		items := [][2]*ast.Term{ast.Item(ast.StringTerm(inlineID), args[1])}
		args[2].Value.(ast.Object).Foreach(func(name, value *ast.Term) { // checked by messageUse
			items = append(items, ast.Item(name, value))
		})
		call.Value = ast.NewObject(items...)
		changed[file] = true
		return nil
	})
	for file := range changed {
		dropUnused(s.modules[file])
	}
}

// dropUnused takes away the import of verdict from a module that only made messages.
func dropUnused(m *ast.Module) {
	m.Imports = slices.DeleteFunc(m.Imports, func(imp *ast.Import) bool {
		path, ok := imp.Path.Value.(ast.Ref)
		if !ok || !path.Equal(verdictPackage) {
			return false
		}
		used := false
		ast.WalkRefs(m, func(ref ast.Ref) bool {
			used = used || len(ref) > 0 && ref[0].Value.Compare(imp.Name()) == 0
			return used
		})
		return !used
	})
}

// eachMessage does something with each call of verdict.msg, in the order of the files.
func (s *sourceSet) eachMessage(do func(file string, call *ast.Term) error) error {
	for _, file := range slices.Sorted(maps.Keys(s.modules)) {
		m := s.modules[file]
		if isTest(file) {
			continue
		}
		var fault error
		ast.WalkTerms(m, func(t *ast.Term) bool {
			call, ok := t.Value.(ast.Call)
			if !ok || fault != nil {
				return fault != nil
			}
			ref, ok := call[0].Value.(ast.Ref)
			if ok && len(ref) > 0 && resolveImport(m, ref).Equal(msgRef) {
				fault = do(file, t)
			}
			return fault != nil
		})
		if fault != nil {
			return fault
		}
	}
	return nil
}

func messageUse(call ast.Call) (*MessageUse, error) {
	if len(call) != 3 {
		return nil, fmt.Errorf("verdict.msg takes the id of a message and its parameters")
	}
	id, ok := call[1].Value.(ast.String)
	if !ok {
		return nil, fmt.Errorf("verdict.msg: the id is a constant, so that it can be checked")
	}
	params, ok := call[2].Value.(ast.Object)
	if !ok {
		return nil, fmt.Errorf("message %s: the parameters are an object with constant names, so that they can be checked", id)
	}
	use := &MessageUse{ID: string(id)}
	for _, k := range params.Keys() {
		name, ok := k.Value.(ast.String)
		if !ok {
			return nil, fmt.Errorf("message %s: a parameter's name is a constant", id)
		}
		use.Params = append(use.Params, string(name))
	}
	slices.Sort(use.Params)
	return use, nil
}

func (s *sourceSet) checkMessage(use *MessageUse) error {
	t, known := s.messages[use.ID]
	if !known {
		return fmt.Errorf("there is no message %s in %s; a detail can be a text, too", use.ID, messagesFile)
	}
	if want := t.Params(); !slices.Equal(want, use.Params) {
		return fmt.Errorf("message %s has the parameters %s, and is given %s", use.ID, strings.Join(want, ", "), strings.Join(use.Params, ", "))
	}
	return nil
}
