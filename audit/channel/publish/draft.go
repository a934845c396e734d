package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/gpuaudit/gpuaudit/audit/channel"
)

// target is the name in the channel of a file that it can carry: a manifest
// NAME.sigstore.json, or reference data NAME.json.
func target(name string) (string, error) {
	for _, t := range [...]string{"manifests/" + name, "data/" + name} {
		if channel.ManifestName(t) || channel.DataName(t) {
			return t, nil
		}
	}
	return "", fmt.Errorf("add %s: a channel carries manifests, NAME.sigstore.json, and data, NAME.json, of letters, digits, dots, hyphens and underscores", name)
}

// Manifests drafts the next list of manifests and data: what to put in, by file name, and
// what to take out.
func (w *Workspace) Manifests(add []channel.File, remove []string) error {
	targets, err := w.nextTargets()
	if err != nil {
		return err
	}
	for _, name := range remove {
		target, err := target(name)
		if err != nil || targets.Signed.Targets[target] == nil {
			return fmt.Errorf("remove %s: the channel does not carry it", name)
		}
		delete(targets.Signed.Targets, target)
	}
	for _, f := range add {
		target, err := target(f.Name)
		if err != nil {
			return err
		}
		info, err := metadata.TargetFile().FromBytes(target, f.Data, "sha256")
		if err != nil {
			return fmt.Errorf("add %s: %w", f.Name, err)
		}
		targets.Signed.Targets[target] = info
		// Under its digest it disturbs nobody before it is signed for.
		digest := sha256.Sum256(f.Data)
		if err := w.folder(publicName + "/targets/" + path.Dir(target)); err != nil {
			return fmt.Errorf("add %s: %w", f.Name, err)
		}
		if err := w.write(fmt.Sprintf("%s/targets/%s/%s.%s", publicName, path.Dir(target), hex.EncodeToString(digest[:]), f.Name), f.Data); err != nil {
			return fmt.Errorf("add %s: %w", f.Name, err)
		}
	}
	return putDraft(w, metadata.TARGETS, targets)
}

// Carried is a manifest of a channel.
type Carried struct{ Name, SHA256 string }

// Carries lists the manifests of the newest targets, drafted or published: what a
// signer of targets looks at before signing.
func (w *Workspace) Carries() ([]Carried, error) {
	targets, err := draft(w, metadata.TARGETS, metadata.Targets())
	if targets == nil && err == nil {
		targets, err = newest(w, metadata.TARGETS, metadata.Targets())
	}
	if targets == nil || err != nil {
		return nil, err
	}
	var list []Carried
	for _, name := range slices.Sorted(maps.Keys(targets.Signed.Targets)) {
		list = append(list, Carried{path.Base(name), targets.Signed.Targets[name].Hashes["sha256"].String()})
	}
	return list, nil
}

// nextTargets is the draft without its signatures, or what follows on the
// published list.
func (w *Workspace) nextTargets() (*metadata.Metadata[metadata.TargetsType], error) {
	published, err := newest(w, metadata.TARGETS, metadata.Targets())
	if err != nil {
		return nil, err
	}
	version := int64(1)
	if published != nil {
		version = published.Signed.Version + 1
	}
	targets, err := draft(w, metadata.TARGETS, metadata.Targets())
	if err != nil {
		return nil, err
	}
	if targets == nil {
		if targets = published; targets == nil {
			targets = metadata.Targets()
		}
	}
	targets.Signed.Version, targets.Signed.Expires = version, w.until(metadata.TARGETS)
	targets.ClearSignatures()
	return targets, nil
}

// Refresh drafts roles anew, with the same content and a later expiry.
func (w *Workspace) Refresh(roles []string) error {
	for _, role := range roles {
		var err error
		switch role {
		case metadata.TARGETS:
			var targets *metadata.Metadata[metadata.TargetsType]
			if targets, err = w.nextTargets(); err == nil {
				err = putDraft(w, role, targets)
			}
		case metadata.SNAPSHOT:
			err = w.draftSnapshot()
		case metadata.TIMESTAMP:
			err = w.draftTimestamp()
		default:
			err = fmt.Errorf("no role that refresh renews: root is renewed by rotate")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", role, err)
		}
	}
	return nil
}

// draftSnapshot makes a snapshot of the published targets.
func (w *Workspace) draftSnapshot() error {
	targets, err := newest(w, metadata.TARGETS, metadata.Targets())
	if err != nil {
		return err
	}
	if targets == nil {
		return errors.New("no targets are published yet")
	}
	before, err := newest(w, metadata.SNAPSHOT, metadata.Snapshot())
	if err != nil {
		return err
	}
	s := metadata.Snapshot(w.until(metadata.SNAPSHOT))
	if before != nil {
		s.Signed.Version = before.Signed.Version + 1
	}
	s.Signed.Meta["targets.json"], err = w.meta(metadata.TARGETS, targets.Signed.Version)
	if err != nil {
		return err
	}
	return putDraft(w, metadata.SNAPSHOT, s)
}

// draftTimestamp makes a timestamp of the published snapshot.
func (w *Workspace) draftTimestamp() error {
	snapshot, err := newest(w, metadata.SNAPSHOT, metadata.Snapshot())
	if err != nil {
		return err
	}
	if snapshot == nil {
		return errors.New("no snapshot is published yet")
	}
	before, err := newest(w, metadata.TIMESTAMP, metadata.Timestamp())
	if err != nil {
		return err
	}
	t := metadata.Timestamp(w.until(metadata.TIMESTAMP))
	if before != nil {
		t.Signed.Version = before.Signed.Version + 1
	}
	t.Signed.Meta["snapshot.json"], err = w.meta(metadata.SNAPSHOT, snapshot.Signed.Version)
	if err != nil {
		return err
	}
	return putDraft(w, metadata.TIMESTAMP, t)
}

// meta describes a published metadata file by version, length and digest.
func (w *Workspace) meta(role string, version int64) (*metadata.MetaFiles, error) {
	b, err := w.read(publicFile(role, version))
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(b)
	m := metadata.MetaFile(version)
	m.Length, m.Hashes = int64(len(b)), metadata.Hashes{"sha256": digest[:]}
	return m, nil
}

// follow drafts what has to change because something else was published: a role
// whose keys are others now, a snapshot of newer targets, a timestamp of a newer
// snapshot.
func (w *Workspace) follow() error {
	root, err := newest(w, metadata.ROOT, metadata.Root())
	if err != nil || root == nil {
		return err
	}
	targets, err := newest(w, metadata.TARGETS, metadata.Targets())
	if err != nil {
		return err
	}
	if targets == nil || root.VerifyDelegate(metadata.TARGETS, targets) != nil {
		if w.drafted(metadata.TARGETS) {
			return nil
		}
		return w.Refresh([]string{metadata.TARGETS})
	}
	snapshot, err := newest(w, metadata.SNAPSHOT, metadata.Snapshot())
	if err != nil {
		return err
	}
	if snapshot == nil || root.VerifyDelegate(metadata.SNAPSHOT, snapshot) != nil || snapshot.Signed.Meta["targets.json"].Version != targets.Signed.Version {
		return w.unlessDrafted(metadata.SNAPSHOT, "targets.json", targets.Signed.Version)
	}
	timestamp, err := newest(w, metadata.TIMESTAMP, metadata.Timestamp())
	if err != nil {
		return err
	}
	if timestamp == nil || root.VerifyDelegate(metadata.TIMESTAMP, timestamp) != nil || timestamp.Signed.Meta["snapshot.json"].Version != snapshot.Signed.Version {
		return w.unlessDrafted(metadata.TIMESTAMP, "snapshot.json", snapshot.Signed.Version)
	}
	return nil
}

// unlessDrafted drafts a role, unless a draft names the version already.
func (w *Workspace) unlessDrafted(role, names string, version int64) error {
	var draft struct {
		Signed struct {
			Meta map[string]struct {
				Version int64 `json:"version"`
			} `json:"meta"`
		} `json:"signed"`
	}
	b, err := w.read(draftName + "/" + role + ".json")
	if err == nil && json.Unmarshal(b, &draft) == nil && draft.Signed.Meta[names].Version == version {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return w.Refresh([]string{role})
}

func (w *Workspace) drafted(role string) bool {
	entries, _ := fs.ReadDir(w.files, draftName)
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == role+".json" })
}
