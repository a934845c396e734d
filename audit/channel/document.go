package channel

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
)

// Names of the roles, which are those of their files, too.
const (
	rootRole      = "root"
	timestampRole = "timestamp"
	snapshotRole  = "snapshot"
	targetsRole   = "targets"
)

// document is what a metadata file says (TUF section 4), as far as it is looked
// at before go-tuf sees it: go-tuf follows null pointers, and Ed25519 panics
// over a key of the wrong length.
type document struct {
	Signed struct {
		Type        string               `json:"_type"`
		SpecVersion string               `json:"spec_version"`
		Version     int64                `json:"version"`
		Expires     time.Time            `json:"expires"`
		Keys        map[string]*key      `json:"keys"`
		Roles       map[string]*role     `json:"roles"`
		Meta        map[string]*metaFile `json:"meta"`
		Targets     map[string]*metaFile `json:"targets"`
		Delegations *delegations         `json:"delegations"`
	} `json:"signed"`
	Signatures []struct {
		KeyID string `json:"keyid"`
	} `json:"signatures"`
}

type key struct {
	Type  string `json:"keytype"`
	Value struct {
		Public string `json:"public"`
	} `json:"keyval"`
}

// delegations that name no role are written by some publishers' tools.
type delegations struct {
	Roles    []json.RawMessage `json:"roles"`
	Succinct json.RawMessage   `json:"succinct_roles"`
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

type role struct {
	KeyIDs    []string `json:"keyids"`
	Threshold int      `json:"threshold"`
}

type metaFile struct {
	Version int64             `json:"version"`
	Length  int64             `json:"length"`
	Hashes  map[string]string `json:"hashes"`
}

// Caps. Signatures are checked only after a file was read, so these are what a
// stranger can make a client swallow.
const (
	rootLimit      = 512 << 10
	timestampLimit = 64 << 10
	snapshotLimit  = 2 << 20
	targetsLimit   = 8 << 20
	manifestLimit  = 16 << 20 // that of a bundle
	contentLimit   = 96 << 20 // all manifests of a channel
	manifestsLimit = 10_000
	rootsLimit     = 1024 // roots after the first
	signersLimit   = 64   // keys of a role, and signatures of a file
)

// CheckForm checks the form of a metadata file, without its signatures: for those
// who write some.
func CheckForm(name, kind string, b []byte) error {
	d, err := parse(name, kind, b, targetsLimit)
	if err != nil || kind != rootRole {
		return err
	}
	return d.checkUsable(name)
}

// parse reads a metadata file of a role and checks its form.
func parse(name, kind string, b []byte, limit int) (*document, error) {
	var d document
	err := strictjson.Decode(b, strictjson.Limits{Bytes: limit, Unknown: true}, &d)
	if err == nil {
		err = d.check(kind)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrMalformed, name, err)
	}
	return &d, nil
}

func (d *document) check(kind string) error {
	s := &d.Signed
	switch {
	case s.Type != kind:
		return fmt.Errorf("its type is %.40q, not %q", s.Type, kind)
	case !strings.HasPrefix(s.SpecVersion, "1."):
		return fmt.Errorf("version %.20q of TUF's specification; this program reads 1.x", s.SpecVersion)
	case s.Version < 1:
		return fmt.Errorf("version %d", s.Version)
	case s.Expires.IsZero():
		return fmt.Errorf("it does not say when it expires")
	case len(d.Signatures) > signersLimit:
		return fmt.Errorf("%d signatures, at most %d are allowed", len(d.Signatures), signersLimit)
	}
	switch kind {
	case rootRole:
		return d.checkRoot()
	case timestampRole:
		return d.checkMeta("snapshot.json")
	case snapshotRole:
		return d.checkMeta("targets.json")
	}
	return d.checkTargets()
}

func (d *document) checkRoot() error {
	for id, k := range d.Signed.Keys {
		if k == nil {
			return fmt.Errorf("key %.64q is null", id)
		}
		if b, err := hex.DecodeString(k.Value.Public); k.Type == "ed25519" && (err != nil || len(b) != 32) {
			return fmt.Errorf("key %.64q is no Ed25519 key of 32 bytes", id)
		}
	}
	for _, name := range []string{rootRole, timestampRole, snapshotRole, targetsRole} {
		r := d.Signed.Roles[name]
		if r == nil {
			return fmt.Errorf("it names no keys for %s", name)
		}
		if r.Threshold < 1 || len(r.KeyIDs) > signersLimit {
			return fmt.Errorf("%s: threshold %d of %d keys", name, r.Threshold, len(r.KeyIDs))
		}
	}
	return nil
}

// checkUsable asks of a root that each role can reach its threshold with keys that
// are known here. It is asked of the newest root alone, and after that root was
// taken: one in which the publisher made a mistake still takes keys away, and only
// over it leads the way to the one that mends it.
func (d *document) checkUsable(file string) error {
	for _, name := range []string{rootRole, timestampRole, snapshotRole, targetsRole} {
		r := d.Signed.Roles[name]
		err := d.checkKeys(name, r)
		if r.Threshold > len(r.KeyIDs) {
			err = fmt.Errorf("%s: threshold %d of %d keys", name, r.Threshold, len(r.KeyIDs))
		}
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrMalformed, file, err)
		}
	}
	return nil
}

// checkKeys asks for enough keys of the kinds that a channel uses. Keys of RSA may
// stand beside them, for clients that know nothing else: go-tuf verifies them, too.
// It refuses a role with a kind that it does not know.
func (d *document) checkKeys(name string, r *role) error {
	usable := 0
	for _, id := range r.KeyIDs {
		k := d.Signed.Keys[id]
		if k == nil {
			return fmt.Errorf("%s: key %.64q is not listed", name, id)
		}
		switch k.Type {
		case "ecdsa", "ecdsa-sha2-nistp256", "ed25519":
			usable++
		case "rsa":
		default:
			return fmt.Errorf("%s: key %.64q is of type %.40q, which is not known here", name, id, k.Type)
		}
	}
	if usable < r.Threshold {
		return fmt.Errorf("%s: %d of its keys must sign, and %d are Ed25519 or ECDSA P-256, which a channel uses", name, r.Threshold, usable)
	}
	return nil
}

func (d *document) checkMeta(needed string) error {
	for name, m := range d.Signed.Meta {
		if m == nil || m.Version < 1 || m.Length < 0 {
			return fmt.Errorf("%.80q: it is null, or has a version below 1 or a length below 0", name)
		}
	}
	if d.Signed.Meta[needed] == nil {
		return fmt.Errorf("it does not speak of %s", needed)
	}
	return nil
}

func (d *document) checkTargets() error {
	if g := d.Signed.Delegations; g != nil && (len(g.Roles) > 0 || given(g.Succinct)) {
		return fmt.Errorf("it delegates to further roles, which this program does not follow")
	}
	var manifests int
	var bytes int64
	for name, t := range d.Signed.Targets {
		if t == nil || t.Length < 0 || len(t.Hashes) == 0 {
			return fmt.Errorf("target %.80q: it is null, has no hashes or a length below 0", name)
		}
		if !safe(name) {
			return fmt.Errorf("%w: %.80q", ErrName, name)
		}
		if !carried(name) {
			continue
		}
		if t.Length > manifestLimit {
			return fmt.Errorf("%w: target %s has %d bytes, at most %d are allowed", ErrTooLarge, name, t.Length, manifestLimit)
		}
		manifests++
		bytes += t.Length
	}
	if manifests > manifestsLimit || bytes > contentLimit {
		return fmt.Errorf("%w: %d manifests and data with %d bytes, at most %d with %d are allowed", ErrTooLarge, manifests, bytes, manifestsLimit, contentLimit)
	}
	return nil
}

// safe says that a name stays below the folder that it is taken from, on any
// system. An honest publisher has no other, so one refuses the whole channel.
func safe(name string) bool {
	return fs.ValidPath(name) && name != "." && len(name) <= 1024 &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == ':' })
}
