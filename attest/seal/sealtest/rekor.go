package sealtest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/go-openapi/runtime"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/rekor/pkg/types"
	"github.com/sigstore/rekor/pkg/types/dsse"
	_ "github.com/sigstore/rekor/pkg/types/dsse/v0.0.1" // the version of the entries
	"github.com/sigstore/rekor/pkg/util"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/transparency-dev/merkle/rfc6962"
	"google.golang.org/protobuf/encoding/protojson"
)

// Logged adds to a bundle the entry that a Rekor 1 log makes of it; public is
// the key or certificate that made the signature, in PEM.
func (l *Lab) Logged(bundle, public []byte, at time.Time) ([]byte, error) {
	return l.edit(bundle, func(b *protobundle.Bundle) error {
		envelope, err := json.Marshal(b.GetDsseEnvelope())
		if err != nil {
			return err
		}
		proposed, err := dsse.New().CreateProposedEntry(context.Background(), "", types.ArtifactProperties{ArtifactBytes: envelope, PublicKeyBytes: [][]byte{public}})
		if err != nil {
			return err
		}
		text, err := json.Marshal(proposed)
		if err != nil {
			return err
		}
		body, err := Canonical(text)
		if err != nil {
			return err
		}
		entry, err := l.Record(body, at)
		if err != nil {
			return err
		}
		b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, entry)
		return nil
	})
}

// Canonical is the body that a Rekor 1 log makes of a proposed entry (JSON).
func Canonical(proposed []byte) ([]byte, error) {
	model, err := models.UnmarshalProposedEntry(bytes.NewReader(proposed), runtime.JSONConsumer())
	if err != nil {
		return nil, err
	}
	entry, err := types.CreateVersionedEntry(model)
	if err != nil {
		return nil, err
	}
	return types.CanonicalizeEntry(context.Background(), entry)
}

// Stamped adds a timestamp of the lab's authority to a bundle.
func (l *Lab) Stamped(bundle []byte) ([]byte, error) {
	return l.edit(bundle, func(b *protobundle.Bundle) error {
		stamp, err := l.Stamp(b.GetDsseEnvelope().GetSignatures()[0].GetSig())
		if err != nil {
			return err
		}
		b.VerificationMaterial.TimestampVerificationData = &protobundle.TimestampVerificationData{
			Rfc3161Timestamps: []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: stamp}}}
		return nil
	})
}

func (l *Lab) edit(text []byte, change func(*protobundle.Bundle) error) ([]byte, error) {
	var b protobundle.Bundle
	if err := protojson.Unmarshal(text, &b); err != nil {
		return nil, err
	}
	if err := change(&b); err != nil {
		return nil, err
	}
	return protojson.Marshal(&b)
}

// rekor1 is a log with one entry.
type rekor1 struct {
	key *ecdsa.PrivateKey
	id  []byte // SHA-256 of the public key
}

const origin = "rekor.lab"

func newRekor1() (*rekor1, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(der)
	return &rekor1{key, id[:]}, nil
}

func (r *rekor1) trusted() *root.TransparencyLog {
	return &root.TransparencyLog{BaseURL: "https://" + origin, ID: r.id, HashFunc: crypto.SHA256, SignatureHashFunc: crypto.SHA256,
		PublicKey: r.key.Public(), ValidityPeriodStart: time.Now().AddDate(-1, 0, 0), ValidityPeriodEnd: time.Now().AddDate(1, 0, 0)}
}

// Record enters a canonical body into the log as its only entry: the promise
// signs body, index and time, the proof is that of a tree with one leaf.
func (l *Lab) Record(body []byte, at time.Time) (*protorekor.TransparencyLogEntry, error) {
	signer, err := signature.LoadECDSASignerVerifier(l.log.key, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(body)
	checkpoint, err := util.CreateAndSignCheckpoint(context.Background(), origin, 7, 1, leaf, signer)
	if err != nil {
		return nil, err
	}
	// Names in order and no white space are the canonical form (RFC 8785) here.
	promised, err := json.Marshal(struct {
		Body  []byte `json:"body"`
		Time  int64  `json:"integratedTime"`
		LogID string `json:"logID"`
		Index int64  `json:"logIndex"`
	}{body, at.Unix(), hex.EncodeToString(l.log.id), 0})
	if err != nil {
		return nil, err
	}
	set, err := signer.SignMessage(bytes.NewReader(promised))
	if err != nil {
		return nil, err
	}
	var kind struct{ Kind, APIVersion string }
	if err := json.Unmarshal(body, &kind); err != nil {
		return nil, err
	}
	return &protorekor.TransparencyLogEntry{
		LogId: &protocommon.LogId{KeyId: l.log.id}, IntegratedTime: at.Unix(), CanonicalizedBody: body,
		KindVersion:      &protorekor.KindVersion{Kind: kind.Kind, Version: kind.APIVersion},
		InclusionPromise: &protorekor.InclusionPromise{SignedEntryTimestamp: set},
		InclusionProof: &protorekor.InclusionProof{RootHash: leaf, TreeSize: 1,
			Checkpoint: &protorekor.Checkpoint{Envelope: string(checkpoint)}},
	}, nil
}
