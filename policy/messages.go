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
)

// messagesFile holds the sentences of the built-in rules by their ids, in English. A
// sentence names its parameters in braces, as in "{open} of {all} bridges". A file for
// another language has the same ids.
const messagesFile = "messages/en.json"

// maxMessageDepth is how deep messages lie in parameters of messages.
const maxMessageDepth = 4

// catalogue are the messages of one language.
type catalogue map[string]template

// template is a sentence in pieces: text and name by turns, text first and last.
type template []string

// parseTemplate takes a sentence apart.
func parseTemplate(text string) (template, error) {
	var t template
	for {
		before, rest, found := strings.Cut(text, "{")
		if strings.Contains(before, "}") {
			return nil, fmt.Errorf("a brace closes that was not opened")
		}
		t = append(t, before)
		if !found {
			return t, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || !messageParam(name) {
			return nil, fmt.Errorf("{%.20s is no parameter: a name in lower case, in braces", name)
		}
		t, text = append(t, name), after
	}
}

// messageParam says that a name is one of a parameter: it begins with a letter, and has
// lower-case letters, digits and _.
func messageParam(name string) bool {
	for i, r := range name {
		if (r < 'a' || r > 'z') && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return name != ""
}

// params are the names in a sentence, sorted.
func (t template) params() []string {
	names := map[string]bool{}
	for i := 1; i < len(t); i += 2 {
		names[t[i]] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// parseMessages reads a catalogue.
func parseMessages(text []byte) (catalogue, error) {
	var texts map[string]string
	if err := json.Unmarshal(text, &texts); err != nil {
		return nil, err
	}
	c := make(catalogue, len(texts))
	for id, sentence := range texts {
		t, err := parseTemplate(sentence)
		if err != nil {
			return nil, fmt.Errorf("message %s: %w", id, err)
		}
		c[id] = t
	}
	return c, nil
}

// readMessages reads the catalogue of a source; a source without one has none.
func readMessages(fsys fs.FS, limit int64) ([]byte, catalogue, error) {
	text, err := readAtMost(fsys, messagesFile, limit)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, catalogue{}, nil
		}
		return nil, nil, compileError(messagesFile, "%w", err)
	}
	c, err := parseMessages(text)
	if err != nil {
		return nil, nil, compileError(messagesFile, "%w", err)
	}
	return text, c, nil
}

// expand makes a sentence of what a rule gave as its detail: a text stays as it is, and
// a message of an id and parameters becomes the sentence of the catalogue.
func (c catalogue) expand(v ast.Value, depth int) (string, any, error) {
	switch v := v.(type) {
	case ast.String:
		return string(v), string(v), nil
	case ast.Number:
		return expandNumber(v)
	case ast.Boolean:
		return strconv.FormatBool(bool(v)), bool(v), nil
	case *ast.Array:
		return c.expandList(v, depth)
	case ast.Object:
		return c.expandMessage(v, depth)
	}
	return "", nil, fmt.Errorf("%w: a parameter of type %s", ErrShape, ast.ValueName(v))
}

// maxExact is the greatest whole number that every reader of JSON takes as it is.
const maxExact = 1 << 53

func expandNumber(n ast.Number) (string, any, error) {
	text := string(n)
	if i, err := strconv.ParseInt(text, 10, 64); err == nil && -maxExact <= i && i <= maxExact {
		return text, i, nil
	}
	return text, text, nil
}

func (c catalogue) expandList(list *ast.Array, depth int) (string, any, error) {
	texts, values := make([]string, list.Len()), make([]any, list.Len())
	for i := range list.Len() {
		var err error
		if texts[i], values[i], err = c.expand(list.Elem(i).Value, depth); err != nil {
			return "", nil, err
		}
	}
	return strings.Join(texts, ", "), values, nil
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
	if given == nil || given.Len() == 0 {
		text, err := t.fill(id, nil)
		return text, m, err
	}
	m.Params = make(map[string]any, given.Len())
	var room [8]param
	params := room[:0]
	err = given.Iter(func(k, v *ast.Term) error {
		name, _ := k.Value.(ast.String)
		text, value, err := c.expand(v.Value, depth+1)
		params = append(params, param{string(name), text})
		m.Params[string(name)] = value
		return err
	})
	if err != nil {
		return "", nil, err
	}
	text, err := t.fill(id, params)
	return text, m, err
}

// param is a parameter in words.
type param struct{ name, text string }

// fill puts the parameters into the sentence. There are few: a list is faster than a map.
func (t template) fill(id string, params []param) (string, error) {
	if len(t) == 1 {
		return t[0], nil
	}
	var b strings.Builder
	for i, part := range t {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		at := slices.IndexFunc(params, func(p param) bool { return p.name == part })
		if at < 0 {
			return "", fmt.Errorf("%w: message %s lacks {%s}", ErrShape, id, part)
		}
		b.WriteString(params[at].text)
	}
	return b.String(), nil
}

// messageOf takes a message apart: {"id": ID, "params": {...}}.
func messageOf(object ast.Object) (id string, params ast.Object, err error) {
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

// MessageUses are the messages that the rules of a source make, and the sentences that
// there are for them: what translators and tests need.
func MessageUses(src Source) ([]MessageUse, map[string]string, error) {
	set, err := readSource(src, src.Limits.withDefaults())
	if err != nil {
		return nil, nil, err
	}
	uses, err := set.messageUses()
	if err != nil {
		return nil, nil, err
	}
	texts := map[string]string{}
	if len(set.messagesText) > 0 {
		if err := json.Unmarshal(set.messagesText, &texts); err != nil {
			return nil, nil, compileError(messagesFile, "%w", err)
		}
	}
	return uses, texts, nil
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
	_ = s.eachMessage(func(_ string, call *ast.Term) error {
		args := call.Value.(ast.Call)
		call.Value = ast.NewObject(ast.Item(ast.StringTerm("id"), args[1]), ast.Item(ast.StringTerm("params"), args[2]))
		return nil
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
	if want := t.params(); !slices.Equal(want, use.Params) {
		return fmt.Errorf("message %s has the parameters %s, and is given %s", use.ID, strings.Join(want, ", "), strings.Join(use.Params, ", "))
	}
	return nil
}
