package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// hidden says that a terminal obeys a character, or shows it as something else than
// it is: control characters of both sets, marks and overrides of the direction of
// writing, separators of lines, a byte order mark. Line feed and tab are among them.
func hidden(r rune) bool {
	if r < utf8.RuneSelf { // nearly all of them
		return r < ' ' || r == 0x7f
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
}

// escape replaces hidden characters by their JSON escapes, but for line feeds and tabs:
// within a JSON document, where they can stand in strings alone, it keeps its meaning.
// With colour, the sequences of the table are left as they are.
func escape(text []byte, colour bool) []byte {
	if printable(text) { // nearly all of it
		return text
	}
	if !bytes.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && (r == utf8.RuneError || hidden(r)) }) {
		return text
	}
	out := make([]byte, 0, len(text)+64)
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if code := ours(text); colour && code > 0 {
			out, text = append(out, text[:code]...), text[code:]
			continue
		}
		switch {
		case r == '\n' || r == '\t':
			out = append(out, byte(r))
		case !hidden(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[n:]
	}
	return out
}

// printable says that a text is of printable ASCII, line feeds and tabs alone.
func printable(text []byte) bool {
	for _, c := range text {
		if c-' ' >= 0x7f-' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// ours is the length of the table's escape sequence with which a text begins.
func ours(text []byte) int {
	for _, code := range [...]string{red, green, yellow, boldface, plain} {
		if bytes.HasPrefix(text, []byte(code)) {
			return len(code)
		}
	}
	return 0
}

// EncodeJSON writes a value as JSON that is safe for a terminal, ended by a newline. It
// is written as it is made: the report of 512 cards has 50 MB.
func EncodeJSON(w io.Writer, v any, indent string) error {
	options := []json.Options{jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false)}
	if indent != "" {
		options = append(options, jsontext.WithIndent(indent))
	}
	if err := json.MarshalWrite(&safeWriter{w: w}, v, options...); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// Safe is a writer for people: what a terminal would obey is written as an escape,
// wherever it came from. Each write holds whole characters. With colour, the sequences
// of the table pass.
func Safe(w io.Writer, colour bool) io.Writer { return &safeWriter{w: w, colour: colour} }

type safeWriter struct {
	w      io.Writer
	colour bool
}

func (s *safeWriter) Write(p []byte) (int, error) {
	if _, err := s.w.Write(escape(p, s.colour)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// OneLine keeps the message of an error on one line and free of control characters: parts of
// it may come from a device or an archive.
func OneLine(err error) string {
	return Clean(strings.Join(strings.Fields(err.Error()), " "))
}
