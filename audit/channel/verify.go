package channel

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"
)

// Known is what a client knows of a channel before it looks.
type Known struct {
	// Root is the first root, which somebody gave by hand.
	Root []byte
	// Before is the last verified state, nil where there is none.
	Before *Verified
	// Roots are those that a refused update has verified beyond it.
	Roots Source
	// Minimum are the versions below which nothing is accepted, whatever became
	// of the last state.
	Minimum Minimum
}

// Update verifies the present state of a source, given what is known, at a time.
// The zero time is refused: it would let expired metadata through. An update that
// is refused after a root was verified is a [Refusal].
func Update(ctx context.Context, src Source, known Known, now time.Time) (*Verified, error) {
	if now.IsZero() {
		return nil, errors.New("update: no time is given to judge expiry by")
	}
	return verify(ctx, src, known, now)
}

// Open verifies a state that was verified before and kept. It does not judge
// whether the state has expired since: that is for who uses it
// ([Verified.Expired]).
func Open(ctx context.Context, src Source, root []byte, minimum Minimum) (*Verified, error) {
	return verify(ctx, src, Known{Root: root, Minimum: minimum}, time.Time{})
}

// walk is one walk from the root to the manifests (TUF section 5.3 to 5.7).
type walk struct {
	ctx     context.Context
	src     Source
	known   Known
	trusted *trustedmetadata.TrustedMetadata
	state   *Verified
	expires map[string]time.Time
	// root is the newest root, and file its name.
	root *document
	file string
	// compare says that the kept timestamp is still good for comparing with.
	compare bool
}

func verify(ctx context.Context, src Source, known Known, now time.Time) (*Verified, error) {
	first, err := parse("the first root", rootRole, known.Root, rootLimit)
	if err != nil {
		return nil, err
	}
	trusted, err := trustedmetadata.New(known.Root)
	if err != nil {
		return nil, failure("the first root", err)
	}
	trusted.RefTime = now // go-tuf sets the present time, which a judgement must not read
	w := &walk{ctx: ctx, src: src, known: known, trusted: trusted, state: &Verified{}, expires: map[string]time.Time{}, root: first, file: "the first root"}
	w.state.Versions.Root = first.Signed.Version
	w.expires[rootRole] = first.Signed.Expires
	for _, step := range []func() error{w.roots, w.timestamp, w.snapshot, w.targets, w.equivocation} {
		if err := step(); err != nil {
			return nil, w.refusal(err)
		}
	}
	v := w.finish()
	if err := known.Minimum.Check(v); err != nil {
		return nil, w.refusal(err)
	}
	return v, nil
}

// refusal gathers what was verified until now, if any of it is new.
func (w *walk) refusal(err error) error {
	known, seen := w.known.Minimum, w.state.Versions
	if seen.Root < known.Root {
		return err // an older root: nothing under it counts
	}
	r := &Refusal{Err: err, Seen: known.under(seen.Root, w.keys())}
	r.Seen.Timestamp = max(r.Seen.Timestamp, seen.Timestamp)
	r.Seen.Snapshot = max(r.Seen.Snapshot, seen.Snapshot)
	for _, f := range w.state.Files {
		if strings.HasSuffix(f.Name, ".root.json") {
			r.Roots = append(r.Roots, f)
		}
	}
	first := known.Root == 0 && len(r.Roots) == 0 && seen.Timestamp == 0 // nothing but the root that was given
	if first || r.Seen.Versions == known.Versions {
		return err
	}
	return r
}

// roots follows the roots: each is signed by the one before and by itself
// (section 5.3). Those that are known already are not asked for again.
func (w *walk) roots() error {
	if w.known.Before != nil {
		if err := w.rootsOf(w.known.Before); err != nil {
			return fmt.Errorf("the kept state: %w", err)
		}
	}
	// Kept roots that are damaged are as good as none: the minimum says that there
	// were some.
	if w.known.Roots != nil {
		_ = w.rootsOf(w.known.Roots)
	}
	return w.rootsOf(w.src)
}

func (w *walk) rootsOf(src Source) error {
	for range rootsLimit {
		name := fmt.Sprintf("%d.root.json", w.state.Versions.Root+1)
		b, err := src.Get(w.ctx, name, rootLimit)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		d, err := parse(name, rootRole, b, rootLimit)
		if err != nil {
			return err
		}
		if d.Signed.Version != w.state.Versions.Root+1 {
			return fmt.Errorf("%w: %s says that it is version %d", ErrMismatch, name, d.Signed.Version)
		}
		if _, err := w.trusted.UpdateRoot(b); err != nil {
			return failure(name, err)
		}
		w.take(rootRole, name, b, d)
		w.root, w.file = d, name
	}
	return fmt.Errorf("%w: more than %d roots follow each other", ErrTooLarge, rootsLimit)
}

// timestamp takes the newest timestamp, which must not be older than the kept
// one (section 5.4). One whose key has been taken out of the root since counts
// for nothing any more, as a way out for a vendor whose key was stolen (5.3.11).
func (w *walk) timestamp() error {
	if err := w.root.checkUsable(w.file); err != nil {
		return err
	}
	if w.trusted.Root.Signed.IsExpired(w.trusted.RefTime) {
		return fmt.Errorf("root, version %d: %w", w.state.Versions.Root, ErrExpired)
	}
	if before := w.known.Before; before != nil {
		_, err := w.trusted.UpdateTimestamp(before.file("timestamp.json"))
		var unsigned *metadata.ErrUnsignedMetadata
		var expired *metadata.ErrExpiredMetadata
		w.compare = err == nil || errors.As(err, &expired)
		if !w.compare && !errors.As(err, &unsigned) {
			return failure("the kept timestamp.json", err)
		}
	}
	b, d, err := w.read("timestamp.json", timestampRole, timestampLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: there is no channel here: %w", ErrMalformed, err)
	}
	if err != nil {
		return err
	}
	_, err = w.trusted.UpdateTimestamp(b)
	var equal *metadata.ErrEqualVersionNumber
	switch {
	case errors.As(err, &equal) && w.trusted.Timestamp.Signed.IsExpired(w.trusted.RefTime):
		return fmt.Errorf("timestamp.json: %w", ErrExpired)
	case errors.As(err, &equal): // the kept one stays; equivocation compares the two
	case err != nil:
		return failure("timestamp.json", err)
	}
	w.take(timestampRole, "timestamp.json", b, d)
	return nil
}

// snapshot takes the snapshot that the timestamp names (section 5.5).
func (w *walk) snapshot() error {
	promised := w.trusted.Timestamp.Signed.Meta["snapshot.json"]
	if w.compare {
		// That it is expired, older than the timestamp's or no longer signed is no
		// failure: go-tuf keeps it for comparing with if it is signed.
		_, _ = w.trusted.UpdateSnapshot(w.known.Before.named(snapshotRole), true)
	}
	name := w.versioned(snapshotRole, promised.Version)
	b, d, err := w.read(name, snapshotRole, limitOf(promised.Length, snapshotLimit))
	if err != nil {
		return missing(err)
	}
	if d.Signed.Version != promised.Version {
		return fmt.Errorf("%w: %s is version %d, the timestamp names version %d", ErrMismatch, name, d.Signed.Version, promised.Version)
	}
	if _, err := w.trusted.UpdateSnapshot(b, false); err != nil {
		return failure(name, err)
	}
	w.take(snapshotRole, name, b, d)
	return nil
}

// targets takes the list of targets that the snapshot names (section 5.6), and
// the manifests that it lists (section 5.7).
func (w *walk) targets() error {
	promised := w.trusted.Snapshot.Signed.Meta["targets.json"]
	name := w.versioned(targetsRole, promised.Version)
	b, d, err := w.read(name, targetsRole, limitOf(promised.Length, targetsLimit))
	if err != nil {
		return missing(err)
	}
	if d.Signed.Version != promised.Version {
		return fmt.Errorf("%w: %s is version %d, the snapshot names version %d", ErrMismatch, name, d.Signed.Version, promised.Version)
	}
	if _, err := w.trusted.UpdateTargets(b); err != nil {
		return failure(name, err)
	}
	w.take(targetsRole, name, b, d)
	list := w.trusted.Targets[targetsRole].Signed.Targets
	for _, target := range slices.Sorted(maps.Keys(list)) {
		if !carried(target) {
			w.state.Others++
			continue
		}
		if err := w.target(target, list[target]); err != nil {
			return err
		}
	}
	return nil
}

// target reads one target and compares it with its length and digests. One
// that the kept state has already is not asked for again.
func (w *walk) target(target string, info *metadata.TargetFiles) error {
	name := "targets/" + target
	if w.trusted.Root.Signed.ConsistentSnapshot {
		digest, ok := info.Hashes["sha256"]
		if !ok {
			return fmt.Errorf("%w: target %s has no SHA-256", ErrMalformed, target)
		}
		name = "targets/" + path.Dir(target) + "/" + hex.EncodeToString(digest) + "." + path.Base(target)
	}
	var b []byte
	if w.known.Before != nil {
		if b = w.known.Before.file(name); info.VerifyLengthHashes(b) != nil {
			b = nil
		}
	}
	if b == nil {
		var err error
		if b, err = w.src.Get(w.ctx, name, info.Length); err != nil {
			return missing(err)
		}
		if err := info.VerifyLengthHashes(b); err != nil {
			return failure(name, err)
		}
	}
	w.state.Files = append(w.state.Files, File{name, b})
	if of := (File{path.Base(target), b}); DataName(target) {
		w.state.Data = append(w.state.Data, of)
	} else {
		w.state.Manifests = append(w.state.Manifests, of)
	}
	return nil
}

// equivocation compares what carries the same version in the kept state and in
// the new one. Its signatures may differ, for a signature can be made again.
func (w *walk) equivocation() error {
	Sorted(w.state.Files)
	before := w.known.Before
	if before == nil {
		return nil
	}
	for _, r := range []string{timestampRole, snapshotRole, targetsRole} {
		if before.version(r) != w.state.version(r) {
			continue
		}
		same, err := sameSigned(before.named(r), w.state.named(r))
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrMalformed, r, err)
		}
		if !same {
			return fmt.Errorf("%w: %s version %d: what the channel shows now is not what it showed before", ErrEquivocation, r, before.version(r))
		}
	}
	return nil
}

func (w *walk) finish() *Verified {
	v := w.state
	v.keys = w.keys()
	for _, r := range []string{rootRole, timestampRole, snapshotRole, targetsRole} {
		if v.Role == "" || w.expires[r].Before(v.Expires) {
			v.Expires, v.Role = w.expires[r], r
		}
	}
	Sorted(v.Manifests)
	Sorted(v.Data)
	return v
}

// keys are the ids of each role's keys by the newest root.
func (w *walk) keys() map[string][]string {
	keys := map[string][]string{}
	for name, r := range w.trusted.Root.Signed.Roles {
		keys[name] = slices.Clone(r.KeyIDs)
	}
	return keys
}

// read reads and parses a metadata file that must be there.
func (w *walk) read(name, kind string, limit int64) ([]byte, *document, error) {
	b, err := w.src.Get(w.ctx, name, limit)
	if err != nil {
		return nil, nil, err
	}
	d, err := parse(name, kind, b, int(limit))
	return b, d, err
}

// take enters a verified file into the state.
func (w *walk) take(kind, name string, b []byte, d *document) {
	w.state.Files = append(w.state.Files, File{name, b})
	*w.state.versionOf(kind) = d.Signed.Version
	w.expires[kind] = d.Signed.Expires
}

// versioned is the name of a metadata file (section 6.2: consistent snapshots).
func (w *walk) versioned(kind string, version int64) string {
	if !w.trusted.Root.Signed.ConsistentSnapshot {
		return kind + ".json"
	}
	return fmt.Sprintf("%d.%s.json", version, kind)
}

// limitOf is the stated length of a file where that is less than the limit.
func limitOf(stated, limit int64) int64 {
	if stated > 0 {
		return min(stated, limit)
	}
	return limit
}
