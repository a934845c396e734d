package report

import "io"

// JSON writes the report as indented JSON, ended by a newline. The schema is
// docs/schema/report.v1.json.
func JSON(w io.Writer, r *Report) error { return EncodeJSON(w, r, "  ") }
