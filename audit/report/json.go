package report

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// JSON writes the report as indented JSON, ended by a newline. The schema is
// docs/schema/report.v1.json.
func JSON(w io.Writer, r *Report) error { return EncodeJSON(w, r, "  ") }

// Indent writes a stored report as JSON writes one. Its members stay as they are: a
// report of an older version has others.
func Indent(w io.Writer, text []byte) error {
	return rewrite(w, text, jsontext.WithIndent("  "))
}

// Compact writes the text of a stored report on one line.
func Compact(w io.Writer, text []byte) error { return rewrite(w, text) }

// rewrite writes a text with other white space, token by token: it is not held again.
func rewrite(w io.Writer, text []byte, space ...jsontext.Options) error {
	options := append(space, jsontext.PreserveRawStrings(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	in := jsontext.NewDecoder(bytes.NewReader(text), options...)
	out := jsontext.NewEncoder(&safeWriter{w: w}, options...)
	for {
		token, err := in.ReadToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := out.WriteToken(token); err != nil {
			return err
		}
	}
}
