package seal

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	rekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// strictEntry refuses what is in a log entry and what neither the log's promise
// nor its inclusion proof signs. sigstore passes over such parts: the kind, the
// body of a Rekor 2 entry (it makes its own), the size of the tree, the name
// before the checkpoint's signature.
func strictEntry(e *rekor.TransparencyLogEntry) error {
	p := e.GetInclusionProof()
	switch {
	case p == nil:
		return errors.New("it has no inclusion proof")
	case len(e.GetInclusionPromise().GetSignedEntryTimestamp()) > 0: // it signs index and time
	case e.GetIntegratedTime() != 0:
		return errors.New("its time is signed by nobody")
	case e.GetLogIndex() != p.GetLogIndex():
		return errors.New("its index is not that of the inclusion proof")
	}
	var body struct {
		Kind       string `json:"kind"`
		APIVersion string `json:"apiVersion"`
	}
	if err := json.Unmarshal(e.GetCanonicalizedBody(), &body); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if kind := e.GetKindVersion(); kind.GetKind() != body.Kind || kind.GetVersion() != body.APIVersion {
		return fmt.Errorf("its kind is %.40q %.20q and its body's %.40q %.20q", kind.GetKind(), kind.GetVersion(), body.Kind, body.APIVersion)
	}
	if err := strictCheckpoint(p); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(e.GetCanonicalizedBody())
	return proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(p.GetLogIndex()), uint64(p.GetTreeSize()), leaf, p.GetHashes(), p.GetRootHash())
}

// strictCheckpoint holds the proof's size and root against the checkpoint
// (C2SP tlog-checkpoint), whose signature sigstore verifies, and admits one
// signature: a second one would be one that nobody here can verify.
func strictCheckpoint(p *rekor.InclusionProof) error {
	text, signatures, found := strings.Cut(p.GetCheckpoint().GetEnvelope(), "\n\n")
	lines := strings.Split(text, "\n")
	if !found || len(lines) < 3 {
		return errors.New("it is malformed")
	}
	if lines[1] != strconv.FormatInt(p.GetTreeSize(), 10) || lines[2] != base64.StdEncoding.EncodeToString(p.GetRootHash()) {
		return errors.New("its tree is not that of the inclusion proof")
	}
	name, _, _ := strings.Cut(lines[0], " - ") // Rekor 1 adds the number of the tree
	signature, rest, _ := strings.Cut(signatures, "\n")
	blob, ok := strings.CutPrefix(signature, "\u2014 "+name+" ")
	if !ok || rest != "" {
		return errors.New("it has not one signature, of the log")
	}
	if raw, err := base64.StdEncoding.DecodeString(blob); err != nil || base64.StdEncoding.EncodeToString(raw) != blob {
		return errors.New("its signature is not in canonical base64")
	}
	return nil
}
