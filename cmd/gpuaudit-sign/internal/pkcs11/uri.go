package pkcs11

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// ErrKey says that a key cannot be used; the text says why.
var ErrKey = errors.New("unusable PKCS #11 key")

// Scheme begins the URI of a key (RFC 7512).
const Scheme = "pkcs11:"

// URI names a key on a token. Empty attributes match everything.
type URI struct {
	Token, Manufacturer, Serial, Model string
	Object                             string // CKA_LABEL
	ID                                 string // CKA_ID, its bytes
	// Module is the path of the library (module-path), if the URI names one.
	Module string
}

// ParseURI reads a PKCS #11 URI (RFC 7512, section 2.3). A PIN in it is refused:
// everybody on the machine can read a command line.
func ParseURI(text string) (*URI, error) {
	rest, ok := strings.CutPrefix(text, Scheme)
	if !ok || len(text) > 1<<10 {
		return nil, fmt.Errorf("%w: the URI does not begin with %s, or is too long", ErrKey, Scheme)
	}
	path, query, _ := strings.Cut(rest, "?")
	u := &URI{}
	fields := map[string]*string{"token": &u.Token, "manufacturer": &u.Manufacturer, "serial": &u.Serial, "model": &u.Model, "object": &u.Object, "id": &u.ID}
	err := attributes(path, ";", func(name, value string) error {
		if name == "type" {
			if value != "private" {
				return fmt.Errorf("type %.20q: name a private key", value)
			}
			return nil
		}
		return set(fields, name, value)
	})
	if err == nil {
		err = attributes(query, "&", func(name, value string) error {
			if strings.HasPrefix(name, "pin-") {
				return errors.New("a PIN does not belong into a URI, which everybody on the machine can read: give it as a passphrase")
			}
			return set(map[string]*string{"module-path": &u.Module}, name, value)
		})
	}
	if err == nil && u.Object == "" && u.ID == "" {
		err = errors.New("name the key: object=LABEL or id=%01")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return u, nil
}

func attributes(text, separator string, take func(name, value string) error) error {
	if text == "" {
		return nil
	}
	for _, part := range strings.Split(text, separator) {
		name, escaped, ok := strings.Cut(part, "=")
		value, err := url.PathUnescape(escaped)
		if !ok || err != nil || value == "" {
			return fmt.Errorf("attribute %.60q is malformed", part)
		}
		if err := take(name, value); err != nil {
			return err
		}
	}
	return nil
}

// set takes an attribute once. One that is not known would widen what the URI
// names if it were passed over.
func set(fields map[string]*string, name, value string) error {
	field := fields[name]
	switch {
	case field == nil:
		return fmt.Errorf("attribute %.40q is not supported", name)
	case *field != "":
		return fmt.Errorf("attribute %.40q comes twice", name)
	}
	*field = value
	return nil
}
