package phrase

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

//go:embed fr.causes.json
var frenchCauses []byte

// Causes are texts that stand as parameters in sentences of rules and answers: why something
// is so, and what a law means for somebody. Facts and data hold them in English.
type Causes struct {
	// Causes are by the format that makes them, Law by the text in the data on law.
	Causes map[string]string `json:"causes"`
	Law    map[string]string `json:"law"`
}

// ReadCauses is those of a language (ISO 639-1).
func ReadCauses(code string) (*Causes, error) {
	if code != "fr" {
		return nil, fmt.Errorf("there are no causes in the language %.20q", code)
	}
	var c Causes
	if err := json.Unmarshal(frenchCauses, &c); err != nil {
		return nil, err
	}
	return &c, nil
}

// OpenCauses is the book of them.
func OpenCauses(code string) (*Book, error) {
	c, err := ReadCauses(code)
	if err != nil {
		return nil, err
	}
	b, err := bookOf(&Sections{Notes: c.Causes})
	if err != nil {
		return nil, err
	}
	maps.Copy(b.texts, c.Law) // which are no formats: a law may speak of 25 %
	return b, nil
}

// Cause is a cause in the language; known is false where the book does not have all of it: a
// sentence is not half in one language.
func (b *Book) Cause(english string) (text string, known bool) {
	if b == nil || len(english) > longest {
		return english, false
	}
	if text, known := b.Find(english); known {
		return text, true
	}
	parts := strings.Split(english, "; ")
	if len(parts) == 1 {
		return english, false
	}
	for i, part := range parts {
		if parts[i], known = b.Find(part); !known {
			return english, false
		}
	}
	return strings.Join(parts, "\u00a0; "), true
}
