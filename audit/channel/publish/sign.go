package publish

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/gpuaudit/gpuaudit/audit/channel"
)

// Signer is a private key, wherever it lives. SignMessage signs the message as
// it is: Ed25519, or ECDSA P-256 in ASN.1 over its SHA-256.
type Signer interface {
	Public() crypto.PublicKey
	SignMessage(ctx context.Context, message []byte) ([]byte, error)
}

// Sign puts signatures under every draft that the keys may sign. What is
// complete is published, and what depends on it drafted and signed in the same
// run. A key that may sign none of the drafts is an error.
func (w *Workspace) Sign(ctx context.Context, signers []Signer) ([]Progress, error) {
	var done []Progress
	used := make([]bool, len(signers))
	for _, role := range Roles() {
		if err := w.follow(); err != nil {
			return done, err
		}
		p, err := w.signRole(ctx, role, signers, used)
		if err != nil {
			return done, fmt.Errorf("sign %s: %w", role, err)
		}
		if p != nil {
			done = append(done, *p)
		}
	}
	for i, u := range used {
		if !u {
			id, err := keyID(signers[i].Public())
			if err != nil {
				return done, err
			}
			return done, fmt.Errorf("%w: none of the drafts waits for key %.16s", ErrKey, id)
		}
	}
	if slices.ContainsFunc(done, func(p Progress) bool { return p.Role == metadata.TIMESTAMP && p.Complete }) {
		if _, err := w.Check(ctx); err != nil {
			return done, fmt.Errorf("check what was published: %w", err)
		}
	}
	return done, nil
}

// Check verifies the channel as a client does that knows its first root.
func (w *Workspace) Check(ctx context.Context) (*channel.Verified, error) {
	first, err := w.read(publicName + "/1.root.json")
	if err != nil {
		return nil, err
	}
	public, err := w.Public()
	if err != nil {
		return nil, err
	}
	return channel.Update(ctx, channel.Directory{FS: public}, channel.Known{Root: first}, w.now)
}

// file is a metadata file as far as signing looks at it.
type file struct {
	Signed     json.RawMessage      `json:"signed"`
	Signatures []metadata.Signature `json:"signatures"`
}

// signRole signs the draft of a role, if there is one, and publishes it once
// every deciding root is content with its signatures.
func (w *Workspace) signRole(ctx context.Context, role string, signers []Signer, used []bool) (*Progress, error) {
	name := draftName + "/" + role + ".json"
	b, err := w.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	deciding, err := w.deciding(role, b)
	if err != nil {
		return nil, err
	}
	b, err = signFile(ctx, b, allowed(role, deciding), signers, used)
	if err != nil {
		return nil, err
	}
	p, err := progressOf(role, b, deciding)
	if err != nil {
		return nil, err
	}
	p.Draft = !p.Complete
	if err := w.write(name, b); err != nil || p.Draft {
		return p, err
	}
	return p, w.publish(role, p.Version)
}

// deciding are the roots by whose keys a draft is signed: the newest one, and
// for a root itself, too.
func (w *Workspace) deciding(role string, draft []byte) ([]*metadata.Metadata[metadata.RootType], error) {
	var roots []*metadata.Metadata[metadata.RootType]
	current, err := newest(w, metadata.ROOT, metadata.Root())
	if err != nil {
		return nil, err
	}
	if current != nil {
		roots = append(roots, current)
	}
	if role == metadata.ROOT {
		if err := channel.CheckForm("the draft", role, draft); err != nil {
			return nil, err
		}
		next, err := metadata.Root().FromBytes(draft)
		if err != nil {
			return nil, err
		}
		roots = append(roots, next)
	}
	return roots, nil
}

func allowed(role string, deciding []*metadata.Metadata[metadata.RootType]) []string {
	var ids []string
	for _, root := range deciding {
		ids = append(ids, root.Signed.Roles[role].KeyIDs...)
	}
	return ids
}

// signFile puts the signatures of the allowed keys under a file: over the
// canonical JSON of what is signed (section 4.2.1).
func signFile(ctx context.Context, b []byte, allowed []string, signers []Signer, used []bool) ([]byte, error) {
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, err
	}
	payload, err := cjson.EncodeCanonical(f.Signed)
	if err != nil {
		return nil, err
	}
	for i, s := range signers {
		id, err := keyID(s.Public())
		if err != nil {
			return nil, err
		}
		if !slices.Contains(allowed, id) {
			continue
		}
		sig, err := s.SignMessage(ctx, payload)
		if err != nil {
			return nil, err
		}
		f.Signatures = slices.DeleteFunc(f.Signatures, func(s metadata.Signature) bool { return s.KeyID == id })
		f.Signatures = append(f.Signatures, metadata.Signature{KeyID: id, Signature: sig})
		used[i] = true
	}
	return json.Marshal(f)
}

// publish moves a complete draft into the channel. The timestamp comes last, and
// with it clients see the rest.
func (w *Workspace) publish(role string, version int64) error {
	_, last, err := w.newestOf(role)
	if err != nil {
		return err
	}
	// Clients follow roots one by one; of the others they take the newest.
	if version <= last || role == metadata.ROOT && version != last+1 {
		return fmt.Errorf("the draft is version %d, and version %d is published: draft it anew", version, last)
	}
	if w.root == nil {
		return errLooked
	}
	return w.root.Rename(draftName+"/"+role+".json", publicFile(role, version))
}
