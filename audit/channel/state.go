package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// Minimum is below what a client accepts nothing: the versions that it has seen,
// and the keys that the roles had then.
type Minimum struct {
	Versions
	Keys map[string][]string `json:"keys"`
}

// Seen is what a client that has seen this state accepts from now on.
func (v *Verified) Seen() Minimum { return Minimum{v.Versions, v.keys} }

// Later is the minimum of two that forbids more: the one with the newer root, and
// of two under one root the versions that are higher.
func (m Minimum) Later(o Minimum) Minimum {
	switch {
	case m.Root < o.Root:
		return o
	case m.Root > o.Root:
		return m
	}
	return Minimum{Keys: o.Keys, Versions: Versions{Root: m.Root, Timestamp: max(m.Timestamp, o.Timestamp),
		Snapshot: max(m.Snapshot, o.Snapshot), Targets: max(m.Targets, o.Targets)}}
}

// Refusal is why an update is refused, with what of it was verified before that: a
// client must not forget it, or a key that the newest root has taken away would be
// believed again while somebody holds that root back (TUF section 5.3 to 5.5).
type Refusal struct {
	Err error
	// Roots are those after the first that were verified.
	Roots []File
	// Seen is what is accepted from now on. The version of targets is not raised:
	// a snapshot without good targets may be a thief's.
	Seen Minimum
}

func (r *Refusal) Error() string { return r.Err.Error() }

func (r *Refusal) Unwrap() error { return r.Err }

// Check refuses a state that is older. A root that takes a role's key away ends
// the minimum of that role: whoever stole the key may have counted its version
// up to where no honest one can follow (TUF section 5.3.11, fast-forward attack).
// The version of the root itself never goes back.
func (m Minimum) Check(v *Verified) error {
	online, targets := m.stands(v.keys)
	for _, r := range []struct {
		name      string
		seen, now int64
		counts    bool
	}{
		{rootRole, m.Root, v.Versions.Root, true},
		{timestampRole, m.Timestamp, v.Versions.Timestamp, online},
		{snapshotRole, m.Snapshot, v.Versions.Snapshot, online},
		{targetsRole, m.Targets, v.Versions.Targets, targets},
	} {
		if r.counts && r.now < r.seen {
			return fmt.Errorf("%w: %s is version %d, and version %d was seen before", ErrRollback, r.name, r.now, r.seen)
		}
	}
	return nil
}

// stands says of which roles the minimum still counts under other keys: online
// are timestamp and snapshot. The versions of targets stand in the snapshot, so
// that new keys of the snapshot are a way out for them, too, as TUF describes it.
func (m Minimum) stands(keys map[string][]string) (online, targets bool) {
	all := func(role string) bool {
		return !slices.ContainsFunc(m.Keys[role], func(id string) bool { return !slices.Contains(keys[role], id) })
	}
	snapshot := all(snapshotRole)
	return snapshot && all(timestampRole), snapshot && all(targetsRole)
}

// under is the minimum under a later root with other keys.
func (m Minimum) under(root int64, keys map[string][]string) Minimum {
	online, targets := m.stands(keys)
	next := Minimum{Versions: m.Versions, Keys: keys}
	next.Root = max(root, m.Root)
	if !online {
		next.Timestamp, next.Snapshot = 0, 0
	}
	if !targets {
		next.Targets = 0
	}
	return next
}

func (v *Verified) versionOf(role string) *int64 {
	switch role {
	case rootRole:
		return &v.Versions.Root
	case timestampRole:
		return &v.Versions.Timestamp
	case snapshotRole:
		return &v.Versions.Snapshot
	default:
		return &v.Versions.Targets
	}
}

func (v *Verified) version(role string) int64 { return *v.versionOf(role) }

// file is the content of a file of the state, nil where it has none.
func (v *Verified) file(name string) []byte {
	b, err := Files(v.Files).Get(context.Background(), name, math.MaxInt64)
	if err != nil {
		return nil
	}
	return b
}

// named is the metadata file of a role, whatever its name.
func (v *Verified) named(role string) []byte {
	if b := v.file(role + ".json"); b != nil {
		return b
	}
	return v.file(fmt.Sprintf("%d.%s.json", v.version(role), role))
}

// sameSigned says whether two metadata files state the same.
func sameSigned(a, b []byte) (bool, error) {
	var canonical [2][]byte
	for i, text := range [][]byte{a, b} {
		var file struct {
			Signed json.RawMessage `json:"signed"`
		}
		err := json.Unmarshal(text, &file)
		if err == nil {
			canonical[i], err = cjson.EncodeCanonical(file.Signed)
		}
		if err != nil {
			return false, err
		}
	}
	return bytes.Equal(canonical[0], canonical[1]), nil
}

// missing says of a file that must be there what its absence means.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: a file that it names is missing: %w", ErrMismatch, err)
	}
	return err
}

// failure puts an error of go-tuf among those of this package.
func failure(name string, err error) error {
	var (
		unsigned *metadata.ErrUnsignedMetadata
		expired  *metadata.ErrExpiredMetadata
		version  *metadata.ErrBadVersionNumber
		equal    *metadata.ErrEqualVersionNumber
		digest   *metadata.ErrLengthOrHashMismatch
		repo     *metadata.ErrRepository
	)
	switch {
	case errors.As(err, &unsigned):
		return fmt.Errorf("%s: %w: %s", name, ErrSignatures, unsigned.Msg)
	case errors.As(err, &expired):
		return fmt.Errorf("%s: %w: %s", name, ErrExpired, expired.Msg)
	case errors.As(err, &equal):
		return fmt.Errorf("%s: %w: %s", name, ErrRollback, equal.Msg)
	case errors.As(err, &version):
		return fmt.Errorf("%s: %w: %s", name, ErrRollback, version.Msg)
	case errors.As(err, &digest):
		return fmt.Errorf("%s: %w: %s", name, ErrMismatch, digest.Msg)
	case errors.As(err, &repo): // a role that the snapshot listed before is gone
		return fmt.Errorf("%s: %w: %s", name, ErrRollback, repo.Msg)
	}
	return fmt.Errorf("%s: %w: %w", name, ErrMalformed, err)
}
