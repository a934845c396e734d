package rules

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// newerLimit caps newer data of one kind, in bytes; maxNewerDepth how deep it nests.
const (
	newerLimit    = 8 << 20
	maxNewerDepth = 32
)

// ErrOlder says that data are older than those that the program carries, which are the
// least that counts.
var ErrOlder = errors.New("older than the data of this program")

// ErrNoSuchData says that no rule of this program looks at data of the name.
var ErrNoSuchData = errors.New("no rule of this program knows data")

// Newer checks a body of data that is to take the place of an embedded one: a file of the
// same name, such as restrictions. It has to be of the same schema, no older, with every
// field that the embedded one has, in the same form; and of laws and lists it has each that
// the rules of this program may ask for, for what has ended stays in the data with its
// last day. Who vouches for the data is for the caller to know.
func Newer(name string, text []byte) (DataSet, error) {
	embedded, err := fs.ReadFile(tree, "data/"+name+".json")
	if err != nil {
		return DataSet{}, fmt.Errorf("%w %.40s", ErrNoSuchData, name)
	}
	if len(text) > newerLimit {
		return DataSet{}, fmt.Errorf("%s has %d bytes, at most %d are allowed", name, len(text), newerLimit)
	}
	if err := shallow(text); err != nil {
		return DataSet{}, fmt.Errorf("read the data %s: %w", name, err)
	}
	var have, given map[string]any
	if err := json.Unmarshal(embedded, &have); err != nil {
		return DataSet{}, err
	}
	if err := json.Unmarshal(text, &given); err != nil {
		return DataSet{}, fmt.Errorf("read the data %s: %w", name, err)
	}
	if given["schema"] != have["schema"] {
		return DataSet{}, fmt.Errorf("%s has the schema %.80q, and this program reads %q", name, fmt.Sprint(given["schema"]), have["schema"])
	}
	floor, _ := have["date"].(string)
	date, _ := given["date"].(string)
	if !isDay(date) {
		return DataSet{}, fmt.Errorf("%s does not say which day it speaks for", name)
	}
	if date < floor {
		return DataSet{}, fmt.Errorf("%s is of %s, %w, which are of %s", name, date, ErrOlder, floor)
	}
	for field := range have {
		if err := likewise(field, have[field], given[field]); err != nil {
			return DataSet{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if check := map[string]func(have, given map[string]any) error{"restrictions": lawful, "driver_advisories": advisable}[name]; check != nil {
		if err := check(have, given); err != nil {
			return DataSet{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	sum := sha256.Sum256(text)
	return DataSet{Name: name, Date: date, SHA256: hex.EncodeToString(sum[:])}, nil
}

// shallow refuses a document that nests too deep, before anything is built of it.
func shallow(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	depth := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > maxNewerDepth {
			return fmt.Errorf("it nests deeper than %d levels", maxNewerDepth)
		}
	}
}

// likewise holds a field against that of the embedded data: it is there, and of one form.
func likewise(field string, have, given any) error {
	if fmt.Sprintf("%T", have) != fmt.Sprintf("%T", given) {
		return fmt.Errorf("its field %s is not what the rules expect", field)
	}
	if m, ok := have.(map[string]any); ok && len(m) > 0 && len(given.(map[string]any)) == 0 {
		return fmt.Errorf("its field %s is empty", field)
	}
	return nil
}

// lawful holds the law against the embedded one: each entry, list and group of countries
// that this program has is in it, and each entry has what findings cite.
func lawful(have, given map[string]any) error {
	for _, part := range []string{"rules", "lists", "groups", "makers"} {
		old, fresh := have[part].(map[string]any), given[part].(map[string]any)
		for id, was := range old {
			if err := likewise(part+" "+id, was, fresh[id]); err != nil {
				return err
			}
		}
	}
	for id, entry := range given["rules"].(map[string]any) {
		if err := citable(entry); err != nil {
			return fmt.Errorf("its entry %.80s: %w", id, err)
		}
	}
	return nil
}

// citable: an entry says whether it counts, what findings cite, and something to each
// profile.
func citable(entry any) error {
	e, ok := entry.(map[string]any)
	if !ok {
		return errors.New("it is none")
	}
	needed := []string{"jurisdiction", "kind", "authority", "citation", "effect", "confidence"}
	if e["enabled"] == true {
		needed = append(needed, "effective_from", "source", "as_of")
	}
	for _, field := range needed {
		if text, _ := e[field].(string); text == "" {
			return fmt.Errorf("it lacks %s", field)
		}
	}
	if !slices.Contains([]any{true, false}, e["enabled"]) {
		return errors.New("it does not say whether it counts")
	}
	if e["enabled"] == true && e["confidence"] == "from-memory" {
		return errors.New("it counts and is from memory")
	}
	who, _ := e["who"].(map[string]any)
	for _, profile := range Profiles() {
		if text, _ := who[profile].(string); text == "" {
			return fmt.Errorf("it says nothing to the profile %s", profile)
		}
	}
	for _, field := range []string{"effective_from", "effective_to", "as_of"} {
		if text, stated := e[field].(string); stated && !isDay(text) {
			return fmt.Errorf("%s is no day", field)
		}
	}
	return nil
}
