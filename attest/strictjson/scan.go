package strictjson

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scanner reads a text from its beginning to its end, a token at a time. It takes what
// RFC 8259 does, and of strings what can be shown: a surrogate has its other half. Where
// it does not go on, the text is read again by package jsontext, which says why.
type scanner struct {
	text []byte
	at   int
}

// next is the first byte of the next token, 0 where there is none.
func (s *scanner) next() byte {
	for ; s.at < len(s.text); s.at++ {
		if c := s.text[s.at]; c > ' ' || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
	}
	return 0
}

// syntaxError says that a text is no JSON from some place on.
type syntaxError struct{ error }

func (e syntaxError) Unwrap() error { return e.error }

// expected says that something else stands where a token belongs.
func (s *scanner) expected(where string) error {
	if s.next(); s.at >= len(s.text) {
		return syntaxError{io.ErrUnexpectedEOF}
	}
	r, _ := utf8.DecodeRune(s.text[s.at:])
	return syntaxError{fmt.Errorf("invalid character %q %s", r, where)}
}

// broken says what is wrong with the string, number or literal that begins at a place.
func (s *scanner) broken(begin int) error {
	dec := jsontext.NewDecoder(bytes.NewReader(s.text[begin:]))
	_, err := dec.ReadValue()
	s.at = begin
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		s.at, err = begin+int(e.ByteOffset), e.Err
	}
	if err == nil {
		err = errors.New("invalid value")
	}
	return syntaxError{err}
}

// quoted reads a string with its quotes, and says whether it has escapes.
func (s *scanner) quoted() (text []byte, escapes bool, err error) {
	begin := s.at
	for i := begin + 1; ; {
		if i += plain(s.text[i:]); i == len(s.text) {
			return nil, false, s.broken(begin)
		}
		c := s.text[i]
		switch {
		case c == '"':
			s.at = i + 1
			return s.text[begin:s.at], escapes, nil
		case c < ' ':
			return nil, false, s.broken(begin)
		default:
			n := escape(s.text[i:])
			if n == 0 {
				return nil, false, s.broken(begin)
			}
			i, escapes = i+n, true
		}
	}
}

// plain is how many bytes a text begins with that stand for themselves in a string: none
// of them is a quote, a backslash or a control character. It looks at eight at a time.
func plain(b []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, slash := x^('"'*ones), x^('\\'*ones)
		// The lowest bit that is set is that of the first such byte.
		if hit := ((x-' '*ones)&^x | (quote-ones)&^quote | (slash-ones)&^slash) & high; hit != 0 {
			return n + bits.TrailingZeros64(hit)/8
		}
	}
	for n < len(b) && b[n] >= ' ' && b[n] != '"' && b[n] != '\\' {
		n++
	}
	return n
}

// escape is how many bytes the escape at the beginning of a text has, 0 where it is none.
// Of a pair of surrogates both count.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	}
	const one = len(`\u0000`)
	first, ok := codeUnit(b)
	switch {
	case !ok, 0xdc00 <= first && first <= 0xdfff:
		return 0
	case first < 0xd800 || first > 0xdfff:
		return one
	}
	second, ok := codeUnit(b[one:])
	if !ok || second < 0xdc00 || second > 0xdfff {
		return 0
	}
	return 2 * one
}

// codeUnit is the number of an escape like \u00e9.
func codeUnit(b []byte) (n int, ok bool) {
	if len(b) < len(`\u0000`) || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		n = n<<4 | int(c)
	}
	return n, true
}

// number reads a number.
func (s *scanner) number() ([]byte, error) {
	begin, i := s.at, s.at
	if s.text[i] == '-' {
		i++
	}
	whole := digits(s.text[i:])
	if whole == 0 || whole > 1 && s.text[i] == '0' {
		return nil, s.broken(begin)
	}
	i += whole
	if i < len(s.text) && s.text[i] == '.' {
		n := digits(s.text[i+1:])
		if n == 0 {
			return nil, s.broken(begin)
		}
		i += 1 + n
	}
	if i < len(s.text) && s.text[i]|0x20 == 'e' {
		i++
		if i < len(s.text) && (s.text[i] == '+' || s.text[i] == '-') {
			i++
		}
		n := digits(s.text[i:])
		if n == 0 {
			return nil, s.broken(begin)
		}
		i += n
	}
	s.at = i
	return s.text[begin:i], nil
}

// digits is how many digits a text begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return n
}

// literal reads a word.
func (s *scanner) literal(word string) error {
	if len(s.text)-s.at < len(word) || string(s.text[s.at:s.at+len(word)]) != word {
		return s.broken(s.at)
	}
	s.at += len(word)
	return nil
}
