package witness

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/gpuaudit/gpuaudit/audit/lazyregexp"
)

// amdHeading begins a card in the text of amd-smi. A processor may stand before
// the first GPU.
var amdHeading = lazyregexp.New(`^(GPU|CPU): (\d{1,4})$`)

// readAMD reads the text of amd-smi static and metric: section names, and
// "NAME: value" lines below them, four spaces deeper each.
func (s *Statement) readAMD(text string) error {
	s.Name = amdSMI
	a := &amd{s: s}
	var names []string
	number := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if m := amdHeading.FindStringSubmatch(line); m != nil {
			names, number = nil, ""
			if m[1] == "GPU" {
				number = m[2]
			}
			continue
		}
		key := strings.TrimLeft(line, " ")
		depth := (len(line) - len(key)) / 4
		if key == "" {
			continue
		}
		if depth == 0 {
			names, number = nil, ""
			s.line(line)
			continue
		}
		key, value, _ := strings.Cut(key, ":")
		if depth > len(names)+1 || number == "" {
			continue
		}
		names = append(names[:depth-1], strings.ToLower(key))
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		if err := a.set(number, strings.Join(names, "/"), value); err != nil {
			return err
		}
	}
	return a.end()
}

// maxDocuments is how many JSON values one recording may hold: amd-smi static and
// amd-smi metric are two.
const maxDocuments = 8

// readJSON reads rocm-smi --json and amd-smi --json, one after the other where
// there are several. What follows them is left aside.
func (s *Statement) readJSON(text string) error {
	a := &amd{s: s}
	rest := text
	for range maxDocuments {
		if next := strings.TrimSpace(rest); !strings.HasPrefix(next, "{") && !strings.HasPrefix(next, "[") {
			break
		}
		d := json.NewDecoder(strings.NewReader(rest))
		d.UseNumber()
		r := jsonReader{d: d}
		if err := r.value(nil, a); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = malformed("it ends within the JSON: record it again, to its end")
			}
			return err
		}
		rest = rest[d.InputOffset():]
	}
	s.around(rest)
	if s.Name == "" {
		return malformed("its JSON is neither of rocm-smi nor of amd-smi: %s", want)
	}
	return a.end()
}

// jsonReader walks JSON by its tokens, so that no more of it is held than the way
// to the value.
type jsonReader struct {
	d      *json.Decoder
	number string // the card of amd-smi that is being read
}

// maxJSONDepth is how deep values may lie; amd-smi's lie six deep.
const maxJSONDepth = 16

// value reads one value at a path.
func (r *jsonReader) value(path []string, a *amd) error {
	token, err := r.d.Token()
	if err != nil {
		return jsonError(err)
	}
	switch t := token.(type) {
	case json.Delim:
		if len(path) == maxJSONDepth {
			return malformed("its JSON lies more than %d deep", maxJSONDepth)
		}
		if t == '{' {
			return r.object(path, a)
		}
		for r.d.More() {
			if err := r.value(append(path, "[]"), a); err != nil {
				return err
			}
		}
		_, err := r.d.Token()
		return jsonError(err)
	case string:
		return r.leaf(path, t, a)
	case json.Number:
		return r.leaf(path, t.String(), a)
	case bool:
		return r.leaf(path, map[bool]string{true: "Yes", false: "No"}[t], a)
	}
	return nil // null
}

// object reads an object: {"value": 32752, "unit": "MB"} is one value.
func (r *jsonReader) object(path []string, a *amd) error {
	if len(path) > 0 && path[len(path)-1] == "[]" && len(path) <= 2 {
		r.number = "" // the next card
	}
	amount, unit := "", ""
	for r.d.More() {
		token, err := r.d.Token()
		if err != nil {
			return jsonError(err)
		}
		key, _ := token.(string)
		at := append(slices.Clone(path), key)
		if len(path) > 0 && (key == "value" || key == "unit") {
			text, err := r.scalar()
			if err != nil {
				return err
			}
			if key == "value" {
				amount = text
			} else {
				unit = text
			}
			continue
		}
		if err := r.value(at, a); err != nil {
			return err
		}
	}
	if _, err := r.d.Token(); err != nil {
		return jsonError(err)
	}
	if amount != "" {
		return r.leaf(path, strings.TrimSpace(amount+" "+unit), a)
	}
	return nil
}

// scalar reads a text or a number; anything else is "".
func (r *jsonReader) scalar() (string, error) {
	var raw json.RawMessage
	if err := r.d.Decode(&raw); err != nil {
		return "", jsonError(err)
	}
	switch raw[0] {
	case '{', '[', 't', 'f', 'n':
		return "", nil
	case '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return text, jsonError(err)
	}
	return string(raw), nil
}

// leaf takes a value. rocm-smi has {"card0": {name: value}, "system": …}, amd-smi
// [{"gpu": 0, section: {name: value}}], below "gpu_data" since ROCm 7.
func (r *jsonReader) leaf(path []string, value string, a *amd) error {
	if len(path) == 1 && path[0] == "schema" && strings.HasPrefix(value, "gpuaudit.nvml/") {
		return malformed("it is a recording of gpuaudit-nvml: give it with --nvml")
	}
	if len(path) == 2 {
		if number, ok := strings.CutPrefix(path[0], "card"); ok && number != "" && strings.Trim(number, "0123456789") == "" {
			a.s.Name = rocmSMI
			return a.set(number, path[1], value)
		}
	}
	if len(path) > 0 && path[0] == "gpu_data" {
		path = path[1:]
	}
	if len(path) < 2 || path[0] != "[]" {
		return nil
	}
	path = path[1:]
	if len(path) == 1 && path[0] == "gpu" {
		r.number, a.s.Name = value, amdSMI
		_, err := a.card(value)
		return err
	}
	if r.number == "" {
		return nil
	}
	return a.set(r.number, strings.Join(path, "/"), value)
}

func jsonError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	}
	return malformed("%s", err)
}
