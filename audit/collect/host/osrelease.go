package host

import (
	"fmt"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/collect"
	"github.com/gpuaudit/gpuaudit/audit/inventory"
)

// os reads os-release(5). The one in etc is often a link to the one in usr/lib,
// which may be all that a partial copy has.
func (r *reader) os() *inventory.OS {
	const source = "etc/os-release"
	text, err := collect.Attr(r.fsys, source)
	if err != nil {
		if fallback, ferr := collect.Attr(r.fsys, "usr/lib/os-release"); ferr == nil {
			text, err = fallback, nil
		}
	}
	if err != nil {
		r.gap("/os", source, err)
		return nil
	}
	o := parseOSRelease(text)
	if o == (inventory.OS{}) {
		r.gap("/os", source, fmt.Errorf("%w: names no system", collect.ErrMalformed))
		return nil
	}
	return &o
}

// parseOSRelease reads the assignments of an os-release file. The name is
// PRETTY_NAME, or NAME where that is missing.
func parseOSRelease(text string) inventory.OS {
	var o inventory.OS
	var name *string
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		value = unquote(value)
		if !found || value == "" {
			continue
		}
		switch key {
		case "ID":
			o.ID = &value
		case "VERSION_ID":
			o.VersionID = &value
		case "PRETTY_NAME":
			o.Name = &value
		case "NAME":
			name = &value
		}
	}
	if o.Name == nil {
		o.Name = name
	}
	return o
}

// unquote undoes the shell quoting of a value: single quotes keep everything,
// double quotes and bare text take a backslash as "the next byte as it is".
func unquote(s string) string {
	n := len(s)
	if n >= 2 && s[0] == '\'' && s[n-1] == '\'' {
		return s[1 : n-1]
	}
	if n >= 2 && s[0] == '"' && s[n-1] == '"' {
		s = s[1 : n-1]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
