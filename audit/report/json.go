package report

import (
	"bytes"
	"encoding/json"
	"io"
)

// JSON writes the report as indented JSON, ended by a newline. The schema is
// docs/schema/report.v1.json.
func JSON(w io.Writer, r *Report) error { return EncodeJSON(w, r, "  ") }

// Indent writes a stored report as JSON writes one. Its members stay as they are: a
// report of an older version has others.
func Indent(w io.Writer, text []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(text), "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(escape(b.Bytes(), false))
	return err
}

// Compact writes the text of a stored report on one line.
func Compact(w io.Writer, text []byte) error {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(escape(b.Bytes(), false))
	return err
}
