// Package strictyaml decodes files that people write and on which trust rests:
// one document, bounded, without unknown fields. Fields that are given twice are
// refused by the decoder.
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

// Unmarshal decodes the one document of a text of at most limit bytes into v.
func Unmarshal(text []byte, limit int, v any) error {
	if len(text) > limit {
		return fmt.Errorf("larger than %d bytes", limit)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("the file is empty")
		}
		return plain(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("something follows the first document")
	}
	return nil
}

// plain says what does not fit without the names that this program's types have.
func plain(err error) error {
	wrong, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	list := make([]string, len(wrong.Errors))
	for i, text := range wrong.Errors {
		text = unknownField.ReplaceAllString(text, "the field $1 is not known")
		text = strings.NewReplacer("!!seq into", "a list into", "!!map into", "a mapping into").Replace(text)
		list[i] = wrongType.ReplaceAllString(text, "$1 does not belong here")
	}
	return errors.New(strings.Join(list, "; "))
}

// How the decoder says that a field is not known, and that a value has another type.
var (
	unknownField = regexp.MustCompile(`field (.*) not found in type .+$`)
	wrongType    = regexp.MustCompile("cannot unmarshal (?:!![a-z]+ )?(`.*`|a list|a mapping) into .+$")
)

// Lines are the lines at which the entries of a top-level list begin, counted
// from 1; nil where there is no such list.
func Lines(text []byte, list string) []int {
	var layout map[string]yaml.Node
	if yaml.Unmarshal(text, &layout) != nil {
		return nil
	}
	var lines []int
	node := layout[list]
	for _, entry := range node.Content {
		lines = append(lines, entry.Line)
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
