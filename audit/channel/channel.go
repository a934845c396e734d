// Package channel verifies a channel of manifests: a TUF repository (The Update
// Framework, specification 1.0, section 5: detailed client workflow). TUF says
// that the manifests are the newest, all of them, and of one moment; who may
// vouch for which card is said by the trust file, which looks at the signatures
// inside.
//
// The same code verifies what comes over the network, out of an archive or from
// the state directory: only the [Source] differs. Signatures, thresholds and the
// order of the roles are go-tuf's trustedmetadata; its updater is not used, for
// its cache is not written as a whole and its limits are those of a browser.
package channel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/gpuaudit/gpuaudit/audit/bounded"
)

// Failures, each its own.
var (
	ErrMalformed = errors.New("malformed metadata")
	// ErrSignatures: fewer trusted keys have signed than the threshold asks for.
	ErrSignatures = errors.New("not signed by enough trusted keys")
	// ErrRollback: a lower version than was seen before.
	ErrRollback = errors.New("older than what was seen before")
	// ErrExpired: a freeze, or a publisher who is late.
	ErrExpired = errors.New("expired: the publisher is late, or somebody holds newer metadata back")
	// ErrMismatch: parts of different states of the repository (mix and match),
	// or a file that is not the one that was signed.
	ErrMismatch = errors.New("does not belong to the signed state")
	// ErrEquivocation: two contents were signed under one version.
	ErrEquivocation = errors.New("signed twice with different contents")
	ErrTooLarge     = errors.New("too large")
	ErrName         = errors.New("unsafe name of a target")
)

// Source gives the files of a repository by name (slashes, relative to its top).
// A file that is not there is fs.ErrNotExist, one of more than limit bytes is
// ErrTooLarge, and of neither more than limit bytes are read.
type Source interface {
	Get(ctx context.Context, name string, limit int64) ([]byte, error)
}

// Versions are the version numbers of the four roles.
type Versions struct {
	Root      int64 `json:"root"`
	Timestamp int64 `json:"timestamp"`
	Snapshot  int64 `json:"snapshot"`
	Targets   int64 `json:"targets"`
}

func (v Versions) String() string {
	return fmt.Sprintf("root %d, timestamp %d, snapshot %d, targets %d", v.Root, v.Timestamp, v.Snapshot, v.Targets)
}

// File is a file of a repository.
type File struct {
	Name string
	Data []byte
}

// Verified is a state of a channel all of which was verified.
type Verified struct {
	Versions Versions
	// Expires is the first moment at which a role expires, and Role is which.
	Expires time.Time
	Role    string
	// Files are what was verified, by name: the roots after the first, the
	// metadata and the manifests. They are a repository themselves, from which the
	// same first root leads to the same state.
	Files []File
	// Manifests are the targets manifests/*.sigstore.json, Data the targets data/*.json,
	// both by the last part of their name.
	Manifests, Data []File
	// Others counts targets of other names, which are left alone.
	Others int

	// keys are the key ids of each role, by the newest root.
	keys map[string][]string
}

// SHA256 identifies the state: the digest of what sha256sum prints of its files
// in the order of their names.
func (v *Verified) SHA256() string {
	all := sha256.New()
	for _, f := range v.Files {
		fmt.Fprintf(all, "%x  %s\n", sha256.Sum256(f.Data), f.Name)
	}
	return hex.EncodeToString(all.Sum(nil))
}

// Get makes a verified state a source itself.
func (v *Verified) Get(ctx context.Context, name string, limit int64) ([]byte, error) {
	return Files(v.Files).Get(ctx, name, limit)
}

// Expired says whether a role has expired.
func (v *Verified) Expired(now time.Time) bool { return now.After(v.Expires) }

// ManifestName says whether a target of this name is a manifest.
func ManifestName(target string) bool {
	ok, _ := path.Match("manifests/*.sigstore.json", target)
	return ok && plain(target)
}

// DataName says whether a target of this name is a body of reference data.
func DataName(target string) bool {
	ok, _ := path.Match("data/*.json", target)
	return ok && plain(target)
}

// carried says whether a target is read, and not left alone.
func carried(target string) bool { return ManifestName(target) || DataName(target) }

// plain says that a path is of letters that mean the same everywhere.
func plain(name string) bool {
	return len(name) <= 180 && strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789._-/") == ""
}

// Read reads at most limit bytes: for sources.
func Read(r io.Reader, name string, limit int64) ([]byte, error) {
	b, err := bounded.Read(r, limit)
	switch {
	case errors.Is(err, bounded.ErrLimit):
		return nil, fmt.Errorf("%w: %s has more than %d bytes", ErrTooLarge, name, limit)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}
