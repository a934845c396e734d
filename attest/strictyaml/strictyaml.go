// Package strictyaml decodes files that people write and on which trust rests:
// one document, bounded in bytes, values, names and depth, without unknown fields.
// Fields that are given twice are refused by the decoder.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrBudget says that a document holds more than its kind may.
var ErrBudget = errors.New("larger than it may be")

// tooMuch is an [ErrBudget] in its own words.
type tooMuch string

func (e tooMuch) Error() string      { return string(e) }
func (tooMuch) Is(target error) bool { return target == ErrBudget }

// Unmarshal decodes the one document of a text of at most limit bytes into v.
func Unmarshal(text []byte, limit int, v any) error {
	doc, err := parse(text, limit)
	switch {
	case err != nil:
		return err
	case doc == nil:
		return errors.New("the file is empty")
	}
	// A node that is decoded by itself takes fields that are not known.
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		return plain(err)
	}
	return nil
}

// What a document may hold. The text bounds what parsing takes in memory; these bound
// what decoding takes: the library compares each name of a mapping with all others, and
// makes of an alias as many values as it stands for.
const (
	maxValues  = 200_000
	maxNames   = 4096 // of one mapping
	maxDepth   = 32
	maxAliases = 1024
)

// parse reads the one document of a text and holds it to its bounds; nil is a text
// without any.
func parse(text []byte, limit int) (*yaml.Node, error) {
	if len(text) > limit {
		return nil, tooMuch(fmt.Sprintf("larger than %d bytes", limit))
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the first document")
	}
	if err := (&counter{}).node(&doc, 0); err != nil {
		return nil, err
	}
	return &doc, nil
}

// counter counts what decoding will make.
type counter struct{ values, aliases int }

func (c *counter) node(n *yaml.Node, depth int) error {
	c.values++
	switch {
	case c.values > maxValues:
		return tooMuch(fmt.Sprintf("line %d: more than %d values", n.Line, maxValues))
	case depth > maxDepth:
		return tooMuch(fmt.Sprintf("line %d: nested deeper than %d", n.Line, maxDepth))
	case n.Kind == yaml.MappingNode && len(n.Content)/2 > maxNames:
		return tooMuch(fmt.Sprintf("line %d: more than %d names", n.Line, maxNames))
	case n.Kind == yaml.AliasNode:
		if c.aliases++; c.aliases > maxAliases {
			return tooMuch(fmt.Sprintf("line %d: more than %d aliases", n.Line, maxAliases))
		}
		return c.node(n.Alias, depth+1) // one that stands for itself is too deep
	}
	for _, inner := range n.Content {
		if err := c.node(inner, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// plain says what does not fit without the names that this program's types have.
func plain(err error) error {
	wrong, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	// How the decoder says that a field is not known, and that a value has another type.
	unknownField := regexp.MustCompile(`field (.*) not found in type .+$`)
	wrongType := regexp.MustCompile("cannot unmarshal (?:!![a-z]+ )?(`.*`|a list|a mapping) into .+$")
	list := make([]string, len(wrong.Errors))
	for i, text := range wrong.Errors {
		text = unknownField.ReplaceAllString(text, "the field $1 is not known")
		text = strings.NewReplacer("!!seq into", "a list into", "!!map into", "a mapping into").Replace(text)
		list[i] = wrongType.ReplaceAllString(text, "$1 does not belong here")
	}
	return errors.New(strings.Join(list, "; "))
}

// Lines are the lines at which the entries of a top-level list begin, counted
// from 1; nil where there is no such list.
func Lines(text []byte, list string) []int {
	doc, err := parse(text, len(text))
	if err != nil || doc == nil || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	var lines []int
	for i, pairs := 0, doc.Content[0].Content; i+1 < len(pairs); i += 2 {
		if pairs[i].Value != list {
			continue
		}
		for _, entry := range pairs[i+1].Content {
			lines = append(lines, entry.Line)
		}
	}
	return lines
}

// Marshal writes a value as a document that [Unmarshal] reads.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), enc.Close()
}
