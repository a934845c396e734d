// Package publish makes a channel: it writes the metadata of a TUF repository,
// gathers signatures over it until each threshold is reached, and puts what is
// complete into a folder that any web server can serve as it is.
//
//	DIR/public/          the channel, to be served or archived
//	DIR/draft/           metadata that lacks signatures
//	DIR/channel.json     for how many days each role is signed
//
// The folder is the protocol: whoever holds a key signs the drafts on a machine
// of their own, and the folder goes on to the next.
package publish

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/gpuaudit/gpuaudit/attest/strictjson"
	"github.com/gpuaudit/gpuaudit/audit/input"
	"github.com/gpuaudit/gpuaudit/audit/outfile"
)

// Failures that a caller tells apart.
var (
	ErrExists  = errors.New("there is a channel already")
	ErrMissing = errors.New("there is no channel")
	ErrKey     = errors.New("a channel cannot use this key")
	ErrRoles   = errors.New("the keys do not do for a channel")
)

// Roles are the roles of TUF in the order in which they depend on each other.
func Roles() []string {
	return []string{metadata.ROOT, metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP}
}

// Days are for how long each role is signed.
type Days map[string]int

// DefaultDays fit keys that are kept in a safe (root, targets) and a job that
// signs every day (snapshot, timestamp).
func DefaultDays() Days {
	return Days{metadata.ROOT: 365, metadata.TARGETS: 180, metadata.SNAPSHOT: 14, metadata.TIMESTAMP: 7}
}

// Change says what a root is to say otherwise than the one before.
type Change struct {
	Add, Drop map[string][]crypto.PublicKey // by role
	Threshold map[string]int
	Days      Days
}

// Workspace is the folder of a channel in the making.
type Workspace struct {
	files fs.FS // to read
	close io.Closer
	root  outfile.Folder // to change; nil where the folder is only looked at
	days  Days
	now   time.Time
}

const (
	settingsName = "channel.json"
	draftName    = "draft"
	publicName   = "public"
	fileLimit    = 16 << 20
	replacing    = ".new" // ends the name of a file that will take another one's place
)

// InFolder are the names of all that the folder of a channel holds, while it is changed,
// too.
func InFolder() []string {
	return []string{settingsName, settingsName + replacing, draftName, publicName}
}

type settings struct {
	Days Days `json:"days"`
}

// Create makes the folder of a channel and drafts its first root.
func Create(dir string, c Change, now time.Time) (*Workspace, error) {
	root, err := outfile.OpenFolder(dir, outfile.Made)
	if err != nil {
		return nil, err
	}
	w := &Workspace{files: root.FS(), close: root, root: root, days: DefaultDays(), now: now.UTC().Truncate(time.Second)}
	if err := w.create(c); err != nil {
		root.Close()
		return nil, err
	}
	return w, nil
}

func (w *Workspace) create(c Change) error {
	if _, err := w.root.Lstat(settingsName); err == nil {
		return fmt.Errorf("%w in this folder: change its keys with rotate", ErrExists)
	}
	for _, dir := range []string{draftName, publicName, publicName + "/targets", publicName + "/targets/manifests"} {
		if err := w.root.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return w.draftRoot(metadata.Root(), 1, c)
}

// Open opens the folder of a channel.
func Open(dir string, now time.Time) (*Workspace, error) {
	root, err := outfile.OpenFolder(dir, outfile.There)
	if err != nil {
		return nil, err
	}
	return (&Workspace{files: root.FS(), close: root, root: root}).open(dir, now)
}

// Look opens the folder of a channel to look at it: what would change it fails.
func Look(dir string, now time.Time) (*Workspace, error) {
	files, closer, err := input.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	return (&Workspace{files: files, close: closer}).open(dir, now)
}

func (w *Workspace) open(dir string, now time.Time) (*Workspace, error) {
	w.now = now.UTC().Truncate(time.Second)
	b, err := w.read(settingsName)
	var s settings
	if err == nil {
		err = strictjson.Unmarshal(b, fileLimit, &s)
	}
	if err != nil {
		w.close.Close()
		return nil, fmt.Errorf("%w in %s: make one with init: %w", ErrMissing, dir, err)
	}
	w.days = s.Days
	return w, nil
}

// Close closes the folder.
func (w *Workspace) Close() error { return w.close.Close() }

// Public is the channel as it is served.
func (w *Workspace) Public() (fs.FS, error) { return fs.Sub(w.files, publicName) }

// Rotate drafts the next root. Without a change it renews the present one.
func (w *Workspace) Rotate(c Change) error {
	current, err := newest(w, metadata.ROOT, metadata.Root())
	if err != nil {
		return err
	}
	if current == nil {
		return fmt.Errorf("%w yet: its first root lacks signatures", ErrMissing)
	}
	return w.draftRoot(current, current.Signed.Version+1, c)
}

// draftRoot makes a draft of a root out of another.
func (w *Workspace) draftRoot(r *metadata.Metadata[metadata.RootType], version int64, c Change) error {
	for _, role := range Roles() {
		for _, pub := range c.Drop[role] {
			id, err := keyID(pub)
			if err == nil {
				err = r.Signed.RevokeKey(id, role)
			}
			if err != nil {
				return fmt.Errorf("drop a key of %s: %w", role, err)
			}
		}
		for _, pub := range c.Add[role] {
			key, err := tufKey(pub)
			if err == nil {
				err = r.Signed.AddKey(key, role)
			}
			if err != nil {
				return fmt.Errorf("add a key to %s: %w", role, err)
			}
		}
		if n, ok := c.Threshold[role]; ok {
			r.Signed.Roles[role].Threshold = n
		}
		if n, ok := c.Days[role]; ok {
			w.days[role] = n
		}
		keys, n := len(r.Signed.Roles[role].KeyIDs), r.Signed.Roles[role].Threshold
		if keys == 0 || n < 1 || n > keys {
			return fmt.Errorf("%w: %s has %d keys and a threshold of %d", ErrRoles, role, keys, n)
		}
		if w.days[role] < 1 {
			return fmt.Errorf("%w: %s is to be signed for %d days", ErrRoles, role, w.days[role])
		}
	}
	r.Signed.Version, r.Signed.Expires = version, w.until(metadata.ROOT)
	r.ClearSignatures()
	b, err := json.MarshalIndent(settings{w.days}, "", "  ")
	if err != nil {
		return err
	}
	if err := w.write(settingsName, append(b, '\n')); err != nil {
		return err
	}
	return putDraft(w, metadata.ROOT, r)
}

// until is when what is signed now for a role expires.
func (w *Workspace) until(role string) time.Time { return w.now.AddDate(0, 0, w.days[role]) }

// tufKey is a public key as TUF writes it (section 4.2).
func tufKey(pub crypto.PublicKey) (*metadata.Key, error) {
	switch k := pub.(type) {
	case ed25519.PublicKey:
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return nil, fmt.Errorf("%w: ECDSA over %s: use P-256 or Ed25519", ErrKey, k.Curve.Params().Name)
		}
	default:
		return nil, fmt.Errorf("%w: a %T: use ECDSA P-256 or Ed25519", ErrKey, pub)
	}
	return metadata.KeyFromPublicKey(pub)
}

func keyID(pub crypto.PublicKey) (string, error) {
	k, err := tufKey(pub)
	if err != nil {
		return "", err
	}
	return k.ID()
}
