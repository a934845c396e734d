package witness

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decode makes UTF-8 of what a terminal, an editor or a redirection of Windows
// wrote: with a byte order mark, or as UTF-16 with one. Bytes that are none are
// replaced, so that one bad line does not cost the others.
func decode(raw []byte) (string, error) {
	text := strings.TrimPrefix(string(raw), "\ufeff")
	if len(raw) >= 2 {
		switch {
		case raw[0] == 0xff && raw[1] == 0xfe:
			text = fromUTF16(raw[2:], binary.LittleEndian)
		case raw[0] == 0xfe && raw[1] == 0xff:
			text = fromUTF16(raw[2:], binary.BigEndian)
		}
	}
	if strings.IndexByte(text, 0) >= 0 {
		return "", malformed("it is not text: %s", want)
	}
	return strings.ToValidUTF8(text, string(utf8.RuneError)), nil
}

func fromUTF16(raw []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = order.Uint16(raw[2*i:])
	}
	return string(utf16.Decode(units))
}

// hidden says that somebody took a value out before the recording was handed
// over: "[REDACTED]", "redacted", "XXXX", "****".
func hidden(value string) bool {
	lower := strings.ToLower(value)
	return strings.Contains(lower, "redact") || strings.Contains(lower, "<hidden>") || strings.Contains(lower, "masked") ||
		value != "" && strings.Trim(lower, "x*#?-.:[]<>_ ") == ""
}
