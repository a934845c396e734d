package publish

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/gpuaudit/gpuaudit/audit/channel"
)

// Progress says how far a role has come.
type Progress struct {
	Role      string
	Version   int64
	Expires   time.Time
	Signed    int
	Threshold int
	// Draft says that it is not in the channel yet.
	Draft bool
	// Complete says that it has all its signatures: a draft that has them is
	// published, and what was published loses them when its keys are taken away. A
	// root that takes the place of another needs the threshold of both.
	Complete bool
}

// progressOf counts signatures, and asks each deciding root.
func progressOf(role string, b []byte, deciding []*metadata.Metadata[metadata.RootType]) (*Progress, error) {
	var head struct {
		Signed struct {
			Version int64     `json:"version"`
			Expires time.Time `json:"expires"`
		} `json:"signed"`
		Signatures []metadata.Signature `json:"signatures"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, err
	}
	p := &Progress{Role: role, Version: head.Signed.Version, Expires: head.Signed.Expires, Complete: len(deciding) > 0}
	ids := allowed(role, deciding)
	for _, s := range head.Signatures {
		if slices.Contains(ids, s.KeyID) {
			p.Signed++
		}
	}
	for _, root := range deciding {
		p.Threshold = max(p.Threshold, root.Signed.Roles[role].Threshold)
		err := verifiedBy(root, role, b)
		var unsigned *metadata.ErrUnsignedMetadata
		if errors.As(err, &unsigned) {
			p.Complete = false
		} else if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// verifiedBy asks a root whether a file has the signatures that its role needs.
func verifiedBy(root *metadata.Metadata[metadata.RootType], role string, b []byte) error {
	if err := channel.CheckForm(role+".json", role, b); err != nil {
		return err
	}
	var m any
	var err error
	switch role {
	case metadata.ROOT:
		m, err = metadata.Root().FromBytes(b)
	case metadata.TARGETS:
		m, err = metadata.Targets().FromBytes(b)
	case metadata.SNAPSHOT:
		m, err = metadata.Snapshot().FromBytes(b)
	default:
		m, err = metadata.Timestamp().FromBytes(b)
	}
	if err != nil {
		return err
	}
	return root.VerifyDelegate(role, m)
}

// Keys says who may sign for a role.
type Keys struct {
	Role      string
	Threshold int
	// SHA256 are digests of the public keys in their PKIX form (DER), which openssl
	// computes, too.
	SHA256 []string
}

// Keys lists who may sign by the newest root, drafted or published: what a signer
// of a root looks at before signing.
func (w *Workspace) Keys() ([]Keys, error) {
	root, err := draft(w, metadata.ROOT, metadata.Root())
	if root == nil && err == nil {
		root, err = newest(w, metadata.ROOT, metadata.Root())
	}
	if root == nil || err != nil {
		return nil, err
	}
	var list []Keys
	for _, role := range Roles() {
		k := Keys{Role: role, Threshold: root.Signed.Roles[role].Threshold}
		for _, id := range root.Signed.Roles[role].KeyIDs {
			pub, err := root.Signed.Keys[id].ToPublicKey()
			if err != nil {
				return nil, err
			}
			der, err := x509.MarshalPKIXPublicKey(pub)
			if err != nil {
				return nil, err
			}
			digest := sha256.Sum256(der)
			k.SHA256 = append(k.SHA256, hex.EncodeToString(digest[:]))
		}
		list = append(list, k)
	}
	return list, nil
}

// Status is how far each role has come: its draft, and what is published.
func (w *Workspace) Status() ([]Progress, error) {
	var list []Progress
	for _, role := range Roles() {
		published, _, err := w.newestOf(role)
		if err != nil {
			return nil, err
		}
		draft, err := w.read(draftName + "/" + role + ".json")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for i, b := range [][]byte{published, draft} {
			if b == nil {
				continue
			}
			deciding, err := w.deciding(role, b)
			if err != nil {
				return nil, err
			}
			p, err := progressOf(role, b, deciding)
			if err != nil {
				return nil, err
			}
			p.Draft = i == 1
			list = append(list, *p)
		}
	}
	return list, nil
}
